//! Runs of the warmer, in process on a real table and a real cache.

use std::time::Duration;

use cache_warmer::{Report, Warmer};
use domain::Category;
use local::faults::Fault;
use local::testing::shop::{Shop, mug};
use monitoring::{Monitoring, Read};
use serde_json::{Value, json};
use store::{PageRequest, Store};
use tokio::time::Instant;

/// A process of the fleet that has read this so often.
async fn fleet_reads(shop: &Shop, reads: &[(Read, &str, usize)]) {
    let monitoring = Monitoring::default();
    let config = store::Config::read(&|name| shop.environment.get(name).cloned()).expect("complete");
    let _store = Store::open(&config, &monitoring).expect("a good configuration");
    for (what, name, times) in reads {
        (0..*times).for_each(|_| monitoring.read(*what, name));
    }
    monitoring.end(Duration::from_secs(10)).await;
}

async fn run(shop: &Shop, event: Value) -> anyhow::Result<Value> {
    let variable = |name: &str| shop.environment.get(name).cloned();
    let warmer = Warmer::new(&variable, &Monitoring::default()).expect("the environment is complete");
    let report: Report = warmer.handle(event).await?;
    Ok(serde_json::to_value(report)?)
}

#[tokio::test]
async fn what_the_fleet_reads_most_is_there_before_somebody_asks() {
    let shop = Shop::with_mugs(5).await;
    fleet_reads(&shop, &[(Read::Product, "mug", 3), (Read::Category, "kitchen", 1)]).await;
    let report = run(&shop, json!({})).await.expect("it runs");
    // Two pages, and the mug's three parts, whoever of the three comes first.
    assert_eq!((&report["failed"], &report["unfinished"]), (&json!(0), &json!(0)), "{report}");
    let reader = shop.reader();
    reader.product(&mug()).await.expect("there");
    let first = PageRequest { limit: 20, after: None };
    reader.product_page(Some(&Category::new("kitchen").expect("a name")), first).await.expect("there");
    assert!(reader.database_use().operations.is_empty(), "all of it came from the cache");
    assert_eq!(run(&shop, json!({})).await.expect("it runs")["loaded"], 0);
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_load_and_loads_nothing() {
    let shop = Shop::with_mugs(5).await;
    fleet_reads(&shop, &[(Read::Product, "mug", 3), (Read::Category, "kitchen", 2)]).await;
    let plan = run(&shop, json!({"dry_run": true})).await.expect("it runs");
    let expected = json!({
        "categories": [{"name": "kitchen", "reads": 2}],
        "products": [{"name": "mug", "reads": 3}],
    });
    assert_eq!(plan, expected);
    let reader = shop.reader();
    reader.product(&mug()).await.expect("there");
    assert!(!reader.database_use().operations.is_empty());
}

#[tokio::test]
async fn its_own_reads_do_not_make_anything_popular() {
    let shop = Shop::with_mugs(5).await;
    fleet_reads(&shop, &[(Read::Product, "mug", 1)]).await;
    for _ in 0..3 {
        run(&shop, json!({})).await.expect("it runs");
    }
    let plan = run(&shop, json!({"dry_run": true})).await.expect("it runs");
    assert_eq!(plan["products"], json!([{"name": "mug", "reads": 1}]));
}

#[tokio::test]
async fn what_is_no_name_is_left_out_and_what_is_gone_harms_nothing() {
    let shop = Shop::with_mugs(5).await;
    fleet_reads(
        &shop,
        &[(Read::Product, "not/an id", 9), (Read::Product, "gone", 8), (Read::Product, "mug", 1)],
    )
    .await;
    let report = run(&shop, json!({})).await.expect("it runs");
    assert_eq!(report["failed"], 0, "{report}");
    shop.reader().product(&mug()).await.expect("there");
}

#[tokio::test]
async fn a_table_that_is_away_fails_what_it_was_to_load() {
    let shop = Shop::with_mugs(5).await;
    fleet_reads(&shop, &[(Read::Product, "mug", 1)]).await;
    shop.database.faults().inject(Fault::ErrorBefore.on_any());
    let report = run(&shop, json!({})).await.expect("it runs");
    let nothing = json!({"loaded": 0, "refreshed": 0, "skipped": 0, "failed": 2, "unfinished": 0});
    assert_eq!(report, nothing);
}

#[tokio::test]
async fn without_time_nothing_is_begun() {
    let shop = Shop::with_mugs(5).await;
    fleet_reads(&shop, &[(Read::Product, "mug", 1)]).await;
    let soon = Instant::now() + Duration::from_secs(1);
    let report = retry::deadline::scope(Some(soon), run(&shop, json!({}))).await.expect("it runs");
    let nothing = json!({"loaded": 0, "refreshed": 0, "skipped": 0, "failed": 0, "unfinished": 2});
    assert_eq!(report, nothing);
}

#[tokio::test]
async fn without_a_shared_cache_or_with_nonsense_it_says_so() {
    let mut shop = Shop::with_mugs(5).await;
    let nonsense = run(&shop, json!({"dry_run": "perhaps"})).await.expect_err("refused");
    assert!(nonsense.to_string().contains("cannot be read"), "{nonsense}");
    shop.environment.insert("CACHE_URL".to_owned(), String::new());
    let alone = run(&shop, json!({})).await.expect_err("nothing to warm");
    assert!(alone.to_string().contains("no shared cache"), "{alone}");
}
