//! The gate before a slow upstream of our own, where every request is counted.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use futures::future::join_all;
use local::gate::{Backend, Gate, Limits, Port, Routes};
use local::lambda::StatusReceiver;
use local::template::Cors;
use reqwest::{Client, Response, StatusCode};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};

/// Something behind the gate that answers when it is let, and counts.
#[derive(Clone)]
struct Upstream {
    address: String,
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    seen: Arc<AtomicUsize>,
    answers: Arc<Semaphore>,
}

impl Upstream {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap().to_string(),
            inside: Arc::default(),
            most: Arc::default(),
            seen: Arc::default(),
            answers: Arc::new(Semaphore::new(0)),
        };
        let service = Router::new().fallback(serve).with_state(upstream.clone());
        tokio::spawn(axum::serve(listener, service).into_future());
        upstream
    }

    /// Lets so many more answers out.
    fn answer(&self, count: usize) {
        self.answers.add_permits(count);
    }

    async fn until_inside(&self, count: usize) {
        until(|| self.inside.load(Ordering::SeqCst) == count).await;
    }
}

async fn serve(State(upstream): State<Upstream>, request: Request) -> String {
    upstream.seen.fetch_add(1, Ordering::SeqCst);
    let inside = upstream.inside.fetch_add(1, Ordering::SeqCst) + 1;
    upstream.most.fetch_max(inside, Ordering::SeqCst);
    upstream.answers.acquire().await.unwrap().forget();
    upstream.inside.fetch_sub(1, Ordering::SeqCst);
    request.uri().to_string()
}

async fn until(reached: impl Fn() -> bool) {
    let reach = async {
        while !reached() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(10), reach).await.expect("it comes to that");
}

struct Setup {
    upstream: Upstream,
    gate: Gate,
    url: String,
    out_of_time: Arc<Notify>,
}

impl Setup {
    async fn new(limits: Limits) -> Self {
        Self::with(limits, Duration::from_secs(30), &Cors::default()).await
    }

    async fn with(limits: Limits, deadline: Duration, cors: &Cors) -> Self {
        let (upstream, out_of_time) = (Upstream::start().await, Arc::new(Notify::new()));
        let backend = Backend {
            name: "upstream".into(),
            deadline,
            status: StatusReceiver::immortal(),
            out_of_time: out_of_time.clone(),
        };
        let port = Port::take(0).await.unwrap();
        let url = port.url();
        let gate = Gate::open(port, &upstream.address, Routes::all_to(backend), cors, limits).unwrap();
        Self { upstream, gate, url, out_of_time }
    }

    /// One request on a connection of its own.
    fn get(&self) -> impl Future<Output = Response> + Send + 'static {
        let request = client().get(&self.url);
        async move { request.send().await.unwrap() }
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn limits(in_flight: usize, waiting: usize) -> Limits {
    Limits { in_flight, waiting, ..Limits::default() }
}

async fn assert_problem(response: Response, status: StatusCode) {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["instance"], "/");
    assert_eq!(problem["request_id"], id);
}

