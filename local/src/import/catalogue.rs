//! Many sales made into one product per stock code.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::{Money, Name, ProductId};
use jiff::civil::DateTime;

use super::sale::Sale;

/// A product as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) id: ProductId,
    /// The most frequent description; among equals the one seen first.
    pub(super) name: Name,
    /// The latest price; among those of one moment the one that comes last.
    pub(super) price: Money,
    /// Where it was first seen.
    pub(super) line: u64,
}

/// What was seen of each stock code.
#[derive(Debug, Default)]
pub(super) struct Catalogue(BTreeMap<ProductId, Seen>);

#[derive(Debug)]
struct Seen {
    line: u64,
    names: BTreeMap<Name, Count>,
    priced_at: DateTime,
    price: Money,
}

/// How often something was seen, and where first.
#[derive(Debug)]
struct Count {
    times: u64,
    line: u64,
}

impl Catalogue {
    /// Takes one more sale; they come in the order of the file.
    pub(super) fn add(&mut self, sale: Sale) {
        let seen = self.0.entry(sale.code).or_insert_with(|| Seen {
            line: sale.line,
            names: BTreeMap::new(),
            priced_at: sale.at,
            price: sale.price,
        });
        seen.count(sale.name, sale.line);
        if sale.at >= seen.priced_at {
            (seen.priced_at, seen.price) = (sale.at, sale.price);
        }
    }

    /// The products, ordered by id.
    pub(super) fn into_listings(self) -> Vec<Listing> {
        self.0.into_iter().map(|(id, seen)| seen.into_listing(id)).collect()
    }
}

impl Seen {
    fn count(&mut self, name: Name, line: u64) {
        self.names.entry(name).or_insert(Count { times: 0, line }).times += 1;
    }

    fn into_listing(self, id: ProductId) -> Listing {
        let (line, price) = (self.line, self.price);
        let most_and_first = |(_, count): &(Name, Count)| (count.times, Reverse(count.line));
        let name = self.names.into_iter().max_by_key(most_and_first);
        let (name, _) = name.expect("whatever was sold was sold under a name");
        Listing { id, name, price, line }
    }
}

#[cfg(test)]
mod tests {
    use domain::Currency;

    use super::*;

    /// Sales as (code, name, day of the month, pence), one a line.
    fn listings(sales: &[(&str, &str, i8, i64)]) -> Vec<(String, String, i64, u64)> {
        let mut catalogue = Catalogue::default();
        for (line, (code, name, day, pence)) in (1..).zip(sales) {
            catalogue.add(Sale {
                line,
                code: ProductId::new(code).expect("valid"),
                name: Name::new(name).expect("valid"),
                price: Money::price(*pence, Currency::GBP).expect("valid"),
                at: jiff::civil::date(2010, 12, *day).at(8, 0, 0, 0),
            });
        }
        let plain = |l: Listing| (l.id.into(), l.name.into(), l.price.amount(), l.line);
        catalogue.into_listings().into_iter().map(plain).collect()
    }

    fn listing(sales: &[(&str, i8, i64)]) -> (String, i64) {
        let sales: Vec<_> = sales.iter().map(|(name, day, pence)| ("22222", *name, *day, *pence)).collect();
        let [(_, name, pence, _)] = &listings(&sales)[..] else { panic!("one product") };
        (name.clone(), *pence)
    }

    #[test]
    fn the_most_frequent_description_is_the_name() {
        assert_eq!(listing(&[("MUG", 1, 1), ("RED MUG", 1, 1), ("RED MUG", 1, 1)]).0, "RED MUG");
    }

    #[test]
    fn among_equally_frequent_descriptions_the_first_seen_is_the_name() {
        assert_eq!(listing(&[("B", 1, 1), ("A", 1, 1), ("A", 1, 1), ("B", 1, 1)]).0, "B");
    }

    #[test]
    fn the_latest_price_is_the_price_wherever_it_stands() {
        assert_eq!(listing(&[("A", 2, 250), ("A", 9, 300), ("A", 3, 275)]).1, 300);
    }

    #[test]
    fn among_prices_of_one_moment_the_last_line_is_the_price() {
        assert_eq!(listing(&[("A", 9, 300), ("A", 9, 310), ("A", 1, 250)]).1, 310);
    }

    #[test]
    fn codes_that_differ_in_case_are_two_products() {
        let both = listings(&[("85123a", "A", 1, 1), ("85123A", "B", 1, 2), ("85123a", "A", 2, 3)]);
        let plain = |code: &str, name: &str, pence, line| (code.to_owned(), name.to_owned(), pence, line);
        assert_eq!(both, [plain("85123A", "B", 2, 2), plain("85123a", "A", 3, 1)]);
    }
}
