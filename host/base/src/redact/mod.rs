//! Redaction of secrets in whatever people read: log lines, panics, errors, messages, pages.
//!
//! One list for the process, since the log is one. A secret is on it from the moment that the host has read it, with the name that
//! it is granted by; the bot's token has none. It is found
//!
//! - as it is, and line by line when it has several;
//! - written in escapes, whole or in part: `\u0041`, `\"`, `\u{41}` as JSON and Rust's `{:?}` have them, `%41` as in addresses;
//! - as base64, of either alphabet and wherever it stands in what was encoded, and as hexadecimal digits.
//!
//! Found means replaced. What is encoded twice, compressed, encrypted, turned round or cut in pieces is not found: a plugin that
//! means to give a secret away can, and is not to be granted one.
//!
//! | file | what it does |
//! | --- | --- |
//! | `forms.rs` | what a secret looks like |
//! | `search.rs` | many texts looked for in one pass |
//! | `escapes.rs` | text without its escapes, and where it stood |

mod escapes;
mod forms;
mod search;

use std::{
    borrow::Cow,
    ops::Range,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use self::{escapes::Unescaped, search::Search};

/// What stands in a secret's place.
pub const REDACTED: &str = "<redacted>";

/// Fewest bytes of a secret: shorter ones can't be told from ordinary text.
pub const SHORTEST: usize = 8;

/// Most secrets that are known: a file that is written anew again and again leaves the older ones behind.
const MOST: usize = 1_000;

/// Bytes that take a millisecond to look through, about.
const LARGE: usize = 256 << 10;

static KNOWN: RwLock<Known> = RwLock::new(Known::new());

/// Owner of a secret: the name that it is granted by; `None`: the host's own.
type Name = Option<Arc<str>>;

struct Known {
    secrets: Vec<(String, Name)>,
    search: Option<Search<Name>>,
}

impl Known {
    const fn new() -> Self {
        Self {
            secrets: Vec::new(),
            search: None,
        }
    }

    fn add(&mut self, secret: &str, name: Name) {
        if self.secrets.len() >= MOST {
            self.secrets.remove(0);
        }
        self.secrets.push((secret.to_owned(), name));
        let forms = self.secrets.iter().flat_map(|(secret, name)| {
            forms::of(secret)
                .into_iter()
                .map(move |form| (form, name.clone()))
        });
        self.search = Search::new(forms);
    }

    /// Where secrets stand, in order and apart from each other.
    fn places(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        let mut found = self.found(text);
        found.sort_by_key(|(place, _)| place.start);
        for (place, _) in found {
            match places.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => places.push(place),
            }
        }
        places
    }

    /// Where secrets stand, and whose they are.
    fn found(&self, text: &[u8]) -> Vec<(Range<usize>, &[Name])> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let mut found = Vec::new();
        search.all(text, |place, names| found.push((place, names)));
        for part in Unescaped::parts(text, search.longest()) {
            search.all(part.bytes(), |place, names| {
                found.push((part.place(&place), names));
            });
        }
        found
    }
}

/// Keeps a secret of the host's out from now on. One that is shorter than [`SHORTEST`] is not.
pub fn keep_out(secret: &str) {
    keep_out_as(secret, None);
}

/// The same for one that plugins are granted by this name.
pub fn keep_out_of(name: &str, secret: &str) {
    keep_out_as(secret, Some(name.into()));
}

fn keep_out_as(secret: &str, name: Name) {
    let secret = secret.trim();
    let is_known = |known: &(String, Name)| known.0 == secret && known.1 == name;
    if secret.len() < SHORTEST || known().secrets.iter().any(is_known) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.add(secret, name);
}

fn known() -> RwLockReadGuard<'static, Known> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner)
}

/// The text without secrets.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let places = known().places(text.as_bytes());
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let clean = without(text.as_bytes(), &places);
    Cow::Owned(String::from_utf8_lossy(&clean).into_owned())
}

