//! The relay's own pages: its bots, for whoever has logged in by a link.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{Inner, connected::View, text};

const STYLE: &str = include_str!("../../assets/relay.css");
const SCRIPT: &str = include_str!("../../assets/link.js");

/// How the session's cookie is called. Where browsers can be told so, they take it from this name alone, and not from a bot's below it.
const COOKIE: [(&str, &str); 2] = [("https", "__Host-relay"), ("http", "relay")];

/// What these pages may load: what is here, and no script that stands in a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// All bots that may come, and whether they are there.
pub(super) async fn show(State(relay): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    if !session(&relay, &headers).is_some_and(|it| relay.logins.goes_on(it)) {
        let words = "<h1>Bots</h1><p>You are not logged in. <code>cogwright dashboard link</code>, on the relay's machine, prints a link that \
                     logs you in, once.</p>";
        return page(StatusCode::UNAUTHORIZED, "Not logged in", "", words);
    }
    let bots = relay.connected.all();
    let mut body = "<h1>Bots</h1>".to_owned();
    if bots.is_empty() {
        body.push_str(
            "<p>None may come yet: <code>bots.toml</code> in the relay's data folder names those that may, with their public keys. A bot's \
             log says what its own is.</p>",
        );
    } else {
        body.push_str("<ul class=\"bots\">");
        for bot in &bots {
            let _ = write!(body, "<li>{}</li>", item(&relay, bot));
        }
        body.push_str("</ul>");
    }
    body.push_str("<form method=\"post\" action=\"/logout\"><button>Log out</button></form>");
    let mut response = page(StatusCode::OK, "Bots", "", &body);
    let often = HeaderValue::from_static("5");
    let refresh = HeaderName::from_static("refresh");
    response.headers_mut().insert(refresh, often);
    response
}

/// Names are letters, digits and hyphens alone.
fn item(relay: &Inner, bot: &View) -> String {
    let (name, scheme, host) = (&bot.name, &relay.scheme, &relay.host);
    let since = bot.since.map(|since| {
        let text = since.strftime("%Y-%m-%d %H:%M:%S UTC");
        format!("since <time datetime=\"{since}\">{text}</time>")
    });
    match (bot.is_there, since) {
        (true, since) => format!(
            "<a href=\"{scheme}://{name}.{host}/\">{name}</a> <span class=\"there\">connected</span> {}",
            since.unwrap_or_default()
        ),
        (false, Some(since)) => {
            format!("<b>{name}</b> <span class=\"away\">not connected</span> {since}")
        }
        (false, None) => format!(
            "<b>{name}</b> <span class=\"away\">not connected</span> since the relay was started"
        ),
    }
}

/// Where a link leads; its token is behind `#`, and sent when somebody presses the button.
pub(super) async fn link_page() -> Response {
    page(
        StatusCode::OK,
        "Log in",
        "<script src=\"/link.js\" defer></script>",
        "<h1>Bots</h1><p>This link logs you in to the list of bots, once. Each bot asks for a login of its own.</p>\
         <form id=\"link\" method=\"post\"><button autofocus>Log in</button></form><p id=\"said\" role=\"alert\"></p>\
         <noscript><p>This needs JavaScript: without it the link's secret would stand in logs.</p></noscript>",
    )
}

/// Uses a link up.
pub(super) async fn link(
    State(relay): State<Arc<Inner>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_same_origin(&relay, &headers) {
        return elsewhere();
    }
    let token = String::from_utf8_lossy(&body).trim().to_owned();
    let used = {
        let relay = Arc::clone(&relay);
        tokio::task::spawn_blocking(move || relay.logins.used(&token)).await
    };
    let Ok(Some(session)) = used else {
        tracing::warn!(
            "a login at the relay was refused: its link was used before, is too old, or never was"
        );
        let words = "This link was used before, or is older than ten minutes. `cogwright dashboard link` prints another one.";
        return (StatusCode::FORBIDDEN, words).into_response();
    };
    tracing::info!("somebody has logged in at the relay");
    let cookie = cookie(&relay, &session, 12 * 60 * 60);
    ([(header::SET_COOKIE, cookie)], "/").into_response()
}

/// Ends a session.
pub(super) async fn log_out(State(relay): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    if !is_same_origin(&relay, &headers) {
        return elsewhere();
    }
    if let Some(session) = session(&relay, &headers) {
        relay.logins.end(session);
    }
    let cookie = cookie(&relay, "", 0);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

pub(super) async fn script() -> impl IntoResponse {
    let kind = "text/javascript; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], SCRIPT)
}

pub(super) async fn nothing() -> Response {
    let words = "<h1>Not found</h1><p>There is nothing at this address. <a href=\"/\">Bots</a></p>";
    page(StatusCode::NOT_FOUND, "Not found", "", words)
}

/// The session's token in a cookie.
fn session<'a>(relay: &Inner, headers: &'a HeaderMap) -> Option<&'a str> {
    let own = cookie_name(relay);
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == own)?;
    Some(value)
}

fn cookie_name(relay: &Inner) -> &'static str {
    COOKIE[usize::from(relay.scheme != "https")].1
}

/// For this name alone: bots, at names below it, never see it.
fn cookie(relay: &Inner, value: &str, seconds: u32) -> String {
    let secure = match &*relay.scheme {
        "https" => "; Secure",
        _ => "",
    };
    let name = cookie_name(relay);
    format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}")
}

fn is_same_origin(relay: &Inner, headers: &HeaderMap) -> bool {
    let own = format!("{}://{}", relay.scheme, relay.host);
    text(headers, &header::ORIGIN).is_some_and(|origin| origin == own)
}

fn elsewhere() -> Response {
    let words = "This was not sent by a page of the relay.";
    (StatusCode::FORBIDDEN, words).into_response()
}

fn page(status: StatusCode, title: &str, head: &str, body: &str) -> Response {
    let html = Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title} · Cogwright</title><link rel=\"stylesheet\" href=\"/style.css\">{head}</head>\
         <body><main>{body}</main></body></html>"
    ));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}
