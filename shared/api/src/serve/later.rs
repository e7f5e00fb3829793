//! What is said of a request once its caller has the answer: a log line costs as much as
//! a read of the cache.

use std::cell::RefCell;

type Saying = Box<dyn FnOnce() + Send>;

tokio::task_local! {
    static SAYINGS: RefCell<Vec<Saying>>;
}

/// Says it when the response is posted; at once where nobody posts one.
pub(crate) fn later(say: impl FnOnce() + Send + 'static) {
    let mut say = Some(say);
    let _ = SAYINGS.try_with(|sayings| {
        if let Some(say) = say.take() {
            sayings.borrow_mut().push(Box::new(say));
        }
    });
    if let Some(say) = say {
        say();
    }
}

/// Serves one invocation, and then says what has been put off.
pub(super) async fn serving<F: Future>(invocation: F) -> F::Output {
    let served = async {
        let outcome = invocation.await;
        let sayings = SAYINGS.with(RefCell::take);
        for say in sayings {
            say();
        }
        outcome
    };
    SAYINGS.scope(RefCell::default(), served).await
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn noting(noted: &Arc<Mutex<Vec<&'static str>>>, what: &'static str) -> impl FnOnce() + use<> {
        let noted = Arc::clone(noted);
        move || noted.lock().expect("never poisoned").push(what)
    }

    #[tokio::test]
    async fn what_is_put_off_is_said_after_the_response() {
        let noted = Arc::default();
        let (line, posted) = (noting(&noted, "line"), noting(&noted, "response"));
        serving(async {
            later(line);
            posted();
        })
        .await;
        assert_eq!(*noted.lock().expect("never poisoned"), ["response", "line"]);
    }

    #[test]
    fn where_nobody_posts_a_response_it_is_said_at_once() {
        let noted = Arc::default();
        later(noting(&noted, "line"));
        assert_eq!(*noted.lock().expect("never poisoned"), ["line"]);
    }
}
