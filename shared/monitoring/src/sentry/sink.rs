//! Where Sentry listens.
//!
//! One connection for what is sent at a time, and none is kept: after a freeze it
//! would be dead. HTTP/1 by itself, without a pool and without HTTP/2, which would be
//! a third of a megabyte in each function.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{Either, FusedFuture, select};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use sentry_core::types::{Dsn, Scheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Bytes of an answer that are read, so that its connection can be used again.
const ANSWER: usize = 16 * 1024;
/// Who says so.
const AGENT: &str = concat!("storefront/", env!("CARGO_PKG_VERSION"));

/// Takes envelopes to one project of one Sentry.
pub(super) struct Sink {
    dsn: Dsn,
    tls: OnceLock<TlsConnector>,
}

/// A way there, for as long as it is held.
pub(super) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    /// What moves the bytes; polled along with each request.
    driver: Pin<Box<dyn FusedFuture<Output = ()> + Send>>,
}

/// Nobody took the envelope, or nobody said so.
#[derive(Debug, thiserror::Error)]
#[error("Sentry cannot be reached")]
pub(super) struct Unreachable;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Sink {
    pub(super) fn new(dsn: &Dsn) -> Self {
        Self { dsn: dsn.clone(), tls: OnceLock::new() }
    }

    /// Sends an envelope, on the last one's connection if that still holds, and tells
    /// what was said to it.
    pub(super) async fn send(
        &self,
        last: &mut Option<Connection>,
        envelope: Bytes,
    ) -> Result<(StatusCode, HeaderMap), Unreachable> {
        let request = self.request(envelope)?;
        let mut connection = match last.take().filter(|last| !last.requests.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let answer = connection.ask(request).await?;
        *last = Some(connection);
        Ok(answer)
    }

    fn request(&self, envelope: Bytes) -> Result<Request<Full<Bytes>>, Unreachable> {
        let request = Request::post(self.dsn.envelope_api_url().path())
            .header(HOST, format!("{}:{}", self.dsn.host(), self.dsn.port()))
            .header(CONTENT_TYPE, "application/x-sentry-envelope")
            .header(USER_AGENT, AGENT)
            .header("x-sentry-auth", self.dsn.to_auth(Some(AGENT)).to_string());
        request.body(Full::new(envelope)).map_err(|_| Unreachable)
    }

    async fn connect(&self) -> Result<Connection, Unreachable> {
        let (requests, driver) =
            handshake(TokioIo::new(self.stream().await?)).await.map_err(|_| Unreachable)?;
        Ok(Connection { requests, driver: Box::pin(driver.map(drop).fuse()) })
    }

    async fn stream(&self) -> Result<Box<dyn Stream>, Unreachable> {
        let address = (self.dsn.host(), self.dsn.port());
        let stream = TcpStream::connect(address).await.map_err(|_| Unreachable)?;
        if self.dsn.scheme() == Scheme::Http {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(self.dsn.host().to_owned()).map_err(|_| Unreachable)?;
        let stream = self.tls.get_or_init(tls).connect(name, stream).await.map_err(|_| Unreachable)?;
        Ok(Box::new(stream))
    }
}

impl Connection {
    async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, HeaderMap), Unreachable> {
        let exchange = std::pin::pin!(exchange(&mut self.requests, request));
        match select(exchange, &mut self.driver).await {
            Either::Left((answer, _)) => answer,
            // A connection may end with its answer.
            Either::Right(((), exchange)) => exchange.await,
        }
    }
}

async fn exchange(
    requests: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, HeaderMap), Unreachable> {
    requests.ready().await.map_err(|_| Unreachable)?;
    let (head, body) = requests.send_request(request).await.map_err(|_| Unreachable)?.into_parts();
    let _ = Limited::new(body, ANSWER).collect().await;
    Ok((head.status, head.headers))
}

/// Made for the first envelope, because the start of a process has no time for it.
/// With Mozilla's roots in the binary: reading the system's takes longer than all else.
fn tls() -> TlsConnector {
    trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

fn trusting(roots: RootCertStore) -> TlsConnector {
    let provider = rustls::crypto::ring::default_provider().into();
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.expect("ring has their ciphers").with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(tls))
}

#[cfg(test)]
mod tests {
    use rustls::ServerConfig;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    const ENVELOPE: Bytes = Bytes::from_static(b"{}");

    /// A Sentry with a certificate of its own that takes envelopes on one connection,
    /// and then listens no more.
    async fn secure() -> (Sink, CertificateDer<'static>) {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
        let certificate = own.cert.der().clone();
        let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
        let config = config.with_safe_default_protocol_versions().expect("ring has their ciphers");
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.clone()], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a good certificate")));
        let listener = TcpListener::bind("localhost:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            drop(listener);
            if let Ok(stream) = acceptor.accept(stream).await {
                take(BufStream::new(stream)).await;
            }
        });
        let dsn = format!("https://key@localhost:{port}/42").parse().expect("a DSN");
        (Sink::new(&dsn), certificate)
    }

    async fn take(mut stream: BufStream<impl Stream>) {
        let mut text = Vec::new();
        while let Ok(byte) = stream.read_u8().await {
            text.push(byte);
            if text.ends_with(b"\r\n\r\n{}") {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("written");
                stream.flush().await.expect("written");
            }
        }
    }

    #[tokio::test]
    async fn envelopes_go_over_tls_and_share_a_connection() {
        let (sink, certificate) = secure().await;
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a good certificate");
        assert!(sink.tls.set(trusting(roots)).is_ok());
        let mut connection = None;
        for _ in 0..3 {
            let (status, _) = sink.send(&mut connection, ENVELOPE).await.expect("it listens");
            assert_eq!(status, StatusCode::OK);
        }
    }

    #[tokio::test]
    async fn one_whose_certificate_nobody_vouches_for_gets_nothing() {
        let (sink, _) = secure().await;
        assert!(sink.send(&mut None, ENVELOPE).await.is_err());
    }
}
