//! Where there is no Sentry.

use crate::function::Function;
use crate::server::{Sentry, TAKE};

#[tokio::test]
async fn without_a_dsn_a_function_fails_as_before() {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("http", &sentry, &[("SENTRY_DSN", "")]).await;
    assert_eq!(function.get("/fail").await.status(), 503);
    assert_eq!(function.get("/panic").await.status(), 500);
    assert_eq!(function.get("/fine").await.status(), 200);
    assert!(sentry.deliveries().is_empty());
}
