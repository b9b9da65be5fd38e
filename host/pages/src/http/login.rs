//! Logging in and out: the page that offers it, and links that log in once.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    body::Bytes,
    extract::State as Extract,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use host_ops::audit::Deed;
use serde_json::json;

use super::{
    cookies,
    guard::{From, Rotated, text},
    refusal::{Refusal, escaped, page, page_with},
    visitor::Visitor,
};
use crate::{secret::Token, sessions::Login, state::State, way::Way};

const STYLE: &str = include_str!("../../assets/login.css");
const SCRIPT: &str = include_str!("../../assets/link.js");

/// Refused logins of all addresses that the journal takes within a minute.
const REFUSED: u32 = 60;

/// The page that offers to log in.
pub(super) async fn offer(Extract(state): Extract<Arc<State>>) -> Response {
    let has_secret = state.site.client_secret.is_some();
    let discord = match has_secret {
        true => "<p><a class=\"button\" href=\"/login/discord/start\">Log in with Discord</a></p>",
        false => {
            "<p class=\"note\">Logging in with Discord is not set up: the operator puts the application's secret into the environment, as \
             DISCORD_CLIENT_SECRET.</p>"
        }
    };
    let body = format!(
        "<h1>Cogwright</h1><p>These are the pages of a Discord bot.</p>{discord}\
         <p>Owners of the bot get a link that logs them in by typing <code>/livemonitor quickstart</code> to it.</p>"
    );
    page("Log in", &body).into_response()
}

pub(super) async fn style() -> impl IntoResponse {
    let kind = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (kind, STYLE)
}

pub(super) async fn script() -> impl IntoResponse {
    let kind = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (kind, SCRIPT)
}

/// Where a link leads: its token is behind `#`, which browsers keep to themselves; the page's script sends it when somebody presses the
/// button. What looks at links before people do uses none up.
pub(super) async fn link_page() -> Response {
    let body = "<h1>Cogwright</h1><p>This link logs you in to the bot's pages, once.</p>\
        <form id=\"link\" method=\"post\"><button class=\"button\" autofocus>Log in</button></form>\
        <p id=\"said\" role=\"alert\"></p><noscript><p>This needs JavaScript: without it the link's secret would stand in logs.</p></noscript>";
    page_with(
        "Log in",
        "<script src=\"/login/link.js\" defer></script>",
        body,
    )
    .into_response()
}

/// Uses a link up.
pub(super) async fn link(
    Extract(state): Extract<Arc<State>>,
    Extension(from): Extension<From>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let sent = std::str::from_utf8(&body)
        .ok()
        .and_then(|body| Token::read(body.trim()));
    let used = sent.and_then(|token| state.sessions.used_link(&token, from.way.through()));
    let Some((user, name)) = used else {
        denied(
            &state,
            0,
            &from.address,
            "link",
            "the link was used before, is too old, or never was",
        )
        .await;
        return Refusal::new(
            StatusCode::FORBIDDEN,
            "This link was used before, or is older than ten minutes. Ask for another one.",
        )
        .answer(false);
    };
    let login = Login {
        user,
        name,
        avatar: String::new(),
        way: "link",
        address: from.address.clone(),
        browser: browser(&headers),
        through: from.way.through().to_owned(),
    };
    match begin(&state, &from.way, login).await {
        Ok(cookies) => (AppendHeaders(cookies), "/").into_response(),
        Err(refusal) => refusal.answer(false),
    }
}

/// Begins a session of whoever has a role: the cookies for their browser.
pub(super) async fn begin(
    state: &Arc<State>,
    by: &Way,
    login: Login,
) -> Result<[(header::HeaderName, header::HeaderValue); 2], Refusal> {
    let (user, name, way, address) = (
        login.user,
        login.name.clone(),
        login.way,
        login.address.clone(),
    );
    let Some(rights) = state.rights_through(user, by.through()) else {
        denied(state, user, &address, way, "the user has no role").await;
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "You are {name} ({user}), and have no role here. The bot's owner gives roles, on the page Roles of its dashboard."
            ),
        ));
    };
    let (seen, now) = (Arc::clone(state), state.sessions.now());
    tokio::task::spawn_blocking(move || seen.access.seen(user, &name, now));
    let token = state.sessions.begin(login);
    state.keep_sessions();
    record(
        state,
        user,
        "pages.login",
        way,
        &address,
        &format!("done: {}", rights.role),
    )
    .await;
    Ok(cookies::give(state, by, &token).map(|cookie| (header::SET_COOKIE, cookie)))
}

/// Ends a session.
pub(super) async fn log_out(
    Extract(state): Extract<Arc<State>>,
    Extension(rotated): Extension<Rotated>,
    visitor: Visitor,
) -> Response {
    rotated.take();
    let number = visitor.session.number;
    state.sessions.end(|it| it.number == number);
    state.keep_sessions();
    state.access.touch();
    record(
        &state,
        visitor.session.user,
        "pages.logout",
        &visitor.session.way,
        &visitor.address,
        "done",
    )
    .await;
    let cookies =
        cookies::take_back(&state, &visitor.way).map(|cookie| (header::SET_COOKIE, cookie));
    (AppendHeaders(cookies), Redirect::to("/login")).into_response()
}

/// Enters a login that was refused into the audit journal.
pub(super) async fn denied(state: &State, user: u64, address: &str, way: &str, why: &str) {
    tracing::warn!(
        user,
        address,
        way,
        "a login to the pages was refused: {why}"
    );
    // Strangers push nothing out of the journal: the log has all of them.
    let is_new = state
        .limiter
        .take("refused logins", REFUSED, Instant::now())
        .is_ok();
    if is_new {
        let result = format!("refused: {why}");
        record(state, user, "pages.login", way, address, &result).await;
    }
}

/// Enters it into the audit journal, before anybody is answered.
async fn record(state: &State, user: u64, call: &str, way: &str, address: &str, result: &str) {
    let entered = state.site.bot.record(Deed {
        user,
        call: call.to_owned(),
        way: "page".to_owned(),
        params: json!({"by": way, "from": address}),
        result: result.to_owned(),
        ..Deed::default()
    });
    if let Err(error) = entered.await {
        tracing::error!("a login or logout is not in the audit journal: {error}");
    }
}

/// What a browser says that it is.
pub(super) fn browser(headers: &HeaderMap) -> String {
    text(headers, &header::USER_AGENT)
        .unwrap_or_default()
        .to_owned()
}

/// Words for a page of refusal.
pub(super) fn sorry(text: &str) -> Response {
    let body = format!(
        "<h1>Not logged in</h1><p>{}</p><p><a class=\"button\" href=\"/login\">Try again</a></p>",
        escaped(text)
    );
    (StatusCode::FORBIDDEN, page("Not logged in", &body)).into_response()
}
