//! An order's body as the OpenAPI document describes it: one of two forms. What is
//! read is a [`Submission`](crate::submission::Submission), which tells what is wrong
//! with a body of neither.
#![expect(dead_code, reason = "shapes for the document alone")]

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
