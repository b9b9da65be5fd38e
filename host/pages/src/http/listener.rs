//! Port of the pages: bound where the configuration says, with TLS where there are certificates.

use std::{fs::File, io::BufReader, net::SocketAddr, path::Path, sync::Arc};

use axum::Router;
use host_http::{Limits, Port};
use host_ops::config;
use tokio::task::JoinHandle;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::state::State;

/// The pages' server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    following: JoinHandle<()>,
    /// What ends with it: telling of news, and the connection to a dashboard on another machine.
    others: [JoinHandle<()>; 2],
}

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
async fn open(
    state: &Arc<State>,
    wanted: Option<SocketAddr>,
    router: &Router,
) -> Option<host_http::Server> {
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
    let port = match Port::bind(wanted, Limits::default()).await {
        Ok(port) => port,
        Err(error) => {
            tracing::warn!(
                "no pages are served at {wanted}: {error}; set another address in `[pages] listen`, or \"off\""
            );
            return None;
        }
    };
    let address = port.address();
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
    Some(port.serve(router.clone(), tls))
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
