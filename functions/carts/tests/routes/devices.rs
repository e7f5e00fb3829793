//! One user on several devices at once: no write loses another's line.

use crate::shop::{Answer, Shop, User, lines};

/// A device asks again when it is told to.
async fn until_answered(write: impl AsyncFn() -> Answer) -> Answer {
    loop {
        let answer = write().await;
        if answer.status != 503 {
            return answer;
        }
    }
}

async fn set(user: &User, id: &str) -> Answer {
    until_answered(async || user.set(id, 1).await).await
}

async fn remove(user: &User, id: &str) -> Answer {
    until_answered(async || user.remove(id).await).await
}

#[tokio::test]
async fn products_put_in_at_once_are_all_in_the_cart() {
    let shop = Shop::open().await;
    shop.stock_many(12).await;
    let devices = [shop.user("alice"), shop.in_another_process("alice"), shop.in_another_process("alice")];
    let ids: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    let writes = ids.iter().enumerate().map(|(n, id)| set(&devices[n % 3], id));
    for answer in futures::future::join_all(writes).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    for device in &devices {
        let cart = device.cart().await;
        let mut seen: Vec<&str> = lines(&cart).iter().map(|(id, _)| *id).collect();
        seen.sort_by_key(|id| id[1..].parse::<usize>().ok());
        assert_eq!(seen, ids);
        assert_eq!(cart["version"], 12);
    }
}

#[tokio::test]
async fn removing_and_adding_at_once_both_hold() {
    let shop = Shop::open().await;
    shop.stock_many(6).await;
    let (phone, desk) = (shop.user("alice"), shop.in_another_process("alice"));
    for id in ["p0", "p1", "p2"] {
        phone.set(id, 1).await;
    }
    let adds = futures::future::join_all(["p3", "p4", "p5"].map(|id| set(&desk, id)));
    let removals = futures::future::join_all(["p0", "p1", "p2"].map(|id| remove(&phone, id)));
    let (added, removed) = futures::join!(adds, removals);
    assert!(added.iter().all(|answer| answer.status == 200));
    assert!(removed.iter().all(|answer| answer.status == 204), "{removed:?}");
    let cart = phone.cart().await;
    let mut left = lines(&cart);
    left.sort_unstable();
    assert_eq!(left, [("p3", 1), ("p4", 1), ("p5", 1)]);
}
