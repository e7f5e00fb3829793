//! `/api/products/{id}/pricing`

use serde_json::json;

use crate::shop::{Shop, pounds};

#[tokio::test]
async fn a_price_changes_at_its_own_version() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let path = "/api/products/mug/pricing";
    let first = shop.get(path).await;
    assert_eq!((&first.body["price"], &first.body["version"]), (&pounds(255), &json!(1)));

    let body = json!({"price": pounds(199)});
    let changed = shop.write("PUT", path, &[("if-match", "\"1\"")], &body).await;
    assert_eq!((changed.status, &changed.body["version"]), (200, &json!(2)));
    assert_eq!(shop.get(path).await.body, changed.body);
    let product = shop.get("/api/products/mug").await.body;
    assert_eq!((&product["price"], &product["version"]), (&pounds(199), &json!(2)));

    shop.write("PUT", path, &[("if-match", "\"1\"")], &body).await.problem(412);
    shop.write("PUT", path, &[], &body).await.problem(428);
    shop.write("PUT", "/api/products/none/pricing", &[("if-match", "\"1\"")], &body).await.problem(404);
}

#[tokio::test]
async fn an_edit_that_started_before_a_price_change_is_stale() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let price = json!({"price": pounds(1_200)});
    shop.write("PUT", "/api/products/mug/pricing", &[("if-match", "\"1\"")], &price).await;
    let replacement = json!({"name": "Cup", "category": "c", "price": pounds(255)});
    shop.write("PUT", "/api/products/mug", &[("if-match", "\"1\"")], &replacement).await.problem(412);
    assert_eq!(shop.get("/api/products/mug").await.body["price"], pounds(1_200));
}

#[tokio::test]
async fn an_edit_that_keeps_the_price_keeps_its_version() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    shop.write("PATCH", "/api/products/mug", &[("if-match", "\"1\"")], &json!({"name": "Cup"})).await;
    assert_eq!(shop.get("/api/products/mug/pricing").await.body["version"], 1);
    shop.write("PATCH", "/api/products/mug", &[("if-match", "\"2\"")], &json!({"price": pounds(1)})).await;
    assert_eq!(shop.get("/api/products/mug/pricing").await.body["version"], 2);
}
