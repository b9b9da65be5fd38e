//! Writer of packed JSON: from a scanner, in one pass.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{
    DEEP, FALSE, LIST, NULL, NUMBER, Name, OBJECT, Object, Scanner, TRUE, UINT, Value,
    bytes::{insert_length, write_little, write_sized},
    texts::{digits, write_text},
    words,
};
use crate::lenient;

/// How deep a value is packed, for the reader is recursive: what is inside of that stays text. No model goes as far.
const DEPTH: u32 = 120;

/// An object that is being packed. Made once for many objects.
#[derive(Debug, Default)]
pub(in super::super) struct Packer {
    bytes: Vec<u8>,
    fields: Vec<Slot>,
    /// Which codes are among the fields.
    codes: [u64; 4],
}

/// A field in the bytes: its name, then its value, which is empty where the field is left out.
#[derive(Debug, Clone, Copy)]
struct Slot {
    code: u8,
    start: usize,
    value: usize,
    end: usize,
}

impl Packer {
    /// Packs the object that comes next, instead of what was packed before. `special` is asked of each field, with the cursor before
    /// its value: whether it has read it itself, so that nothing of it is packed.
    pub(in super::super) fn object<'a>(
        &mut self,
        from: &mut Scanner<'a>,
        mut special: impl FnMut(u8, &mut Scanner<'a>) -> Option<bool>,
    ) -> Option<()> {
        self.clear();
        from.enter(b'{')?;
        let mut is_first = true;
        while from.more(&mut is_first, b'}')? {
            let start = self.bytes.len();
            let code = write_name(&one_way(from.name()?)?, &mut self.bytes);
            let value = self.bytes.len();
            if !special(code, from)? {
                write(from, &mut self.bytes, DEPTH)?;
            }
            self.note(code, start, value);
        }
        Some(())
    }

    /// The same from a text, which is nothing but that object.
    pub(in super::super) fn text(&mut self, json: &str) -> Option<()> {
        let mut from = Scanner::new(json);
        self.object(&mut from, |_, _| Some(false))?;
        from.is_over().then_some(())
    }

    pub(in super::super) fn clear(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        self.codes = [0; 4];
    }

    /// Whether a field was there, null or not.
    pub(in super::super) fn saw(&self, code: u8) -> bool {
        self.codes[usize::from(code / 64)] & (1 << (code % 64)) != 0
    }

    /// A field; `None` if it is not there, or null.
    pub(in super::super) fn get(&self, code: u8) -> Option<Value<'_>> {
        let mut slots = self.fields.iter().filter(|slot| slot.value < slot.end);
        let slot = slots.find(|slot| slot.code == code)?;
        self.bytes.get(slot.value..slot.end).map(Value)
    }

    /// Leaves a field out.
    pub(in super::super) fn leave_out(&mut self, code: u8) {
        for slot in self.fields.iter_mut().filter(|slot| slot.code == code) {
            slot.end = slot.value;
        }
    }

    /// Leaves those fields out that are the same in another object.
    pub(in super::super) fn leave_out_same(&mut self, other: Object<'_>) {
        for (name, value) in other.fields() {
            if self.get(name.code) == Some(value) {
                self.leave_out(name.code);
            }
        }
    }

    /// Adds those fields of another object that this one does not have, null or not.
    pub(in super::super) fn add_missing(&mut self, other: Object<'_>) {
        let before = self.fields.len();
        for (name, value) in other.fields() {
            let own = &self.fields[..before];
            if own.iter().all(|slot| self.name(*slot) != Some(name)) {
                self.add(name, value);
            }
        }
    }

    /// Adds an object as a field.
    pub(in super::super) fn add_object(&mut self, code: u8, object: &Self) {
        let (start, value) = (self.bytes.len(), self.bytes.len() + 1);
        self.bytes.extend_from_slice(&[code, OBJECT]);
        let inside = self.bytes.len();
        object.write(&[], &mut self.bytes);
        insert_length(&mut self.bytes, inside);
        self.note(code, start, value);
    }

    /// Appends what was packed, these fields first: they are found sooner.
    pub(in super::super) fn write(&self, first: &[u8], into: &mut Vec<u8>) {
        let mut append = |slot: &Slot| {
            if slot.value < slot.end {
                into.extend_from_slice(&self.bytes[slot.start..slot.end]);
            }
        };
        let fields = || self.fields.iter();
        for code in first {
            fields().filter(|it| it.code == *code).for_each(&mut append);
        }
        fields()
            .filter(|it| !first.contains(&it.code))
            .for_each(append);
    }

    /// What was packed.
    pub(in super::super) fn boxed(&self) -> Box<[u8]> {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        self.write(&[], &mut bytes);
        bytes.into()
    }

    fn add(&mut self, name: Name<'_>, value: Value<'_>) {
        let start = self.bytes.len();
        self.bytes.push(name.code);
        if name.code == words::LITERAL {
            write_sized(name.literal, &mut self.bytes);
        }
        let at = self.bytes.len();
        self.bytes.extend_from_slice(value.0);
        self.note(name.code, start, at);
    }

    /// Takes note of the field at the end of the bytes.
    fn note(&mut self, code: u8, start: usize, value: usize) {
        let slot = Slot {
            code,
            start,
            value,
            end: self.bytes.len(),
        };
        // Of a field that is there twice, the last one counts.
        if self.saw(code) {
            let name = self.name(slot);
            let before = |it: &Slot| it.code == code && self.name(*it) == name;
            if let Some(at) = self.fields.iter().position(before) {
                self.fields.remove(at);
            }
        }
        self.codes[usize::from(code / 64)] |= 1 << (code % 64);
        let is_null = self.bytes[value..] == [NULL];
        let end = if is_null { value } else { slot.end };
        self.fields.push(Slot { end, ..slot });
    }

    fn name(&self, slot: Slot) -> Option<Name<'_>> {
        let bytes = self.bytes.get(slot.start..slot.value)?;
        super::split_name(bytes).map(|it| it.0)
    }
}

