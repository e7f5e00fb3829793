//! Bad input gets a clear problem with the right status and changes nothing.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::shop::{Shop, named};

#[tokio::test]
async fn every_rule_that_is_broken_is_named() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    let email = "a@example.com";
    let bad: [(&[&str], Value); 14] = [
        (&["/name", "/email"], json!({})),
        (&["/name", "/email"], json!({"name": "", "email": "alice"})),
        (&["/name"], json!({"name": "  ", "email": email})),
        (&["/name"], json!({"name": "a\nb", "email": email})),
        (&["/name"], json!({"name": "x".repeat(201), "email": email})),
        (&["/name"], json!({"name": null, "email": email})),
        (&["/name"], json!({"name": 7, "email": email})),
        (&["/email"], json!({"name": "Alice"})),
        (&["/email"], json!({"name": "Alice", "email": "a@b"})),
        (&["/email"], json!({"name": "Alice", "email": "a@example.com\nBcc: b@example.com"})),
        (&["/email"], json!({"name": "Alice", "email": format!("{}@example.com", "x".repeat(250))})),
        (&["/id"], json!({"id": "bob", "name": "Alice", "email": email})),
        (&["/version"], json!({"name": "Alice", "email": email, "version": 1})),
        (&[""], json!(["Alice", email])),
    ];
    for (pointers, body) in &bad {
        assert_eq!(alice.create(body).await.problem(422), *pointers, "{body}");
    }
    alice.get().await.problem(404);

    alice.create(&named("Alice")).await;
    for (pointers, body) in &bad {
        assert_eq!(alice.edit("\"1\"", body).await.problem(422), *pointers, "{body}");
    }
    assert_eq!(alice.get().await.body["version"], 1);
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_is_400() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    alice.create(&named("Alice")).await;
    for bad in ["1", "*", "W/\"1\"", "\"1\", \"2\""] {
        alice.edit(bad, &named("Eve")).await.problem(400);
    }
    assert_eq!(alice.get().await.body["name"], "Alice");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    let put = async |content_type: &str, body: Body| {
        let request = alice.request("PUT").header("content-type", content_type);
        shop.send(request.body(body).expect("a request")).await
    };
    for body in ["", "{", "nonsense", "{\"name\":\"\u{0}\"}"] {
        put("application/json", body.into()).await.problem(400);
    }
    put("text/plain", named("Alice").to_string().into()).await.problem(415);
    put("application/json", named(&"x".repeat(2 << 20)).to_string().into()).await.problem(413);
    alice.get().await.problem(404);
}

#[tokio::test]
async fn a_wrong_method_is_405_and_a_wrong_path_404() {
    let shop = Shop::open().await;
    for method in ["POST", "PATCH", "DELETE"] {
        let answer =
            shop.send(shop.user("alice").request(method).body(Body::empty()).expect("a request")).await;
        answer.problem(405);
        assert_eq!(answer.headers["allow"], "GET,HEAD,PUT");
    }
    for path in ["/api/users", "/api/users/alice", "/api/users/me/other"] {
        shop.send(Request::get(path).body(Body::empty()).expect("a request")).await.problem(404);
    }
}
