//! An order as it comes in: products of its own, or those of the cart.

use api::{Object, Problem, Violations};
use domain::{Basket, BasketItem, Currency, Error, Misfit, Money, ProductId, Quantity, Shortage, Violation};
use serde::{Deserialize, Serialize};
use store::OrderSource;
use utoipa::ToSchema;

/// An order's body. It is fingerprinted as it is written here, so what is absent
/// is left out: a field of a later release must not make another request of one
/// that is repeated.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submission {
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Object<ItemSubmission>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_cart: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_total: Option<Object<MoneySubmission>>,
}

/// Pieces of one product.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderItemSubmission)]
pub(crate) struct ItemSubmission {
    #[schema(value_type = ProductId)]
    product_id: Option<String>,
    #[serde(default, deserialize_with = "api::integer")]
    #[schema(value_type = Quantity, required)]
    quantity: Option<i64>,
}

/// An amount of money.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoneySubmission {
    /// In minor units of the currency: pence, cents.
    #[serde(default, deserialize_with = "api::integer")]
    #[schema(value_type = i64, required, minimum = 0, maximum = 9_007_199_254_740_991i64, example = 4_900)]
    amount: Option<i64>,
    #[schema(value_type = Currency)]
    currency: Option<String>,
}

impl Submission {
    /// What is to be ordered and what it is expected to cost, if no rule is broken.
    ///
    /// # Errors
    /// 422 with every rule that is.
    pub(crate) fn checked(self) -> Result<(OrderSource, Option<Money>), Problem> {
        let mut violations = Violations::default();
        let expected = self.expected_total.map(|Object(money)| money.check(&mut violations));
        let source = match (self.items, self.from_cart) {
            (Some(items), None | Some(false)) => check_items(items, &mut violations).map(OrderSource::Basket),
            (None, Some(true)) => Some(OrderSource::Cart),
            (Some(_), Some(true)) => violations.check("/from_cart", Err("excludes items".to_owned())),
            (None, None | Some(false)) => {
                violations.check("/items", Err("is required, unless from_cart is true".to_owned()))
            }
        };
        let expected_total = expected.flatten();
        violations.finish(source.map(|source| (source, expected_total)))
    }
}

/// Lines of one order, repeated products included.
const LINES: usize = 1_000;

fn check_items(items: Vec<Object<ItemSubmission>>, violations: &mut Violations) -> Option<Basket> {
    if items.is_empty() || items.len() > LINES {
        return violations.check("/items", Err(format!("must have 1 to {LINES} items")));
    }
    let count = items.len();
    let items = items.into_iter().enumerate();
    let items: Vec<BasketItem> =
        items.filter_map(|(index, Object(item))| item.check(index, violations)).collect();
    if items.len() < count {
        return None;
    }
    let sum = Basket::sum(items);
    let rule = |Misfit { index, detail }| Violation { pointer: format!("/items/{index}"), detail };
    violations.note(sum.map_err(rule))
}

impl ItemSubmission {
    fn check(self, index: usize, violations: &mut Violations) -> Option<BasketItem> {
        let field = |name| format!("/items/{index}/{name}");
        let id = violations.required(&field("product_id"), self.product_id, |text| ProductId::new(&text));
        let quantity = violations.required(&field("quantity"), self.quantity, Quantity::new);
        Some(BasketItem { product_id: id?, quantity: quantity? })
    }
}

impl MoneySubmission {
    fn check(self, violations: &mut Violations) -> Option<Money> {
        let currency = |code: String| Currency::new(&code);
        let currency = violations.required("/expected_total/currency", self.currency, currency);
        let amount = violations.required("/expected_total/amount", self.amount, Ok);
        // The range is checked even where the currency is wrong, to name both.
        let money = Money::new(amount?, currency.unwrap_or(Currency::GBP));
        violations.check("/expected_total/amount", money).filter(|_| currency.is_some())
    }
}

/// Where in the request each product stands, so that a refusal can point there.
pub(crate) struct Pointers(Vec<String>);

impl Pointers {
    pub(crate) fn of(submission: &Submission) -> Self {
        let items = submission.items.iter().flatten();
        Self(items.map(|Object(item)| item.product_id.clone().unwrap_or_default()).collect())
    }

    /// A refused order, told with pointers to its items.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        match error {
            Error::NotSold(products) => {
                Problem::invalid(products.iter().map(|product| self.not_sold(product)).collect())
            }
            Error::OutOfStock(shortages) => {
                Problem::out_of_stock(shortages.iter().map(|shortage| self.short(shortage)).collect())
            }
            Error::MixedCurrencies if self.0.is_empty() => {
                Violations::one("/from_cart", "the cart's prices must be in one currency")
            }
            other => other.into(),
        }
    }

    fn not_sold(&self, product: &ProductId) -> Violation {
        let detail = format!("there is no product {product}");
        Violation { pointer: self.pointer(product, "/product_id"), detail }
    }

    fn short(&self, shortage: &Shortage) -> Violation {
        Violation { pointer: self.pointer(&shortage.product_id, "/quantity"), detail: shortage.to_string() }
    }

    /// The first mention of a product; the cart's are not in the request.
    fn pointer(&self, product: &ProductId, field: &str) -> String {
        let index = self.0.iter().position(|id| id == product.as_str());
        index.map_or_else(|| "/from_cart".to_owned(), |index| format!("/items/{index}{field}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fingerprinted_is_what_was_sent_and_no_more() {
        for body in [
            r#"{"items":[{"product_id":"mug","quantity":2}]}"#,
            r#"{"from_cart":true,"expected_total":{"amount":1,"currency":"GBP"}}"#,
        ] {
            let submission: Submission = serde_json::from_str(body).expect("an order");
            assert_eq!(serde_json::to_string(&submission).expect("plain JSON"), body);
        }
    }
}
