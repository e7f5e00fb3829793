//! Instructions, as callgrind counts them: of a function's whole process, which has one
//! thread and in which nothing else runs. So they are nearly the same in each run,
//! whatever else the machine does. To a request belongs all that it causes, also after
//! its response: the log, the counts and telling them.
//!
//! Callgrind's processor has no instructions for SHA-256: what ours hashes in a read (an
//! `ETag`, and who is counted) takes some 16,000 there, and hardly any on one that has.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use local::process::find;
use local::testing::runtime_api::Function;
use tempfile::NamedTempFile;

use crate::rows::{Limit, Pair, tell};
use crate::stage::{Stage, answered, bytes};

const INIT_LIMIT: Limit = Limit::Most(5_000_000);
const READ_LIMIT: Limit = Limit::Ratio(1.5);
const READS: u32 = 500;

/// As on AWS, clients talk TLS and try it during the init; but nobody is there. The region
/// is none, and its endpoint has no address.
const ENCRYPTED: Settings = &[
    ("AWS_ENDPOINT_URL_DYNAMODB", None),
    ("AWS_REGION", Some("nowhere-1")),
    ("CACHE_URL", Some("rediss://127.0.0.1:1")),
];
const PLAIN: Settings = &[];

/// Variables that are set otherwise than on the stage, or not at all.
type Settings = &'static [(&'static str, Option<&'static str>)];

pub(crate) async fn measure(stage: &Stage) -> Result<()> {
    let Some(valgrind) = find("valgrind") else {
        eprintln!("there is no valgrind here (apt-get install valgrind): no instructions are counted");
        return Ok(());
    };
    let counter = Counter { stage, valgrind };
    let inits = [("init without TLS, instructions", PLAIN), ("init with TLS, instructions", ENCRYPTED)];
    for (name, settings) in inits {
        tell(name, counter.inits(settings).await?, INIT_LIMIT);
    }
    tell("warm GET of a cached product, instructions", counter.reads().await?, READ_LIMIT);
    Ok(())
}

struct Counter<'a> {
    stage: &'a Stage,
    valgrind: PathBuf,
}

impl Counter<'_> {
    async fn inits(&self, settings: Settings) -> Result<Pair<u64>> {
        let Pair { ours, bare } = self.stage.programs.as_ref();
        Ok(Pair { ours: self.count(ours, settings, 0).await?, bare: self.count(bare, settings, 0).await? })
    }

    async fn reads(&self) -> Result<Pair<u64>> {
        let Pair { ours, bare } = self.stage.programs.as_ref();
        Ok(Pair { ours: self.a_read(ours).await?, bare: self.a_read(bare).await? })
    }

    /// One of many. What a process does once is in both runs.
    async fn a_read(&self, program: &Path) -> Result<u64> {
        let some = self.count(program, PLAIN, READS).await?;
        let twice = self.count(program, PLAIN, 2 * READS).await?;
        Ok((twice - some) / u64::from(READS))
    }

    /// From the start of the process until it asks for the invocation after these.
    async fn count(&self, program: &Path, settings: Settings, invocations: u32) -> Result<u64> {
        let counts = NamedTempFile::new()?;
        let mut command = self.stage.command(&self.valgrind);
        for (name, value) in settings {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(["--quiet", "--tool=callgrind"]);
        command.arg(format!("--callgrind-out-file={}", counts.path().display())).arg(program);
        let mut function = Function::start(command).await?;
        for _ in 0..invocations {
            answered(&function.invoke(&bytes(&self.stage.request)).await?.body)?;
        }
        function.is_idle().await?;
        function.hang_up()?;
        total(&std::fs::read_to_string(counts.path())?)
    }
}

fn total(counts: &str) -> Result<u64> {
    let mut lines = counts.lines();
    let total = lines.find_map(|line| line.strip_prefix("totals: ")).context("callgrind sums up")?;
    Ok(total.parse()?)
}
