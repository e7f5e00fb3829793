//! The guarded write.

use redis::Pipeline;

use crate::l2::Parcel;

/// Writes the value only while the fence of its load stands, and lets the fence
/// outlive it. `KEYS`: fence, value. `ARGV`: fence token, entry, milliseconds.
const STORE: &str = "\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1";

/// Adds one write. The script goes along each time: it is shorter than most
/// values, and Redis then never has to say that it has forgotten it.
pub(crate) fn store(request: &mut Pipeline, parcel: &Parcel<'_>, sealed: &[u8]) {
    request.cmd("EVAL").arg(STORE).arg(2);
    request.arg(parcel.key.fence_name()).arg(parcel.key.value_name());
    request.arg(parcel.tokens.fence.as_bytes());
    request.arg(sealed).arg(parcel.fresh_ms);
}
