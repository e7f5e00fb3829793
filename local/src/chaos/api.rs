//! The shop's API as one caller has it, who sends again what was not answered.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use http::{Method, StatusCode};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::meter::Meter;
use crate::client::{Answer, Patience, is_passing};

/// Longer than the gate lets anyone wait.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);

/// One caller's way to the API.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    url: Arc<str>,
    token: Arc<str>,
    meter: Meter,
}

/// A request, to be sent as often as it takes.
pub(super) struct Ask {
    what: &'static str,
    request: RequestBuilder,
}

/// How a request ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// The status that decided it; none if nothing did.
    pub(super) status: Option<StatusCode>,
    body: Value,
    /// Whether some sending of it ended without a decision, and may yet have
    /// been carried out.
    pub(super) unclear: bool,
}

impl Api {
    pub(super) fn new(url: &str, token: &str, meter: &Meter) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build()?;
        Ok(Self { http, url: url.into(), token: token.into(), meter: meter.clone() })
    }

    /// Something to ask, counted under this name.
    pub(super) fn ask(&self, what: &'static str, method: Method, path: &str) -> Ask {
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        Ask { what, request }
    }

    pub(super) async fn get(&self, what: &'static str, path: &str) -> End {
        self.send(&self.ask(what, Method::GET, path)).await
    }

    /// Sends it until it is decided or patience ends.
    pub(super) async fn send(&self, ask: &Ask) -> End {
        let (start, troubled) = (Instant::now(), self.meter.is_troubled());
        let (mut patience, mut retries) = (Patience::new(), 0);
        let answer = loop {
            let request = ask.request.try_clone().expect("a body of JSON is in memory");
            let answer = Answer::to(request).await;
            let Some(wait) = patience.before_repeating(&answer) else { break answer };
            retries += 1;
            sleep(spread(wait)).await;
        };
        self.meter.took(troubled, start.elapsed(), retries);
        let end = End::of(answer.ok(), retries);
        self.meter.count(ask.what, end.name());
        end
    }
}

impl Ask {
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }
}

impl End {
    fn of(answer: Option<Answer>, retries: u32) -> Self {
        let decided = answer.filter(|answer| !is_passing(answer.status));
        let body = decided.as_ref().map(|answer| serde_json::from_slice(&answer.body));
        Self {
            unclear: retries > 0 || decided.is_none(),
            status: decided.map(|answer| answer.status),
            body: body.and_then(Result::ok).unwrap_or_default(),
        }
    }

    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status == Some(status)
    }

    /// What kind of problem it was refused with (RFC 9457), if it was.
    pub(super) fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default()
    }

    /// A field of the answer.
    pub(super) fn field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.body[name].clone()).ok()
    }

    /// How it ended, for people.
    pub(super) fn name(&self) -> String {
        match self.status {
            None => "undecided".to_owned(),
            Some(status) if status.is_success() => status.as_str().to_owned(),
            Some(status) => format!("{} {}", status.as_str(), self.problem()).trim_end().to_owned(),
        }
    }
}

/// Up to half as long again: those who were sent away together do not come
/// back together.
fn spread(wait: Duration) -> Duration {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    wait + Duration::from_millis(fastrand::u64(0..=millis / 2))
}
