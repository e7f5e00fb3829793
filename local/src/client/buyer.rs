//! What a user does in the shop: says who she is, orders, looks back, cancels.

use domain::{BasketItem, IdempotencyKey, OrderId};
use http::Method;

use super::shapes::OrderBody;
use super::{Client, Order, OrderPage, PAGE, Person, Result};

const ORDERS: &str = "/api/orders";

impl Client {
    /// Creates the caller's profile; 428 when there is one.
    pub async fn create_profile(&self, person: &Person) -> Result<()> {
        self.json(self.request(Method::PUT, "/api/users/me").json(person))
            .await
            .map(|_: serde_json::Value| ())
    }

    /// Places an order, once for each `key`.
    pub async fn place_order(&self, items: &[BasketItem], key: &IdempotencyKey) -> Result<Order> {
        let request = self.request(Method::POST, ORDERS).json(&OrderBody { items });
        self.json(request.header("idempotency-key", key.as_str())).await
    }

    /// Reads a part of the caller's orders: the newest, or those at the cursor.
    pub async fn orders(&self, cursor: Option<&str>) -> Result<OrderPage> {
        let mut url = self.url(ORDERS);
        url.query_pairs_mut()
            .append_pair("limit", PAGE)
            .extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        self.json(self.http.get(url).bearer_auth(&self.token)).await
    }

    /// Cancels one of the caller's orders; 409 when it is paid.
    pub async fn cancel_order(&self, id: &OrderId) -> Result<Order> {
        self.json(self.request(Method::POST, &format!("{ORDERS}/{id}/cancel"))).await
    }
}
