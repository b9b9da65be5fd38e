//! HTTP server of the pages.
//!
//! | file | what it does |
//! | --- | --- |
//! | `listener.rs` | the port, with TLS where there are certificates; follows the configuration |
//! | `guard.rs` | before anything else: by which name, from which origin, how often |
//! | `refusal.rs` | answers that say no, as a page or as a sentence |
//! | `cookies.rs` | cookies of sessions |
//! | `visitor.rs` | whose request it is |
//! | `login.rs`, `discord.rs` | logging in by a link, and through Discord |
//! | `relay.rs` | requests to plugins' routes |
//! | `events.rs` | what open pages follow, as server-sent events |
//! | `description.rs` | all routes as an OpenAPI document |

mod cookies;
mod description;
mod discord;
mod events;
mod guard;
mod listener;
mod login;
mod refusal;
mod relay;
mod visitor;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{any, get, post},
};

use tower_http::timeout::TimeoutLayer;

pub use self::{guard::is_own_name, listener::Server};
use crate::{remote, state::State};

/// Bytes of a login: a token.
const LOGIN_BODY: usize = 4 << 10;

/// What a login may take, Discord's part of it included.
const LOGIN_TIME: Duration = Duration::from_secs(30);

/// Serves the pages from now on, where the configuration says, until what it returns is dropped.
pub(crate) async fn serve(state: Arc<State>) -> Server {
    let metrics = state.site.bot.metrics();
    let router = router(&state, metrics);
    let telling = tokio::spawn(events::tick(Arc::clone(&state)));
    // Without the metrics: they ask for no login, and whoever reaches the port is somebody else than whoever reaches a relay.
    let remote = remote::follow(Arc::clone(&state), self::router(&state, None));
    let remote = tokio::spawn(remote);
    listener::follow(state, router, [telling, remote]).await
}

/// All that is served.
pub(crate) fn router(state: &Arc<State>, metrics: Option<Router>) -> Router {
    let router = Router::new()
        .route("/", get(relay::home))
        .route("/p/{plugin}", any(relay::route))
        .route("/p/{plugin}/", any(relay::route))
        .route("/p/{plugin}/{*path}", any(relay::route))
        // Browsers ask for it by themselves, and complain of a 404.
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/events", get(events::follow))
        .route("/openapi.json", get(description::describe))
        .merge(logins())
        .fallback(relay::nothing)
        .with_state(Arc::clone(state));
    let router = match metrics {
        Some(metrics) => router.merge(metrics),
        None => router,
    };
    router.layer(from_fn_with_state(Arc::clone(state), guard::guard))
}

/// What strangers may ask for: small, and soon.
fn logins() -> Router<Arc<State>> {
    Router::new()
        .route("/login", get(login::offer))
        .route("/login/style.css", get(login::style))
        .route("/login/link.js", get(login::script))
        .route("/login/link", get(login::link_page).post(login::link))
        .route("/login/discord/start", get(discord::start))
        .route("/login/discord", get(discord::back))
        .route("/logout", post(login::log_out))
        .layer(DefaultBodyLimit::max(LOGIN_BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            LOGIN_TIME,
        ))
}
