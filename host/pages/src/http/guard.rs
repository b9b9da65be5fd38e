//! Guard before everything else: by which name this server was asked, from which origin, and how often; and the headers that keep pages
//! safe on every answer.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Instant,
};

use axum::{
    extract::{Request, State as Extract},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use host_base::shown;
use host_http::asker;

use super::{cookies, refusal::Refusal};
use crate::{
    secret::Token,
    state::State,
    way::{Arrived, Way},
};

/// What a page may load and do: nothing from elsewhere but Discord's pictures, and no script or style that stands in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https://cdn.discordapp.com data:; \
    connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Logins and attempts of one address within a minute.
const LOGINS: u32 = 20;

/// Where a request comes from.
#[derive(Debug, Clone)]
pub(super) struct From {
    /// The address of whoever asks, as text.
    pub address: String,
    /// By which way.
    pub way: Way,
}

/// Another token for the browser of a session that was due for one: whatever is answered, it goes along.
#[derive(Debug, Clone, Default)]
pub(super) struct Rotated(Arc<Mutex<Option<Token>>>);

impl Rotated {
    /// Has it given.
    pub(super) fn put(&self, token: Token) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }

    /// Takes it back: the session is over, or it is given now.
    pub(super) fn take(&self) -> Option<Token> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Lets through what may be answered at all, and adds the headers.
pub(super) async fn guard(
    Extract(state): Extract<Arc<State>>,
    mut request: Request,
    next: Next,
) -> Response {
    state.requests.fetch_add(1, Relaxed);
    let from = match request.extensions().get::<Arrived>() {
        Some(arrived) => From {
            address: arrived.address.clone(),
            way: arrived.way.clone(),
        },
        None => From {
            address: asker(request.extensions(), request.headers())
                .map_or_else(|| "unknown".to_owned(), |it| it.to_string()),
            way: Way::Port,
        },
    };
    let wants_page = Refusal::wants_page(request.method(), request.headers());
    let mut response = match check(&state, &request, &from) {
        Err(refusal) => refusal.answer(wants_page),
        Ok(()) => {
            let rotated = Rotated::default();
            request.extensions_mut().insert(from.clone());
            request.extensions_mut().insert(rotated.clone());
            let mut response = next.run(request).await;
            if let Some(token) = rotated.take() {
                for cookie in cookies::give(&state, &from.way, &token) {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
            }
            response
        }
    };
    let is_secure = state
        .url_by(&from.way)
        .is_some_and(|url| url.starts_with("https://"));
    secure(response.headers_mut(), is_secure);
    response
}

fn check(state: &State, request: &Request, from: &From) -> Result<(), Refusal> {
    let config = state.config.now();
    let host = text(request.headers(), &header::HOST).unwrap_or_default();
    let address = &from.address;
    let url = state.url_by(&from.way).unwrap_or_default();
    let own = url.split("://").nth(1).unwrap_or_default();
    // Through a relay there is one name alone: others would be others' pages there.
    let is_other = match from.way {
        Way::Port => !is_own_name(host, &config.pages.hosts),
        Way::Remote(_) => true,
    };
    if host != own && is_other {
        return Err(Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "`{}` is not a name of this server: ask by its address, or name it in `url` or `hosts` of [pages] in config.toml.",
                shown::word(host)
            ),
        ));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        is_same_origin(request.headers(), host, &url)?;
    }
    let path = request.uri().path();
    let is_login = path.starts_with("/login/") && !path.ends_with(".css") && !path.ends_with(".js");
    let limits = [
        is_login.then(|| (format!("login {address}"), LOGINS)),
        Some((
            address.to_owned(),
            config.pages.requests_per_minute.saturating_mul(4),
        )),
    ];
    for (whose, a_minute) in limits.into_iter().flatten() {
        state
            .limiter
            .take(&whose, a_minute, Instant::now())
            .map_err(Refusal::too_many)?;
    }
    Ok(())
}

/// Whether a request that may change something comes from a page of this server: by what the browser says of its own accord, which no page
/// can make it say otherwise.
fn is_same_origin(headers: &HeaderMap, host: &str, url: &str) -> Result<(), Refusal> {
    let elsewhere = |from: &str| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "This was sent by a page of `{}`, and not by one of this server. Open the page here, and do it there. (Is this server behind a \
                 proxy? Then name its address in `[pages] url` of config.toml.)",
                shown::word(from)
            ),
        )
    };
    let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
    if let Some(site) = site.filter(|site| *site != "same-origin") {
        return Err(elsewhere(site));
    }
    let Some(origin) = text(headers, &header::ORIGIN) else {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "The request does not say which page has sent it (`Origin`).",
        ));
    };
    let of = origin.split("://").nth(1);
    if origin == url || of.is_some_and(|of| of == host) {
        return Ok(());
    }
    Err(elsewhere(origin))
}

/// Whether this is an address, this machine by its own name, a name without a dot (which no page on the web has), or one that
/// the operator has named: a page in somebody's browser asks by the name that it came from, wherever that name leads to (DNS rebinding).
#[must_use]
pub fn is_own_name(host: &str, named: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(&name);
    address.parse::<IpAddr>().is_ok()
        || name.ends_with(".localhost")
        || (!name.is_empty() && !name.contains('.'))
        || named.iter().any(|own| own.eq_ignore_ascii_case(&name))
}

/// A header's value, where it is text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn secure(headers: &mut HeaderMap, is_secure: bool) {
    let always = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_secure {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_page_on_the_web_may_have_is_not_ours() {
        let named = ["bot.example.org".to_owned()];
        for host in [
            "127.0.0.1:9310",
            "127.0.0.1",
            "[::1]:9310",
            "192.0.2.7:9310",
            "localhost:9310",
            "LOCALHOST",
            "bot.localhost:1",
            "cogwright:9310",
            "Bot.Example.org:9310",
            "bot.example.org.",
        ] {
            assert!(is_own_name(host, &named), "{host}");
        }
        for host in [
            "evil.example.com",
            "evil.example.com:9310",
            "127.0.0.1.evil.example",
            "localhost.evil.example:9310",
            "",
            ":9310",
            "bot.example.org.evil.example",
        ] {
            assert!(!is_own_name(host, &named), "{host}");
        }
    }

    #[test]
    fn what_another_sites_page_sends_is_refused() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            is_same_origin(&headers, "127.0.0.1:9320", "https://bot.example.org").is_ok()
        };
        assert!(of(&[("origin", "http://127.0.0.1:9320")]));
        assert!(of(&[
            ("origin", "https://bot.example.org"),
            ("sec-fetch-site", "same-origin")
        ]));
        for refused in [
            &[][..],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:8080")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://127.0.0.1:9320.evil.example")],
            &[
                ("origin", "http://127.0.0.1:9320"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[
                ("origin", "http://127.0.0.1:9320"),
                ("sec-fetch-site", "same-site"),
            ],
        ] {
            assert!(!of(refused), "{refused:?}");
        }
    }
}
