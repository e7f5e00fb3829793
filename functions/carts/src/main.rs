//! The carts function: wiring only.

use monitoring::AfterResponse;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    monitoring::init_logs();
    let after_response = AfterResponse::default();
    let router = carts::router(&|name| std::env::var(name).ok(), &after_response)?;
    api::serve(router, after_response).await
}
