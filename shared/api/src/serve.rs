//! A router as a Lambda function.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use lambda_http::{Error, IntoResponse, Request, run_concurrent, service_fn};
use tower::ServiceExt;

/// Serves a router's routes as this process's Lambda function, until the
/// platform ends the process. Events come one at a time, or as many at once as
/// `AWS_LAMBDA_MAX_CONCURRENCY` says.
///
/// # Errors
/// When the Lambda Runtime API cannot be reached or breaks off.
pub async fn serve(router: Router) -> Result<(), Error> {
    run_concurrent(service_fn(move |request: Request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request).await.into_response().await) }
    }))
    .await
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
