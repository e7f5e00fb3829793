//! How L2 is reached: one server or a cluster, in clear or by TLS.
//!
//! Everything is made anew at each attempt (name look-up, TLS, login), because
//! any of it may have changed while this process was frozen.

use std::collections::BTreeSet;
use std::error::Error;
use std::io;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue,
    IntoConnectionInfo, Pipeline, RedisError, RedisResult, TlsCertificates, Value,
};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::config::{Config, ConfigError, Discovery};
use crate::elasticache::discovery::{Endpoint, discover};

/// Within one command's time a cluster's client may follow this many redirections.
/// While a slot moves, three commands about it can take each other's places.
const REDIRECTIONS: u32 = 6;
/// Milliseconds before it does where Redis asks for a pause.
const PAUSE_MS: (u64, u64) = (2, 10);

/// What connects.
pub(crate) struct Dialer {
    config: Config,
    /// Where; none until ElastiCache has said so.
    server: OnceCell<Server>,
}

/// Where L2 is.
struct Server {
    info: ConnectionInfo,
    cluster: bool,
}

/// A connection; clones share it.
#[derive(Clone)]
pub(crate) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Dialer {
    /// None if there is no L2.
    pub(crate) fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let server = match (config.l2_url(), &config.elasticache) {
            (Some(url), _) => OnceCell::new_with(Some(Server::at(url, config.cluster)?)),
            (None, Some(_)) => OnceCell::new(),
            (None, None) => return Ok(None),
        };
        // Refused if the application has chosen one already, which then counts.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Some(Self { config: config.clone(), server }))
    }

    /// A connection that has answered once.
    pub(crate) async fn dial(&self) -> RedisResult<Connection> {
        let server = self.server.get_or_try_init(|| self.discover()).await?;
        let dialled = async {
            let mut connection = self.connect(server).await?;
            connection.ping().await?;
            Ok(connection)
        };
        match timeout(self.config.connect_timeout, dialled).await {
            Ok(dialled) => dialled,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
    }

    /// Has a time limit of its own; what fails is tried again at the next dial.
    async fn discover(&self) -> RedisResult<Server> {
        let Some(Discovery { client, cache }) = &self.config.elasticache else {
            return Err((ErrorKind::InvalidClientConfig, "neither a URL nor a name").into());
        };
        let found = discover(client, cache).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn Error, "ElastiCache does not say where the cache is");
            RedisError::from((ErrorKind::Client, "not found in ElastiCache"))
        })?;
        Ok(Server::new(address(&found).into_connection_info()?, found.cluster))
    }

    async fn connect(&self, server: &Server) -> RedisResult<Connection> {
        if server.cluster {
            let client = self.cluster(&server.info).build()?;
            return client.get_async_connection().await.map(Connection::Cluster);
        }
        let client = match self.certificates() {
            Some(certificates) => Client::build_with_tls(server.info.clone(), certificates)?,
            None => Client::open(server.info.clone())?,
        };
        let connecting = self.connecting();
        client.get_multiplexed_async_connection_with_config(&connecting).await.map(Connection::Single)
    }

    fn connecting(&self) -> AsyncConnectionConfig {
        let connecting = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.config.connect_timeout))
            .set_response_timeout(Some(self.config.command_timeout));
        match &self.config.credentials {
            Some(credentials) => connecting.set_credentials_provider(credentials.clone()),
            None => connecting,
        }
    }

    fn cluster(&self, seed: &ConnectionInfo) -> ClusterClientBuilder {
        // It waits for every node's connection before it is one: a node that hangs
        // is to leave time for the rest.
        let mut builder = ClusterClientBuilder::new([seed.clone()])
            .connection_timeout(self.config.connect_timeout / 2)
            .response_timeout(self.config.command_timeout)
            .retries(REDIRECTIONS)
            .min_retry_wait(PAUSE_MS.0)
            .max_retry_wait(PAUSE_MS.1);
        if let Some(certificates) = self.certificates() {
            builder = builder.certs(certificates);
        }
        match &self.config.credentials {
            Some(credentials) => builder.set_credentials_provider(credentials.clone()),
            None => builder,
        }
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        let root_cert = self.config.certificate_authorities.clone()?;
        Some(TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
    }
}

