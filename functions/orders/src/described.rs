//! What the OpenAPI document says of orders: the refusals of their own, and a body as one of
//! two forms. What is read is a [`Submission`](crate::submission::Submission), which tells
//! what is wrong with a body of neither.
#![expect(dead_code, reason = "shapes for the document alone")]

use api::Problem;
use domain::{Currency, Error, Money, OrderStatus, Violation};
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::submission::{ItemSubmission, MoneySubmission};

/// What to order.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum OrderSubmission {
    Items(OrderOfItems),
    Cart(OrderOfCart),
}

/// An order of these products.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderOfItems {
    /// Of at most 90 products; what is named twice is added up.
    #[schema(min_items = 1, max_items = 1_000)]
    items: Vec<ItemSubmission>,
    /// What the caller expects to pay: if it is another sum, nothing is ordered.
    expected_total: Option<MoneySubmission>,
}

/// An order of what is in the caller's cart.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderOfCart {
    #[schema(value_type = Yes, inline)]
    from_cart: bool,
    /// What the caller expects to pay: if it is another sum, nothing is ordered.
    expected_total: Option<MoneySubmission>,
}

/// `true`, and nothing else.
pub(crate) struct Yes;

impl PartialSchema for Yes {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).into()
    }
}

impl ToSchema for Yes {}

/// There is less than was ordered.
pub(crate) fn out_of_stock() -> Value {
    let detail = "1 of cafe-au-lait-bowl are left, 2 were ordered".to_owned();
    let shortage = Violation { pointer: "/items/0/quantity".to_owned(), detail };
    Problem::out_of_stock(vec![shortage]).example("/api/orders")
}

/// It would cost something else than expected.
pub(crate) fn price_moved() -> Value {
    let total = Currency::new("GBP").and_then(|pounds| Money::new(5_100, pounds)).expect("it is an amount");
    Problem::from(Error::PriceMoved { total }).example("/api/orders")
}

/// It is not pending any more.
pub(crate) fn not_cancellable() -> Value {
    let instance = "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057/cancel";
    Problem::from(Error::NotCancellable { status: OrderStatus::Paid }).example(instance)
}
