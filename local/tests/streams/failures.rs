//! What fails is split, sent again, and given up in the end.

use std::sync::atomic::{AtomicUsize, Ordering};

use local::template::StreamMapping;
use serde_json::{Value, json};

use crate::emulator::{Emulator, until};
use crate::support::{
    POISON, Shop, acknowledged, all_but_the_poison, batches, delivered, fails, is_poisoned, mapping, number,
    of, record, records, reports, sequence_number_of, succeeds,
};

#[tokio::test]
async fn a_poison_record_is_found_by_halves_and_reports() {
    let shop = Shop::in_memory().await;
    let emulator =
        Emulator::start(|event| reports(records(event).iter().filter(|it| number(it) == POISON))).await;
    shop.write(0..100).await;
    let strict = StreamMapping { bisect: true, reports_failures: true, max_retries: Some(2), ..mapping() };
    let _streams = shop.start(&emulator, strict).await;
    let before = |batch: &[usize]| batch.iter().copied().take_while(|&number| number != POISON).collect();
    until(|| acknowledged(&emulator, before).len() >= 99).await;
    assert_eq!(acknowledged(&emulator, before), all_but_the_poison());
    let tries = batches(&emulator).into_iter().filter(|batch| *batch == [POISON]).count();
    assert_eq!(tries, 3, "once and two retries");
    assert_is_told_of_the_poison(&shop, &emulator, &Value::Null);
}

#[tokio::test]
async fn a_poison_record_is_found_by_halves_alone() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| if is_poisoned(event) { fails() } else { succeeds() }).await;
    shop.write(0..100).await;
    let strict = StreamMapping { bisect: true, max_retries: Some(2), ..mapping() };
    let _streams = shop.start(&emulator, strict).await;
    let nothing = |_: &[usize]| Vec::new();
    until(|| acknowledged(&emulator, nothing).len() >= 99).await;
    assert_eq!(acknowledged(&emulator, nothing), all_but_the_poison());
    let tries = batches(&emulator).into_iter().filter(|batch| *batch == [POISON]).count();
    assert_eq!(tries, 3, "once and two retries");
    assert_is_told_of_the_poison(&shop, &emulator, &json!("Unhandled"));
}

fn assert_is_told_of_the_poison(shop: &Shop, emulator: &Emulator, function_error: &Value) {
    let [message] = shop.queue().try_into().unwrap();
    let request = &message["requestContext"];
    assert_eq!(request["condition"], "RetryAttemptsExhausted");
    assert_eq!(request["approximateInvokeCount"], 3);
    assert_eq!(request["functionArn"], "arn:aws:lambda:eu-west-1:123456789012:function:storefront-reader");
    let response = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": function_error});
    assert_eq!(message["responseContext"], response);
    let (_, event) = emulator.invocations().remove(0);
    let place = &message["DDBStreamBatchInfo"];
    let poison = sequence_number_of(emulator, POISON);
    assert_eq!((&place["startSequenceNumber"], &place["endSequenceNumber"]), (&poison, &poison));
    assert_eq!(place["batchSize"], 1);
    assert_eq!(place["shardId"], "shardId-00000001-storefront");
    assert_eq!(place["streamArn"], records(&event)[0]["eventSourceARN"]);
    let arrival = place["approximateArrivalOfFirstRecord"].as_str().unwrap();
    let created = record(emulator, POISON)["ApproximateCreationDateTime"].as_f64().unwrap();
    let arrival = arrival.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(arrival.as_duration(), jiff::SignedDuration::try_from_secs_f64(created).unwrap());
}

#[tokio::test]
async fn without_halves_the_batch_is_given_up_as_a_whole() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| if is_poisoned(event) { fails() } else { succeeds() }).await;
    shop.write(30..40).await;
    let strict = StreamMapping { max_retries: Some(2), ..mapping() };
    let _streams = shop.start(&emulator, strict).await;
    until(|| !shop.queue().is_empty()).await;
    shop.write([40]).await;
    until(|| delivered(&emulator).contains(&40)).await;
    let poisoned = of(30..40);
    assert_eq!(batches(&emulator), [poisoned.clone(), poisoned.clone(), poisoned, vec![40]]);
    let [message] = shop.queue().try_into().unwrap();
    let place = &message["DDBStreamBatchInfo"];
    assert_eq!(place["batchSize"], 10);
    assert_eq!(place["startSequenceNumber"], sequence_number_of(&emulator, 30));
    assert_eq!(place["endSequenceNumber"], sequence_number_of(&emulator, 39));
    assert_eq!(message["requestContext"]["approximateInvokeCount"], 3);
}

#[tokio::test]
async fn without_retries_a_batch_is_sent_once() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| fails()).await);
    let strict = StreamMapping { max_retries: Some(0), batch_size: 1, ..mapping() };
    shop.write(0..3).await;
    let _streams = shop.start(&emulator, strict).await;
    until(|| shop.queue().len() >= 3).await;
    assert_eq!(delivered(&emulator), [0, 1, 2]);
}

#[tokio::test]
async fn without_a_queue_the_stream_goes_on_too() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| if is_poisoned(event) { fails() } else { succeeds() }).await;
    let strict = StreamMapping { max_retries: Some(1), batch_size: 1, on_failure: None, ..mapping() };
    shop.write(36..39).await;
    let _streams = shop.start(&emulator, strict).await;
    until(|| delivered(&emulator).contains(&38)).await;
    assert_eq!(delivered(&emulator), [36, 37, 37, 38]);
}

#[tokio::test]
async fn progress_begins_the_retries_anew() {
    let (shop, calls) = (Shop::in_memory().await, AtomicUsize::new(0));
    // Fails, gets one record further, fails, gets one record further …
    let emulator = Emulator::start(move |event| {
        if calls.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return fails();
        }
        reports(records(event).get(1))
    })
    .await;
    shop.write(0..6).await;
    let slow = StreamMapping { reports_failures: true, max_retries: Some(1), ..mapping() };
    let _streams = shop.start(&emulator, slow).await;
    until(|| batches(&emulator).len() >= 12).await;
    shop.write([6]).await;
    until(|| delivered(&emulator).contains(&6)).await;
    let expected: Vec<Vec<usize>> = (0..6).flat_map(|first| [of(first..6), of(first..6)]).collect();
    assert_eq!(batches(&emulator)[..12], expected);
    assert!(shop.queue().is_empty());
}

#[tokio::test]
async fn reports_that_the_mapping_does_not_ask_for_mean_nothing() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| reports(records(event))).await;
    shop.write(0..3).await;
    let _streams = shop.start(&emulator, StreamMapping { batch_size: 1, ..mapping() }).await;
    until(|| delivered(&emulator).len() >= 3).await;
    assert_eq!(delivered(&emulator), [0, 1, 2]);
}

#[tokio::test]
async fn a_mapping_that_is_stuck_holds_up_no_other() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|_| fails()).await;
    let healthy = Emulator::start(|_| succeeds()).await;
    shop.write(0..3).await;
    let _stuck = shop.start(&emulator, mapping()).await;
    let other = StreamMapping { name: "OtherTable".into(), ..mapping() };
    let _other = shop.start(&healthy, other).await;
    until(|| batches(&emulator).len() >= 4).await;
    assert!(batches(&emulator).iter().all(|batch| *batch == [0, 1, 2]), "without bounds it goes on for ever");
    until(|| delivered(&healthy).len() >= 3).await;
    assert!(shop.queue().is_empty());
}
