//! `PUT /api/cart/items/{product_id}`

use api::{Caller, IfMatch, Json, OptionalIfMatch, PathId, Private, Problem, Violations};
use axum::extract::State;
use domain::{BasketItem, ProductId, Quantity};
use serde::Deserialize;
use store::Store;
use utoipa::ToSchema;

use crate::view::CartView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CartItemSubmission)]
pub(crate) struct ItemSubmission {
    #[serde(default, deserialize_with = "api::integer")]
    #[schema(value_type = Quantity, required)]
    quantity: Option<i64>,
}

#[utoipa::path(
    put,
    path = "/api/cart/items/{product_id}",
    operation_id = "setCartItem",
    tag = "cart",
    summary = "Want so many pieces of a product",
    params(("product_id" = ProductId, Path, description = "The product's id."), OptionalIfMatch),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("cart-writes"))),
    request_body = ItemSubmission,
    responses((
        status = 200,
        description = "The cart as it is now.",
        body = CartView,
        links(
            ("order" = (operation_id = "placeOrder", request_body = json!({ "from_cart": true }))),
            ("remove" = (operation_id = "removeCartItem", parameters(("product_id" = "$request.path.product_id")))),
        ),
    )),
)]
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
