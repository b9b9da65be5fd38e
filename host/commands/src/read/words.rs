//! Tokenizer of a line: words, quotes and code blocks.

use host_base::invisible::is_unseen;

/// Opening quotes, and what closes each: as people type them, and what their keyboards make of it.
const QUOTES: [(char, &str); 16] = [
    ('"', "\""),
    ('“', "”“"),
    ('„', "“”\""),
    ('”', "”"),
    ('‟', "”"),
    ('«', "»"),
    ('»', "«»"),
    ('\'', "'"),
    ('‘', "’‘"),
    ('‚', "‘’"),
    ('’', "’"),
    ('‹', "›"),
    ('›', "‹"),
    ('「', "」"),
    ('＂', "＂"),
    ('`', "`"),
];

/// What also stands inside words: it closes a quotation only at the end of one.
const APOSTROPHES: &str = "'’‘";

/// The first word, or what stands in quotes or in a code block; and the rest.
pub(super) fn next(line: &str) -> (String, &str) {
    if let Some(inside) = line.strip_prefix("```")
        && let Some(end) = inside.find("```")
    {
        return (code(&inside[..end]).to_owned(), &inside[end + 3..]);
    }
    for (open, closes) in QUOTES {
        if let Some(inside) = line.strip_prefix(open)
            && !inside.starts_with('`')
            && let Some((text, after)) = quoted(inside, closes)
        {
            return (text, after);
        }
    }
    match line.find(char::is_whitespace) {
        Some(end) => (line[..end].to_owned(), &line[end..]),
        None => (line.to_owned(), ""),
    }
}

/// Up to the closing quote, with `\"` and `\\` unescaped.
fn quoted<'a>(inside: &'a str, closes: &str) -> Option<(String, &'a str)> {
    let mut text = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        if closes.contains(letter) {
            let after = &inside[at + letter.len_utf8()..];
            let ends = after.is_empty() || after.starts_with(is_unseen);
            if ends || !APOSTROPHES.contains(letter) {
                return Some((text, after));
            }
        }
        if letter == '\\' && closes != "`" {
            let next = inside[at + 1..].chars().next();
            if let Some(escaped) = next.filter(|next| closes.contains(*next) || *next == '\\') {
                text.push(escaped);
                letters.next();
                continue;
            }
        }
        text.push(letter);
    }
    None
}

/// What a code block holds, without its language.
pub(super) fn code(inside: &str) -> &str {
    match inside.split_once('\n') {
        Some((language, code))
            if language
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "+-#_".contains(letter)) =>
        {
            code.trim_end_matches('\n')
        }
        _ => inside,
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    fn check(line: &str, word: &str, rest: &str) {
        assert_eq!(next(line), (word.to_owned(), rest), "for {line}");
    }

    #[test]
    fn words_quotes_and_code() {
        check("a b", "a", " b");
        check(r#""a b" c"#, "a b", " c");
        check(r#""say \"hi\" \\" x"#, r#"say "hi" \"#, " x");
        check("“a b”c", "a b", "c");
        check("«à b» c", "à b", " c");
        check("`x y` z", "x y", " z");
        check("„a b“ c", "a b", " c");
        check("„a b” c", "a b", " c");
        check("‚a b‘ c", "a b", " c");
        check("'a b' c", "a b", " c");
        check("‘a b’ c", "a b", " c");
        check("‹a b› c", "a b", " c");
        check("»a b« c", "a b", " c");
        check("”a b” c", "a b", " c");
        check("「a b」c", "a b", "c");
        check("'' c", "", " c");
        check("„“ c", "", " c");
        // An apostrophe is no quote.
        check("'tis what it isn't said", "'tis", " what it isn't said");
        check("'isn't it' c", "isn't it", " c");
        check("don't 'x", "don't", " 'x");
        check("’n’", "n", "");
        check("```rust\nfn main() {}\n``` go", "fn main() {}", " go");
        check("```a b``` c", "a b", " c");
        // What is not closed is an ordinary word.
        check("\"a b", "\"a", " b");
        check("```a b", "```a", " b");
    }
}
