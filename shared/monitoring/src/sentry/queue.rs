//! What waits to be sent, until nobody waits for anything else.
//!
//! Bounded in number and bytes, so that a Sentry that is gone costs a little memory
//! and the events it misses. Sending is a job of the queue for after the response,
//! on whose time it runs, and never a thread of its own, which a freeze would catch
//! midway. A Sentry that does not answer is left alone for a while, longer each time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sentry_core::protocol::EnvelopeItem;
use sentry_core::types::Dsn;
use sentry_core::{Envelope, Transport};
use tokio::time::timeout;

use super::limits::{Kind, Limits};
use super::sink::Sink;
use crate::after_response::{AfterResponse, Importance};

/// Envelopes that wait at most.
const ROOM: usize = 32;
/// Their bytes.
const BYTES: usize = 512 * 1024;
/// How long one may take: with a new connection, on a tenth of a processor.
const EACH: Duration = Duration::from_millis(800);
/// How long a Sentry that did not answer is left alone; doubled each time, up to the second.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Envelopes on their way. It is the client's transport.
pub(super) struct Queue {
    me: Weak<Self>,
    sink: Sink,
    after: AfterResponse,
    state: Mutex<State>,
    is_scheduled: Arc<AtomicBool>,
    lost: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Parcel>,
    bytes: usize,
    limits: Limits,
    failures: u32,
    pause: Option<Instant>,
    lost_unsaid: u64,
}

struct Parcel {
    kind: Kind,
    envelope: Bytes,
}

