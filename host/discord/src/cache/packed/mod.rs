//! Packed JSON: an object as bytes, a fifth as long as its text, from which each field can be read alone.
//!
//! `write.rs` packs while it reads the text once, `texts.rs` what is in quotes; what is packed says the same as the text, number by number and escape by escape.
//! At the top of an object a field that is null is left out, and one that is there twice counts as it stood there last, as
//! [`Fields`](crate::lenient::Fields) has it.
//!
//! A value begins with a tag, which tells how far it goes:
//!
//! | tag | value | behind it |
//! | --- | --- | --- |
//! | 0 to 63 | that number | |
//! | 64 to 66 | null, false, true | |
//! | 67, 68 | a list, an object | its bytes' length; values, or names and values |
//! | 69 | another number | its text's length, its text |
//! | 70 | a text | its length, what stands between its quotes |
//! | 71 | a text that is a word of the dictionary | its code |
//! | 72, 73 | a text of 32 hexadecimal digits; the same behind `a_` | 16 bytes |
//! | 74, 75 | a time in seconds, in microseconds (UTC) | its digits: 6 bytes; 3 more |
//! | 76 | a list or an object that is nested deeper than the reader goes | its length, its text |
//! | 80 to 87 | a text of digits (an id) | the number, 1 to 8 bytes |
//! | 88 to 95 | a number | the same |
//! | 96 to 127 | a text that is a number of 0 to 31 | |
//! | 128 to 255 | a text of 0 to 127 bytes | what stands between its quotes |
//!
//! A name is its code in `words.rs`, or 255 with its length and its text, in which escapes are written in one way. Lengths have seven
//! bits a byte, the lowest first.

mod bytes;
mod scan;
#[cfg(test)]
pub(super) mod tests;
mod texts;
pub(super) mod words;
mod write;

use std::borrow::Cow;

use self::bytes::{little, split_sized};
pub(super) use self::{scan::Scanner, write::Packer};
use crate::lenient;

const NULL: u8 = 64;
const FALSE: u8 = 65;
const TRUE: u8 = 66;
const LIST: u8 = 67;
const OBJECT: u8 = 68;
const NUMBER: u8 = 69;
const TEXT: u8 = 70;
const WORD: u8 = 71;
const HEX: u8 = 72;
const ANIMATED_HEX: u8 = 73;
const TIME: u8 = 74;
const TIME_US: u8 = 75;
const DEEP: u8 = 76;
const DIGITS: u8 = 80;
const UINT: u8 = 88;
const FEW_DIGITS: u8 = 96;
const SHORT: u8 = 128;

/// A packed object.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Object<'a>(&'a [u8]);

/// A packed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a>(&'a [u8]);

/// A field's name: its code, and as it is written if it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    code: u8,
    literal: &'a [u8],
}

impl<'a> Object<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The fields, in order.
    pub(super) fn fields(self) -> impl Iterator<Item = (Name<'a>, Value<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, behind) = split_name(rest)?;
            let (value, behind) = split(behind)?;
            rest = behind;
            Some((name, value))
        })
    }

    /// A field of a packed object that was read alone, which has each field once: `None` if it is not there.
    pub(super) fn get(self, code: u8) -> Option<Value<'a>> {
        let mut fields = self.fields();
        fields.find(|(name, _)| name.code == code).map(|it| it.1)
    }

    /// The same of an object inside of it, where the last one counts, and null is none.
    pub(super) fn last(self, code: u8) -> Option<Value<'a>> {
        let fields = self.fields().filter(|(name, _)| name.code == code);
        fields.last().map(|it| it.1).filter(|it| it.0 != [NULL])
    }

    /// A field that is a text.
    pub(super) fn text(self, code: u8) -> Option<String> {
        self.get(code)?.text()
    }

    /// The object as JSON.
    pub(super) fn json(self) -> String {
        let mut text = Vec::with_capacity(self.0.len() * 4);
        unpack_object(self.0, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}

impl<'a> Value<'a> {
    /// A number of 64 bits: digits in quotes or without, as [`lenient::number`] reads it.
    pub(super) fn number(self) -> Option<u64> {
        let (&tag, behind) = self.0.split_first()?;
        match tag {
            0..NULL => Some(u64::from(tag)),
            FEW_DIGITS..SHORT => Some(u64::from(tag - FEW_DIGITS)),
            DIGITS..FEW_DIGITS => little(behind),
            // With zeros in front.
            NUMBER | TEXT | HEX | SHORT.. => lenient::number(&self.json()),
            _ => None,
        }
    }

    /// An id.
    pub(super) fn id(self) -> Option<u64> {
        self.number().filter(|id| *id != 0)
    }

    /// `true` or `false`.
    pub(super) fn flag(self) -> Option<bool> {
        match self.0 {
            [FALSE] => Some(false),
            [TRUE] => Some(true),
            _ => None,
        }
    }

    /// A text; `None` also if it has half a surrogate pair.
    pub(super) fn text(self) -> Option<String> {
        lenient::text(&self.json()).map(Cow::into_owned)
    }

    /// The values of a list.
    pub(super) fn items(self) -> Option<impl Iterator<Item = Value<'a>>> {
        let mut rest = self.inside(LIST)?;
        Some(std::iter::from_fn(move || {
            let (value, behind) = split(rest)?;
            rest = behind;
            Some(value)
        }))
    }

    pub(super) fn object(self) -> Option<Object<'a>> {
        self.inside(OBJECT).map(Object)
    }

    /// The value as JSON.
    pub(super) fn json(self) -> String {
        let mut text = Vec::new();
        unpack(self, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    fn inside(self, tag: u8) -> Option<&'a [u8]> {
        let (first, behind) = self.0.split_first()?;
        (*first == tag)
            .then(|| split_sized(behind))
            .flatten()
            .map(|it| it.0)
    }
}

