//! A process that has answered before reads a product that it has cached.

use std::time::{Duration, Instant};

use anyhow::Result;
use local::rie::Rie;
use local::testing::runtime_api::Function;

use crate::rows::{Limit, Pair, Times, tell};
use crate::stage::{Stage, answered, bytes};

const ROUNDS: usize = 60;
const READS: usize = 100;
const LIMIT: Limit = Limit::Ratio(1.15);

/// A running process, and the way to it.
trait Warm {
    async fn read(&mut self, stage: &Stage) -> Result<Duration>;
}

pub(crate) async fn measure(stage: &Stage) -> Result<()> {
    let Pair { ours, bare } = stage.programs.as_ref();
    let emulated = Pair { ours: stage.emulated(ours).await?, bare: stage.emulated(bare).await? };
    told(stage, emulated, "warm GET of a cached product", LIMIT).await?;
    let alone = Pair { ours: stage.alone(ours).await?, bare: stage.alone(bare).await? };
    told(stage, alone, "the same, no emulator", Limit::None).await
}

/// What the reads of one function took.
#[derive(Default)]
struct Reads {
    times: Times,
    /// With what it does between an answer and the next invocation.
    in_all: Duration,
}

async fn told(stage: &Stage, mut functions: Pair<impl Warm>, name: &str, limit: Limit) -> Result<()> {
    rounds(stage, &mut functions, 1).await?;
    let reads = rounds(stage, &mut functions, ROUNDS).await?;
    let reads = reads.as_ref();
    tell(&format!("{name}, median, µs"), reads.map(|reads| reads.times.percentile(50)), limit);
    tell(&format!("{name}, p99, µs"), reads.map(|reads| reads.times.percentile(99)), Limit::None);
    tell(&format!("{name}, one after another, a second"), reads.map(Reads::a_second), Limit::None);
    Ok(())
}

async fn rounds(stage: &Stage, functions: &mut Pair<impl Warm>, rounds: usize) -> Result<Pair<Reads>> {
    let mut reads = Pair { ours: Reads::default(), bare: Reads::default() };
    for _ in 0..rounds {
        reads.ours.add_round(stage, &mut functions.ours).await?;
        reads.bare.add_round(stage, &mut functions.bare).await?;
    }
    Ok(reads)
}

impl Reads {
    async fn add_round(&mut self, stage: &Stage, function: &mut impl Warm) -> Result<()> {
        let begun = Instant::now();
        for _ in 0..READS {
            self.times.add(function.read(stage).await?)?;
        }
        self.in_all += begun.elapsed();
        Ok(())
    }

    fn a_second(&self) -> u64 {
        let micros = u64::try_from(self.in_all.as_micros()).unwrap_or(u64::MAX);
        (ROUNDS * READS) as u64 * 1_000_000 / micros
    }
}

impl Warm for Rie {
    async fn read(&mut self, stage: &Stage) -> Result<Duration> {
        let started = Instant::now();
        let answer = self.invoke(&stage.request).await?;
        let took = started.elapsed();
        answered(&bytes(&answer))?;
        Ok(took)
    }
}

impl Warm for Function {
    async fn read(&mut self, stage: &Stage) -> Result<Duration> {
        let answer = self.invoke(&bytes(&stage.request)).await?;
        answered(&answer.body)?;
        Ok(answer.since_invoked)
    }
}
