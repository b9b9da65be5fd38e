//! Checks of settings' texts (addresses, names) beyond what their types say.

use super::{
    fault::Item,
    values::{Reading, list, text},
};

pub(super) fn host_and_port(text: &str) -> Result<(), String> {
    if text.contains("://") {
        return Err("write `host:port` without the `http://`".to_owned());
    }
    let parts = text.rsplit_once(':');
    let valid = parts.is_some_and(|(host, port)| {
        let host_is_plain =
            !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@');
        host_is_plain && port.parse::<u16>().is_ok_and(|port| port != 0)
    });
    if valid {
        Ok(())
    } else {
        Err("expected `host:port`, such as `127.0.0.1:8080`".to_owned())
    }
}

pub(super) fn gateway_url(text: &str) -> Result<(), String> {
    let rest = text
        .strip_prefix("ws://")
        .or_else(|| text.strip_prefix("wss://"));
    match rest {
        Some(host) if !host.is_empty() && !host.starts_with('/') && !host.contains(char::is_whitespace) => Ok(()),
        _ => Err("expected an address that starts with `ws://` or `wss://`, such as `ws://127.0.0.1:8081`".to_owned()),
    }
}

pub(super) fn api_url(text: &str) -> Result<(), String> {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let is_host = |rest: &str| {
        let rest = rest.trim_end_matches('/');
        !rest.is_empty()
            && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '@'))
    };
    match rest {
        Some(rest) if is_host(rest) => Ok(()),
        _ => Err(
            "expected an address such as `http://127.0.0.1:8080`, without `/api` and what follows"
                .to_owned(),
        ),
    }
}

pub(super) fn plugin_name(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        Err("this plugin name is blank".to_owned())
    } else {
        Ok(())
    }
}

/// Whether a host on the web is written as it has to be: `api.example.com`, or `*.example.org` for all below that.
///
/// # Errors
///
/// What is wrong with it.
pub fn web_host(host: &str) -> Result<(), &'static str> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    if name.is_empty() || name.contains('*') {
        return Err("a host is `api.example.com`, or `*.example.org` for all below that");
    }
    if host.starts_with("*.") && !name.contains('.') {
        return Err("a whole top-level domain is too much");
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_ip = name.parse::<std::net::IpAddr>().is_ok();
    if !is_ip && !name.chars().all(is_plain) {
        return Err("a host is a name alone, without https://, port and path");
    }
    Ok(())
}

/// A host, as in `[grants.<plugin>] web`.
pub(super) fn granted_host(text: &str) -> Result<(), String> {
    web_host(text).map_err(|why| format!("`{text}`: {why}"))
}

/// Whether a name can be a file's and, in capitals, a variable's.
///
/// # Errors
///
/// What a secret's name consists of.
pub fn secret_name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
        return Err(format!(
            "`{text}` is no name of a secret: lower-case letters, digits and `_`, 64 at most"
        ));
    }
    Ok(())
}

/// One text or several. Discord's limit: 128 characters.
pub(super) fn status_texts(item: &Item<'_>) -> Reading<Vec<String>> {
    let one = text(|text| match text.chars().count() {
        0 => Err("this text is empty; for no status at all, write `text = []`".to_owned()),
        1..=128 => Ok(()),
        length => Err(format!(
            "this text has {length} characters; Discord allows 128"
        )),
    });
    match item.get_ref().as_str() {
        Some(_) => Ok(vec![one(item)?]),
        None => list("a string or a list of strings", one)(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_on_the_web_is_a_name_or_all_below_a_domain() {
        for wrong in ["", "*", "*.com", "https://a.b", "a.b:80", "a.b/c", "a.*.b"] {
            assert!(web_host(wrong).is_err(), "{wrong}");
        }
        for right in ["localhost", "a.b", "*.a.b", "127.0.0.1", "::1"] {
            assert_eq!(web_host(right), Ok(()), "{right}");
        }
    }
}
