//! `/api/products`: pages and their cursors.

use crate::shop::Shop;

#[tokio::test]
async fn a_walk_meets_every_product_exactly_once() {
    let shop = Shop::open().await;
    let mut all: Vec<String> = (0..23).map(|n| format!("p{n:02}")).collect();
    for id in &all {
        shop.stock(id, &format!("Name {id}"), "c").await;
    }
    for limit in [1, 5, 23, 100] {
        assert_eq!(shop.walk("/api/products?category=c", limit).await, all, "by name, {limit} at a time");
        let mut walked = shop.walk("/api/products", limit).await;
        walked.sort_unstable();
        assert_eq!(walked, all, "{limit} at a time");
    }
    all.truncate(20);
    assert_eq!(shop.get("/api/products?category=c").await.ids(), all, "20 by default");
}

#[tokio::test]
async fn categories_do_not_mix_whatever_they_are_called() {
    let shop = Shop::open().await;
    for (id, category) in [("a", "home & garden"), ("b", "home"), ("c", "home#x"), ("d", "home%23x")] {
        shop.stock(id, "Thing", category).await;
    }
    for (id, query) in [("a", "home%20%26%20garden"), ("b", "home"), ("c", "home%23x"), ("d", "home%2523x")] {
        assert_eq!(shop.walk(&format!("/api/products?category={query}"), 1).await, [id]);
    }
    assert!(shop.walk("/api/products?category=none", 1).await.is_empty());
}

#[tokio::test]
async fn a_category_is_one_however_its_accents_are_written() {
    let shop = Shop::open().await;
    shop.stock("a", "Thing", "Caf\u{e9}").await;
    shop.stock("b", "Thing", "Cafe\u{301}").await;
    for query in ["Caf%C3%A9", "Cafe%CC%81"] {
        assert_eq!(shop.walk(&format!("/api/products?category={query}"), 5).await, ["a", "b"]);
    }
}

#[tokio::test]
async fn a_cursor_works_in_its_own_list_only() {
    let shop = Shop::open().await;
    for n in 0..3 {
        shop.stock(&format!("m{n}"), "Red Mug", "mugs").await;
        shop.stock(&format!("c{n}"), "Red Cup", "cups").await;
    }
    let lists = [
        "/api/products?",
        "/api/products?category=mugs&",
        "/api/products?category=cups&",
        "/api/products/search?q=red&",
        "/api/products/search?q=red%20mug&",
    ];
    let mut cursors = Vec::new();
    for list in lists {
        let page = shop.get(&format!("{list}limit=2")).await;
        cursors.push(page.body["next_cursor"].as_str().expect("more").to_owned());
    }
    for (i, list) in lists.iter().enumerate() {
        for (j, cursor) in cursors.iter().enumerate() {
            let answer = shop.get(&format!("{list}cursor={cursor}")).await;
            assert_eq!(answer.status, if i == j { 200 } else { 400 }, "cursor {j} in list {i}");
        }
    }
}

#[tokio::test]
async fn a_new_product_is_on_its_pages_at_once() {
    let shop = Shop::open().await;
    assert!(shop.get("/api/products?category=c").await.ids().is_empty());
    assert!(shop.get("/api/products/search?q=mug").await.ids().is_empty());
    assert!(shop.get("/api/products").await.ids().is_empty());
    shop.stock("mug", "Mug", "c").await;
    assert_eq!(shop.get("/api/products?category=c").await.ids(), ["mug"]);
    assert_eq!(shop.get("/api/products/search?q=mug").await.ids(), ["mug"]);
    assert_eq!(shop.get("/api/products").await.ids(), ["mug"]);
}