impl Server {
    /// Its connections do not introduce themselves: that is a round trip more.
    fn new(info: ConnectionInfo, cluster: bool) -> Self {
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        Self { info: info.set_redis_settings(settings), cluster }
    }

    fn at(url: &str, cluster: bool) -> Result<Self, ConfigError> {
        match url.into_connection_info() {
            Ok(info) => Ok(Self::new(info, cluster)),
            Err(error) => Err(ConfigError::Url { reason: error.category().to_owned() }),
        }
    }
}

fn address(endpoint: &Endpoint) -> ConnectionAddr {
    let (host, port) = (endpoint.host.clone(), endpoint.port);
    if endpoint.tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}

impl Connection {
    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Sends commands together; in a cluster, all of one slot.
    pub(crate) async fn send(&mut self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        match self {
            Self::Single(connection) => commands.query_async(connection).await,
            Self::Cluster(connection) => commands.query_async(connection).await,
        }
    }

    /// The values of names, all of one slot in a cluster.
    pub(crate) async fn mget(&mut self, names: &[String]) -> RedisResult<Value> {
        let mget = mget(names);
        match self {
            Self::Single(connection) => mget.query_async(connection).await,
            Self::Cluster(connection) => mget.query_async(connection).await,
        }
    }

    /// The same, and a write that changes nothing and needs no room.
    pub(crate) async fn mget_and_write(&mut self, names: &[String]) -> RedisResult<Value> {
        let mut both = Pipeline::with_capacity(2);
        both.add_command(mget(names)).cmd("UNLINK").arg("{}:nothing");
        Ok(self.send(&both).await?.into_iter().next().unwrap_or(Value::Nil))
    }

    /// One empty round trip, in a cluster to any node.
    pub(crate) async fn ping(&mut self) -> RedisResult<()> {
        let ping = redis::cmd("PING");
        match self {
            Self::Single(connection) => ping.exec_async(connection).await,
            Self::Cluster(connection) => {
                let anywhere = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
                connection.route_command(ping, anywhere).await.map(drop)
            }
        }
    }

    /// Sends one command to one of the [`Self::primaries`].
    pub(crate) async fn run_at<T: FromRedisValue>(&mut self, node: &Node, command: Cmd) -> RedisResult<T> {
        match (self, node) {
            (Self::Cluster(connection), Node::At { host, port }) => {
                let there = SingleNodeRoutingInfo::ByAddress { host: host.clone(), port: *port };
                let value = connection.route_command(command, RoutingInfo::SingleNode(there)).await?;
                Ok(T::from_redis_value(value)?)
            }
            (Self::Cluster(connection), Node::Only) => command.query_async(connection).await,
            (Self::Single(connection), _) => command.query_async(connection).await,
        }
    }

    /// The nodes that hold all there is.
    pub(crate) async fn primaries(&mut self) -> RedisResult<Vec<Node>> {
        let Self::Cluster(connection) = self else { return Ok(vec![Node::Only]) };
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("SLOTS");
        let anywhere = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
        let ranges = Vec::<Value>::from_redis_value(connection.route_command(slots, anywhere).await?)?;
        let nodes: Option<BTreeSet<Node>> = ranges.iter().map(primary).collect();
        match nodes {
            Some(nodes) => Ok(nodes.into_iter().collect()),
            None => Err((ErrorKind::Parse, "CLUSTER SLOTS does not name every primary").into()),
        }
    }
}

fn mget(names: &[String]) -> Cmd {
    let bytes: usize = names.iter().map(String::len).sum();
    let mut mget = Cmd::with_capacity(1 + names.len(), "MGET".len() + bytes);
    mget.arg("MGET").arg(names);
    mget
}

/// A node of L2 that holds entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    /// The one server.
    Only,
    /// A cluster's, by its address as the cluster announces it.
    At { host: String, port: u16 },
}

/// The primary in one line of `CLUSTER SLOTS`: first slot, last, primary, replicas.
fn primary(range: &Value) -> Option<Node> {
    let Value::Array(range) = range else { return None };
    let Value::Array(node) = range.get(2)? else { return None };
    let host = String::from_redis_value_ref(node.first()?).ok()?;
    let port = u16::from_redis_value_ref(node.get(1)?).ok()?;
    Some(Node::At { host, port })
}
