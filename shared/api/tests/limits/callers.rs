//! Whom a request counts for.

use axum::Router;
use local::testing::Tokens;

use crate::stage::{Answer, Stage, look, make_with};

const HOME: &str = "192.0.2.1";
const AWAY: &str = "198.51.100.1";

async fn statuses(answers: impl AsyncFn(usize) -> Answer) -> Vec<u16> {
    let mut statuses = Vec::new();
    for at in 0..5 {
        statuses.push(answers(at).await.status);
    }
    statuses
}

#[tokio::test]
async fn two_users_behind_one_address_do_not_share_a_limit() {
    let stage = Stage::open().await;
    let process = stage.process();
    for user in ["ann", "bob"] {
        let made = statuses(async |_| stage.make(&process, user, HOME).await).await;
        assert_eq!(made, [200, 200, 200, 429, 429], "{user}");
    }
}

#[tokio::test]
async fn one_user_has_one_limit_at_all_addresses_and_processes() {
    let stage = Stage::open().await;
    let processes = [stage.process(), stage.process()];
    let address = |at: usize| if at.is_multiple_of(2) { HOME } else { AWAY };
    let made = statuses(async |at| stage.make(&processes[at % 2], "ann", address(at / 2)).await).await;
    assert_eq!(made, [200, 200, 200, 429, 429]);
}

#[tokio::test]
async fn bad_tokens_count_for_the_address_and_not_for_a_user() {
    let stage = Stage::open().await;
    let process = stage.process();
    let forged = Tokens::new();
    let tokens = [forged.mint("ann", ""), forged.mint("bob", ""), "nonsense".to_owned(), String::new()];
    let tried = statuses(async |at| make_with(&process, &tokens[at % 4], HOME, &[]).await).await;
    assert_eq!(tried, [401, 401, 401, 429, 429]);
    assert_eq!(stage.make(&process, "ann", HOME).await.status, 200, "users are not held to it");
    assert_eq!(make_with(&process, "nonsense", AWAY, &[]).await.status, 401, "nor are other addresses");
}

/// A caller writes headers, and none of them makes another of her.
#[tokio::test]
async fn forged_headers_change_nothing() {
    let stage = Stage::open().await;
    let process = stage.process();
    let headers = ["x-forwarded-for", "forwarded", "x-real-ip", "x-amzn-request-context", "via"];
    let tried = statuses(async |at| {
        let address = format!("203.0.113.{at}");
        make_with(&process, "nonsense", HOME, &headers.map(|name| (name, address.as_str()))).await
    });
    assert_eq!(tried.await, [401, 401, 401, 429, 429]);
}

async fn looks(process: &Router, address: &str) -> Vec<u16> {
    statuses(async |_| look(process, "GET", address).await).await
}

#[tokio::test]
async fn what_needs_no_network_is_counted_by_address_in_each_process() {
    let stage = Stage::open().await;
    let process = stage.process();
    stage.redis.kill().await;
    assert_eq!(looks(&process, HOME).await, [200, 200, 200, 429, 429]);
    assert_eq!(looks(&process, AWAY).await, [200, 200, 200, 429, 429]);
    assert_eq!(looks(&stage.process(), HOME).await, [200, 200, 200, 429, 429]);
}
