//! The end of an environment, which Lambda announces by SIGTERM: to processes that have
//! registered an extension, and to no others (AWS: "Lambda execution environment
//! lifecycle", of the shutdown phase).

use axum::http::{HeaderValue, Request};
use lambda_http::Error;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use monitoring::Monitoring;
use tokio::signal::unix::{SignalKind, signal};

const NAME: &str = "termination";
/// By which the Extensions API knows an extension again.
const IDENTIFIER: &str = "lambda-extension-identifier";

/// Asks to be told, and gives what waits for it. Of an environment that serves several at
/// once, as on Managed Instances, none is asked for: extensions are not allowed there.
///
/// # Errors
/// When the system takes no handler of signals.
pub(super) async fn announced(monitoring: &Monitoring) -> Result<impl Future<Output = ()> + use<>, Error> {
    let mut signals = signal(SignalKind::terminate())?;
    if !monitoring.settings().is_concurrent
        && let Err(error) = register().await
    {
        tracing::warn!(error, "what is counted last may be lost: nobody tells when the end comes");
    }
    Ok(async move {
        signals.recv().await;
    })
}

/// Makes an extension known that wants no events, which has to be before the first
/// invocation. Lambda waits for it to ask for one, once; then it costs nothing.
async fn register() -> Result<(), Error> {
    let client = PooledClient::builder().build();
    let answer = client.call(registration()?).await?;
    let (status, identifier) = (answer.status(), answer.headers().get(IDENTIFIER));
    let next = next_event(identifier.ok_or_else(|| format!("no extension is registered: {status}"))?)?;
    tokio::spawn(async move { client.call(next).await });
    Ok(())
}

/// AWS: "Lambda Extensions API", `Register`.
fn registration() -> Result<Request<Body>, axum::http::Error> {
    let request = build_request().method("POST").uri("/2020-01-01/extension/register");
    let request = request.header("lambda-extension-name", NAME).header("content-type", "application/json");
    request.body(r#"{"events":[]}"#.into())
}

/// `Next` of the same.
fn next_event(identifier: &HeaderValue) -> Result<Request<Body>, axum::http::Error> {
    let request = build_request().method("GET").uri("/2020-01-01/extension/event/next");
    request.header(IDENTIFIER, identifier).body(Body::empty())
}
