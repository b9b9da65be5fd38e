//! JSON scanner: a cursor that steps over values, into objects and into lists, and builds nothing.
//!
//! `None` is said of what is no JSON; the cursor is of no use then.

use memchr::memchr2;

/// A place in a JSON text.
#[derive(Debug, Clone)]
pub(in super::super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(in super::super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte that the next value begins with.
    pub(in super::super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let b' ' | b'\n' | b'\t' | b'\r' = bytes.get(self.at)? {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Steps over the next value; its text. It is not looked inside: where the whole is no JSON, this need not be JSON either.
    pub(in super::super) fn value(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => {
                self.at += 1;
                self.skip_string()?;
            }
            b'{' | b'[' => self.skip_nested()?,
            _ => {
                self.scalar()?;
            }
        }
        self.text.get(start..self.at)
    }

    /// Enters an object or a list; the first byte is the one that was peeked.
    pub(in super::super) fn enter(&mut self, open: u8) -> Option<()> {
        (self.peek()? == open).then(|| self.at += 1)
    }

    /// Goes on in an object or a list that was entered, which ends with `close`: whether there is one more in it.
    pub(in super::super) fn more(&mut self, is_first: &mut bool, close: u8) -> Option<bool> {
        let was_first = std::mem::take(is_first);
        match self.peek()? {
            byte if byte == close => {
                self.at += 1;
                Some(false)
            }
            b',' if !was_first => {
                self.at += 1;
                (self.peek()? != close).then_some(true)
            }
            _ if was_first => Some(true),
            _ => None,
        }
    }

    /// The name of a field, as it is written between its quotes; its value is next.
    pub(in super::super) fn name(&mut self) -> Option<&'a str> {
        let name = self.string()?.0;
        (self.peek()? == b':').then(|| self.at += 1)?;
        Some(name)
    }

    /// A string as it is written between its quotes, and whether it has escapes. It is checked to be one.
    pub(super) fn string(&mut self) -> Option<(&'a str, bool)> {
        self.enter(b'"')?;
        let bytes = self.text.as_bytes();
        let (start, mut has_escapes) = (self.at, false);
        loop {
            match *bytes.get(self.at)? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    let digits = match bytes.get(self.at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 0,
                        b'u' => 4,
                        _ => return None,
                    };
                    let digits = bytes.get(self.at + 2..self.at + 2 + digits)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    self.at += 2 + digits.len();
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some((self.text.get(start..self.at - 1)?, has_escapes))
    }

    /// A number or a word, up to what ends it.
    pub(super) fn scalar(&mut self) -> Option<&'a str> {
        self.peek()?;
        let rest = &self.text.as_bytes()[self.at..];
        let is_end = |byte: &u8| {
            matches!(
                byte,
                b',' | b'}' | b']' | b':' | b'"' | b'[' | b'{' | 0..=b' '
            )
        };
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        (length > 0)
            .then(|| self.text.get(start..self.at))
            .flatten()
    }

    /// Whether nothing is left.
    pub(in super::super) fn is_over(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Behind the opening quote.
    fn skip_string(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        loop {
            self.at += memchr2(b'"', b'\\', bytes.get(self.at..)?)?;
            if bytes[self.at] == b'"' {
                self.at += 1;
                return Some(());
            }
            self.at += 2;
        }
    }

    fn skip_nested(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        loop {
            match bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}
