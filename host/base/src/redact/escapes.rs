//! Unescaped text, with a map from each byte to where it stood before.

use std::ops::Range;

use memchr::{memchr2, memmem};

/// Bytes that are looked at together: what an escaped body of many megabytes takes more is bounded by this.
const PART: usize = 64 << 10;

/// Most bytes of an escape: `\u{10ffff}`, and two `\uXXXX` for one character.
const ESCAPE: usize = 12;

/// Most backslashes that are read as one: of a text that was escaped three times.
const BACKSLASHES: usize = 7;

/// Most bytes that one character is written with.
const LONGEST: usize = ESCAPE + BACKSLASHES - 1;

/// A part of a text without its escapes.
pub(super) struct Unescaped {
    bytes: Vec<u8>,
    /// What was written as what: of each escape, and of each run of bytes between two, the first byte and where in the text it was
    /// written. The last is the end.
    runs: Vec<(usize, usize)>,
}

impl Unescaped {
    /// The parts of a text that has escapes, which overlap so far that what has `longest` bytes is whole in one of them. None, where
    /// there is no escape.
    ///
    /// Where backslashes were escaped, all of it comes twice: as it stands, and as what is meant by a text that shows escapes and was
    /// put into JSON then, such as what `{:?}` makes of a key.
    pub(super) fn parts(text: &[u8], longest: usize) -> impl Iterator<Item = Self> {
        let shown = memmem::find(text, br"\\").map(|_| Self::parts_of(text, longest, true));
        Self::parts_of(text, longest, false).chain(shown.into_iter().flatten())
    }

    fn parts_of(text: &[u8], longest: usize, shown: bool) -> impl Iterator<Item = Self> {
        let overlap = longest * LONGEST;
        let mut next = memchr2(b'\\', b'%', text).map(|at| at.saturating_sub(overlap));
        std::iter::from_fn(move || {
            let from = next?;
            let end = (from + PART.max(2 * overlap)).min(text.len());
            next = (end < text.len()).then(|| end - overlap);
            Some(Self::read(&text[from..end], from, shown))
        })
    }

    fn read(part: &[u8], offset: usize, shown: bool) -> Self {
        let mut read = Self {
            bytes: Vec::with_capacity(part.len()),
            runs: Vec::new(),
        };
        let mut at = 0;
        while at < part.len() {
            let rest = &part[at..];
            read.runs.push((read.bytes.len(), offset + at));
            let escape = match rest[0] {
                b'%' => percent(rest).map(|byte| (Unit::Byte(byte), 3)),
                b'\\' if shown => Some(backslashes(rest)),
                b'\\' => backslash(rest),
                _ => None,
            };
            at += match escape {
                Some((Unit::Byte(byte), length)) => {
                    read.bytes.push(byte);
                    length
                }
                Some((Unit::Char(c), length)) => {
                    read.bytes
                        .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    length
                }
                // The first of them begins no escape.
                None => {
                    let run = 1 + memchr2(b'\\', b'%', &rest[1..]).unwrap_or(rest.len() - 1);
                    read.bytes.extend_from_slice(&rest[..run]);
                    run
                }
            };
        }
        read.runs.push((read.bytes.len(), offset + at));
        read
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in the text it stood: with the whole of each escape that it has a part in.
    pub(super) fn place(&self, place: &Range<usize>) -> Range<usize> {
        let last = self.run(place.end - 1);
        let (next, end) = (self.runs[last + 1], self.written(place.end - 1) + 1);
        let first = self.written(place.start);
        // Of an escape, all; of a run, as far as it goes.
        let is_run = next.0 - self.runs[last].0 == next.1 - self.runs[last].1;
        first..if is_run { end } else { next.1 }
    }

    /// The run that a byte is in.
    fn run(&self, byte: usize) -> usize {
        self.runs.partition_point(|(first, _)| *first <= byte) - 1
    }

    fn written(&self, byte: usize) -> usize {
        let run = self.run(byte);
        let ((first, at), next) = (self.runs[run], self.runs[run + 1]);
        let is_run = next.0 - first == next.1 - at;
        if is_run { at + byte - first } else { at }
    }
}

enum Unit {
    Byte(u8),
    Char(char),
}

fn percent(rest: &[u8]) -> Option<u8> {
    u8::try_from(hex(rest.get(1..3)?)?).ok()
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        number.checked_mul(16)?.checked_add(digit)
    })
}

/// An escape of JSON's or Rust's, and its length; `None` for what is none.
fn backslash(rest: &[u8]) -> Option<(Unit, usize)> {
    let unit = match rest.get(1)? {
        b'u' => return unicode(rest),
        b'x' => return Some((Unit::Byte(u8::try_from(hex(rest.get(2..4)?)?).ok()?), 4)),
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        other @ (b'"' | b'\'' | b'\\' | b'/') => *other,
        _ => return None,
    };
    Some((Unit::Byte(unit), 2))
}

/// The same, of which the backslash was escaped as well, once or more often; it alone, where nothing comes behind it.
fn backslashes(rest: &[u8]) -> (Unit, usize) {
    let all = rest.iter().take(BACKSLASHES);
    let more = all.take_while(|byte| **byte == b'\\').count() - 1;
    match backslash(&rest[more..]) {
        Some((unit, length)) => (unit, more + length),
        None => (Unit::Byte(b'\\'), more + 1),
    }
}

fn unicode(rest: &[u8]) -> Option<(Unit, usize)> {
    if rest.get(2) == Some(&b'{') {
        let end = rest.iter().take(ESCAPE).position(|byte| *byte == b'}')?;
        let c = char::from_u32(hex(rest.get(3..end)?)?)?;
        return Some((Unit::Char(c), end + 1));
    }
    let first = hex(rest.get(2..6)?)?;
    if let Some(c) = char::from_u32(first) {
        return Some((Unit::Char(c), 6));
    }
    // The first of a pair ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259#section-7)).
    let second = rest.get(6..12).filter(|rest| rest.starts_with(b"\\u"))?;
    let units = [
        u16::try_from(first).ok()?,
        u16::try_from(hex(&second[2..])?).ok()?,
    ];
    let c = char::decode_utf16(units).next()?.ok()?;
    Some((Unit::Char(c), 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_their_places_kept() {
        let text = br#"a%41\u0042\u{43}\"\\u0044 \ud83d\ude00 %zz \u12 \ud800x \"#;
        let parts: Vec<Unescaped> = Unescaped::parts(text, 10).collect();
        let [part, shown] = &*parts else {
            panic!("{}", parts.len())
        };
        assert!(shown.bytes().starts_with(b"aABC\"D "));
        assert_eq!(shown.place(&(5..6)), 18..25);
        let plain = "aABC\"\\u0044 😀 %zz \\u12 \\ud800x \\";
        assert_eq!(part.bytes(), plain.as_bytes());
        assert_eq!(part.place(&(1..4)), 1..16);
        assert_eq!(
            part.place(&(part.bytes.len() - 1..part.bytes.len())),
            text.len() - 1..text.len()
        );
        assert_eq!(Unescaped::parts(b"no escapes", 10).count(), 0);
    }

    #[test]
    fn parts_overlap_and_end() {
        let text = vec![b'%'; 3 * PART];
        let mut ends = 0;
        let mut last = 0;
        for part in Unescaped::parts(&text, 100) {
            assert!(part.runs[0].1 <= last);
            last = part.runs[part.runs.len() - 1].1;
            ends += 1;
        }
        assert_eq!(last, text.len());
        assert!((3..10).contains(&ends), "{ends}");
    }
}
