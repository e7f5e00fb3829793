//! Which records a mapping wants: Lambda's event filtering over the record as
//! the function would see it. An attribute's number is a text in it (`{"N":
//! "5"}`), so that numeric conditions fit only what DynamoDB itself counts.
//!
//! A condition looks at leaves alone, as on AWS: what has fields of its own
//! does not "exist".

mod condition;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use self::condition::Condition;

/// Patterns of which a record has to match one; it matches if there are none.
#[derive(Debug)]
pub(super) struct Filters(Vec<Pattern>);

#[derive(Debug)]
enum Pattern {
    /// The value has to match all of these.
    All(Vec<Clause>),
    /// The value has to meet one of these.
    AnyOf(Vec<Condition>),
}

#[derive(Debug)]
enum Clause {
    Field(String, Pattern),
    Or(Vec<Pattern>),
}

impl Filters {
    pub(super) fn parse(patterns: &[Value]) -> Result<Self> {
        let parse = |pattern: &Value| {
            ensure!(pattern.is_object(), "it is no object");
            Pattern::parse(pattern)
        };
        let named = |pattern| parse(pattern).with_context(|| format!("filter {pattern}"));
        patterns.iter().map(named).collect::<Result<_>>().map(Self)
    }

    pub(super) fn pass(&self, record: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(Some(record)))
    }
}

impl Pattern {
    fn parse(pattern: &Value) -> Result<Self> {
        match pattern {
            Value::Object(fields) => {
                ensure!(!fields.is_empty(), "an object without fields matches nothing");
                let clauses = fields.iter().map(|(name, value)| Clause::parse(name, value));
                clauses.collect::<Result<_>>().map(Self::All)
            }
            Value::Array(conditions) => {
                ensure!(!conditions.is_empty(), "a list without conditions matches nothing");
                conditions.iter().map(Condition::parse).collect::<Result<_>>().map(Self::AnyOf)
            }
            other => anyhow::bail!("{other} stands in no list"),
        }
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        if let Some(Value::Array(elements)) = value {
            return elements.iter().any(|element| self.matches(Some(element)));
        }
        match self {
            Self::All(clauses) => clauses.iter().all(|clause| clause.matches(value)),
            Self::AnyOf(conditions) => {
                let leaf = value.filter(|value| !value.is_object());
                conditions.iter().any(|condition| condition.is_met(leaf))
            }
        }
    }
}

impl Clause {
    fn parse(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Array(patterns) if name == "$or" => {
                ensure!(patterns.len() > 1, "$or has one alternative");
                patterns.iter().map(Pattern::parse).collect::<Result<_>>().map(Self::Or)
            }
            _ => {
                let pattern = Pattern::parse(value).with_context(|| name.to_owned())?;
                Ok(Self::Field(name.to_owned(), pattern))
            }
        }
    }

    fn matches(&self, object: Option<&Value>) -> bool {
        match self {
            Self::Field(name, pattern) => pattern.matches(object.and_then(|object| object.get(name))),
            Self::Or(patterns) => patterns.iter().any(|pattern| pattern.matches(object)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inbox() -> Value {
        json!({
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": {"pk": {"S": "WEBHOOK#stripe#evt_1"}, "sk": {"S": "EVENT"}},
                "NewImage": {"kinds": {"SS": ["paid", "refunded"]}, "tries": {"N": "5"}, "done": {"BOOL": false}},
                "SizeBytes": 120,
            },
            "userIdentity": null,
        })
    }

    fn passes(patterns: &[Value]) -> bool {
        Filters::parse(patterns).unwrap().pass(&inbox())
    }

    #[test]
    fn without_a_filter_every_record_passes() {
        assert!(passes(&[]));
    }

    #[test]
    fn one_filter_of_several_is_enough() {
        let (yes, no) = (json!({"eventName": ["INSERT"]}), json!({"eventName": ["REMOVE"]}));
        assert!(passes(&[no.clone(), yes]));
        assert!(!passes(&[no.clone(), no]));
    }

    #[test]
    fn all_fields_have_to_match_and_one_condition_of_each() {
        let pattern =
            |event: &str, key: Value| json!({"eventName": [event, "MODIFY"], "dynamodb": {"Keys": key}});
        let webhook = json!({"pk": {"S": [{"prefix": "WEBHOOK#"}]}});
        assert!(passes(&[pattern("INSERT", webhook.clone())]));
        assert!(!passes(&[pattern("REMOVE", webhook)]));
        assert!(!passes(&[pattern("INSERT", json!({"pk": {"S": [{"prefix": "ORDER#"}]}}))]));
    }

    #[test]
    fn a_list_matches_by_any_of_its_elements() {
        let kinds = |kind: &str| json!({"dynamodb": {"NewImage": {"kinds": {"SS": [kind]}}}});
        assert!(passes(&[kinds("refunded")]));
        assert!(!passes(&[kinds("disputed")]));
    }

    #[test]
    fn only_leaves_exist() {
        let image = |field: Value| json!({"dynamodb": {"NewImage": field}});
        assert!(passes(&[image(json!({"tries": {"N": [{"exists": true}]}}))]));
        assert!(passes(&[image(json!({"applied": {"S": [{"exists": false}]}}))]));
        assert!(!passes(&[image(json!({"tries": [{"exists": true}]}))]), "it has fields");
        assert!(passes(&[json!({"dynamodb": {"OldImage": {"pk": {"S": [{"exists": false}]}}}})]));
    }

    #[test]
    fn an_or_takes_one_of_its_alternatives_beside_the_other_fields() {
        let either = |event: &str, size: u32| {
            json!({
                "eventName": [event],
                "$or": [{"userIdentity": ["x"]}, {"dynamodb": {"SizeBytes": [{"numeric": [">", size]}]}}],
            })
        };
        assert!(passes(&[either("INSERT", 100)]));
        assert!(!passes(&[either("INSERT", 200)]));
        assert!(!passes(&[either("REMOVE", 100)]));
    }

    #[test]
    fn what_has_no_meaning_is_refused_by_its_name() {
        for (pattern, word) in [
            (json!("INSERT"), "no object"),
            (json!(["INSERT"]), "no object"),
            (json!({}), "without fields"),
            (json!({"eventName": "INSERT"}), "eventName: \"INSERT\" stands in no list"),
            (json!({"eventName": []}), "without conditions"),
            (json!({"dynamodb": {"Keys": {}}}), "dynamodb: Keys: an object without fields"),
            (json!({"eventName": [{"wildcard": "IN*"}]}), "wildcard"),
            (json!({"$or": [{"eventName": ["INSERT"]}]}), "$or"),
        ] {
            let said = format!("{:#}", Filters::parse(std::slice::from_ref(&pattern)).unwrap_err());
            assert!(said.contains(word) && said.starts_with(&format!("filter {pattern}")), "{said}");
        }
    }
}
