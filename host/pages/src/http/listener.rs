//! Port of the pages: bound where the configuration says, with TLS where there are certificates.

use std::{
    fs::File,
    io::{self, BufReader, Error},
    net::SocketAddr,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use host_ops::config;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::state::State;

/// Connections at once: a crowd here leaves the bot its descriptors.
const CONNECTIONS: usize = 512;

/// What a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What requests have when the port is closed.
const GOODBYE: Duration = Duration::from_secs(3);

/// The pages' server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    following: JoinHandle<()>,
    /// What ends with it: telling of news, and the connection to a dashboard on another machine.
    others: [JoinHandle<()>; 2],
}

/// A port that is open.
#[derive(Debug)]
struct Open {
    close: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Listens, and goes elsewhere when the configuration says so, or somebody by command. The first port is open, or told to be taken, when
/// this returns.
pub(super) async fn follow(
    state: Arc<State>,
    router: Router,
    others: [JoinHandle<()>; 2],
) -> Server {
    let mut config = state.config.follow();
    let mut access = state.access.follow();
    let mut wanted = wanted(&state);
    let mut open = open(&state, wanted, &router).await;
    let following = tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = config.changed() => if changed.is_err() { return },
                changed = access.changed() => if changed.is_err() { return },
            }
            let next = self::wanted(&state);
            if next == wanted {
                continue;
            }
            wanted = next;
            // Gone before the next begins: it may be the same port at another address.
            state.set_address(None);
            state.access.touch();
            if let Some(open) = open.take() {
                open.close().await;
            }
            open = self::open(&state, wanted, &router).await;
        }
    });
    Server { following, others }
}

fn wanted(state: &State) -> Option<SocketAddr> {
    let listen = state.config.now().pages.listen;
    listen.filter(|_| state.enabled())
}

/// A port that is taken costs the pages and nothing else: it is logged.
async fn open(state: &Arc<State>, wanted: Option<SocketAddr>, router: &Router) -> Option<Open> {
    let wanted = wanted?;
    let config = state.config.now();
    let tls = match tls(&config.pages) {
        Ok(tls) => tls,
        Err(why) => {
            tracing::error!("no pages are served: {why}");
            return None;
        }
    };
    let is_secure = tls.is_some();
    let tcp = match TcpListener::bind(wanted).await {
        Ok(tcp) => tcp,
        Err(error) => {
            tracing::warn!(
                "no pages are served at {wanted}: {error}; set another address in `[pages] listen`, or \"off\""
            );
            return None;
        }
    };
    let address = tcp.local_addr().ok()?;
    state.set_address(Some(address));
    let url = state.url().unwrap_or_default();
    let is_open = !address.ip().is_loopback() && !is_secure && !url.starts_with("https://");
    if is_open {
        tracing::warn!(
            "pages at {url}: whoever is on the way there can read along; name certificates in `[pages] tls_cert` and `tls_key`, or keep \
             them on this machine by `listen = \"127.0.0.1:{}\"` and put a proxy with TLS in front",
            address.port()
        );
    } else {
        tracing::info!("pages at {url}");
    }
    let port = Port {
        tcp,
        tls,
        room: Arc::new(Semaphore::new(CONNECTIONS)),
        handshakes: JoinSet::new(),
    };
    let service = router.clone().into_make_service_with_connect_info::<Peer>();
    let (close, closed) = oneshot::channel();
    let serving = axum::serve(port, service).with_graceful_shutdown(async move {
        let _ = closed.await;
    });
    let serving = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!("pages are served no more: {error}");
        }
    });
    Some(Open { close, serving })
}

impl Open {
    async fn close(self) {
        let _ = self.close.send(());
        let mut serving = self.serving;
        if timeout(GOODBYE, &mut serving).await.is_err() {
            serving.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.following.abort();
        for other in &self.others {
            other.abort();
        }
    }
}

/// Certificates and key, if the configuration names them.
fn tls(pages: &config::Pages) -> Result<Option<TlsAcceptor>, String> {
    let (cert, key) = match (&pages.tls_cert, &pages.tls_key) {
        (None, None) => return Ok(None),
        (Some(cert), Some(key)) => (cert, key),
        (Some(_), None) => return Err("`[pages] tls_cert` is set, and `tls_key` is not".to_owned()),
        (None, Some(_)) => return Err("`[pages] tls_key` is set, and `tls_cert` is not".to_owned()),
    };
    let open = |path: &Path| File::open(path).map(BufReader::new);
    let told = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let reader = open(cert).map_err(|error| told(cert, &error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_reader_iter(reader).collect();
    let chain = chain.map_err(|error| told(cert, &error))?;
    if chain.is_empty() {
        return Err(told(cert, &"there is no certificate in it"));
    }
    let reader = open(key).map_err(|error| told(key, &error))?;
    let secret = PrivateKeyDer::from_pem_reader(reader).map_err(|error| told(key, &error))?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| told(cert, &error))?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// The port, and handshakes that are under way: a slow one keeps nobody else waiting.
struct Port {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    room: Arc<Semaphore>,
    handshakes: JoinSet<io::Result<(Connection, SocketAddr)>>,
}

/// A connection, and its place among those that there may be.
pub(super) struct Connection {
    stream: Box<dyn Duplex>,
    _place: OwnedSemaphorePermit,
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Listener for Port {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let room = Arc::clone(&self.room);
            tokio::select! {
                Some(shaken) = self.handshakes.join_next() => {
                    if let Ok(Ok(accepted)) = shaken {
                        return accepted;
                    }
                }
                (place, accepted) = async { (room.acquire_owned().await, self.tcp.accept().await) } => {
                    match (place, accepted) {
                        (Ok(place), Ok((tcp, peer))) => self.shake(tcp, peer, place),
                        // Out of descriptors, say: not at once again.
                        _ => sleep(Duration::from_millis(200)).await,
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl Port {
    fn shake(&mut self, tcp: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        let tls = self.tls.clone();
        self.handshakes.spawn(async move {
            let _ = tcp.set_nodelay(true);
            let stream: Box<dyn Duplex> = match tls {
                None => Box::new(tcp),
                Some(tls) => {
                    let shaken = timeout(HANDSHAKE, tls.accept(tcp)).await;
                    Box::new(shaken.map_err(Error::other)??)
                }
            };
            let connection = Connection {
                stream,
                _place: place,
            };
            Ok((connection, peer))
        });
    }
}

impl Connected<IncomingStream<'_, Port>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(cx)
    }
}
