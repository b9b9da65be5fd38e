//! Colours of text: comments, texts, numbers, keywords and names, found line by line or token by token. It need not know a language's
//! grammar: what it gets wrong has another colour, and all of the text is there.

use maud::{Markup, html};

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Toml,
    Json,
    Rust,
    Markdown,
    Log,
    Plain,
}

impl Language {
    /// By the end of a file's name.
    pub(super) fn of(path: &str) -> Self {
        let end = path.rsplit_once('.').map_or("", |(_, end)| end);
        match end.to_ascii_lowercase().as_str() {
            "toml" | "lock" | "ini" | "conf" => Self::Toml,
            "json" | "jsonl" => Self::Json,
            "rs" => Self::Rust,
            "md" | "markdown" => Self::Markdown,
            "log" => Self::Log,
            _ => Self::Plain,
        }
    }
}

/// A piece of text and the class of its colour; empty: the page's own.
type Token<'a> = (&'static str, &'a str);

const COMMENT: &str = "comment";
const TEXT: &str = "text";
const NUMBER: &str = "number-token";
const KEYWORD: &str = "keyword";
const NAME: &str = "name-token";
const HEADING: &str = "heading";

/// Text in colours; escaped, as all text is.
pub(super) fn coloured(language: Language, text: &str) -> Markup {
    html! {
        @for (class, piece) in tokens(language, text) {
            @if class.is_empty() { (piece) } @else { span class={ "syn-" (class) } { (piece) } }
        }
    }
}

fn tokens(language: Language, text: &str) -> Vec<Token<'_>> {
    match language {
        Language::Toml => code(text, &TOML),
        Language::Json => code(text, &JSON),
        Language::Rust => code(text, &RUST),
        Language::Markdown => markdown(text),
        Language::Log => text.split_inclusive('\n').flat_map(log_line).collect(),
        Language::Plain => vec![("", text)],
    }
}

/// What tokens a language has.
struct Rules {
    comment: &'static str,
    /// Begin and end of comments over several lines.
    block: Option<(&'static str, &'static str)>,
    /// Begin and end of texts, the longest first, and whether a backslash and a line's end mean something in them.
    texts: &'static [(&'static str, bool, bool)],
    keywords: &'static [&'static str],
    /// What behind a word or a text makes it a name.
    names: char,
    /// Whether `[…]` alone on a line is a heading.
    headings: bool,
    /// Whether a single quote may begin a lifetime.
    lifetimes: bool,
}

const TOML: Rules = Rules {
    comment: "#",
    block: None,
    texts: &[
        ("\"\"\"", true, false),
        ("'''", false, false),
        ("\"", true, true),
        ("'", false, true),
    ],
    keywords: &["true", "false", "inf", "nan"],
    names: '=',
    headings: true,
    lifetimes: false,
};

const JSON: Rules = Rules {
    comment: "",
    block: None,
    texts: &[("\"", true, true)],
    keywords: &["true", "false", "null"],
    names: ':',
    headings: false,
    lifetimes: false,
};

const RUST: Rules = Rules {
    comment: "//",
    block: Some(("/*", "*/")),
    texts: &[("\"", true, false)],
    keywords: &[
        "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum",
        "extern", "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move",
        "mut", "pub", "ref", "return", "self", "Self", "static", "struct", "super", "trait",
        "true", "type", "unsafe", "use", "where", "while",
    ],
    names: '!',
    headings: false,
    lifetimes: true,
};

fn code<'a>(text: &'a str, rules: &Rules) -> Vec<Token<'a>> {
    let mut tokens: Vec<Token<'a>> = Vec::new();
    let (mut at, mut plain) = (0, 0);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let begins_line = text[..at]
            .rsplit('\n')
            .next()
            .is_some_and(|line| line.trim().is_empty());
        let token = comment(rest, rules)
            .or_else(|| heading(rest, rules.headings && begins_line))
            .or_else(|| quoted(rest, rules))
            .or_else(|| word(rest, first, rules));
        let (class, length) = token.unwrap_or(("", first.len_utf8()));
        if !class.is_empty() {
            if plain < at {
                tokens.push(("", &text[plain..at]));
            }
            tokens.push((class, &text[at..at + length]));
            plain = at + length;
        }
        at += length;
    }
    if plain < text.len() {
        tokens.push(("", &text[plain..]));
    }
    tokens
}

