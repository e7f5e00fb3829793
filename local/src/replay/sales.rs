//! What was sold and still stands, for cancellations to find.

use std::collections::HashMap;

use domain::{OrderId, UserId};

use super::invoices::{Pieces, pieces};
use super::line::Line;

/// What one invoice became.
#[derive(Clone, Debug)]
pub(super) struct Sale {
    pub(super) invoice: String,
    /// Several where one did not take all.
    pub(super) orders: Vec<OrderId>,
    /// Those that stand in the orders.
    pub(super) lines: Vec<Line>,
}

/// The standing sales of each customer, the latest at the end.
#[derive(Debug, Default)]
pub(super) struct Sales(HashMap<UserId, Vec<Sale>>);

/// What a cancellation takes back.
#[derive(Debug)]
pub(super) enum Claim {
    /// All of this sale, which stands no longer.
    Whole(Sale),
    /// Less than a sale that stands.
    Part,
    /// More than any single sale, or what was never sold here.
    Nothing,
}

impl Sales {
    pub(super) fn add(&mut self, customer: &UserId, sale: Sale) {
        self.0.entry(customer.clone()).or_default().push(sale);
    }

    pub(super) fn claim(&mut self, customer: &UserId, wanted: &Pieces) -> Claim {
        let standing = self.0.entry(customer.clone()).or_default();
        let sold: Vec<Pieces> = standing.iter().map(|sale| pieces(&sale.lines)).collect();
        match sold.iter().rposition(|sold| sold == wanted) {
            Some(latest) => Claim::Whole(standing.remove(latest)),
            None if sold.iter().any(|sold| holds(sold, wanted)) => Claim::Part,
            None => Claim::Nothing,
        }
    }
}

fn holds(sold: &Pieces, wanted: &Pieces) -> bool {
    wanted.iter().all(|(product, pieces)| sold.get(product).is_some_and(|sold| sold >= pieces))
}

#[cfg(test)]
mod tests {
    use domain::{BasketItem, ProductId, Quantity};

    use super::*;

    fn line(product: &str, pieces: i64) -> Line {
        let product_id = ProductId::new(product).expect("an id");
        Line { row: 2, item: BasketItem { product_id, quantity: Quantity::new(pieces).expect("a quantity") } }
    }

    fn sale(invoice: &str, lines: &[(&str, i64)]) -> Sale {
        let lines = lines.iter().map(|(product, pieces)| line(product, *pieces)).collect();
        Sale { invoice: invoice.to_owned(), orders: Vec::new(), lines }
    }

    /// What a cancellation of these pieces takes back after these sales.
    fn claims(sales: &[Sale], wanted: &[&[(&str, i64)]]) -> Vec<String> {
        let customer = UserId::new("customer-17850").expect("a user");
        let mut standing = Sales::default();
        for sale in sales {
            standing.add(&customer, sale.clone());
        }
        let mut claim =
            |wanted: &&[(&str, i64)]| match standing.claim(&customer, &pieces(&sale("", wanted).lines)) {
                Claim::Whole(sale) => sale.invoice,
                Claim::Part => "part".to_owned(),
                Claim::Nothing => "nothing".to_owned(),
            };
        wanted.iter().map(&mut claim).collect()
    }

    #[test]
    fn a_cancellation_takes_back_the_latest_sale_that_it_equals_and_each_once() {
        let sales = [sale("1", &[("a", 2)]), sale("2", &[("a", 1), ("a", 1)]), sale("3", &[("b", 2)])];
        assert_eq!(claims(&sales, &[&[("a", 2)], &[("a", 2)], &[("a", 2)]]), ["2", "1", "nothing"]);
    }

    #[test]
    fn less_than_a_sale_is_a_part_and_more_is_nothing() {
        let sales = [sale("1", &[("a", 2), ("b", 1)])];
        let wanted: [&[_]; 4] = [&[("a", 1)], &[("a", 2)], &[("a", 3)], &[("a", 2), ("b", 1), ("c", 1)]];
        assert_eq!(claims(&sales, &wanted), ["part", "part", "nothing", "nothing"]);
    }
}
