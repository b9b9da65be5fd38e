//! Random tokens: how they are made, written, and kept as a hash.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Bytes of a token: nobody guesses 256 bits.
const BYTES: usize = 32;

/// A token that opens something. It is given away once, and only its hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// SHA-256 of a token, in hexadecimal digits: what is kept of it.
pub type Hash = String;

impl Token {
    /// A new one.
    ///
    /// # Panics
    ///
    /// The system gives no random bytes: nothing that is to be secret can be made then.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).expect("the system gives random bytes");
        Self(hexadecimal(&bytes))
    }

    /// A token as it was sent, if it can be one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let is_one = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_owned()))
    }

    /// The token, for whoever it is given to.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash(&self.0)
    }

    /// Another secret that follows from this one, and from which it can't be found.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> String {
        hash(&format!("{purpose}:{}", self.0))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// SHA-256 of a text in hexadecimal digits.
#[must_use]
pub fn hash(text: &str) -> Hash {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// Whether two secrets are the same, in a time that does not tell how much of them is.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636#section-4.2)'s S256: base64url of SHA-256, without padding.
#[must_use]
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn tokens_differ_and_say_nothing_of_themselves() {
        let (one, other) = (Token::new(), Token::new());
        assert_ne!(one, other);
        assert_eq!(Token::read(one.expose()), Some(one.clone()));
        assert!(!format!("{one:?}{}", one.hash()).contains(one.expose()));
        assert_ne!(one.derived("csrf"), one.derived("other"));
        for odd in ["", "abc", &"g".repeat(64), &"a".repeat(65)] {
            assert_eq!(Token::read(odd), None, "{odd}");
        }
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same("abc", "abc"));
        for other in ["abd", "ab", "abcd", ""] {
            assert!(!same("abc", other), "{other}");
        }
    }
}
