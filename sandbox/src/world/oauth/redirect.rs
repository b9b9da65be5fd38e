//! Redirect URIs: which are accepted, and what is added to them.

use axum::http::Uri;

use super::OAuth;

impl OAuth {
    /// Whether users may be sent back to this address: one that is registered, to the letter; or any on loopback, as long as none is.
    pub(crate) fn may_redirect_to(&self, uri: &str) -> bool {
        if self.redirect_uris.is_empty() {
            is_loopback(uri)
        } else {
            self.redirect_uris.iter().any(|known| known == uri)
        }
    }
}

/// Whether this can be a redirect URI: absolute and without a fragment
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2>).
pub(crate) fn is_redirect_uri(text: &str) -> bool {
    let absolute = text
        .parse::<Uri>()
        .is_ok_and(|uri| uri.scheme().is_some() && uri.authority().is_some());
    absolute && !text.contains('#')
}

/// Whether an address is plain HTTP on this machine, by one of the two names that a dashboard's own is written with.
fn is_loopback(text: &str) -> bool {
    // A user before the host could make it look like another one.
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let host = uri.authority().filter(|it| !it.as_str().contains('@'));
    let is_here = host.is_some_and(|it| matches!(it.host(), "127.0.0.1" | "localhost"));
    is_here && uri.scheme_str() == Some("http") && is_redirect_uri(text)
}

/// The address with these in its query, after what it may have there already.
pub(super) fn with_query<'a>(
    uri: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let joint = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{joint}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_two_names_and_any_port() {
        for uri in [
            "http://127.0.0.1:8080/login",
            "http://localhost:1/",
            "http://localhost/a?b=c",
            "http://127.0.0.1",
        ] {
            assert!(is_loopback(uri), "{uri}");
        }
        for uri in [
            "https://127.0.0.1/",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://evil.example@127.0.0.1/",
            "http://evil.example/#http://127.0.0.1/",
            "http://127.0.0.1/#fragment",
            "http://127.0.0.2/",
            "//127.0.0.1/",
            "127.0.0.1",
            "javascript:alert(1)",
            "http://127.0.0.1/\r\nSet-Cookie: a=b",
            "http://127.0.0.1 /",
            "http://127.0.0.1\\@evil.example/",
            "",
        ] {
            assert!(!is_loopback(uri), "{uri}");
        }
    }

    #[test]
    fn queries_grow() {
        let with = |uri| with_query(uri, [("code", "a b"), ("state", "&=#")]);
        assert_eq!(with("http://a/b"), "http://a/b?code=a+b&state=%26%3D%23");
        assert_eq!(
            with("http://a/b?c=d"),
            "http://a/b?c=d&code=a+b&state=%26%3D%23"
        );
    }
}
