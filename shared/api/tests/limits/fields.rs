//! What callers are told, read by a structured fields library (RFC 9651).

use axum::http::HeaderMap;
use local::testing::Tokens;
use sfv::{BareItem, Item, List, ListEntry, Parser};

use crate::stage::{Answer, Stage, look, make_with};

const HOME: &str = "192.0.2.1";

/// The one item of a field: its text and its parameters, which are integers.
fn item(headers: &HeaderMap, field: &str) -> (String, Vec<(String, i64)>) {
    let value = headers[field].to_str().expect("ASCII");
    let list: List = Parser::new(value).parse().expect("a list of structured fields");
    let [ListEntry::Item(Item { bare_item: BareItem::String(text), params })] = list.as_slice() else {
        unreachable!("one item, a string: {value}");
    };
    let number = |value: &BareItem| value.as_integer().expect("an integer").into();
    let params = params.iter().map(|(key, value)| (key.to_string(), number(value)));
    (text.as_str().to_owned(), params.collect())
}

/// How many requests `RateLimit` says are left, and for how long.
fn left(answer: &Answer) -> (i64, i64) {
    let (name, params) = item(&answer.headers, "ratelimit");
    assert_eq!(name, item(&answer.headers, "ratelimit-policy").0);
    let [(r, remaining), (t, seconds)] = params.as_slice() else { unreachable!("r and t: {params:?}") };
    assert_eq!((r.as_str(), t.as_str()), ("r", "t"));
    (*remaining, *seconds)
}

#[tokio::test]
async fn an_answer_says_which_limit_there_is_and_what_is_left_of_it() {
    let stage = Stage::open().await;
    let process = stage.process();
    for remaining in [2, 1, 0] {
        let made = stage.make(&process, "ann", HOME).await;
        let (name, quota) = item(&made.headers, "ratelimit-policy");
        assert_eq!((made.status, name.as_str()), (200, "making"));
        assert_eq!(quota, [("q".to_owned(), 3), ("w".to_owned(), 3_600)]);
        let (left, seconds) = left(&made);
        assert_eq!(left, remaining);
        assert!((1_190..=1_200).contains(&seconds), "one more after twenty minutes: {seconds}");
    }
}

#[tokio::test]
async fn a_refusal_is_a_problem_that_says_when_to_come_again() {
    let stage = Stage::open().await;
    let process = stage.process();
    for _ in 0..3 {
        stage.make(&process, "ann", HOME).await;
    }
    let refused = stage.make(&process, "ann", HOME).await;
    refused.problem(429);
    assert_eq!(refused.body["type"], "urn:problem-type:storefront:too-many-requests");
    let retry_after: i64 = refused.headers["retry-after"].to_str().expect("ASCII").parse().expect("seconds");
    assert_eq!(left(&refused), (0, retry_after), "the draft, section 6: not before the window ends");
    assert!((1_190..=1_200).contains(&retry_after), "{retry_after}");
}

#[tokio::test]
async fn seconds_are_rounded_up_to_one_at_least() {
    let stage = Stage::open().await;
    let process = stage.process_with("10/1");
    let mut refused = look(&process, "GET", HOME).await;
    while refused.status == 200 {
        refused = look(&process, "GET", HOME).await;
    }
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(left(&refused), (0, 1));
}

#[tokio::test]
async fn errors_carry_the_fields_too() {
    let stage = Stage::open().await;
    let process = stage.process();
    let anonymous = make_with(&process, "no token", HOME, &[]).await;
    anonymous.problem(401);
    assert_eq!(left(&anonymous).0, 2);
    let text = [("content-type", "text/plain")];
    let token = stage.token("ann");
    let refused = make_with(&process, &token, HOME, &text).await;
    assert_eq!((refused.status, left(&refused).0), (415, 2));
}

#[tokio::test]
async fn what_is_not_limited_says_nothing() {
    let stage = Stage::open().await;
    let (process, off) = (stage.process(), stage.process_with("off"));
    let token = Tokens::new().mint("ann", "");
    for (answer, status) in [
        (look(&process, "OPTIONS", HOME).await, 405),
        (look(&process, "DELETE", HOME).await, 405),
        (look(&off, "GET", HOME).await, 200),
        (make_with(&off, &token, HOME, &[]).await, 401),
    ] {
        assert_eq!(answer.status, status);
        assert!(
            !answer.headers.contains_key("ratelimit") && !answer.headers.contains_key("ratelimit-policy")
        );
    }
    let allowed = look(&process, "DELETE", HOME).await;
    assert_eq!(allowed.headers["allow"], "POST,GET,HEAD");
}

#[tokio::test]
async fn a_head_counts_as_the_get_that_it_stands_for() {
    let stage = Stage::open().await;
    let process = stage.process();
    let statuses = [
        look(&process, "HEAD", HOME).await.status,
        look(&process, "GET", HOME).await.status,
        look(&process, "HEAD", HOME).await.status,
        look(&process, "HEAD", HOME).await.status,
    ];
    assert_eq!(statuses, [200, 200, 200, 429]);
}
