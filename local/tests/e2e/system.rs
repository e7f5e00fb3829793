//! Requests, faults and stops.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use domain::{Currency, Money, OrderId, PaymentEvent, Receipt, Source};
use local::faults::Fault;
use local::project::Project;
use monitoring::Monitoring;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Config, Store};
use tokio::time::Instant;

use crate::support::{Shop, is_cached, status_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_is_created_read_found_and_listed() {
    let shop = Shop::open().await;
    let product = shop.create("Blue Teapot").await;
    let id = product["id"].as_str().unwrap();
    assert_eq!(shop.json(&format!("/api/products/{id}")).await["name"], "Blue Teapot");
    for list in ["/api/products?limit=5", "/api/products?category=kitchen", "/api/products/search?q=teap"] {
        let page = shop.json(list).await;
        assert_eq!(page["items"][0]["id"], id, "{list}");
        assert_eq!(page["next_cursor"], Value::Null, "{list}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_says_who_she_is_and_fills_a_cart() {
    let shop = Shop::open().await;
    let product = shop.create("Blue Teapot").await;
    let alice = json!({"name": "Alice", "email": "alice@example.com"});
    let saved = shop.request(Method::PUT, "/api/users/me").json(&alice).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::CREATED);
    assert_eq!(shop.json("/api/users/me").await["name"], "Alice");
    let item = format!("/api/cart/items/{}", product["id"].as_str().unwrap());
    let put = shop.request(Method::PUT, &item).json(&json!({"quantity": 2})).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::OK);
    assert_eq!(shop.json("/api/cart").await["total"], json!({"amount": 2_500, "currency": "GBP"}));
    let removed = shop.request(Method::DELETE, &item).send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(shop.json("/api/cart").await["version"], 2);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_is_ordered_read_and_cancelled() {
    let shop = Shop::open().await;
    let id = shop.stocked("Blue Teapot", 5).await;
    let item = format!("/api/cart/items/{id}");
    shop.request(Method::PUT, &item).json(&json!({"quantity": 2})).send().await.unwrap();
    let placed = shop.order("order-1", &json!({"from_cart": true})).await;
    assert_eq!(placed["total"]["amount"], 2_500, "{placed}");
    assert_eq!(shop.json("/api/cart").await["items"], json!([]));
    assert_eq!(shop.json("/api/orders").await["items"], json!([placed]));
    shop.shows_available(&id, 3).await;
    let cancel = format!("/api/orders/{}/cancel", placed["id"].as_str().unwrap());
    let cancelled = shop.request(Method::POST, &cancel).send().await.unwrap();
    assert_eq!(cancelled.json::<Value>().await.unwrap()["status"], "cancelled");
    shop.shows_available(&id, 5).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_nobody_pays_expires_by_the_functions_own_run() {
    let shop = Shop::open().await;
    let id = shop.stocked("Blue Teapot", 5).await;
    let basket = json!({"items": [{"product_id": id, "quantity": 2}]});
    let (late, fresh) = (shop.order("late", &basket).await, shop.order("fresh", &basket).await);
    shop.make_due(&late).await;
    let report = shop.stack.invoke("order-expirer", &json!({})).await.unwrap();
    assert_eq!(report, json!({"expired": 1, "skipped": 0, "failed": 0, "unfinished": 0}));
    let status = async |order: &Value| {
        let order = shop.json(&format!("/api/orders/{}", order["id"].as_str().unwrap())).await;
        order["status"].as_str().unwrap().to_owned()
    };
    assert_eq!((status(&late).await, status(&fresh).await), ("expired".into(), "pending_payment".into()));
    shop.shows_available(&id, 3).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_sees_table_and_cache() {
    let shop = Shop::open().await;
    assert_eq!(shop.json("/api/health").await["status"], "healthy");
    let detailed = shop.json("/api/health/detailed").await;
    assert_eq!(detailed["status"], "healthy", "{detailed}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_invoked_by_hand_or_says_why_not() {
    let shop = Shop::open().await;
    let payload = include_str!("../../../functions/health/events/health.json");
    let answer = shop.stack.invoke("health", &serde_json::from_str(payload).unwrap()).await.unwrap();
    assert_eq!(answer["statusCode"], 200);
    let refused = shop.stack.invoke("health", &json!({})).await.unwrap_err();
    assert!(format!("{refused:#}").starts_with("health failed: 500"), "{refused:#}");
    let unknown = shop.stack.invoke("nobody", &json!({})).await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no function nobody");
    shop.close().await;
}

/// What the program says to these arguments, run beside the stack with this state.
async fn local(state: &Path, arguments: &[&str], secret: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments).arg("--state").arg(state).envs(secret.map(|it| ("STRIPE_WEBHOOK_SECRETS", it)));
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The shop's store, as a function opens it.
fn store(shop: &Shop) -> Store {
    let environment = shop.stack.store_environment();
    let config = Config::read(&|name| environment.get(name).cloned()).unwrap();
    Store::open(&config, &Monitoring::default()).unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_played_on_the_command_line_is_heard() {
    let shop = Shop::open().await;
    let state = shop.stack.logs().parent().unwrap().to_owned();
    let teapot = shop.stocked("Blue Teapot", 3).await;
    let order = shop.order("k", &json!({"items": [{"product_id": teapot, "quantity": 2}]})).await;
    let order = order["id"].as_str().unwrap();

    let paid = local(&state, &["pay", "--order", order], None).await;
    let (answer, key) = text(&paid.stdout).trim_end().split_once('\n').unwrap();
    assert_eq!(answer, r#"200 OK {"received":true,"duplicate":false}"#);
    let event = store(&shop).event(&key.parse().unwrap()).await.unwrap();
    let money = Money::new(2_500, Currency::GBP).unwrap();
    let source = Source::new(&format!("pi_{}", order.replace('-', ""))).unwrap();
    let paid = PaymentEvent::Receipt {
        order: OrderId::new(order).unwrap(),
        receipt: Receipt::captured(source, money),
    };
    assert_eq!(PaymentEvent::read(&event.body).unwrap(), paid, "the order's total");

    let replayed = local(&state, &["replay", "--event", key], None).await;
    assert_eq!(text(&replayed.stdout), format!("{key} applied: order {order} is paid\n"));
    let again = local(&state, &["replay", "--event", key], None).await;
    assert_eq!(text(&again.stdout), format!("{key} decided before\n"));
    let nothing_there = local(&state, &["replay", "--event", "stripe/evt_none"], None).await;
    assert!(text(&nothing_there.stderr).ends_with("there is no such event\n"));

    let arguments =
        ["webhook", "--type", "refunded", "--order", order, "--amount", "100", "--provider", "standard"];
    for duplicate in [false, true] {
        let sent = local(&state, &[&arguments[..], &["--id", "msg_1"]].concat(), None).await;
        let answer = format!("200 OK {{\"received\":true,\"duplicate\":{duplicate}}}\nstandard/msg_1\n");
        assert_eq!(text(&sent.stdout), answer);
    }
    let stranger =
        local(&state, &["pay", "--order", order], Some("whsec_another_one_of_32_characters")).await;
    assert!(!stranger.status.success());
    assert!(text(&stranger.stderr).contains("The secrets of `make run` and of this shell differ"));

    let nobodys = "0193a1b2-0000-7000-8000-000000000001";
    let unknown = local(&state, &["pay", "--order", nobodys], None).await;
    assert_eq!(text(&unknown.stderr), format!("there is no order {nobodys}\n"));
    let given = ["pay", "--order", nobodys, "--amount", "1", "--currency", "GBP"];
    let kept = local(&state, &given, None).await;
    let key = text(&kept.stdout).lines().last().unwrap();
    let failed = local(&state, &["replay", "--event", key], None).await;
    assert!(!failed.status.success());
    assert_eq!(text(&failed.stderr), format!("{key} failed again: there is no order {nobodys}\n"));
    let listed = local(&state, &["replay"], None).await;
    assert_eq!(text(&listed.stdout), format!("{key}\n"));
    shop.stack.stop().await;
    let nothing = local(&state, &given, None).await;
    assert_eq!(text(&nothing.stderr), "nothing runs: make run\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_reach_the_functions() {
    let shop = Shop::open().await;
    shop.create("Blue Teapot").await;
    shop.stack.faults().inject(Fault::ErrorBefore.on_any());
    assert_eq!(shop.get("/api/products?limit=3").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(shop.stack.faults().counts().faults() > 0);
    shop.stack.faults().clear();
    assert_eq!(shop.get("/api/products?limit=3").await.status(), StatusCode::OK);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_ours_to_the_edge() {
    let shop = Shop::open().await;
    let anonymous = shop.client.post(shop.url("/api/products")).json(&json!({})).send();
    let not_text = shop.request(Method::POST, "/api/products").body(&b"\xff\xfe"[..]);
    let not_text = not_text.header("content-type", "application/json").send();
    for (response, status) in [
        (shop.get("/nowhere").await, StatusCode::NOT_FOUND),
        (shop.get("/.rt/products/2018-06-01/runtime/invocation/next").await, StatusCode::NOT_FOUND),
        (shop.get("/api/products/none").await, StatusCode::NOT_FOUND),
        (anonymous.await.unwrap(), StatusCode::UNAUTHORIZED),
        (not_text.await.unwrap(), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(response.status(), status, "{}", response.url());
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_killed_in_mid_run_is_back_by_the_next_call() {
    let shop = Shop::open().await;
    let load = shop.load(8, Duration::from_secs(2), "/api/products?limit=1");
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        shop.stack.kill_function("products").await.unwrap();
        assert_eq!(shop.get("/api/products").await.status(), StatusCode::OK);
    }
    for (status, count) in load.await {
        assert!([200, 502].contains(&status), "{count} × {status}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_answer_without_the_cache_and_use_it_when_it_is_back() {
    let mut shop = Shop::open().await;
    let product = shop.create("Red Kettle").await;
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let reads = [&path, "/api/products", "/api/products/search?q=kettle"];
    shop.stack.kill_cache().await;
    for read in reads.iter().cycle().take(30) {
        assert_eq!(shop.get(read).await.status(), StatusCode::OK, "{read}");
    }
    shop.stack.restart_cache().await.unwrap();
    let cache = shop.stack.cache().unwrap();
    let deadline = Instant::now() + Duration::from_secs(15);
    while !is_cached(&cache).await {
        assert!(Instant::now() < deadline, "the cache is not used again");
        for read in reads {
            assert_eq!(shop.get(read).await.status(), StatusCode::OK, "{read}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_300_connections_at_once_each_is_answered_or_refused() {
    let shop = Shop::open().await;
    shop.create("Green Mug").await;
    let load = shop.load(300, Duration::from_secs(5), "/api/products?limit=5");
    let answers = load.await;
    eprintln!("answers by status: {answers:?}");
    assert!(answers[&200] > 300, "{answers:?}");
    assert!(answers.keys().all(|status| [200, 503].contains(status)), "{answers:?}");
    assert_eq!(shop.get("/api/products").await.status(), StatusCode::OK);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_stack_leaves_no_process() {
    let shop = Shop::open().await;
    let processes = shop.stack.processes();
    let functions = Project::find().unwrap().template().unwrap().functions().unwrap();
    let functions = functions.iter().filter(|function| function.has_caller()).count();
    assert_eq!(processes.len(), functions + 2, "the functions, cache and emulator");
    let stopping = Instant::now();
    shop.close().await;
    assert!(stopping.elapsed() < Duration::from_secs(5));
    assert!(processes.into_iter().all(|process| status_of(process).is_none()));
}
