//! Log lines on standard output, which Lambda sends to CloudWatch.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::sentry;

/// Begins to log, in the format and from the level that Lambda's advanced
/// logging controls set: `AWS_LAMBDA_LOG_FORMAT` (`JSON`, else text) and
/// `AWS_LAMBDA_LOG_LEVEL` (`INFO` by default). Where there is a Sentry, it hears of
/// the same lines. A second call changes nothing.
pub(crate) fn init_logs(has_sentry: bool) {
    let json = variable("AWS_LAMBDA_LOG_FORMAT").eq_ignore_ascii_case("json");
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json {
        Box::new(fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false))
    } else {
        Box::new(fmt::layer().with_ansi(false))
    };
    let filter = filter(&variable("AWS_LAMBDA_LOG_LEVEL"));
    let subscriber = Registry::default().with(lines.with_filter(filter));
    // Only a second subscriber makes this fail, and then the first one stays.
    let _ = if has_sentry { subscriber.with(sentry::layers()).try_init() } else { subscriber.try_init() };
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Libraries below us speak up from warnings on: their own debugging would
/// drown ours, and some of it shows request contents.
fn filter(level: &str) -> Targets {
    let level = match level.to_ascii_uppercase().as_str() {
        "FATAL" => LevelFilter::ERROR, // Lambda's own, which tracing does not know
        "" => LevelFilter::INFO,
        level => level.parse().unwrap_or(LevelFilter::INFO),
    };
    let theirs = LevelFilter::WARN.min(level);
    let libraries = ["aws", "h2", "hyper", "lambda", "redis", "rustls", "tower"];
    Targets::new().with_default(level).with_targets(libraries.map(|library| (library, theirs)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn the_level_is_lambdas_and_info_when_unset() {
        for (setting, level, enabled) in [
            ("", Level::INFO, true),
            ("", Level::DEBUG, false),
            ("DEBUG", Level::DEBUG, true),
            ("warn", Level::INFO, false),
            ("FATAL", Level::ERROR, true),
            ("nonsense", Level::INFO, true),
        ] {
            assert_eq!(filter(setting).would_enable("store", &level), enabled, "{setting} {level}");
        }
    }

    #[test]
    fn libraries_never_debug() {
        assert!(!filter("TRACE").would_enable("hyper::client", &Level::DEBUG));
    }
}
