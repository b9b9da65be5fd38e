//! Cuts a line into words.

/// The first word, or what stands in quotes or in a code block; and the rest.
pub(super) fn next(line: &str) -> (String, &str) {
    if let Some(inside) = line.strip_prefix("```")
        && let Some(end) = inside.find("```")
    {
        return (code(&inside[..end]).to_owned(), &inside[end + 3..]);
    }
    let quotes = [('"', '"'), ('“', '”'), ('«', '»'), ('`', '`')];
    for (open, close) in quotes {
        if let Some(inside) = line.strip_prefix(open)
            && !inside.starts_with('`')
            && let Some((text, after)) = quoted(inside, close)
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
fn quoted(inside: &str, close: char) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == close {
            return Some((text, &inside[at + close.len_utf8()..]));
        }
        if letter == '\\' && close != '`' {
            let next = inside[at + 1..].chars().next();
            if let Some(escaped) = next.filter(|next| *next == close || *next == '\\') {
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
        check("```rust\nfn main() {}\n``` go", "fn main() {}", " go");
        check("```a b``` c", "a b", " c");
        // What is not closed is an ordinary word.
        check("\"a b", "\"a", " b");
        check("```a b", "```a", " b");
    }
}
