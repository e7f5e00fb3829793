//! Hands a request to the emulator and brings back its answer, or says why
//! there is none.

use std::borrow::Cow;

use anyhow::Result;
use axum::body::{Body, Bytes};
use axum::response::Response;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use super::Backend;
use super::admission::Place;
use super::problem::Problem;

/// The emulator passes headers of the Runtime API on to the caller.
const RUNTIME_HEADERS: &str = "lambda-runtime-";

const EMULATOR_PATHS: [&str; 3] = ["/.rt/", "/2015-03-31/", "/lambda-url/"];

/// The way to the emulator.
#[derive(Clone)]
pub(super) struct Proxy {
    client: Client<HttpConnector, Full<Bytes>>,
    upstream: Authority,
}

impl Proxy {
    pub(super) fn new(upstream: &str, connections: usize) -> Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(connections).build(connector);
        Ok(Self { client, upstream: upstream.parse()? })
    }

    /// Runs on its own once begun: a caller who hangs up must not let the next
    /// one in while his invocation is still in the emulator.
    pub(super) async fn forward(
        &self,
        backend: Backend,
        request: Request<Bytes>,
        place: Place,
    ) -> Result<Response, Problem> {
        let proxy = self.clone();
        let call = tokio::spawn(async move {
            let answer = proxy.invoke(&backend, request).await;
            drop(place);
            answer
        });
        call.await.unwrap_or_else(|_panicked| Err(Problem::unreachable()))
    }

    async fn invoke(&self, backend: &Backend, request: Request<Bytes>) -> Result<Response, Problem> {
        let status = backend.status.now();
        if status.failing {
            return Err(Problem::failing(&backend.name));
        }
        tokio::select! {
            answer = timeout(backend.deadline, self.call(backend, request)) => {
                answer.unwrap_or_else(|_elapsed| {
                    backend.give_up(status.deaths);
                    Err(Problem::out_of_time(&backend.name, backend.deadline))
                })
            }
            () = backend.status.died_since(status.deaths) => Err(Problem::died(&backend.name)),
        }
    }

    async fn call(&self, backend: &Backend, request: Request<Bytes>) -> Result<Response, Problem> {
        let answer = self.client.request(self.addressed(backend, request)).await;
        let answer = answer.map_err(|error| lost(&error))?;
        let (mut parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| lost(&error))?.to_bytes();
        clean(&mut parts.headers);
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    fn addressed(&self, backend: &Backend, request: Request<Bytes>) -> Request<Full<Bytes>> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        parts.uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.upstream.clone())
            .path_and_query(&*shielded(path, &backend.name))
            .build()
            .expect("scheme, authority and path make an address");
        parts.headers.remove(CONNECTION);
        Request::from_parts(parts, Full::new(body))
    }
}

/// The emulator's own paths are nobody's on AWS: they go to the function that
/// any other unknown path goes to.
fn shielded<'a>(path: &'a str, function: &str) -> Cow<'a, str> {
    if EMULATOR_PATHS.iter().any(|own| path.starts_with(own)) {
        return format!("/lambda-url/{function}{path}").into();
    }
    path.into()
}

fn lost(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "the Lambda emulator gave no answer");
    Problem::unreachable()
}

fn clean(headers: &mut HeaderMap) {
    let ours = |name: &str| name.starts_with(RUNTIME_HEADERS);
    let theirs: Vec<_> = headers.keys().filter(|name| ours(name.as_str())).cloned().collect();
    for name in theirs.iter().chain(&[CONNECTION, TRANSFER_ENCODING]) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emulators_own_paths_go_to_the_function() {
        assert_eq!(shielded("/.rt/x?y=1", "health"), "/lambda-url/health/.rt/x?y=1");
        assert_eq!(shielded("/api/products?q=/.rt/", "products"), "/api/products?q=/.rt/");
    }
}