#[tokio::test]
async fn no_more_than_64_are_inside_and_all_are_answered() {
    let setup = Setup::new(Limits::default()).await;
    let requests = join_all((0..300).map(|_| tokio::spawn(setup.get())));
    setup.upstream.until_inside(64).await;
    setup.upstream.answer(300);
    for response in requests.await {
        assert_eq!(response.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(setup.upstream.most.load(Ordering::SeqCst), 64);
}

#[tokio::test]
async fn one_more_than_can_wait_is_refused_at_once() {
    let setup = Setup::new(limits(2, 3)).await;
    let five: Vec<_> = (0..5).map(|_| tokio::spawn(setup.get())).collect();
    setup.upstream.until_inside(2).await;
    let refused = loop {
        // The other three may still be on their way to the queue.
        let response = timeout(Duration::from_secs(1), setup.get()).await;
        if let Ok(response) = response {
            break response;
        }
    };
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    setup.upstream.answer(20);
    for waited in five {
        assert_eq!(waited.await.unwrap().status(), StatusCode::OK);
    }
}

#[test]
fn two_thousand_may_wait() {
    assert_eq!(Limits::default().waiting, 2_000);
    assert_eq!(Limits::default().in_flight, 64);
}

#[tokio::test]
async fn who_waits_too_long_is_refused() {
    let patience = Duration::from_millis(50);
    let setup = Setup::new(Limits { patience, ..limits(1, 10) }).await;
    let first = tokio::spawn(setup.get());
    setup.upstream.until_inside(1).await;
    assert_problem(setup.get().await, StatusCode::SERVICE_UNAVAILABLE).await;
    setup.upstream.answer(1);
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn who_hangs_up_while_waiting_gives_up_the_place() {
    let setup = Setup::new(limits(1, 1)).await;
    let first = tokio::spawn(setup.get());
    setup.upstream.until_inside(1).await;
    let waiting = timeout(Duration::from_millis(100), setup.get()).await;
    assert!(waiting.is_err(), "it waits, and hangs up here");
    let second = tokio::spawn(setup.get());
    sleep(Duration::from_millis(100)).await;
    setup.upstream.answer(2);
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
    assert_eq!(second.await.unwrap().status(), StatusCode::OK);
    assert_eq!(setup.upstream.seen.load(Ordering::SeqCst), 2, "the one who hung up was not passed on");
}

#[tokio::test]
async fn who_hangs_up_inside_holds_the_place_until_the_function_is_done() {
    let setup = Setup::new(limits(1, 10)).await;
    let gone = timeout(Duration::from_millis(100), setup.get()).await;
    assert!(gone.is_err());
    let next = tokio::spawn(setup.get());
    sleep(Duration::from_millis(100)).await;
    assert_eq!(setup.upstream.seen.load(Ordering::SeqCst), 1);
    setup.upstream.answer(2);
    assert_eq!(next.await.unwrap().status(), StatusCode::OK);
    assert_eq!(setup.upstream.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_function_that_does_not_answer_in_time_is_given_up_and_its_supervisor_told() {
    let setup = Setup::with(Limits::default(), Duration::from_millis(50), &Cors::default()).await;
    assert_problem(setup.get().await, StatusCode::GATEWAY_TIMEOUT).await;
    timeout(Duration::from_secs(1), setup.out_of_time.notified()).await.expect("the supervisor was told");
}

#[tokio::test]
async fn without_an_upstream_the_gate_says_so() {
    let setup = Setup::new(Limits::default()).await;
    let nobody = local::process::free_port().unwrap();
    let backend = Backend {
        name: "nobody".into(),
        deadline: Duration::from_secs(1),
        status: StatusReceiver::immortal(),
        out_of_time: Arc::default(),
    };
    let port = Port::take(0).await.unwrap();
    let url = port.url();
    let address = format!("127.0.0.1:{nobody}");
    let _gate =
        Gate::open(port, &address, Routes::all_to(backend), &Cors::default(), Limits::default()).unwrap();
    let response = client().get(&url).send().await.unwrap();
    assert_problem(response, StatusCode::BAD_GATEWAY).await;
    setup.gate.close().await;
}

#[tokio::test]
async fn a_body_past_the_limit_is_refused_and_not_passed_on() {
    let setup = Setup::new(Limits { body: 1_000, ..Limits::default() }).await;
    let response = client().post(&setup.url).body("x".repeat(1_001)).send().await.unwrap();
    assert_problem(response, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_eq!(setup.upstream.seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_header_that_the_emulator_would_fail_at_is_refused() {
    let setup = Setup::new(Limits::default()).await;
    let response = client().get(&setup.url).header("idempotency-key", "caf\u{e9}").send().await.unwrap();
    assert_problem(response, StatusCode::BAD_REQUEST).await;
    assert_eq!(setup.upstream.seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn path_and_query_arrive_as_they_were_sent() {
    let setup = Setup::new(Limits::default()).await;
    setup.upstream.answer(1);
    let path = "/api/products/caf%C3%A9?q=a%20b+c&limit=5";
    let response = client().get(format!("{}{path}", setup.url)).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), path);
}

#[tokio::test]
async fn cors_is_the_templates() {
    let cors = Cors {
        allow_origins: vec!["http://shop.example".into()],
        allow_methods: vec!["GET".into(), "PATCH".into()],
        allow_headers: vec!["if-match".into()],
        expose_headers: vec!["etag".into()],
        max_age: Some(60),
    };
    let setup = Setup::with(Limits::default(), Duration::from_secs(30), &cors).await;
    setup.upstream.answer(2);
    let options = client().request(reqwest::Method::OPTIONS, &setup.url);
    let preflight = options
        .header("origin", "http://shop.example")
        .header("access-control-request-method", "PATCH")
        .send()
        .await
        .unwrap();
    let headers = preflight.headers();
    assert_eq!(headers["access-control-allow-origin"], "http://shop.example");
    assert_eq!(headers["access-control-allow-methods"], "GET,PATCH");
    assert_eq!(headers["access-control-allow-headers"], "if-match");
    assert_eq!(headers["access-control-max-age"], "60");

    let get = |origin| client().get(&setup.url).header("origin", origin).send();
    let ours = get("http://shop.example").await.unwrap();
    assert_eq!(ours.headers()["access-control-expose-headers"], "etag");
    let theirs = get("http://other.example").await.unwrap();
    assert!(!theirs.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_closing_gate_answers_what_is_under_way() {
    let setup = Setup::new(Limits::default()).await;
    let under_way = tokio::spawn(setup.get());
    setup.upstream.until_inside(1).await;
    let closing = tokio::spawn(setup.gate.close());
    sleep(Duration::from_millis(50)).await;
    assert!(client().get(&setup.url).send().await.is_err());
    setup.upstream.answer(1);
    assert_eq!(under_way.await.unwrap().status(), StatusCode::OK);
    timeout(Duration::from_secs(1), closing).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_taken_port_is_one_sentence() {
    let taken = Port::take(0).await.unwrap();
    let port: u16 = taken.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Port::take(port).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "port {port} is in use: stop what listens there, or choose another (PORT={} make run)",
            port + 1
        )
    );
}
