//! Three primaries that share the slots, and a replica if it is wanted.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cache::{Config, Credentials, Key, Login, NoLogin};
use tempfile::TempDir;

use crate::node::{self, Node, PASSWORD, USER};
use crate::stage::L2_ONLY;

/// Each primary's slots.
const SLOTS: [RangeInclusive<u16>; 3] = [0..=5_460, 5_461..=10_922, 10_923..=16_383];

pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    directory: Arc<TempDir>,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let directory = node::directory();
        let nodes: Vec<_> = SLOTS.iter().map(|_| Node::of_cluster(&directory)).collect();
        for (epoch, (node, slots)) in (1..).zip(nodes.iter().zip(SLOTS)) {
            let (first, last) = (slots.start().to_string(), slots.end().to_string());
            let _: () = node.ask(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
            // Else they would have to agree on them first.
            let _: () = node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &format!("{epoch}")]);
        }
        let cluster = Self { nodes, directory };
        cluster.introduce(&cluster.nodes[1..]);
        cluster.settle();
        cluster
    }

    /// A replica of a node, with all that this has.
    pub(crate) fn add_replica(&mut self, of: usize) {
        self.nodes.push(Node::of_cluster(&self.directory));
        let replica = &self.nodes[self.nodes.len() - 1];
        self.introduce(std::slice::from_ref(replica));
        let primary = self.nodes[of].id();
        wait_for("the replica to know its primary", || {
            replica.ask::<String>(&["CLUSTER", "NODES"]).contains(&primary)
        });
        let _: () = replica.ask(&["CLUSTER", "REPLICATE", &primary]);
        wait_for("the replica to be in step", || {
            replica.ask::<String>(&["INFO", "replication"]).contains("master_link_status:up")
        });
        self.settle();
    }

    /// Makes the first node know others, and they each other through it.
    fn introduce(&self, others: &[Node]) {
        for other in others {
            let (port, bus) = (other.port.to_string(), other.bus().to_string());
            let _: () = self.nodes[0].ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
    }

    /// Waits until every node knows every other and serves its slots.
    pub(crate) fn settle(&self) {
        let wanted = format!("cluster_known_nodes:{}\r", self.nodes.len());
        let agrees = |node: &Node| {
            let info: String = node.ask(&["CLUSTER", "INFO"]);
            ["cluster_state:ok\r", "cluster_slots_ok:16384\r", &wanted].iter().all(|line| info.contains(line))
        };
        wait_for("the nodes to agree", || self.nodes.iter().all(agrees));
    }

    /// Keys of the one kind whose slots a node has.
    pub(crate) fn keys_on(&self, node: usize) -> impl Iterator<Item = Key<u64>> {
        self.ids_on(node).map(|id| L2_ONLY.key(id))
    }

    /// The ids of these keys.
    pub(crate) fn ids_on(&self, node: usize) -> impl Iterator<Item = String> {
        let ids: Vec<_> = (0..200).map(|id| format!("of-{id}")).collect();
        let mut slots = redis::pipe();
        for id in &ids {
            slots.cmd("CLUSTER").arg("KEYSLOT").arg(format!("{{l2only:{id}}}"));
        }
        let slots: Vec<u16> = self.nodes[0].ask_all(&slots);
        let here = ids.into_iter().zip(slots).filter(move |(_, slot)| SLOTS[node].contains(slot));
        here.map(|(id, _)| id)
    }

    /// One key of each node.
    pub(crate) fn a_key_on_each(&self) -> Vec<Key<u64>> {
        (0..SLOTS.len()).filter_map(|node| self.keys_on(node).next()).collect()
    }

    /// Deadlines that a busy machine does not miss.
    pub(crate) fn patient(&self) -> Config {
        let limit = Duration::from_secs(10);
        Config { command_timeout: limit, connect_timeout: limit, ..self.config() }
    }

    /// The deadlines of production.
    pub(crate) fn config(&self) -> Config {
        Config { cluster: true, ..reach(&self.nodes[0]) }
    }
}

/// How to reach a server that is no cluster.
pub(crate) fn reach(node: &Node) -> Config {
    Config {
        url: Some(node.url()),
        credentials: Some(login(&Arc::new(Mutex::new(PASSWORD)))),
        certificate_authorities: Some(node.authority()),
        ..Config::default()
    }
}

/// The cache's user, by the password that stands there when it is asked for.
pub(crate) fn login(password: &Arc<Mutex<&'static str>>) -> Credentials {
    let password = Arc::clone(password);
    Credentials::new(move || {
        let password = password.lock().expect("no panic").to_string();
        async move { Ok::<_, NoLogin>(Login { user: USER.to_owned(), password }) }
    })
}

/// Waits, and lets nothing else in this thread run meanwhile.
pub(crate) fn wait_for(what: &str, reached: impl Fn() -> bool) {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(30) {
        if reached() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    unreachable!("30 s were not enough for {what}")
}
