//! From the start of a process to its first answer.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::rows::{Limit, Pair, Times, tell};
use crate::stage::{Stage, answered, bytes};

const ROUNDS: usize = 100;
const LIMIT: Limit = Limit::Ratio(2.0);

/// Of a product that only the table has, of one that the shared cache has too, and of
/// the function that reads nothing.
#[derive(Default)]
struct Starts {
    table: Times,
    cached: Times,
    bare: Times,
}

pub(crate) async fn measure(stage: &Stage) -> Result<()> {
    let (mut emulated, mut alone) = (Starts::default(), Starts::default());
    for _ in 0..ROUNDS {
        round(stage, &mut emulated, through_emulator).await?;
        round(stage, &mut alone, by_itself).await?;
    }
    emulated.tell("cold start", LIMIT);
    alone.tell("cold start, no emulator", Limit::None);
    Ok(())
}

async fn round(
    stage: &Stage,
    starts: &mut Starts,
    start: impl AsyncFn(&Stage, &Path) -> Result<Duration>,
) -> Result<()> {
    let Pair { ours, bare } = stage.programs.as_ref();
    starts.bare.add(start(stage, bare).await?)?;
    stage.empty_cache()?;
    starts.table.add(start(stage, ours).await?)?;
    stage.fill_cache().await?;
    starts.cached.add(start(stage, ours).await?)
}

async fn through_emulator(stage: &Stage, program: &Path) -> Result<Duration> {
    let mut emulator = stage.emulated(program).await?;
    let started = Instant::now();
    let answer = emulator.invoke(&stage.request).await?;
    let took = started.elapsed();
    answered(&bytes(&answer))?;
    Ok(took)
}

async fn by_itself(stage: &Stage, program: &Path) -> Result<Duration> {
    let mut function = stage.alone(program).await?;
    let answer = function.invoke(&bytes(&stage.request)).await?;
    answered(&answer.body)?;
    Ok(answer.since_start)
}

impl Starts {
    fn tell(&self, name: &str, limit: Limit) {
        for (what, ours) in [("product in the table", &self.table), ("cached product", &self.cached)] {
            let pair = Pair { ours, bare: &self.bare };
            tell(&format!("{name}, {what}, median, µs"), pair.map(|times| times.percentile(50)), limit);
            tell(&format!("{name}, {what}, p99, µs"), pair.map(|times| times.percentile(99)), Limit::None);
        }
    }
}
