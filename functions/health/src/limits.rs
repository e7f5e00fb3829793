//! What is healthy: the whole table, in one place.

use crate::check::Limits;
use crate::number::Number;

const MS: &str = "ms";
const PERCENT: &str = "%";
const MB: &str = "MB";

const fn n(number: u64) -> Number {
    Number::whole(number)
}

/// A tenth.
const TENTH: Number = Number::thousandths(100);

/// Calls of the table: the probe's, and 95 % of the fleet's.
pub(crate) const DATABASE_TIME: Limits = Limits::below(n(100), MS).unhealthy_from(n(500));
/// Slots for such calls in use, 95 % of the time.
pub(crate) const SLOT_USE: Limits = Limits::below(n(80), PERCENT);
/// Calls that took 500 ms or longer.
pub(crate) const SLOW_QUERIES: Limits = Limits::below(n(5), PERCENT);
/// Calls for which no connection held.
pub(crate) const CONNECTION_FAILURES: Limits = Limits::below(TENTH, PERCENT);

/// Round trips to the shared cache: the probe's, and 95 % of the fleet's.
pub(crate) const CACHE_TIME: Limits = Limits::below(n(50), MS).unhealthy_from(n(100)).at_worst_degraded();
/// Keys that no load was needed for.
pub(crate) const HIT_RATE: Limits = Limits::above(n(80), PERCENT);
/// How long 95 % of those took that had to wait for a load.
pub(crate) const MISS_PENALTY: Limits = Limits::below(n(200), MS);
/// Requests that failed, or were not sent because it was known to be away.
pub(crate) const CACHE_ERRORS: Limits = Limits::below(n(1), PERCENT);

/// 95 % of the requests.
pub(crate) const API_TIME: Limits = Limits::below(n(500), MS);
/// Requests that were answered with a 5xx.
pub(crate) const ERROR_RATE: Limits = Limits::below(TENTH, PERCENT).unhealthy_from(n(5));

/// Resident memory of the largest process.
pub(crate) const MEMORY: Limits = Limits::below(n(512), MB);
/// The same, of what its function may use.
pub(crate) const MEMORY_USE: Limits = Limits::below(n(80), PERCENT);
/// Time on a processor, 95 % of the time.
pub(crate) const CPU: Limits = Limits::below(n(80), PERCENT);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status::{self, Degraded, Healthy, Unhealthy, Unknown};

    fn verdicts(limits: Limits, thousandths: &[u64]) -> Vec<Status> {
        let judge = |value: &u64| limits.judge(Some(Number::thousandths(*value)), 1).status;
        thousandths.iter().map(judge).collect()
    }

    #[test]
    fn the_table_is_unhealthy_from_half_a_second() {
        let at = [99_999, 100_000, 499_999, 500_000];
        assert_eq!(verdicts(DATABASE_TIME, &at), [Healthy, Degraded, Degraded, Unhealthy]);
    }

    #[test]
    fn a_slow_cache_is_never_worse_than_degraded() {
        let at = [49_999, 50_000, 99_999, 100_000, 10_000_000];
        assert_eq!(verdicts(CACHE_TIME, &at), [Healthy, Degraded, Degraded, Degraded, Degraded]);
    }

    #[test]
    fn what_has_one_limit_is_degraded_from_there_on() {
        for (limits, limit) in [
            (SLOT_USE, 80_000),
            (SLOW_QUERIES, 5_000),
            (CONNECTION_FAILURES, 100),
            (MISS_PENALTY, 200_000),
            (CACHE_ERRORS, 1_000),
            (API_TIME, 500_000),
            (MEMORY, 512_000),
            (MEMORY_USE, 80_000),
            (CPU, 80_000),
        ] {
            assert_eq!(verdicts(limits, &[limit - 1, limit, limit * 100]), [Healthy, Degraded, Degraded]);
        }
    }

    #[test]
    fn hits_must_be_more_than_their_limit() {
        assert_eq!(verdicts(HIT_RATE, &[80_001, 80_000, 0]), [Healthy, Degraded, Degraded]);
    }

    #[test]
    fn an_error_in_twenty_is_unhealthy() {
        let at = [99, 100, 4_999, 5_000];
        assert_eq!(verdicts(ERROR_RATE, &at), [Healthy, Degraded, Degraded, Unhealthy]);
    }

    #[test]
    fn nothing_measured_is_unknown_and_counts_as_well() {
        assert_eq!(API_TIME.judge(None, 0).status, Unknown);
        assert_eq!(Status::worst([Unknown, Healthy]), Healthy);
        assert_eq!(Status::worst([Unknown, Degraded]), Degraded);
    }
}
