//! `POST /api/orders`

use api::{Caller, IdempotencyKey, Json, Problem, recorded};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::OrderId;
use serde::Deserialize;
use store::{NewOrder, Request, Store};

use crate::described::{self, OrderSubmission};
use crate::submission::{Pointers, Submission};
use crate::view::OrderView;

#[utoipa::path(
    post,
    path = "/api/orders",
    operation_id = "placeOrder",
    tag = "orders",
    summary = "Place an order",
    description = "Of products that it names, or of the whole cart, which it empties. Stock, prices and order are one transaction.",
    params(IdempotencyKey),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("checkout"))),
    request_body(
        content = OrderSubmission,
        example = json!({ "items": [{ "product_id": "cafe-au-lait-bowl", "quantity": 2 }] }),
    ),
    responses(
        (
            status = 201,
            description = "The order. It holds its stock until `expires_at`.",
            body = OrderView,
            headers(("Location" = String, description = "Where it is.")),
            links(
                ("show" = (operation_id = "showOrder", parameters(("id" = "$response.body#/id")))),
                ("cancel" = (operation_id = "cancelOrder", parameters(("id" = "$response.body#/id")))),
            ),
        ),
        (
            status = 409,
            description = "There is not enough stock (`out-of-stock`, see `errors`), or the total is not the expected one (`price-moved`). Nothing was ordered.",
            body = Problem,
            content_type = "application/problem+json",
            examples(
                ("out-of-stock" = (value = json!(described::out_of_stock()))),
                ("price-moved" = (value = json!(described::price_moved()))),
            ),
        ),
    ),
)]
pub(crate) async fn place(
    caller: Caller,
    State(store): State<Store>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<Submission>,
) -> Result<Response, Problem> {
    let request = Request::new(&caller.user, &key, "place order", &body);
    let pointers = Pointers::of(&body);
    let (source, expected_total) = body.checked()?;
    let new = NewOrder { user: caller.user, source, expected_total };
    let placed = store.place_order(&new, &request, api::now(), |purchase| OrderView::from(purchase)).await;
    let answer = placed.map_err(|error| pointers.problem(error))?;
    let location = location(&answer.body);
    let mut response = recorded(StatusCode::CREATED, answer.body, answer.replayed);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

#[derive(Deserialize)]
struct Placed {
    id: OrderId,
}

/// Where the order is: a replayed answer is known by its body alone.
fn location(body: &str) -> HeaderValue {
    let placed: Placed = serde_json::from_str(body).expect("the body is an order, as recorded");
    format!("/api/orders/{}", placed.id).parse().expect("a UUID is ASCII")
}