fn line_of(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn comment(rest: &str, rules: &Rules) -> Option<(&'static str, usize)> {
    if let Some((begin, end)) = rules.block
        && let Some(inside) = rest.strip_prefix(begin)
    {
        let length = inside.find(end).map_or(inside.len(), |at| at + end.len());
        return Some((COMMENT, begin.len() + length));
    }
    let is_one = !rules.comment.is_empty() && rest.starts_with(rules.comment);
    is_one.then(|| (COMMENT, line_of(rest)))
}

fn heading(rest: &str, may_be: bool) -> Option<(&'static str, usize)> {
    let line = &rest[..line_of(rest)];
    let end = line.find(']')?;
    (may_be && line.starts_with('[')).then(|| {
        let more = line[end + 1..].starts_with(']');
        (HEADING, end + 1 + usize::from(more))
    })
}

fn quoted(rest: &str, rules: &Rules) -> Option<(&'static str, usize)> {
    if rules.lifetimes && rest.starts_with('\'') {
        let mut chars = rest.char_indices().skip(1);
        let (_, first) = chars.next()?;
        let end = match first {
            '\\' => {
                let (at, escaped) = chars.next()?;
                let from = at + escaped.len_utf8();
                let quote = rest[from..].find('\'').map(|at| from + at + 1);
                // The longest is `'\u{10FFFF}'`.
                quote.filter(|end| *end <= 14)
            }
            _ => chars
                .next()
                .filter(|(_, quote)| *quote == '\'')
                .map(|(at, _)| at + 1),
        };
        return end.map(|end| (TEXT, end));
    }
    let (quote, escapes, one_line) = rules
        .texts
        .iter()
        .find(|(quote, ..)| rest.starts_with(quote))?;
    let mut end = quote.len();
    let length = loop {
        let inside = &rest[end..];
        let Some(next) = inside.chars().next() else {
            break end;
        };
        if inside.starts_with(quote) {
            break end + quote.len();
        }
        if *one_line && next == '\n' {
            break end;
        }
        end += next.len_utf8();
        if *escapes && next == '\\' {
            end += rest[end..].chars().next().map_or(0, char::len_utf8);
        }
    };
    let is_name = rules.names == ':' && rest[length..].trim_start().starts_with(':');
    Some((if is_name { NAME } else { TEXT }, length))
}

fn word(rest: &str, first: char, rules: &Rules) -> Option<(&'static str, usize)> {
    if !first.is_alphanumeric() && first != '_' {
        return None;
    }
    let is_number = first.is_ascii_digit();
    let inside = |c: char| {
        c.is_alphanumeric() || c == '_' || (c == '-' && rules.headings) || (is_number && c == '.')
    };
    let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(length);
    let behind = if rules.names == '!' {
        behind
    } else {
        behind.trim_start_matches(' ')
    };
    let is_name = behind.starts_with(rules.names) && !behind[1..].starts_with('=');
    let class = match word {
        _ if is_name && rules.names != ':' => NAME,
        _ if is_number => NUMBER,
        word if rules.keywords.contains(&word) => KEYWORD,
        // A word that has no colour is passed as a whole.
        _ => "",
    };
    Some((class, length))
}

fn markdown(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut fenced) = (Vec::new(), false);
    for line in text.split_inclusive('\n') {
        let begin = line.trim_start();
        if begin.starts_with("```") {
            fenced = !fenced;
            tokens.push((TEXT, line));
        } else if fenced {
            tokens.push((TEXT, line));
        } else if line.starts_with('#') {
            tokens.push((HEADING, line));
        } else if begin.starts_with('>') {
            tokens.push((COMMENT, line));
        } else {
            // Every second piece stands between backticks, but for the last one.
            let mut pieces = line.split_inclusive('`').peekable();
            let mut inside = false;
            while let Some(piece) = pieces.next() {
                let code = inside && piece.ends_with('`');
                tokens.push((if code { TEXT } else { "" }, piece));
                inside = !inside && pieces.peek().is_some();
            }
        }
    }
    tokens
}

