//! A typed client of the shop's HTTP API, for what this machine puts into it.
//!
//! Every call here is safe to repeat: products are created under an id of the
//! caller's choice, edits name the version they have seen, stock moves and
//! orders are placed under an `Idempotency-Key`, and what was cancelled stays
//! so. So every call is repeated, within bounds, when the shop says that it is
//! busy or when no answer comes.

mod buyer;
mod error;
mod patience;
mod shapes;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use domain::{Category, IdempotencyKey, Money, Price, ProductId, Stock, Version};
use http::{HeaderMap, Method, StatusCode, header};
use reqwest::{RequestBuilder, Url};
use serde::de::DeserializeOwned;

pub use self::error::{Error, Problem, Result, Violation};
pub(crate) use self::patience::{Patience, is_passing};
use self::shapes::PriceBody;
pub use self::shapes::{
    Adjustment, Available, NewProduct, Order, OrderPage, Page, Person, Product, ProductPatch,
};

/// A Lambda function answers within 30 s or not at all; the rest is the way.
const ANSWER_WITHIN: Duration = Duration::from_secs(35);
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// The most that the API gives at once.
const PAGE: &str = "100";
const PRODUCTS: &str = "/api/products";

/// The API at one address, as seen by the holder of one token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: String,
}

impl Client {
    /// A client of the API at `base` (`http://host:port`). Nothing is sent yet.
    pub fn new(base: &str, token: &str) -> Result<Self> {
        let base = base_url(base)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(|source| Error::unreachable(&base, source))?;
        Ok(Self { http, base, token: token.to_owned() })
    }

    /// The same API as seen by the holder of another token, through the same
    /// connections.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Where the API is.
    pub fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Reads a part of a category: the first, or the one at the cursor.
    pub async fn products(&self, category: &Category, cursor: Option<&str>) -> Result<Page> {
        let mut url = self.url(PRODUCTS);
        url.query_pairs_mut()
            .append_pair("category", category.as_str())
            .append_pair("limit", PAGE)
            .extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        self.json(self.http.get(url)).await
    }

    /// Creates a product; 409 when its id is taken, also by an archived one.
    pub async fn create_product(&self, product: &NewProduct) -> Result<Product> {
        self.json(self.request(Method::POST, PRODUCTS).json(product)).await
    }

    /// Reads a product; 404 when there is none or it is archived.
    pub async fn product(&self, id: &ProductId) -> Result<Product> {
        self.json(self.request(Method::GET, &format!("{PRODUCTS}/{id}"))).await
    }

    /// Changes the fields that `patch` has; 412 when `seen` is not current.
    pub async fn update_product(
        &self,
        id: &ProductId,
        seen: Version,
        patch: &ProductPatch,
    ) -> Result<Product> {
        let request = self.request(Method::PATCH, &format!("{PRODUCTS}/{id}")).json(patch);
        self.json(if_match(request, seen).header(header::CONTENT_TYPE, "application/merge-patch+json")).await
    }

    /// Reads what a product costs.
    pub async fn pricing(&self, id: &ProductId) -> Result<Price> {
        self.json(self.request(Method::GET, &format!("{PRODUCTS}/{id}/pricing"))).await
    }

    /// Sets what a product costs; 412 when `seen` is not current.
    pub async fn set_price(&self, id: &ProductId, seen: Version, price: Money) -> Result<Price> {
        let request =
            self.request(Method::PUT, &format!("{PRODUCTS}/{id}/pricing")).json(&PriceBody { price });
        self.json(if_match(request, seen)).await
    }

    /// Reads how many pieces of a product there are.
    pub async fn inventory(&self, id: &ProductId) -> Result<Stock> {
        self.json(self.request(Method::GET, &format!("{PRODUCTS}/{id}/inventory"))).await
    }

    /// Moves stock, once for each `key`.
    pub async fn adjust_stock(
        &self,
        id: &ProductId,
        adjustment: &Adjustment,
        key: &IdempotencyKey,
    ) -> Result<Stock> {
        let request = self.request(Method::POST, &format!("{PRODUCTS}/{id}/inventory/adjustments"));
        self.json(request.json(adjustment).header("idempotency-key", key.as_str())).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path)).bearer_auth(&self.token)
    }

    /// What is put into a path is an id, and safe there.
    fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("a path under a valid base")
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let Answer { status, body, .. } = self.send(request).await?;
        if !status.is_success() {
            return Err(Error::Refused(Box::new(Problem::read(status, &body))));
        }
        serde_json::from_slice(&body).map_err(|source| Error::Unreadable { status, source })
    }

    /// Sends until there is an answer that waiting would not change.
    async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let mut patience = Patience::new();
        loop {
            let attempt = request.try_clone().expect("a body of JSON is in memory, so it can be sent again");
            let answer = Answer::to(attempt).await;
            let Some(wait) = patience.before_repeating(&answer) else {
                return answer.map_err(|source| Error::unreachable(&self.base, source));
            };
            tokio::time::sleep(wait).await;
        }
    }
}

/// An answer that has arrived as a whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await? })
    }
}

impl fmt::Debug for Client {
    /// Without the token: what is shown may end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base()).finish_non_exhaustive()
    }
}

/// Plain HTTP alone: this machine's stack speaks no TLS, and a token must not
/// travel further than that in clear text by accident.
fn base_url(base: &str) -> Result<Url> {
    let refused = |reason: &str| Error::Address { address: base.to_owned(), reason: reason.to_owned() };
    let url = Url::parse(base).map_err(|source| refused(&source.to_string()))?;
    match (url.scheme(), url.path()) {
        ("http", "/") => Ok(url),
        ("http", _) => Err(refused("it has a path")),
        _ => Err(refused("it does not begin with http://")),
    }
}

fn if_match(request: RequestBuilder, seen: Version) -> RequestBuilder {
    request.header(header::IF_MATCH, format!("\"{seen}\""))
}

/// Whether a call was refused with this status.
pub(crate) fn is_refused<T>(result: &Result<T>, status: StatusCode) -> bool {
    matches!(result, Err(error) if error.status() == Some(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_http_address_without_a_path_is_taken() {
        for good in ["http://localhost:3000", "http://localhost:3000/"] {
            assert_eq!(Client::new(good, "").expect("valid").base(), "http://localhost:3000");
        }
        for bad in ["localhost:3000", "https://shop.example", "http://localhost/api", ""] {
            assert!(matches!(Client::new(bad, ""), Err(Error::Address { .. })), "{bad}");
        }
    }

    #[test]
    fn a_client_does_not_show_its_token() {
        let client = Client::new("http://localhost:3000", "secret").expect("valid");
        assert!(!format!("{client:?}").contains("secret"));
    }
}
