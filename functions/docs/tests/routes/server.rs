//! A server on a free port of this machine, gone with the test.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// The paths that were asked for, in order.
pub(crate) type Asked = Arc<Mutex<Vec<String>>>;

/// Serves these routes; says where.
pub(crate) async fn serve(routes: Router) -> (String, Asked) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    tokio::spawn(accept(listener, routes, Arc::clone(&asked)));
    (url, asked)
}

async fn accept(listener: TcpListener, routes: Router, asked: Asked) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(connection(stream, routes.clone(), Arc::clone(&asked)));
    }
}

async fn connection(stream: TcpStream, routes: Router, asked: Asked) {
    let service = service_fn(|request: Request<Incoming>| {
        asked.lock().unwrap().push(request.uri().path().to_owned());
        let routes = routes.clone();
        async move { Ok::<_, Infallible>(routes.oneshot(request).await.unwrap()) }
    });
    // An error is a client who hung up.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
