//! Products written side by side, until all are or something stops it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, stream};

use super::catalogue::Listing;
use super::tally::Tally;
use super::write::Writer;
use crate::progress::Progress;

/// The gate lets 64 in: the shop goes on serving others.
const AT_ONCE: usize = 24;

/// Writes products. What was begun is finished also after a failure or an
/// interrupt, because a request cut off leaves open whether it was done.
pub(super) async fn upload(writer: &Writer<'_>, listings: &[Listing]) -> Tally {
    let (stopped, progress) = (AtomicBool::new(false), Progress::of("importing", listings.len(), "products"));
    let begun = listings.iter().take_while(|_| !stopped.load(Ordering::Relaxed));
    let mut uploads = stream::iter(begun)
        .map(|listing| async move { (listing, writer.write(listing).await) })
        .buffer_unordered(AT_ONCE);
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut tally = Tally::default();
    loop {
        tokio::select! {
            next = uploads.next() => {
                let Some((listing, result)) = next else { return tally };
                tally.count(listing, result);
                progress.step();
            }
            _ = &mut interrupt, if tally.stopped_by.is_none() => tally.stop("it was interrupted"),
        }
        stopped.store(tally.stopped_by.is_some(), Ordering::Relaxed);
    }
}
