//! Small HTTP servers on free ports of this machine, gone with the test.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, extract::Request, middleware::map_request};
use tokio::net::TcpListener;

/// One of them.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves these routes.
    pub async fn serve(routes: Router) -> Self {
        let (listener, server) = listen().await;
        let asked = Arc::clone(&server.asked);
        let routes = routes.layer(map_request(move |request: Request| {
            asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.uri().path().to_owned());
            std::future::ready(request)
        }));
        tokio::spawn(axum::serve(listener, routes).into_future());
        server
    }

    /// One that accepts and never answers.
    pub async fn silent() -> Self {
        let (listener, server) = listen().await;
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok(connection) = listener.accept().await {
                held.push(connection);
            }
        });
        server
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The paths that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn listen() -> (TcpListener, Server) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, Server { port, asked: Arc::default() })
}
