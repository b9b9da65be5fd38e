//! Encoded forms of a secret (plain, base64, hexadecimal) that are searched for.

use std::fmt::Write as _;

use super::SHORTEST;

/// Fewest bytes of a line of a secret: shorter ones are in other texts as well.
const SHORTEST_LINE: usize = 16;

/// How a secret is looked for, each form once.
pub(super) fn of(secret: &str) -> Vec<Vec<u8>> {
    let mut plain = vec![secret];
    if secret.contains('\n') {
        // `-----BEGIN …-----` is in everybody's keys.
        let lines = secret.lines().map(str::trim);
        plain
            .extend(lines.filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----")));
    }
    // The last part of a token is what makes it one; the first is the bot's id.
    if let [_, _, last] = &*secret.split('.').collect::<Vec<_>>()
        && last.len() >= 2 * SHORTEST
    {
        plain.push(last);
    }
    let mut forms: Vec<Vec<u8>> = plain.into_iter().flat_map(encoded).collect();
    forms.sort();
    forms.dedup();
    forms
}

fn encoded(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let mut forms = vec![
        bytes.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    for url in [false, true] {
        forms.extend((0..3).map(|before| within_base64(bytes, before, url)));
    }
    forms
}

/// What stands of a secret in the base64 of a text that has it behind so many bytes, modulo 3: without the digits that its neighbours
/// have a part in.
fn within_base64(secret: &[u8], before: usize, url: bool) -> Vec<u8> {
    let mut whole = vec![0; before];
    whole.extend_from_slice(secret);
    let (first, end) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    base64(&whole, url).as_bytes()[first..end].to_vec()
}

/// Base64 without padding ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648#section-4)).
pub(super) fn base64(bytes: &[u8], url: bool) -> String {
    const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digit = |number: u32| match (number & 63, url) {
        (62, false) => '+',
        (63, false) => '/',
        (62, true) => '-',
        (63, true) => '_',
        (number, _) => char::from(DIGITS[number as usize]),
    };
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for group in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bits);
        text.extend((0..=group.len() as u32).map(|place| digit(bits >> (18 - 6 * place))));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        for (text, encoded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes(), false), encoded);
        }
        assert_eq!(base64(b"\xff\xef\xfe", false), "/+/+");
        assert_eq!(base64(b"\xff\xef\xfe", true), "_-_-");
    }

    #[test]
    fn no_form_is_shorter_than_a_secret_may_be() {
        for secret in [
            "12345678",
            "MTIz.abc.0123456789abcdef",
            "eins\nzwei drei vier fünf",
        ] {
            for form in of(secret) {
                assert!(form.len() >= SHORTEST, "{form:?}");
            }
        }
    }
}
