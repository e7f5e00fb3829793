//! The tokens whose standing lets a value be served.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// 122 random bits from the operating system, drawn anew for each use: a token
/// never comes twice, also not from a copy of this process, so one that has
/// expired, was evicted or was lost in a failover can never stand again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token([u8; 16]);

impl Token {
    pub(crate) fn new() -> Self {
        Self(Uuid::new_v4().into_bytes())
    }

    /// A token as L2 holds it; anything of another length is none of ours.
    pub(crate) fn from_l2(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The tokens of one key: its fence's, and its tags' in the key's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) fence: Token,
    pub(crate) tags: Vec<Token>,
}

impl Tokens {
    /// These, with another fence.
    pub(crate) fn fenced(&self, fence: Token) -> Self {
        Self { fence, tags: self.tags.clone() }
    }

    /// Takes the fence and the given number of tags off a row of tokens; none if
    /// one of them is missing. The row moves on by all of them in either case.
    pub(crate) fn next(row: &mut impl Iterator<Item = Option<Token>>, tags: usize) -> Option<Self> {
        let fence = row.next().flatten();
        let tags: Vec<_> = row.take(tags).collect();
        Some(Self { fence: fence?, tags: tags.into_iter().collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_lacks_a_token_leaves_the_next_keys_tokens_in_place() {
        let [a, b, c] = [Token::new(), Token::new(), Token::new()].map(Some);
        let mut row = [None, a, b, None, c].into_iter();
        assert_eq!(Tokens::next(&mut row, 1), None);
        assert_eq!(Tokens::next(&mut row, 1), None);
        assert_eq!(Tokens::next(&mut row, 0).map(|tokens| tokens.fence), c);
    }
}
