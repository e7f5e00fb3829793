//! `GET /api/orders`

use api::{Caller, Keys, PageParams, PageView, Private, Problem, Query};
use axum::extract::State;
use store::{PageRequest, Store};

use crate::view::OrderView;

pub(crate) async fn list(
    caller: Caller,
    State(store): State<Store>,
    State(keys): State<Keys>,
    Query(params): Query<PageParams>,
) -> Result<Private<PageView<OrderView>>, Problem> {
    let list = format!("orders/{}", caller.user);
    let after = params.position(keys.cursors(), &list)?;
    let page = store.order_page(&caller.user, PageRequest { limit: params.limit()?, after }).await?;
    Ok(Private(PageView {
        items: page.items.iter().map(OrderView::from).collect(),
        next_cursor: page.next.map(|position| keys.cursors().seal(&list, &position)),
    }))
}
