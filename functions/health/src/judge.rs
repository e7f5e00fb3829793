//! Verdicts on what was counted and measured.

use monitoring::{Measure, Totals, Unit};

use crate::check::{Check, Limits};
use crate::number::Number;

/// One request that fails at night is no outage: of fewer things than this nothing is
/// worse than degraded.
const ENOUGH: u64 = 50;

/// By the time that 95 % of a measure's do not exceed.
pub(crate) fn time(limits: Limits, totals: &Totals, of: Measure) -> Check {
    counted(limits, milliseconds(totals, of, 95), totals.measured(of))
}

/// By the level that 95 % of a measure's do not exceed.
pub(crate) fn level(limits: Limits, totals: &Totals, of: Measure) -> Check {
    limits.judge(number(totals, of, 95), totals.measured(of))
}

/// By the most that was measured.
pub(crate) fn most(limits: Limits, totals: &Totals, of: Measure) -> Check {
    limits.judge(number(totals, of, 100), totals.measured(of))
}

/// By the share of some in all.
pub(crate) fn share(limits: Limits, part: u64, of: u64) -> Check {
    counted(limits, Number::percent(part, of), of)
}

fn counted(limits: Limits, value: Option<Number>, samples: u64) -> Check {
    let limits = if (1..ENOUGH).contains(&samples) { limits.at_worst_degraded() } else { limits };
    limits.judge(value, samples)
}

/// The time that so many percent of a measure's do not exceed.
pub(crate) fn milliseconds(totals: &Totals, of: Measure, percent: u64) -> Option<Number> {
    totals.time_at_percent(of, percent).map(Number::milliseconds)
}

/// The number that so many percent of a measure's do not exceed. It is known within
/// 3 %, but a share is no more than all.
pub(crate) fn number(totals: &Totals, of: Measure, percent: u64) -> Option<Number> {
    let at_most = if of.unit() == Unit::Percent { 100 } else { u64::MAX };
    totals.at_percent(of, percent).map(|number| Number::whole(number.min(at_most)))
}
