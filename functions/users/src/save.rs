//! `PUT /api/users/me`: creates the profile, or replaces the version seen.
//!
//! A caller who repeats a write because its answer was lost is refused like one
//! who is late (428 or 412): nothing is undone, and the next read shows what
//! stands.

use api::{Caller, IfMatch, Json, OptionalIfMatch, Private, Problem, Violations};
use axum::extract::State;
use axum::http::StatusCode;
use domain::{Email, Error, PersonName, Profile};
use serde::Deserialize;
use store::{Person, Store};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileSubmission {
    #[schema(value_type = PersonName)]
    name: Option<String>,
    #[schema(value_type = Email)]
    email: Option<String>,
}

#[utoipa::path(
    put,
    path = "/api/users/me",
    operation_id = "saveProfile",
    tag = "profile",
    summary = "Make the caller's profile, or change it",
    description = "Without `If-Match` it makes a profile; with it, it replaces that version.",
    params(OptionalIfMatch),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("profile-writes"))),
    request_body = ProfileSubmission,
    responses(
        (status = 200, description = "The profile as it is now.", body = Profile),
        (status = 201, description = "There was none: it was made.", body = Profile),
        (status = 428, description = "There is one: `If-Match` must say which version is to change.", body = Problem, content_type = "application/problem+json"),
    ),
)]
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
