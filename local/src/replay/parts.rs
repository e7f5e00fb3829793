//! An invoice split into orders, where one order does not take all of it.

use domain::{Basket, Quantity};

use super::invoices::Pieces;
use super::line::Line;

/// Lines that one order takes.
#[derive(Debug, Default)]
struct Part {
    lines: Vec<Line>,
    pieces: Pieces,
}

/// Puts each line into the first order that takes it, in the order of the
/// file. So lines of one product stay together while their pieces fit.
pub(super) fn parts(lines: &[Line]) -> Vec<Vec<Line>> {
    let mut parts: Vec<Part> = Vec::new();
    for line in lines {
        match parts.iter_mut().find(|part| part.takes(line)) {
            Some(part) => part.add(line),
            None => parts.push(Part::of(line)),
        }
    }
    parts.into_iter().map(|part| part.lines).collect()
}

impl Part {
    fn of(line: &Line) -> Self {
        let mut part = Self::default();
        part.add(line);
        part
    }

    fn takes(&self, line: &Line) -> bool {
        match self.pieces.get(&line.item.product_id) {
            Some(pieces) => pieces + line.item.quantity.get() <= Quantity::MAX,
            None => self.pieces.len() < Basket::MAX,
        }
    }

    fn add(&mut self, line: &Line) {
        *self.pieces.entry(line.item.product_id.clone()).or_default() += line.item.quantity.get();
        self.lines.push(line.clone());
    }
}

#[cfg(test)]
mod tests {
    use domain::{BasketItem, ProductId};
    use proptest::prelude::*;

    use super::*;

    /// Lines as (product, pieces), on rows counted from 0.
    fn lines(items: &[(u32, i64)]) -> Vec<Line> {
        let line = |(row, (product, pieces)): (u64, &(u32, i64))| {
            let product_id = ProductId::new(&product.to_string()).expect("an id");
            Line {
                row,
                item: BasketItem { product_id, quantity: Quantity::new(*pieces).expect("a quantity") },
            }
        };
        (0..).zip(items).map(line).collect()
    }

    fn rows(items: &[(u32, i64)]) -> Vec<Vec<u64>> {
        let rows = |part: &Vec<Line>| part.iter().map(|line| line.row).collect();
        parts(&lines(items)).iter().map(rows).collect()
    }

    #[test]
    fn what_one_order_takes_stays_one_order() {
        assert_eq!(rows(&[(1, 10), (2, 1), (1, 9_990)]), [[0, 1, 2]]);
        let ninety: Vec<_> = (0..90).chain(0..90).map(|product| (product, 1)).collect();
        assert_eq!(rows(&ninety).len(), 1);
    }

    #[test]
    fn the_ninety_first_product_begins_another_order_and_known_ones_stay() {
        let many: Vec<_> = (0..91).chain([0, 90]).map(|product| (product, 1)).collect();
        let split = rows(&many);
        assert_eq!((split[0].len(), &split[1]), (91, &vec![90, 92]));
    }

    #[test]
    fn pieces_beyond_ten_thousand_go_into_another_order() {
        assert_eq!(rows(&[(1, 9_000), (1, 2_000), (2, 1), (1, 1_000)]), [vec![0, 2, 3], vec![1]]);
    }

    proptest! {
        #[test]
        fn no_line_is_lost_and_every_order_is_a_basket(
            items in prop::collection::vec((0_u32..200, 1_i64..10_001), 1..400),
        ) {
            let parts = parts(&lines(&items));
            let mut rows: Vec<_> = parts.iter().flatten().map(|line| line.row).collect();
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..items.len() as u64).collect::<Vec<_>>());
            for part in parts {
                prop_assert!(Basket::sum(part.into_iter().map(|line| line.item)).is_ok());
            }
        }
    }
}
