//! Why a call to the API did not do what was asked, for a person to read.

use std::fmt;

use http::StatusCode;
use reqwest::Url;
use serde::Deserialize;

/// The result of a call to the API.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be one of the API.
    #[error("{address:?} is no address of the API: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No answer came, also after waiting and trying again.
    #[error("there is no answer from {base}: {}", innermost(source))]
    Unreachable {
        /// Where the API should be.
        base: String,
        /// What the transport said.
        source: reqwest::Error,
    },
    /// The API refused, or failed and said so.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The answer is not of the shape that the API documents.
    #[error("the answer ({status}) cannot be read: {source}")]
    Unreadable {
        /// The answer's status.
        status: StatusCode,
        /// What was wrong with its body.
        source: serde_json::Error,
    },
}

impl Error {
    pub(super) fn unreachable(base: &Url, source: reqwest::Error) -> Self {
        Self::Unreachable { base: base.as_str().trim_end_matches('/').to_owned(), source }
    }

    /// The status of a refusal; `None` when there was no clear answer.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(problem) => Some(problem.status),
            Self::Address { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } => None,
        }
    }
}

/// The cause at the bottom says what happened ("Connection refused"); the
/// layers above repeat that something did.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// A refusal as the API words it (RFC 9457).
#[derive(Debug)]
pub struct Problem {
    /// The answer's status.
    pub status: StatusCode,
    body: ProblemBody,
}

#[derive(Debug, Default, Deserialize)]
struct ProblemBody {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    errors: Vec<Violation>,
}

/// A rule that what was sent breaks.
#[derive(Clone, Debug, Deserialize)]
pub struct Violation {
    /// Where in the request (RFC 6901).
    pub pointer: String,
    /// Which rule.
    pub detail: String,
}

impl Problem {
    /// Reads what there is: what stands between us and the API (a gateway, an
    /// emulator) refuses in words of its own, and then the status must do.
    pub(crate) fn read(status: StatusCode, body: &[u8]) -> Self {
        Self { status, body: serde_json::from_slice(body).unwrap_or_default() }
    }

    /// What in the request was refused, as far as the API says so.
    pub fn violations(&self) -> &[Violation] {
        &self.body.errors
    }

    fn said(&self) -> &str {
        let known = self.status.canonical_reason().unwrap_or("refused");
        [self.body.detail.as_str(), self.body.title.as_str()]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or(known)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.said().trim_end_matches('.'))?;
        for violation in &self.body.errors {
            write!(f, "; {} {}", violation.pointer, violation.detail)?;
        }
        if self.status.is_server_error() && !self.body.request_id.is_empty() {
            write!(f, " (request {})", self.body.request_id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(status: StatusCode, body: &str) -> String {
        Problem::read(status, body.as_bytes()).to_string()
    }

    #[test]
    fn a_problem_reads_as_one_line_with_its_violations() {
        let body = r#"{"title":"Invalid","detail":"The input breaks rules.","status":422,
                       "errors":[{"pointer":"/name","detail":"must have 1 to 200 characters"}]}"#;
        assert_eq!(
            shown(StatusCode::UNPROCESSABLE_ENTITY, body),
            "422: The input breaks rules; /name must have 1 to 200 characters"
        );
    }

    #[test]
    fn a_failure_names_the_request_to_look_up_in_the_log() {
        let body = r#"{"title":"Internal error","request_id":"r-1"}"#;
        assert_eq!(shown(StatusCode::INTERNAL_SERVER_ERROR, body), "500: Internal error (request r-1)");
    }

    #[test]
    fn a_refusal_that_is_no_problem_document_is_still_named() {
        assert_eq!(shown(StatusCode::BAD_GATEWAY, "<html>"), "502: Bad Gateway");
    }
}
