//! What the driver was told, and how it has to agree with the table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::OrderId;
use sha2::{Digest, Sha256};

use super::process::{DELTAS, Operation, Outcome, What, adjustment_key};
use super::{PRODUCTS, STOCK};
use crate::shop::{Item, REFUNDED, SUCCEEDED, Shop, number};

#[derive(Default)]
pub(super) struct Books {
    /// By user and key: each request has one order, whenever it is told of.
    placed: BTreeMap<(usize, usize), OrderId>,
    /// What the intake said it keeps.
    kept: BTreeSet<(OrderId, What)>,
}

impl Books {
    pub(super) fn orders(&self) -> Vec<(usize, OrderId)> {
        self.placed.iter().map(|((user, _), order)| (*user, order.clone())).collect()
    }

    /// Hears what an operation came to for which these were the orders.
    pub(super) fn note(
        &mut self,
        operation: &Operation,
        orders: &[(usize, OrderId)],
        outcome: Option<Outcome>,
    ) {
        if let (Operation::Keep { event }, Some(Outcome::Done)) = (operation, &outcome) {
            let about = orders.get(event.order).cloned();
            self.kept.extend(about.map(|(_, order)| (order, event.what)));
        }
        if let (Operation::Place { user, key }, Some(Outcome::Placed(id))) = (operation, outcome) {
            let known = self.placed.entry((*user, *key)).or_insert_with(|| id.clone());
            assert_eq!(*known, id, "one key, one order");
        }
    }

    /// Holds the table to everything that must be true of it at any time.
    pub(super) async fn check(&self, shop: &Shop) {
        let items = shop.items().await;
        let orders = orders(&items);
        for (order, parts) in &orders {
            assert_eq!(parts.keys().collect::<Vec<_>>(), ["ORDER", "PAYMENT"], "order {order}");
            let pending = text(parts["ORDER"], "status") == "pending_payment";
            assert_eq!(parts["ORDER"].contains_key("sparse_pk"), pending, "order {order}");
        }
        let entries =
            items.keys().filter(|key| key.starts_with("USER#") && key.contains(" | ORDER#")).count();
        assert_eq!(entries, orders.len(), "every order is in its user's list");
        assert_eq!(recorded(&items), orders.len(), "every order has its record, and every record its order");
        for (request, id) in &self.placed {
            assert!(
                orders.contains_key(id.as_str()),
                "the order of {request:?} was acknowledged and is lost"
            );
        }
        for (order, what) in &self.kept {
            let kept = events(&items, order.as_str(), *what).count();
            assert_eq!(kept, 1, "what was kept of {order} is there once: {what:?}");
        }
        for (order, parts) in &orders {
            check_payment(order, parts["PAYMENT"], &items);
        }
        for product in PRODUCTS {
            balance(product, &items, &orders);
        }
    }
}

impl Books {
    /// At the end: nothing waits any more, and all that was kept was applied.
    pub(super) async fn check_decided(&self, shop: &Shop) {
        for (key, item) in shop.items().await.iter().filter(|(key, _)| key.starts_with("WEBHOOK#")) {
            let outcome = item.get("outcome").map(|outcome| outcome.as_s().expect("text").as_str());
            assert_eq!((outcome, item.contains_key("sparse_pk")), (Some("applied"), false), "{key}");
        }
    }
}

/// A payment has what the applied events say, and nothing else: each was applied
/// once, with its event.
fn check_payment(order: &str, payment: &Item, items: &HashMap<String, Item>) {
    let said = |what| {
        let applied = events(items, order, what).filter(|(_, item)| item.contains_key("outcome"));
        applied.map(|(pence, _)| pence).max().unwrap_or(0)
    };
    let refunded = said(What::PartiallyRefunded).max(said(What::Refunded));
    assert_eq!(total(payment, "captures"), said(What::Succeeded), "captured for {order}");
    assert_eq!(total(payment, "refunds"), refunded, "refunded of {order}");
}

