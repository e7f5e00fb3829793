//! One record of the stream, as a function will see it.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::template::REGION;

/// A record that may be sent to a function.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// 21 digits, in the order of the writes.
    pub(super) sequence_number: String,
    /// When the item was written, to the second.
    pub(super) created: Timestamp,
    /// What Lambda puts into the event.
    pub(super) payload: Value,
    /// Bytes of the payload as JSON.
    pub(super) bytes: usize,
}

impl Record {
    /// From a record of `GetRecords`: Lambda adds the stream's ARN, and the
    /// region is the template's and not the embedded server's.
    pub(super) fn new(mut payload: Value, stream_arn: &str) -> Result<Self> {
        payload["awsRegion"] = REGION.into();
        payload["eventSourceARN"] = stream_arn.into();
        let change = &payload["dynamodb"];
        let sequence_number = change["SequenceNumber"].as_str().context("a record has no SequenceNumber")?;
        Ok(Self {
            sequence_number: sequence_number.to_owned(),
            created: time(&change["ApproximateCreationDateTime"])?,
            bytes: serde_json::to_vec(&payload)?.len(),
            payload,
        })
    }

    /// Whether it was written longer ago than this.
    pub(super) fn is_older_than(&self, age: SignedDuration, now: Timestamp) -> bool {
        now.duration_since(self.created) > age
    }
}

/// Seconds since 1970, as a number with or without a fraction.
fn time(seconds: &Value) -> Result<Timestamp> {
    let seconds = seconds.as_f64().context("a record has no ApproximateCreationDateTime")?;
    let since = SignedDuration::try_from_secs_f64(seconds).context("a record's time is none")?;
    Timestamp::from_duration(since).context("a record's time is none")
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A record with this number, 1970 its time.
    pub(in crate::streams) fn numbered(number: usize) -> Record {
        let change = json!({"SequenceNumber": format!("1{number:020}"), "ApproximateCreationDateTime": 0.0});
        Record::new(json!({"awsRegion": "elsewhere", "dynamodb": change}), "arn:of:stream").unwrap()
    }

    #[test]
    fn a_function_sees_the_region_and_the_stream() {
        let record = numbered(7);
        assert_eq!(record.payload["awsRegion"], REGION);
        assert_eq!(record.payload["eventSourceARN"], "arn:of:stream");
        assert_eq!(record.sequence_number, "100000000000000000007");
        assert_eq!(record.bytes, record.payload.to_string().len());
    }

    #[test]
    fn an_age_is_counted_from_the_write() {
        let (record, minute) = (numbered(7), SignedDuration::from_mins(1));
        assert!(!record.is_older_than(minute, Timestamp::from_second(60).unwrap()));
        assert!(record.is_older_than(minute, Timestamp::from_second(61).unwrap()));
    }
}
