//! Cookies of sessions. Those of two bots on one machine keep apart, though browsers don't tell ports apart: each has a name of its own.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::{
    secret::{Token, hash},
    state::State,
    way::Way,
};

/// What a session's cross-site token is made for.
const CSRF: &str = "csrf";

/// How the session's cookie is called.
pub(super) fn session_name(state: &State, way: &Way) -> String {
    name(state, way, "session")
}

/// How the cookie is called that pages' scripts send back as the header `x-csrf`.
fn csrf_name(state: &State, way: &Way) -> String {
    name(state, way, "csrf")
}

/// How the cookie is called that a browser keeps while it is at Discord.
pub(super) fn login_name(state: &State, way: &Way) -> String {
    name(state, way, "login")
}

fn name(state: &State, way: &Way, what: &str) -> String {
    name_at(&state.url_by(way).unwrap_or_default(), what)
}

/// With the prefix that browsers take from this very name alone, where there is TLS: neither a page of a name beside this one nor whoever is
/// on the way can plant one ([RFC 6265bis, 4.1.3.2](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-20#section-4.1.3.2)).
fn name_at(url: &str, what: &str) -> String {
    let prefix = match url.starts_with("https://") {
        true => "__Host-",
        false => "",
    };
    let mut hash = hash(url);
    hash.truncate(8);
    format!("{prefix}{what}-{hash}")
}

/// What a page's script has to send along with whatever changes something.
pub(super) fn csrf(token: &Token) -> String {
    token.derived(CSRF)
}

/// The token in a cookie.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<Token> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(it, _)| *it == name)?;
    Token::read(value)
}

/// Gives a browser the session's token, and what its scripts send along.
pub(super) fn give(state: &State, way: &Way, token: &Token) -> [HeaderValue; 2] {
    let seconds = state.lifetimes().whole.as_secs();
    let session = cookie(
        state,
        way,
        &session_name(state, way),
        token.expose(),
        "HttpOnly; SameSite=Strict",
        seconds,
    );
    let csrf = cookie(
        state,
        way,
        &csrf_name(state, way),
        &csrf(token),
        "SameSite=Strict",
        seconds,
    );
    [session, csrf]
}

/// Takes both back.
pub(super) fn take_back(state: &State, way: &Way) -> [HeaderValue; 2] {
    let session = cookie(
        state,
        way,
        &session_name(state, way),
        "",
        "HttpOnly; SameSite=Strict",
        0,
    );
    let csrf = cookie(state, way, &csrf_name(state, way), "", "SameSite=Strict", 0);
    [session, csrf]
}

/// Has a browser keep something while it is at Discord: it is sent along when Discord leads back, as a strict one would not be.
pub(super) fn keep_for_login(state: &State, way: &Way, token: &Token) -> HeaderValue {
    cookie(
        state,
        way,
        &login_name(state, way),
        token.expose(),
        "HttpOnly; SameSite=Lax",
        600,
    )
}

fn cookie(
    state: &State,
    way: &Way,
    name: &str,
    value: &str,
    how: &str,
    seconds: u64,
) -> HeaderValue {
    let is_secure = state
        .url_by(way)
        .is_some_and(|url| url.starts_with("https://"));
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; {how}; Path=/; Max-Age={seconds}{secure}");
    // Names and values are hexadecimal digits.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_is_a_token_or_nothing() {
        let token = Token::new();
        let mut headers = HeaderMap::new();
        let text = format!("a=b; session-1={}; session-2=short", token.expose());
        headers.insert(header::COOKIE, HeaderValue::from_str(&text).unwrap());
        assert_eq!(read(&headers, "session-1"), Some(token));
        assert_eq!(read(&headers, "session-2"), None);
        assert_eq!(read(&headers, "session"), None);
    }

    #[test]
    fn where_there_is_tls_no_other_name_can_plant_a_cookie() {
        let secure = name_at("https://alpha.dash.example.org", "session");
        assert!(secure.starts_with("__Host-session-"), "{secure}");
        let other = name_at("https://beta.dash.example.org", "session");
        assert_ne!(secure, other);
        // Browsers refuse the prefix without it.
        let plain = name_at("http://127.0.0.1:9320", "csrf");
        assert!(plain.starts_with("csrf-"), "{plain}");
    }
}
