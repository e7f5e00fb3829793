//! A first function in Rust, as anyone would write it: what `make bench-lambda` holds
//! ours against. It is made as cheap as it can be without losing that (one thread, no
//! log, the one kind of event that ours take), so that no ratio flatters ours.

use lambda_http::{Error, IntoResponse, Request, run, service_fn};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(hello)).await
}

async fn hello(_request: Request) -> Result<impl IntoResponse, Error> {
    Ok(json!({"message": "Hello"}))
}
