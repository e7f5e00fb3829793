//! How often a user may come.

use crate::shop::{Shop, named};

#[tokio::test]
async fn writes_have_one_limit_and_reads_another() {
    let shop = Shop::open().await;
    let settings = [("RATE_LIMIT_PROFILE_WRITES", "1/3600"), ("RATE_LIMIT_ACCOUNT_READS", "1/3600")];
    let ann = shop.with(&settings, "ann");
    let answers = [
        (ann.create(&named("Ann")).await, 201, "profile-writes"),
        (ann.edit("\"1\"", &named("Anna")).await, 429, "profile-writes"),
        (ann.get().await, 200, "account-reads"),
        (ann.get().await, 429, "account-reads"),
    ];
    for (answer, status, policy) in answers {
        assert_eq!(answer.status, status, "{}", answer.text);
        let told = answer.headers["ratelimit-policy"].to_str().expect("ASCII");
        assert!(told.starts_with(&format!("\"{policy}\";")), "{told}");
    }
    assert_eq!(shop.user("ann").get().await.body["name"], "Ann", "what was refused changed nothing");
}
