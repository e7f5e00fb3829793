//! `POST /api/orders/{id}/cancel`

use api::{Caller, PathId, Private, Problem};
use axum::extract::State;
use domain::OrderId;
use store::Store;

use crate::view::OrderView;

pub(crate) async fn cancel(
    caller: Caller,
    State(store): State<Store>,
    PathId(id): PathId<OrderId>,
) -> Result<Private<OrderView>, Problem> {
    let purchase = store.cancel_order(&caller.user, &id, api::now()).await?;
    Ok(Private(OrderView::from(&purchase)))
}
