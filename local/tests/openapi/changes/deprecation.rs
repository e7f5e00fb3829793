//! How an operation goes: it is deprecated, and says in `x-sunset` on which day it stops to answer.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value;

use super::{Changes, map};

pub(super) fn gone(changes: &mut Changes, place: &str, was: &Value, today: Date) {
    match sunset(was) {
        Some(day) if day <= today => changes.adds(place, format!("is gone, as was said, since {day}")),
        Some(day) => changes.breaks(place, format!("the operation is gone, and was to stay until {day}")),
        None => changes.breaks(place, "the operation is gone"),
    }
}

pub(super) fn deprecated(changes: &mut Changes, place: &str, was: &Value, now: &Value, today: Date) {
    if (&was["deprecated"], &was["x-sunset"]) == (&now["deprecated"], &now["x-sunset"]) {
        return;
    }
    match (sunset(was), sunset(now)) {
        (_, None) if now["deprecated"] == true => changes.breaks(place, "deprecated, and x-sunset is no day"),
        (None, Some(day)) if day < today + 6.months() => {
            changes.breaks(place, format!("x-sunset is {day}, which is not six months ahead"));
        }
        (Some(before), Some(day)) if day < before => {
            changes.breaks(place, format!("x-sunset was {before}, and {day} is earlier"));
        }
        (_, Some(day)) => {
            changes.adds(place, format!("is deprecated until {day}"));
            said_in_answers(changes, place, now);
        }
        (_, None) => changes.adds(place, "is not deprecated"),
    }
}

fn sunset(operation: &Value) -> Option<Date> {
    let day = operation["x-sunset"].as_str().filter(|_| operation["deprecated"] == true);
    day?.parse().ok()
}

fn said_in_answers(changes: &mut Changes, place: &str, now: &Value) {
    let good = map(&now["responses"]).iter().filter(|(status, _)| status.starts_with('2'));
    for (status, answer) in good {
        for name in ["Deprecation", "Sunset"] {
            if answer["headers"].get(name).is_none() {
                changes.breaks(place, format!("is deprecated, and answer {status} has no header {name}"));
            }
        }
    }
}
