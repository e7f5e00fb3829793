//! Events of payment providers, over HTTP: verified, then kept.
//!
//! The one rule: what was not signed by its provider is not read, and what was
//! is answered with 200 only once the inbox holds it. What an event means is for
//! whoever reads the inbox, so a body that nothing can be made of is kept as well.
//! Neither bodies nor headers nor secrets appear in answers or logs. This file is
//! the table of routes.

mod body;
mod clock;
mod config;
pub mod event;
mod receive;
mod secrets;
pub mod signature;

use api::Limiter;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use monitoring::Monitoring;
use store::Store;
use utoipa::OpenApi;

pub use self::clock::Clock;
use self::config::Config;
use self::secrets::Secrets;

/// The function's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    tags((name = "webhooks", description = "Events of payment providers.")),
    paths(receive::stripe, receive::standard)
)]
pub struct Contract;

/// What the operations stand on.
#[derive(Clone, Debug)]
struct App {
    store: Store,
    secrets: Secrets,
    clock: Clock,
    monitoring: Monitoring,
}

/// The function's routes, set up from the variables of an environment. Secrets in
/// Secrets Manager are asked for now: an init has a full CPU for the handshake, and
/// a small function's request has not. What cannot be had in two seconds is asked
/// for again by the requests.
///
/// # Errors
/// When a setting is missing or makes no sense.
pub async fn router(
    variable: &impl Fn(&str) -> Option<String>,
    monitoring: &Monitoring,
    clock: Clock,
) -> anyhow::Result<Router> {
    let config = Config::read(variable)?;
    let store = Store::open(&config.store, monitoring)?;
    let limiter = Limiter::new(store.cache(), monitoring);
    let failures = limiter.shared(config.failures.clone());
    let secrets = Secrets::open(config, &clock);
    secrets.prepare().await;
    let routes = Router::new()
        .route("/api/webhooks/stripe", failures.on_bad_requests(post(receive::stripe)))
        .route("/api/webhooks/standard", failures.on_bad_requests(post(receive::standard)))
        .layer(DefaultBodyLimit::max(body::LIMIT))
        .with_state(App { store, secrets, clock, monitoring: monitoring.clone() });
    Ok(api::edge(routes, monitoring))
}
