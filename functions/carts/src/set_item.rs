//! `PUT /api/cart/items/{product_id}`

use api::{Caller, IfMatch, Json, PathId, Private, Problem, Violations};
use axum::extract::State;
use domain::{BasketItem, ProductId, Quantity};
use serde::Deserialize;
use store::Store;

use crate::view::CartView;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemSubmission {
    quantity: Option<i64>,
}

pub(crate) async fn set_item(
    caller: Caller,
    State(store): State<Store>,
    PathId(product_id): PathId<ProductId>,
    if_match: Option<IfMatch>,
    Json(body): Json<ItemSubmission>,
) -> Result<Private<CartView>, Problem> {
    let item = BasketItem { product_id, quantity: body.checked()? };
    let cart = store.set_cart_item(&caller.user, &item, if_match.map(|seen| seen.0)).await?;
    Ok(Private(CartView::of(&store, &cart).await?))
}

impl ItemSubmission {
    fn checked(self) -> Result<Quantity, Problem> {
        let mut violations = Violations::default();
        let quantity = violations.required("/quantity", self.quantity, Quantity::new);
        violations.finish(quantity)
    }
}
