//! How often a user may come.

use serde_json::{Value, json};

use crate::shop::{CART, Shop, item, lines};

#[tokio::test]
async fn writes_have_one_limit_and_reads_another() {
    let shop = Shop::open().await;
    shop.stock("mug", 255).await;
    let ann =
        shop.with(&[("RATE_LIMIT_CART_WRITES", "2/3600"), ("RATE_LIMIT_ACCOUNT_READS", "1/3600")], "ann");
    let (mug, two) = (item("mug"), json!({"quantity": 2}));
    for (method, path, body, status, policy) in [
        ("PUT", mug.as_str(), &two, 200, "cart-writes"),
        ("DELETE", "/api/cart/items/cup", &Value::Null, 204, "cart-writes"),
        ("PUT", mug.as_str(), &json!({"quantity": 3}), 429, "cart-writes"),
        ("DELETE", mug.as_str(), &Value::Null, 429, "cart-writes"),
        ("DELETE", CART, &Value::Null, 429, "cart-writes"),
        ("GET", CART, &Value::Null, 200, "account-reads"),
        ("GET", CART, &Value::Null, 429, "account-reads"),
    ] {
        let answer = ann.send(method, path, &[], body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        let told = answer.headers["ratelimit-policy"].to_str().expect("ASCII");
        assert!(told.starts_with(&format!("\"{policy}\";")), "{told}");
    }
    assert_eq!(lines(&shop.user("ann").cart().await), [("mug", 2)], "what was refused changed nothing");
}
