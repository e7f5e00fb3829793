//! What a process does before its first request.

use std::net::TcpListener;
use std::time::Duration;

use local::testing::{Database, Tokens, environment};
use monitoring::Monitoring;
use store::{Config, Store};

/// How a TLS handshake begins: a record of that type (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// What the table's endpoint hears in the init; nothing if nobody comes.
async fn heard_in_the_init(scheme: &str) -> Option<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("{scheme}://{}", listener.local_addr().expect("an address"));
    let mut environment = environment(&Database::memory().await, None, &Tokens::new());
    environment.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), endpoint);
    let config = Config::read(&|name| environment.get(name).cloned()).expect("a full environment");
    let monitoring = Monitoring::default();
    let _store = Store::open(&config, &monitoring).expect("a good configuration");
    monitoring.init(Duration::from_millis(500)).await;
    listener.set_nonblocking(true).expect("a socket");
    let (mut caller, _) = listener.accept().ok()?;
    let mut first = [0];
    std::io::Read::read_exact(&mut caller, &mut first).ok()?;
    Some(first[0])
}

#[tokio::test]
async fn an_encrypted_connection_to_the_table_is_opened_in_the_init() {
    assert_eq!(heard_in_the_init("https").await, Some(HANDSHAKE));
}

/// There is no handshake worth it.
#[tokio::test]
async fn a_plain_one_is_left_to_the_first_request() {
    assert_eq!(heard_in_the_init("http").await, None);
}
