//! Which log lines Sentry hears of, and as what.
//!
//! Whoever has something to say says it once, by `tracing`. An error becomes an
//! event, and so does what the table's door warns of: slow calls, and retries that
//! ran out. Everything else that is said in the course of a request is a breadcrumb
//! of the events that follow. What libraries say is neither: nobody here has picked
//! their words.

use std::time::{Duration, SystemTime};

use sentry_core::Hub;
use sentry_core::protocol::SpanId;
use sentry_tracing::{BreadcrumbLayer, ErrorLayer};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, Targets, dynamic_filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::work::Work;

/// The crates whose words these are.
const OURS: [&str; 16] = [
    "api",
    "cache",
    "cache_invalidator",
    "cache_warmer",
    "carts",
    "docs",
    "health",
    "monitoring",
    "order_expirer",
    "orders",
    "payment_events",
    "products",
    "release_check",
    "store",
    "users",
    "webhooks",
];
/// The module through which every call of DynamoDB goes.
const DOOR: &str = "store::table";

/// The layers that a subscriber has where there is a Sentry.
pub(crate) fn layers<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let in_a_request = dynamic_filter_fn(|_: &Metadata<'_>, _: &_| Work::has_panicked().is_some());
    // The panic itself was reported, with its stack.
    let is_news = dynamic_filter_fn(|_: &Metadata<'_>, _: &_| Work::has_panicked() != Some(true));
    let breadcrumbs = BreadcrumbLayer::new().with_filter(breadcrumbs().and(in_a_request));
    let calls = Calls.with_filter(Targets::new().with_target(DOOR, LevelFilter::DEBUG));
    breadcrumbs.and_then(calls).and_then(ErrorLayer::new().with_filter(events().and(is_news)))
}

fn breadcrumbs() -> Targets {
    Targets::new()
        .with_targets(OURS.map(|name| (name, LevelFilter::INFO)))
        .with_target(DOOR, LevelFilter::DEBUG)
}

fn events() -> Targets {
    Targets::new()
        .with_targets(OURS.map(|name| (name, LevelFilter::ERROR)))
        .with_target(DOOR, LevelFilter::WARN)
}

/// Makes each call of DynamoDB a part of the transaction that it belongs to.
struct Calls;

impl<S: Subscriber> Layer<S> for Calls {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut call = Call::default();
        event.record(&mut call);
        if let Call { operation: Some(operation), duration_us: Some(duration) } = call {
            record(&operation, Duration::from_micros(duration));
        }
    }
}

/// Only the line of a call that has ended has both.
#[derive(Default)]
struct Call {
    operation: Option<String>,
    duration_us: Option<u64>,
}

impl Visit for Call {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "operation" {
            self.operation = Some(value.to_owned());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "duration_us" {
            self.duration_us = Some(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn record(operation: &str, duration: Duration) {
    let Some(whole) = Hub::current().configure_scope(|scope| scope.get_span()) else { return };
    let start = SystemTime::now().checked_sub(duration).unwrap_or_else(SystemTime::now);
    whole.start_child_with_details("db", operation, SpanId::default(), start).finish();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use tracing::Level;

    use super::*;

    fn crates_of(folder: &str) -> impl Iterator<Item = String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
        let names = folder.read_dir().expect("a folder").map(|entry| entry.expect("readable").file_name());
        names.map(|name| name.into_string().expect("UTF-8").replace('-', "_"))
    }

    #[test]
    fn our_crates_are_those_that_say_something() {
        let silent = ["domain", "retry"].map(str::to_owned);
        let crates = crates_of("functions").chain(crates_of("shared"));
        let speaking: BTreeSet<String> = crates.filter(|name| !silent.contains(name)).collect();
        assert_eq!(speaking, OURS.map(str::to_owned).into());
    }

    #[test]
    fn errors_of_ours_are_events_and_warnings_are_of_the_tables_door_alone() {
        for (target, level, expected) in [
            ("api::edge", Level::ERROR, true),
            ("api::edge", Level::WARN, false),
            ("store::orders", Level::WARN, false),
            ("store::table::door", Level::WARN, true),
            ("store::table::door", Level::DEBUG, false),
            ("hyper::client", Level::ERROR, false),
        ] {
            assert_eq!(events().would_enable(target, &level), expected, "{target} {level}");
        }
    }

    #[test]
    fn retries_are_breadcrumbs_and_what_libraries_say_is_not() {
        for (target, level, expected) in [
            ("store::table::transaction", Level::DEBUG, true),
            ("store::orders", Level::DEBUG, false),
            ("orders::place", Level::INFO, true),
            ("redis::client", Level::ERROR, false),
        ] {
            assert_eq!(breadcrumbs().would_enable(target, &level), expected, "{target} {level}");
        }
    }
}
