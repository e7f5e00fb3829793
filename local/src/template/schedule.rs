//! When the template has a function invoked by the clock: events of the types
//! `ScheduleV2` (EventBridge Scheduler) and `Schedule` (a rule of EventBridge).
//! Of the expressions, `rate(…)` alone has a meaning on this machine.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ACCOUNT, REGION, STACK_NAME};

/// One schedule of one function.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Logical ids of the function and of the event, as SAM joins them.
    pub name: String,
    /// From one invocation to the next.
    pub every: Duration,
    /// `false` if its state is `DISABLED`.
    pub enabled: bool,
    /// What the function is given; AWS's own event if there is none.
    pub input: Option<Value>,
    /// What AWS would have it run by.
    pub source: Source,
}

/// The service behind a schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// EventBridge Scheduler.
    Scheduler,
    /// A rule of EventBridge.
    Rule,
}

impl Schedule {
    /// What the function is invoked with at this time.
    pub fn payload(&self, time: Timestamp) -> Value {
        self.input.clone().unwrap_or_else(|| self.event(time))
    }

    /// As AWS sends it: the Scheduler's detail is a text.
    fn event(&self, time: Timestamp) -> Value {
        let name = &self.name;
        let (service, resource, detail) = match self.source {
            Source::Scheduler => ("scheduler", format!("schedule/default/{name}"), json!("{}")),
            Source::Rule => ("events", format!("rule/{STACK_NAME}-{name}"), json!({})),
        };
        json!({
            "version": "0",
            "id": uuid::Uuid::new_v4().to_string(),
            "detail-type": "Scheduled Event",
            "source": format!("aws.{service}"),
            "account": ACCOUNT,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": REGION,
            "resources": [format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")],
            "detail": detail,
        })
    }
}

/// The schedules among a function's events.
pub(super) fn schedules(function: &str, properties: &Value) -> Result<Vec<Schedule>> {
    let events = properties.get("Events").and_then(Value::as_object).into_iter().flatten();
    events
        .filter_map(|(name, event)| Some((name, event, source(event)?)))
        .map(|(name, event, source)| {
            let properties = event.get("Properties").unwrap_or(&Value::Null);
            schedule(format!("{function}{name}"), properties, source).with_context(|| format!("event {name}"))
        })
        .collect()
}

fn source(event: &Value) -> Option<Source> {
    match event.get("Type")?.as_str()? {
        "ScheduleV2" => Some(Source::Scheduler),
        "Schedule" => Some(Source::Rule),
        _ => None,
    }
}

fn schedule(name: String, properties: &Value, source: Source) -> Result<Schedule> {
    let expression = match source {
        Source::Scheduler => "ScheduleExpression",
        Source::Rule => "Schedule",
    };
    let expression = properties[expression].as_str().with_context(|| format!("{expression} is missing"))?;
    Ok(Schedule {
        name,
        every: interval(expression)?,
        enabled: is_enabled(properties)?,
        input: input(properties)?,
        source,
    })
}

/// `rate(5 minutes)` and its like.
fn interval(expression: &str) -> Result<Duration> {
    let rate = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let (value, unit) = rate
        .and_then(|rate| rate.trim().split_once(' '))
        .with_context(|| format!("{expression} has no meaning on this machine, rate(1 minute) has"))?;
    let value: u64 = value.parse().with_context(|| format!("{expression}: no whole number"))?;
    ensure!(value > 0, "{expression}: a rate is at least 1");
    Ok(match unit.trim() {
        "minute" | "minutes" => Duration::from_mins(value),
        "hour" | "hours" => Duration::from_hours(value),
        "day" | "days" => Duration::from_hours(24 * value),
        _ => bail!("{expression}: a rate is in minutes, hours or days"),
    })
}

/// Said by `State`, or in a rule also by `Enabled`.
fn is_enabled(properties: &Value) -> Result<bool> {
    match (&properties["State"], &properties["Enabled"]) {
        (Value::Null, Value::Null) => Ok(true),
        (Value::Null, Value::Bool(enabled)) => Ok(*enabled),
        (Value::String(state), Value::Null) if state == "ENABLED" => Ok(true),
        (Value::String(state), Value::Null) if state == "DISABLED" => Ok(false),
        _ => bail!("State is ENABLED or DISABLED, or Enabled is true or false"),
    }
}

fn input(properties: &Value) -> Result<Option<Value>> {
    match &properties["Input"] {
        Value::Null => Ok(None),
        Value::String(text) => serde_json::from_str(text).context("Input is not JSON").map(Some),
        _ => bail!("Input is a text with JSON in it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: &Value) -> Result<Schedule> {
        Ok(schedules("Sweeper", &json!({"Events": {"Tick": event}}))?.remove(0))
    }

    fn scheduled(properties: &Value) -> Result<Schedule> {
        of(&json!({"Type": "ScheduleV2", "Properties": properties}))
    }

    #[test]
    fn a_schedule_is_enabled_and_has_no_input_unless_it_says_so() {
        let minutely = scheduled(&json!({"ScheduleExpression": "rate(1 minute)"})).unwrap();
        let expected = Schedule {
            name: "SweeperTick".into(),
            every: Duration::from_mins(1),
            enabled: true,
            input: None,
            source: Source::Scheduler,
        };
        assert_eq!(minutely, expected);
    }

    #[test]
    fn rates_are_in_minutes_hours_or_days() {
        for (rate, minutes) in [
            ("rate(5 minutes)", 5),
            ("rate(1 hour)", 60),
            ("rate(2 hours)", 120),
            ("rate(1 day)", 24 * 60),
            ("rate(3 days)", 3 * 24 * 60),
        ] {
            assert_eq!(interval(rate).unwrap(), Duration::from_mins(minutes), "{rate}");
        }
    }

    #[test]
    fn what_aws_or_this_machine_cannot_do_is_refused() {
        for expression in [
            "cron(0 * * * ? *)",
            "rate(10 seconds)",
            "rate(0 minutes)",
            "rate(minute)",
            "rate(1.5 hours)",
            "",
        ] {
            assert!(interval(expression).is_err(), "{expression}");
        }
        for properties in [
            json!({}),
            json!({"ScheduleExpression": "rate(1 day)", "State": "PAUSED"}),
            json!({"ScheduleExpression": "rate(1 day)", "Input": "{"}),
        ] {
            assert!(scheduled(&properties).is_err(), "{properties}");
        }
    }

    #[test]
    fn a_rule_has_other_words_for_it() {
        let properties = json!({"Schedule": "rate(1 day)", "Enabled": false});
        let daily = of(&json!({"Type": "Schedule", "Properties": properties})).unwrap();
        assert_eq!((daily.source, daily.enabled), (Source::Rule, false));
    }

    #[test]
    fn an_input_is_the_whole_payload() {
        let properties =
            json!({"ScheduleExpression": "rate(1 day)", "State": "DISABLED", "Input": r#"{"limit": 5}"#});
        let schedule = scheduled(&properties).unwrap();
        assert!(!schedule.enabled);
        assert_eq!(schedule.payload(Timestamp::UNIX_EPOCH), json!({"limit": 5}));
    }

    #[test]
    fn without_an_input_the_payload_is_awss_own_event() {
        let mut schedule = scheduled(&json!({"ScheduleExpression": "rate(1 minute)"})).unwrap();
        let mut event = schedule.payload("2026-11-23T06:55:37.966Z".parse().unwrap());
        event["id"] = Value::Null;
        let expected = json!({
            "version": "0",
            "id": null,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": "123456789012",
            "time": "2026-11-23T06:55:37Z",
            "region": "eu-west-1",
            "resources": ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/SweeperTick"],
            "detail": "{}",
        });
        assert_eq!(event, expected);

        schedule.source = Source::Rule;
        let event = schedule.payload(Timestamp::UNIX_EPOCH);
        assert_eq!(event["source"], "aws.events");
        assert_eq!(event["detail"], json!({}));
        let rule = "arn:aws:events:eu-west-1:123456789012:rule/storefront-SweeperTick";
        assert_eq!(event["resources"], json!([rule]));
    }
}
