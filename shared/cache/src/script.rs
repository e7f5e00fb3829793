//! What L2 does in one step: it runs a script with nothing in between.
//!
//! The scripts go along each time: they are shorter than most values, and Redis
//! then never has to say that it has forgotten one.

use redis::Cmd;

use crate::key::AnyKey;
use crate::token::Token;

/// Keeps a loaded value if the fence of its load still stands. The entry brings
/// a new fence, so that a fence lets one load store and no other. Gives the lease
/// back. `KEYS`: entry, lease. `ARGV`: the load's fence, the entry, its
/// milliseconds, the lease's token.
const STORE: &str = "\
if redis.call('GET', KEYS[2]) == ARGV[4] then redis.call('DEL', KEYS[2]) end
if redis.call('GETRANGE', KEYS[1], 2, 17) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// Invalidates an entry, and leaves a value in its place if nobody else has
/// invalidated it since the ticket.
/// `KEYS` and `ARGV` as above, without the lease's token.
const PUT: &str = "\
redis.call('UNLINK', KEYS[2])
if redis.call('GETRANGE', KEYS[1], 2, 17) ~= ARGV[1] then
  redis.call('UNLINK', KEYS[1])
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// Gives a lease back. `KEYS`: lease. `ARGV`: its token.
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";

/// A sealed entry and where it goes.
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a AnyKey,
    /// The fence under which its value came to be.
    pub(crate) fence: Token,
    pub(crate) sealed: &'a [u8],
    /// Milliseconds that it is kept.
    pub(crate) kept_ms: u64,
}

pub(crate) fn store(entry: &Entry<'_>, lease: Option<Token>) -> Cmd {
    let mut store = eval(STORE, entry);
    match lease {
        Some(lease) => store.arg(lease.as_bytes()),
        None => store.arg(""),
    };
    store
}

pub(crate) fn put(entry: &Entry<'_>) -> Cmd {
    eval(PUT, entry)
}

pub(crate) fn release(key: &AnyKey, lease: Token) -> Cmd {
    let mut release = redis::cmd("EVAL");
    release.arg(RELEASE).arg(1).arg(key.lease_name()).arg(lease.as_bytes());
    release
}

fn eval(script: &str, entry: &Entry<'_>) -> Cmd {
    let mut eval = redis::cmd("EVAL");
    eval.arg(script).arg(2).arg(entry.key.entry_name()).arg(entry.key.lease_name());
    eval.arg(entry.fence.as_bytes()).arg(entry.sealed).arg(entry.kept_ms);
    eval
}
