//! What a mapping that stopped goes on with.

use std::sync::atomic::{AtomicUsize, Ordering};

use local::template::{StartingPosition, StreamMapping};
use serde_json::Value;

use crate::emulator::{Emulator, until};
use crate::support::{
    Shop, batches, delivered, hangs, mapping, records, reports, sequence_number_of, succeeds,
};

#[tokio::test]
async fn what_was_delivered_does_not_come_again_and_the_rest_does() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    let streams = shop.start(&emulator, mapping()).await;
    shop.write(0..3).await;
    until(|| delivered(&emulator).len() >= 3).await;
    let last = sequence_number_of(&emulator, 2);
    until(|| shop.checkpoint() == last).await;
    streams.stop().await;
    shop.write(3..5).await;
    let shop = shop.restarted().await;
    let _streams = shop.start(&emulator, mapping()).await;
    until(|| delivered(&emulator).len() >= 5).await;
    assert_eq!(delivered(&emulator), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_batch_under_way_comes_again_after_a_stop() {
    let shop = Shop::in_file().await;
    let (stuck, emulator) = (Emulator::start(|_| hangs()).await, Emulator::start(|_| succeeds()).await);
    shop.write(0..3).await;
    let streams = shop.start(&stuck, mapping()).await;
    until(|| delivered(&stuck).len() >= 3).await;
    streams.stop().await;
    let shop = shop.restarted().await;
    let _streams = shop.start(&emulator, mapping()).await;
    until(|| delivered(&emulator).len() >= 3).await;
    assert_eq!(delivered(&emulator), [0, 1, 2]);
}

#[tokio::test]
async fn what_a_batch_came_to_before_a_stop_is_kept() {
    let (shop, calls) = (Shop::in_file().await, AtomicUsize::new(0));
    let is_first = move || calls.fetch_add(1, Ordering::SeqCst) == 0;
    let slow = move |event: &Value| if is_first() { reports(records(event).get(1)) } else { hangs() };
    let (slow, emulator) = (Emulator::start(slow).await, Emulator::start(|_| succeeds()).await);
    let mapping = StreamMapping { reports_failures: true, ..mapping() };
    shop.write(0..3).await;
    let streams = shop.start(&slow, mapping.clone()).await;
    until(|| batches(&slow).len() >= 2).await;
    streams.stop().await;
    let _streams = shop.start(&emulator, mapping).await;
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(batches(&emulator), [[1, 2]]);
}

/// The position is kept before the first record: from then on nothing that was
/// written is lost.
#[tokio::test]
async fn what_was_written_while_nothing_ran_is_delivered_from_the_latest_position_too() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    let latest = StreamMapping { starting_position: StartingPosition::Latest, ..mapping() };
    shop.write([0]).await;
    shop.start(&emulator, latest.clone()).await.stop().await;
    shop.write([1]).await;
    let _streams = shop.start(&emulator, latest).await;
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(delivered(&emulator), [1]);
}
