//! What the table holds in the end, read past the faults and past all code of
//! the shop's that reads it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use domain::{Order, OrderId, Payment};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::dynamodb::protocol::Protocol;
use crate::template::TABLE_NAME;

/// The items that matter, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) orders: BTreeMap<OrderId, Order>,
    pub(super) payments: BTreeMap<OrderId, Payment>,
    /// Orders that the sparse index lists.
    pub(super) indexed: BTreeSet<OrderId>,
    /// Orders in their users' lists, by user.
    pub(super) entries: BTreeMap<String, Vec<OrderId>>,
    /// How many idempotency records name an order.
    pub(super) records: BTreeMap<OrderId, usize>,
    /// Pieces in stock, by product.
    pub(super) stock: BTreeMap<String, i64>,
    /// What each event of a payment provider came to, by provider and id; nothing
    /// if nobody decided.
    pub(super) events: BTreeMap<String, Option<String>>,
    /// Products whose sale has ended.
    pub(super) archived: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Named {
    id: OrderId,
}

#[derive(Deserialize)]
struct Pieces {
    available: i64,
}

impl Table {
    pub(super) async fn read(endpoint: &str) -> Result<Self> {
        let server = Protocol::new(endpoint);
        let mut request = json!({"TableName": TABLE_NAME, "ConsistentRead": true});
        let mut table = Self::default();
        loop {
            let page = server.call("Scan", &request).await?;
            for item in page["Items"].as_array().into_iter().flatten().filter_map(Value::as_object) {
                let item = plain_map(item);
                let key = format!("{} | {}", part(&item, "pk"), part(&item, "sk"));
                table.take(item).with_context(|| format!("the item {key} cannot be read"))?;
            }
            let Some(last) = page.get("LastEvaluatedKey") else { return Ok(table) };
            request["ExclusiveStartKey"] = last.clone();
        }
    }

    /// How many events are decided.
    pub(super) fn decided_events(&self) -> usize {
        self.events.values().flatten().count()
    }

    fn take(&mut self, item: Map<String, Value>) -> Result<()> {
        let (partition, sort) = (part(&item, "pk"), part(&item, "sk"));
        let (kind, name) = partition.split_once('#').unwrap_or_default();
        match (kind, sort.as_str()) {
            ("ORDER", "ORDER") => self.take_order(item)?,
            ("ORDER", _) => self.take_payment(item)?,
            ("WEBHOOK", _) => {
                let outcome = item.get("outcome").and_then(Value::as_str).map(str::to_owned);
                self.events.insert(name.to_owned(), outcome);
            }
            ("IDEMPOTENCY", _) => self.take_record(&item),
            ("USER", entry) if entry.starts_with("ORDER#") => {
                self.entries.entry(name.to_owned()).or_default().push(from::<Named>(item)?.id);
            }
            ("PRODUCT", "STOCK") => drop(self.stock.insert(name.to_owned(), from::<Pieces>(item)?.available)),
            ("PRODUCT", "PRODUCT") if item.contains_key("archived_at") => {
                self.archived.insert(name.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn take_order(&mut self, item: Map<String, Value>) -> Result<()> {
        let indexed = item.keys().any(|name| name.starts_with("sparse"));
        let order: Order = from(item)?;
        self.indexed.extend(indexed.then(|| order.id.clone()));
        self.orders.insert(order.id.clone(), order);
        Ok(())
    }

    fn take_payment(&mut self, item: Map<String, Value>) -> Result<()> {
        let payment: Payment = from(item)?;
        self.payments.insert(payment.order_id.clone(), payment);
        Ok(())
    }

    /// The records of other requests name no order.
    fn take_record(&mut self, record: &Map<String, Value>) {
        if let Ok(Named { id }) = serde_json::from_str(&part(record, "body")) {
            *self.records.entry(id).or_default() += 1;
        }
    }
}

fn part(item: &Map<String, Value>, name: &str) -> String {
    item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn from<T: DeserializeOwned>(item: Map<String, Value>) -> Result<T> {
    Ok(serde_json::from_value(Value::Object(item))?)
}

/// Attributes without the words for their types.
fn plain_map(attributes: &Map<String, Value>) -> Map<String, Value> {
    attributes.iter().map(|(name, attribute)| (name.clone(), plain(attribute))).collect()
}

fn plain(attribute: &Value) -> Value {
    let Some((kind, value)) = attribute.as_object().and_then(|it| it.iter().next()) else {
        return Value::Null;
    };
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => serde_json::from_str(number).unwrap_or_default(),
        ("M", Value::Object(map)) => Value::Object(plain_map(map)),
        ("L", Value::Array(list)) => list.iter().map(plain).collect(),
        ("NULL", _) => Value::Null,
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_become_plain_values() {
        let attribute = json!({"M": {"a": {"L": [{"N": "1"}, {"S": "1"}]}, "b": {"NULL": true}}});
        assert_eq!(plain(&attribute), json!({"a": [1, "1"], "b": null}));
    }
}
