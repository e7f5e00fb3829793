//! Bad input gets a clear problem with the right status and changes nothing.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::shop::{CART, Shop, item, lines};

#[tokio::test]
async fn a_bad_quantity_is_named_and_changes_nothing() {
    let shop = Shop::open().await;
    shop.stock_many(2).await;
    let alice = shop.user("alice");
    alice.set("p0", 2).await;
    let beyond: Value = serde_json::from_str("99999999999999999999").expect("a number");
    for quantity in [
        json!(0),
        json!(-1),
        json!(10_001),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        beyond,
        json!(1.5),
        json!("1"),
        json!(true),
        json!([1]),
        json!({"quantity": 1}),
        Value::Null,
    ] {
        for id in ["p0", "p1"] {
            let answer = alice.set_to(id, &json!({"quantity": quantity}), &[]).await;
            assert_eq!(answer.problem(422), ["/quantity"], "{quantity}");
        }
    }
    assert_eq!(alice.set_to("p0", &json!({}), &[]).await.problem(422), ["/quantity"]);
    let more = json!({"quantity": 1, "price": 1});
    assert_eq!(alice.set_to("p0", &more, &[]).await.problem(422), ["/price"]);
    assert_eq!(alice.set_to("p0", &json!([1]), &[]).await.problem(422), [""]);
    let cart = alice.cart().await;
    assert_eq!((lines(&cart), &cart["version"]), (vec![("p0", 2)], &json!(1)));
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let shop = Shop::open().await;
    shop.stock_many(1).await;
    let token = shop.tokens.mint("alice", "");
    let put = async |content_type: &str, body: String| {
        let request = Request::put(item("p0")).header("content-type", content_type);
        let request = request.header("authorization", format!("Bearer {token}"));
        shop.send(request.body(Body::from(body)).expect("a request")).await
    };
    for body in ["", "{", "nonsense", "{\"quantity\":01}"] {
        put("application/json", body.to_owned()).await.problem(400);
    }
    put("text/plain", "{\"quantity\":1}".to_owned()).await.problem(415);
    put("application/json", " ".repeat(2 << 20)).await.problem(413);
    assert_eq!(shop.user("alice").cart().await["version"], 0);
}

#[tokio::test]
async fn a_wrong_method_is_405_and_a_wrong_path_404() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    for (method, path, allow) in [
        ("POST", CART, "DELETE,GET,HEAD"),
        ("PUT", CART, "DELETE,GET,HEAD"),
        ("GET", "/api/cart/items/p0", "DELETE,PUT"),
        ("POST", "/api/cart/items/p0", "DELETE,PUT"),
    ] {
        let answer = alice.send(method, path, &[], &Value::Null).await;
        answer.problem(405);
        let mut allowed: Vec<&str> = answer.headers["allow"].to_str().expect("ASCII").split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow);
    }
    for path in ["/api/cart/items", "/api/cart/items/", "/api/cart/items/p0/more", "/api/cart/other"] {
        alice.send("GET", path, &[], &Value::Null).await.problem(404);
    }
}
