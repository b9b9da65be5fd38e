//! Token of the bot, drawn anew at each start.

/// The digits of base64 for URLs: <https://www.rfc-editor.org/rfc/rfc4648#section-5>.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A token of Discord's shape that is worth nothing there: the application's id, then 44 characters that nobody can
/// guess. Libraries read the id from it.
///
/// Where the system has no random numbers, the token is one that can be guessed; nothing but pages of this machine's browsers
/// would try.
pub(crate) fn drawn(application: u64) -> String {
    let mut drawn = [0; 44];
    if let Err(error) = getrandom::fill(&mut drawn) {
        tracing::warn!(%error, "the sandbox's token is not random");
    }
    let drawn: String = drawn.iter().map(|byte| digit(*byte)).collect();
    let (when, secret) = drawn.split_at(6);
    format!(
        "{}.{when}.{secret}",
        base64(application.to_string().as_bytes())
    )
}

/// As base64 without padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |index: usize| group.get(index).copied().unwrap_or(0);
        let digits = [
            byte(0) >> 2,
            byte(0) << 4 | byte(1) >> 4,
            byte(1) << 2 | byte(2) >> 6,
            byte(2),
        ];
        text.extend(digits[..=group.len()].iter().map(|bits| digit(*bits)));
    }
    text
}

/// The digit of the lowest six bits.
fn digit(bits: u8) -> char {
    DIGITS[usize::from(bits & 63)].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_the_rfc_has_it() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("1000000000000000000", "MTAwMDAwMDAwMDAwMDAwMDAwMA"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn each_is_another_and_tells_the_application() {
        let (one, other) = (drawn(7), drawn(7));
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('.').map(str::len).collect();
        assert_eq!(parts, [2, 6, 38]);
        assert!(one.starts_with("Nw."), "{one}");
    }
}
