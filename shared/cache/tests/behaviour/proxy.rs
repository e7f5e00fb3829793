//! A network between the cache and Redis that can fail in every way but one: it
//! never changes a byte.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What becomes of the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Pass,
    /// They take this long, each way there.
    Late(Duration),
    /// They vanish, and nobody is told.
    Vanish,
    /// The connection is closed.
    Cut,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    /// Of the connections that stand, and of those to come.
    fate: watch::Sender<Fate>,
    /// The connections since the last [`Proxy::forget`] listen to this one.
    current: watch::Sender<watch::Receiver<Fate>>,
    _serving: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let (fate, fates) = watch::channel(Fate::Pass);
        let (current, currents) = watch::channel(fates);
        let address = listener.local_addr().expect("it is bound");
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, port, currents));
        Self { address, fate, current, _serving: serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub(crate) fn pass(&self) {
        self.fate.send_replace(Fate::Pass);
    }

    pub(crate) fn delay(&self, by: Duration) {
        self.fate.send_replace(Fate::Late(by));
    }

    /// Everything that is sent vanishes, also what is sent on new connections.
    pub(crate) fn swallow(&self) {
        self.fate.send_replace(Fate::Vanish);
    }

    /// Closes the connections that stand.
    pub(crate) fn cut(&mut self) {
        self.abandon(Fate::Cut);
    }

    /// Lets the connections that stand lead nowhere, as after a long freeze; new
    /// ones pass.
    pub(crate) fn forget(&mut self) {
        self.abandon(Fate::Vanish);
    }

    fn abandon(&mut self, to: Fate) {
        let (fate, fates) = watch::channel(Fate::Pass);
        self.current.send_replace(fates);
        std::mem::replace(&mut self.fate, fate).send_replace(to);
    }
}

async fn serve(listener: TcpListener, port: u16, currents: watch::Receiver<watch::Receiver<Fate>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let fates = currents.borrow().clone();
        connections.spawn(connect(client, port, fates));
    }
}

async fn connect(client: TcpStream, port: u16, fates: watch::Receiver<Fate>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = carry(from_client, to_server, fates.clone());
    let back = carry(from_server, to_client, fates);
    tokio::select! { () = there => {}, () = back => {} }
}

/// Ends when either end closes, or the connection is to be cut.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut fates: watch::Receiver<Fate>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let fate = *fates.borrow_and_update();
        if fate == Fate::Cut {
            return;
        }
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            changed = fates.changed() => match changed {
                Ok(()) => continue,
                // Nobody decides any more: as it is, it stays.
                Err(_) => from.read(&mut buffer).await,
            },
        };
        let Ok(count @ 1..) = read else { return };
        match fate {
            Fate::Vanish => continue,
            Fate::Late(by) => tokio::time::sleep(by).await,
            Fate::Pass | Fate::Cut => {}
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
