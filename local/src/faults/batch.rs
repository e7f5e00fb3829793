//! A `BatchGetItem` that does a part of its keys, as DynamoDB does when a
//! partition is busy or the answer grows too large.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::refusal;

/// A request that asks for less, and what it does not ask for any more.
pub(super) struct Part {
    pub(super) request: Bytes,
    withheld: Map<String, Value>,
}

/// Keys that a `BatchGetItem` asks for.
pub(super) fn keys(body: &[u8]) -> usize {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    positions(&request).len()
}

/// Withholds so many keys, but never all.
pub(super) fn part(body: &[u8], keys: usize, random: &mut fastrand::Rng) -> Part {
    let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut positions = positions(&request);
    random.shuffle(&mut positions);
    positions.truncate(keys.min(positions.len().saturating_sub(1)));
    // From the last to the first, so that no removal moves another's position.
    positions.sort_unstable_by(|one, other| other.cmp(one));
    let mut withheld = Map::new();
    for (table, position) in positions {
        withhold(&mut request["RequestItems"][&table], position, withheld.entry(table));
    }
    drop_empty(&mut request["RequestItems"]);
    Part { request: request.to_string().into(), withheld }
}

impl Part {
    /// The answer to the smaller request as one to the whole.
    pub(super) fn complete(self, answer: Response<Bytes>) -> Response<Bytes> {
        let Ok(Value::Object(mut body)) = serde_json::from_slice(answer.body()) else {
            return answer;
        };
        if answer.status() != StatusCode::OK {
            return answer;
        }
        merge(body.entry("UnprocessedKeys").or_insert_with(|| Value::Object(Map::new())), self.withheld);
        let (mut head, _) = answer.into_parts();
        let body = Bytes::from(Value::Object(body).to_string());
        head.headers.remove(CONTENT_LENGTH);
        head.headers.insert(refusal::CHECKSUM, refusal::checksum(&body));
        Response::from_parts(head, body)
    }
}

fn positions(request: &Value) -> Vec<(String, usize)> {
    let tables = request["RequestItems"].as_object().into_iter().flatten();
    let keys = |asked: &Value| asked["Keys"].as_array().map_or(0, Vec::len);
    tables.flat_map(|(table, asked)| (0..keys(asked)).map(|key| (table.clone(), key))).collect()
}

/// Moves one key over, beside what else was asked of its table, such as
/// `ConsistentRead`.
fn withhold(asked: &mut Value, position: usize, withheld: serde_json::map::Entry<'_>) {
    let without_keys = |asked: &Value| {
        let mut empty = asked.clone();
        empty["Keys"] = Value::Array(Vec::new());
        empty
    };
    let withheld = withheld.or_insert_with(|| without_keys(asked));
    if let (Some(from), Some(to)) = (asked["Keys"].as_array_mut(), withheld["Keys"].as_array_mut()) {
        to.push(from.remove(position));
    }
}

/// A table of which no key is left would make the request invalid.
fn drop_empty(tables: &mut Value) {
    if let Some(tables) = tables.as_object_mut() {
        tables.retain(|_, asked| asked["Keys"].as_array().is_none_or(|keys| !keys.is_empty()));
    }
}

/// The server may have left keys of the same table undone itself.
fn merge(unprocessed: &mut Value, withheld: Map<String, Value>) {
    for (table, mut asked) in withheld {
        match unprocessed[&table]["Keys"].as_array_mut() {
            Some(keys) => keys.append(asked["Keys"].as_array_mut().unwrap_or(&mut Vec::new())),
            None => unprocessed[&table] = asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(keys: usize) -> Vec<u8> {
        let keys: Vec<_> = (0..keys).map(|key| json!({"pk": {"N": key.to_string()}})).collect();
        json!({"RequestItems": {"t": {"Keys": keys, "ConsistentRead": true}}}).to_string().into()
    }

    #[test]
    fn what_is_withheld_is_handed_back() {
        let body = request(5);
        let part = part(&body, 2, &mut fastrand::Rng::with_seed(1));
        assert_eq!(keys(&part.request), 3);
        let answer =
            part.complete(refusal::answer(StatusCode::OK, r#"{"Responses": {}, "UnprocessedKeys": {}}"#));
        let answer: Value = serde_json::from_slice(answer.body()).unwrap();
        let unprocessed = &answer["UnprocessedKeys"]["t"];
        assert_eq!(unprocessed["Keys"].as_array().unwrap().len(), 2);
        assert_eq!(unprocessed["ConsistentRead"], true);
    }

    #[test]
    fn one_key_is_always_done() {
        for (asked, left) in [(1, 1), (2, 1), (5, 1)] {
            let part = part(&request(asked), 100, &mut fastrand::Rng::new());
            assert_eq!(keys(&part.request), left);
        }
    }
}
