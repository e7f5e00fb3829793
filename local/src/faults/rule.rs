//! What is to go wrong, and for which calls.

use std::time::Duration;

use super::batch;
use super::call::Call;

/// One thing that DynamoDB does to a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Refused, because another transaction has one of its items: a transaction
    /// with `TransactionCanceledException` and the reason `TransactionConflict`
    /// at this position, a single write with `TransactionConflictException`.
    Conflict(Position),
    /// A transaction refused with `TransactionInProgressException`.
    InProgress,
    /// Refused with `ThrottlingException`, as a table on demand does it.
    Throttled,
    /// Refused with `ProvisionedThroughputExceededException`.
    ThroughputExceeded,
    /// A transaction refused with `TransactionCanceledException` and the reason
    /// `ThrottlingError` at this position.
    CancelledByThrottling(Position),
    /// Refused with HTTP 500; nothing has happened.
    ErrorBefore,
    /// Carried out, and answered with HTTP 500.
    ErrorAfter,
    /// Carried out this much later, also when its caller has given up by then.
    Delay(Duration),
    /// Carried out, and then the connection closes without an answer.
    LostReply,
    /// Carried out, and then the connection stays open without an answer.
    NoReply,
    /// A `BatchGetItem` that does so many of its keys not, chosen at random,
    /// and hands them back as `UnprocessedKeys`. One key is always done, so a
    /// batch of one is passed over.
    PartOfKeys(usize),
    /// A `BatchGetItem` or `Query` that does not see items of this sort key yet,
    /// as if a transaction were just writing them.
    Unseen(&'static str),
}

/// Which item of a transaction a refusal blames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Position {
    /// This one, counted from 0; the last if there are fewer.
    At(usize),
    /// Any.
    Random,
}

/// A fault and the calls that it strikes: every one, until told otherwise.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) fault: Fault,
    operation: Option<String>,
    touching: Option<String>,
    spared: u64,
    remaining: Option<u64>,
    probability: f64,
}

impl Fault {
    /// A rule for the calls of one operation, such as `TransactWriteItems`.
    pub fn on(self, operation: &str) -> Rule {
        Rule { operation: Some(operation.to_owned()), ..self.on_any() }
    }

    /// A rule for all calls that DynamoDB can do this to.
    pub fn on_any(self) -> Rule {
        Rule { fault: self, operation: None, touching: None, spared: 0, remaining: None, probability: 1.0 }
    }

    /// Its name in [`Counts`](super::Counts).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "Conflict",
            Self::InProgress => "InProgress",
            Self::Throttled => "Throttled",
            Self::ThroughputExceeded => "ThroughputExceeded",
            Self::CancelledByThrottling(_) => "CancelledByThrottling",
            Self::ErrorBefore => "ErrorBefore",
            Self::ErrorAfter => "ErrorAfter",
            Self::Delay(_) => "Delay",
            Self::LostReply => "LostReply",
            Self::NoReply => "NoReply",
            Self::PartOfKeys(_) => "PartOfKeys",
            Self::Unseen(_) => "Unseen",
        }
    }

    /// Whether it cancels the transaction for good, which nothing does to one
    /// that is committed.
    pub(super) fn cancels(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::CancelledByThrottling(_))
    }

    fn can_strike(&self, call: &Call) -> bool {
        match self {
            Self::Conflict(_) => call.is_transaction() || call.is_single_write(),
            Self::InProgress => call.operation == "TransactWriteItems",
            Self::CancelledByThrottling(_) => call.is_transaction(),
            Self::Unseen(_) => matches!(call.operation.as_str(), "BatchGetItem" | "Query"),
            Self::PartOfKeys(_) => call.operation == "BatchGetItem" && batch::keys(&call.body) > 1,
            _ => true,
        }
    }
}

impl Rule {
    /// Only the next `calls` that match, and then no more.
    #[must_use]
    pub fn next(mut self, calls: u64) -> Self {
        self.remaining = Some(calls);
        self
    }

    /// Only after `calls` that match have been spared.
    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.spared = calls;
        self
    }

    /// Each call that matches with this probability, from 0 to 1.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Only calls whose request has this text in it, such as a part of a key.
    #[must_use]
    pub fn touching(mut self, text: &str) -> Self {
        self.touching = Some(text.to_owned());
        self
    }

    pub(super) fn strikes(&mut self, call: &Call, random: &mut fastrand::Rng) -> bool {
        if self.is_used_up() || !self.matches(call) || random.f64() >= self.probability {
            return false;
        }
        if self.spared > 0 {
            self.spared -= 1;
            return false;
        }
        if let Some(remaining) = &mut self.remaining {
            *remaining -= 1;
        }
        true
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.remaining == Some(0)
    }

    fn matches(&self, call: &Call) -> bool {
        self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.touching.as_ref().is_none_or(|text| call.mentions(text))
            && self.fault.can_strike(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(rule: Rule, operations: &[&str]) -> Vec<bool> {
        let (mut rule, mut random) = (rule, fastrand::Rng::with_seed(1));
        operations.iter().map(|it| rule.strikes(&Call::of(it, "{}"), &mut random)).collect()
    }

    #[test]
    fn the_next_calls_of_an_operation_are_counted_down() {
        let rule = Fault::Throttled.on("PutItem").next(1);
        assert_eq!(strikes(rule, &["GetItem", "PutItem", "PutItem"]), [false, true, false]);
    }

    #[test]
    fn the_first_calls_can_be_spared() {
        let rule = Fault::Throttled.on("PutItem").after(1).next(1);
        assert_eq!(strikes(rule, &["PutItem", "PutItem", "PutItem"]), [false, true, false]);
    }

    #[test]
    fn a_fault_strikes_only_what_dynamodb_does_it_to() {
        let rule = Fault::Conflict(Position::Random).on_any();
        let struck = strikes(rule, &["GetItem", "Query", "UpdateItem", "TransactWriteItems"]);
        assert_eq!(struck, [false, false, true, true]);
    }

    #[test]
    fn a_probability_is_met_in_the_long_run() {
        let rule = Fault::ErrorBefore.on_any().with_probability(0.25);
        let struck = strikes(rule, &["GetItem"; 1_000]).into_iter().filter(|it| *it).count();
        assert!((200..300).contains(&struck), "{struck}");
    }
}
