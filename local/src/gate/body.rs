//! A request with its body in memory, as the emulator must get it.

use axum::body::Bytes;
use axum::extract::Request;
use http::header::{CONTENT_TYPE, EXPECT, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::Limits;
use super::problem::Problem;

/// The whole request, its body at most as long as API Gateway takes it.
pub(super) async fn read(request: Request, limits: &Limits) -> Result<http::Request<Bytes>, Problem> {
    let (mut parts, body) = request.into_parts();
    let body = timeout(limits.patience, Limited::new(body, limits.body).collect()).await;
    let body = body.map_err(|_elapsed| Problem::too_slow())?;
    let body = body.map_err(|error| refusal(&*error, limits.body))?.to_bytes();
    for hop_by_hop in [TRANSFER_ENCODING, EXPECT] {
        parts.headers.remove(hop_by_hop);
    }
    mark_binary(&mut parts.headers, &body);
    Ok(http::Request::from_parts(parts, body))
}

fn refusal(error: &(dyn std::error::Error + 'static), limit: usize) -> Problem {
    if error.is::<LengthLimitError>() { Problem::too_large(limit) } else { Problem::incomplete() }
}

/// API Gateway hands a body that is no text to the function in Base64. The
/// emulator goes by the content type alone, in lower case, and answers 500
/// itself when a text or a body without a type is not UTF-8. In another case
/// the same type makes it Base64 there too.
fn mark_binary(headers: &mut HeaderMap, body: &[u8]) {
    if std::str::from_utf8(body).is_ok() {
        return;
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("application/octet-stream");
    let (first, rest) = kind.split_at_checked(1).unwrap_or_default();
    let marked = HeaderValue::try_from(first.to_ascii_uppercase() + rest);
    headers.insert(CONTENT_TYPE, marked.expect("letters of a header value are one again"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_after(kind: Option<&'static str>, body: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
        mark_binary(&mut headers, body);
        headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned())
    }

    #[test]
    fn text_is_left_as_it_is() {
        assert_eq!(kind_after(Some("application/json"), b"{}"), Some("application/json".into()));
        assert_eq!(kind_after(None, b""), None);
    }

    #[test]
    fn what_is_no_text_gets_a_type_the_emulator_does_not_read_as_text() {
        for (kind, marked) in [
            (Some("application/json"), "Application/json"),
            (Some("text/plain"), "Text/plain"),
            (None, "Application/octet-stream"),
        ] {
            assert_eq!(kind_after(kind, b"\xff").as_deref(), Some(marked));
        }
    }
}
