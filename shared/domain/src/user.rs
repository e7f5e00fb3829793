//! Who buys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Version;
use crate::text::{line, text_type};

text_type! {
    /// A user, as the issuer of tokens names one (`sub`, RFC 7519 §4.1.2): 1 to
    /// 256 bytes, since it becomes part of table keys.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "ann")]
    UserId, |text| {
        if (1..=256).contains(&text.len()) {
            Ok(text.to_owned())
        } else {
            Err("must have 1 to 256 bytes".into())
        }
    }
}

text_type! {
    /// What a user wants to be called: a line of 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"^[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f])?[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$", example = "Ann")]
    PersonName, |text| line(text, 200)
}

text_type! {
    /// An address for mail (RFC 5321 §4.1.2), at most 254 characters.
    #[schema(value_type = String, format = "email", max_length = 254, example = "ann@example.com")]
    Email, |text| {
        let text = line(text, 254)?;
        match email_address::EmailAddress::parse_with_options(&text, mailable()) {
            Ok(_) => Ok(text),
            Err(error) => Err(format!("must be an email address: {error}")),
        }
    }
}

/// What a shop can send mail to: a name at a domain of the internet.
fn mailable() -> email_address::Options {
    email_address::Options::default().with_required_tld().without_domain_literal().without_display_text()
}

/// What a user says of herself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// Who it is.
    pub id: UserId,
    /// What to call her.
    pub name: PersonName,
    /// Where to write to.
    pub email: Email,
    /// Counts the edits.
    pub version: Version,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_a_name_at_a_domain() {
        for good in ["a@example.com", "a.b+c@mail.example.co.uk", " o'neil@example.ie "] {
            assert!(Email::new(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "x".repeat(250));
        for bad in
            ["", "a", "a@", "@b.c", "a@b", "a b@example.com", "A <a@example.com>", "a@[127.0.0.1]", &long]
        {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_user_is_named_by_up_to_256_bytes() {
        assert!(UserId::new(&"u".repeat(256)).is_ok());
        for bad in ["", &"u".repeat(257)] {
            assert!(UserId::new(bad).is_err());
        }
    }
}
