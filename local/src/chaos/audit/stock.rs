//! Stock: what is there, what pending orders hold and what was sold make up
//! what was brought in.

use std::collections::BTreeSet;

use domain::Order;

use crate::chaos::keeper::{Keeper, PRODUCTS, product_name};
use crate::chaos::shopper::Shopper;
use crate::chaos::table::Table;

pub(super) fn balance(table: &Table, keeper: &Keeper) -> Vec<String> {
    let stock = (0..PRODUCTS).map(product_name).filter_map(|product| {
        let taken: i64 = table.orders.values().map(|order| taken(order, &product)).sum();
        let (stock, brought_in) = (*table.stock.get(&product)?, keeper.brought_in(&product));
        (stock < 0 || stock + taken != brought_in).then(|| {
            format!("{product}: {stock} in stock and {taken} held or sold, {brought_in} were brought in")
        })
    });
    let on_sale = keeper.archived.keys().filter(|product| !table.archived.contains(*product));
    stock.chain(on_sale.map(|product| format!("{product} was archived and is still on sale"))).collect()
}

/// Pieces that an order holds or has sold.
fn taken(order: &Order, product: &str) -> i64 {
    let items = order.items.iter().filter(|_| !order.status.is_called_off());
    items.filter(|item| item.product_id.as_str() == product).map(|item| item.quantity.get()).sum()
}

/// What the API shows of the products, and the table does not.
pub(super) async fn shown(table: &Table, anyone: &Shopper) -> Vec<String> {
    let mut wrong = Vec::new();
    for product in (0..PRODUCTS).map(product_name) {
        let stock = table.stock.get(&product).copied();
        let (stock, shown) =
            (stock.filter(|_| !table.archived.contains(&product)), anyone.available(&product).await);
        if stock != shown {
            wrong.push(format!("{product}: the API shows a stock of {shown:?}, the table {stock:?}"));
        }
    }
    let listed = anyone.listed().await;
    let on_sale = table.stock.keys().filter(|product| !table.archived.contains(*product));
    let on_sale: BTreeSet<String> = on_sale.cloned().collect();
    if listed != on_sale {
        wrong.push(format!("the API lists {listed:?}, on sale are {on_sale:?}"));
    }
    wrong
}
