//! One order placed, less what the API refuses of it.

use std::collections::HashMap;

use domain::{BasketItem, IdempotencyKey, ProductId};
use http::StatusCode;

use super::fate::Fate;
use super::ledger::Ledger;
use super::line::Line;
use crate::client::{Client, Error, Order, Problem, Result, Violation};

/// Orders the lines, and says which of them stand in the order; `None` when
/// nothing was left of them. Each round that the API refuses has fewer.
pub(super) async fn place(
    client: &Client,
    key: &IdempotencyKey,
    mut lines: Vec<Line>,
    ledger: &mut Ledger,
) -> Result<Option<(Order, Vec<Line>)>> {
    while !lines.is_empty() {
        let items: Vec<BasketItem> = lines.iter().map(|line| line.item.clone()).collect();
        match client.place_order(&items, key).await {
            Ok(order) => return Ok(Some((order, lines))),
            Err(Error::Refused(problem)) if is_about_the_order(&problem) => {
                lines = without_refused(lines, &problem, ledger);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Rather than about who sent it, or whether the shop can answer at all.
fn is_about_the_order(problem: &Problem) -> bool {
    matches!(problem.status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY)
}

/// The API names a product where it is mentioned first: all lines of it fall.
/// A refusal that names none is of the whole order.
fn without_refused(lines: Vec<Line>, problem: &Problem, ledger: &mut Ledger) -> Vec<Line> {
    let named = named(&lines, problem.violations());
    if named.is_empty() {
        ledger.note_all(&lines, Fate::RefusedByApi, &problem.to_string());
        return Vec::new();
    }
    let is_left = |line: &Line| match named.get(&line.item.product_id) {
        Some(violation) => {
            let detail = format!("{}: {}", problem.status.as_u16(), violation.detail);
            ledger.note(line.row, fate(violation), &detail);
            false
        }
        None => true,
    };
    lines.into_iter().filter(is_left).collect()
}

fn named<'a>(lines: &[Line], violations: &'a [Violation]) -> HashMap<ProductId, &'a Violation> {
    let product = |violation: &'a Violation| Some((item(lines, &violation.pointer)?, violation));
    violations.iter().filter_map(product).collect()
}

/// The product at `/items/3` or below.
fn item(lines: &[Line], pointer: &str) -> Option<ProductId> {
    let index = pointer.strip_prefix("/items/")?.split('/').next()?;
    Some(lines.get(index.parse::<usize>().ok()?)?.item.product_id.clone())
}

fn fate(violation: &Violation) -> Fate {
    if violation.pointer.ends_with("/product_id") { Fate::NoSuchProduct } else { Fate::RefusedByApi }
}

#[cfg(test)]
mod tests {
    use domain::Quantity;

    use super::*;

    fn lines(products: &[&str]) -> Vec<Line> {
        let quantity = Quantity::new(1).expect("a quantity");
        let item = |id| BasketItem { product_id: ProductId::new(id).expect("an id"), quantity };
        (2..).zip(products).map(|(row, id)| Line { row, item: item(id) }).collect()
    }

    fn left(products: &[&str], status: StatusCode, body: &str) -> (Vec<u64>, Vec<(u64, Fate)>) {
        let (problem, mut ledger) = (Problem::read(status, body.as_bytes()), Ledger::default());
        let left = without_refused(lines(products), &problem, &mut ledger);
        (left.iter().map(|line| line.row).collect(), ledger.fates().collect())
    }

    #[test]
    fn all_lines_of_a_product_that_the_api_does_not_have_fall() {
        let body = r#"{"errors":[{"pointer":"/items/1/product_id","detail":"there is no product POST"}]}"#;
        let (left, fates) = left(&["70001", "POST", "70002", "POST"], StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!(left, [2, 4]);
        assert_eq!(fates, [(3, Fate::NoSuchProduct), (5, Fate::NoSuchProduct)]);
    }

    #[test]
    fn a_product_that_ran_out_falls_alone() {
        let body = r#"{"errors":[{"pointer":"/items/0/quantity","detail":"0 of 70001 are left"}]}"#;
        let (left, fates) = left(&["70001", "70002"], StatusCode::CONFLICT, body);
        assert_eq!((left, fates), (vec![3], vec![(2, Fate::RefusedByApi)]));
    }

    #[test]
    fn a_refusal_that_names_no_line_is_of_the_whole_order() {
        for body in ["", r#"{"errors":[{"pointer":"/items","detail":"are too many"}]}"#] {
            let (left, fates) = left(&["70001", "70002"], StatusCode::UNPROCESSABLE_ENTITY, body);
            assert_eq!((left, fates.len()), (vec![], 2), "{body}");
        }
    }
}
