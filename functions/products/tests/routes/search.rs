//! `/api/products/search?q=`

use serde_json::json;

use crate::shop::{Shop, pounds};

async fn shop() -> Shop {
    let shop = Shop::open().await;
    for (id, name) in [
        ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER"),
        ("heart-2", "Heart of Hearts"),
        ("torch", "Crème Brûlée Torch"),
        ("white", "White Vase"),
    ] {
        shop.stock(id, name, "things").await;
    }
    shop
}

async fn found(shop: &Shop, q: &str) -> Vec<String> {
    let mut ids = shop.walk(&format!("/api/products/search?q={q}"), 1).await;
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn all_words_must_match_the_last_by_prefix() {
    let shop = shop().await;
    assert_eq!(found(&shop, "heart").await, ["85123A", "heart-2"]);
    assert_eq!(found(&shop, "white+hanging+hea").await, ["85123A"]);
    assert_eq!(found(&shop, "hea").await, ["85123A", "heart-2"]);
    assert_eq!(found(&shop, "w").await, ["85123A", "white"]);
    assert_eq!(found(&shop, "t").await, ["85123A", "heart-2", "torch", "white"], "t-light, things, torch");
    assert_eq!(found(&shop, "t+hanging").await, ["85123A"]);
    assert_eq!(found(&shop, "hea+white").await, [""; 0]);
}

#[tokio::test]
async fn case_and_accents_do_not_count() {
    let shop = shop().await;
    for q in ["creme+brulee", "CR%C3%88ME", "bru"] {
        assert_eq!(found(&shop, q).await, ["torch"], "{q}");
    }
}

#[tokio::test]
async fn a_product_with_several_matching_words_is_met_once() {
    let shop = shop().await;
    assert_eq!(shop.walk("/api/products/search?q=heart", 1).await.len(), 2);
}

#[tokio::test]
async fn tags_and_category_are_found_too() {
    let shop = Shop::open().await;
    let new =
        json!({"id": "mug", "name": "Mug", "category": "kitchen", "tags": ["Hand Made"], "price": pounds(1)});
    shop.write("POST", "/api/products", &[], &new).await;
    for q in ["kitchen", "hand+made", "mug+kit"] {
        assert_eq!(found(&shop, q).await, ["mug"], "{q}");
    }
}

#[tokio::test]
async fn the_longest_names_still_fit_their_transaction_when_all_of_it_changes() {
    let shop = Shop::open().await;
    let words = |from: u32| (from..from + 40).map(|n| format!("{n:03}x")).collect::<Vec<_>>().join(" ");
    let tags: Vec<String> = (0..20).map(|n| format!("tag{n}")).collect();
    let new = json!({"id": "long", "name": words(100), "category": "one", "tags": tags, "price": pounds(1)});
    assert_eq!(shop.write("POST", "/api/products", &[], &new).await.status, 201);
    let changed = json!({"name": words(500), "category": "two", "tags": [], "price": pounds(2)});
    let edited = shop.write("PUT", "/api/products/long", &[("if-match", "\"1\"")], &changed).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(found(&shop, "500x").await, ["long"]);
    assert_eq!(found(&shop, "100x").await, [""; 0]);
}

#[tokio::test]
async fn words_common_alone_and_rare_together_are_found_across_short_pages() {
    let shop = Shop::open().await;
    let many = (0..230).map(|n| {
        let shop = &shop;
        async move {
            shop.stock(
                &format!("p{n:03}"),
                &format!("Common {}", if n == 225 { "rare" } else { "thing" }),
                "c",
            )
            .await
        }
    });
    futures::future::join_all(many).await;
    assert_eq!(found(&shop, "common+rare").await, ["p225"]);
}
