//! The most that a process ever had in memory (proc(5), `VmHWM`): of its own and of
//! its program.

use std::path::Path;

use anyhow::{Context, Result};
use local::testing::runtime_api::Function;

use crate::rows::{Limit, Pair, tell};
use crate::stage::{Stage, answered, bytes};

/// 24 MB, in thousands of bytes.
const LIMIT: Limit = Limit::Most(24_000);
const ANSWERS: [(usize, &str); 2] = [(1, "the first answer"), (1_000, "1,000 answers")];

pub(crate) async fn measure(stage: &Stage) -> Result<()> {
    for (answers, after) in ANSWERS {
        let Pair { ours, bare } = stage.programs.as_ref();
        let ours = peak(&asked(stage, ours, answers).await?)?;
        let bare = peak(&asked(stage, bare, answers).await?)?;
        tell(&format!("resident memory at most, until {after}, kB"), Pair { ours, bare }, LIMIT);
    }
    Ok(())
}

async fn asked(stage: &Stage, program: &Path, answers: usize) -> Result<Function> {
    let mut function = stage.alone(program).await?;
    for _ in 0..answers {
        answered(&function.invoke(&bytes(&stage.request)).await?.body)?;
    }
    function.is_idle().await?;
    Ok(function)
}

/// In thousands of bytes; the kernel's are of 1,024.
fn peak(function: &Function) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", function.id()))?;
    let field = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("proc(5) has it")?;
    let kibibytes: u64 = field.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024 / 1000)
}
