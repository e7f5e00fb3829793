//! The few CloudFormation expressions that the local stack needs: `Ref` and
//! `Sub` over parameters, pseudo-parameters and resources it knows by name.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use serde_norway::Value as Yaml;

/// What a name in an expression stands for.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: BTreeMap<String, String>,
}

impl Scope {
    pub(super) fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { values: values.into_iter().collect() }
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
            return self.evaluate(name, argument).map(Value::String);
        }
        let entries = object.iter().map(|(k, v)| Ok((k.clone(), self.resolve(v)?)));
        entries.collect::<Result<_>>().map(Value::Object)
    }

    fn evaluate(&self, name: &str, argument: &Value) -> Result<String> {
        match (name, argument) {
            ("Ref", Value::String(target)) => self.value(target).map(str::to_owned),
            ("Fn::Sub", Value::String(text)) => self.substitute(text),
            _ => bail!("{name} has no meaning on this machine"),
        }
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
    let (name, argument) = object.iter().next()?;
    let is_one = object.len() == 1 && (name == "Ref" || name.starts_with("Fn::"));
    is_one.then_some((name.as_str(), argument))
}