/// The same for bytes that need not be text, such as a message with files.
#[must_use]
pub fn bytes(bytes: Vec<u8>) -> Vec<u8> {
    let places = known().places(&bytes);
    match places.is_empty() {
        true => bytes,
        false => without(&bytes, &places),
    }
}

/// The same, of many megabytes without holding up anybody else.
pub async fn clean(bytes: Vec<u8>) -> Vec<u8> {
    looked_through(bytes, self::bytes).await
}

/// What `look` makes of `bytes`; many of them are looked through where that holds up nobody.
pub async fn looked_through<T: Send + 'static>(
    bytes: Vec<u8>,
    look: impl FnOnce(Vec<u8>) -> T + Send + 'static,
) -> T {
    if bytes.len() < LARGE {
        return look(bytes);
    }
    let looking = tokio::task::spawn_blocking(move || look(bytes)).await;
    match looking.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(seen) => seen,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime ends, and this task with it.
        Err(Err(_)) => std::future::pending().await,
    }
}

fn without(text: &[u8], places: &[Range<usize>]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut at = 0;
    for place in places {
        clean.extend_from_slice(&text[at..place.start]);
        clean.extend_from_slice(REDACTED.as_bytes());
        at = place.end;
    }
    clean.extend_from_slice(&text[at..]);
    clean
}

/// Whether a secret stands in it that is not one of those with a name that `is_own`.
#[must_use]
pub fn holds_foreign(text: &[u8], is_own: impl Fn(&str) -> bool) -> bool {
    let known = known();
    let found = known.found(text);
    let own = |names: &[Name]| names.iter().flatten().any(|name| is_own(name));
    let (own, foreign): (Vec<_>, Vec<_>) = found.iter().partition(|(_, names)| own(names));
    // One that is a part of the plugin's own is what that is made of.
    let is_part = |place: &Range<usize>| {
        let holds = |own: &Range<usize>| own.start <= place.start && place.end <= own.end;
        own.iter().any(|(own, _)| holds(own))
    };
    foreign.iter().any(|(place, _)| !is_part(place))
}

