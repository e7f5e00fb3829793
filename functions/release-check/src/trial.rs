//! What is tried of each function, and what it has to answer.
//!
//! Nothing here writes: of the API a read that anyone may make, or one that is refused
//! because nobody makes it; of the streams' readers a batch without records; of those that
//! run by the clock the run that is due within the minute anyway, or one that only says what
//! it would do.

mod health;
mod request;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::functions::Answer;

/// One invocation, and what it has to bring.
#[derive(Debug)]
pub(crate) struct Trial {
    payload: Value,
    expected: Expected,
}

#[derive(Debug)]
enum Expected {
    /// An HTTP response with this status.
    Status(u16),
    /// A report on the table and the cache that this version sees.
    Health,
    /// Anything but a failure.
    Done,
    /// The same, or a failure that is said in these words.
    DoneOr(&'static str),
}

impl Trial {
    /// By the name of the function's crate; none if there is none for it. `id` is the
    /// request's, by which the function's log is found.
    pub(crate) fn of(function: &str, health_token: Option<&str>, id: &str) -> Option<Self> {
        let get = |path, query| request::get(path, query, None, id);
        let (payload, expected) = match function {
            // Its list comes from the cache, or else from the table.
            "products" => (get("/api/products", "limit=1"), Expected::Status(200)),
            // Nobody's: the keys that tokens are verified with could be read.
            "carts" => (get("/api/cart", ""), Expected::Status(401)),
            "orders" => (get("/api/orders", ""), Expected::Status(401)),
            "users" => (get("/api/users/me", ""), Expected::Status(401)),
            // An event would be kept, and a forged one counted: neither is sent.
            "webhooks" => (get("/api/webhooks/stripe", ""), Expected::Status(405)),
            "docs" => (get("/api/docs", ""), Expected::Status(200)),
            "health" => (request::get("/api/health/detailed", "", health_token, id), Expected::Health),
            "cache-invalidator" | "payment-events" => (json!({"Records": []}), Expected::Done),
            "order-expirer" => (json!({"source": "release-check"}), Expected::Done),
            // A stage without a shared cache has nothing to warm.
            "cache-warmer" => (json!({"dry_run": true}), Expected::DoneOr("nothing to warm")),
            _ => return None,
        };
        Some(Self { payload, expected })
    }

    pub(crate) fn payload(&self) -> &Value {
        &self.payload
    }

    /// # Errors
    /// What is wrong with the answer. Nothing of it is repeated.
    pub(crate) fn judge(&self, answer: &Answer) -> Result<()> {
        match (&self.expected, answer) {
            (Expected::Status(status), Answer::Said(response)) => has_status(response, *status),
            (Expected::Health, Answer::Said(response)) => health::judge(response),
            (Expected::Done | Expected::DoneOr(_), Answer::Said(_)) => Ok(()),
            (Expected::DoneOr(words), Answer::Failed(error)) if says(error, words) => Ok(()),
            (_, Answer::Failed(error)) => {
                let kind = error["errorType"].as_str().unwrap_or("unknown");
                anyhow::bail!("its invocation failed: {kind}; its log says why")
            }
        }
    }
}

fn has_status(response: &Value, expected: u16) -> Result<()> {
    let status = &response["statusCode"];
    ensure!(*status == expected, "it answered {status}, not {expected}");
    Ok(())
}

fn says(error: &Value, words: &str) -> bool {
    error["errorMessage"].as_str().is_some_and(|message| message.contains(words))
}

#[cfg(test)]
mod tests {
    use local::project::Project;

    use super::*;

    fn judged(function: &str, answer: &Answer) -> Result<(), String> {
        let trial = Trial::of(function, None, "d-1").unwrap();
        trial.judge(answer).map_err(|error| error.to_string())
    }

    #[test]
    fn there_is_a_trial_for_every_other_function_of_the_template() {
        let template = Project::find().and_then(|project| project.template()).unwrap();
        for function in template.functions().unwrap() {
            let is_own = function.name == "release-check";
            assert_eq!(Trial::of(&function.name, None, "d-1").is_none(), is_own, "{}", function.name);
        }
    }

    #[test]
    fn another_status_is_refused() {
        assert_eq!(judged("products", &Answer::Said(json!({"statusCode": 200}))), Ok(()));
        let broken = Answer::Said(json!({"statusCode": 500, "body": "secret"}));
        assert_eq!(judged("products", &broken), Err("it answered 500, not 200".to_owned()));
        assert_eq!(judged("carts", &Answer::Said(json!({}))), Err("it answered null, not 401".to_owned()));
    }

    #[test]
    fn a_failed_invocation_is_refused_by_its_kind_alone() {
        let error = json!({"errorType": "Runtime.ExitError", "errorMessage": "secret"});
        for function in ["products", "health", "order-expirer", "cache-warmer"] {
            let refused = judged(function, &Answer::Failed(error.clone())).unwrap_err();
            assert_eq!(refused, "its invocation failed: Runtime.ExitError; its log says why");
        }
    }

    #[test]
    fn a_stage_without_a_shared_cache_has_nothing_to_warm() {
        let words = "there is no shared cache, or it does not answer: nothing to warm";
        let error = json!({"errorType": "Error", "errorMessage": words});
        assert_eq!(judged("cache-warmer", &Answer::Failed(error)), Ok(()));
    }
}
