//! Commands on their way to L2, in as few round trips as it allows: one, or, in
//! a cluster, one a slot, side by side.

use std::collections::BTreeMap;

use redis::{Cmd, Pipeline};

/// Slots of a cluster.
pub(crate) const SLOTS: u16 = 16_384;

/// Commands that all concern names of one slot.
#[derive(Debug)]
pub struct Request {
    slot: u16,
    commands: Vec<Cmd>,
    /// Whether a cluster gets it by itself.
    alone: bool,
}

/// What goes together in one round trip.
#[derive(Default)]
pub(crate) struct Batch {
    /// The slot in a cluster; any for one server.
    pub(crate) slot: u16,
    /// Each request's position, and how many of the commands are its own.
    pub(crate) parts: Vec<(usize, usize)>,
    pub(crate) pipeline: Pipeline,
}

impl Request {
    /// `name` is any of the names that the commands are about.
    pub fn new(name: &str, commands: Vec<Cmd>) -> Self {
        Self { slot: slot(name), commands, alone: false }
    }

    /// One command about one name, which a cluster carries out also while the
    /// name's slot moves: what comes together is turned away then, because the
    /// names may be at two nodes, and a redirection is good for one command.
    pub(crate) fn alone(name: &str, command: Cmd) -> Self {
        Self { slot: slot(name), commands: vec![command], alone: true }
    }

    /// Removes a name.
    pub(crate) fn unlink(name: &str) -> Self {
        let mut unlink = redis::cmd("UNLINK");
        unlink.arg(name);
        Self::alone(name, unlink)
    }
}

/// Puts together what can go together.
pub(crate) fn batches(requests: Vec<Request>, cluster: bool) -> Vec<Batch> {
    let mut batches = BTreeMap::<(u16, usize), Batch>::new();
    for (at, request) in requests.into_iter().enumerate() {
        let together = match (cluster, request.alone) {
            (false, _) => (0, 0),
            (true, false) => (request.slot, 0),
            (true, true) => (request.slot, 1 + at),
        };
        let batch = batches.entry(together).or_default();
        batch.slot = request.slot;
        batch.parts.push((at, request.commands.len()));
        for command in request.commands {
            batch.pipeline.add_command(command);
        }
    }
    batches.into_values().collect()
}

/// The slot of a name: of what stands between its first braces, if anything
/// does (Redis cluster specification, "Hash tags").
fn slot(name: &str) -> u16 {
    let tag = name.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    let hashed = tag.filter(|tag| !tag.is_empty()).unwrap_or(name);
    crc16::State::<crc16::XMODEM>::calculate(hashed.as_bytes()) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `CLUSTER KEYSLOT` of a Redis 7 answers.
    #[test]
    fn a_name_falls_on_the_slot_that_redis_gives_it() {
        let slots = [("foo", 12182), ("{product:42}:entry", 12456), ("{}x", 10595), ("a{b", 13340)];
        for (name, expected) in slots {
            assert_eq!(slot(name), expected, "{name}");
        }
    }

    fn parts(cluster: bool) -> Vec<Vec<(usize, usize)>> {
        let ping = |name| Request::new(name, vec![redis::cmd("PING")]);
        let requests = vec![ping("foo"), ping("a{b"), ping("{foo}:x")];
        batches(requests, cluster).into_iter().map(|batch| batch.parts).collect()
    }

    #[test]
    fn what_is_to_go_alone_does_so_in_a_cluster() {
        let requests = || vec![Request::unlink("foo"), Request::unlink("{foo}:x")];
        assert_eq!(batches(requests(), true).len(), 2);
        assert_eq!(batches(requests(), false).len(), 1);
    }

    #[test]
    fn only_a_cluster_parts_what_is_asked_together() {
        assert_eq!(parts(false), [[(0, 1), (1, 1), (2, 1)]]);
        assert_eq!(parts(true), [vec![(0, 1), (2, 1)], vec![(1, 1)]]);
    }
}
