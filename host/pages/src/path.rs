//! Paths of routes: `/rooms/{room}`, and what a request's path has in the parameters' places.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// What the parameter that names a server is called: rights are looked at in that server.
pub const GUILD: &str = "guild";

/// Most characters of a path.
const LONGEST: usize = 200;

/// What is wrong with a declared path, if anything is.
#[must_use]
pub fn problem(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return Some("begins with no slash".to_owned());
    }
    if path.len() > LONGEST {
        return Some(format!("has more than {LONGEST} characters"));
    }
    if path == "/" {
        return None;
    }
    let mut names = Vec::new();
    for part in path[1..].split('/') {
        let name = part.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        let word = name.unwrap_or(part);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if word.is_empty() || !word.chars().all(fits) || matches!(word, "." | "..") {
            return Some(format!(
                "has the part `{part}`: letters, digits, `-`, `_` and `.` alone, or a parameter in braces that is a whole part"
            ));
        }
        if let Some(name) = name {
            if names.contains(&name) {
                return Some(format!("has the parameter `{name}` twice"));
            }
            names.push(name);
        }
    }
    None
}

/// What a request's path has in the parameters' places of a declared one, if it is one of these; `asked` is not decoded yet.
#[must_use]
pub fn matched(declared: &str, asked: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let (mut ours, mut theirs) = (declared.split('/'), asked.split('/'));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return Some(found),
            (Some(our), Some(their)) => {
                let their = decoded(their)?;
                match our.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                    Some(name) if !their.is_empty() => found.insert(name.to_owned(), their),
                    Some(_) => return None,
                    None if our == their => None,
                    None => return None,
                };
            }
            _ => return None,
        }
    }
}

/// The most fitting one of declared paths: one with a word of its own goes before a parameter, from the left.
pub fn best<'a, T>(
    routes: impl IntoIterator<Item = (&'a str, T)>,
    asked: &str,
) -> Option<(T, BTreeMap<String, String>)> {
    let fitting = routes.into_iter().filter_map(|(declared, route)| {
        let found = matched(declared, asked)?;
        let rank: Vec<bool> = declared.split('/').map(|it| it.starts_with('{')).collect();
        Some((rank, route, found))
    });
    let best = fitting.min_by(|(one, ..), (other, ..)| one.cmp(other));
    best.map(|(_, route, found)| (route, found))
}

/// A part of a path without its [percent-encoding](https://www.rfc-editor.org/rfc/rfc3986#section-2.1), if it is text.
#[must_use]
pub fn decoded(part: &str) -> Option<String> {
    let is_whole =
        |after: &str| after.len() >= 2 && after.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    let mut escapes = part.split('%').skip(1);
    if !escapes.all(is_whole) {
        return None;
    }
    let text = percent_decode_str(part).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_whole_parts_and_are_decoded() {
        let of = |declared, asked| {
            matched(declared, asked).map(|found| {
                let found: Vec<_> = found.into_iter().map(|(k, v)| format!("{k}={v}")).collect();
                found.join(" ")
            })
        };
        assert_eq!(of("/", "/").as_deref(), Some(""));
        assert_eq!(of("/a/{b}", "/a/c%2Fd%20e").as_deref(), Some("b=c/d e"));
        assert_eq!(of("/{x}/{y}", "/1/2").as_deref(), Some("x=1 y=2"));
        for (declared, asked) in [
            ("/a", "/b"),
            ("/a", "/a/"),
            ("/a/{b}", "/a"),
            ("/a/{b}", "/a/"),
            ("/a/{b}", "/a/b/c"),
            ("/a/{b}", "/a/%zz"),
            ("/a/{b}", "/a/%ff"),
            ("/a/{b}", "/a/%2"),
        ] {
            assert_eq!(of(declared, asked), None, "{declared} {asked}");
        }
    }

    #[test]
    fn a_word_goes_before_a_parameter() {
        let routes = [("/{a}/x", 1), ("/new/{b}", 2), ("/new/x", 3)];
        assert_eq!(best(routes, "/new/x").unwrap().0, 3);
        assert_eq!(best(routes, "/new/y").unwrap().0, 2);
        assert_eq!(best(routes, "/old/x").unwrap().0, 1);
        assert!(best(routes, "/old/y").is_none());
    }

    #[test]
    fn odd_paths_are_refused() {
        for fine in ["/", "/a", "/a/{b}/c.css", "/{guild}/x-y_z"] {
            assert_eq!(problem(fine), None, "{fine}");
        }
        for odd in [
            "", "a", "/a/", "//", "/a b", "/{a", "/a{b}", "/../x", "/{a}/{a}", "/ä",
        ] {
            assert!(problem(odd).is_some(), "{odd}");
        }
    }
}
