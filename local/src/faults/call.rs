//! One request to DynamoDB, and the items that it names.

use anyhow::Result;
use bytes::Bytes;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{Request, request::Parts};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Map, Value};

const TARGET: &str = "x-amz-target";

/// A request with its body in memory.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Such as `PutItem`: what `X-Amz-Target` says after its dot.
    pub(super) operation: String,
    pub(super) parts: Parts,
    pub(super) body: Bytes,
}

/// An item, as a request names it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Key {
    pub(super) table: String,
    pub(super) attributes: Map<String, Value>,
}

impl Call {
    pub(super) async fn read(request: Request<Incoming>) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        for hop_by_hop in [CONNECTION, TRANSFER_ENCODING] {
            parts.headers.remove(hop_by_hop);
        }
        let target = parts.headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Self { operation, parts, body })
    }

    pub(super) fn is_transaction(&self) -> bool {
        ["TransactWriteItems", "TransactGetItems"].contains(&self.operation.as_str())
    }

    pub(super) fn is_single_write(&self) -> bool {
        ["PutItem", "UpdateItem", "DeleteItem"].contains(&self.operation.as_str())
    }

    pub(super) fn is_write(&self) -> bool {
        self.is_single_write() || ["TransactWriteItems", "BatchWriteItem"].contains(&self.operation.as_str())
    }

    pub(super) fn reads_index(&self) -> bool {
        let request = || serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        ["Query", "Scan"].contains(&self.operation.as_str()) && request().get("IndexName").is_some()
    }

    pub(super) fn mentions(&self, text: &str) -> bool {
        str::from_utf8(&self.body).is_ok_and(|body| body.contains(text))
    }

    /// `ClientRequestToken` of a `TransactWriteItems`.
    pub(super) fn token(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Request {
            client_request_token: Option<String>,
        }
        if self.operation != "TransactWriteItems" {
            return None;
        }
        serde_json::from_slice(&self.body).ok().and_then(|request: Request| request.client_request_token)
    }

    /// The items that it writes or, in a transaction, checks or reads, each at
    /// its position. A request that DynamoDB will refuse may name none.
    pub(super) fn keys(&self, schema: &[String]) -> Vec<Key> {
        let request: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        match self.operation.as_str() {
            "BatchWriteItem" => of_batch(&request, schema),
            _ if self.is_transaction() => of_transaction(&request, schema),
            _ => vec![Key::of(&request["TableName"], &request, schema)],
        }
    }
}

impl Key {
    /// Of an action on one item, which names it by `Key` or brings it whole.
    fn of(table: &Value, action: &Value, schema: &[String]) -> Self {
        let named = action.get("Key").or_else(|| action.get("Item"));
        let named = named.and_then(Value::as_object).cloned().unwrap_or_default();
        Self::of_item(table.as_str().unwrap_or_default(), &named, schema)
    }

    /// Whether the item is the one that it names.
    pub(super) fn names(&self, item: &Map<String, Value>) -> bool {
        self.attributes.iter().all(|(name, value)| item.get(name) == Some(value))
    }

    /// Of an item whose attributes these are.
    pub(super) fn of_item(table: &str, item: &Map<String, Value>, schema: &[String]) -> Self {
        let attribute = |name: &String| Some((name.clone(), item.get(name)?.clone()));
        Self { table: table.to_owned(), attributes: schema.iter().filter_map(attribute).collect() }
    }
}

fn of_transaction(request: &Value, schema: &[String]) -> Vec<Key> {
    actions(&request["TransactItems"]).map(|action| Key::of(&action["TableName"], action, schema)).collect()
}

fn of_batch(request: &Value, schema: &[String]) -> Vec<Key> {
    let tables = request["RequestItems"].as_object().into_iter().flatten();
    tables
        .flat_map(|(table, writes)| {
            let table = Value::from(table.clone());
            actions(writes).map(move |action| Key::of(&table, action, schema)).collect::<Vec<_>>()
        })
        .collect()
}

/// Each element has one member, whose name says what is done: `{"Put": {…}}`.
fn actions(list: &Value) -> impl Iterator<Item = &Value> {
    let elements = list.as_array().into_iter().flatten();
    elements.map(|element| element.as_object().and_then(|it| it.values().next()).unwrap_or(&Value::Null))
}

#[cfg(test)]
impl Call {
    pub(super) fn of(operation: &str, body: &str) -> Self {
        let (parts, ()) = Request::new(()).into_parts();
        Self { operation: operation.to_owned(), parts, body: Bytes::copy_from_slice(body.as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(operation: &str, request: &Value) -> Vec<Value> {
        let keys = Call::of(operation, &request.to_string()).keys(&["pk".into()]);
        keys.into_iter().map(|key| json!([key.table, key.attributes])).collect()
    }

    fn item(id: &str) -> Value {
        json!({"pk": {"S": id}, "text": {"S": "x"}})
    }

    fn key(id: &str) -> Value {
        json!({"pk": {"S": id}})
    }

    #[test]
    fn a_single_write_names_one_item() {
        let put = json!({"TableName": "t", "Item": item("a")});
        let update = json!({"TableName": "t", "Key": key("a")});
        for (operation, request) in [("PutItem", put), ("UpdateItem", update)] {
            assert_eq!(named(operation, &request), [json!(["t", key("a")])]);
        }
    }

    #[test]
    fn a_transaction_names_the_items_it_checks_too() {
        let request = json!({"TransactItems": [
            {"Put": {"TableName": "t", "Item": item("a")}},
            {"ConditionCheck": {"TableName": "t", "Key": key("b")}},
            {"Delete": {"TableName": "u", "Key": key("c")}},
        ]});
        let expected = [json!(["t", key("a")]), json!(["t", key("b")]), json!(["u", key("c")])];
        assert_eq!(named("TransactWriteItems", &request), expected);
    }

    #[test]
    fn a_batch_names_what_it_puts_and_deletes() {
        let request = json!({"RequestItems": {"t": [
            {"PutRequest": {"Item": item("a")}}, {"DeleteRequest": {"Key": key("b")}},
        ]}});
        assert_eq!(named("BatchWriteItem", &request), [json!(["t", key("a")]), json!(["t", key("b")])]);
    }

    #[test]
    fn only_a_transaction_of_writes_has_a_token() {
        let body = r#"{"TransactItems": [], "ClientRequestToken": "t"}"#;
        assert_eq!(Call::of("TransactWriteItems", body).token().as_deref(), Some("t"));
        assert_eq!(Call::of("PutItem", body).token(), None);
    }
}
