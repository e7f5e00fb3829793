//! What keeps an environment from being frozen while it has work to do after a response.
//!
//! An internal extension is told of each invocation beside the runtime, and Lambda
//! freezes the environment only once both have asked for the next one; the caller has
//! its answer as soon as it is posted. So this one asks when the work is done. It waits
//! for nothing without a bound: not beyond the invocation's deadline for its answer, nor
//! for the work, which has a time limit of its own.
//!
//! `cargo lambda watch` tells every extension of every function's invocations, without
//! a deadline, and forgets those that nobody waits for; there nothing is frozen, and the
//! extension waits for no answer. The Runtime Interface Emulator holds back the answer
//! until the extension is done.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_extension::{Extension, LambdaEvent, NextEvent, service_fn};
use lambda_http::Error;
use monitoring::Monitoring;
use tokio::sync::watch;
use tokio::time::timeout;

const NAME: &str = "after-response";

/// Which invocation was answered last.
#[derive(Clone)]
pub(super) struct Answers(watch::Sender<String>);

/// An invocation that will have been answered when this is dropped, whatever its answer.
pub(super) struct Answer {
    answers: Answers,
    request_id: String,
}

impl Default for Answers {
    fn default() -> Self {
        Self(watch::Sender::new(String::new()))
    }
}

impl Answers {
    pub(super) fn answer_of(&self, request_id: &str) -> Answer {
        Answer { answers: self.clone(), request_id: request_id.to_owned() }
    }

    /// Waits until an event's invocation is answered, or its time is over.
    async fn wait_for(&self, event: NextEvent) {
        let NextEvent::Invoke(invoked) = event else { return };
        let mut last = self.0.subscribe();
        let answered = last.wait_for(|answered| *answered == invoked.request_id);
        let _ = timeout(time_left(invoked.deadline_ms), answered).await;
        // Lambda tries a failed event again under the same id.
        self.0.send_if_modified(|last| *last == invoked.request_id && !std::mem::take(last).is_empty());
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.answers.0.send_replace(std::mem::take(&mut self.request_id));
    }
}

/// The extension's events, one after another, until Lambda ends them.
pub(super) type Events = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Makes the extension known, which has to be before the first invocation. A platform
/// that does not want it does not freeze its environments.
pub(super) async fn register(monitoring: &Monitoring, answers: Answers) -> Events {
    let after_response = monitoring.after_response().clone();
    let on_event = service_fn(move |event: LambdaEvent| {
        let (after_response, answers) = (after_response.clone(), answers.clone());
        async move {
            answers.wait_for(event.next).await;
            after_response.idle().await;
            Ok::<_, Infallible>(())
        }
    });
    let extension = Extension::new().with_extension_name(NAME).with_events(&["INVOKE"]);
    match extension.with_events_processor(on_event).register().await {
        Ok(extension) => Box::pin(extension.run()),
        Err(error) => {
            tracing::warn!(error, "no extension: work after the response may be frozen with the environment");
            Box::pin(std::future::pending())
        }
    }
}

fn time_left(deadline_ms: u64) -> Duration {
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline_ms);
    deadline.duration_since(SystemTime::now()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoked(request_id: &str, deadline_ms: u64) -> NextEvent {
        let event = serde_json::json!({
            "eventType": "INVOKE",
            "deadlineMs": deadline_ms,
            "requestId": request_id,
            "invokedFunctionArn": "arn",
        });
        serde_json::from_value(event).expect("an event")
    }

    fn in_an_hour() -> u64 {
        let time =
            SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970") + Duration::from_hours(1);
        u64::try_from(time.as_millis()).expect("it fits")
    }

    #[tokio::test]
    async fn it_waits_for_the_answer_of_its_own_invocation() {
        let answers = Answers::default();
        let (first, second) = (answers.answer_of("1"), answers.answer_of("2"));
        let waiting = tokio::spawn({
            let answers = answers.clone();
            async move { answers.wait_for(invoked("2", in_an_hour())).await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.expect("it ends");
        // One that was answered before the extension heard of it.
        drop(answers.answer_of("3"));
        answers.wait_for(invoked("3", in_an_hour())).await;
    }

    #[tokio::test]
    async fn an_invocation_that_comes_again_is_waited_for_again() {
        let answers = Answers::default();
        drop(answers.answer_of("1"));
        answers.wait_for(invoked("1", in_an_hour())).await;
        let again = answers.answer_of("1");
        let waiting = tokio::spawn({
            let answers = answers.clone();
            async move { answers.wait_for(invoked("1", in_an_hour())).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(again);
        waiting.await.expect("it ends");
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_too() {
        let answers = Answers::default();
        let answer = answers.answer_of("1");
        let invocation = tokio::spawn(async move {
            let _answer = answer;
            panic!("as a bug would");
        });
        answers.wait_for(invoked("1", in_an_hour())).await;
        assert!(invocation.await.is_err());
    }

    #[tokio::test]
    async fn it_waits_for_nothing_without_a_deadline_and_never_beyond_it() {
        let answers = Answers::default();
        answers.wait_for(invoked("of another function", 0)).await;
        tokio::time::pause();
        answers.wait_for(invoked("never answered", in_an_hour())).await;
    }
}
