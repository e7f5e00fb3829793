//! Shapes. Who writes a value says in which direction its shape may change: what callers could
//! send they still can, and what they are sent they have seen before.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Changes, map, pairs, said};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Answer,
}

impl Side {
    /// Which shape has to take all that which other one takes: first the narrow, then the wide.
    fn order<T>(self, was: T, now: T) -> (T, T) {
        match self {
            Self::Request => (was, now),
            Self::Answer => (now, was),
        }
    }
}

/// No shape at all is the same as one that takes anything.
pub(super) fn schema(changes: &mut Changes, place: &str, side: Side, was: &Value, now: &Value) {
    if was == now {
        return;
    }
    let (narrow, wide) = side.order(was, now);
    if *narrow == false || *wide == false {
        return changes.note(*wide == false, place, format!("{} → {}", said(Some(was)), said(Some(now))));
    }
    if has_alternatives(was) || has_alternatives(now) {
        return match (alternatives(was), alternatives(now)) {
            (Some(was), Some(now)) => compare_alternatives(changes, place, side, &was, &now),
            _ => changes.exact(place, was, now, &[]),
        };
    }
    required(changes, place, side, was, now);
    for (keyword, was, now) in pairs(map(was), map(now)) {
        if was != now && keyword != "required" {
            compare(changes, place, side, keyword, was, now);
        }
    }
}

fn compare(
    changes: &mut Changes,
    place: &str,
    side: Side,
    keyword: &str,
    was: Option<&Value>,
    now: Option<&Value>,
) {
    let (narrow, wide) = side.order(was, now);
    let harmless = match keyword {
        "properties" => return fields(changes, place, side, was, now),
        "items" | "additionalProperties" | "propertyNames" => {
            let (place, any) = (format!("{place}/*"), Value::Bool(true));
            return schema(changes, &place, side, was.unwrap_or(&any), now.unwrap_or(&any));
        }
        // What a value means that an answer may have is promised with it, so it does not go either.
        "enum" if side == Side::Answer => was.is_none(),
        "enum" => wide.is_none_or(|wide| narrow.is_some_and(|it| texts(it).is_subset(&texts(wide)))),
        "type" => wide.is_none_or(|wide| narrow.is_some_and(|it| types(it).is_subset(&types(wide)))),
        "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => {
            wide.is_none_or(|wide| narrow.is_some_and(|it| it.as_f64() <= wide.as_f64()))
        }
        "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => {
            wide.is_none_or(|wide| narrow.is_some_and(|it| it.as_f64() >= wide.as_f64()))
        }
        // Which of two patterns takes more nobody can say; without one more is taken.
        "pattern" | "format" | "multipleOf" | "uniqueItems" | "const" => wide.is_none(),
        _ => false,
    };
    changes.note(!harmless, place, format!("{keyword}: {} → {}", said(was), said(now)));
}

fn fields(changes: &mut Changes, shape: &str, side: Side, was: Option<&Value>, now: Option<&Value>) {
    for (name, was, now) in pairs(map(was.unwrap_or(&Value::Null)), map(now.unwrap_or(&Value::Null))) {
        let place = format!("{shape}/{name}");
        match (was, now) {
            (Some(was), Some(now)) => schema(changes, &place, side, was, now),
            (Some(_), None) => changes.breaks(&place, "the field is gone"),
            // Whether it is asked for, `required` says.
            _ => changes.adds(&place, "a new field"),
        }
    }
}

fn required(changes: &mut Changes, shape: &str, side: Side, was: &Value, now: &Value) {
    let (before, after) = (texts(&was["required"]), texts(&now["required"]));
    let has = |shape: &Value, name: &str| shape["properties"].get(name).is_some();
    for name in before.symmetric_difference(&after) {
        let (field, now_required) = (name.trim_matches('"'), after.contains(name));
        // Of a field that is gone enough is said.
        if now_required || has(now, field) || !has(was, field) {
            changes.needed(&format!("{shape}/{field}"), side, now_required);
        }
    }
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(Value::to_string).collect()
}

/// One type, or several. An integer is a number, too.
fn types(value: &Value) -> BTreeSet<&str> {
    let listed = value.as_array().into_iter().flatten();
    let mut types: BTreeSet<&str> = listed.chain([value]).filter_map(Value::as_str).collect();
    if types.contains("number") {
        types.insert("integer");
    }
    types
}

fn has_alternatives(shape: &Value) -> bool {
    shape.get("oneOf").or(shape.get("anyOf")).is_some()
}

/// A shape without alternatives is its only one. None where more is said beside them, which
/// then has to stay.
fn alternatives(shape: &Value) -> Option<Vec<&Value>> {
    if !has_alternatives(shape) {
        return Some(vec![shape]);
    }
    let list = shape.get("oneOf").or(shape.get("anyOf"))?.as_array()?;
    (map(shape).len() == 1).then(|| list.iter().collect())
}

/// Each that is narrow fits one that is wide.
fn compare_alternatives(changes: &mut Changes, place: &str, side: Side, was: &[&Value], now: &[&Value]) {
    let (narrow, wide) = side.order(was, now);
    let mut fitted = BTreeSet::new();
    for (index, shape) in narrow.iter().enumerate() {
        let tries: Vec<Changes> = wide.iter().map(|wide| tried(place, side, shape, wide)).collect();
        let fits = |at: &usize| tries[*at].0.iter().all(|change| !change.breaks);
        // Where nothing fits, what stands in the same place is meant, most likely.
        let at = (index..tries.len()).chain(0..index.min(tries.len())).find(fits).unwrap_or(index);
        fitted.insert(at);
        match tries.into_iter().nth(at) {
            Some(found) => changes.0.extend(found.0),
            None => changes.breaks(place, format!("fits no alternative: {}", said(Some(shape)))),
        }
    }
    for (_, shape) in wide.iter().enumerate().filter(|(at, _)| !fitted.contains(at)) {
        let (breaks, what) = match side {
            Side::Request => (false, "a new alternative"),
            Side::Answer => (shape["type"] != "null", "an alternative is gone"),
        };
        changes.note(breaks, place, format!("{what}: {}", said(Some(shape))));
    }
}

fn tried(place: &str, side: Side, narrow: &Value, wide: &Value) -> Changes {
    let mut changes = Changes::default();
    let (was, now) = side.order(narrow, wide);
    schema(&mut changes, place, side, was, now);
    changes
}
