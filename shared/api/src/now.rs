//! The time of a request.

use jiff::{Timestamp, Unit};

/// Now, in whole milliseconds: what answers show and items keep.
pub fn now() -> Timestamp {
    Timestamp::now().round(Unit::Millisecond).expect("the clock is within jiff's range, to the year 9999")
}
