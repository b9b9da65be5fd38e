//! Address of whoever asks: the other end of the connection, or what a proxy on this machine says.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// Whose request it is; `None`: it has come by no [`Port`](crate::Port).
///
/// A proxy on this machine is believed what it says (`X-Forwarded-For`), and nobody else is: of several lines and addresses the last one is
/// the proxy's own word, what stands before it anybody's
/// ([MDN](https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#selecting_an_ip_address)).
#[must_use]
pub fn asker(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    let said = headers.get_all("x-forwarded-for").iter().next_back();
    let said = said
        .and_then(|said| said.to_str().ok())
        .filter(|_| peer.is_loopback());
    let last = said.and_then(|said| said.rsplit(',').next()?.trim().parse().ok());
    Some(last.unwrap_or(peer))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_proxy_on_this_machine_is_believed_and_nobody_else() {
        let mut headers = HeaderMap::new();
        for line in ["192.0.2.66", "198.51.100.1, 203.0.113.9"] {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let of = |peer: &str, headers: &HeaderMap| {
            let peer: SocketAddr = peer.parse().unwrap();
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(peer));
            asker(&extensions, headers).unwrap().to_string()
        };
        assert_eq!(of("127.0.0.1:5", &headers), "203.0.113.9");
        assert_eq!(of("192.0.2.1:5", &headers), "192.0.2.1");
        headers.insert("x-forwarded-for", HeaderValue::from_static("a, unknown"));
        assert_eq!(of("127.0.0.1:5", &headers), "127.0.0.1");
        assert_eq!(asker(&Extensions::new(), &headers), None);
    }
}