/// A line of a log: when, how bad, and the rest.
fn log_line(line: &str) -> Vec<Token<'_>> {
    let (time, rest) = match line.split_once(' ') {
        Some((time, _)) if time.starts_with(|c: char| c.is_ascii_digit()) => {
            line.split_at(time.len())
        }
        _ => ("", line),
    };
    let levels = [
        ("ERROR", "bad-token"),
        ("WARN", "warn-token"),
        ("INFO", "good-token"),
        ("DEBUG", COMMENT),
        ("TRACE", COMMENT),
    ];
    let begin = rest.len() - rest.trim_start().len();
    let level = levels
        .into_iter()
        .find(|(level, _)| rest[begin..].starts_with(level));
    let Some((level, class)) = level else {
        return vec![(COMMENT, time), ("", rest)];
    };
    let (before, rest) = rest.split_at(begin);
    let (level, rest) = rest.split_at(level.len());
    let target = rest.find(": ").map_or(0, |at| at + 1);
    let (target, rest) = rest.split_at(if rest[..target].trim().contains(' ') {
        0
    } else {
        target
    });
    vec![
        (COMMENT, time),
        ("", before),
        (class, level),
        (NAME, target),
        ("", rest),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(language: Language, text: &'a str, class: &str) -> Vec<&'a str> {
        let tokens = tokens(language, text);
        let wanted = tokens.into_iter().filter(|(of, _)| *of == class);
        wanted.map(|(_, piece)| piece).collect()
    }

    #[test]
    fn tokens_of_toml_json_and_rust_are_known() {
        let toml = "# about\n[bot]\nprefix = \"a # b\" # why\nmost = 10_000\non = true\nodd = '''x\n# y'''\n";
        assert_eq!(of(Language::Toml, toml, COMMENT), ["# about", "# why"]);
        assert_eq!(of(Language::Toml, toml, HEADING), ["[bot]"]);
        assert_eq!(
            of(Language::Toml, toml, NAME),
            ["prefix", "most", "on", "odd"]
        );
        assert_eq!(
            of(Language::Toml, toml, TEXT),
            ["\"a # b\"", "'''x\n# y'''"]
        );
        assert_eq!(of(Language::Toml, toml, NUMBER), ["10_000"]);
        assert_eq!(of(Language::Toml, toml, KEYWORD), ["true"]);
        let json = r#"{"a": [1.5, null], "b\"c": "d"}"#;
        assert_eq!(of(Language::Json, json, NAME), ["\"a\"", "\"b\\\"c\""]);
        assert_eq!(of(Language::Json, json, TEXT), ["\"d\""]);
        assert_eq!(of(Language::Json, json, NUMBER), ["1.5"]);
        let rust = "/* one\ntwo */ fn f<'a>(x: &'a str) -> char { let c = '\\''; println!(\"{x}\"); 'ü' } // end";
        assert_eq!(
            of(Language::Rust, rust, COMMENT),
            ["/* one\ntwo */", "// end"]
        );
        assert_eq!(of(Language::Rust, rust, KEYWORD), ["fn", "let"]);
        assert_eq!(of(Language::Rust, rust, TEXT), ["'\\''", "\"{x}\"", "'ü'"]);
        assert_eq!(of(Language::Rust, rust, NAME), ["println"]);
    }

    #[test]
    fn headings_and_code_of_markdown_and_levels_of_a_log_are_known() {
        let text = "# Tea\n\nUse `pot` and `cup\n```\n# no heading\n```\n> said\n";
        assert_eq!(of(Language::Markdown, text, HEADING), ["# Tea\n"]);
        assert!(of(Language::Markdown, text, TEXT).contains(&"pot`"));
        assert!(of(Language::Markdown, text, TEXT).contains(&"# no heading\n"));
        let log = "2026-11-30T08:54:04Z  WARN host::bot: late by 3 ms\n   at x\n";
        assert_eq!(of(Language::Log, log, "warn-token"), ["WARN"]);
        assert_eq!(of(Language::Log, log, NAME), [" host::bot:"]);
    }

    #[test]
    fn all_of_a_text_is_there_whatever_it_is() {
        let samples = [
            "",
            "\"",
            "'",
            "'''",
            "\\",
            "\"\\",
            "'\\",
            "[",
            "[[",
            "[x",
            "/*",
            "a = '\u{fc}\"\n[b] 1.2.3 \u{1F600}e\u{301}\u{202E}\r\n```\n`",
            "2026 ERROR",
            "1 INFO x: y",
            "#",
            "x=",
            "x!=1",
        ];
        let languages = [
            Language::Toml,
            Language::Json,
            Language::Rust,
            Language::Markdown,
            Language::Log,
            Language::Plain,
        ];
        for language in languages {
            for first in samples {
                for second in samples {
                    let text = format!("{first}{second}");
                    let pieces = tokens(language, &text).into_iter().map(|(_, piece)| piece);
                    assert_eq!(pieces.collect::<String>(), text, "{language:?}");
                }
            }
        }
    }
}
