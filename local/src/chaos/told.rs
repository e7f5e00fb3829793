//! What a shopper asked for, and what she was told in the end.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Money, OrderId};
use http::StatusCode;
use serde_json::Value;

use super::api::End;

/// Why an order may be refused: too little stock, an empty cart, a product that
/// is not sold any more.
const REFUSALS: [&str; 2] = ["out-of-stock", "invalid-request"];

/// An order that was asked for, under its key.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    pub(super) key: String,
    pub(super) body: Value,
    /// The order that was acknowledged.
    pub(super) order: Option<OrderId>,
    /// Whether it is still to be heard what became of it.
    ///
    /// Where one sending was not answered, a refusal of the next decides
    /// nothing: the first may be on its way yet.
    pub(super) open: bool,
}

/// All that a shopper was told, and what did not sound right at once.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) placements: Vec<Placement>,
    /// What each acknowledged order costs.
    pub(super) totals: BTreeMap<OrderId, Money>,
    pub(super) cancelled: BTreeSet<OrderId>,
    /// Told to be paid or expired, and so not to be cancelled any more.
    pub(super) not_cancellable: BTreeSet<OrderId>,
    /// Cancels without a decision.
    pub(super) cancels_open: BTreeSet<OrderId>,
    /// Orders of which the shop has acknowledged that they were paid.
    pub(super) paid: BTreeSet<OrderId>,
    /// Payments without a decision.
    pub(super) payments_open: BTreeSet<OrderId>,
    pub(super) wrong: Vec<String>,
}

impl Placement {
    pub(super) fn new(key: String, body: Value) -> Self {
        Self { key, body, order: None, open: true }
    }
}

impl Told {
    /// Hears what became of all sendings of a placement: the one at this index.
    pub(super) fn placed(&mut self, index: usize, ends: &[End]) {
        for end in ends {
            self.hear_placed(index, end);
        }
        let placement = &mut self.placements[index];
        placement.open = placement.order.is_none() && ends.iter().any(|end| end.unclear);
    }

    fn hear_placed(&mut self, index: usize, end: &End) {
        let placement = &mut self.placements[index];
        match end.status {
            Some(StatusCode::CREATED) => {
                let (id, total) = (end.field::<OrderId>("id"), end.field("total"));
                self.totals.extend(id.clone().zip(total));
                let before = std::mem::replace(&mut placement.order, id);
                if before.is_some() && before != placement.order {
                    let (key, now) = (&placement.key, &placement.order);
                    self.wrong.push(format!("key {key} made two orders: {before:?} and {now:?}"));
                }
            }
            Some(_) if !REFUSALS.contains(&end.problem()) => {
                self.wrong.push(format!("the order of key {} was answered {}", placement.key, end.name()));
            }
            _ => {}
        }
    }

    /// Hears what became of a cancel.
    pub(super) fn cancel(&mut self, order: &OrderId, end: &End) {
        match end.status {
            None => drop(self.cancels_open.insert(order.clone())),
            Some(StatusCode::OK) => drop(self.cancelled.insert(order.clone())),
            Some(StatusCode::CONFLICT) => drop(self.not_cancellable.insert(order.clone())),
            Some(_) => self.wrong.push(format!("the cancel of order {order} was answered {}", end.name())),
        }
        if end.status.is_some() {
            self.cancels_open.remove(order);
        }
    }

    /// Hears whether the shop has acknowledged that an order was paid.
    pub(super) fn payment(&mut self, order: &OrderId, acknowledged: bool) {
        if acknowledged {
            self.payments_open.remove(order);
            self.paid.insert(order.clone());
        } else {
            self.payments_open.insert(order.clone());
        }
    }

    /// What is still to be heard.
    pub(super) fn open(&self) -> impl Iterator<Item = String> {
        let placements = self.placements.iter().filter(|placement| placement.open);
        let placements = placements.map(|placement| format!("the order of key {}", placement.key));
        let cancels = self.cancels_open.iter().map(|order| format!("the cancel of order {order}"));
        placements
            .chain(cancels)
            .chain(self.payments_open.iter().map(|order| format!("the payment of order {order}")))
    }
}
