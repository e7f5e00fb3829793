//! Small servers on free ports of this machine, gone with the test.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

pub(crate) struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The paths that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Serves these routes.
pub(crate) async fn serve(routes: Router) -> Server {
    let (listener, server) = listen().await;
    let asked = server.asked.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(connection(stream, routes.clone(), asked.clone()));
        }
    });
    server
}

/// Accepts and never answers.
pub(crate) async fn silent() -> Server {
    let (listener, server) = listen().await;
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.unwrap());
        }
    });
    server
}

async fn listen() -> (TcpListener, Server) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, Server { port, asked: Arc::default() })
}

async fn connection(stream: TcpStream, routes: Router, asked: Arc<Mutex<Vec<String>>>) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        asked.lock().unwrap().push(request.uri().path().to_owned());
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(routes.oneshot(request).await.unwrap()) }
    });
    // An error is a client who hung up.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
