//! Between our types and the table's attribute maps.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::Key;

/// One item as DynamoDB knows it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A value as an item under its key. What is absent gets no attribute, so that
/// conditions can ask whether an attribute exists.
pub(crate) fn to_item<T: Serialize>(key: Key, value: &T) -> Item {
    let mut item: Item = serde_dynamo::to_item(value).expect("our types are maps of plain values");
    item.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    item.extend(to_key(key));
    item
}

/// A key as an item.
pub(crate) fn to_key(key: Key) -> Item {
    [("pk", key.pk), ("sk", key.sk)].map(|(name, part)| (name.to_owned(), AttributeValue::S(part))).into()
}

/// The key of an item.
///
/// # Errors
/// [`Error::Corrupt`] when it has none.
pub(crate) fn key_of(kind: &'static str, item: &Item) -> Result<Key> {
    Ok(Key { pk: text(kind, item, "pk")?.to_owned(), sk: text(kind, item, "sk")?.to_owned() })
}

/// The value that an item holds.
///
/// # Errors
/// [`Error::Corrupt`] when it holds something else.
pub(crate) fn from_item<T: DeserializeOwned>(kind: &'static str, item: Item) -> Result<T> {
    serde_dynamo::from_item(item).map_err(|error| Error::corrupt(kind, error))
}

/// A text attribute that every item of the kind has.
///
/// # Errors
/// [`Error::Corrupt`] when the item has none.
pub(crate) fn text<'a>(kind: &'static str, item: &'a Item, name: &'static str) -> Result<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(Error::corrupt(kind, format!("no text attribute {name}"))),
    }
}