/// A name as all that are the same are written, so that they are found; `None` if it has half a surrogate pair, which no reader takes.
fn one_way(name: &str) -> Option<Cow<'_, str>> {
    if !name.contains('\\') {
        return Some(name.into());
    }
    let quoted = format!("\"{name}\"");
    let quoted = serde_json::to_string(&lenient::text(&quoted)?).ok()?;
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    Some(inside.to_owned().into())
}

fn write_name(name: &str, into: &mut Vec<u8>) -> u8 {
    let code = words::find(name.as_bytes());
    into.push(code);
    if code == words::LITERAL {
        write_sized(name.as_bytes(), into);
    }
    code
}

/// Packs the value that comes next.
fn write(from: &mut Scanner<'_>, into: &mut Vec<u8>, depth: u32) -> Option<()> {
    match from.peek()? {
        b'"' => {
            let (text, has_escapes) = from.string()?;
            write_text(text, has_escapes, into);
            Some(())
        }
        open @ (b'{' | b'[') => {
            let Some(depth) = depth.checked_sub(1) else {
                return write_deep(from.value()?, into);
            };
            from.enter(open)?;
            into.push(if open == b'{' { OBJECT } else { LIST });
            let (start, close) = (into.len(), open + 2);
            let mut is_first = true;
            while from.more(&mut is_first, close)? {
                if open == b'{' {
                    let name = from.name()?;
                    write_name(one_way(name).as_deref().unwrap_or(name), into);
                }
                write(from, into, depth)?;
            }
            insert_length(into, start);
            Some(())
        }
        _ => write_scalar(from.scalar()?, into),
    }
}

fn write_scalar(scalar: &str, into: &mut Vec<u8>) -> Option<()> {
    match scalar {
        "null" => into.push(NULL),
        "false" => into.push(FALSE),
        "true" => into.push(TRUE),
        _ => match digits(scalar) {
            Some(number @ 0..64) => into.push(number as u8),
            Some(number) => write_little(UINT, number, into),
            None => {
                serde_json::from_str::<IgnoredAny>(scalar).ok()?;
                into.push(NUMBER);
                write_sized(scalar.as_bytes(), into);
            }
        },
    }
    Some(())
}

/// What is nested too deep is checked as the rest is, without a stack.
fn write_deep(text: &str, into: &mut Vec<u8>) -> Option<()> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    into.push(DEEP);
    write_sized(text.as_bytes(), into);
    Some(())
}

/// The whole of what a value is packed to.
#[cfg(test)]
pub(super) fn packed(json: &str) -> Option<Vec<u8>> {
    let (mut from, mut bytes) = (Scanner::new(json), Vec::new());
    write(&mut from, &mut bytes, DEPTH)?;
    let is_whole = from.is_over() && super::split(&bytes).is_some_and(|(_, rest)| rest.is_empty());
    is_whole.then_some(bytes)
}
