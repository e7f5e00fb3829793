//! A read of several items that a transaction is just writing: it is not
//! isolated from the transaction, and may see some of them and others not yet.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Response, StatusCode};
use serde_json::Value;

use super::refusal;

/// The answer without the items of this sort key.
pub(super) fn without(sort_key: &str, answer: Response<Bytes>) -> Response<Bytes> {
    let (StatusCode::OK, Ok(mut body)) = (answer.status(), serde_json::from_slice::<Value>(answer.body()))
    else {
        return answer;
    };
    let is_seen = |item: &Value| item["sk"]["S"] != sort_key;
    if let Some(items) = body.get_mut("Items").and_then(Value::as_array_mut) {
        items.retain(is_seen);
        body["Count"] = items.len().into();
    }
    let tables = body.get_mut("Responses").and_then(Value::as_object_mut);
    for items in tables.into_iter().flat_map(|tables| tables.values_mut()).filter_map(Value::as_array_mut) {
        items.retain(is_seen);
    }
    let (mut head, _) = answer.into_parts();
    let body = Bytes::from(body.to_string());
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(refusal::CHECKSUM, refusal::checksum(&body));
    Response::from_parts(head, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(answer: &Value) -> Value {
        let answer = refusal::answer(StatusCode::OK, answer.to_string());
        serde_json::from_slice(without("B", answer).body()).unwrap()
    }

    #[test]
    fn a_query_and_a_batch_lack_what_is_not_seen_yet() {
        let [a, b] = ["A", "B"].map(|sk| json!({"sk": {"S": sk}}));
        let query = seen(&json!({"Items": [a, b], "Count": 2, "ScannedCount": 2}));
        assert_eq!(query, json!({"Items": [a], "Count": 1, "ScannedCount": 2}));
        let batch = seen(&json!({"Responses": {"t": [b, a]}, "UnprocessedKeys": {}}));
        assert_eq!(batch, json!({"Responses": {"t": [a]}, "UnprocessedKeys": {}}));
    }
}
