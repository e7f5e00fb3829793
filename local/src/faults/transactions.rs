//! Transactions under way, and the items that they hold. DynamoDB refuses
//! whoever writes an item that a transaction has in hand, and a transaction
//! whose token is in hand already; it lets plain reads pass.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};

use super::call::{Call, Key};
use super::refusal::{Reason, Refusal};

/// What all transactions under way have in hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Transactions(Arc<Mutex<Ongoing>>);

#[derive(Debug, Default)]
struct Ongoing {
    keys: HashSet<Key>,
    tokens: HashSet<String>,
    committed: HashSet<String>,
}

/// A transaction under way; over when dropped.
#[derive(Debug)]
pub(super) struct Hold {
    transactions: Transactions,
    keys: Vec<Key>,
    token: Option<String>,
}

impl Transactions {
    /// Begins a transaction, or lets another call pass, if nothing of it is in
    /// another's hand. Nothing is held for other calls.
    pub(super) fn enter(&self, call: &Call, schema: &[String]) -> Result<Option<Hold>, Refusal> {
        let is_subject = call.is_transaction() || call.is_single_write();
        if !is_subject || self.has_committed(call) {
            return Ok(None);
        }
        let (keys, token) = (call.keys(schema), call.token());
        let mut ongoing = self.lock();
        ongoing.check(call, &keys, token.as_ref())?;
        if call.operation != "TransactWriteItems" {
            return Ok(None);
        }
        ongoing.keys.extend(keys.iter().cloned());
        ongoing.tokens.extend(token.clone());
        Ok(Some(Hold { transactions: self.clone(), keys, token }))
    }

    /// Remembers what is committed: DynamoDB answers the same token again with
    /// the same success, and never with a conflict. Kept for longer than the
    /// ten minutes that it promises.
    pub(super) fn note(&self, committed: &Call) {
        self.lock().committed.extend(committed.token());
    }

    pub(super) fn has_committed(&self, call: &Call) -> bool {
        call.token().is_some_and(|token| self.lock().committed.contains(&token))
    }

    fn lock(&self) -> MutexGuard<'_, Ongoing> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}

impl Ongoing {
    fn check(&self, call: &Call, keys: &[Key], token: Option<&String>) -> Result<(), Refusal> {
        if token.is_some_and(|token| self.tokens.contains(token)) {
            return Err(Refusal::InProgress);
        }
        if !keys.iter().any(|key| self.keys.contains(key)) {
            return Ok(());
        }
        Err(if call.is_transaction() { self.cancellation(keys) } else { Refusal::Conflict })
    }

    fn cancellation(&self, keys: &[Key]) -> Refusal {
        let reason = |key| if self.keys.contains(key) { Reason::Conflict } else { Reason::None };
        Refusal::Cancelled(keys.iter().map(reason).collect())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut ongoing = self.transactions.lock();
        for key in &self.keys {
            ongoing.keys.remove(key);
        }
        if let Some(token) = &self.token {
            ongoing.tokens.remove(token);
        }
    }
}
