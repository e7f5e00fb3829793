//! DynamoDB Streams on this machine: what is written to the table reaches the
//! functions that template.yaml maps to its stream, with the batches, retries
//! and filters that Lambda's event source mappings have.
//!
//! The one rule: a record that a mapping has to deliver is delivered at least
//! once, in order, or said to be given up; nothing is passed over in silence.
//! How far a mapping has come is kept beside a table that is kept, so a system
//! that was killed delivers the rest when it runs again. Not here: parallel
//! batches of one mapping, tumbling windows, and more than one shard.

mod batch;
mod checkpoint;
mod delivery;
mod discarded;
mod filter;
mod pump;
mod queue;
mod record;
mod source;
mod verdict;

use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use self::pump::Pump;
pub use self::queue::messages;
use self::source::Stream;
use crate::gate::Backend;
use crate::invoke::Invoker;
use crate::template::StreamMapping;

/// What stands around the mappings on this machine.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Address of DynamoDB, past the faults that the functions may meet.
    pub dynamodb: String,
    /// The table whose stream is read.
    pub table: String,
    /// Folder of the on-failure queues (`queues`) and the checkpoints
    /// (`streams`).
    pub state: PathBuf,
    /// The table is forgotten with the system, so no checkpoint is kept.
    pub in_memory: bool,
}

/// Mappings that run, each on its own. They end when this is dropped.
#[derive(Debug)]
pub struct Streams(JoinSet<()>);

impl Streams {
    /// Starts the enabled ones among these, each with its function. When this
    /// returns, each knows from where it reads: what is written afterwards is
    /// delivered. An error if a filter has no meaning on this machine, or the
    /// stream or a checkpoint cannot be read.
    pub async fn start(
        surroundings: &Surroundings,
        invoker: &Invoker,
        mappings: impl IntoIterator<Item = (StreamMapping, Backend)>,
    ) -> Result<Self> {
        let mut pumps = Vec::new();
        for (mapping, function) in mappings.into_iter().filter(|(mapping, _)| mapping.enabled) {
            let name = mapping.name.clone();
            let stream = Stream::of_table(&surroundings.dynamodb, &surroundings.table).await?;
            let pump = Pump::prepare(surroundings, stream, invoker.clone(), mapping, function).await;
            pumps.push(pump.with_context(|| format!("stream mapping {name}"))?);
        }
        Ok(Self(pumps.into_iter().map(Pump::run).collect()))
    }

    /// Delivers nothing any more, and waits for nothing: a batch under way
    /// comes again when the system next runs.
    pub async fn stop(mut self) {
        self.0.shutdown().await;
    }
}
