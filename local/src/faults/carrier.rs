//! One call's way through the proxy.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::sleep;

use super::batch;
use super::call::Call;
use super::control::{Faults, Treatment};
use super::counts::Exchange;
use super::refusal::{Reason, Refusal};
use super::rule::{Fault, Position};
use super::torn;
use super::transactions::Hold;
use super::upstream::Upstream;

/// What carries calls to the server and back.
#[derive(Debug)]
pub(super) struct Carrier {
    upstream: Upstream,
    faults: Faults,
    key_schema: Vec<String>,
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
pub(super) struct NoAnswer;

enum Outcome {
    Answer(Response<Bytes>),
    Close,
    Hang,
}

impl Carrier {
    pub(super) fn new(endpoint: &str, faults: Faults) -> Result<Self> {
        Ok(Self { upstream: Upstream::new(endpoint)?, key_schema: faults.key_schema(), faults })
    }

    /// A call goes on by itself once begun: on AWS too, a write that its caller
    /// has given up may still happen.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, NoAnswer> {
        let _in_flight = self.faults.enter();
        let call = Call::read(request).await.map_err(|_hung_up| NoAnswer)?;
        let carried = tokio::spawn(async move { self.carry(call).await });
        match carried.await {
            Ok(Outcome::Answer(answer)) => Ok(answer.map(Full::new)),
            Ok(Outcome::Hang) => match std::future::pending::<Infallible>().await {},
            Ok(Outcome::Close) | Err(_) => Err(NoAnswer),
        }
    }

    async fn carry(&self, call: Call) -> Outcome {
        let treatment = self.faults.treat(&call);
        let (operation, request) = (call.operation.clone(), call.body.clone());
        let outcome = self.treated(call, treatment).await;
        self.faults.record(|| Exchange { operation, request, response: outcome.seen() });
        outcome
    }

    async fn treated(&self, call: Call, treatment: Treatment) -> Outcome {
        let fault = treatment.fault;
        if let Some(refusal) = fault.and_then(|fault| self.refused(&call, fault, &treatment)) {
            return Outcome::Answer(refusal.answer());
        }
        if let Some(Fault::Delay(time)) = fault {
            sleep(time).await;
        }
        let answer = match self.carried_out(call, treatment).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!("DynamoDB gave the fault proxy no answer: {error:#}");
                return Outcome::Close;
            }
        };
        match fault {
            Some(Fault::ErrorAfter) => Outcome::Answer(Refusal::InternalError.answer()),
            Some(Fault::LostReply) => Outcome::Close,
            Some(Fault::NoReply) => Outcome::Hang,
            Some(Fault::Unseen(sort_key)) => Outcome::Answer(torn::without(sort_key, answer)),
            _ => Outcome::Answer(answer),
        }
    }

    /// The answer to a call that does not reach the server.
    fn refused(&self, call: &Call, fault: Fault, treatment: &Treatment) -> Option<Refusal> {
        let cancelled = |position, reason| {
            let items = call.keys(&self.key_schema).len();
            Refusal::Cancelled(blaming(position, reason, items, treatment.random.clone()))
        };
        match fault {
            Fault::Conflict(_) if call.is_single_write() => Some(Refusal::Conflict),
            Fault::Conflict(position) => Some(cancelled(position, Reason::Conflict)),
            Fault::CancelledByThrottling(position) => Some(cancelled(position, Reason::Throttling)),
            Fault::InProgress => Some(Refusal::InProgress),
            Fault::Throttled => Some(Refusal::Throttled),
            Fault::ThroughputExceeded => Some(Refusal::ThroughputExceeded),
            Fault::ErrorBefore => Some(Refusal::InternalError),
            Fault::ErrorAfter
            | Fault::Delay(_)
            | Fault::LostReply
            | Fault::NoReply
            | Fault::PartOfKeys(_)
            | Fault::Unseen(_) => None,
        }
    }

    async fn carried_out(&self, call: Call, treatment: Treatment) -> Result<Response<Bytes>> {
        let _hold = match self.begun(&call, &treatment).await {
            Ok(hold) => hold,
            Err(refusal) => return Ok(refusal.answer()),
        };
        if let Some(late_index) = treatment.late_index.as_ref().filter(|_| call.reads_index()) {
            return late_index.answer(call).await;
        }
        if let Some(Fault::PartOfKeys(keys)) = treatment.fault {
            return self.part_of_keys(call, keys, treatment.random).await;
        }
        self.forwarded(call, treatment).await
    }

    /// Where transactions conflict, the call's own begins and lasts.
    async fn begun(&self, call: &Call, treatment: &Treatment) -> Result<Option<Hold>, Refusal> {
        let (Some(lasting), Some(transactions)) = (treatment.lasting, &treatment.transactions) else {
            return Ok(None);
        };
        let hold = transactions.enter(call, &self.key_schema);
        let hold = hold.inspect_err(|_refusal| self.faults.count_conflict())?;
        if hold.is_some() {
            sleep(lasting).await;
        }
        Ok(hold)
    }

    async fn part_of_keys(
        &self,
        mut call: Call,
        keys: usize,
        mut random: fastrand::Rng,
    ) -> Result<Response<Bytes>> {
        let part = batch::part(&call.body, keys, &mut random);
        call.body = part.request.clone();
        call.parts.headers.remove(http::header::CONTENT_LENGTH);
        Ok(part.complete(self.upstream.forward(call).await?))
    }

    async fn forwarded(&self, call: Call, treatment: Treatment) -> Result<Response<Bytes>> {
        let Some(transactions) = treatment.transactions else {
            return self.upstream.forward(call).await;
        };
        let answer = self.upstream.forward(call.clone()).await?;
        if answer.status().is_success() {
            transactions.note(&call);
            if let Some(late_index) = treatment.late_index.filter(|_| call.is_write()) {
                late_index.follow(call.keys(&self.key_schema)).await;
            }
        }
        Ok(answer)
    }
}

impl Outcome {
    fn seen(&self) -> Option<(http::StatusCode, Bytes)> {
        match self {
            Self::Answer(answer) => Some((answer.status(), answer.body().clone())),
            Self::Close | Self::Hang => None,
        }
    }
}

fn blaming(position: Position, reason: Reason, items: usize, mut random: fastrand::Rng) -> Vec<Reason> {
    let blamed = match position {
        Position::At(position) => position.min(items.saturating_sub(1)),
        Position::Random => random.usize(..items.max(1)),
    };
    (0..items).map(|item| if item == blamed { reason } else { Reason::None }).collect()
}
