//! Texts of packed JSON: ids, hashes and times as the bytes that they stand for, everything else letter by letter.

use super::{
    ANIMATED_HEX, DIGITS, FEW_DIGITS, HEX, SHORT, TEXT, TIME, TIME_US, WORD,
    bytes::{little, write_little, write_sized},
    words,
};

/// Packs a text as it stands between its quotes.
pub(super) fn write_text(text: &str, has_escapes: bool, into: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    if !has_escapes {
        if let Some(number) = digits(text) {
            return match number {
                0..32 => into.push(FEW_DIGITS + number as u8),
                _ => write_little(DIGITS, number, into),
            };
        }
        let code = words::find(bytes);
        if code != words::LITERAL {
            return into.extend_from_slice(&[WORD, code]);
        }
        let is_special = match bytes.len() {
            25 | 32 if bytes[10.min(bytes.len())] == b'T' => write_time(bytes, into),
            32 => write_hex(HEX, bytes, into),
            34 if bytes.starts_with(b"a_") => write_hex(ANIMATED_HEX, &bytes[2..], into),
            _ => None,
        };
        if is_special.is_some() {
            return;
        }
    }
    match u8::try_from(bytes.len()) {
        Ok(length @ 0..128) => {
            into.push(SHORT + length);
            into.extend_from_slice(bytes);
        }
        _ => {
            into.push(TEXT);
            write_sized(bytes, into);
        }
    }
}

/// A number that is written as it is read.
pub(super) fn digits(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if !matches!(bytes, [b'0'] | [b'1'..=b'9', ..]) || bytes.len() > 20 {
        return None;
    }
    let mut number = 0_u64;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// Hexadecimal digits in lower-case letters, two a byte.
fn write_hex(tag: u8, digits: &[u8], into: &mut Vec<u8>) -> Option<()> {
    let start = into.len();
    into.push(tag);
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    for pair in digits.chunks_exact(2) {
        match (value(pair[0]), value(pair[1])) {
            (Some(high), Some(low)) => into.push(high << 4 | low),
            _ => {
                into.truncate(start);
                return None;
            }
        }
    }
    Some(())
}

/// A time in UTC: its digits, whatever they say.
fn write_time(text: &[u8], into: &mut Vec<u8>) -> Option<()> {
    let (date, rest) = text.split_at_checked(19)?;
    let fraction = rest.strip_suffix(b"+00:00")?;
    let mut seconds = 0_u64;
    for (at, byte) in date.iter().enumerate() {
        let wanted = match at {
            4 | 7 => b'-',
            10 => b'T',
            13 | 16 => b':',
            _ if byte.is_ascii_digit() => {
                seconds = seconds * 10 + u64::from(byte - b'0');
                continue;
            }
            _ => return None,
        };
        if *byte != wanted {
            return None;
        }
    }
    let us = match fraction {
        [] => None,
        [b'.', us @ ..] if us.len() == 6 && us.iter().all(u8::is_ascii_digit) => Some(
            us.iter()
                .fold(0_u32, |us, digit| us * 10 + u32::from(digit - b'0')),
        ),
        _ => return None,
    };
    into.push(if us.is_some() { TIME_US } else { TIME });
    into.extend_from_slice(&seconds.to_le_bytes()[..6]);
    if let Some(us) = us {
        into.extend_from_slice(&us.to_le_bytes()[..3]);
    }
    Some(())
}

/// A time as Discord writes it, from its digits.
pub(super) fn time(bytes: &[u8]) -> String {
    let (seconds, fraction) = bytes.split_at_checked(6).unwrap_or_default();
    let digits = format!("{:014}", little(seconds).unwrap_or_default());
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let (hour, minute, second) = (part(8, 10), part(10, 12), part(12, 14));
    let fraction = match fraction {
        [] => String::new(),
        us => format!(".{:06}", little(us).unwrap_or_default()),
    };
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}+00:00")
}
