//! What an order costs: a provider knows it from the shop's own call, which is
//! played by a look into the table.

use anyhow::{Context, Result};
use domain::{Currency, Money, OrderId};
use serde_json::{Value, json};

use crate::dynamodb::protocol::Protocol;
use crate::template::TABLE_NAME;

/// The total of an order in the table at `dynamodb`.
///
/// # Errors
/// When there is no such order, or no such table.
pub async fn total(dynamodb: &str, order: &OrderId) -> Result<Money> {
    let key = json!({"pk": {"S": format!("ORDER#{order}")}, "sk": {"S": "ORDER"}});
    let request = json!({"TableName": TABLE_NAME, "ConsistentRead": true, "Key": key});
    let answer = Protocol::new(dynamodb).call("GetItem", &request).await?;
    let item = answer.get("Item").with_context(|| format!("there is no order {order}"))?;
    read(item).with_context(|| format!("order {order} has no total"))
}

fn read(item: &Value) -> Option<Money> {
    let text = |pointer| item.pointer(pointer).and_then(Value::as_str);
    let currency = Currency::new(text("/total/M/currency/S")?).ok()?;
    Money::new(text("/total/M/amount/N")?.parse().ok()?, currency).ok()
}
