//! Which functions the template has invoked with the table's stream: events of
//! the type `DynamoDB`, in SAM's words. A property that has no meaning on this
//! machine is refused, so that nothing is promised here that only AWS does.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

/// The one stream there is: the logical id of its table, and its attribute.
const STREAM: (&str, &str) = ("Table", "StreamArn");
/// In the two limits that may be absent, says that there is none.
const WITHOUT_END: i64 = -1;

/// One event source mapping: a function's reading of the table's stream.
/// `ParallelizationFactor` may be written and has no effect on this machine,
/// where the batches of a mapping go one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamMapping {
    /// Logical ids of the function and of the event, as SAM joins them.
    pub name: String,
    /// Records of one invocation, at most; 100 unless it says so.
    pub batch_size: usize,
    /// How long a batch that is not full waits for more records.
    pub batching_window: Duration,
    /// Where it begins to read when it never has.
    pub starting_position: StartingPosition,
    /// Patterns, of which a record has to match one; with none all do.
    pub filters: Vec<Value>,
    /// How often what failed is sent again before it is given up; without end
    /// if there is none.
    pub max_retries: Option<u32>,
    /// How old a record may be and still be sent; of any age if there is none.
    pub max_record_age: Option<Duration>,
    /// A batch that failed is split in two.
    pub bisect: bool,
    /// The function answers with the records that failed.
    pub reports_failures: bool,
    /// Logical id of the queue that is told of what was given up.
    pub on_failure: Option<String>,
    /// `false` if it is not to be read.
    pub enabled: bool,
}

/// Where a mapping begins to read a stream that it has never read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StartingPosition {
    /// With the oldest record that there is.
    TrimHorizon,
    /// With the first that is written from now on.
    Latest,
}

/// The properties of the event, as they are written.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    stream: Value,
    starting_position: StartingPosition,
    #[serde(default = "default_batch_size")]
    batch_size: i64,
    #[serde(default)]
    maximum_batching_window_in_seconds: i64,
    #[serde(default)]
    filter_criteria: FilterCriteria,
    #[serde(default = "without_end")]
    maximum_retry_attempts: i64,
    #[serde(default = "without_end")]
    maximum_record_age_in_seconds: i64,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    #[serde(default)]
    function_response_types: Vec<ResponseType>,
    destination_config: Option<DestinationConfig>,
    #[serde(default = "enabled")]
    enabled: bool,
    #[serde(default = "one")]
    parallelization_factor: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    #[serde(default)]
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

