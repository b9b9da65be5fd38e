//! Escaping of untrusted text for terminals and for what the host says on Discord: what would move a cursor, colour it,
//! turn the direction of writing or not be seen at all is shown, and not obeyed.

use std::{
    borrow::Cow,
    fmt::{Display, Write as _},
};

use serde_json::Value;

/// The text with such characters written out, as Rust writes them: `\u{1b}[2J`. Line breaks and tabs stay.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    written_out(text, |c| matches!(c, '\n' | '\t'))
}

/// The same as one line.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    written_out(text, |_| false)
}

/// The same inside of JSON, whose own escapes stand for what is below U+0020 already.
pub fn json(line: &str) -> Cow<'_, str> {
    if is_plain(without_end(line)) || !line.contains(|c| obeyed(c) && c != '\n') {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        match c {
            c if obeyed(c) && c != '\n' => {
                let _ = write!(shown, "\\u{:04x}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Somebody's sentence inside of the host's own on Discord: one line, that ends no code block and has no link but those that look it.
pub fn said(text: &str) -> String {
    line(text).replace("```", "'''").replace("](", "]\\(")
}

/// Somebody's word between the host's backticks on Discord.
pub fn word(text: &str) -> String {
    line(text).replace('`', "'")
}

/// A message of the host's own, whatever stands in it by now.
pub fn message(message: &mut Value) {
    match message {
        Value::String(said) => {
            if let Cow::Owned(shown) = text(said) {
                *said = shown;
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(self::message),
        Value::Object(fields) => fields.values_mut().for_each(self::message),
        _ => {}
    }
}

fn written_out(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_out = |c: char| obeyed(c) && !stays(c);
    let inner = if stays('\n') { without_end(text) } else { text };
    if is_plain(inner) || !text.contains(is_out) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if is_out(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

fn without_end(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

/// Whether there is nothing in it but ASCII that is shown: nearly all lines of a log. Looks at every byte, since the compiler makes
/// a few wide comparisons of that.
fn is_plain(text: &str) -> bool {
    let is_shown = |byte: &u8| matches!(byte, b' '..=b'~');
    text.as_bytes()
        .iter()
        .fold(true, |plain, byte| plain & is_shown(byte))
}

/// Whether something else is done with this character than to show it: control characters of both sets (U+009B begins a sequence as
/// ESC [ does), other line breaks, directions, and what is not seen at all. What joins others (U+200C, U+200D, the variation selectors)
/// belongs to scripts and emoji.
fn obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A number with its thousands apart: "1,000,000", "-12,345.5".
#[must_use]
pub fn number(number: impl Display) -> String {
    let text = number.to_string();
    let begin = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let digits = text[begin..].bytes().take_while(u8::is_ascii_digit).count();
    let mut apart = text[..begin].to_owned();
    for (at, digit) in text[begin..begin + digits].chars().enumerate() {
        if at > 0 && (digits - at).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart + &text[begin + digits..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for (said, shown) in [
            ("\u{1b}[2Jgone", r"\u{1b}[2Jgone"),
            ("\u{1b}]0;title\u{7}", r"\u{1b}]0;title\u{7}"),
            ("\u{9b}31mred", r"\u{9b}31mred"),
            ("a\rb", r"a\rb"),
            ("\u{8}\u{7f}", r"\u{8}\u{7f}"),
            ("abc\u{202e}cba", r"abc\u{202e}cba"),
            ("\u{2028}x\u{2029}\u{85}", r"\u{2028}x\u{2029}\u{85}"),
            ("\u{b}\u{c}\0", r"\u{b}\u{c}\u{0}"),
            (
                "\u{200e}\u{200f}\u{2066}\u{2069}\u{61c}",
                r"\u{200e}\u{200f}\u{2066}\u{2069}\u{61c}",
            ),
            (
                "a\u{200b}d\u{2060}m\u{feff}in\u{ad}\u{e0041}",
                r"a\u{200b}d\u{2060}m\u{feff}in\u{ad}\u{e0041}",
            ),
            (
                "two\n\tlines, ä, 👨\u{200d}💻",
                "two\n\tlines, ä, 👨\u{200d}💻",
            ),
        ] {
            assert_eq!(text(said), shown);
        }
        assert_eq!(line("a\nb"), r"a\nb");
        assert_eq!(line("ab\n"), r"ab\n");
        assert_eq!(text("ab\n"), "ab\n");
        assert_eq!(
            json("{\"a\":\"\u{9b}\u{202e}\"}\n"),
            "{\"a\":\"\\u009b\\u202e\"}\n"
        );
    }

    #[test]
    fn what_somebody_says_inside_of_the_hosts_words_stays_inside() {
        assert_eq!(
            said("no\n**1 loaded**\u{202e} ```\nINFO``` [here](https://evil)"),
            r"no\n**1 loaded**\u{202e} '''\nINFO''' [here]\(https://evil)"
        );
        assert_eq!(word("a`b\r"), r"a'b\r");
        let mut whole = serde_json::json!({"content": "a\nb\u{1b}[2J", "embeds": [{"fields": [{"name": "\u{202e}", "inline": false}]}]});
        message(&mut whole);
        assert_eq!(
            whole,
            serde_json::json!({"content": "a\nb\\u{1b}[2J", "embeds": [{"fields": [{"name": "\\u{202e}", "inline": false}]}]})
        );
    }

    #[test]
    fn thousands_stand_apart() {
        for (given, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1000000000", "-1,000,000,000"),
            ("12345.678901", "12,345.678901"),
            ("inf", "inf"),
        ] {
            assert_eq!(number(given), shown);
        }
    }
}
