//! HTTP server of `/metrics`, `/livez` and `/readyz`.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use host_base::shown;
use host_http::{Limits, Port};
use host_loader::Plugins;
use host_ops::config::Live;
use host_pages::is_own_name;
use serde::Serialize;
use tokio::{sync::watch, task::JoinHandle};

use super::Page;
use crate::services::Services;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server of figures, at the address of `[metrics] listen` as it is now; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: watch::Receiver<Option<SocketAddr>>,
    following: JoinHandle<()>,
}

/// A server at one address; it ends when this is dropped.
#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    server: host_http::Server,
}

#[derive(Debug, Clone)]
struct Shown {
    config: Live,
    page: Arc<Page>,
    services: Arc<Services>,
    plugins: Arc<Plugins>,
}

/// What is served, for another server that serves it along with its own pages, and looks at who asks.
pub fn router(live: &Live, services: &Arc<Services>, plugins: &Arc<Plugins>) -> Router {
    paths(Shown::new(live, services, plugins))
}

fn paths(shown: Shown) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(shown)
}

impl Shown {
    fn new(live: &Live, services: &Arc<Services>, plugins: &Arc<Plugins>) -> Self {
        Self {
            config: live.clone(),
            page: Arc::new(Page::new(Arc::clone(services), Arc::clone(plugins))),
            services: Arc::clone(services),
            plugins: Arc::clone(plugins),
        }
    }
}

impl Server {
    /// Listens, and goes elsewhere when the configuration says so.
    pub async fn start(live: &Live, services: &Arc<Services>, plugins: &Arc<Plugins>) -> Self {
        let shown = Shown::new(live, services, plugins);
        let mut changes = live.follow();
        let mut listen = changes.borrow_and_update().metrics.listen;
        let mut listening = Listening::at(listen, &shown).await;
        let (told, address) = watch::channel(listening.as_ref().map(|it| it.address));
        let following = tokio::spawn(async move {
            loop {
                let changed = changes.wait_for(|config| config.metrics.listen != listen);
                listen = match changed.await {
                    Ok(config) => config.metrics.listen,
                    Err(_) => return,
                };
                // Gone before the next begins: it may be the same port at another address.
                if let Some(listening) = listening.take() {
                    listening.server.close().await;
                }
                listening = Listening::at(listen, &shown).await;
                told.send_replace(listening.as_ref().map(|it| it.address));
            }
        });
        Self { address, following }
    }

    /// Where it listens, if it does.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        *self.address.borrow()
    }
}

impl Listening {
    /// A port that is taken costs the metrics and nothing else: it is logged.
    async fn at(address: Option<SocketAddr>, shown: &Shown) -> Option<Self> {
        let address = address?;
        let port = match Port::bind(address, Limits::default()).await {
            Ok(port) => port,
            Err(error) => {
                tracing::warn!(
                    "no metrics are served at {address}: {error}; set another address in `[metrics] listen`, or \"off\""
                );
                return None;
            }
        };
        let address = port.address();
        let router = paths(shown.clone()).layer(middleware::from_fn_with_state(
            shown.config.clone(),
            addressed,
        ));
        if address.ip().is_loopback() {
            tracing::info!("metrics at http://{address}/metrics");
        } else {
            tracing::warn!(
                "metrics at http://{address}/metrics: whoever reaches this machine can read how the bot is used; `[metrics] listen = \
                 \"127.0.0.1:{}\"` keeps them here",
                address.port()
            );
        }
        let server = port.serve(router, None);
        Some(Self { address, server })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.following.abort();
    }
}

/// Answers only who has asked for this machine by an address or a name of its own: a page in somebody's browser asks by the
/// name that it came from, wherever that name leads to (DNS rebinding).
async fn addressed(State(config): State<Live>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let config = config.now();
    match host.as_deref() {
        // A browser always sends one.
        None => next.run(request).await,
        Some(host) if is_own_name(host, &config.metrics.hosts) => next.run(request).await,
        Some(host) => {
            let why = format!(
                "`{}` is not a name of this server: ask by its address, or name it in `[metrics] hosts`\n",
                shown::line(host)
            );
            (StatusCode::MISDIRECTED_REQUEST, why).into_response()
        }
    }
}

async fn metrics(State(shown): State<Shown>, headers: HeaderMap) -> Response {
    let wants_open_metrics = headers.get_all(header::ACCEPT).iter().any(|accept| {
        accept
            .to_str()
            .is_ok_and(|accept| accept.contains("application/openmetrics-text"))
    });
    // It reads /proc, and waits for the locks of all that is counted.
    let page = tokio::task::spawn_blocking(move || {
        if wants_open_metrics {
            (OPEN_METRICS, shown.page.open_metrics())
        } else {
            (CLASSIC, shown.page.classic())
        }
    });
    match page.await {
        Ok((kind, page)) => ([(header::CONTENT_TYPE, kind)], page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Answer of `/readyz`.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    /// What is not there yet, or not as it should be.
    missing: Vec<String>,
}

async fn ready(State(shown): State<Shown>) -> (StatusCode, Json<Readiness>) {
    let figures = &shown.services.figures;
    let mut missing = Vec::new();
    if !figures.started.load(Relaxed) {
        missing.push("the plugins are being loaded".to_owned());
    }
    let shards = figures.shards();
    if shards.is_empty() {
        missing.push("the gateway is not connected".to_owned());
    }
    let down = shards.iter().filter(|(_, shard)| !shard.is_up());
    missing.extend(down.map(|(shard, _)| format!("shard {shard} has no session")));
    let lacking = figures.missing_intents(&shown.services.routes().intents());
    missing.extend(lacking.iter().map(ToString::to_string));
    for status in shown.plugins.status() {
        if let (None, Some(error)) = (status.serving, status.error) {
            missing.push(format!("plugin `{}` is not loaded: {error}", status.plugin));
        }
    }
    let ready = missing.is_empty();
    let code = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, Json(Readiness { ready, missing }))
}
