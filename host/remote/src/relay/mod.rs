//! Relay: the dashboard's server on another machine, which bots connect to.
//!
//! | file | what it does |
//! | --- | --- |
//! | `bots.rs` | which bots may come: the access file, and its changes |
//! | `connected.rs` | which bots are there |
//! | `gate.rs` | where bots come in |
//! | `forward.rs` | requests to a bot's pages |
//! | `login.rs` | links that log the relay's operator in once, and their sessions |
//! | `overview.rs` | the page that lists the bots |

mod bots;
mod connected;
mod forward;
mod gate;
mod login;
mod overview;

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use host_base::{private, shown};
use host_http::{Limits, Port, Server, asker};
use tokio::{sync::Semaphore, task::JoinHandle};
use tower::ServiceExt;
use tower_http::timeout::TimeoutLayer;

pub(crate) use self::bots::is_name;
use self::{bots::Bots, connected::Connected, login::Logins};
use crate::key::{KeyError, Keys, PublicKey};

/// The file of the relay's key, in its data folder.
pub const KEY_FILE: &str = "relay.key";

/// The file that names the bots which may come, in the data folder.
const BOTS_FILE: &str = "bots.toml";

/// The file that says where browsers reach it, in the data folder: for links that are made beside it.
const SITE_FILE: &str = "site.txt";

/// Connections that have not said yet who they are.
const STRANGERS: usize = 64;

/// Bytes of a request to the relay's own pages: a token.
const OWN_BODY: usize = 4 << 10;

/// What such a request may take; a bot's connection goes on.
const OWN_TIME: Duration = Duration::from_secs(30);

/// How a relay is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address it listens at.
    pub listen: SocketAddr,
    /// Where browsers reach it; each bot is at a name below that one. `None`: `http://localhost` and the port, where it listens on this
    /// machine alone.
    pub url: Option<String>,
    /// Where its key and its access file are.
    pub data: PathBuf,
}

