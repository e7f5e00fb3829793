//! All or nothing, once, whatever gets lost on the way.
//!
//! A transaction is frozen before its first try: the same writes under the same
//! client request token, so that DynamoDB carries it out once however often it
//! is sent within ten minutes. It is sent again when every reason for its
//! cancellation is contention or throttling, and when nobody knows whether it
//! was carried out. A failed condition is an answer.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use domain::{Error, Result};
use tokio::time::sleep;

use super::door::{Attempts, Held};
use super::{CONTENTION, Table, Write, exhausted};
use crate::item::Item;
use crate::keys::Key;

/// How a transaction ended.
#[derive(Debug)]
pub(crate) enum Transaction {
    /// Every write happened.
    Committed,
    /// No write happened: a condition did not hold. Or it is unclear, and the
    /// record that is part of the transaction stands: then that is the answer.
    Refused(Refusal),
}

/// Which conditions did not hold.
#[derive(Debug, Default)]
pub(crate) struct Refusal(Vec<CancellationReason>);

impl Refusal {
    /// Whether something is wrong with any of the first `count` writes, or
    /// nothing is known of why.
    pub(crate) fn touches_first(&self, count: usize) -> bool {
        let is_wrong = |reason: &CancellationReason| reason.code().is_some_and(|code| code != NONE);
        self.0.is_empty() || self.0.iter().take(count).any(is_wrong)
    }

    /// Whether the condition of this write did not hold, whatever else was wrong.
    pub(crate) fn is_of(&self, position: usize) -> bool {
        self.0.get(position).is_some_and(|reason| reason.code() == Some(CONDITION))
    }

    /// The positions of the writes whose conditions did not hold, each with the
    /// item that stood there, where the condition was one that tells.
    pub(crate) fn positions(self) -> Vec<(usize, Option<Item>)> {
        let reasons = self.0.into_iter().enumerate();
        let refused = reasons.filter(|(_, reason)| reason.code() == Some(CONDITION));
        refused.map(|(position, reason)| (position, reason.item)).collect()
    }
}

/// The writes that a recorded transaction begins with: its record.
const RECORD: usize = 1;
const CONDITION: &str = "ConditionalCheckFailed";
/// Of a write that nothing is wrong with.
const NONE: &str = "None";

/// A transaction as it is sent, each time.
struct Frozen {
    operation: &'static str,
    writes: Vec<TransactWriteItem>,
    token: String,
}

/// What a failed try means.
enum Verdict {
    /// Not carried out: a condition did not hold.
    Refused(Refusal),
    /// Not carried out, and it may be the next time.
    Contended,
    /// Nobody knows whether it was carried out, or it still is being.
    Unclear,
    /// Not carried out, and it will not be.
    Failed,
}

impl Table {
    /// Writes all or nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] when contention outlasts the retries, and
    /// [`Error::Unavailable`] when DynamoDB fails or its answer does not
    /// arrive: the writes may then have happened.
    pub(crate) async fn transact(&self, operation: &'static str, writes: Vec<Write>) -> Result<Transaction> {
        self.repeat(self.frozen(operation, writes), None).await
    }

    /// As [`Self::transact`]. The first of the writes is the record of a request,
    /// under the condition that there is none: where it is unclear whether they
    /// happened, the record tells. A refusal is no answer while an earlier try may
    /// still be on its way: it could be carried out after its caller was told that
    /// it was not.
    pub(crate) async fn transact_recorded(
        &self,
        operation: &'static str,
        writes: Vec<Write>,
        record: Key,
    ) -> Result<Transaction> {
        self.repeat(self.frozen(operation, writes), Some(record)).await
    }

    fn frozen(&self, operation: &'static str, writes: Vec<Write>) -> Frozen {
        let writes = writes.into_iter().map(|write| write.on(&self.name)).collect();
        Frozen { operation, writes, token: uuid::Uuid::new_v4().to_string() }
    }

    async fn repeat(&self, frozen: Frozen, record: Option<Key>) -> Result<Transaction> {
        let (mut backoff, mut retries, mut may_still_arrive) = (CONTENTION.backoff(), 0, false);
        loop {
            let error = match self.outcome(&frozen, record.as_ref()).await {
                Ok(Transaction::Refused(refusal)) if may_still_arrive && !refusal.touches_first(RECORD) => {
                    return Err(Error::Busy); // it may yet be carried out
                }
                Ok(outcome) => {
                    self.budget.earn(retries);
                    return Ok(outcome);
                }
                Err((Verdict::Failed, error)) => return Err(error),
                Err((verdict, error)) => {
                    may_still_arrive |= record.is_some() && matches!(verdict, Verdict::Unclear);
                    error
                }
            };
            let wait = backoff.next_wait().filter(|_| self.budget.spend());
            let Some(wait) = wait else {
                exhausted(frozen.operation, retries, &error);
                return Err(error);
            };
            sleep(wait).await;
            retries += 1;
            self.door.retried(frozen.operation);
            let cause = &error as &dyn std::error::Error;
            tracing::debug!(operation = frozen.operation, retries, cause, "transaction sent again");
        }
    }

