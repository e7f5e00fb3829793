//! `/api/products/{id}`: create, show, replace, edit, archive.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::shop::{Shop, pounds};

#[tokio::test]
async fn a_created_product_is_shown_with_price_and_stock() {
    let shop = Shop::open().await;
    let new = json!({"id": "mug", "name": " Blue Mug ", "description": "Holds tea.", "category": "kitchen",
        "tags": ["blue", "tea"], "price": pounds(795)});
    let created = shop.write("POST", "/api/products", &[], &new).await;
    assert_eq!((created.status, &created.headers["location"]), (201, &"/api/products/mug".parse().unwrap()));

    let shown = shop.get("/api/products/mug").await;
    assert_eq!(shown.body, created.body);
    let product = &shown.body;
    assert_eq!(product["name"], "Blue Mug");
    assert_eq!(product["price"], pounds(795));
    assert_eq!(product["inventory"], json!({"available": 0}));
    assert_eq!(product["version"], 1);
    assert_eq!(product["created_at"], product["updated_at"]);
}

#[tokio::test]
async fn an_id_is_ours_when_the_caller_gives_none() {
    let shop = Shop::open().await;
    let new = json!({"name": "Mug", "category": "kitchen", "price": pounds(1)});
    let created = shop.write("POST", "/api/products", &[], &new).await;
    let id = created.body["id"].as_str().expect("an id");
    assert_eq!(shop.get(&format!("/api/products/{id}")).await.status, 200);
}

#[tokio::test]
async fn ids_differ_by_case() {
    let shop = Shop::open().await;
    shop.stock("85123A", "Upper", "c").await;
    shop.stock("85123a", "Lower", "c").await;
    assert_eq!(shop.get("/api/products/85123a").await.body["name"], "Lower");
}

#[tokio::test]
async fn a_taken_id_is_a_conflict_and_changes_nothing() {
    let shop = Shop::open().await;
    let first = shop.stock("mug", "First", "c").await;
    let second = json!({"id": "mug", "name": "Second", "category": "d", "price": pounds(1)});
    shop.write("POST", "/api/products", &[], &second).await.problem(409);
    assert_eq!(shop.get("/api/products/mug").await.body, first.body);
    assert!(shop.walk("/api/products?category=d", 10).await.is_empty());
}

#[tokio::test]
async fn replacing_takes_the_current_version_and_moves_the_product() {
    let shop = Shop::open().await;
    shop.stock("mug", "Old Name", "old").await;
    let new = json!({"name": "New Name", "category": "new", "price": pounds(300)});
    let replaced = shop.write("PUT", "/api/products/mug", &[("if-match", "\"1\"")], &new).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    assert_eq!((&replaced.body["version"], &replaced.body["price"]), (&json!(2), &pounds(300)));
    assert_eq!(shop.get("/api/products/mug").await.body, replaced.body);
    assert!(shop.walk("/api/products?category=old", 10).await.is_empty());
    assert_eq!(shop.walk("/api/products?category=new", 10).await, ["mug"]);
    assert!(shop.walk("/api/products/search?q=old", 10).await.is_empty());
    assert_eq!(shop.walk("/api/products/search?q=new", 10).await, ["mug"]);
}

#[tokio::test]
async fn a_merge_patch_changes_what_it_names() {
    let shop = Shop::open().await;
    let new = json!({"id": "mug", "name": "Mug", "description": "d", "category": "c", "tags": ["a"], "price": pounds(1)});
    shop.write("POST", "/api/products", &[], &new).await;
    let patch = json!({"description": null, "tags": ["b"], "price": {"amount": 2}});
    let patched = shop.write("PATCH", "/api/products/mug", &[("if-match", "\"1\"")], &patch).await.body;
    let expected =
        json!({"name": "Mug", "description": "", "category": "c", "tags": ["b"], "price": pounds(2)});
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&patched[field], value, "{field}");
    }
    assert_eq!(shop.get("/api/products/mug").await.body, patched);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_changes_nothing() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let patch = json!({"name": "Cup"});
    let edit = |version: &'static str| {
        let (shop, patch) = (&shop, &patch);
        async move { shop.write("PATCH", "/api/products/mug", &[("if-match", version)], patch).await }
    };
    assert_eq!(edit("\"1\"").await.status, 200);
    edit("\"1\"").await.problem(412);
    edit("\"7\"").await.problem(412);
    shop.write("PATCH", "/api/products/mug", &[], &patch).await.problem(428);
    shop.write("DELETE", "/api/products/mug", &[("if-match", "\"1\"")], &Value::Null).await.problem(412);
    assert_eq!(shop.get("/api/products/mug").await.body["version"], 2);
}

#[tokio::test]
async fn of_many_edits_of_one_version_one_wins() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let edits = (0..8).map(|n| {
        let (shop, patch) = (&shop, json!({"name": format!("Mug {n}")}));
        async move { shop.write("PATCH", "/api/products/mug", &[("if-match", "\"1\"")], &patch).await.status }
    });
    let mut statuses = futures::future::join_all(edits).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(shop.get("/api/products/mug").await.body["version"], 2);
}

#[tokio::test]
async fn an_archived_product_is_gone_from_every_list_and_its_id_stays_taken() {
    let shop = Shop::open().await;
    let first = shop.stock("mug", "Mug", "c").await;
    shop.stock("cup", "Cup", "c").await;
    let archived = shop.write("DELETE", "/api/products/mug", &[("if-match", "\"1\"")], &Value::Null).await;
    assert_eq!((archived.status, archived.text.as_str()), (204, ""));
    for path in ["", "/inventory", "/pricing"] {
        shop.get(&format!("/api/products/mug{path}")).await.problem(404);
    }
    assert_eq!(shop.walk("/api/products", 10).await, ["cup"]);
    assert_eq!(shop.walk("/api/products?category=c", 10).await, ["cup"]);
    assert!(shop.walk("/api/products/search?q=mug", 10).await.is_empty());
    shop.adjust("mug", 1, "k").await.problem(404);
    let again = json!({"id": "mug", "name": "Mug", "category": "c", "price": first.body["price"]});
    shop.write("POST", "/api/products", &[], &again).await.problem(409);
}

#[tokio::test]
async fn a_caller_who_has_the_representation_gets_304() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let first = shop.get("/api/products/mug").await;
    let tag = first.headers["etag"].to_str().expect("a tag").to_owned();
    let again = Request::get("/api/products/mug").header("if-none-match", &tag).body(Body::empty());
    let again = shop.send(again.expect("a request")).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.headers["etag"], tag);
    shop.adjust("mug", 1, "k").await;
    assert_ne!(shop.get("/api/products/mug").await.headers["etag"], tag);
}
