//! What the API shows of each shopper's orders: it comes from the cache, and
//! has to be the table's truth.

use std::cmp::Reverse;

use futures::future::join_all;

use crate::chaos::shopper::{Shopper, Shown};
use crate::chaos::table::Table;

/// Compares for all shoppers at once.
pub(super) async fn compare(table: &Table, shoppers: &mut [Shopper], wrong: &mut Vec<String>) {
    let differences = join_all(shoppers.iter_mut().map(|shopper| differences(table, shopper))).await;
    wrong.extend(differences.into_iter().flatten());
}

async fn differences(table: &Table, shopper: &mut Shopper) -> Vec<String> {
    let truth = history(table, &shopper.name);
    let mut wrong = Vec::new();
    let listed = shopper.history().await;
    if listed != truth {
        wrong.push(of_history(&shopper.name, &listed, &truth));
    }
    for order in truth {
        let shown = shopper.shown(&order.id).await;
        if shown.as_ref() != Some(&order) {
            let shown = shown.map(|shown| shown.status);
            wrong.push(format!("order {} is {}, the API shows {shown:?}", order.id, order.status));
        }
    }
    shopper.place_again().await;
    wrong
}

/// The table's orders of a user, the newest first.
fn history(table: &Table, user: &str) -> Vec<Shown> {
    let mut orders: Vec<_> = table.orders.values().filter(|order| order.user.as_str() == user).collect();
    orders.sort_by_key(|order| Reverse((order.created_at.as_millisecond(), &order.id)));
    orders.into_iter().map(|order| Shown { id: order.id.clone(), status: order.status }).collect()
}

fn of_history(user: &str, listed: &[Shown], truth: &[Shown]) -> String {
    let only = |these: &[Shown], those: &[Shown]| -> Vec<String> {
        let only = these.iter().filter(|shown| !those.contains(shown));
        only.map(|shown| format!("{} {}", shown.id, shown.status)).collect()
    };
    let (shown, missing) = (only(listed, truth), only(truth, listed));
    format!(
        "the list of {user} has {} orders, the table {}; the list alone has {shown:?}, the table alone {missing:?}",
        listed.len(),
        truth.len(),
    )
}
