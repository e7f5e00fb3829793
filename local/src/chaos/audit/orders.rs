//! Orders and payments: as acknowledged, and whole.

use std::collections::BTreeSet;

use domain::{Order, OrderId, OrderStatus, Payment, PaymentFlag};

use crate::chaos::shopper::Shopper;
use crate::chaos::table::Table;
use crate::chaos::told::Told;

/// What one shopper was told and the table does not bear out.
pub(super) fn acknowledged(table: &Table, shopper: &Shopper) -> Vec<String> {
    let told = &shopper.told;
    let placed = told.placements.iter().filter_map(|placement| placement.order.as_ref());
    let lost = placed.filter(|id| table.orders.get(id).is_none_or(|it| it.user.as_str() != shopper.name));
    let lost = lost.map(|id| format!("order {id} was acknowledged to {} and is lost", shopper.name));
    lost.chain(statuses(table, told)).chain(unpaid(table, told)).collect()
}

/// Orders that do not stand where they were said to stand for good.
fn statuses(table: &Table, told: &Told) -> impl Iterator<Item = String> {
    use OrderStatus::{Cancelled, Expired, Paid};
    let cancelled = told.cancelled.iter().map(|id| (id, vec![Cancelled]));
    let not_cancellable = told.not_cancellable.iter().map(|id| (id, vec![Paid, Expired]));
    cancelled.chain(not_cancellable).filter_map(|(id, expected)| {
        let status = table.orders.get(id)?.status;
        (!expected.contains(&status)).then(|| format!("order {id} is {status}, told was one of {expected:?}"))
    })
}

/// Payments that were acknowledged and are neither the order's nor to go back.
fn unpaid(table: &Table, told: &Told) -> impl Iterator<Item = String> {
    told.paid.iter().filter_map(|id| {
        let (order, payment) = (table.orders.get(id)?, table.payments.get(id)?);
        (!is_settled(order, payment)).then(|| {
            let captured = payment.captured().amount();
            format!("order {id} was paid for, is {}, and its payment has {captured}", order.status)
        })
    })
}

fn is_settled(order: &Order, payment: &Payment) -> bool {
    let accounted = match payment.flags(order)[..] {
        [] => order.status == OrderStatus::Paid,
        [PaymentFlag::RefundDue] => order.status.is_called_off(),
        _ => false,
    };
    accounted && payment.captured() == order.total
}

/// What happened and nobody asked for: orders, cancels, payments.
pub(super) fn unasked(table: &Table, shoppers: &[Shopper]) -> Vec<String> {
    let told = || shoppers.iter().map(|shopper| &shopper.told);
    let placed: BTreeSet<&OrderId> =
        told().flat_map(|told| &told.placements).filter_map(|placement| placement.order.as_ref()).collect();
    let cancelled: BTreeSet<&OrderId> = told().flat_map(|told| &told.cancelled).collect();
    let paid: BTreeSet<&OrderId> = told().flat_map(|told| &told.paid).collect();
    let mut wrong = Vec::new();
    for (id, order) in &table.orders {
        let captured = table.payments.get(id).is_some_and(|payment| payment.captured().amount() > 0);
        let findings = [
            (!placed.contains(id), "exists and was acknowledged to nobody"),
            (order.status == OrderStatus::Cancelled && !cancelled.contains(id), "was cancelled by nobody"),
            (captured && !paid.contains(id), "was paid by nobody"),
        ];
        wrong.extend(
            findings.iter().filter(|(found, _)| *found).map(|(_, what)| format!("order {id} {what}")),
        );
    }
    wrong
}

/// Orders that are not all that an order is, or leave something behind.
pub(super) fn whole(table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, order) in &table.orders {
        let entries = table.entries.get(order.user.as_str()).into_iter().flatten();
        let findings = [
            (!table.payments.contains_key(id), "has no payment"),
            (entries.filter(|entry| *entry == id).count() != 1, "is not in its user's list once"),
            (table.records.get(id) != Some(&1), "has not one idempotency record"),
            (order.is_pending() && !table.indexed.contains(id), "is pending and not in the index"),
            (!order.is_pending() && table.indexed.contains(id), "is not pending and still in the index"),
        ];
        wrong.extend(
            findings.iter().filter(|(found, _)| *found).map(|(_, what)| format!("order {id} {what}")),
        );
    }
    let named = table.records.keys().chain(table.payments.keys()).chain(table.entries.values().flatten());
    let astray: BTreeSet<_> = named.filter(|id| !table.orders.contains_key(id)).collect();
    wrong.extend(astray.iter().map(|id| format!("order {id} has left parts and does not exist")));
    wrong
}
