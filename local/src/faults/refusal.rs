//! Refusals in DynamoDB's own words, as its clients have seen them.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

pub(super) const CHECKSUM: &str = "x-amz-crc32";
const CONTENT: &str = "application/x-amz-json-1.0";
const TYPES: &str = "com.amazonaws.dynamodb.v20120810";

const CONFLICT: &str = "Transaction is ongoing for the item";
const CANCELLED: &str = "Transaction cancelled, please refer cancellation reasons for specific reasons";
const INTERNAL: &str = "Internal server error";
const IN_PROGRESS: &str = "Transaction from previous request is still in progress";
const THROTTLED: &str = "Throughput exceeds the current capacity of your table or index. DynamoDB is \
    automatically scaling your table or index so please try again shortly. If exceptions persist, check if \
    you have a hot key: \
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";
const THROUGHPUT: &str = "The level of configured provisioned throughput for the table was exceeded. Consider \
    increasing your provisioning level with the UpdateTable API.";

/// Why a transaction was cancelled, at the position of one of its items.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reason {
    None,
    Conflict,
    Throttling,
}

/// Why a call is not carried out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    Conflict,
    InProgress,
    Throttled,
    ThroughputExceeded,
    InternalError,
    /// One reason for each of the transaction's items.
    Cancelled(Vec<Reason>),
}

impl Refusal {
    pub(super) fn answer(&self) -> Response<Bytes> {
        let (kind, members) = self.wording();
        let status = match self {
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut body = Map::from_iter([("__type".to_owned(), format!("{TYPES}#{kind}").into())]);
        body.extend(members);
        answer(status, Value::Object(body).to_string())
    }

    /// DynamoDB writes `Message` in some of them and `message` in others.
    fn wording(&self) -> (&'static str, Map<String, Value>) {
        match self {
            Self::Conflict => ("TransactionConflictException", text("message", CONFLICT)),
            Self::InProgress => ("TransactionInProgressException", text("Message", IN_PROGRESS)),
            Self::Throttled => ("ThrottlingException", text("message", THROTTLED)),
            Self::ThroughputExceeded => {
                ("ProvisionedThroughputExceededException", text("message", THROUGHPUT))
            }
            Self::InternalError => ("InternalServerError", text("message", INTERNAL)),
            Self::Cancelled(reasons) => ("TransactionCanceledException", cancellation(reasons)),
        }
    }
}

fn text(name: &str, message: &str) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), message.into())])
}

fn cancellation(reasons: &[Reason]) -> Map<String, Value> {
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code()).collect();
    let mut members = text("Message", &format!("{CANCELLED} [{}]", codes.join(", ")));
    let reasons = reasons.iter().map(|reason| reason.to_json()).collect();
    members.insert("CancellationReasons".into(), reasons);
    members
}

/// An answer with this body, and the headers that every answer has.
pub(super) fn answer(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let body = body.into();
    let checksum = checksum(&body);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
    headers.insert(CHECKSUM, checksum);
    let id = uuid::Uuid::new_v4().simple().to_string();
    headers.insert("x-amzn-requestid", HeaderValue::try_from(id).expect("hexadecimal digits are a header"));
    response
}

/// What an SDK may hold the body against.
pub(super) fn checksum(body: &[u8]) -> HeaderValue {
    crc32fast::hash(body).into()
}

impl Reason {
    fn code(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Conflict => "TransactionConflict",
            Self::Throttling => "ThrottlingError",
        }
    }

    fn to_json(self) -> Value {
        match self {
            Self::None => json!({"Code": self.code()}),
            Self::Conflict => json!({"Code": self.code(), "Message": CONFLICT}),
            Self::Throttling => json!({"Code": self.code(), "Message": THROTTLED}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_transaction_has_a_reason_for_each_item() {
        let response = Refusal::Cancelled(vec![Reason::None, Reason::Conflict]).answer();
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(
            body,
            json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "CancellationReasons": [
                    {"Code": "None"},
                    {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"},
                ],
                "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons \
                    [None, TransactionConflict]",
            })
        );
    }

    #[test]
    fn an_answer_carries_its_checksum() {
        let response = answer(StatusCode::OK, "123456789");
        assert_eq!(response.headers()["x-amz-crc32"], "3421780262");
    }
}
