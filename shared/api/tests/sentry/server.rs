//! A Sentry that takes envelopes, refuses them, or says nothing. It reads them by
//! the format's description (Sentry: "Envelopes"), with none of the client's code.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::platform::AT_LAST;

/// What it does with an envelope.
#[derive(Clone, Debug)]
pub(crate) enum Conduct {
    Answer(u16, Vec<(&'static str, &'static str)>),
    Hang,
}

pub(crate) const TAKE: Conduct = Conduct::Answer(200, Vec::new());

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// Kind and content of what was in it.
    pub(crate) items: Vec<(String, Value)>,
    /// All of it.
    pub(crate) text: String,
}

#[derive(Clone)]
pub(crate) struct Sentry {
    address: SocketAddr,
    conduct: Arc<Mutex<Conduct>>,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
}

impl Sentry {
    pub(crate) async fn start(conduct: Conduct) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sentry = Self { address, conduct: Arc::new(Mutex::new(conduct)), deliveries: Arc::default() };
        let routes = Router::new().fallback(take).with_state(sentry.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        sentry
    }

    pub(crate) fn dsn(&self) -> String {
        format!("http://key@{}/42", self.address)
    }

    pub(crate) fn behave(&self, conduct: Conduct) {
        *self.conduct.lock().unwrap() = conduct;
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries.lock().unwrap().clone()
    }

    /// What came, once it is this much.
    pub(crate) async fn at_least(&self, number: usize) -> Vec<Delivery> {
        let reached = async {
            while self.deliveries().len() < number {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(AT_LAST, reached).await.expect("Sentry hears of it");
        self.deliveries()
    }

    /// The next thing that comes, of which there is one.
    pub(crate) async fn first(&self) -> Delivery {
        self.at_least(1).await.remove(0)
    }
}

impl Delivery {
    /// The event in it.
    pub(crate) fn event(&self) -> &Value {
        self.item("event").expect("an event")
    }

    pub(crate) fn item(&self, kind: &str) -> Option<&Value> {
        self.items.iter().find(|(is, _)| is == kind).map(|(_, content)| content)
    }

    /// The text of its first exception.
    pub(crate) fn cause(&self) -> &str {
        self.event()["exception"]["values"][0]["value"].as_str().unwrap_or_default()
    }

    /// The texts of its breadcrumbs.
    pub(crate) fn breadcrumbs(&self) -> Vec<&str> {
        let crumbs = self.event()["breadcrumbs"]["values"].as_array();
        crumbs.into_iter().flatten().filter_map(|crumb| crumb["message"].as_str()).collect()
    }

    /// Nothing of what was planted is in it, in no part.
    pub(crate) fn has_no_secret(&self) {
        assert!(!self.text.contains("planted"), "{}", self.text);
        assert!(!self.text.contains("203.0.113.7"), "{}", self.text);
    }
}

async fn take(State(sentry): State<Sentry>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let (at, path, items) = (Instant::now(), uri.path().to_owned(), items(&text));
    sentry.deliveries.lock().unwrap().push(Delivery { at, path, headers, items, text });
    let conduct = sentry.conduct.lock().unwrap().clone();
    match conduct {
        Conduct::Hang => std::future::pending().await,
        Conduct::Answer(status, headers) => {
            let headers = headers
                .into_iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            (StatusCode::from_u16(status).unwrap(), headers.collect::<HeaderMap>()).into_response()
        }
    }
}

/// A line for the envelope, then for each item one that says its kind and length.
fn items(envelope: &str) -> Vec<(String, Value)> {
    let (head, mut rest) = envelope.split_once('\n').expect("a head");
    assert!(serde_json::from_str::<Value>(head).unwrap().is_object());
    let mut items = Vec::new();
    while let Some((head, after)) = rest.split_once('\n') {
        let head: Value = serde_json::from_str(head).unwrap();
        let (content, after) = match head["length"].as_u64() {
            Some(length) => after.split_at(usize::try_from(length).unwrap()),
            None => after.split_once('\n').unwrap_or((after, "")),
        };
        items.push((head["type"].as_str().unwrap().to_owned(), serde_json::from_str(content).unwrap()));
        rest = after.trim_start_matches('\n');
    }
    items
}
