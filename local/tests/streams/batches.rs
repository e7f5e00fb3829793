//! Which records come together, and which not at all.

use std::time::Duration;

use local::template::{StartingPosition, StreamMapping};
use serde_json::json;
use tokio::time::sleep;

use crate::emulator::{Emulator, function, until};
use crate::support::{
    A_WHILE, FOREVER, Shop, batches, delivered, mapping, of, records, sequence_number_of, succeeds,
};

#[tokio::test]
async fn records_arrive_in_order_as_aws_sends_them() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let _streams = shop.start(&emulator, mapping()).await;
    shop.write(0..20).await;
    until(|| delivered(&emulator).len() >= 20).await;
    shop.write(20..30).await;
    until(|| delivered(&emulator).len() >= 30).await;
    assert_eq!(delivered(&emulator), of(0..30));
    assert_eq!(emulator.most_at_once(), 1);

    let (reader, event) = emulator.invocations().remove(0);
    assert_eq!(reader, "reader");
    let record = &records(&event)[0];
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["awsRegion"], "eu-west-1");
    assert_eq!(record["dynamodb"]["NewImage"]["sk"]["S"], "0");
    assert!(record["dynamodb"]["ApproximateCreationDateTime"].is_number());
    let arn = record["eventSourceARN"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:dynamodb:eu-west-1:123456789012:table/storefront/stream/1"), "{arn}");
}

#[tokio::test]
async fn a_batch_has_at_most_its_size() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    shop.write(0..25).await;
    let _streams = shop.start(&emulator, StreamMapping { batch_size: 10, ..mapping() }).await;
    until(|| delivered(&emulator).len() >= 25).await;
    let expected = [0..10, 10..20, 20..25].map(of);
    assert_eq!(batches(&emulator), expected);
}

#[tokio::test]
async fn a_batch_is_no_larger_than_a_payload_may_be() {
    const LIMIT: usize = 6 * 1024 * 1024;
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let text = "x".repeat(300_000);
    for number in 0..24 {
        shop.write_item("ITEM", number, &text).await;
    }
    let _streams = shop.start(&emulator, mapping()).await;
    until(|| delivered(&emulator).len() >= 24).await;
    assert_eq!(delivered(&emulator), of(0..24));
    let sizes: Vec<_> = emulator.invocations().iter().map(|(_, event)| event.to_string().len()).collect();
    assert!(sizes.iter().all(|&size| size <= LIMIT), "{sizes:?}");
    assert!(sizes[0] > LIMIT - 2 * text.len(), "{sizes:?}");
}

#[tokio::test]
async fn a_batch_waits_for_more_within_its_window() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let patient = StreamMapping { batch_size: 3, batching_window: FOREVER, ..mapping() };
    let _streams = shop.start(&emulator, patient).await;
    for number in 0..3 {
        sleep(A_WHILE).await;
        shop.write([number]).await;
    }
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(batches(&emulator), [[0, 1, 2]]);
}

#[tokio::test]
async fn a_batch_that_stays_small_is_sent_after_its_window() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let _streams =
        shop.start(&emulator, StreamMapping { batching_window: Duration::from_secs(1), ..mapping() }).await;
    shop.write(0..2).await;
    until(|| delivered(&emulator).len() >= 2).await;
}

#[tokio::test]
async fn what_no_filter_wants_is_passed_over() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    let of_kind = |kind: &str| json!({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": kind}]}}}});
    let choosy = StreamMapping { filters: vec![of_kind("ORDER"), of_kind("WEBHOOK#")], ..mapping() };
    let streams = shop.start(&emulator, choosy).await;
    for (number, kind) in ["CART", "ORDER", "CART", "WEBHOOK#1", "CART"].into_iter().enumerate() {
        shop.write_item(kind, number, "").await;
    }
    until(|| delivered(&emulator).len() >= 2).await;
    assert_eq!(delivered(&emulator), [1, 3]);
    let third = sequence_number_of(&emulator, 3);
    until(|| shop.checkpoint().as_str() > third.as_str()).await;
    streams.stop().await;
    // Another mapping of this name would be sent what is not passed over.
    let _streams = shop.start(&emulator, mapping()).await;
    shop.write([5]).await;
    until(|| delivered(&emulator).len() >= 3).await;
    assert_eq!(delivered(&emulator), [1, 3, 5]);
}

#[tokio::test]
async fn a_filter_without_a_meaning_is_refused_at_the_start() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let filters = vec![json!({"eventName": [{"wildcard": "IN*"}]})];
    let started =
        shop.start_with(&emulator, [(StreamMapping { filters, ..mapping() }, function("reader"))]).await;
    let said = format!("{:#}", started.unwrap_err());
    assert!(said.starts_with("stream mapping ReaderTable: filter"), "{said}");
    assert!(said.contains("wildcard"), "{said}");
}

#[tokio::test]
async fn a_mapping_that_is_not_enabled_reads_nothing() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let off = StreamMapping { enabled: false, name: "OffTable".into(), ..mapping() };
    let mappings = [(off, function("off")), (mapping(), function("on"))];
    let _streams = shop.start_with(&emulator, mappings).await.unwrap();
    shop.write([0]).await;
    until(|| !emulator.invocations().is_empty()).await;
    sleep(A_WHILE).await;
    assert!(emulator.invocations().iter().all(|(name, _)| name == "on"));
}

#[tokio::test]
async fn the_latest_position_is_after_what_was_written_before() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    shop.write(0..3).await;
    let latest = StreamMapping { starting_position: StartingPosition::Latest, ..mapping() };
    let _streams = shop.start(&emulator, latest).await;
    shop.write(3..5).await;
    until(|| delivered(&emulator).len() >= 2).await;
    assert_eq!(delivered(&emulator), [3, 4]);
}
