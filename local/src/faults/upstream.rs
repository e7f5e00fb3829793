//! The way to a DynamoDB server, for calls that are passed on as they came.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::call::Call;

/// A server, and connections to it that are kept.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: Authority,
}

impl Upstream {
    pub(super) fn new(endpoint: &str) -> Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let authority = endpoint.parse::<Uri>()?.into_parts().authority;
        Ok(Self { client, authority: authority.context("the endpoint names no host")? })
    }

    /// The server's answer. The request's headers are left as they are, its
    /// `Host` too: the caller has signed them.
    pub(super) async fn forward(&self, call: Call) -> Result<Response<Bytes>> {
        let mut parts = call.parts;
        let path = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        parts.uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .expect("scheme, authority and path make an address");
        let answer = self.client.request(Request::from_parts(parts, Full::new(call.body))).await?;
        let (mut parts, body) = answer.into_parts();
        for hop_by_hop in [CONNECTION, TRANSFER_ENCODING] {
            parts.headers.remove(hop_by_hop);
        }
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }
}
