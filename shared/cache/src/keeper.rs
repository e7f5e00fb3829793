//! Brings the link up, in the background.
//!
//! One keeper runs while the link is not up. Each attempt connects, asks once,
//! and pays what invalidations are owed; only then may requests use the link.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::{RedisError, RedisResult};

use crate::dial::Connection;
use crate::key::FENCE;
use crate::link::{Link, OPEN_FOR};
use crate::owed::Debt;

/// Names in one command, so that each stays well inside its deadline.
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
        Debt::Everything => unlink_every_fence(connection).await,
    }
}

async fn unlink<N>(connection: &mut Connection, names: &[N]) -> RedisResult<()>
where
    N: redis::ToRedisArgs,
{
    for batch in names.chunks(BATCH) {
        let mut command = redis::cmd("UNLINK");
        command.arg(batch);
        connection.run(command).await?;
    }
    Ok(())
}

/// A scan meets every fence that stands when it begins and is not removed
/// meanwhile; one that is set later belongs to a load that begins later.
async fn unlink_every_fence(connection: &mut Connection) -> RedisResult<()> {
    for node in connection.primaries().await? {
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{{*}}{FENCE}")).arg("COUNT").arg(BATCH);
            let (next, fences): (u64, Vec<Vec<u8>>) = connection.run_at(&node, scan).await?;
            unlink(connection, &fences).await?;
            if next == 0 {
                break;
            }
            cursor = next;
        }
    }
    Ok(())
}
