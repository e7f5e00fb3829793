//! A router, or a handler of events, as a Lambda function.

mod later;
mod termination;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use lambda_http::lambda_runtime::{LambdaInvocation, Runtime};
use lambda_http::{Adapter, Error, IntoResponse, LambdaEvent, Request, service_fn};
use monitoring::{Count, Measure, Monitoring, Work};
use serde::Serialize;
use serde_json::Value;
use tower::{Layer, Service, ServiceExt};

pub(crate) use self::later::later;
use crate::deadline;

/// What a process's init may take for what can be done later, too.
const INIT: Duration = Duration::from_secs(1);

/// A process that is told to end has 500 ms (AWS: "Lambda execution environment
/// lifecycle", of functions with an internal extension).
const LAST: Duration = Duration::from_millis(400);

/// How long what was counted may wait for an answer to leave after.
const TICK: Duration = Duration::from_secs(10);

/// Serves a router's routes as this process's Lambda function, until the
/// platform ends the process. Events come one at a time, or as many at once as
/// `AWS_LAMBDA_MAX_CONCURRENCY` says. After each response what is queued for then is
/// done, before the environment is frozen.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached or breaks off.
pub async fn serve(router: Router, monitoring: Monitoring) -> Result<(), Error> {
    let service = service_fn(move |request: Request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request).await.into_response().await) }
    });
    let watch = Watch(monitoring.clone());
    let runtime = Runtime::new(Adapter::from(service)).layer(watch.clone());
    run(runtime.run_concurrent(), watch).await
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
    let watch = Watch(monitoring.clone());
    let service = service_fn(move |event: LambdaEvent<Value>| {
        let answer = retry::deadline::scope(deadline(&event.context), handler(event.payload));
        invoked(event.context, answer, monitoring.clone())
    });
    run(Runtime::new(service).layer(watch.clone()).run_concurrent(), watch).await
}

/// One invocation by an event. Its failure is what the platform hears, and the log.
async fn invoked<T>(
    context: lambda_http::Context,
    answer: impl Future<Output = anyhow::Result<T>>,
    monitoring: Monitoring,
) -> Result<T, Error> {
    let mut event = Event { monitoring, start: Instant::now(), has_failed: true };
    let work = Arc::new(Work::event(context.request_id, context.xray_trace_id));
    let logged = async { answer.await.inspect_err(|error| log(&work, error)) };
    let outcome = monitoring::observed(Arc::clone(&work), logged, Result::is_err).await;
    event.ends_with(outcome.is_err());
    outcome.map_err(Error::from)
}

/// An event that is being handled, counted when that ends, also by a panic, which is a
/// failure.
struct Event {
    monitoring: Monitoring,
    start: Instant,
    has_failed: bool,
}

impl Event {
    fn ends_with(&mut self, failure: bool) {
        self.has_failed = failure;
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        self.monitoring.count(Count::Events, 1);
        self.monitoring.count(Count::EventsFailed, self.has_failed.into());
        self.monitoring.took(Measure::EventTime, self.start.elapsed());
    }
}

fn log(work: &Work, error: &anyhow::Error) {
    let (request_id, trace_id, cause) = (&work.request_id, &work.trace_id, format!("{error:#}"));
    tracing::error!(request_id, trace_id, cause, "invocation failed");
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

/// Runs until the platform ends the process, which then tells what it has left to tell.
async fn run<R>(runtime: R, watch: Watch) -> Result<(), Error>
where
    R: Future<Output = Result<(), Error>> + Send + 'static,
{
    let Watch(monitoring) = watch;
    let (terminated, ()) = tokio::join!(termination::announced(&monitoring), monitoring.init(INIT));
    let terminated = terminated?;
    monitoring.ready();
    // A task of its own: what else is waited for here is not looked at with each request.
    let mut runtime = tokio::spawn(runtime);
    let ended = tokio::select! {
        ended = &mut runtime => ended?,
        () = tick(&monitoring) => Ok(()),
        () = terminated => Ok(()),
    };
    monitoring.end(LAST).await;
    ended
}

/// Tells what was counted also where no answer comes any more. A process that is frozen
/// between its answers cannot: it tells when it ends.
async fn tick(monitoring: &Monitoring) {
    if !monitoring.settings().is_concurrent {
        return std::future::pending().await;
    }
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        monitoring.tell(LAST);
    }
}

/// Sees each invocation from its arrival until the work that it leaves is done.
#[derive(Clone)]
struct Watch(Monitoring);

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched { inner, monitoring: self.0.clone() }
    }
}

#[derive(Clone)]
struct Watched<S> {
    inner: S,
    monitoring: Monitoring,
}

impl<S> Service<LambdaInvocation> for Watched<S>
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

    /// The inner service posts the response. What is awaited after that delays no caller,
    /// but the runtime, which asks for the next invocation only then; and until it asks,
    /// Lambda does not freeze the environment (AWS: "Running code after returning a
    /// response from an AWS Lambda function", of custom runtimes).
    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let monitoring = self.monitoring.clone();
        let serving = monitoring.serve(invocation.context.deadline());
        let posted = self.inner.call(invocation);
        Box::pin(async move {
            let outcome = later::serving(posted).await;
            drop(serving);
            // One that serves several at once is not frozen between them.
            if !monitoring.settings().is_concurrent {
                monitoring.after_response().idle().await;
            }
            outcome
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::SystemTime;

    use monitoring::Importance;

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

    async fn failed_of(answer: impl Future<Output = anyhow::Result<()>> + Send + 'static) -> [u64; 2] {
        let monitoring = Monitoring::default();
        let _ = tokio::spawn(invoked(lambda_http::Context::default(), answer, monitoring.clone())).await;
        monitoring.end(LAST).await;
        let total = monitoring.window(5).await.expect("a process knows itself").total();
        [Count::EventsFailed, Count::Events].map(|count| total.count(count))
    }

    #[tokio::test]
    async fn an_event_that_ends_in_an_error_or_a_panic_has_failed() {
        assert_eq!(failed_of(async { Ok(()) }).await, [0, 1]);
        assert_eq!(failed_of(async { anyhow::bail!("no") }).await, [1, 1]);
        assert_eq!(failed_of(async { panic!("as a bug would") }).await, [1, 1]);
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
            queue.push(Importance::Refresh, job);
            async move {
                posted.await;
                Ok::<_, Error>(())
            }
        });
        let soon = SystemTime::now() + Duration::from_secs(10);
        let watch = Watch(monitoring.clone());
        watch.layer(runtime).call(invocation(soon)).await.expect("it is served");
        assert_eq!(*order.lock().expect("never poisoned"), ["response", "work"]);
    }
}
