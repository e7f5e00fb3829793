//! What ElastiCache answers where moto has nothing: canned bodies in the form of its
//! API Reference, served over HTTP to any request.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Serves one answer to each request; its port.
pub(crate) async fn serve(status: u16, body: &'static str) -> u16 {
    let listener = listen().await;
    let port = port(&listener);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(answer_all(stream, status, body));
        }
    });
    port
}

/// Accepts and never answers, as long as the listener is kept.
pub(crate) async fn silent() -> (TcpListener, u16) {
    let listener = listen().await;
    let port = port(&listener);
    (listener, port)
}

async fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port")
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("it is bound").port()
}

async fn answer_all(stream: TcpStream, status: u16, body: &str) {
    let mut stream = BufReader::new(stream);
    while skip_request(&mut stream).await.is_some() {
        let answer = format!(
            "HTTP/1.1 {status} Canned\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.expect("the client listens");
    }
}

/// Reads one request to its end; none when the client has no more.
async fn skip_request(stream: &mut BufReader<TcpStream>) -> Option<()> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().expect("a length is a number");
            }
            None if line == "\r\n" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok().map(|_| ())
}
