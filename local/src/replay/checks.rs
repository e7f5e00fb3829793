//! What must hold when all is done.

use std::collections::BTreeMap;
use std::fmt::Display;

use domain::{LineItem, Money, ProductId, UserId};

use super::STOCK;
use super::check::{Check, Facts};
use super::readback::Shop;
use super::reading::Reading;
use super::walk::Walk;
use crate::client::{Order, Product};

/// What was replayed, as the shop holds it; then what the shop holds, in itself.
pub(super) fn all(walk: &Walk<'_>, shop: &Shop, reading: &Reading) -> Vec<Check> {
    let served = facts(shop.products.iter().map(|(id, product)| (id, product.price.amount())));
    let listed = facts(shop.orders.iter().map(|(_, order)| (&order.id, order.status)));
    let mut checks = vec![
        Check::compare("fate of each row", &fates(walk), &read_fates(reading)),
        Check::compare("pieces by customer and product", &pieces(shop), &read_pieces(reading)),
        Check::compare("price by product, in pence", &served, &facts(&reading.prices)),
        Check::compare("orders listed as acknowledged", &listed, &facts(&walk.orders)),
    ];
    checks.extend(of_books(shop));
    checks
}

fn of_books(shop: &Shop) -> [Check; 3] {
    let totals = facts(shop.orders.iter().map(|(_, order)| (&order.id, money(order.total))));
    let stocks = facts(shop.products.iter().map(|(id, product)| (id, product.inventory.available)));
    [
        Check::compare("order lines at the price served", &charged(shop), &priced(shop)),
        Check::compare("order totals", &totals, &sums(shop)),
        Check::compare("stock left by product", &stocks, &left(shop)),
    ]
}

fn facts(known: impl IntoIterator<Item = (impl Display, impl Display)>) -> Facts {
    known.into_iter().map(|(name, fact)| (name.to_string(), fact.to_string())).collect()
}

fn fates(walk: &Walk<'_>) -> Facts {
    facts(walk.ledger.fates().map(|(row, fate)| (row_name(row), fate)))
}

fn read_fates(reading: &Reading) -> Facts {
    facts(reading.fates.iter().map(|(row, fate)| (row_name(*row), fate)))
}

/// Rows are told in the order of the file.
fn row_name(row: u64) -> String {
    format!("line {row:>7}")
}

fn pieces(shop: &Shop) -> Facts {
    let mut pieces: BTreeMap<String, i64> = BTreeMap::new();
    for (user, item) in standing(shop) {
        *pieces.entry(format!("{user} {}", item.product_id)).or_default() += item.quantity.get();
    }
    facts(pieces)
}

fn read_pieces(reading: &Reading) -> Facts {
    let of_customer = |(user, pieces): (&UserId, &BTreeMap<ProductId, i64>)| {
        pieces.iter().map(|(product, pieces)| (format!("{user} {product}"), *pieces)).collect::<Vec<_>>()
    };
    facts(reading.pieces.iter().flat_map(of_customer))
}

/// The lines of orders that were not called off.
pub(super) fn standing(shop: &Shop) -> impl Iterator<Item = (&UserId, &LineItem)> {
    let orders = shop.orders.iter().filter(|(_, order)| !order.status.is_called_off());
    orders.flat_map(|(user, order)| order.items.iter().map(move |item| (user, item)))
}

fn charged(shop: &Shop) -> Facts {
    let said =
        |item: &LineItem| format!("{} each, {} together", money(item.unit_price), money(item.line_total));
    facts(lines(shop).map(|(order, item)| (line_name(order, item), said(item))))
}

/// What the lines must cost; nothing where the catalogue has no such product.
fn priced(shop: &Shop) -> Facts {
    let price = |item: &LineItem| {
        let Product { price, .. } = shop.products.get(&item.product_id)?;
        Some(format!("{} each, {} together", money(*price), money(price.times(item.quantity))))
    };
    facts(lines(shop).filter_map(|(order, item)| Some((line_name(order, item), price(item)?))))
}

fn lines(shop: &Shop) -> impl Iterator<Item = (&Order, &LineItem)> {
    shop.orders.iter().flat_map(|(_, order)| order.items.iter().map(move |item| (order, item)))
}

fn line_name(order: &Order, item: &LineItem) -> String {
    format!("order {} {}", order.id, item.product_id)
}

fn sums(shop: &Shop) -> Facts {
    let sum = |order: &Order| LineItem::total(&order.items).map_or_else(|error| error.to_string(), money);
    facts(shop.orders.iter().map(|(_, order)| (&order.id, sum(order))))
}

/// What must be left of each product: all that was brought in, less what
/// stands in orders.
fn left(shop: &Shop) -> Facts {
    let mut left: BTreeMap<&ProductId, i64> = shop.products.keys().map(|id| (id, i64::from(STOCK))).collect();
    for (_, item) in standing(shop) {
        *left.entry(&item.product_id).or_default() -= item.quantity.get();
    }
    facts(left)
}

fn money(money: Money) -> String {
    format!("{} {}", money.amount(), money.currency())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ORDER: &str = "0189f7f0-0000-7000-8000-000000000000";

    fn pounds(pence: i64) -> Value {
        json!({"amount": pence, "currency": "GBP"})
    }

    /// Two mugs at £2.50 in one order, of what was brought in.
    fn shop(status: &str, line_total: i64, total: i64, left: i64) -> Shop {
        let item = json!({
            "product_id": "70001", "name": "MUG", "quantity": 2,
            "unit_price": pounds(250), "line_total": pounds(line_total),
        });
        let order = json!({"id": ORDER, "status": status, "items": [item], "total": pounds(total)});
        let product = json!({
            "id": "70001", "name": "MUG", "category": "imported", "price": pounds(250),
            "inventory": {"available": left}, "version": 1,
        });
        let product: Product = serde_json::from_value(product).expect("a product");
        let user = UserId::new("customer-17850").expect("a user");
        Shop {
            orders: vec![(user, serde_json::from_value(order).expect("an order"))],
            products: [(product.id.clone(), product)].into(),
        }
    }

    fn differences(shop: &Shop) -> Vec<String> {
        of_books(shop).into_iter().flat_map(|check| check.differences).collect()
    }

    #[test]
    fn books_that_balance_hold_and_a_cancelled_order_holds_no_stock() {
        for (status, left) in [("pending_payment", 999_998), ("cancelled", 1_000_000), ("expired", 1_000_000)]
        {
            assert!(differences(&shop(status, 500, 500, left)).is_empty(), "{status}");
        }
    }

    #[test]
    fn a_penny_or_a_piece_too_much_is_found() {
        let line = format!(
            "order {ORDER} 70001: 250 GBP each, 501 GBP together, expected 250 GBP each, 500 GBP together"
        );
        assert_eq!(differences(&shop("pending_payment", 501, 501, 999_998)), [line]);
        let total = format!("{ORDER}: 499 GBP, expected 500 GBP");
        assert_eq!(differences(&shop("pending_payment", 500, 499, 999_998)), [total]);
        let stock = "70001: 1000000, expected 999998";
        assert_eq!(differences(&shop("pending_payment", 500, 500, 1_000_000)), [stock]);
    }
}
