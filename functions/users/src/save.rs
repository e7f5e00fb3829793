//! `PUT /api/users/me`: creates the profile, or replaces the version seen.
//!
//! A caller who repeats a write because its answer was lost is refused like one
//! who is late (428 or 412): nothing is undone, and the next read shows what
//! stands.

use api::{Caller, IfMatch, Json, Private, Problem, Violations};
use axum::extract::State;
use axum::http::StatusCode;
use domain::{Email, Error, PersonName, Profile};
use serde::Deserialize;
use store::{Person, Store};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileSubmission {
    name: Option<String>,
    email: Option<String>,
}

pub(crate) async fn save(
    caller: Caller,
    State(store): State<Store>,
    if_match: Option<IfMatch>,
    Json(body): Json<ProfileSubmission>,
) -> Result<(StatusCode, Private<Profile>), Problem> {
    let person = body.checked()?;
    let (status, saved) = match if_match {
        None => (StatusCode::CREATED, store.create_profile(&caller.user, person).await),
        Some(IfMatch(seen)) => (StatusCode::OK, store.edit_profile(&caller.user, seen, person).await),
    };
    Ok((status, Private(saved.map_err(refusal)?)))
}

/// Whether there is a profile decides what `If-Match` must be: so where it is in
/// the way, or missing, the caller hears of the header.
fn refusal(error: Error) -> Problem {
    match error {
        Error::Taken(_) => Problem::precondition_required(),
        // RFC 9110 §13.1.1: no condition holds of what does not exist.
        Error::NotFound(_) => Problem::stale("there is no profile yet: leave If-Match out to create it"),
        other => other.into(),
    }
}

impl ProfileSubmission {
    fn checked(self) -> Result<Person, Problem> {
        let mut violations = Violations::default();
        let name = violations.required("/name", self.name, |text| PersonName::new(&text));
        let email = violations.required("/email", self.email, |text| Email::new(&text));
        violations.finish(name.zip(email).map(|(name, email)| Person { name, email }))
    }
}
