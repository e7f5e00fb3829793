//! The writes of a transaction, and what must hold for them.

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::Version;
use jiff::Timestamp;

use crate::item::{Item, to_key};
use crate::keys::Key;

/// One write of a transaction, with its condition.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    /// Puts an item where its condition holds.
    Put(Item, Condition),
    /// Deletes an item, there or not.
    Delete(Key),
    /// Changes attributes of an item where its condition holds.
    Update(Key, Expression, Condition),
    /// Writes nothing and holds the transaction to a condition.
    Check(Key, Condition),
}

/// An expression with the values that it names.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    text: &'static str,
    values: Vec<(&'static str, AttributeValue)>,
}

/// What must hold of the item that stands there now. If it does not, the refusal
/// carries that item where the caller wants to know ([`Self::telling`]).
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    expression: Expression,
    telling: bool,
}

impl Expression {
    pub(crate) const fn new(text: &'static str, values: Vec<(&'static str, AttributeValue)>) -> Self {
        Self { text, values }
    }
}

impl Condition {
    /// Anything goes.
    pub(crate) const NONE: Self = Self::plain("");
    /// There is no item.
    pub(crate) const ABSENT: Self = Self::plain("attribute_not_exists(pk)");
    /// There is an item.
    pub(crate) const PRESENT: Self = Self::plain("attribute_exists(pk)");
    /// There is an item, in the catalogue.
    pub(crate) const LISTED: Self = Self::plain("attribute_exists(pk) AND attribute_not_exists(archived_at)");

    const fn plain(text: &'static str) -> Self {
        Self::of(Expression::new(text, Vec::new()))
    }

    const fn of(expression: Expression) -> Self {
        Self { expression, telling: false }
    }

    /// The item has this version.
    pub(crate) fn version(version: Version) -> Self {
        Self::of(Expression::new("version = :seen", vec![(":seen", number(&version))]))
    }

    /// There is no item, or one whose time is over: the table's TTL deletes
    /// within days, not at the second (AWS: "Using time to live").
    pub(crate) fn absent_or_expired(now: Timestamp) -> Self {
        let text = "attribute_not_exists(pk) OR expires_at <= :now";
        Self::of(Expression::new(text, vec![(":now", number(&now.as_second()))]))
    }

    /// There is an event about which nothing is decided, or that has failed.
    pub(crate) fn undecided() -> Self {
        let text = "attribute_exists(pk) AND (attribute_not_exists(outcome) OR outcome = :failed)";
        Self::of(Expression::new(text, vec![(":failed", AttributeValue::S("failed".to_owned()))]))
    }

    /// At least so many pieces are available, of a product that is still sold.
    pub(crate) fn sellable(pieces: i64) -> Self {
        let text = "available >= :pieces AND attribute_not_exists(archived_at)";
        Self::of(Expression::new(text, vec![(":pieces", number(&pieces))]))
    }

    /// The same, and a refusal brings the item that does not meet it.
    pub(crate) fn telling(self) -> Self {
        Self { telling: true, ..self }
    }

    fn text(&self) -> Option<String> {
        let text = self.expression.text;
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn returns(&self) -> Option<ReturnValuesOnConditionCheckFailure> {
        self.telling.then_some(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// A number as the table has it.
pub(crate) fn number(number: &impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Values as a request has them; DynamoDB refuses an empty map of them.
fn named(values: impl IntoIterator<Item = (&'static str, AttributeValue)>) -> Option<Item> {
    let values: Item = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (!values.is_empty()).then_some(values)
}

impl Write {
    pub(crate) fn on(self, table: &str) -> TransactWriteItem {
        match self {
            Self::Put(item, condition) => put(table, item, condition),
            Self::Delete(key) => delete(table, key),
            Self::Update(key, change, condition) => update(table, key, change, condition),
            Self::Check(key, condition) => check(table, key, condition),
        }
    }
}

const WHOLE: &str = "table, key and expressions are set";

fn put(table: &str, item: Item, condition: Condition) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .set_condition_expression(condition.text())
        .set_return_values_on_condition_check_failure(condition.returns())
        .set_expression_attribute_values(named(condition.expression.values));
    TransactWriteItem::builder().put(put.build().expect(WHOLE)).build()
}

fn delete(table: &str, key: Key) -> TransactWriteItem {
    let delete = aws_sdk_dynamodb::types::Delete::builder().table_name(table).set_key(Some(to_key(key)));
    TransactWriteItem::builder().delete(delete.build().expect(WHOLE)).build()
}

fn update(table: &str, key: Key, change: Expression, condition: Condition) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(to_key(key)))
        .update_expression(change.text)
        .set_condition_expression(condition.text())
        .set_return_values_on_condition_check_failure(condition.returns())
        .set_expression_attribute_values(named(change.values.into_iter().chain(condition.expression.values)));
    TransactWriteItem::builder().update(update.build().expect(WHOLE)).build()
}

fn check(table: &str, key: Key, condition: Condition) -> TransactWriteItem {
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(to_key(key)))
        .set_condition_expression(condition.text())
        .set_return_values_on_condition_check_failure(condition.returns())
        .set_expression_attribute_values(named(condition.expression.values));
    TransactWriteItem::builder().condition_check(check.build().expect(WHOLE)).build()
}
