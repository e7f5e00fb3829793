//! What derived shapes do not say by themselves, or not where people and generators of
//! clients read it.

use serde_json::{Map, Value, json};

/// Completes every shape of the document.
pub(super) fn complete(document: &mut Value) {
    match document {
        Value::Object(fields) => {
            fields.values_mut().for_each(complete);
            read_as_text(fields);
            describe_field(fields);
            require_what_is_null(fields);
        }
        Value::Array(items) => items.iter_mut().for_each(complete),
        _ => {}
    }
}

/// Descriptions are the code's comments: what is a link there, is code here.
fn read_as_text(object: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.replace("[`", "`").replace("`]", "`").replace("Self::", "");
    }
}

/// What is said of a field that may be null, stands beside its forms and not in one of them.
fn describe_field(schema: &mut Map<String, Value>) {
    let Some(Value::Array(forms)) = schema.get_mut("oneOf") else { return };
    if let [Value::Object(form), null] = forms.as_mut_slice()
        && null["type"] == "null"
        && let Some(description) = form.remove("description")
    {
        schema.insert("description".to_owned(), description);
    }
}

/// A field of an answer that may be null is there all the same. What may be missing is never
/// null, and says so (`nullable = false`). Bodies of requests, which are the ones that refuse
/// unknown fields, may leave out what may be null.
fn require_what_is_null(schema: &mut Map<String, Value>) {
    let is_of_request = schema.get("additionalProperties") == Some(&json!(false));
    let Some(Value::Object(properties)) = schema.get("properties").filter(|_| !is_of_request) else { return };
    let nullable = properties.iter().filter(|(_, property)| may_be_null(property));
    let nullable: Vec<Value> = nullable.map(|(name, _)| json!(name)).collect();
    if nullable.is_empty() {
        return;
    }
    let required = schema.entry("required").or_insert_with(|| json!([]));
    required.as_array_mut().expect("required fields are a list").extend(nullable);
}

fn may_be_null(property: &Value) -> bool {
    let forms = property["oneOf"].as_array().into_iter().flatten();
    let types = forms.map(|form| &form["type"]).chain(property["type"].as_array().into_iter().flatten());
    types.into_iter().any(|name| name == "null")
}
