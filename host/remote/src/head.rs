//! Heads of requests and answers as they cross, and which headers do.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

/// What the relay tells a bot that has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// How the bot is called there.
    pub name: String,
    /// Where people reach its pages: `https://alpha.dash.example.org`, without a path.
    pub url: String,
}

/// The head of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestHead {
    /// `GET`, say.
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// Names and values; each character of a value is a byte.
    pub headers: Vec<(String, String)>,
    /// From which address it came to the relay.
    pub address: String,
}

/// The head of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerHead {
    /// `200`, say.
    pub status: u16,
    /// As a request's.
    pub headers: Vec<(String, String)>,
}

/// Headers that are about one connection and not about what passes over it
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)), and those by which proxies tell where something came from: the head
/// has the address.
const OF_ONE_CONNECTION: [&str; 13] = [
    "connection",
    "forwarded",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// Headers as they cross.
#[must_use]
pub fn crossing(headers: &HeaderMap) -> Vec<(String, String)> {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let kept = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        !OF_ONE_CONNECTION.contains(&name) && !named.iter().any(|it| it == name)
    });
    kept.map(|(name, value)| {
        let value = value.as_bytes().iter().map(|byte| char::from(*byte));
        (name.as_str().to_owned(), value.collect())
    })
    .collect()
}

/// Headers that have crossed; what can be none is left out.
#[must_use]
pub fn crossed(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let value: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
        let value = value.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        if let (Some(name), Some(value)) = (name, value)
            && !OF_ONE_CONNECTION.contains(&name.as_str())
        {
            map.append(name, value);
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_cross_but_for_those_of_one_connection() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "alpha.localhost"),
            ("cookie", "a=b"),
            ("cookie", "c=d"),
            ("connection", "close, X-Own"),
            ("x-own", "1"),
            ("transfer-encoding", "chunked"),
            ("x-forwarded-for", "192.0.2.1"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let odd = HeaderValue::from_bytes(b"caf\xe9").unwrap();
        headers.append("x-word", odd.clone());
        let crossing = crossing(&headers);
        let back = crossed(&crossing);
        let names: Vec<_> = back.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["host", "cookie", "x-word"]);
        assert_eq!(back.get_all("cookie").iter().count(), 2);
        assert_eq!(back.get("x-word"), Some(&odd));
    }

    #[test]
    fn what_can_be_no_header_is_left_out() {
        let odd = [
            ("a b", "1"),
            ("x", "1\r\nset-cookie: a=b"),
            ("y", "\u{1f600}"),
            ("upgrade", "websocket"),
        ];
        let odd = odd.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(crossed(&odd).is_empty());
    }
}
