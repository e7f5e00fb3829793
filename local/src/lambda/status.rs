//! What a supervisor says about its function, and the gate listens to: an
//! invocation whose process died would hang in the emulator for good.

use tokio::sync::watch;

/// The state of one function's process.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Status {
    /// Process id, while one runs.
    pub process: Option<i32>,
    /// Processes that have died so far.
    pub deaths: u64,
    /// It dies so fast that it is only tried now and then.
    pub failing: bool,
}

/// Follows the state of one function.
#[derive(Clone, Debug)]
pub struct StatusReceiver(watch::Receiver<Status>);

impl StatusReceiver {
    pub(super) fn new(receiver: watch::Receiver<Status>) -> Self {
        Self(receiver)
    }

    /// A function that never dies, for a gate before something else.
    pub fn immortal() -> Self {
        Self(watch::channel(Status::default()).1)
    }

    /// The state now.
    pub fn now(&self) -> Status {
        *self.0.borrow()
    }

    /// Waits until one more process has died than `deaths`. Never returns when
    /// nobody says so any more.
    pub async fn died_since(&self, deaths: u64) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|status| status.deaths > deaths).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until a process runs that is not `former`.
    pub async fn running_other_than(&self, former: Option<i32>) -> Option<i32> {
        let mut receiver = self.0.clone();
        let status = receiver.wait_for(|status| status.process.is_some() && status.process != former).await;
        status.ok().and_then(|status| status.process)
    }
}