#[derive(Deserialize, PartialEq)]
enum ResponseType {
    ReportBatchItemFailures,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailure {
    destination: Value,
    /// SAM's word for the policy that it is to add.
    #[serde(rename = "Type")]
    _kind: Option<DestinationKind>,
}

#[derive(Deserialize)]
enum DestinationKind {
    #[serde(rename = "SQS")]
    Queue,
}

/// The stream mappings among a function's events.
pub(super) fn mappings(function: &str, properties: &Value) -> Result<Vec<StreamMapping>> {
    let events = properties.get("Events").and_then(Value::as_object).into_iter().flatten();
    events
        .filter(|(_, event)| event.get("Type").is_some_and(|it| it == "DynamoDB"))
        .map(|(name, event)| {
            let properties = event.get("Properties").unwrap_or(&Value::Null);
            mapping(format!("{function}{name}"), properties).with_context(|| format!("event {name}"))
        })
        .collect()
}

fn mapping(name: String, properties: &Value) -> Result<StreamMapping> {
    let written = Properties::deserialize(properties)?;
    ensure!(attribute(&written.stream) == Some(STREAM), "Stream is not !GetAtt Table.StreamArn");
    within("ParallelizationFactor", written.parallelization_factor, 1..=10)?;
    let window =
        within("MaximumBatchingWindowInSeconds", written.maximum_batching_window_in_seconds, 0..=300)?;
    let age = limit("MaximumRecordAgeInSeconds", written.maximum_record_age_in_seconds, 60..=604_800)?;
    let filters = written.filter_criteria.filters.iter();
    Ok(StreamMapping {
        name,
        batch_size: within("BatchSize", written.batch_size, 1..=10_000)? as usize,
        batching_window: Duration::from_secs(window.into()),
        starting_position: written.starting_position,
        filters: filters.map(pattern).collect::<Result<_>>()?,
        max_retries: limit("MaximumRetryAttempts", written.maximum_retry_attempts, 0..=10_000)?,
        max_record_age: age.map(|seconds| Duration::from_secs(seconds.into())),
        bisect: written.bisect_batch_on_function_error,
        reports_failures: !written.function_response_types.is_empty(),
        on_failure: written.destination_config.map(|config| queue(&config.on_failure)).transpose()?,
        enabled: written.enabled,
    })
}

fn within(name: &str, value: i64, range: RangeInclusive<i64>) -> Result<u32> {
    if !range.contains(&value) {
        bail!("{name} is {value} and not from {} to {}", range.start(), range.end());
    }
    u32::try_from(value).with_context(|| format!("{name} is {value}"))
}

fn limit(name: &str, value: i64, range: RangeInclusive<i64>) -> Result<Option<u32>> {
    if value == WITHOUT_END {
        return Ok(None);
    }
    within(name, value, range).map(Some)
}

fn pattern(filter: &Filter) -> Result<Value> {
    serde_json::from_str(&filter.pattern).with_context(|| format!("Pattern {} is not JSON", filter.pattern))
}

fn queue(on_failure: &OnFailure) -> Result<String> {
    match attribute(&on_failure.destination) {
        Some((queue, "Arn")) => Ok(queue.to_owned()),
        _ => bail!("Destination is not !GetAtt of a queue's Arn"),
    }
}

/// The resource and its attribute that `!GetAtt` names, in either spelling.
fn attribute(value: &Value) -> Option<(&str, &str)> {
    match value.get("Fn::GetAtt")? {
        Value::String(name) => name.split_once('.'),
        Value::Array(names) => match names.as_slice() {
            [resource, attribute] => Some((resource.as_str()?, attribute.as_str()?)),
            _ => None,
        },
        _ => None,
    }
}

fn default_batch_size() -> i64 {
    100
}

fn without_end() -> i64 {
    WITHOUT_END
}

fn enabled() -> bool {
    true
}

fn one() -> i64 {
    1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(changes: &Value) -> Result<StreamMapping> {
        let mut properties =
            json!({"Stream": {"Fn::GetAtt": "Table.StreamArn"}, "StartingPosition": "TRIM_HORIZON"});
        for (name, value) in changes.as_object().unwrap() {
            properties[name] = value.clone();
        }
        let event = json!({"Type": "DynamoDB", "Properties": properties});
        Ok(mappings("PaymentEvents", &json!({"Events": {"Inbox": event}}))?.remove(0))
    }

    fn refusal(changes: &Value) -> String {
        format!("{:#}", of(changes).unwrap_err())
    }

    #[test]
    fn a_mapping_has_awss_defaults_unless_it_says_so() {
        let expected = StreamMapping {
            name: "PaymentEventsInbox".into(),
            batch_size: 100,
            batching_window: Duration::ZERO,
            starting_position: StartingPosition::TrimHorizon,
            filters: vec![],
            max_retries: None,
            max_record_age: None,
            bisect: false,
            reports_failures: false,
            on_failure: None,
            enabled: true,
        };
        assert_eq!(of(&json!({})).unwrap(), expected);
        let spelled_out = json!({
            "Stream": {"Fn::GetAtt": ["Table", "StreamArn"]},
            "MaximumRetryAttempts": -1,
            "MaximumRecordAgeInSeconds": -1,
        });
        assert_eq!(of(&spelled_out).unwrap(), expected);
    }

    #[test]
    fn a_mapping_is_what_it_says() {
        let written = json!({
            "StartingPosition": "LATEST",
            "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": 2,
            "FilterCriteria": {"Filters": [{"Pattern": r#"{"eventName": ["INSERT"]}"#}]},
            "MaximumRetryAttempts": 5,
            "MaximumRecordAgeInSeconds": 3600,
            "BisectBatchOnFunctionError": true,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["Failed", "Arn"]}}},
            "Enabled": false,
            "ParallelizationFactor": 4,
        });
        let expected = StreamMapping {
            name: "PaymentEventsInbox".into(),
            batch_size: 10,
            batching_window: Duration::from_secs(2),
            starting_position: StartingPosition::Latest,
            filters: vec![json!({"eventName": ["INSERT"]})],
            max_retries: Some(5),
            max_record_age: Some(Duration::from_hours(1)),
            bisect: true,
            reports_failures: true,
            on_failure: Some("Failed".into()),
            enabled: false,
        };
        assert_eq!(of(&written).unwrap(), expected);
    }

    #[test]
    fn what_has_no_meaning_on_this_machine_is_named() {
        for (name, value) in [
            ("TumblingWindowInSeconds", json!(30)),
            ("KmsKeyArn", json!("arn:aws:kms:…")),
            ("Batchsize", json!(10)),
        ] {
            let said = refusal(&json!({name: value}));
            assert!(said.starts_with(&format!("event Inbox: unknown field `{name}`")), "{said}");
        }
        let said = refusal(&json!({"FunctionResponseTypes": ["ReportBatchItemSuccesses"]}));
        assert!(said.contains("ReportBatchItemSuccesses"), "{said}");
        let said = refusal(&json!({"StartingPosition": "AT_TIMESTAMP"}));
        assert!(said.contains("AT_TIMESTAMP"), "{said}");
    }

    #[test]
    fn numbers_outside_of_awss_bounds_are_named() {
        for (name, value) in [
            ("BatchSize", 0),
            ("BatchSize", 10_001),
            ("MaximumBatchingWindowInSeconds", 301),
            ("MaximumRetryAttempts", -2),
            ("MaximumRetryAttempts", 10_001),
            ("MaximumRecordAgeInSeconds", 59),
            ("ParallelizationFactor", 11),
        ] {
            let said = refusal(&json!({name: value}));
            assert!(said.starts_with(&format!("event Inbox: {name} is {value} and not from")), "{said}");
        }
    }

    #[test]
    fn only_the_tables_stream_and_a_queues_arn_are_references() {
        for stream in [json!("arn:aws:dynamodb:…"), json!({"Fn::GetAtt": "Other.StreamArn"}), json!({})] {
            let said = refusal(&json!({"Stream": stream}));
            assert_eq!(said, "event Inbox: Stream is not !GetAtt Table.StreamArn");
        }
        for destination in [json!("arn:aws:sqs:…"), json!({"Fn::GetAtt": "Failed.QueueName"})] {
            let said = refusal(&json!({"DestinationConfig": {"OnFailure": {"Destination": destination}}}));
            assert_eq!(said, "event Inbox: Destination is not !GetAtt of a queue's Arn");
        }
    }

    #[test]
    fn a_pattern_that_is_not_json_is_named() {
        let said = refusal(&json!({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}));
        assert!(said.starts_with("event Inbox: Pattern { is not JSON"), "{said}");
    }
}
