//! Where work goes that no caller waits for.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

/// One piece of such work. Dropped before its end it does no harm: what it
/// would have refreshed stays stale and is tried again at the next read.
pub type Job = BoxFuture<'static, ()>;

/// Takes work that no caller waits for and runs it when that suits: a Lambda
/// function after its response and before the freeze, anything else at once.
#[derive(Clone)]
pub struct Background(Arc<dyn Fn(Job) + Send + Sync>);

impl Background {
    /// Hands each job to `take`, which must not block.
    pub fn new(take: impl Fn(Job) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    pub(crate) fn hand_over(&self, job: Job) {
        (self.0)(job);
    }
}

/// Runs each job at once, as a task beside its caller.
impl Default for Background {
    fn default() -> Self {
        Self::new(|job| drop(tokio::spawn(job)))
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Background(..)")
    }
}
