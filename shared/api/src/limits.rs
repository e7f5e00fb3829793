//! Rate limits: how often a caller may come.
//!
//! A function has a [`Limit`] for each policy that it holds callers to, and
//! wraps the routes in question: `limits.checkout.on(post(place::place))`. Whoever
//! is over the limit gets 429 before anything of the request is read or done.
//!
//! Writes and search are counted in L2, for all processes together; while L2 is
//! away each process counts for itself. What must answer without a network is
//! counted in process always.

mod clock;
mod fields;
mod gcra;
mod local;
mod party;
mod policy;
#[cfg(test)]
mod proofs;
mod script;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use cache::Cache;
use monitoring::{Count, Monitoring};

use self::gcra::{Decision, Pace};
use self::local::Local;
use self::party::Party;
use self::policy::Named;
pub use self::policy::{Policy, Quota};
use crate::{Keys, Problem};

/// Where a function's limits count.
#[derive(Clone, Debug)]
pub struct Limiter {
    cache: Cache,
    local: Arc<Local>,
    monitoring: Monitoring,
}

/// Holds callers to a policy. By itself it counts them by their address.
#[derive(Clone, Debug)]
pub struct Limit {
    policy: Policy,
    is_shared: bool,
    keys: Option<Keys>,
    limiter: Limiter,
}

impl Limiter {
    /// Counts in L2 of this cache, and in memory of its own.
    pub fn new(cache: &Cache, monitoring: &Monitoring) -> Self {
        Self { cache: cache.clone(), local: Arc::default(), monitoring: monitoring.clone() }
    }

    /// A limit for all processes together: a round trip to L2 for each request.
    pub fn shared(&self, policy: Policy) -> Limit {
        Limit { policy, is_shared: true, keys: None, limiter: self.clone() }
    }

    /// A limit for each process: no network.
    pub fn in_process(&self, policy: Policy) -> Limit {
        Limit { policy, is_shared: false, keys: None, limiter: self.clone() }
    }
}

impl Limit {
    /// Counts a caller with a good token as the user, wherever she is. One with a bad
    /// token counts by the address still.
    #[must_use]
    pub fn by_user(self, keys: &Keys) -> Self {
        Self { keys: Some(keys.clone()), ..self }
    }

    /// Limits these methods of a route: each request counts, and who is over the
    /// limit is refused.
    pub fn on<S: Clone + Send + Sync + 'static>(&self, methods: MethodRouter<S>) -> MethodRouter<S> {
        match self.rule() {
            Some(rule) => methods.route_layer(from_fn_with_state(rule, before)),
            None => methods,
        }
    }

    /// Limits bad requests alone: those that were answered with 400 count, and over
    /// the limit become 429. Any other is served, whatever came before it.
    pub fn on_bad_requests<S: Clone + Send + Sync + 'static>(
        &self,
        methods: MethodRouter<S>,
    ) -> MethodRouter<S> {
        match self.rule() {
            Some(rule) => methods.route_layer(from_fn_with_state(rule, after)),
            None => methods,
        }
    }

    /// None if the policy is off.
    fn rule(&self) -> Option<Arc<Rule>> {
        let named = self.policy.0.clone()?;
        let (pace, field) = (named.quota.into(), fields::policy(&named));
        Some(Arc::new(Rule { named, pace, field, limit: self.clone() }))
    }
}

/// A limit at work.
struct Rule {
    named: Named,
    pace: Pace,
    field: HeaderValue,
    limit: Limit,
}

async fn before(State(rule): State<Arc<Rule>>, request: Request, next: Next) -> Response {
    let (party, request) = rule.party(request);
    let decision = rule.decide(&party).await;
    let answer = if decision.admitted { next.run(request).await } else { rule.refusal(decision) };
    rule.tell(answer, decision)
}

async fn after(State(rule): State<Arc<Rule>>, request: Request, next: Next) -> Response {
    let (party, request) = rule.party(request);
    let answer = next.run(request).await;
    if answer.status() != StatusCode::BAD_REQUEST {
        return answer;
    }
    let decision = rule.decide(&party).await;
    let answer = if decision.admitted { answer } else { rule.refusal(decision) };
    rule.tell(answer, decision)
}

impl Rule {
    /// Whom the request counts for. Its token is verified here, for the handler too.
    fn party(&self, request: Request) -> (Party, Request) {
        let (mut parts, body) = request.into_parts();
        let caller = self.limit.keys.as_ref().and_then(|keys| keys.identify(&mut parts).ok());
        let whom = caller.map_or_else(|| Party::of_source(&parts), |caller| Party::User(caller.user));
        (whom, Request::from_parts(parts, body))
    }

    async fn decide(&self, party: &Party) -> Decision {
        let limiter = &self.limit.limiter;
        let decision = if self.limit.is_shared { self.ask(party).await } else { None };
        let decision = decision.unwrap_or_else(|| limiter.local.take(&self.named.name, self.pace, party));
        if !decision.admitted {
            limiter.monitoring.count(Count::Throttled, 1);
        }
        decision
    }

    /// What L2 decides; none if it does not.
    async fn ask(&self, party: &Party) -> Option<Decision> {
        let Limiter { cache, local, monitoring } = &self.limit.limiter;
        if !cache.has_l2() {
            return None;
        }
        let request = script::request(&party.name(&self.named.name), self.pace, 1);
        let decision = cache.ask(vec![request]).await.pop().and_then(script::decision);
        match decision {
            Some(decision) => local.note(&self.named.name, party, decision.debt_us),
            None => monitoring.count(Count::RateLimitFallbacks, 1),
        }
        decision
    }

    fn refusal(&self, decision: Decision) -> Response {
        let retry_after = fields::retry_after(self.pace, decision);
        Problem::too_many_requests(&self.named.name, retry_after).into_response()
    }

    fn tell(&self, mut answer: Response, decision: Decision) -> Response {
        fields::add(answer.headers_mut(), &self.field, &self.named.name, self.pace, decision);
        answer
    }
}
