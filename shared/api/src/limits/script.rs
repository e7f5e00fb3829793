//! [`gcra`](super::gcra) in L2, where all processes count together.
//!
//! It counts by L2's own clock, so that it does not matter how far those of the
//! processes are apart. The script goes along each time: it is short, and L2
//! never has to say that it has forgotten it.

use cache::Request;
use cache::redis::{self, FromRedisValue, Value};

use super::gcra::{Decision, Pace};

/// Sets `now`. Microseconds since 1970 are whole in a double until 2255.
const CLOCK: &str = "\
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
";

/// `KEYS`: where the moment is kept. `ARGV`: interval, tolerance, requests. Answers
/// whether they are let in, and the debt. Lua's own way to write a number as text
/// keeps 14 digits of it, which is too few.
const DECIDE: &str = "\
local interval, tolerance, requests = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local even = tonumber(redis.call('GET', KEYS[1]) or now)
if even < now or even > now + 2 * tolerance then even = now end
local next = even + interval * requests
if next > now + tolerance then return {0, even - now} end
if requests > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
end
return {1, next - now}";

/// Asks for so many requests under this name.
pub(crate) fn request(name: &str, pace: Pace, requests: u32) -> Request {
    eval(CLOCK, name, pace, requests)
}

/// The same at a time of the test's choice. Not there outside of tests.
#[cfg(test)]
pub(crate) fn request_at(now_us: u64, name: &str, pace: Pace, requests: u32) -> Request {
    eval(&format!("local now = {now_us}\n"), name, pace, requests)
}

fn eval(clock: &str, name: &str, pace: Pace, requests: u32) -> Request {
    let mut eval = redis::cmd("EVAL");
    eval.arg(format!("{clock}{DECIDE}")).arg(1).arg(name);
    eval.arg(pace.interval_us).arg(pace.tolerance_us).arg(requests);
    Request::new(name, vec![eval])
}

/// What L2 has decided, if it has.
pub(crate) fn decision(answer: cache::Answer) -> Option<Decision> {
    let [value] = <[Value; 1]>::try_from(answer?).ok()?;
    let (admitted, debt_us) = FromRedisValue::from_redis_value(value).ok()?;
    Some(Decision { admitted, debt_us })
}
