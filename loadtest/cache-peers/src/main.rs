//! Measures `shared/cache` beside the caches that one would use instead, and
//! beside the raw client under it, in one process and in turns.
//!
//! Each row goes to stdout as a line of JSON, which `scripts/bench` puts into the
//! table; a lower ratio of `ours` to `other` is better. A row without a limit is
//! there to be read. Nothing fails for being slow.

mod cold;
mod contender;
mod l1;
mod l2;
mod product;
mod redis_server;
mod turns;

use anyhow::{Result, bail};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use crate::redis_server::RedisServer;

/// What L1 may cost beside the fastest peer.
const PEER_LIMIT: f64 = 1.10;
/// What reading through L2 may cost beside its raw command.
const GET_LIMIT: f64 = 1.15;
const MGET_LIMIT: f64 = 1.30;
/// Tasks of the rows about throughput.
const TASKS: [usize; 4] = [1, 4, 16, 64];

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    ours: f64,
    other: f64,
    limit: Option<f64>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => ["l1", "l2", "cold"].into_iter().try_for_each(measure),
        [part] => measure(part),
        ["cold-process", url] => cold::as_process(url),
        _ => bail!("say l1, l2 or cold, or nothing for all of them"),
    }
}

fn measure(part: &str) -> Result<()> {
    match part {
        "l1" => l1::measure(),
        "l2" => l2::measure(&RedisServer::start()?),
        "cold" => cold::measure(&RedisServer::start()?),
        _ => bail!("there is no part {part}"),
    }
}

fn report(name: &str, ours: f64, other: f64, limit: Option<f64>) -> Result<()> {
    println!("{}", serde_json::to_string(&Row { name, ours, other, limit })?);
    Ok(())
}

/// As the functions run: one thread.
fn one_thread() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn two_workers() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