/// Whether any secret stands in it.
#[must_use]
pub fn holds(text: &[u8]) -> bool {
    holds_foreign(text, |_| false)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn secrets_are_found_in_every_form() {
        keep_out("redact-me \"quoted\"\nsecond-line-of-it\n");
        keep_out("tiny");
        let whole = "redact-me \"quoted\"\nsecond-line-of-it";
        assert_eq!(text(&format!("one {whole} two")), "one <redacted> two");
        let said = "one redact-me \"quoted\" two";
        assert_eq!(text(said), "one <redacted> two");
        assert_eq!(text("second-line-of-it!"), "<redacted>!");
        assert_eq!(text("tiny"), "tiny", "too short to be told from text");
        assert_eq!(text(&format!("{whole:?}")), "\"<redacted>\"");
        let json = serde_json::to_string(&[whole]).unwrap();
        assert_eq!(text(&json), "[\"<redacted>\"]");
        let shown = serde_json::to_string(&[format!("{whole:?}")]).unwrap();
        assert_eq!(text(&shown), "[\"\\\"<redacted>\\\"\"]");
        assert!(matches!(text("nothing here"), Cow::Borrowed(_)));
        let mut file = b"\xff ".to_vec();
        file.extend(b"second-line-of-it");
        assert_eq!(bytes(file), b"\xff <redacted>");
    }

    #[test]
    fn secrets_are_found_when_they_are_escaped_or_encoded() {
        let secret = "Zk3-ümlaut/q9+x";
        keep_out_of("escaped", secret);
        let each = |write: &dyn Fn(&mut String, char)| {
            secret.chars().fold(String::new(), |mut text, c| {
                write(&mut text, c);
                text
            })
        };
        let units = |text: &mut String, c: char| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04X}");
            }
        };
        let percent = |text: &mut String, c: char| {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(text, "%{byte:02x}");
            }
        };
        let escaped = [
            each(&units),
            each(&percent),
            each(&|text, c| text.extend(c.escape_unicode())),
            // In part.
            secret.replace('k', "\\u006b"),
            secret.replace('/', "\\/").replace('Z', "%5A"),
            secret.replace("ü", "%C3%BC"),
            // As a text that shows escapes, in JSON; and in JSON in JSON.
            each(&units).replace('\\', "\\\\"),
            each(&units).replace('\\', r"\\\\"),
        ];
        for form in &escaped {
            assert_eq!(text(&format!("a {form} \\n")), "a <redacted> \\n", "{form}");
        }
        let hex = secret.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        for form in [hex.to_uppercase(), hex] {
            assert_eq!(text(&form), REDACTED);
        }
        for before in ["", "a", "ab", "abc"] {
            let whole = format!("{before}{secret}{before}");
            for url in [false, true] {
                let encoded = forms::base64(whole.as_bytes(), url);
                assert!(
                    text(&encoded).contains(REDACTED),
                    "{before} {encoded} {}",
                    text(&encoded)
                );
            }
        }
        // In the midst of much, and across the parts that it is read in.
        let long = format!(
            "%20{}{}{}",
            "x".repeat(1 << 16),
            escaped[0],
            "\\n".repeat(99_999)
        );
        assert!(text(&long).contains(REDACTED));
    }

    #[test]
    fn what_only_looks_like_one_stays() {
        keep_out_of(
            "several",
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n{\n  \"a\": 1\n}\n-----END PRIVATE KEY-----",
        );
        for said in [
            "-----BEGIN PRIVATE KEY-----",
            "\"a\": 1",
            "100 % of it, \\u, %zz, \\ud800 \\",
        ] {
            assert_eq!(text(said), said);
        }
        assert_eq!(text("MIIEvQIBADANBgkqhkiG9w0BAQEF"), REDACTED);
    }

    #[test]
    fn a_plugins_own_secret_is_told_from_others() {
        keep_out_of("own_one", "own-secret-of-the-shop");
        keep_out_of("other_one", "of-the-shop");
        keep_out_of("other_one", "another-secret");
        let own = |name: &str| name == "own_one";
        assert!(!holds_foreign(b"nothing", own));
        assert!(!holds_foreign(b"key=own-secret-of-the-shop", own));
        assert!(holds_foreign(
            b"key=own-secret-of-the-shop&b=of-the-shop",
            own
        ));
        assert!(holds_foreign(b"another%2dsecret", own));
        assert!(holds(b"own-secret-of-the-shop"));
    }

    /// `cargo test --release -p host --lib redact -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    fn what_it_costs() {
        for number in 0..10 {
            keep_out_of("many", &format!("{number}-dD9xk2Wq7vR5tY8uI3oP-{number}"));
        }
        let line = "2026-01-01T00:00:00.000000Z  INFO plugin: served plugin=\"shop\" module=\"shop\" invocation=17 ".repeat(2);
        let message = format!(
            "{{\"content\":\"{}\"}}",
            "a message of a member's ".repeat(84)
        );
        let escaped = message.replace("of a", "\\nof a");
        for (what, said) in [
            ("line", line),
            ("message", message),
            ("escaped message", escaped),
        ] {
            let began = std::time::Instant::now();
            for _ in 0..10_000 {
                std::hint::black_box(text(std::hint::black_box(&said)));
            }
            println!(
                "{what} of {} bytes: {:?}",
                said.len(),
                began.elapsed() / 10_000
            );
        }
        let body = vec![b'x'; 25 << 20];
        let began = std::time::Instant::now();
        let body = bytes(body);
        println!("25 MB without escapes: {:?}", began.elapsed());
        let began = std::time::Instant::now();
        let mut body = body;
        body.iter_mut().step_by(50).for_each(|byte| *byte = b'%');
        let _ = bytes(body);
        println!("25 MB with escapes: {:?}", began.elapsed());
    }
}
