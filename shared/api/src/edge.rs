//! What surrounds every route: ids, limits, the log line, and errors in one form.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use lambda_http::RequestExt;
use monitoring::{Count, Measure, Monitoring, Slowest, Work};

use crate::serve::later;
use crate::{Problem, deadline};

/// The longest body that a route reads, in bytes.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps a function's routes: unknown paths and methods, panics and long
/// bodies become problems, every answer carries its request's id, and every
/// request is one line in the log, and counted.
pub fn edge(routes: Router, monitoring: &Monitoring) -> Router {
    routes
        .fallback(async || Problem::not_found("resource"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        // One layer for all that: each boxes every request's service and future once more.
        .layer(from_fn_with_state(monitoring.clone(), observe))
}

async fn observe(State(monitoring): State<Monitoring>, request: Request, next: Next) -> Response {
    let (start, about) = (Instant::now(), About::of(&request));
    let work = Arc::clone(&about.work);
    monitoring::observed(work, answered(request, next, about, start, monitoring), has_failed).await
}

fn has_failed(response: &Response) -> bool {
    response.status().is_server_error()
}

async fn answered(
    request: Request,
    next: Next,
    about: About,
    start: Instant,
    monitoring: Monitoring,
) -> Response {
    let mut response = served(request, next).await;
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        problem.render(&mut response, &about.path, &about.work.request_id);
    }
    if let Ok(id) = HeaderValue::from_str(&about.work.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let time = start.elapsed();
    about.count(&response, time, &monitoring);
    about.log(&response, problem.as_ref(), time);
    response
}

/// What the routes answer: within the invocation's time, after reading so much at most,
/// and also if a handler panics.
async fn served(mut request: Request, next: Next) -> Response {
    DefaultBodyLimit::max(BODY_LIMIT).apply(&mut request);
    let deadline = request.lambda_context_ref().and_then(deadline);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    retry::deadline::scope(deadline, answer).await.unwrap_or_else(panicked)
}

/// What the log line says of a request. No query: it can hold anything.
struct About {
    work: Arc<Work>,
    path: String,
}

impl About {
    fn of(request: &Request) -> Self {
        let context = request.lambda_context_ref();
        let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        let request_id = context.map_or_else(|| uuid::Uuid::new_v4().to_string(), |c| c.request_id.clone());
        let trace_id = context.and_then(|c| c.xray_trace_id.clone());
        let work = Work::request(request_id, trace_id, request.method().as_str(), route);
        Self { work: Arc::new(work), path: request.uri().path().to_owned() }
    }

    fn count(&self, response: &Response, time: Duration, monitoring: &Monitoring) {
        let Work { request_id, trace_id, route, .. } = &*self.work;
        monitoring.count(Count::Requests, 1);
        monitoring.count(Count::ServerErrors, has_failed(response).into());
        monitoring.took(Measure::RequestTime, time);
        monitoring.slowest(time, || Slowest {
            time,
            request_id: request_id.clone(),
            trace_id: trace_id.clone(),
            route: route.clone(),
        });
    }

    /// What failed is said in the midst of its request, so that Sentry knows of which; of
    /// an answer the line can wait until its caller has it.
    fn log(&self, response: &Response, problem: Option<&Problem>, time: Duration) {
        let (work, status, duration_ms) =
            (Arc::clone(&self.work), response.status().as_u16(), milliseconds(time));
        match problem.and_then(Problem::cause) {
            Some(cause) => say_failed(&work, status, duration_ms, &chain(cause)),
            None => later(move || say_answered(&work, status, duration_ms)),
        }
    }
}

fn say_failed(work: &Work, status: u16, duration_ms: f64, cause: &str) {
    let Work { request_id, trace_id, method, route, .. } = work;
    tracing::error!(request_id, trace_id, method, route, status, duration_ms, cause, "request failed");
}

fn say_answered(work: &Work, status: u16, duration_ms: f64) {
    let Work { request_id, trace_id, method, route, .. } = work;
    tracing::info!(request_id, trace_id, method, route, status, duration_ms, "request answered");
}

/// Milliseconds with their fraction: most requests take less than one.
#[expect(clippy::float_arithmetic, reason = "a duration in a log line is no money")]
fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

#[expect(clippy::needless_pass_by_value, reason = "a caught panic is handed over")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem::internal(Arc::new(Panicked(text))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn answer(method: &str, path: &str) -> (StatusCode, axum::http::HeaderMap, serde_json::Value) {
        let routes = Router::new()
            .route("/fine", get(async || "fine"))
            .route("/panic", get(async || -> &'static str { panic!("a secret cause") }));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        let response = edge(routes, &Monitoring::default()).oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        (parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn an_unknown_path_is_a_problem_with_its_request_id() {
        let (status, headers, problem) = answer("GET", "/nowhere?secret=1").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["x-request-id"], problem["request_id"].as_str().expect("an id"));
        assert_eq!(problem["instance"], "/nowhere");
        assert_eq!(problem["status"], 404);
    }

    #[tokio::test]
    async fn a_wrong_method_says_which_are_right() {
        let (status, headers, problem) = answer("DELETE", "/fine").await;
        assert_eq!((status, &problem["status"]), (StatusCode::METHOD_NOT_ALLOWED, &405.into()));
        assert_eq!(headers["allow"], "GET,HEAD");
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_tells_nothing() {
        let (status, _, problem) = answer("GET", "/panic").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.to_string().contains("secret"));
    }
}
