//! Cursors: opaque, tamper-evident, and bound to their list.
//!
//! A cursor is the position where a page ended, under a MAC that covers the
//! list it belongs to as well. So one that was changed, made up, or taken from
//! another list is refused before the table is asked.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{ConfigError, Problem};

/// Bytes of the MAC that a cursor carries: 128 bits (NIST SP 800-107 §5.3.3
/// allows truncation to that).
const MAC: usize = 16;

/// The shortest key.
const KEY: usize = 32;

/// Makes and checks cursors.
#[derive(Clone)]
pub struct Cursors {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(..)")
    }
}

impl Cursors {
    /// Cursors under this key.
    ///
    /// # Errors
    /// [`ConfigError::WeakCursorKey`] when it is too short.
    pub fn new(key: &str) -> Result<Self, ConfigError> {
        if key.len() < KEY {
            return Err(ConfigError::WeakCursorKey(KEY));
        }
        let mac = Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
        Ok(Self { mac })
    }

    /// The cursor for a position in a list.
    pub fn seal(&self, list: &str, position: &str) -> String {
        let tag = self.mac(list, position).finalize().into_bytes();
        BASE64_URL_SAFE_NO_PAD.encode([&tag[..MAC], position.as_bytes()].concat())
    }

    /// The position that a cursor of this list stands for.
    ///
    /// # Errors
    /// 400 when the cursor is not one of this list's.
    pub fn open(&self, list: &str, cursor: &str) -> Result<String, Problem> {
        let position = || {
            let sealed = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let (tag, position) = sealed.split_at_checked(MAC)?;
            let position = std::str::from_utf8(position).ok()?;
            self.mac(list, position).verify_truncated_left(tag).ok()?;
            Some(position.to_owned())
        };
        position().ok_or_else(|| Problem::malformed("cursor is not one that this list gave out"))
    }

    fn mac(&self, list: &str, position: &str) -> Hmac<Sha256> {
        let length = (list.len() as u64).to_be_bytes();
        self.mac.clone().chain_update(length).chain_update(list).chain_update(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(&"k".repeat(KEY)).expect("a long key")
    }

    #[test]
    fn a_cursor_opens_in_its_own_list_only() {
        let cursor = cursors().seal("category/mugs", "b");
        assert_eq!(cursors().open("category/mugs", &cursor).expect("its own"), "b");
        assert!(cursors().open("category/mug", &cursor).is_err());
        assert!(cursors().open("category/mugsb", &cursor).is_err());
    }

    #[test]
    fn a_changed_or_made_up_cursor_is_refused() {
        let cursor = cursors().seal("list", "position");
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ASCII");
            assert!(cursors().open("list", &forged).is_err(), "{at}");
        }
        for forged in ["", "x", "????", "AAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(4_000)] {
            assert!(cursors().open("list", forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(Cursors::new("short").is_err());
    }
}
