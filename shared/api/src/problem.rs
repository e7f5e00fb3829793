//! Errors as callers hear them: RFC 9457 problem details.
//!
//! A 4xx says what the caller can do about it. A 5xx says nothing of its
//! cause: the text is fixed, and the cause goes to the log with the request's
//! id. A handler's problem travels to [`crate::edge`] as a response extension
//! and is rendered there, where the request's path and id are known.

use std::error::Error as StdError;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Error, ProductId, Shortage, Violation};
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// One error, ready to be told. Boxed, since every handler's result has room for it.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    errors: Vec<Violation>,
    header: Option<(HeaderName, HeaderValue)>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Parts { status, kind, detail, errors: Vec::new(), header: None, cause: None }))
    }

    fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    fn with_cause(mut self, cause: Arc<dyn StdError + Send + Sync>) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// 400: the request is not well-formed.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", detail)
    }

    /// 401: there is no token, or not a good one (RFC 6750 §3).
    pub fn unauthenticated(detail: &'static str) -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail);
        problem.with_header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// 403: the token does not carry the right.
    pub fn forbidden(scope: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("the token lacks the scope {scope}"))
    }

    /// 404: nothing there, or nothing that this caller may know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("there is no such {what}"))
    }

    /// 405. The router adds `Allow`.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "the resource does not take this method",
        )
    }

    /// 412: the caller's version is not the current one.
    pub fn stale(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "stale-version", detail)
    }

    /// 413: the body is longer than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body must have at most {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
    }

    /// 415: the body is not of a type that the route reads.
    pub fn unsupported_media_type(expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            format!("Content-Type must be {expected}"),
        )
    }

    /// 422: well-formed, and breaks these rules.
    pub fn invalid(errors: Vec<Violation>) -> Self {
        let detail = "the request breaks the rules listed in errors";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", detail);
        problem.0.errors = errors;
        problem
    }

    /// 428: a write without `If-Match` could undo another's (RFC 6585 §3).
    pub fn precondition_required() -> Self {
        let detail = "If-Match must carry the quoted version that the change starts from";
        Self::new(StatusCode::PRECONDITION_REQUIRED, "precondition-required", detail)
    }

    /// 429: the caller comes too often under this policy (RFC 6585 §4).
    pub(crate) fn too_many_requests(policy: &str, retry_after: HeaderValue) -> Self {
        let detail = format!("too many requests under the policy {policy}, see Retry-After");
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail);
        problem.0.header = Some((header::RETRY_AFTER, retry_after));
        problem
    }

    /// 500: our fault. The cause is for the log.
    pub fn internal(cause: Arc<dyn StdError + Send + Sync>) -> Self {
        let detail = "something went wrong on our side";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail).with_cause(cause)
    }

    /// 503: trying again in a second may help. The cause is for the log.
    fn unavailable(kind: &'static str, detail: &'static str, cause: Error) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, detail);
        problem.with_header(header::RETRY_AFTER, "1").with_cause(Arc::new(cause))
    }

    /// 409: there is less than was ordered, as these say.
    pub fn out_of_stock(shortages: Vec<Violation>) -> Self {
        let mut problem = Self::conflict("out-of-stock", "there is not enough stock, see errors");
        problem.0.errors = shortages;
        problem
    }

    fn conflict(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, detail)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The last part of its type.
    pub(crate) fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// What lies behind a 5xx, for the log.
    pub(crate) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }

    /// The problem as the answer to one request. Headers that the router
    /// has set on `response` (`Allow`) stay.
    pub(crate) fn render(&self, response: &mut Response, instance: &str, request_id: &str) {
        let details = self.details(instance, request_id);
        let body = serde_json::to_vec(&details).expect("problem details are plain JSON");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        *response.body_mut() = body.into();
    }

    /// The problem as the document shows it, as the answer to a request of `instance`.
    pub fn example(&self, instance: &str) -> Value {
        let details = self.details(instance, "01890a5d-ac96-774b-bcce-b302099a8057");
        serde_json::to_value(details).expect("problem details are plain JSON")
    }

    fn details<'a>(&'a self, instance: &'a str, request_id: &'a str) -> Details<'a> {
        let violation = |e: &'a Violation| ViolationView { pointer: &e.pointer, detail: &e.detail };
        Details {
            kind: format!("urn:problem-type:storefront:{}", self.0.kind),
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance,
            request_id,
            errors: self.0.errors.iter().map(violation).collect(),
        }
    }
}

/// What went wrong, and what to do about it: RFC 9457 §3, with two extensions.
#[derive(Serialize, ToSchema)]
struct Details<'a> {
    /// What kind of problem it is: programs decide by this. `about:blank` says no more
    /// than the status.
    #[serde(rename = "type")]
    #[schema(pattern = "^(about:blank|urn:problem-type:storefront:[a-z-]+)$")]
    kind: String,
    /// The status in words.
    title: &'a str,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// For people: programs must not read it.
    detail: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    /// The request's id, by which our logs know it.
    request_id: &'a str,
    /// Each rule that the request breaks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<ViolationView<'a>>,
}

/// One broken rule.
#[derive(Serialize, ToSchema)]
#[schema(as = Violation)]
struct ViolationView<'a> {
    /// Where in the request, as a JSON pointer (RFC 6901).
    #[schema(pattern = "^(/.*)?$", example = "/price/amount")]
    pointer: &'a str,
    /// Which rule it breaks, for people.
    detail: &'a str,
}

/// As it is told.
impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Details::schema()
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Details::schemas(schemas);
        schemas.push((ViolationView::name().into_owned(), ViolationView::schema()));
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        if let Some((name, value)) = self.0.header.clone() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

fn violation(pointer: &str, detail: impl Into<String>) -> Violation {
    Violation { pointer: pointer.to_owned(), detail: detail.into() }
}

fn not_sold(product: &ProductId) -> Violation {
    violation("/items", format!("there is no product {product}"))
}

fn shortage(shortage: &Shortage) -> Violation {
    violation("/items", shortage.to_string())
}

/// The one place that decides how a caller hears of each error.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => Self::invalid(violations),
            Error::NotFound(what) => Self::not_found(what),
            Error::Taken(what) => Self::conflict("id-taken", format!("the {what} id is taken")),
            Error::Stale { current } => Self::stale(format!("the current version is \"{current}\"")),
            Error::StockOutOfRange { available } => {
                let detail =
                    format!("{available} are available: the adjustment would leave the stock's range");
                Self::conflict("stock-out-of-range", detail)
            }
            Error::NotSold(products) => Self::invalid(products.iter().map(not_sold).collect()),
            Error::OutOfStock(shortages) => Self::out_of_stock(shortages.iter().map(shortage).collect()),
            Error::MixedCurrencies => {
                Self::invalid(vec![violation("/items", "must have their prices in one currency")])
            }
            Error::EmptyCart => Self::invalid(vec![violation("/from_cart", "the cart is empty")]),
            Error::PriceMoved { total } => {
                let detail = format!("the total is {} {}", total.amount(), total.currency());
                Self::conflict("price-moved", detail)
            }
            Error::NotCancellable { status } => {
                Self::conflict("not-cancellable", format!("an order that is {status} cannot be cancelled"))
            }
            Error::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "the Idempotency-Key was used for another request",
            ),
            Error::Busy => Self::unavailable("busy", "too busy, try again in a moment", error),
            Error::Unavailable { .. } => Self::unavailable("unavailable", "try again in a moment", error),
            Error::Corrupt { .. } => Self::internal(Arc::new(error)),
        }
    }
}
