//! Host and origin check: this machine may ask, by its own names, and no page of another site.
//!
//! A page that somebody has open can send requests to loopback. What the browser adds to them gives it away: an `Origin`
//! that is not the sandbox's, or, after DNS rebinding, a `Host` that is not loopback. Bots send no `Origin`, and the `Host` that
//! they were pointed at. <https://portswigger.net/web-security/websockets/cross-site-websocket-hijacking> and
//! <https://github.com/brannondorsey/dns-rebind-toolkit> show what is kept out.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Refuses what comes from elsewhere, whatever it asks for: page, REST and gateway alike.
pub(crate) async fn own_only(request: Request, next: Next) -> Response {
    match refusal(request.headers()) {
        None => next.run(request).await,
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
    }
}

/// Why a request with these headers is refused.
fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    let Some(host) = only(headers, header::HOST) else {
        return Some("the request names no host, or more than one\n");
    };
    if !is_loopback(host) {
        return Some("the sandbox answers to 127.0.0.1, localhost and [::1] only\n");
    }
    if !headers.contains_key(header::ORIGIN) {
        return None;
    }
    // Libraries of WebSockets that send one write the gateway's address as it was given to them.
    let own = only(headers, header::ORIGIN).is_some_and(|origin| {
        let authority = origin
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "http" | "ws"));
        authority.is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    });
    (!own).then_some("only the sandbox's own page may do this\n")
}

/// The value of a header that is there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

/// Whether a `Host` means this machine, whatever the port: it may be forwarded.
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, "")) => (name, None),
        Some((name, port)) => match port.strip_prefix(':') {
            Some(port) => (name, Some(port)),
            None => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return false;
    }
    if host.starts_with('[') {
        return name
            .parse::<Ipv6Addr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback());
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        refusal(&headers).is_none()
    }

    #[test]
    fn this_machine_has_many_names() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:9",
            "127.0.0.2:9",
            "127.255.1.2",
            "localhost",
            "localhost:9",
            "LocalHost.:9",
            "[::1]",
            "[::1]:9",
            "[::ffff:127.0.0.1]:9",
        ] {
            assert!(is_own(host, None), "{host}");
            assert!(is_own(host, Some(&format!("http://{host}"))), "{host}");
        }
    }

    #[test]
    fn other_machines_and_what_looks_like_this_one_are_refused() {
        for host in [
            "evil.example:9",
            "127.0.0.1.evil.example",
            "localhost.evil.example:9",
            "evil.localhost",
            "127.0.0.1:evil",
            "127.0.0.1:",
            "127.0.0.1:9:9",
            "127.1",
            "2130706433",
            "0.0.0.0:9",
            "10.0.0.1",
            "192.168.0.1:9",
            "[::1",
            "[::1]9",
            "[fe80::1]",
            "::1",
            "user@127.0.0.1",
            "",
        ] {
            assert!(!is_own(host, None), "{host}");
        }
    }

    #[test]
    fn only_pages_of_this_address_are_own() {
        assert!(is_own("localhost:9", Some("http://localhost:9")));
        assert!(is_own("127.0.0.1:9", Some("ws://127.0.0.1:9")));
        for origin in [
            "http://127.0.0.1:10",
            "http://127.0.0.1",
            "https://127.0.0.1:9",
            "http://localhost:9",
            "http://evil.example",
            "http://127.0.0.1:9.evil.example",
            "127.0.0.1:9",
            "chrome-extension://abcdef",
            "file://",
            "null",
            "",
        ] {
            assert!(!is_own("127.0.0.1:9", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn two_hosts_or_none_are_nobodys() {
        let mut headers = HeaderMap::new();
        assert!(refusal(&headers).is_some());
        headers.append(header::HOST, "127.0.0.1".parse().unwrap());
        assert!(refusal(&headers).is_none());
        headers.append(header::ORIGIN, "http://127.0.0.1".parse().unwrap());
        headers.append(header::ORIGIN, "http://evil.example".parse().unwrap());
        assert!(refusal(&headers).is_some());
        headers.append(header::HOST, "evil.example".parse().unwrap());
        assert!(refusal(&headers).is_some());
    }
}
