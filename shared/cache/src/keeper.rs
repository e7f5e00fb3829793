//! Brings the link up, in the background.
//!
//! One keeper runs while the link is not up. Each attempt connects, asks once,
//! and pays what invalidations are owed; only then may requests use the link.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::future::try_join_all;
use redis::{RedisError, RedisResult};

use crate::breaker::OPEN_FOR;
use crate::dial::{Connection, Node};
use crate::key::ENTRY;
use crate::link::Link;
use crate::owed::Debt;
use crate::request::{Request, batches};

/// Names at a time, so that each stays well inside its deadline.
const BATCH: usize = 500;

/// Starts a keeper for a link that has just left another phase for one without
/// a keeper. It ends when the link is up or gone.
pub(crate) fn start(link: &Arc<Link>, pause: Duration) {
    tokio::spawn(keep(Arc::downgrade(link), pause));
}

async fn keep(link: Weak<Link>, mut pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        let Some(link) = link.upgrade() else { return };
        match bring_up(&link).await {
            Ok(()) => return,
            Err(error) => link.stay_down(&error),
        }
        pause = OPEN_FOR;
    }
}

/// Makes a new connection for a link that is up.
pub(crate) fn renew(link: &Arc<Link>, epoch: u64) {
    let link = Arc::downgrade(link);
    tokio::spawn(async move {
        let Some(link) = link.upgrade() else { return };
        let connection = link.connect().await;
        link.renewed(epoch, connection);
    });
}

async fn bring_up(link: &Link) -> RedisResult<()> {
    let mut connection = link.connect().await?;
    while let Some(debt) = link.go_up(&connection) {
        if let Err(error) = pay(&mut connection, &debt).await {
            link.still_owes(debt);
            return Err(error);
        }
    }
    Ok(())
}

async fn pay(connection: &mut Connection, debt: &Debt) -> Result<(), RedisError> {
    match debt {
        Debt::Names(names) => unlink(connection, names).await,
        Debt::Everything => unlink_every_entry(connection).await,
    }
}

/// Name by name: of one command about several, a cluster's client leaves out the
/// names of nodes that it is not connected to, and says nothing.
async fn unlink<N: AsRef<str>>(connection: &Connection, names: &[N]) -> RedisResult<()> {
    for names in names.chunks(BATCH) {
        let requests = names.iter().map(|name| Request::unlink(name.as_ref())).collect();
        let sent = batches(requests, connection.is_cluster()).into_iter().map(|batch| {
            let mut connection = connection.clone();
            async move { connection.send(&batch.pipeline).await }
        });
        try_join_all(sent).await?;
    }
    Ok(())
}

/// A scan meets every entry that stands when it begins and is not removed
/// meanwhile; one that is set later belongs to a load that begins later. A
/// entry can escape it with its slot, to a node that has been scanned: so nodes
/// are scanned twice.
async fn unlink_every_entry(connection: &mut Connection) -> RedisResult<()> {
    let nodes = connection.primaries().await?;
    for node in &nodes {
        unlink_entries_at(connection, node).await?;
    }
    if nodes.len() > 1 {
        for node in &nodes {
            unlink_entries_at(connection, node).await?;
        }
    }
    Ok(())
}

async fn unlink_entries_at(connection: &mut Connection, node: &Node) -> RedisResult<()> {
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{{*}}{ENTRY}")).arg("COUNT").arg(BATCH);
        let (next, names): (u64, Vec<Vec<u8>>) = connection.run_at(node, scan).await?;
        // Ours are all text.
        let entries: Vec<String> =
            names.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect();
        unlink(connection, &entries).await?;
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}
