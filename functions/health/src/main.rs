//! The health function: wiring only.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    monitoring::init_logs();
    let router = health::router(&|name| std::env::var(name).ok())?;
    api::serve(router).await
}
