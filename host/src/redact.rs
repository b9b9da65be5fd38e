//! Secrets are kept out of what people read: log lines, panics, errors, messages.
//!
//! One list for the process, since the log is one. A secret is on it from the moment that the host has read it. It is found
//! as it is, as JSON and Rust's `{:?}` escape it, and, when it has several lines, line by line. Found means replaced: encoded
//! in another way (base64, say) it is not found.

use std::{
    borrow::Cow,
    sync::{PoisonError, RwLock},
};

/// What stands in a secret's place.
pub const REDACTED: &str = "<redacted>";

/// Fewest bytes of a secret: shorter ones can't be told from ordinary text.
pub const SHORTEST: usize = 8;

/// Longest first, so that a secret that holds another is replaced as a whole.
static KNOWN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Keeps a secret out from now on. One that is shorter than [`SHORTEST`] is not.
pub fn keep_out(secret: &str) {
    let lines = secret.lines().map(str::trim);
    let mut forms: Vec<String> = std::iter::once(secret.trim())
        .chain(lines)
        .flat_map(|text| {
            let json = serde_json::to_string(text).unwrap_or_default();
            let debug = format!("{text:?}");
            [text.to_owned(), unquoted(&json), unquoted(&debug)]
        })
        .filter(|form| form.len() >= SHORTEST)
        .collect();
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    forms.retain(|form| !known.contains(form));
    drop(known);
    if !forms.is_empty() {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(forms);
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
        known.dedup();
    }
}

fn unquoted(text: &str) -> String {
    let inside = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

/// The text without secrets.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    for secret in KNOWN.read().unwrap_or_else(PoisonError::into_inner).iter() {
        if clean.contains(&**secret) {
            clean = Cow::Owned(clean.replace(&**secret, REDACTED));
        }
    }
    clean
}

/// The same for bytes that need not be text, such as a message with files.
#[must_use]
pub fn bytes(bytes: Vec<u8>) -> Vec<u8> {
    let mut clean = bytes;
    for secret in KNOWN.read().unwrap_or_else(PoisonError::into_inner).iter() {
        let mut from = 0;
        while let Some(at) = find(&clean[from..], secret.as_bytes()) {
            let at = from + at;
            clean.splice(at..at + secret.len(), REDACTED.bytes());
            // Behind it: a secret may be a part of what stands in its place.
            from = at + REDACTED.len();
        }
    }
    clean
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    let first = what.first()?;
    let mut from = 0;
    while let Some(at) = within[from..].iter().position(|byte| byte == first) {
        if within[from + at..].starts_with(what) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_every_form() {
        keep_out("redact-me \"quoted\"\nsecond-line-of-it\n");
        keep_out("tiny");
        let said = "one redact-me \"quoted\" two";
        assert_eq!(text(said), "one <redacted> two");
        assert_eq!(text("second-line-of-it!"), "<redacted>!");
        assert_eq!(text("tiny"), "tiny", "too short to be told from text");
        let whole = "redact-me \"quoted\"\nsecond-line-of-it";
        assert_eq!(text(&format!("{whole:?}")), "\"<redacted>\"");
        let json = serde_json::to_string(&[whole]).unwrap();
        assert_eq!(text(&json), "[\"<redacted>\"]");
        assert!(matches!(text("nothing here"), Cow::Borrowed(_)));
        let mut file = b"\xff ".to_vec();
        file.extend(b"second-line-of-it");
        assert_eq!(bytes(file), b"\xff <redacted>");
    }
}
