//! Events of the payment provider: kept once they were acknowledged, and applied.

use crate::chaos::table::Table;
use crate::chaos::told::Told;

/// Payments that were acknowledged and of which there is no event.
pub(super) fn kept(table: &Table, told: &Told) -> Vec<String> {
    let lost = told.paid.iter().filter(|order| !table.events.contains_key(&format!("stripe#evt_{order}")));
    lost.map(|order| format!("the payment of order {order} was acknowledged and its event is lost")).collect()
}

/// Events that are still undecided, or were not applied.
pub(super) fn decided(table: &Table) -> Vec<String> {
    let left = table.events.iter().filter(|(_, outcome)| outcome.as_deref() != Some("applied"));
    left.map(|(event, outcome)| format!("event {event} is {}", outcome.as_deref().unwrap_or("undecided")))
        .collect()
}
