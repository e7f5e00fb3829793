//! A router, or a handler of events, as a Lambda function.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use lambda_http::lambda_runtime::{LambdaInvocation, Runtime};
use lambda_http::{Adapter, Error, IntoResponse, LambdaEvent, Request, service_fn};
use monitoring::Monitoring;
use serde::Serialize;
use serde_json::Value;
use tower::{Layer, Service, ServiceExt};

use crate::deadline;

/// How long an environment is kept from its next event for the work after a response.
const AFTER_AT_MOST: Duration = Duration::from_secs(1);
/// What is left of an invocation's time when that work has to end.
const MARGIN: Duration = Duration::from_millis(100);

/// Serves a router's routes as this process's Lambda function, until the
/// platform ends the process. Events come one at a time, or as many at once as
/// `AWS_LAMBDA_MAX_CONCURRENCY` says. After each response, and before it asks for
/// the next event, it does what is queued for after it.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached or breaks off.
pub async fn serve(router: Router, monitoring: Monitoring) -> Result<(), Error> {
    let service = service_fn(move |request: Request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request).await.into_response().await) }
    });
    Runtime::new(Adapter::from(service)).layer(Drain(monitoring)).run_concurrent().await
}

/// Serves the events of a function that no HTTP request calls, as [`serve`] does.
/// What an event needs of the shop ends before its invocation does.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached or breaks off.
pub async fn serve_events<T, F>(
    handler: impl Fn(Value) -> F + Clone + Send + 'static,
    monitoring: Monitoring,
) -> Result<(), Error>
where
    T: Serialize + Send + 'static,
    F: Future<Output = anyhow::Result<T>> + Send + 'static,
{
    let service = service_fn(move |event: LambdaEvent<Value>| {
        let answer = retry::deadline::scope(deadline(&event.context), handler(event.payload));
        async move { answer.await.map_err(Error::from) }
    });
    Runtime::new(service).layer(Drain(monitoring)).run_concurrent().await
}

async fn answer(router: Router, request: Request) -> Response {
    let request = request.map(|body| match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    });
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Drains the queue after what it is wrapped around. The runtime's own service
/// posts the response, so that has gone by then.
struct Drain(Monitoring);

#[derive(Clone)]
struct Drained<S> {
    inner: S,
    monitoring: Monitoring,
}

impl<S> Layer<S> for Drain {
    type Service = Drained<S>;

    fn layer(&self, inner: S) -> Drained<S> {
        Drained { inner, monitoring: self.0.clone() }
    }
}

impl<S> Service<LambdaInvocation> for Drained<S>
where
    S: Service<LambdaInvocation, Response = ()>,
    S::Future: Send + 'static,
    S::Error: Send,
{
    type Response = ();
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let deadline = invocation.context.deadline();
        let posted = self.inner.call(invocation);
        let monitoring = self.monitoring.clone();
        Box::pin(async move {
            let posted = posted.await;
            monitoring.after_response().drain(time_left(deadline)).await;
            posted
        })
    }
}

/// A deadline in the past is none: the local emulator gives one of 1970.
fn time_left(deadline: SystemTime) -> Duration {
    match deadline.duration_since(SystemTime::now()) {
        Ok(left) => left.saturating_sub(MARGIN).min(AFTER_AT_MOST),
        Err(_) => AFTER_AT_MOST,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn invocation(deadline: SystemTime) -> LambdaInvocation {
        let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let head = axum::http::Response::builder()
            .header("lambda-runtime-aws-request-id", "1")
            .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string());
        let (parts, body) = head.body(axum::body::Bytes::default()).expect("a proper head").into_parts();
        let config = Arc::default();
        let context = lambda_http::Context::new("1", config, &parts.headers).expect("a proper context");
        LambdaInvocation { parts, body, context }
    }

    #[tokio::test]
    async fn what_a_request_leaves_to_do_is_done_after_its_response() {
        let (monitoring, order) = (Monitoring::default(), Arc::new(Mutex::new(Vec::new())));
        let note = |what: &'static str| {
            let order = Arc::clone(&order);
            async move { order.lock().expect("never poisoned").push(what) }
        };
        let (queue, job, posted) = (monitoring.after_response().clone(), note("work"), note("response"));
        let mut job = Some((job, posted));
        let runtime = service_fn(move |_: LambdaInvocation| {
            let (job, posted) = job.take().expect("one invocation");
            queue.push(job);
            async move {
                posted.await;
                Ok::<_, Error>(())
            }
        });
        let soon = SystemTime::now() + Duration::from_secs(10);
        let mut service = Drain(monitoring).layer(runtime);
        service.call(invocation(soon)).await.expect("it is served");
        assert_eq!(*order.lock().expect("never poisoned"), ["response", "work"]);
    }

    #[test]
    fn the_work_ends_before_the_invocations_time_does() {
        let left = |from_now| time_left(SystemTime::now() + from_now);
        assert_eq!(left(Duration::from_mins(1)), AFTER_AT_MOST);
        assert!(left(Duration::from_millis(500)) <= Duration::from_millis(400));
        assert_eq!(left(Duration::from_millis(50)), Duration::ZERO);
        assert_eq!(time_left(SystemTime::UNIX_EPOCH), AFTER_AT_MOST, "no deadline is known");
    }
}
