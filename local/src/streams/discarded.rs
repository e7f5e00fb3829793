//! What the on-failure queue is told of records that were given up. As on AWS,
//! it says where in the stream they are and not what is in them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::record::Record;
use super::source::Stream;
use super::verdict::Fault;
use crate::template::{ACCOUNT, REGION, STACK_NAME};

/// Why records were given up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    /// They failed as often as they may.
    RetryAttemptsExhausted,
    /// They are older than the mapping lets them be.
    RecordAgeExceeded,
}

/// Records that were given up together: at least one.
pub(super) struct Discarded<'a> {
    pub(super) stream: &'a Stream,
    /// The function's name, as its crate has it.
    pub(super) function: &'a str,
    pub(super) condition: Condition,
    pub(super) records: &'a [Record],
    /// How often they were sent since they were last split.
    pub(super) sent: u32,
    /// How they failed the last time, if they were sent.
    pub(super) fault: Option<Fault>,
}

impl Discarded<'_> {
    /// The message, in AWS's own shape.
    pub(super) fn message(&self, now: Timestamp) -> Value {
        let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK_NAME}-{}", self.function);
        let mut message = json!({
            "requestContext": {
                "requestId": uuid::Uuid::new_v4().to_string(),
                "functionArn": function,
                "condition": format!("{:?}", self.condition),
                "approximateInvokeCount": self.sent,
            },
            "version": "1.0",
            "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "DDBStreamBatchInfo": self.place(),
        });
        if let Some(fault) = self.fault {
            message["responseContext"] = response(fault);
        }
        message
    }

    fn place(&self) -> Value {
        let number = |record: Option<&Record>| record.map(|record| record.sequence_number.clone());
        let arrival = |record: Option<&Record>| {
            record.map(|record| record.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        let (first, last) = (self.records.first(), self.records.last());
        json!({
            "shardId": self.stream.shard(),
            "startSequenceNumber": number(first),
            "endSequenceNumber": number(last),
            "approximateArrivalOfFirstRecord": arrival(first),
            "approximateArrivalOfLastRecord": arrival(last),
            "batchSize": self.records.len(),
            "streamArn": self.stream.arn(),
        })
    }
}

/// On AWS a function's error is an answer too, of status 200.
fn response(fault: Fault) -> Value {
    let error = match fault {
        Fault::Unhandled => Some("Unhandled"),
        Fault::Reported => None,
    };
    json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": error})
}