/// Why there is no relay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    /// The key can't be had.
    #[error("the relay's key: {0}")]
    Key(#[from] KeyError),
    /// The access file can't be read.
    #[error("{0}")]
    Bots(String),
    /// The address can't be listened at.
    #[error("--listen {0}: {1}; give another address")]
    Listen(SocketAddr, #[source] io::Error),
    /// The address for browsers is missing or none.
    #[error("{0}")]
    Url(String),
    /// The data folder can't be made.
    #[error("--data {0}: {1}")]
    Data(PathBuf, #[source] io::Error),
}

/// A relay that runs, until this is dropped.
#[derive(Debug)]
pub struct Relay {
    inner: Arc<Inner>,
    address: SocketAddr,
    _server: Server,
    watching: JoinHandle<()>,
}

/// What its parts share.
#[derive(Debug)]
struct Inner {
    keys: Keys,
    /// `http` or `https`.
    scheme: String,
    /// Name and port, as browsers ask for it.
    host: String,
    connected: Connected,
    logins: Logins,
    strangers: Arc<Semaphore>,
}

impl Relay {
    /// Listens, and takes bots from now on.
    ///
    /// # Errors
    ///
    /// The key or the access file can't be read, or the address is taken.
    pub async fn start(options: Options) -> Result<Self, RelayError> {
        let data = options.data;
        private::folder_told(&data).map_err(|error| RelayError::Data(data.clone(), error))?;
        let keys = Keys::open(&data.join(KEY_FILE))?;
        let bots = Bots::open(&data.join(BOTS_FILE)).map_err(RelayError::Bots)?;
        let port = Port::bind(options.listen, Limits::default()).await;
        let port = port.map_err(|error| RelayError::Listen(options.listen, error))?;
        let address = port.address();
        let (scheme, host) = site(options.url.as_deref(), address).map_err(RelayError::Url)?;
        let told = write_site(&data, &format!("{scheme}://{host}"));
        told.map_err(|error| RelayError::Data(data.clone(), error))?;
        let inner = Arc::new(Inner {
            keys,
            scheme,
            host,
            connected: Connected::new(bots.now()),
            logins: Logins::new(&data),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
        });
        let watching = tokio::spawn(bots::watch(bots, Arc::clone(&inner)));
        let own = Router::new()
            .route("/", get(overview::show))
            .route("/remote", any(gate::enter))
            .route("/login/link", get(overview::link_page).post(overview::link))
            .route("/logout", post(overview::log_out))
            .route("/style.css", get(overview::style))
            .route("/link.js", get(overview::script))
            .fallback(overview::nothing)
            .layer(DefaultBodyLimit::max(OWN_BODY))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                OWN_TIME,
            ))
            .with_state(Arc::clone(&inner));
        let service = Router::new()
            .fallback(serve)
            .with_state((Arc::clone(&inner), own));
        let server = port.serve(service, None);
        Ok(Self {
            inner,
            address,
            _server: server,
            watching,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What bots have to know of it.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.inner.keys.public()
    }

    /// Where browsers reach its own page.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.inner.scheme, self.inner.host)
    }

    /// The bots that are connected now.
    #[must_use]
    pub fn connected(&self) -> Vec<String> {
        let all = self.inner.connected.all();
        let there = all.into_iter().filter(|it| it.is_there);
        there.map(|it| it.name).collect()
    }

    /// Tells all bots that it ends.
    pub async fn shut_down(self) {
        self.inner.connected.close_all("the relay is stopped");
        // Farewells are sent by the bots' own tasks.
        let gone = async {
            while !self.connected().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(3), gone).await;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.watching.abort();
        self.inner.connected.close_all("the relay is stopped");
    }
}

/// A link that logs whoever opens it in at the relay in this data folder, once, within ten minutes, be the relay running or not. The one
/// before it is good no more.
///
/// # Errors
///
/// The data folder is none of a relay that was started, or it can't be written to.
pub fn login_link(data: &Path) -> io::Result<String> {
    let site = fs::read_to_string(data.join(SITE_FILE))?;
    let site = site.trim();
    let token = Logins::new(data).link()?;
    // Behind `#`, where no server, proxy or log sees it.
    Ok(format!("{site}/login/link#{token}"))
}

fn write_site(data: &Path, site: &str) -> io::Result<()> {
    fs::write(data.join(SITE_FILE), format!("{site}\n"))
}

/// Scheme, and name with port.
fn site(url: Option<&str>, address: SocketAddr) -> Result<(String, String), String> {
    let Some(url) = url else {
        if !address.ip().is_loopback() {
            return Err(format!(
                "it listens at {address}, so say where browsers reach it, as `--url https://dash.example.org`: each bot is at a name below \
                 that one (`https://alpha.dash.example.org`), which DNS and a proxy with TLS have to lead here"
            ));
        }
        return Ok(("http".to_owned(), format!("localhost:{}", address.port())));
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    let parts = url
        .trim_end_matches('/')
        .split_once("://")
        .filter(|(scheme, host)| {
            let name = host.split(':').next().unwrap_or_default();
            matches!(*scheme, "http" | "https")
                && host.chars().all(fits)
                && name.chars().any(|c| c.is_ascii_alphabetic())
        });
    let (scheme, host) = parts.ok_or_else(|| {
        format!(
            "--url: expected an address with a name in it, such as \"https://dash.example.org\", without a path, found `{}`; an IP address \
             has no names below it, at which bots could be",
            shown::word(url)
        )
    })?;
    Ok((scheme.to_owned(), host.to_ascii_lowercase()))
}

/// What a request is for, by the name that it was sent to.
async fn serve(State((inner, own)): State<(Arc<Inner>, Router)>, request: Request) -> Response {
    let host = text(request.headers(), &header::HOST).unwrap_or_default();
    let host = host.to_ascii_lowercase();
    if host == inner.host {
        return answered(own, request).await;
    }
    let bot = host
        .strip_suffix(&inner.host)
        .and_then(|rest| rest.strip_suffix('.'));
    if let Some(bot) = bot.map(str::to_owned) {
        return forward::forward(&inner, &bot, request).await;
    }
    // Bots may come by an address, too: they know whom they want by the key.
    if request.uri().path() == "/remote" {
        return answered(own, request).await;
    }
    let text = format!(
        "`{}` is not a name of this server, which is at {}://{}.\n",
        shown::word(&host),
        inner.scheme,
        inner.host
    );
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

async fn answered(own: Router, request: Request) -> Response {
    match own.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The address of whoever asks.
fn address(request: &Request) -> String {
    asker(request.extensions(), request.headers())
        .map_or_else(|| "unknown".to_owned(), |it| it.to_string())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_have_names_below_the_relays_own() {
        let of = |url, address: &str| site(url, address.parse().unwrap());
        let here = ("http".to_owned(), "localhost:9330".to_owned());
        assert_eq!(of(None, "127.0.0.1:9330"), Ok(here));
        let there = ("https".to_owned(), "dash.example.org".to_owned());
        let url = Some("https://Dash.example.org/");
        assert_eq!(of(url, "0.0.0.0:9330"), Ok(there));
        assert!(of(None, "0.0.0.0:9330").unwrap_err().contains("--url"));
        for odd in [
            "dash.example.org",
            "ftp://dash.example.org",
            "https://",
            "https://192.0.2.1:9330",
            "https://dash.example.org/x",
            "https://a b",
        ] {
            let error = of(Some(odd), "127.0.0.1:1").unwrap_err();
            assert!(error.contains("expected an address"), "{odd}: {error}");
        }
    }
}
