//! Canonical path of a REST request, read once: every rule that looks at a path looks at what is sent.
//!
//! `channels/1/%6Dessages` and `channels/1/messages` are one route to a server, and two texts. So a path is taken apart, each part is
//! decoded, what no route of Discord's has is refused, and what is left is written in one way.

use host_capability::Failure;
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};

/// More than any route with its query.
const LONGEST: usize = 4000;

/// What stands in a part as it is ([RFC 3986, 3.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.3)).
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b':');

/// What does not stand in a query as it is.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'#')
    .add(b'\\');

/// A path as it is sent.
///
/// # Errors
///
/// It is none of Discord's; the text says what of it, and what a path is.
pub fn canonical(path: &str) -> Result<String, Failure> {
    if path.len() > LONGEST {
        return Err(Failure::Refused(format!(
            "a path of {} bytes: {LONGEST} are the most",
            path.len()
        )));
    }
    let (route, query) = match path.split_once('?') {
        Some((route, query)) => (route, Some(query)),
        None => (path, None),
    };
    let wrong = |what: &str| {
        Failure::Refused(format!(
            "`{}`: {what}; a path is what stands behind /api/v10/, without a slash at its ends, such as `channels/ID/messages`",
            route.escape_debug()
        ))
    };
    let mut parts = Vec::new();
    for part in route.split('/') {
        let part = percent_decode_str(part)
            .decode_utf8()
            .map_err(|_| wrong("what is percent-encoded in it is no UTF-8"))?;
        match &*part {
            "" => return Err(wrong("a part of it is empty")),
            "." | ".." => return Err(wrong("it leads elsewhere")),
            part if part.contains(['/', '\\', '#', '?']) || part.contains(char::is_control) => {
                return Err(wrong("a part of it has a character that no route has"));
            }
            _ => {}
        }
        parts.push(utf8_percent_encode(&part, PART).to_string());
    }
    // The first part is a word of Discord's. Those behind it may be anything, a token or an emoji say.
    if parts[0].bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(wrong("Discord's routes are in lower case"));
    }
    let mut canonical = parts.join("/");
    if let Some(query) = query {
        canonical.push('?');
        canonical.extend(utf8_percent_encode(query, QUERY));
    }
    Ok(canonical)
}

/// The parts of a path, without its query; in lower case, as a server may take no notice of case.
pub(super) fn parts(path: &str) -> Vec<String> {
    let route = path.split('?').next().unwrap_or_default();
    route.split('/').map(str::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_in_one_way() {
        for (given, sent) in [
            ("channels/1/messages", "channels/1/messages"),
            ("channels/1/%6Dessages", "channels/1/messages"),
            ("%63hannels/1/messages", "channels/1/messages"),
            (
                "channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
                "channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
            ),
            (
                "channels/1/messages/2/reactions/👍/@me",
                "channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
            ),
            (
                "channels/1/messages/2/reactions/a%3A5/@me",
                "channels/1/messages/2/reactions/a:5/@me",
            ),
            ("users/@me", "users/@me"),
            ("guilds/1/members?limit=5", "guilds/1/members?limit=5"),
            (
                "guilds/1/members/search?query=a b",
                "guilds/1/members/search?query=a%20b",
            ),
        ] {
            assert_eq!(canonical(given).unwrap(), sent, "{given}");
        }
    }

    #[test]
    fn what_is_no_path_of_discords_is_refused_with_the_reason() {
        for (given, said) in [
            ("/users/@me", "a part of it is empty"),
            ("channels/1/messages/", "a part of it is empty"),
            ("channels//1/messages", "a part of it is empty"),
            ("", "a part of it is empty"),
            ("channels/../users/@me", "it leads elsewhere"),
            ("channels/%2e%2E/users/@me", "it leads elsewhere"),
            ("./channels/1/messages", "it leads elsewhere"),
            ("channels/1/messages#x", "a character that no route has"),
            ("channels/1%2Fmessages", "a character that no route has"),
            ("channels/1\\messages", "a character that no route has"),
            ("channels/1/messages%00", "a character that no route has"),
            ("channels/1/messages%3Fx", "a character that no route has"),
            ("channels/1/mess\nages", "a character that no route has"),
            ("channels/1/%ff", "is no UTF-8"),
            ("Channels/1/messages", "in lower case"),
        ] {
            let error = canonical(given).unwrap_err().to_string();
            assert!(error.contains(said), "{given}: {error}");
        }
        assert!(canonical(&"a/".repeat(3000)).is_err());
    }
}
