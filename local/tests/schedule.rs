//! Schedules before a stand-in for the emulator, where every invocation is
//! counted.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/emulator.rs"]
mod emulator;

use std::time::Duration;

use http::StatusCode;
use local::gate::Backend;
use local::schedule::Schedules;
use local::template::{Schedule, Source};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use emulator::{Emulator, function, until};

/// Takes invocations, each for so long, and answers with this status.
async fn lasting(time: Duration, status: StatusCode) -> Emulator {
    Emulator::start(move |_| (time, status, json!({"swept": 3}))).await
}

fn start(emulator: &Emulator, schedule: Schedule, function: Backend) -> Schedules {
    Schedules::start(&emulator.invoker(), [(schedule, function)])
}

fn count(emulator: &Emulator) -> usize {
    emulator.invocations().len()
}

fn schedule() -> Schedule {
    Schedule {
        name: "SweeperTick".into(),
        every: EVERY,
        enabled: true,
        input: Some(json!({"limit": 5})),
        source: Source::Scheduler,
    }
}

const EVERY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_function_is_invoked_soon_and_then_at_each_interval() {
    let emulator = lasting(Duration::ZERO, StatusCode::OK).await;
    let schedules = start(&emulator, schedule(), function("sweeper"));
    let began = Instant::now();
    until(|| count(&emulator) >= 4).await;
    assert!(began.elapsed() >= 3 * EVERY, "one soon after the start, and three intervals");
    schedules.stop().await;
    let stopped = count(&emulator);
    sleep(3 * EVERY).await;
    assert_eq!(count(&emulator), stopped);
    let expected = ("sweeper".to_owned(), json!({"limit": 5}));
    assert!(emulator.invocations().iter().all(|it| *it == expected));
}

#[tokio::test]
async fn a_disabled_schedule_invokes_nothing() {
    let emulator = lasting(Duration::ZERO, StatusCode::OK).await;
    let disabled = Schedule { enabled: false, ..schedule() };
    let _schedules = start(&emulator, disabled, function("sweeper"));
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(count(&emulator), 0);
}

#[tokio::test]
async fn there_are_never_two_invocations_of_a_schedule_at_once() {
    let emulator = lasting(EVERY * 5 / 2, StatusCode::OK).await;
    let _schedules = start(&emulator, schedule(), function("sweeper"));
    until(|| count(&emulator) >= 3).await;
    assert_eq!(emulator.most_at_once(), 1);
}

#[tokio::test]
async fn a_failure_waits_for_its_next_time() {
    let emulator = lasting(Duration::ZERO, StatusCode::INTERNAL_SERVER_ERROR).await;
    let rare = Schedule { every: Duration::from_secs(3), ..schedule() };
    let _schedules = start(&emulator, rare, function("sweeper"));
    until(|| count(&emulator) >= 1).await;
    sleep(Duration::from_millis(400)).await;
    assert_eq!(count(&emulator), 1);
    until(|| count(&emulator) >= 2).await;
}

#[tokio::test]
async fn an_invocation_out_of_time_costs_the_process_and_not_the_schedule() {
    let emulator = lasting(Duration::from_mins(1), StatusCode::OK).await;
    let slow = Backend { deadline: Duration::from_millis(50), ..function("sweeper") };
    let _schedules = start(&emulator, schedule(), slow.clone());
    timeout(Duration::from_secs(10), slow.out_of_time.notified()).await.expect("it is told");
    until(|| count(&emulator) >= 2).await;
}

#[tokio::test]
async fn an_invocation_by_hand_is_answered_or_says_what_failed() {
    let emulator = lasting(Duration::ZERO, StatusCode::OK).await;
    let answer = emulator.invoker().invoke(&function("sweeper"), &json!({})).await.unwrap();
    assert_eq!(answer, json!({"swept": 3}));

    let failing = lasting(Duration::ZERO, StatusCode::INTERNAL_SERVER_ERROR).await;
    let error = failing.invoker().invoke(&function("sweeper"), &json!({})).await.unwrap_err();
    let said = format!("{error:#}");
    assert_eq!(said, r#"sweeper failed: 500 Internal Server Error: {"swept":3}"#);
}
