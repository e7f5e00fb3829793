//! What one value of a record has to be.

use std::cmp::Ordering;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A condition on one leaf of a record.
#[derive(Debug)]
pub(super) enum Condition {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    Exists(bool),
    AnythingBut(Vec<Condition>),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Condition {
    pub(super) fn parse(condition: &Value) -> Result<Self> {
        let Value::Object(object) = condition else {
            return equals(condition);
        };
        let mut operators = object.iter();
        let (Some((operator, operand)), None) = (operators.next(), operators.next()) else {
            bail!("{condition} is not one condition");
        };
        Self::of_operator(operator, operand).with_context(|| operator.clone())
    }

    fn of_operator(operator: &str, operand: &Value) -> Result<Self> {
        Ok(match operator {
            "prefix" => Self::Prefix(text(operand)?),
            "suffix" => Self::Suffix(text(operand)?),
            "equals-ignore-case" => Self::EqualsIgnoreCase(text(operand)?.to_lowercase()),
            "exists" => Self::Exists(operand.as_bool().context("it is true or false")?),
            "anything-but" => Self::AnythingBut(exceptions(operand)?),
            "numeric" => Self::Numeric(comparisons(operand)?),
            _ => bail!("such a condition has no meaning on this machine"),
        })
    }

    /// Whether the leaf meets it; none is what is not there.
    pub(super) fn is_met(&self, leaf: Option<&Value>) -> bool {
        match (self, leaf) {
            (Self::Exists(exists), leaf) => *exists == leaf.is_some(),
            (_, None) => false,
            (Self::Equals(value), Some(leaf)) => is_equal(value, leaf),
            (Self::EqualsIgnoreCase(value), Some(leaf)) => {
                leaf.as_str().is_some_and(|leaf| leaf.to_lowercase() == *value)
            }
            (Self::Prefix(prefix), Some(leaf)) => leaf.as_str().is_some_and(|leaf| leaf.starts_with(prefix)),
            (Self::Suffix(suffix), Some(leaf)) => leaf.as_str().is_some_and(|leaf| leaf.ends_with(suffix)),
            (Self::AnythingBut(exceptions), leaf) => !exceptions.iter().any(|it| it.is_met(leaf)),
            (Self::Numeric(comparisons), Some(leaf)) => leaf.as_f64().is_some_and(|leaf| {
                comparisons.iter().all(|(comparison, number)| comparison.holds(leaf, *number))
            }),
        }
    }
}

impl Comparison {
    fn parse(sign: &Value) -> Result<Self> {
        Ok(match sign.as_str() {
            Some("<") => Self::Less,
            Some("<=") => Self::AtMost,
            Some("=") => Self::Equal,
            Some(">=") => Self::AtLeast,
            Some(">") => Self::More,
            _ => bail!("{sign} compares no numbers"),
        })
    }

    fn holds(self, left: f64, right: f64) -> bool {
        let Some(order) = left.partial_cmp(&right) else {
            return false;
        };
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::AtLeast => order.is_ge(),
            Self::More => order.is_gt(),
        }
    }
}

fn equals(value: &Value) -> Result<Condition> {
    ensure!(!value.is_array() && !value.is_object(), "{value} is no single value");
    Ok(Condition::Equals(value.clone()))
}

/// Numbers by their value: 5 and 5.0 are one.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.partial_cmp(&other) == Some(Ordering::Equal),
        _ => one == other,
    }
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("{value} is no text"))
}

/// A value, several, or a prefix.
fn exceptions(operand: &Value) -> Result<Vec<Condition>> {
    match operand {
        Value::Array(values) => {
            ensure!(!values.is_empty(), "it excepts nothing");
            values.iter().map(equals).collect()
        }
        Value::Object(object) => {
            ensure!(object.len() == 1 && object.contains_key("prefix"), "{operand} is no prefix");
            Ok(vec![Condition::parse(operand)?])
        }
        value => Ok(vec![equals(value)?]),
    }
}

