//! `POST /api/webhooks/stripe` and `POST /api/webhooks/standard`

use api::Problem;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use domain::Provider;
use jiff::Timestamp;
use monitoring::Count;
use serde::Serialize;
use store::{Event, Kept};
use utoipa::ToSchema;

use crate::body::Raw;
use crate::signature::{Refusal, Signature};
use crate::{App, event};

/// The answer once the event is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Received {
    received: bool,
    /// Whether it came before.
    duplicate: bool,
}

#[utoipa::path(
    post,
    path = "/api/webhooks/stripe",
    operation_id = "receiveStripeEvent",
    tag = "webhooks",
    summary = "An event of Stripe",
    description = "Answered once the event is kept for good. The limit counts refused requests alone.",
    params(("Stripe-Signature" = String, Header, description = "Time and signatures, as Stripe writes them: `t=…,v1=…`.")),
    request_body(content = Value, content_type = "application/json", description = "The event, in the bytes that were signed; at most 256 KiB."),
    extensions(("x-rate-limit" = json!("webhook-failures"))),
    responses(
        (status = 200, description = "The event is kept.", body = Received),
        (status = 404, description = "This provider is not set up.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn stripe(
    State(app): State<App>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Json<Received>, Problem> {
    app.receive(Provider::Stripe, &headers, body).await
}

#[utoipa::path(
    post,
    path = "/api/webhooks/standard",
    operation_id = "receiveStandardEvent",
    tag = "webhooks",
    summary = "An event by Standard Webhooks",
    description = "Answered once the event is kept for good. The limit counts refused requests alone.",
    params(
        ("webhook-id" = String, Header, description = "The event's name."),
        ("webhook-timestamp" = String, Header, description = "Unix seconds, within five minutes of now."),
        ("webhook-signature" = String, Header, description = "Signatures with spaces between, such as `v1,…`."),
    ),
    request_body(content = Value, content_type = "application/json", description = "The event, in the bytes that were signed; at most 256 KiB."),
    extensions(("x-rate-limit" = json!("webhook-failures"))),
    responses(
        (status = 200, description = "The event is kept.", body = Received),
        (status = 404, description = "This provider is not set up.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn standard(
    State(app): State<App>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Json<Received>, Problem> {
    app.receive(Provider::Standard, &headers, body).await
}

impl App {
    async fn receive(
        &self,
        provider: Provider,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Json<Received>, Problem> {
        let received_at = self.clock.now();
        let signature = self.verified(provider, headers, &body, received_at).await?;
        let key = event::key(provider, &signature, &body);
        let event = Event { key, body: body.into(), received_at };
        let duplicate = self.store.keep_event(&event).await? == Kept::Duplicate;
        tracing::info!(event = %event.key, duplicate, "webhook event kept");
        Ok(Json(Received { received: true, duplicate }))
    }

    /// The signature of a request that its provider made. One that no known secret
    /// made may have been made with one that is just being introduced.
    async fn verified(
        &self,
        provider: Provider,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Signature, Problem> {
        let keys = self.secrets.keys(provider).await?;
        if keys.is_empty() {
            return Err(Problem::not_found("webhook provider"));
        }
        let signature = Signature::read(provider, headers);
        let signature = signature.and_then(|signature| signature.check_time(now).map(|()| signature));
        let signature = signature.map_err(|refusal| self.refused(provider, refusal))?;
        if signature.is_by(&keys, body) {
            return Ok(signature);
        }
        match self.secrets.newer(provider, &keys).await {
            Some(newer) if signature.is_by(&newer, body) => Ok(signature),
            _ => Err(self.refused(provider, Refusal::Unknown)),
        }
    }

    /// A forgery, or a secret that the shop and its provider do not share: the log
    /// tells which, since a provider that is refused tells nobody.
    fn refused(&self, provider: Provider, refusal: Refusal) -> Problem {
        self.monitoring.count(Count::WebhooksRefused, 1);
        tracing::warn!(%provider, reason = %refusal, "webhook refused");
        Problem::malformed(refusal.to_string())
    }
}