fn split_name(bytes: &[u8]) -> Option<(Name<'_>, &[u8])> {
    let (&code, behind) = bytes.split_first()?;
    let (literal, behind) = match code {
        words::LITERAL => split_sized(behind)?,
        _ => (&[][..], behind),
    };
    Some((Name { code, literal }, behind))
}

/// The value that stands first, and what is behind it.
fn split(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (&tag, behind) = bytes.split_first()?;
    let length = match tag {
        LIST | OBJECT | NUMBER | TEXT | DEEP => {
            let (_, rest) = split_sized(behind)?;
            behind.len() - rest.len()
        }
        WORD => 1,
        HEX | ANIMATED_HEX => 16,
        TIME => 6,
        TIME_US => 9,
        DIGITS..UINT => usize::from(tag - DIGITS) + 1,
        UINT..FEW_DIGITS => usize::from(tag - UINT) + 1,
        SHORT.. => usize::from(tag - SHORT),
        _ => 0,
    };
    let (value, rest) = bytes.split_at_checked(1 + length)?;
    Some((Value(value), rest))
}

fn unpack_object(bytes: &[u8], text: &mut Vec<u8>) {
    text.push(b'{');
    for (number, (name, value)) in Object(bytes).fields().enumerate() {
        text.extend_from_slice(if number > 0 { b",\"" } else { b"\"" });
        text.extend_from_slice(words::word(name.code).map_or(name.literal, str::as_bytes));
        text.extend_from_slice(b"\":");
        unpack(value, text);
    }
    text.push(b'}');
}

fn unpack(value: Value<'_>, text: &mut Vec<u8>) {
    let Some((&tag, behind)) = value.0.split_first() else {
        return text.extend_from_slice(b"null");
    };
    let sized = || split_sized(behind).unwrap_or_default().0;
    let number = || little(behind).unwrap_or_default().to_string();
    match tag {
        NULL => text.extend_from_slice(b"null"),
        0..NULL => text.extend_from_slice(tag.to_string().as_bytes()),
        FALSE => text.extend_from_slice(b"false"),
        TRUE => text.extend_from_slice(b"true"),
        LIST => {
            text.push(b'[');
            for (number, item) in value.items().into_iter().flatten().enumerate() {
                if number > 0 {
                    text.push(b',');
                }
                unpack(item, text);
            }
            text.push(b']');
        }
        OBJECT => unpack_object(sized(), text),
        NUMBER | DEEP => text.extend_from_slice(sized()),
        UINT..FEW_DIGITS => text.extend_from_slice(number().as_bytes()),
        TEXT => quoted(text, sized()),
        WORD => {
            let word = behind.first().and_then(|code| words::word(*code));
            quoted(text, word.unwrap_or_default().as_bytes());
        }
        HEX | ANIMATED_HEX => {
            let digits: String = behind.iter().map(|byte| format!("{byte:02x}")).collect();
            let start = if tag == HEX { "" } else { "a_" };
            quoted(text, format!("{start}{digits}").as_bytes());
        }
        TIME | TIME_US => quoted(text, texts::time(behind).as_bytes()),
        DIGITS..UINT => quoted(text, number().as_bytes()),
        FEW_DIGITS..SHORT => quoted(text, (tag - FEW_DIGITS).to_string().as_bytes()),
        SHORT.. => quoted(text, behind),
        _ => text.extend_from_slice(b"null"),
    }
}

fn quoted(text: &mut Vec<u8>, inside: &[u8]) {
    text.push(b'"');
    text.extend_from_slice(inside);
    text.push(b'"');
}
