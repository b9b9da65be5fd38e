//! Addresses of webhooks, which are keys: how much of one is shown.

/// Where an address leads: `https://example.com`.
pub(crate) fn host_of(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    // Readers of addresses take a backslash for a slash.
    let to = url[from..]
        .find(['/', '\\', '?', '#'])
        .map_or(url.len(), |at| from + at);
    // What stands in front of an `@` is a name and a password.
    match url[from..to].rfind('@') {
        Some(at) => &url[from + at + 1..to],
        None => &url[..to],
    }
}

/// A text that was made elsewhere, an error say, with no more of each address in it than where it leads: whoever reads it may not know the
/// key, and it may be written otherwise there than it was typed.
pub(crate) fn hosts_only(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("://") {
        let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let from = rest[..at].trim_end_matches(is_of_scheme).len();
        let to = rest[at..]
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '`' | '<' | '>'))
            .map_or(rest.len(), |length| at + length);
        let host = host_of(&rest[from..to]);
        out.push_str(&rest[..from]);
        out.push_str(host);
        if host.len() < to - from {
            out.push_str("/…");
        }
        rest = &rest[to..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_host_is_shown() {
        for (url, wanted) in [
            ("https://example.com/api/key", "https://example.com"),
            ("https://example.com\\api\\key", "https://example.com"),
            ("https://example.com?key", "https://example.com"),
            ("https://name:key@example.com/x", "example.com"),
            ("http://127.0.0.1:80", "http://127.0.0.1:80"),
            ("", ""),
        ] {
            assert_eq!(host_of(url), wanted, "{url}");
        }
    }

    #[test]
    fn a_text_keeps_the_hosts_of_its_addresses_and_all_else() {
        for (text, wanted) in [
            ("nothing", "nothing"),
            (
                "https://a.example/key: connection refused",
                "https://a.example/… connection refused",
            ),
            (
                "for url (https://a.example/x/key) and `http://b.example/y`.",
                "for url (https://a.example/… and `http://b.example/…`.",
            ),
            (
                "string \"https://n:key@a.example/\", é",
                "string \"a.example/…\", é",
            ),
            ("https://a.example", "https://a.example"),
            ("://", "://"),
        ] {
            assert_eq!(hosts_only(text), wanted, "{text}");
        }
    }
}