/// Events of the inbox about an order, with what they say: so many pence.
fn events<'a>(
    items: &'a HashMap<String, Item>,
    order: &str,
    what: What,
) -> impl Iterator<Item = (i64, &'a Item)> {
    let kind = if what == What::Succeeded { SUCCEEDED } else { REFUNDED };
    let begins = format!("WEBHOOK#stripe#{kind}-{order}-");
    items.iter().filter_map(move |(key, item)| {
        let pence: i64 = key.strip_prefix(&begins)?.split_once(' ')?.0.parse().expect("pence");
        let is_partial = kind == REFUNDED && pence == 1;
        (is_partial == (what == What::PartiallyRefunded)).then_some((pence, item))
    })
}

/// The total of a payment in pounds, in pence.
fn total(payment: &Item, name: &str) -> i64 {
    let by_currency = payment[name].as_m().expect("a map");
    let by_source = by_currency.get("GBP").and_then(|sources| sources.as_m().ok());
    by_source.into_iter().flat_map(HashMap::values).map(number).sum()
}

/// Parts of the orders, by id.
fn orders(items: &HashMap<String, Item>) -> BTreeMap<String, BTreeMap<String, &Item>> {
    let mut orders: BTreeMap<String, BTreeMap<String, &Item>> = BTreeMap::new();
    for (key, item) in items {
        if let Some((id, part)) = key.strip_prefix("ORDER#").and_then(|key| key.split_once(" | ")) {
            orders.entry(id.to_owned()).or_default().insert(part.to_owned(), item);
        }
    }
    orders
}

/// Records that name an order of the table.
fn recorded(items: &HashMap<String, Item>) -> usize {
    let records = items.iter().filter(|(key, _)| key.starts_with("IDEMPOTENCY#"));
    let names_an_order = |record: &Item| {
        let body: serde_json::Value = serde_json::from_str(text(record, "body")).expect("JSON");
        let order = body["id"].as_str().map(|id| format!("ORDER#{id} | ORDER"));
        order.is_some_and(|order| {
            assert!(items.contains_key(&order), "{order} has a record and does not exist");
            true
        })
    };
    records.filter(|(_, record)| names_an_order(record)).count()
}

/// In stock, held by pending orders and sold: what was ever brought in.
fn balance(product: &str, items: &HashMap<String, Item>, orders: &BTreeMap<String, BTreeMap<String, &Item>>) {
    let stock = number(&items[&format!("PRODUCT#{product} | STOCK")]["available"]);
    let taken: i64 = orders.values().map(|parts| taken(parts["ORDER"], product)).sum();
    assert_eq!(stock + taken, STOCK + brought_in(product, items), "{product}");
}

/// Pieces that an order holds or has sold.
fn taken(order: &Item, product: &str) -> i64 {
    if ["cancelled", "expired"].contains(&text(order, "status")) {
        return 0;
    }
    let lines = order["items"].as_l().expect("a list").iter().map(|line| line.as_m().expect("a map"));
    lines.filter(|line| text(line, "product_id") == product).map(|line| number(&line["quantity"])).sum()
}

/// By the adjustments that happened: each has its record, from the same transaction.
fn brought_in(product: &str, items: &HashMap<String, Item>) -> i64 {
    let number = PRODUCTS.iter().position(|known| *known == product).expect("one of ours");
    let happened = |key: &usize| items.contains_key(&record_key("ed", &adjustment_key(number, *key)));
    (0..DELTAS.len()).filter(happened).map(|key| DELTAS[key]).sum()
}

/// Where the record of a request is, by the table's own rule.
fn record_key(user: &str, key: &str) -> String {
    let hash = Sha256::new().chain_update((user.len() as u64).to_be_bytes()).chain_update(user);
    let hash = BASE64_URL_SAFE_NO_PAD.encode(hash.chain_update(key).finalize());
    format!("IDEMPOTENCY#{hash} | IDEMPOTENCY")
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().expect("text")
}
