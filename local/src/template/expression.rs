//! The few CloudFormation expressions that the local stack needs: `Ref` and
//! `Sub` over parameters, pseudo-parameters and resources it knows by name, and `If`
//! over the template's conditions.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use serde_norway::Value as Yaml;

/// What a name in an expression stands for.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: BTreeMap<String, String>,
    conditions: Map<String, Value>,
}

impl Scope {
    pub(super) fn new(
        values: impl IntoIterator<Item = (String, String)>,
        conditions: Map<String, Value>,
    ) -> Self {
        Self { values: values.into_iter().collect(), conditions }
    }

    /// The same scope in which `name` means `value`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// The value with every expression in it replaced by what it means.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value> {
        match value {
            Value::Object(object) => self.object(object),
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            plain => Ok(plain.clone()),
        }
    }

    fn object(&self, object: &Map<String, Value>) -> Result<Value> {
        if let Some((name, argument)) = expression(object) {
            return self.evaluate(name, argument);
        }
        let entries = object.iter().map(|(k, v)| Ok((k.clone(), self.resolve(v)?)));
        entries.collect::<Result<_>>().map(Value::Object)
    }

    fn evaluate(&self, name: &str, argument: &Value) -> Result<Value> {
        match (name, argument) {
            ("Ref", Value::String(target)) => Ok(self.value(target)?.into()),
            ("Fn::Sub", Value::String(text)) => Ok(self.substitute(text)?.into()),
            ("Fn::If", Value::Array(choice)) => self.choose(choice),
            _ => bail!("{name} has no meaning on this machine"),
        }
    }

    /// Only what is chosen has to mean something here.
    fn choose(&self, choice: &[Value]) -> Result<Value> {
        let [Value::String(condition), yes, no] = choice else {
            bail!("Fn::If takes a condition's name and two values");
        };
        self.resolve(if self.condition(condition)? { yes } else { no })
    }

    fn condition(&self, name: &str) -> Result<bool> {
        let written = self.conditions.get(name).with_context(|| format!("there is no condition {name}"))?;
        self.holds(written)
    }

    fn holds(&self, written: &Value) -> Result<bool> {
        let (name, argument) = written.as_object().and_then(only).context("a condition is one function")?;
        match (name, argument, argument.as_array().map(Vec::as_slice)) {
            ("Condition", Value::String(name), _) => self.condition(name),
            ("Fn::Equals", _, Some([one, other])) => Ok(self.resolve(one)? == self.resolve(other)?),
            ("Fn::Not", _, Some([negated])) => Ok(!self.holds(negated)?),
            ("Fn::And", _, Some(all)) => self.all_hold(all),
            _ => bail!("{name} has no meaning in a condition on this machine"),
        }
    }

    fn all_hold(&self, all: &[Value]) -> Result<bool> {
        all.iter().try_fold(true, |so_far, one| Ok(so_far && self.holds(one)?))
    }

    fn value(&self, name: &str) -> Result<&str> {
        self.values
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("{name} has no value on this machine"))
    }

    fn substitute(&self, text: &str) -> Result<String> {
        let mut parts = text.split("${");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').context("${ without a }")?;
            result.push_str(self.value(name)?);
            result.push_str(rest);
        }
        Ok(result)
    }
}

/// YAML with short tags (`!Ref x`) as JSON in the long form (`{"Ref": x}`).
pub(super) fn to_json(yaml: Yaml) -> Result<Value> {
    Ok(match yaml {
        Yaml::Mapping(mapping) => mapping.into_iter().map(entry).collect::<Result<_>>()?,
        Yaml::Sequence(items) => items.into_iter().map(to_json).collect::<Result<_>>()?,
        Yaml::Tagged(tagged) => {
            let name = long_form(&tagged.tag.to_string());
            Value::Object(Map::from_iter([(name, to_json(tagged.value)?)]))
        }
        plain => serde_json::to_value(plain)?,
    })
}

/// A value as the text of an environment variable.
pub(super) fn text(value: &Value) -> Result<String> {
    scalar(value).with_context(|| format!("{value} is no text"))
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn entry((key, value): (Yaml, Yaml)) -> Result<(String, Value)> {
    let Yaml::String(key) = key else {
        bail!("a key is no text: {key:?}");
    };
    Ok((key, to_json(value)?))
}

fn long_form(tag: &str) -> String {
    match tag.trim_start_matches('!') {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    }
}

fn expression(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    only(object).filter(|(name, _)| *name == "Ref" || name.starts_with("Fn::"))
}

fn only(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next()?;
    (object.len() == 1).then_some((name.as_str(), argument))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope(cache: &str) -> Scope {
        let conditions = json!({
            "IsShared": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Cache"}, "none"]}]},
            "IsOurs": {"Fn::And": [{"Condition": "IsShared"}, {"Fn::Equals": [{"Ref": "Cache"}, "ours"]}]},
            "IsOdd": {"Fn::FindInMap": ["a", "b", "c"]},
        });
        let Value::Object(conditions) = conditions else { unreachable!("it is written as one") };
        Scope::new([("Cache".to_owned(), cache.to_owned())], conditions)
    }

    #[test]
    fn a_choice_is_made_by_a_condition_and_the_rest_of_it_need_not_mean_anything() {
        let choice = json!({"Fn::If": ["IsOurs", {"Fn::GetAtt": "Ours.Address"}, {"Ref": "Cache"}]});
        for cache in ["none", "theirs"] {
            assert_eq!(scope(cache).resolve(&choice).unwrap(), cache);
        }
        assert!(scope("ours").resolve(&choice).is_err());
    }

    #[test]
    fn a_condition_that_is_not_there_or_means_nothing_here_is_named() {
        for (name, said) in [("IsNew", "there is no condition IsNew"), ("IsOdd", "Fn::FindInMap")] {
            let error = scope("none").resolve(&json!({"Fn::If": [name, "a", "b"]})).unwrap_err();
            assert!(error.to_string().starts_with(said), "{error}");
        }
    }
}
