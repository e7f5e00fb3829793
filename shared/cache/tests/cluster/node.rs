//! A `redis-server` of one's own that speaks TLS and wants a login, alone or in
//! a cluster, gone at the end of the test.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::{
    Client, ConnectionAddr, ConnectionInfo, FromRedisValue, IntoConnectionInfo, Pipeline,
    RedisConnectionInfo, RedisResult, TlsCertificates,
};
use tempfile::TempDir;

use crate::certificates::{self, AUTHORITY, CERTIFICATE, KEY};

/// The user that the cache logs in as.
pub(crate) const USER: &str = "cache";
/// Its first password.
pub(crate) const PASSWORD: &str = "first";
/// All that it may do, and so all that a cache needs to be allowed.
const RIGHTS: [&str; 7] = ["~*", "-@all", "+@connection", "+@read", "+@write", "+eval", "+cluster|slots"];
/// The tests' own user.
pub(crate) const ADMIN: &str = "admin";

/// Another process may take a port between our looking and the server's binding.
const ATTEMPTS: u32 = 5;

pub(crate) struct Node {
    pub(crate) port: u16,
    bus: Option<u16>,
    child: Child,
    directory: Arc<TempDir>,
}

/// A directory with certificates, which servers share.
pub(crate) fn directory() -> Arc<TempDir> {
    let directory = TempDir::new().expect("a temporary directory");
    certificates::write_into(directory.path());
    Arc::new(directory)
}

impl Node {
    /// A server that knows no other.
    pub(crate) fn alone() -> Self {
        Self::start(&directory(), false)
    }

    /// Where it talks with the other nodes.
    pub(crate) fn bus(&self) -> u16 {
        self.bus.expect("it is in a cluster")
    }

    /// What the others call it.
    pub(crate) fn id(&self) -> String {
        self.ask(&["CLUSTER", "MYID"])
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.ask::<String>(&["INFO", "replication"]).contains("role:master")
    }

    /// Lets the cache invalidate, or not: a fault that leaves every value where it is.
    pub(crate) fn permit_unlink(&self, permitted: bool) {
        let rule = if permitted { "+unlink" } else { "-unlink" };
        let _: () = self.ask(&["ACL", "SETUSER", USER, rule]);
    }

    /// A node to be, without slots.
    pub(crate) fn of_cluster(directory: &Arc<TempDir>) -> Self {
        Self::start(directory, true)
    }

    fn start(directory: &Arc<TempDir>, cluster: bool) -> Self {
        // Refused where it is chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        for _ in 0..ATTEMPTS {
            let (port, bus) = (free_port(), cluster.then(free_port));
            let child = launch(port, bus, directory);
            let mut node = Self { port, bus, child, directory: Arc::clone(directory) };
            if node.answers() {
                return node;
            }
        }
        unreachable!("redis-server did not come up on any of {ATTEMPTS} free ports")
    }

    pub(crate) fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    pub(crate) fn authority(&self) -> Vec<u8> {
        fs::read(self.directory.path().join(AUTHORITY)).expect("it was written")
    }

    /// SIGKILL: connections break, data are lost; a cluster's node remembers its slots.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it can be waited for");
    }

    /// An empty server on the same port.
    pub(crate) fn restart(&mut self) {
        self.child = launch(self.port, self.bus, &self.directory);
        assert!(self.answers(), "redis-server did not come back");
    }

    /// SIGSTOP: connections stand, nothing answers.
    pub(crate) fn hang(&self) {
        kill(self.pid(), Signal::SIGSTOP).expect("it was running");
    }

    pub(crate) fn resume(&self) {
        kill(self.pid(), Signal::SIGCONT).expect("it was stopped");
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Gives the cache's user another password; who is logged in stays so.
    pub(crate) fn change_password(&self, password: &str) {
        let password = format!(">{password}");
        let _: () = self.ask(&["ACL", "SETUSER", USER, "resetpass", &password]);
    }

    /// Breaks the cache's connections.
    pub(crate) fn disconnect(&self) {
        let _: u64 = self.ask(&["CLIENT", "KILL", "USER", USER]);
    }

    /// Asks it something, past any cache.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let (name, arguments) = command.split_first().expect("a command");
        let mut connection = self.connect().expect("it is up");
        redis::cmd(name).arg(arguments).query(&mut connection).expect("a proper command")
    }

    pub(crate) fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> T {
        let mut connection = self.connect().expect("it is up");
        commands.query(&mut connection).expect("proper commands")
    }

    fn answers(&mut self) -> bool {
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(20) {
            if self.child.try_wait().expect("it can be asked").is_some() {
                return false;
            }
            if self.connect().is_ok_and(|mut redis| redis::cmd("PING").exec(&mut redis).is_ok()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    fn connect(&self) -> RedisResult<redis::Connection> {
        let tls = TlsCertificates { client_tls: None, root_cert: Some(self.authority()) };
        let client = Client::build_with_tls(self.as_admin()?, tls)?;
        client.get_connection_with_timeout(Duration::from_secs(5))
    }

    fn as_admin(&self) -> RedisResult<ConnectionInfo> {
        let (host, port) = ("127.0.0.1".to_owned(), self.port);
        let address = ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None };
        let login = RedisConnectionInfo::default().set_username(ADMIN).set_password(ADMIN);
        Ok(address.into_connection_info()?.set_redis_settings(login))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Already gone if the test killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    probe.local_addr().expect("it is bound").port()
}

fn launch(port: u16, bus: Option<u16>, directory: &TempDir) -> Child {
    let mut server = Command::new("redis-server");
    server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", "0"]);
    server.args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
    server.args(["--tls-ca-cert-file", AUTHORITY, "--tls-cert-file", CERTIFICATE, "--tls-key-file", KEY]);
    server.args(["--user", "default", "off"]);
    server.args(["--user", ADMIN, "on", &format!(">{ADMIN}"), "~*", "&*", "+@all"]);
    server.args(["--user", USER, "on", &format!(">{PASSWORD}")]).args(RIGHTS);
    if let Some(bus) = bus {
        in_cluster(&mut server, port, bus);
    }
    let quiet = server.current_dir(directory.path()).stdout(Stdio::null());
    quiet.spawn().expect("these tests need `redis-server` (7 or later, with TLS) on the PATH")
}

fn in_cluster(server: &mut Command, port: u16, bus: u16) {
    server.args(["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()]);
    server.args(["--cluster-config-file", &format!("nodes-{port}.conf")]);
    server.args(["--tls-cluster", "yes", "--tls-replication", "yes"]);
    server.args(["--masteruser", ADMIN, "--masterauth", ADMIN, "--repl-diskless-sync-delay", "0"]);
    // What a node that fails leaves working, and how soon it counts as failed.
    server.args(["--cluster-require-full-coverage", "no", "--cluster-node-timeout", "1000"]);
    server.args(["--cluster-replica-validity-factor", "0"]);
}
