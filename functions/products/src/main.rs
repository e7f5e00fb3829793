//! The products function: wiring only.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    monitoring::init_logs();
    let router = products::router(&|name| std::env::var(name).ok())?;
    api::serve(router).await
}
