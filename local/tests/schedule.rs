//! Schedules before a stand-in for the emulator, where every invocation is
//! counted.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use http::StatusCode;
use local::gate::Backend;
use local::invoke::Invoker;
use local::lambda::StatusReceiver;
use local::schedule::Schedules;
use local::template::{Schedule, Source};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

/// Takes invocations, each for so long, and answers with this status.
#[derive(Clone)]
struct Emulator {
    address: String,
    lasting: Duration,
    status: StatusCode,
    invocations: Arc<Mutex<Vec<(String, Value)>>>,
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Emulator {
    async fn start(lasting: Duration, status: StatusCode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let emulator = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            lasting,
            status,
            invocations: Arc::default(),
            inside: Arc::default(),
            most: Arc::default(),
        };
        let route = post(invoked).with_state(emulator.clone());
        let router = Router::new().route("/2015-03-31/functions/{name}/invocations", route);
        tokio::spawn(axum::serve(listener, router).into_future());
        emulator
    }

    fn count(&self) -> usize {
        self.invocations.lock().unwrap().len()
    }

    async fn until(&self, count: usize) {
        let reached = async {
            while self.count() < count {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(10), reached).await.expect("it comes to that");
    }

    fn schedule(&self, schedule: Schedule, function: Backend) -> Schedules {
        Schedules::start(&Invoker::new(&self.address).unwrap(), [(schedule, function)])
    }
}

async fn invoked(
    State(emulator): State<Emulator>,
    Path(name): Path<String>,
    body: String,
) -> (StatusCode, String) {
    emulator.invocations.lock().unwrap().push((name, serde_json::from_str(&body).unwrap()));
    let inside = emulator.inside.fetch_add(1, Ordering::SeqCst) + 1;
    emulator.most.fetch_max(inside, Ordering::SeqCst);
    sleep(emulator.lasting).await;
    emulator.inside.fetch_sub(1, Ordering::SeqCst);
    (emulator.status, json!({"swept": 3}).to_string())
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

fn function() -> Backend {
    Backend {
        name: "sweeper".into(),
        deadline: Duration::from_secs(30),
        status: StatusReceiver::immortal(),
        out_of_time: Arc::new(Notify::new()),
    }
}

const EVERY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_function_is_invoked_soon_and_then_at_each_interval() {
    let emulator = Emulator::start(Duration::ZERO, StatusCode::OK).await;
    let schedules = emulator.schedule(schedule(), function());
    let start = Instant::now();
    emulator.until(4).await;
    assert!(start.elapsed() >= 3 * EVERY, "one soon after the start, and three intervals");
    schedules.stop().await;
    let stopped = emulator.count();
    sleep(3 * EVERY).await;
    assert_eq!(emulator.count(), stopped);
    let expected = ("sweeper".to_owned(), json!({"limit": 5}));
    assert!(emulator.invocations.lock().unwrap().iter().all(|it| *it == expected));
}

#[tokio::test]
async fn a_disabled_schedule_invokes_nothing() {
    let emulator = Emulator::start(Duration::ZERO, StatusCode::OK).await;
    let disabled = Schedule { enabled: false, ..schedule() };
    let _schedules = emulator.schedule(disabled, function());
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(emulator.count(), 0);
}

#[tokio::test]
async fn there_are_never_two_invocations_of_a_schedule_at_once() {
    let emulator = Emulator::start(EVERY * 5 / 2, StatusCode::OK).await;
    let _schedules = emulator.schedule(schedule(), function());
    emulator.until(3).await;
    assert_eq!(emulator.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failure_waits_for_its_next_time() {
    let emulator = Emulator::start(Duration::ZERO, StatusCode::INTERNAL_SERVER_ERROR).await;
    let rare = Schedule { every: Duration::from_secs(3), ..schedule() };
    let _schedules = emulator.schedule(rare, function());
    emulator.until(1).await;
    sleep(Duration::from_millis(400)).await;
    assert_eq!(emulator.count(), 1);
    emulator.until(2).await;
}

#[tokio::test]
async fn an_invocation_out_of_time_costs_the_process_and_not_the_schedule() {
    let emulator = Emulator::start(Duration::from_mins(1), StatusCode::OK).await;
    let slow = Backend { deadline: Duration::from_millis(50), ..function() };
    let _schedules = emulator.schedule(schedule(), slow.clone());
    timeout(Duration::from_secs(10), slow.out_of_time.notified()).await.expect("it is told");
    emulator.until(2).await;
}

#[tokio::test]
async fn an_invocation_by_hand_is_answered_or_says_what_failed() {
    let emulator = Emulator::start(Duration::ZERO, StatusCode::OK).await;
    let invoker = Invoker::new(&emulator.address).unwrap();
    let answer = invoker.invoke(&function(), &json!({})).await.unwrap();
    assert_eq!(answer, json!({"swept": 3}));

    let failing = Emulator::start(Duration::ZERO, StatusCode::INTERNAL_SERVER_ERROR).await;
    let error = Invoker::new(&failing.address).unwrap().invoke(&function(), &json!({})).await.unwrap_err();
    let said = format!("{error:#}");
    assert_eq!(said, r#"sweeper failed: 500 Internal Server Error: {"swept":3}"#);
}
