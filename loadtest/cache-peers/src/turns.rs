//! The harness: who is compared takes turns, a short batch each, many times, and
//! is judged by the median of its batches.
//!
//! It is our own because neither criterion nor divan can do that: they measure
//! one function after the other, and on a machine shared with others the
//! seconds between them differ by more than the functions do.

use std::time::Instant;

/// Runs `batches` batches of each contender, after one to warm it up, and answers
/// its median nanoseconds of one operation. `run` does so many operations.
pub(crate) fn medians<T, const N: usize>(
    batches: usize,
    operations: usize,
    contenders: &mut [T; N],
    mut run: impl FnMut(&mut T, usize),
) -> [f64; N] {
    let mut samples: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(batches));
    for contender in &mut *contenders {
        run(contender, operations);
    }
    for batch in 0..batches {
        for turn in 0..N {
            // Nobody always comes first, nor always after the same one.
            let at = if batch % 2 == 0 { (batch + turn) % N } else { (batch + N - turn) % N };
            let since = Instant::now();
            run(&mut contenders[at], operations);
            samples[at].push(since.elapsed().as_nanos() as f64 / operations as f64);
        }
    }
    samples.map(median)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
