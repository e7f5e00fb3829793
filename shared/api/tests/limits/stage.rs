//! Processes of one function with one limit, and those who call it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::{Caller, Json, Keys, Limiter, Policy, Problem, Quota, edge};
use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::Request;
use axum::routing::{get, post};
use cache::{Cache, Config};
use lambda_http::RequestExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
pub(crate) use local::testing::{Answer, send};
use local::testing::{Redis, Tokens};
use monitoring::Monitoring;
use serde_json::Value;

pub(crate) struct Stage {
    pub(crate) redis: Redis,
    pub(crate) tokens: Tokens,
    keys: Keys,
    things: Arc<AtomicUsize>,
}

#[derive(Clone, FromRef)]
struct App {
    keys: Keys,
    things: Arc<AtomicUsize>,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        let (redis, tokens) = (Redis::start().await, Tokens::new());
        let keys = Keys::read(&variables(&[
            ("STAGE", "local"),
            ("AUTH_JWKS", &tokens.jwks()),
            ("AUTH_ISSUER", tokens.issuer()),
            ("AUTH_AUDIENCE", tokens.audience()),
        ]));
        Self { redis, tokens, keys: keys.expect("good keys"), things: Arc::default() }
    }

    /// A process that lets a user make three things in an hour, all processes
    /// together, and look at three from one address, each process for itself.
    pub(crate) fn process(&self) -> Router {
        self.process_with("3/3600")
    }

    pub(crate) fn process_with(&self, quota: &str) -> Router {
        self.patient_process(quota, Duration::from_secs(10))
    }

    /// One that waits so long for L2: on a slow machine it answers late.
    pub(crate) fn patient_process(&self, quota: &str, command_timeout: Duration) -> Router {
        let url = Some(self.redis.url());
        let cache = Cache::new(Config { url, command_timeout, ..Config::default() });
        let limiter = Limiter::new(&cache.expect("a good configuration"), &Monitoring::default());
        let variable = variables(&[("RATE_LIMIT_MAKING", quota), ("RATE_LIMIT_LOOKING", quota)]);
        let policy = |name| Policy::read(&variable, name, Quota::new(1, 1)).expect("a good policy");
        let making = limiter.shared(policy("RATE_LIMIT_MAKING")).by_user(&self.keys);
        let looking = limiter.in_process(policy("RATE_LIMIT_LOOKING"));
        let routes = Router::new()
            .route("/things", making.on(post(make)))
            .route("/things", looking.on(get(async || "things")))
            .route(
                "/bad",
                looking.on_bad_requests(post(async |body: String| {
                    body.parse::<u32>().map_or_else(
                        |error| Err(Problem::malformed(error.to_string())),
                        |number| Ok(number.to_string()),
                    )
                })),
            )
            .with_state(App { keys: self.keys.clone(), things: Arc::clone(&self.things) });
        edge(routes, &Monitoring::default())
    }

    /// How many things were made.
    pub(crate) fn made(&self) -> usize {
        self.things.load(Ordering::SeqCst)
    }

    pub(crate) fn token(&self, user: &str) -> String {
        self.tokens.mint(user, "")
    }

    /// A user makes a thing.
    pub(crate) async fn make(&self, process: &Router, user: &str, address: &str) -> Answer {
        make_with(process, &self.token(user), address, &[]).await
    }
}

async fn make(
    _: Caller,
    axum::extract::State(things): axum::extract::State<Arc<AtomicUsize>>,
    Json(_): Json<BTreeMap<String, Value>>,
) -> &'static str {
    things.fetch_add(1, Ordering::SeqCst);
    "made"
}

pub(crate) async fn make_with(
    process: &Router,
    token: &str,
    address: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::post("/things").header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request = request.header("content-type", "application/json");
    send(process, from(address, request.body(Body::from("{}")).expect("a request"))).await
}

pub(crate) async fn look(process: &Router, method: &str, address: &str) -> Answer {
    let request = Request::builder().method(method).uri("/things").body(Body::empty());
    send(process, from(address, request.expect("a request"))).await
}

/// As the gateway hands it over.
pub(crate) fn from(address: &str, request: Request<Body>) -> Request<Body> {
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.http.source_ip = Some(address.to_owned());
    request.with_request_context(RequestContext::ApiGatewayV2(context))
}

fn variables(settings: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let settings: BTreeMap<_, _> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    move |name| settings.get(name).cloned()
}
