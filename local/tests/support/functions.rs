//! The functions in process, each under the path that it has on the gate.

use std::collections::BTreeMap;

use axum::Router;
use monitoring::Monitoring;

/// A new process of the function that a path leads to; where none does, of one without routes.
pub(crate) async fn function(path: &str, environment: &BTreeMap<String, String>) -> Router {
    let (variable, monitoring) = (|name: &str| environment.get(name).cloned(), Monitoring::default());
    let router = match path.trim_start_matches("/api/").split(['/', '?']).next().unwrap() {
        "products" => products::router(&variable, &monitoring),
        "cart" => carts::router(&variable, &monitoring),
        "orders" => orders::router(&variable, &monitoring),
        "users" => users::router(&variable, &monitoring),
        "webhooks" => webhooks::router(&variable, &monitoring, webhooks::Clock::system()).await,
        "health" => health::router(&variable, &monitoring),
        "docs" | "openapi.json" => Ok(docs::router(&monitoring)),
        _ => Ok(Router::new()),
    };
    router.unwrap()
}