    /// What one try came to, if it decided anything.
    async fn outcome(
        &self,
        frozen: &Frozen,
        record: Option<&Key>,
    ) -> std::result::Result<Transaction, (Verdict, Error)> {
        match self.send(frozen).await {
            Ok(()) => Ok(Transaction::Committed),
            Err((Verdict::Refused(refusal), _)) => Ok(Transaction::Refused(refusal)),
            Err((Verdict::Unclear, _)) if self.is_recorded(record).await => {
                Ok(Transaction::Refused(Refusal::default()))
            }
            Err(undecided) => Err(undecided),
        }
    }

    /// A record that cannot be read tells nothing.
    async fn is_recorded(&self, record: Option<&Key>) -> bool {
        let Some(key) = record else { return false };
        matches!(self.get("read idempotency record", key.clone()).await, Ok(Some(_)))
    }

    /// Sends it once: the SDK's own retries know less of what a failure means.
    async fn send(&self, frozen: &Frozen) -> std::result::Result<(), (Verdict, Error)> {
        let attempts = Attempts::default();
        let call = self.client.transact_write_items().set_transact_items(Some(frozen.writes.clone()));
        let call = call.client_request_token(&frozen.token).customize();
        let once = aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled());
        let call = call.interceptor(attempts.clone()).config_override(once).send();
        match self.door.pass(frozen.operation, &attempts, Box::pin(call)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.judged(frozen.operation, error)),
            Err(held @ Held::NoSlot) => Err((Verdict::Failed, Error::unavailable(frozen.operation, held))),
            Err(held @ Held::OutOfTime) => {
                Err((Verdict::Unclear, Error::unavailable(frozen.operation, held)))
            }
        }
    }

    fn judged(&self, operation: &'static str, error: SdkError<TransactWriteItemsError>) -> (Verdict, Error) {
        let verdict = verdict(&error);
        if matches!(verdict, Verdict::Unclear | Verdict::Failed) {
            self.door.failed(operation, &error);
        }
        let error = match verdict {
            Verdict::Contended => Error::Busy,
            _ => Error::unavailable(operation, error),
        };
        (verdict, error)
    }
}

fn verdict(error: &SdkError<TransactWriteItemsError>) -> Verdict {
    match error {
        SdkError::ConstructionFailure(_) => Verdict::Failed,
        SdkError::ServiceError(answer) => of_answer(answer.err(), answer.raw().status().is_server_error()),
        // No answer came, or none that can be read.
        _ => Verdict::Unclear,
    }
}

fn of_answer(error: &TransactWriteItemsError, is_server_error: bool) -> Verdict {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            of_reasons(cancelled.cancellation_reasons())
        }
        // Still under way, or an earlier try of it has arrived after all.
        TransactWriteItemsError::TransactionInProgressException(_)
        | TransactWriteItemsError::IdempotentParameterMismatchException(_) => Verdict::Unclear,
        other if other.code().is_some_and(is_throttling) => Verdict::Contended,
        _ if is_server_error => Verdict::Unclear,
        _ => Verdict::Failed,
    }
}

/// A failed condition is an answer even where another write met contention.
fn of_reasons(reasons: &[CancellationReason]) -> Verdict {
    let codes = reasons.iter().filter_map(CancellationReason::code).filter(|code| *code != NONE);
    let codes: Vec<&str> = codes.collect();
    if codes.contains(&CONDITION) {
        Verdict::Refused(Refusal(reasons.to_vec()))
    } else if !codes.is_empty()
        && codes.iter().all(|code| *code == "TransactionConflict" || is_throttling(code))
    {
        Verdict::Contended
    } else {
        Verdict::Failed
    }
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingError"
            | "ThrottlingException"
            | "ProvisionedThroughputExceeded"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(codes: &[&str]) -> Verdict {
        let reason = |code: &&str| CancellationReason::builder().code(*code).build();
        of_reasons(&codes.iter().map(reason).collect::<Vec<_>>())
    }

    #[test]
    fn only_contention_and_throttling_are_tried_again() {
        for codes in [&["None", "TransactionConflict"][..], &["ThrottlingError", "TransactionConflict"]] {
            assert!(matches!(judged(codes), Verdict::Contended), "{codes:?}");
        }
        for codes in [
            &["None", "ValidationError"][..],
            &["TransactionConflict", "ItemCollectionSizeLimitExceeded"],
            &[],
        ] {
            assert!(matches!(judged(codes), Verdict::Failed), "{codes:?}");
        }
    }

    #[test]
    fn a_failed_condition_beside_contention_is_a_refusal_that_shows_both() {
        let Verdict::Refused(refusal) = judged(&["TransactionConflict", "None", CONDITION]) else {
            unreachable!("a condition failed")
        };
        assert!(refusal.touches_first(1) && refusal.touches_first(2), "what stands there is not known");
        assert!(!refusal.is_of(0) && !refusal.is_of(1) && refusal.is_of(2) && !refusal.is_of(3));
        assert_eq!(refusal.positions(), [(2, None)]);
        let Verdict::Refused(refusal) = judged(&["None", "None", CONDITION]) else {
            unreachable!("a condition failed")
        };
        assert!(!refusal.touches_first(2));
        assert!(Refusal::default().touches_first(2), "nothing is known");
    }
}
