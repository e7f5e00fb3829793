//! The file's customers as users of the shop.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use domain::{Email, PersonName, UserId};
use http::StatusCode;

use super::TOKEN_TTL;
use crate::client::{self, Client, Person, is_refused};
use crate::stack::Stack;

/// Those who bought something: each with a profile since the first time, and
/// the API as she sees it.
#[derive(Debug)]
pub(super) struct Customers<'a> {
    stack: &'a Stack,
    client: Client,
    known: BTreeMap<UserId, Client>,
}

impl<'a> Customers<'a> {
    pub(super) fn new(stack: &'a Stack, client: Client) -> Self {
        Self { stack, client, known: BTreeMap::new() }
    }

    pub(super) async fn client(&mut self, user: &UserId) -> Result<Client> {
        if let Some(client) = self.known.get(user) {
            return Ok(client.clone());
        }
        let token = self.stack.token(user.as_str(), "", TOKEN_TTL)?;
        let client = self.client.with_token(&token);
        register(&client, user).await.with_context(|| format!("registering {user}"))?;
        self.known.insert(user.clone(), client.clone());
        Ok(client)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&UserId, &Client)> {
        self.known.iter()
    }
}

/// A profile that is there already is hers: its answer was lost, and the
/// client asked again.
async fn register(client: &Client, user: &UserId) -> client::Result<()> {
    let answer = client.create_profile(&person(user)).await;
    if is_refused(&answer, StatusCode::PRECONDITION_REQUIRED) { Ok(()) } else { answer }
}

/// `customer-17850` is called "Customer 17850".
fn person(user: &UserId) -> Person {
    let (kind, number) = user.as_str().split_once('-').expect("made of both by `line`");
    let (first, rest) = kind.split_at(1);
    let name = PersonName::new(&format!("{}{rest} {number}", first.to_uppercase()));
    let email = Email::new(&format!("{user}@example.com"));
    Person { name: name.expect("two short words"), email: email.expect("letters and digits") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_called_by_her_number() {
        for (user, name) in [("customer-17850", "Customer 17850"), ("guest-C536379", "Guest C536379")] {
            let person = person(&UserId::new(user).expect("a user"));
            assert_eq!(person.name.as_str(), name);
            assert_eq!(person.email.as_str(), format!("{user}@example.com"));
        }
    }
}
