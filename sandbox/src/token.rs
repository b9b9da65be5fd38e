//! Token of the bot, drawn anew at each start, and other words that nobody can guess.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The digits of base64 for URLs: <https://www.rfc-editor.org/rfc/rfc4648#section-5>.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A token of Discord's shape that is worth nothing there: the application's id, then 44 characters that nobody can
/// guess. Libraries read the id from it.
///
/// Where the system has no random numbers, the token is one that can be guessed; nothing but pages of this machine's browsers
/// would try.
pub(crate) fn drawn(application: u64) -> String {
    let drawn = letters::<44>();
    let (when, secret) = drawn.split_at(6);
    format!(
        "{}.{when}.{secret}",
        URL_SAFE_NO_PAD.encode(application.to_string())
    )
}

/// 32 characters, as the secrets, codes and tokens of OAuth2 have some.
pub(crate) fn secret() -> String {
    letters::<32>()
}

/// So many characters that nobody can guess.
fn letters<const COUNT: usize>() -> String {
    let mut drawn = [0; COUNT];
    if let Err(error) = getrandom::fill(&mut drawn) {
        tracing::warn!(%error, "the sandbox's token is not random");
    }
    drawn.iter().map(|byte| digit(*byte)).collect()
}

/// The digit of the lowest six bits.
fn digit(bits: u8) -> char {
    DIGITS[usize::from(bits & 63)].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_and_tells_the_application() {
        let (one, other) = (drawn(7), drawn(7));
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('.').map(str::len).collect();
        assert_eq!(parts, [2, 6, 38]);
        assert!(one.starts_with("Nw."), "{one}");
        assert_ne!(secret(), secret());
    }
}
