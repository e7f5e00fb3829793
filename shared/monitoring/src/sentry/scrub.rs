//! What of an event is sent.
//!
//! An event is put together anew from what it may hold, so that whatever a library
//! adds to it one day stays here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sentry_core::Breadcrumb;
use sentry_core::protocol::{Context, Event, Exception, Map, Value};

use super::mask::masked;

/// Where the layer keeps the fields of a log line.
const FIELDS: &str = "Rust Tracing Fields";
/// Where it keeps the line's place in the code.
pub(super) const PLACE: &str = "Rust Tracing Location";
/// The context that ties events and transactions together.
const TRACE: &str = "trace";

/// Fields of log lines that are sent. Ids of users and keys of items are not among them.
const KEPT: [&str; 16] = [
    "attempt",
    "attempts",
    "cause",
    "duration_ms",
    "duration_us",
    "error",
    "expired",
    "failed",
    "list",
    "operation",
    "reason",
    "records",
    "retries",
    "shard",
    "skipped",
    "status",
];
/// Fields that hold an error, as a text.
const CAUSES: [&str; 2] = ["cause", "error"];

/// The event as it is sent.
pub(super) fn event(event: Event<'static>) -> Event<'static> {
    let mut contexts = event.contexts;
    let mut fields = fields_of(&mut contexts);
    let causes = CAUSES.into_iter().filter_map(|name| fields.remove(name)).collect::<Vec<_>>();
    let mut exceptions: Vec<_> = event.exception.values.into_iter().map(exception).collect();
    exceptions
        .extend(causes.iter().filter_map(Value::as_str).map(|cause| caused(event.message.as_deref(), cause)));
    let fingerprint = fingerprint(&fields, event.transaction.as_deref());
    contexts.retain(|name, _| name == TRACE || name == PLACE);
    contexts.extend((!fields.is_empty()).then(|| (FIELDS.to_owned(), Context::Other(fields))));
    Event {
        event_id: event.event_id,
        level: event.level,
        fingerprint,
        transaction: event.transaction,
        message: event.message.as_deref().map(masked),
        logger: event.logger,
        platform: event.platform,
        timestamp: event.timestamp,
        release: event.release,
        environment: event.environment,
        contexts,
        breadcrumbs: event.breadcrumbs.values.into_iter().map(breadcrumb).collect::<Vec<_>>().into(),
        exception: exceptions.into(),
        tags: event.tags,
        debug_meta: event.debug_meta,
        sdk: event.sdk,
        ..Event::default()
    }
}

fn fields_of(contexts: &mut BTreeMap<String, Context>) -> Map<String, Value> {
    match contexts.remove(FIELDS) {
        Some(Context::Other(fields)) => kept(fields),
        _ => Map::new(),
    }
}

fn kept(fields: Map<String, Value>) -> Map<String, Value> {
    let kept = fields.into_iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
    kept.filter_map(|(name, value)| Some((name, plain(value)?))).collect()
}

/// Numbers say how much and how long; words are masked; nothing else is sent.
fn plain(value: Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(masked(&text).into()),
        Value::Array(texts) => Some(texts.iter().filter_map(Value::as_str).map(masked).collect()),
        Value::Number(_) | Value::Bool(_) => Some(value),
        Value::Null | Value::Object(_) => None,
    }
}

/// A failure is told by what failed it, which is a text by then.
fn caused(what: Option<&str>, cause: &str) -> Exception {
    Exception {
        ty: what.unwrap_or("error").to_owned(),
        value: Some(cause.to_owned()),
        ..Exception::default()
    }
}

fn exception(exception: Exception) -> Exception {
    let is_name = exception.ty.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '<' | '>'));
    Exception {
        ty: if is_name { exception.ty } else { "error".to_owned() },
        value: exception.value.as_deref().map(masked),
        module: exception.module,
        stacktrace: exception.stacktrace,
        mechanism: exception.mechanism,
        ..Exception::default()
    }
}

fn breadcrumb(breadcrumb: Breadcrumb) -> Breadcrumb {
    Breadcrumb {
        message: breadcrumb.message.as_deref().map(masked),
        data: kept(breadcrumb.data),
        timestamp: breadcrumb.timestamp,
        category: breadcrumb.category,
        level: breadcrumb.level,
        ..Breadcrumb::default()
    }
}

/// What fails alike on different routes, or in different calls, is not the same.
fn fingerprint(fields: &Map<String, Value>, transaction: Option<&str>) -> Cow<'static, [Cow<'static, str>]> {
    let operation = fields.get("operation").and_then(Value::as_str);
    let parts = [Some("{{ default }}"), operation, transaction].into_iter().flatten();
    parts.map(|part| Cow::Owned(part.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use sentry_core::protocol::{Request, User};

    use super::*;

    fn sent(event: Event<'static>) -> String {
        serde_json::to_string(&super::event(event)).expect("plain JSON")
    }

    fn with_fields(fields: &[(&str, Value)]) -> Event<'static> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut event = Event { message: Some("request failed".to_owned()), ..Event::default() };
        event.contexts.insert(FIELDS.to_owned(), Context::Other(fields));
        event
    }

    #[test]
    fn what_is_not_picked_is_not_sent() {
        let mut event = with_fields(&[("item", "USER#planted".into()), ("user", "planted".into())]);
        event.server_name = Some("planted".into());
        event.user = Some(User { id: Some("planted".to_owned()), ..User::default() });
        event.request = Some(Request { query_string: Some("planted".to_owned()), ..Request::default() });
        event.extra.insert("body".to_owned(), "planted".into());
        event.modules.insert("planted".to_owned(), "1".to_owned());
        event
            .contexts
            .insert("device".to_owned(), Context::Other([("name".to_owned(), "planted".into())].into()));
        assert!(!sent(event).contains("planted"));
    }

    #[test]
    fn what_is_picked_is_masked() {
        let fields = [("cause", "no \"planted\" here".into()), ("reason", "planted@example.com".into())];
        let mut event = with_fields(&fields);
        event.breadcrumbs.values.push(Breadcrumb {
            message: Some("of planted@example.com".to_owned()),
            data: [("operation".to_owned(), "'planted'".into()), ("path".to_owned(), "/planted".into())]
                .into(),
            ..Breadcrumb::default()
        });
        let named = Exception {
            ty: "\"planted\"".to_owned(),
            value: Some("`planted`".to_owned()),
            ..Exception::default()
        };
        event.exception.values.push(named);
        assert!(!sent(event).contains("planted"));
    }

    #[test]
    fn a_cause_is_what_the_event_is_about() {
        let event =
            super::event(with_fields(&[("cause", "read product failed".into()), ("status", 503.into())]));
        let exception = event.exception.values.first().expect("one");
        assert_eq!(
            (exception.ty.as_str(), exception.value.as_deref()),
            ("request failed", Some("read product failed"))
        );
        assert!(matches!(&event.contexts[FIELDS], Context::Other(fields) if fields["status"] == 503));
    }

    #[test]
    fn operations_and_routes_are_told_apart() {
        let mut event = with_fields(&[("operation", "read product".into())]);
        event.transaction = Some("GET /api/products/{id}".to_owned());
        assert_eq!(
            super::event(event).fingerprint.as_ref(),
            ["{{ default }}", "read product", "GET /api/products/{id}"]
        );
    }
}
