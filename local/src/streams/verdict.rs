//! What came of sending a batch, by the rules of Lambda's
//! `ReportBatchItemFailures`.

use serde_json::Value;

use super::record::Record;

/// What came of an invocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Every record is done with.
    Delivered,
    /// The records before this index are done with, at least one; the others
    /// have to come again.
    DeliveredBefore(usize),
    /// No record is done with.
    Failed(Fault),
    /// The function has not seen them.
    NotInvoked,
}

/// How a batch failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// The function failed, died or ran out of time.
    Unhandled,
    /// The function answered that its first record failed, or in a way that
    /// fails the whole batch.
    Reported,
}

/// What a function says that reports which records failed: the first of them
/// is the checkpoint, whatever came of those behind it. A failure of what is
/// no record of the batch fails the batch.
pub(super) fn reported(answer: &Value, batch: &[Record]) -> Verdict {
    let failures = match &answer["batchItemFailures"] {
        Value::Null => return Verdict::Delivered,
        Value::Array(failures) => failures,
        _ => return Verdict::Failed(Fault::Reported),
    };
    let place = |failure: &Value| {
        let number = failure["itemIdentifier"].as_str()?;
        batch.iter().position(|record| record.sequence_number == number)
    };
    // None if one of them is in no place.
    let places: Option<Vec<usize>> = failures.iter().map(place).collect();
    match places.map(|places| places.into_iter().min()) {
        Some(None) => Verdict::Delivered,
        Some(Some(first)) if first > 0 => Verdict::DeliveredBefore(first),
        Some(Some(_)) | None => Verdict::Failed(Fault::Reported),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::record::tests::numbered;
    use super::*;

    fn batch() -> Vec<Record> {
        (0..4).map(numbered).collect()
    }

    fn failing(numbers: &[usize]) -> Value {
        let failure = |&number: &usize| json!({"itemIdentifier": numbered(number).sequence_number});
        json!({"batchItemFailures": numbers.iter().map(failure).collect::<Value>()})
    }

    #[test]
    fn no_failures_are_success_in_all_its_spellings() {
        for answer in
            [json!(null), json!({}), json!({"batchItemFailures": null}), json!({"batchItemFailures": []})]
        {
            assert_eq!(reported(&answer, &batch()), Verdict::Delivered, "{answer}");
        }
    }

    #[test]
    fn the_first_failure_in_the_stream_is_the_checkpoint() {
        assert_eq!(reported(&failing(&[3, 1, 2]), &batch()), Verdict::DeliveredBefore(1));
        assert_eq!(reported(&failing(&[3]), &batch()), Verdict::DeliveredBefore(3));
        assert_eq!(reported(&failing(&[2, 0]), &batch()), Verdict::Failed(Fault::Reported));
    }

    #[test]
    fn a_failure_of_no_record_fails_the_batch() {
        let known = numbered(2).sequence_number;
        for failures in [
            json!([{"itemIdentifier": ""}]),
            json!([{"itemIdentifier": null}]),
            json!([{"itemidentifier": known}]),
            json!([{"itemIdentifier": known}, {"itemIdentifier": "200000000000000000000"}]),
            json!([known]),
            json!("all"),
        ] {
            let answer = json!({"batchItemFailures": failures});
            assert_eq!(reported(&answer, &batch()), Verdict::Failed(Fault::Reported), "{answer}");
        }
    }
}
