//! How many retries are good for everyone.
//!
//! Retries help while few calls fail. When most do, each retry is one more call
//! on something overloaded, so a process may retry only as much as it has saved
//! up by calls that went well (the AWS SDKs' retry quota works like this).

use std::sync::atomic::{AtomicU32, Ordering};

/// What one retry costs.
const RETRY: u32 = 5;
/// What a call that went well pays in.
const SUCCESS: u32 = 1;

/// Savings of one process, spent by retries.
#[derive(Debug)]
pub struct Budget {
    savings: AtomicU32,
    most: u32,
}

impl Budget {
    /// A budget that is full: so many retries in a row, until calls go well.
    pub const fn of_retries(retries: u32) -> Self {
        Self { savings: AtomicU32::new(retries * RETRY), most: retries * RETRY }
    }

    /// Takes what a retry costs, if there is that much: without it there is no retry.
    pub fn spend(&self) -> bool {
        self.change(|savings| savings.checked_sub(RETRY))
    }

    /// A call went well, after so many retries: they were worth their price.
    pub fn earn(&self, retries: u32) {
        let earned = if retries == 0 { SUCCESS } else { retries.saturating_mul(RETRY) };
        self.change(|savings| Some(savings.saturating_add(earned).min(self.most)));
    }

    fn change(&self, change: impl Fn(u32) -> Option<u32>) -> bool {
        self.savings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_end_when_nothing_goes_well() {
        let budget = Budget::of_retries(3);
        assert_eq!((0..10).filter(|_| budget.spend()).count(), 3);
    }

    #[test]
    fn a_retry_that_helped_costs_nothing() {
        let budget = Budget::of_retries(1);
        for _ in 0..10 {
            assert!(budget.spend());
            budget.earn(1);
        }
    }

    #[test]
    fn five_calls_that_go_well_pay_for_one_retry_and_savings_are_bounded() {
        let budget = Budget::of_retries(1);
        assert!(budget.spend());
        (0..4).for_each(|_| budget.earn(0));
        assert!(!budget.spend());
        (0..100).for_each(|_| budget.earn(0));
        assert!(budget.spend());
        assert!(!budget.spend());
    }
}
