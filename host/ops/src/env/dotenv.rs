//! Parser of `.env`: a variable a line, and nothing in it is more than text.
//!
//! `NAME=value`, also behind `export`; `#` begins a comment, at the beginning of a line or behind a blank. A value may stand in
//! `'single'` or `"double quotes"`, over several lines; in double quotes `\n`, `\r`, `\t`, `\"` and `\\` are escapes. `$` is a
//! dollar sign: what other programs would put in its place is not there, and tokens may have one.

use std::collections::BTreeMap;

/// Contents of a file.
#[derive(Debug, Default)]
pub(super) struct Dotenv {
    /// The variables; the first of a name wins.
    pub(super) variables: BTreeMap<String, String>,
    /// The lines that are none.
    pub(super) broken: Vec<Broken>,
}

/// A line that sets nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Counted from 1.
    pub(super) line: usize,
    /// Its first word, if that could be a variable's name. Not more: it may be the token.
    pub(super) name: Option<String>,
    pub(super) why: &'static str,
}

/// What a file's bytes are: text, or why not.
pub(super) fn decode(bytes: &[u8]) -> Result<String, &'static str> {
    let wide = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        // Without a mark: every other byte of plain letters is 0.
        _ => bytes.len() >= 2 && bytes.iter().filter(|byte| **byte == 0).count() * 3 >= bytes.len(),
    };
    if wide {
        return Err("is UTF-16 text, which some editors call \"Unicode\"; save it as UTF-8");
    }
    if bytes.contains(&0) {
        return Err("is no text: it has bytes that are 0; write it anew as plain UTF-8 text");
    }
    // What is not UTF-8 matters in the variable that it stands in, which is looked at there.
    let text = String::from_utf8_lossy(bytes);
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Reads a file's text.
pub(super) fn read(text: &str) -> Dotenv {
    let mut read = Dotenv::default();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let mut taken = end;
        match assignment(&rest[..end], rest) {
            Line::Nothing => {}
            Line::Sets { name, value, bytes } => {
                taken = bytes.max(end);
                read.variables.entry(name).or_insert(value);
            }
            Line::Broken { name, why } => read.broken.push(Broken { line, name, why }),
        }
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    read
}

enum Line {
    Nothing,
    Sets {
        name: String,
        value: String,
        /// What it takes of the text, its line break included.
        bytes: usize,
    },
    Broken {
        name: Option<String>,
        why: &'static str,
    },
}

/// Reads the line that `rest` begins with.
fn assignment(line: &str, rest: &str) -> Line {
    let bare = line.trim_start();
    if bare.trim_end().is_empty() || bare.starts_with('#') {
        return Line::Nothing;
    }
    let bare = match bare.strip_prefix("export") {
        Some(behind) if behind.starts_with([' ', '\t']) => behind.trim_start(),
        _ => bare,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let length = bare.find(|c| !is_name(c)).unwrap_or(bare.len());
    let name = (length > 0 && !bare.starts_with(|c: char| c.is_ascii_digit()))
        .then(|| bare[..length].to_owned());
    let (Some(name), Some(value)) = (name.clone(), bare[length..].trim_start().strip_prefix('='))
    else {
        return Line::Broken {
            name,
            why: "this line is not NAME=value",
        };
    };
    let value = value.trim_start_matches([' ', '\t']);
    let begin = line.len() - value.len();
    let Some(quote @ ('\'' | '"')) = value.chars().next() else {
        return Line::Sets {
            name,
            value: unquoted(value),
            bytes: 0,
        };
    };
    let Some((value, length)) = quoted(&rest[begin + 1..], quote) else {
        return Line::Broken {
            name: Some(name),
            why: "the quote at the beginning of the value is not closed",
        };
    };
    let bytes = begin + 1 + length;
    let end = rest[bytes..]
        .find('\n')
        .map_or(rest.len(), |end| bytes + end + 1);
    let behind = rest[bytes..end].trim();
    if behind.is_empty() || behind.starts_with('#') {
        return Line::Sets {
            name,
            value,
            bytes: end,
        };
    }
    Line::Broken {
        name: Some(name),
        why: "something stands behind the closing quote",
    }
}

/// Up to a comment.
fn unquoted(value: &str) -> String {
    let mut before = ' ';
    let comment = value.find(|c| {
        let begins = c == '#' && matches!(before, ' ' | '\t');
        before = c;
        begins
    });
    value[..comment.unwrap_or(value.len())].trim().to_owned()
}

/// Up to the closing quote, and how many bytes that takes, the quote included.
fn quoted(inside: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some((value, at + 1)),
            '\\' if quote == '"' => match letters.next()? {
                (_, 'n') => value.push('\n'),
                (_, 'r') => value.push('\r'),
                (_, 't') => value.push('\t'),
                (_, escaped @ ('"' | '\\' | '$')) => value.push(escaped),
                (_, other) => value.extend(['\\', other]),
            },
            // A file of Windows': its line breaks are line breaks.
            '\r' if inside[at + 1..].starts_with('\n') => {}
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        let read = read(&format!("A={text}\n"));
        assert_eq!(read.broken, [], "{text}");
        read.variables["A"].clone()
    }

    #[test]
    fn values_are_taken_literally() {
        for (written, value_of) in [
            ("a$b", "a$b"),
            ("$HOME", "$HOME"),
            ("${A}", "${A}"),
            ("\"a$b\"", "a$b"),
            ("'a$b'", "a$b"),
            ("a b c", "a b c"),
            ("a#b", "a#b"),
            ("a #b", "a"),
            ("  a  ", "a"),
            ("a\\nb", "a\\nb"),
            ("\"a\\nb\"", "a\nb"),
            ("'a\\nb'", "a\\nb"),
            ("\"say \\\"hi\\\"\"", "say \"hi\""),
            ("a=b==", "a=b=="),
            ("it's", "it's"),
            ("", ""),
            ("'' # none", ""),
        ] {
            assert_eq!(value(written), value_of, "for {written}");
        }
    }

    #[test]
    fn lines_that_set_nothing_are_numbered_and_stop_no_other() {
        let text = "\u{feff}A=1\n\n# c\nhunter2\r\nexport B='two\nlines' # c\nC = 3\nD='open\nE=\"x\" y\n- F=1\nA=9\n[section]\nG=4";
        let read = read(text.trim_start_matches('\u{feff}'));
        let variables: Vec<_> = read
            .variables
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(
            variables,
            [("A", "1"), ("B", "two\nlines"), ("C", "3"), ("G", "4")]
        );
        let broken: Vec<_> = read
            .broken
            .iter()
            .map(|it| (it.line, it.name.as_deref()))
            .collect();
        assert_eq!(
            broken,
            [
                (4, Some("hunter2")),
                (8, Some("D")),
                (9, Some("E")),
                (10, None),
                (12, None)
            ]
        );
    }

    #[test]
    fn a_file_of_sixteen_bits_a_letter_is_named_as_such() {
        let wide = |big: bool, mark: bool| -> Vec<u8> {
            let text = if mark { "\u{feff}A=1\r\n" } else { "A=1\r\n" };
            let units = text.encode_utf16();
            units
                .flat_map(|unit| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        for (big, mark) in [(true, true), (true, false), (false, true), (false, false)] {
            assert!(decode(&wide(big, mark)).unwrap_err().contains("UTF-16"));
        }
        assert!(
            decode(b"A=1\n\0\nB=22222222")
                .unwrap_err()
                .contains("no text")
        );
        assert_eq!(decode("\u{feff}A=1".as_bytes()), Ok("A=1".to_owned()));
    }
}