impl Queue {
    pub(super) fn new(dsn: &Dsn, after: &AfterResponse) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            sink: Sink::new(dsn),
            after: after.clone(),
            state: Mutex::default(),
            is_scheduled: Arc::default(),
            lost: AtomicU64::new(0),
        })
    }

    fn has_any(&self) -> bool {
        self.with(|state| !state.waiting.is_empty())
    }

    /// Envelopes that were lost since this was asked last.
    pub(super) fn take_losses(&self) -> u64 {
        // What a drain had no time for, or a pause held back, has no event to remind of it.
        if self.has_any() {
            self.schedule();
        }
        self.lost.swap(0, Ordering::Relaxed)
    }

    /// Sends all that waits, until there is nothing left or nobody listens.
    pub(super) async fn send_all(&self) {
        let mut connection = None;
        while let Some(parcel) = self.next() {
            let envelope = parcel.envelope.clone();
            let on_the_way = OnTheWay { queue: self, parcel: Some(parcel) };
            let sent = timeout(EACH, self.sink.send(&mut connection, envelope)).await;
            on_the_way.has_ended();
            if let Ok(Ok((status, headers))) = sent {
                self.with(|state| state.failures = 0);
                self.with(|state| state.limits.note(status, &headers, Instant::now()));
                self.lose(u64::from(!status.is_success()));
            } else {
                self.lose(1);
                self.with(State::pause);
            }
        }
        let lost = self.with(|state| std::mem::take(&mut state.lost_unsaid));
        if lost > 0 {
            tracing::warn!(lost, "Sentry did not get all that it should have heard");
        }
    }

    fn lose(&self, envelopes: u64) {
        self.lost.fetch_add(envelopes, Ordering::Relaxed);
        self.with(|state| state.lost_unsaid += envelopes);
    }

    /// The next one that may be sent; what Sentry does not want is let go.
    fn next(&self) -> Option<Parcel> {
        let (now, mut unwanted) = (Instant::now(), 0);
        let next = self.with(|state| {
            if state.pause.is_some_and(|end| now < end) {
                return None;
            }
            while let Some(parcel) = state.waiting.pop_front() {
                state.bytes -= parcel.envelope.len();
                if state.limits.allow(parcel.kind, now) {
                    return Some(parcel);
                }
                unwanted += 1;
            }
            None
        });
        self.lose(unwanted);
        next
    }

    /// Puts it into the queue, if there is room.
    fn keep(&self, parcel: Parcel) -> bool {
        self.with(|state| {
            let has_room = state.waiting.len() < ROOM && state.bytes + parcel.envelope.len() <= BYTES;
            if has_room {
                state.bytes += parcel.envelope.len();
                state.waiting.push_back(parcel);
            }
            has_room
        })
    }

    fn schedule(&self) {
        if self.is_scheduled.swap(true, Ordering::AcqRel) {
            return;
        }
        let (queue, ticket) = (self.me.clone(), Ticket(Arc::clone(&self.is_scheduled)));
        self.after.push(Importance::Errors, async move {
            drop(ticket);
            if let Some(queue) = queue.upgrade() {
                queue.send_all().await;
            }
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for Queue {
    /// Called in the middle of a log line: it must say nothing itself.
    fn send_envelope(&self, envelope: Envelope) {
        let Some(parcel) = Parcel::of(&envelope) else { return };
        if self.keep(parcel) {
            self.schedule();
        } else {
            self.lose(1);
        }
    }
}

impl Parcel {
    /// Events and transactions are all that is ever sent.
    fn of(envelope: &Envelope) -> Option<Self> {
        let kind = envelope.items().find_map(|item| match item {
            EnvelopeItem::Event(_) => Some(Kind::Error),
            EnvelopeItem::Transaction(_) => Some(Kind::Transaction),
            _ => None,
        })?;
        let mut bytes = Vec::new();
        envelope.to_writer(&mut bytes).ok()?;
        Some(Self { kind, envelope: bytes.into() })
    }
}

/// That a job is queued; also when it is dropped before it runs.
struct Ticket(Arc<AtomicBool>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// An envelope that is being sent. If that is cut off, because the time after a response
/// is over, it waits for the next one: Sentry has done nothing wrong. It takes an event
/// once, by its id.
struct OnTheWay<'a> {
    queue: &'a Queue,
    parcel: Option<Parcel>,
}

impl OnTheWay<'_> {
    fn has_ended(mut self) {
        self.parcel = None;
    }
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        if let Some(parcel) = self.parcel.take() {
            self.queue.with(|state| state.put_back(parcel));
        }
    }
}

impl State {
    fn put_back(&mut self, parcel: Parcel) {
        self.bytes += parcel.envelope.len();
        self.waiting.push_front(parcel);
    }

    fn pause(&mut self) {
        let pause = PAUSE.0.saturating_mul(2_u32.saturating_pow(self.failures)).min(PAUSE.1);
        self.failures = self.failures.saturating_add(1);
        self.pause = Some(Instant::now() + pause);
    }
}

#[cfg(test)]
mod tests {
    use sentry_core::protocol::Event;

    use super::*;

    /// Nobody listens there.
    fn gone(after: &AfterResponse) -> Arc<Queue> {
        Queue::new(&"http://key@127.0.0.1:9/42".parse().expect("a DSN"), after)
    }

    fn event(length: usize) -> Envelope {
        Event { message: Some("x".repeat(length)), ..Event::default() }.into()
    }

    #[tokio::test]
    async fn a_sentry_that_is_gone_costs_bounded_memory() {
        let (after, big) = (AfterResponse::default(), BYTES / 4);
        let queue = gone(&after);
        for length in [0; 10 * ROOM].into_iter().chain([big; 10]) {
            queue.send_envelope(event(length));
        }
        assert_eq!(queue.with(|state| state.waiting.len()), ROOM);
        assert_eq!(queue.take_losses(), 9 * ROOM as u64 + 10);
        let queue = gone(&after);
        (0..10).for_each(|_| queue.send_envelope(event(big)));
        assert!(queue.with(|state| state.bytes) <= BYTES);
        assert_eq!(queue.take_losses(), 7, "three fit, with what stands around their text");
    }

    #[tokio::test]
    async fn one_that_is_gone_loses_one_and_is_left_alone() {
        let after = AfterResponse::default();
        let queue = gone(&after);
        (0..3).for_each(|_| queue.send_envelope(event(0)));
        after.start(Duration::from_secs(10));
        after.idle().await;
        assert_eq!((queue.take_losses(), queue.with(|state| state.waiting.len())), (1, 2));
    }

    #[tokio::test]
    async fn what_is_cut_off_waits_for_the_next_time() {
        // It lets anybody connect, and reads nothing.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let dsn = format!("http://key@{}/42", listener.local_addr().expect("bound"));
        let after = AfterResponse::default();
        let queue = Queue::new(&dsn.parse().expect("a DSN"), &after);
        queue.send_envelope(event(0));
        after.start(EACH / 8);
        after.idle().await;
        assert_eq!((queue.take_losses(), queue.with(|state| state.waiting.len())), (0, 1));
        after.start(2 * EACH);
        after.idle().await;
        assert_eq!((queue.take_losses(), queue.with(|state| state.waiting.len())), (1, 0));
    }

    #[test]
    fn pauses_grow_up_to_a_minute() {
        let (mut state, mut longest) = (State::default(), Duration::ZERO);
        for _ in 0..40 {
            state.pause();
            let pause = state.pause.expect("one").saturating_duration_since(Instant::now());
            assert!(pause <= PAUSE.1);
            longest = longest.max(pause);
        }
        assert!(longest > PAUSE.1 / 2);
    }
}
