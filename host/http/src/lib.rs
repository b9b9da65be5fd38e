//! HTTP server at one port: a router behind limits, so that strangers can neither fill it nor keep others waiting.
//!
//! What is served is the router's business; who may ask for it is, too. Here is what any port needs that somebody may reach:
//!
//! | what | bound | what happens then |
//! | --- | --- | --- |
//! | connections in all | [`Limits::connections`] | the next ones wait to be accepted |
//! | connections of one address (an IPv6 network of 64 bits counts as one; this machine has no bound) | [`Limits::of_one_address`] | the next one is closed |
//! | a TLS handshake | [`Limits::head`] | the connection is closed |
//! | a request's head, and the time to the next one | [`Limits::head`], 64 KiB | the connection is closed, or told 431 |
//! | the next piece of a body, or of an answer | [`Limits::stalled`] | the request fails, or the connection is closed |
//! | open requests when the port is closed | [`Limits::goodbye`] | they are cut |
//!
//! Deliberately absent: anything of ours.

mod addresses;
mod asker;
mod connection;

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tower_http::timeout::TimeoutBody;

pub use self::asker::asker;
use self::{
    addresses::Addresses,
    connection::{Connection, Place},
};

/// Bytes of a request's head: more than any browser sends, cookies included.
const HEAD: usize = 64 << 10;

/// How long it is waited when nothing can be accepted: without a descriptor, say, it can't be at once again.
const WAIT: Duration = Duration::from_millis(200);

/// What strangers may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once: 512.
    pub connections: usize,
    /// Connections at once of one address: 128.
    pub of_one_address: usize,
    /// What a handshake may take, a request's head, and the time to the next request of a connection: 15 s.
    pub head: Duration,
    /// What the next piece of a body may take to come, and of an answer to go: 30 s.
    pub stalled: Duration,
    /// What requests have that are open when the port is closed: 3 s.
    pub goodbye: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            of_one_address: 128,
            head: Duration::from_secs(15),
            stalled: Duration::from_secs(30),
            goodbye: Duration::from_secs(3),
        }
    }
}

/// A port that is taken; connections wait until it [serves](Port::serve).
#[derive(Debug)]
pub struct Port {
    tcp: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

/// A port that is served, until this is dropped: requests under way are cut then ([`Server::close`] lets them end).
#[derive(Debug)]
pub struct Server {
    close: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// What connections have in common.
struct Shared {
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    closed: watch::Receiver<bool>,
}

impl Port {
    /// Takes a port.
    ///
    /// # Errors
    ///
    /// It is taken, or not to be had.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        let address = tcp.local_addr()?;
        Ok(Self {
            tcp,
            address,
            limits,
        })
    }

    /// Where it is: with a number, also if it was asked for 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves it. Handlers find where a request comes from as `ConnectInfo<SocketAddr>`.
    #[must_use]
    pub fn serve(self, router: Router, tls: Option<TlsAcceptor>) -> Server {
        let (close, closed) = watch::channel(false);
        let shared = Shared {
            router,
            tls,
            limits: self.limits,
            closed,
        };
        let serving = tokio::spawn(accept(self.tcp, Arc::new(shared)));
        Server { close, serving }
    }
}

impl Server {
    /// Takes no more, lets requests end that are under way, and gives the port back.
    pub async fn close(mut self) {
        self.close.send_replace(true);
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Accepts connections until the port is closed. Those that are open end with this.
async fn accept(tcp: TcpListener, shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(shared.limits.connections));
    let addresses = Addresses::new(shared.limits.of_one_address);
    let mut connections = JoinSet::new();
    let mut closed = shared.closed.clone();
    loop {
        let next = async { (Arc::clone(&room).acquire_owned().await, tcp.accept().await) };
        tokio::select! {
            () = until(&mut closed) => break,
            Some(_) = connections.join_next() => {}
            (room, accepted) = next => match (room, accepted) {
                (Ok(room), Ok((tcp, peer))) => {
                    if let Some(address) = addresses.enter(peer.ip()) {
                        let place = Place { _room: room, _address: address };
                        connections.spawn(serve(Arc::clone(&shared), tcp, peer, place));
                    } else {
                        tracing::debug!(address = %peer.ip(), "a connection is closed: its address has as many as it may");
                    }
                }
                (_, Err(error)) => {
                    tracing::debug!("a connection can't be accepted: {error}");
                    sleep(WAIT).await;
                }
                // Nobody closes the semaphore.
                (Err(_), _) => break,
            },
        }
    }
    drop(tcp);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(shared.limits.goodbye, ended).await;
}

/// Until the port is closed.
async fn until(closed: &mut watch::Receiver<bool>) {
    // Whoever could close it has gone: so has the port.
    let _ = closed.wait_for(|closed| *closed).await;
}

async fn serve(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr, place: Place) {
    let _ = tcp.set_nodelay(true);
    let limits = shared.limits;
    let connection = match &shared.tls {
        None => Connection::new(tcp, place, limits.stalled),
        Some(tls) => match timeout(limits.head, tls.accept(tcp)).await {
            Ok(Ok(stream)) => Connection::new(stream, place, limits.stalled),
            // Somebody else's business: a scanner, or a browser that does not trust the certificate.
            Ok(Err(error)) => return tracing::debug!(%peer, "a TLS handshake failed: {error}"),
            Err(_) => return tracing::debug!(%peer, "a TLS handshake took too long"),
        },
    };
    let service = service_fn(|request| answer(&shared, peer, request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_header_size(HEAD)
        .max_buf_size(2 * HEAD)
        .serve_connection(TokioIo::new(connection), service)
        .with_upgrades();
    let mut serving = pin!(serving);
    let mut closed = shared.closed.clone();
    tokio::select! {
        ended = serving.as_mut() => return told(peer, ended),
        () = until(&mut closed) => {}
    }
    serving.as_mut().graceful_shutdown();
    told(peer, serving.await);
}

fn answer(
    shared: &Shared,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> impl Future<Output = Result<axum::response::Response, std::convert::Infallible>> + use<> {
    let stalled = shared.limits.stalled;
    let mut request = request.map(|body| Body::new(TimeoutBody::new(stalled, body)));
    request.extensions_mut().insert(ConnectInfo(peer));
    shared.router.clone().oneshot(request)
}

/// Connections end in all kinds of ways, and none of them is the bot's fault.
fn told(peer: SocketAddr, ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%peer, "a connection ended: {error}");
    }
}

#[cfg(test)]
mod tests;
