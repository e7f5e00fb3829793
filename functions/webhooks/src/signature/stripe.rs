//! Stripe's scheme (its documentation, "Verify webhook signatures manually"):
//! `Stripe-Signature: t=SECONDS,v1=HEX[,v1=HEX]`, over `SECONDS.BODY`, keyed by the
//! whole secret as a text, its `whsec_` included. Schemes other than `v1` are
//! ignored, as Stripe asks for.

use axum::http::HeaderMap;

use super::{BadSecret, Key, LENGTH, Refusal, Signature, counted, only, seconds};

const HEADER: &str = "stripe-signature";
const FORM: &str = "t=SECONDS,v1=HEX";

/// The shortest secret, in characters. Stripe's are `whsec_` and at least as many.
const SHORTEST: usize = 32;

pub(super) fn read(headers: &HeaderMap) -> Result<Signature, Refusal> {
    let fields = only(headers, HEADER)?.split(',').map(|field| field.split_once('='));
    let fields: Option<Vec<_>> = fields.collect();
    let fields = fields.ok_or(malformed())?;
    let of = |name| fields.iter().filter(move |(known, _)| *known == name).map(|(_, value)| *value);
    let sent = match (of("t").next(), of("t").nth(1)) {
        (Some(sent), None) => seconds(sent, HEADER)?,
        _ => return Err(malformed()),
    };
    Ok(Signature { message_id: None, sent, signatures: counted(of("v1").map(signature), HEADER)? })
}

pub(super) fn key(secret: &str) -> Result<Key, BadSecret> {
    if secret.chars().count() < SHORTEST {
        return Err(BadSecret::Short(SHORTEST));
    }
    Ok(Key::new(secret.as_bytes()))
}

/// In lower case, as Stripe writes it and its libraries compare it.
fn signature(hex: &str) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    let decoded = base16ct::lower::decode(hex, &mut bytes).ok()?;
    (decoded.len() == LENGTH).then_some(bytes)
}

fn malformed() -> Refusal {
    Refusal::Malformed { header: HEADER, form: FORM }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// The event of stripe-dotnet's own tests, whose secret is shorter than real ones.
    const BODY: &[u8] = include_bytes!("../../tests/routes/published_stripe.json");
    const SIGNATURES: &str = "t=1533204620,\
        v1=f0bdba6d4eacbd8ad8a3bbadd7248e633ec1477f7899c124c51b39405fa36613,\
        v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef";

    #[test]
    fn the_published_event_has_the_published_signature() {
        let headers =
            HeaderMap::from_iter([(HEADER.parse().expect("a name"), HeaderValue::from_static(SIGNATURES))]);
        let signature = read(&headers).expect("it can be read");
        assert!(signature.is_by(&[Key::new(b"webhook_secret")], BODY));
        assert!(!signature.is_by(&[Key::new(b"webhook_secrets")], BODY));
        assert!(!signature.is_by(&[Key::new(b"webhook_secret")], BODY.trim_ascii_end()));
    }
}