/// One or two pairs of a sign and a number.
fn comparisons(operand: &Value) -> Result<Vec<(Comparison, f64)>> {
    let parts = operand.as_array().context("it is a list of signs and numbers")?;
    ensure!(matches!(parts.len(), 2 | 4), "{operand} is not one or two comparisons");
    let comparison = |pair: &[Value]| {
        let number = pair[1].as_f64().with_context(|| format!("{} is no number", pair[1]))?;
        Ok((Comparison::parse(&pair[0])?, number))
    };
    parts.chunks_exact(2).map(comparison).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Of these leaves, those that meet the condition.
    fn met(condition: &Value, leaves: &[Value]) -> Vec<Value> {
        let condition = Condition::parse(condition).unwrap();
        leaves.iter().filter(|leaf| condition.is_met(Some(leaf))).cloned().collect()
    }

    fn is_met_by_none(condition: &Value) -> bool {
        Condition::parse(condition).unwrap().is_met(None)
    }

    #[test]
    fn values_are_equal_with_their_type() {
        let leaves = [json!("5"), json!(5), json!(5.0), json!(true), json!(null), json!("true")];
        assert_eq!(met(&json!("5"), &leaves), [json!("5")]);
        assert_eq!(met(&json!(5), &leaves), [json!(5), json!(5.0)]);
        assert_eq!(met(&json!(true), &leaves), [json!(true)]);
        assert_eq!(met(&json!(null), &leaves), [json!(null)]);
    }

    #[test]
    fn texts_have_beginnings_ends_and_cases() {
        let leaves = [json!("ORDER#1"), json!("order#1"), json!("CART#1"), json!(1)];
        assert_eq!(met(&json!({"prefix": "ORDER#"}), &leaves), [json!("ORDER#1")]);
        assert_eq!(met(&json!({"suffix": "T#1"}), &leaves), [json!("CART#1")]);
        assert_eq!(met(&json!({"equals-ignore-case": "Order#1"}), &leaves), leaves[..2]);
    }

    #[test]
    fn anything_but_is_there_and_is_something_else() {
        let leaves = [json!("a"), json!("ab"), json!("b"), json!(7)];
        assert_eq!(met(&json!({"anything-but": "a"}), &leaves), leaves[1..]);
        assert_eq!(met(&json!({"anything-but": ["a", 7]}), &leaves), leaves[1..3]);
        assert_eq!(met(&json!({"anything-but": {"prefix": "a"}}), &leaves), leaves[2..]);
        assert!(!is_met_by_none(&json!({"anything-but": "a"})));
    }

    #[test]
    fn what_is_not_there_meets_only_that() {
        assert!(is_met_by_none(&json!({"exists": false})));
        assert!(!is_met_by_none(&json!({"exists": true})));
        assert!(!is_met_by_none(&json!(null)));
        assert_eq!(met(&json!({"exists": false}), &[json!(0)]), [] as [Value; 0]);
        assert_eq!(met(&json!({"exists": true}), &[json!(null)]), [json!(null)]);
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let leaves = [json!(9), json!(10), json!(10.5), json!(11), json!("10")];
        for (signs, expected) in [
            (json!(["<", 10]), &leaves[..1]),
            (json!(["<=", 10]), &leaves[..2]),
            (json!(["=", 10]), &leaves[1..2]),
            (json!([">=", 10]), &leaves[1..4]),
            (json!([">", 10, "<", 11]), &leaves[2..3]),
        ] {
            assert_eq!(met(&json!({"numeric": signs.clone()}), &leaves), expected, "{signs}");
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        for condition in [
            json!([1]),
            json!({}),
            json!({"prefix": "a", "suffix": "b"}),
            json!({"prefix": 1}),
            json!({"prefix": {"equals-ignore-case": "a"}}),
            json!({"exists": "yes"}),
            json!({"anything-but": []}),
            json!({"anything-but": {"suffix": "a"}}),
            json!({"anything-but": {"prefix": "a", "suffix": "b"}}),
            json!({"numeric": ["<"]}),
            json!({"numeric": ["!=", 1]}),
            json!({"numeric": ["<", "1"]}),
            json!({"cidr": "10.0.0.0/24"}),
        ] {
            assert!(Condition::parse(&condition).is_err(), "{condition}");
        }
    }
}
