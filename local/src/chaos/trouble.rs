//! What goes wrong on the way to the table and around the functions: each kind
//! as AWS and machines do it.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::faults::{Fault, Faults, Position, Rule};
use crate::stack::Stack;

/// The most that a call is held back; what its sender gave up may happen so
/// much later.
pub(super) const LONGEST_DELAY: Duration = Duration::from_millis(800);
const SHORTEST_DELAY: Duration = Duration::from_millis(50);
/// How long a transaction holds its items: AWS takes about that.
const TRANSACTION: RangeInclusive<Duration> = Duration::from_millis(5)..=Duration::from_millis(20);
/// Up to how much the index lags, in milliseconds.
const LAG: RangeInclusive<u64> = 100..=2_000;
/// How many functions die in one time of trouble.
const KILLS: usize = 3;
/// Functions that are killed, the most interesting ones more often.
const VICTIMS: [&str; 8] = [
    "orders",
    "orders",
    "payment-events",
    "payment-events",
    "webhooks",
    "carts",
    "products",
    "cache-invalidator",
];

/// One kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Transactions that overlap conflict.
    Conflicts,
    /// Transactions are refused for no reason that can be seen.
    Refusals,
    /// The table takes no more, for a moment.
    Throttling,
    /// DynamoDB fails, before or after it did what was asked.
    Errors,
    /// It does what was asked, and says nothing.
    LostReplies,
    /// It takes its time.
    Latency,
    /// It does a part of what was asked.
    Parts,
    /// Its index knows late what its table knows.
    LateIndex,
    /// The cache is gone, and comes back empty.
    NoCache,
    /// Functions die in the middle of things.
    DeadFunction,
}

impl Trouble {
    /// All of it.
    pub(super) const ALL: [Self; 10] = [
        Self::Conflicts,
        Self::Refusals,
        Self::Throttling,
        Self::Errors,
        Self::LostReplies,
        Self::Latency,
        Self::Parts,
        Self::LateIndex,
        Self::NoCache,
        Self::DeadFunction,
    ];

    pub(super) async fn begin(self, stack: &Stack, random: &mut fastrand::Rng) -> Result<()> {
        let faults = stack.faults();
        match self {
            Self::Conflicts => faults.set_conflicts(Some(TRANSACTION)),
            Self::LateIndex => {
                let lag = Duration::from_millis(random.u64(LAG));
                faults.set_index_lag(Some(lag)).await?;
            }
            Self::NoCache => stack.kill_cache().await,
            Self::DeadFunction => kill_functions(stack, random).await,
            _ => self.inject(&faults, random),
        }
        Ok(())
    }

    /// What [`Faults::clear`] does not end.
    pub(super) async fn end(self, stack: &mut Stack) -> Result<()> {
        if self == Self::NoCache { stack.restart_cache().await } else { Ok(()) }
    }

    fn inject(self, faults: &Faults, random: &mut fastrand::Rng) {
        for rule in self.rules(random) {
            faults.inject(rule);
        }
    }

    fn rules(self, random: &mut fastrand::Rng) -> Vec<Rule> {
        let any = |fault: Fault, probability| fault.on_any().with_probability(probability);
        match self {
            Self::Refusals => {
                vec![any(Fault::Conflict(Position::Random), 0.2), any(Fault::InProgress, 0.1)]
            }
            Self::Throttling => vec![
                any(Fault::Throttled, 0.1),
                any(Fault::ThroughputExceeded, 0.1),
                any(Fault::CancelledByThrottling(Position::Random), 0.1),
            ],
            Self::Errors => vec![any(Fault::ErrorBefore, 0.1), any(Fault::ErrorAfter, 0.15)],
            Self::LostReplies => vec![any(Fault::LostReply, 0.15), any(Fault::NoReply, 0.03)],
            Self::Latency => (0..4).map(|_| any(Fault::Delay(delay(random)), 0.1)).collect(),
            Self::Parts => vec![any(Fault::PartOfKeys(random.usize(1..=3)), 0.5)],
            _ => Vec::new(),
        }
    }
}

/// Kills some, while writes of theirs are on the way, which happen all the same.
async fn kill_functions(stack: &Stack, random: &mut fastrand::Rng) {
    let on_the_way = Fault::Delay(delay(random)).on("TransactWriteItems").with_probability(0.5);
    stack.faults().inject(on_the_way);
    for _ in 0..KILLS {
        sleep(delay(random)).await;
        let victim = random.choice(VICTIMS).expect("there are some");
        // One that is down already, because it keeps dying, stays so.
        let _ = stack.kill_function(victim).await;
    }
}

fn delay(random: &mut fastrand::Rng) -> Duration {
    let millis = |time: Duration| u64::try_from(time.as_millis()).expect("less than a second");
    Duration::from_millis(random.u64(millis(SHORTEST_DELAY)..=millis(LONGEST_DELAY)))
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflicts => "transactions conflict as on AWS",
            Self::Refusals => "transactions are refused at random",
            Self::Throttling => "throttling",
            Self::Errors => "errors before and after the write",
            Self::LostReplies => "lost replies",
            Self::Latency => "latency",
            Self::Parts => "parts of batches handed back",
            Self::LateIndex => "an index that lags",
            Self::NoCache => "the cache is gone",
            Self::DeadFunction => "functions are killed",
        })
    }
}
