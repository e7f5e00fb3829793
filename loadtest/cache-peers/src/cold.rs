//! Many callers at once of an entry that no tier has: how many loads are there?

use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cache::{Cache, Config, Kind, Policy};
use redis::aio::MultiplexedConnection;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::product::{Broken, Product, load};
use crate::redis_server::RedisServer;
use crate::{one_thread, report, two_workers};

const PRODUCT: Kind<Product> =
    Kind::new("product", 1, Policy { fresh: Duration::from_hours(1), ..Policy::PLAIN });
const LOAD_TIME: Duration = Duration::from_millis(100);
const CALLERS: usize = 1_000;
const PROCESSES: usize = 8;
const CALLERS_EACH: usize = 100;
/// Where the loads are counted.
const LOADS: &str = "loads";

pub(crate) fn measure(server: &RedisServer) -> Result<()> {
    two_workers()?.block_on(async {
        let (cache, counter) = connect(&server.url()).await?;
        call(&cache, &counter, "alone", CALLERS).await
    })?;
    report("loads for 1,000 cold callers", loads(server)?, 1.0, Some(1.0))?;
    in_processes(server)?;
    report("loads for 8 processes of 100 cold callers", loads(server)?, 1.0, Some(1.0))
}

fn loads(server: &RedisServer) -> Result<f64> {
    Ok(redis::cmd("GETDEL").arg(LOADS).query(&mut server.client()?.get_connection()?)?)
}

fn in_processes(server: &RedisServer) -> Result<()> {
    let mut processes = (0..PROCESSES).map(|_| start(server)).collect::<Result<Vec<_>>>()?;
    for process in &mut processes {
        let ready = process.stdout.as_mut().context("it is piped")?;
        BufReader::new(ready).read_line(&mut String::new())?;
    }
    for process in &mut processes {
        process.stdin.take().context("it is piped")?.write_all(b"go\n")?;
    }
    for mut process in processes {
        ensure!(process.wait()?.success(), "a process of cold callers failed");
    }
    Ok(())
}

fn start(server: &RedisServer) -> Result<Child> {
    let mut process = Command::new(std::env::current_exe()?);
    process.args(["cold-process", &server.url()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(process.spawn()?)
}

/// What such a process does: it says when it is connected, and waits for the others.
pub(crate) fn as_process(url: &str) -> Result<()> {
    one_thread()?.block_on(async {
        let (cache, counter) = connect(url).await?;
        println!("ready");
        stdin().lock().read_line(&mut String::new())?;
        call(&cache, &counter, "shared", CALLERS_EACH).await
    })
}

/// A cache that is connected, and beside it a connection on which loads are counted.
async fn connect(url: &str) -> Result<(Cache, MultiplexedConnection)> {
    let cache = Cache::new(Config { url: Some(url.to_owned()), ..Config::default() })?;
    cache.ping().await?;
    Ok((cache, redis::Client::open(url)?.get_multiplexed_async_connection().await?))
}

/// All callers at once.
async fn call(cache: &Cache, counter: &MultiplexedConnection, id: &str, callers: usize) -> Result<()> {
    let mut calls = JoinSet::new();
    for _ in 0..callers {
        let (cache, counter, key) = (cache.clone(), counter.clone(), PRODUCT.key(id));
        calls.spawn(async move { cache.get_or_load(&key, || load_slowly(counter)).await });
    }
    for product in calls.join_all().await {
        ensure!(product?.is_some(), "a caller was told that there is nothing");
    }
    Ok(())
}

async fn load_slowly(mut counter: MultiplexedConnection) -> Result<Option<Product>, Broken> {
    redis::cmd("INCR").arg(LOADS).exec_async(&mut counter).await.map_err(|_| Broken)?;
    sleep(LOAD_TIME).await;
    Ok(Some(load()))
}
