//! Tokenizer for Rust, as far as paths need one: words, `::` and single characters; no comments, no literals.

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    Path,
    Other(char),
}

impl Token {
    /// Whether it is this word.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(it) if it == word)
    }
}

/// The tokens of a file.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let text: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        at += match rest {
            ['/', '/', ..] => line(rest),
            ['/', '*', ..] => comment(rest),
            ['"', ..] => string(rest),
            ['\'', ..] => quote(rest),
            [':', ':', ..] => {
                tokens.push(Token::Path);
                2
            }
            [c, ..] if is_word(*c) => {
                let end = rest.iter().take_while(|c| is_word(**c)).count();
                let word: String = rest[..end].iter().collect();
                match raw_string(&word, &rest[end..]) {
                    Some(length) => end + length,
                    None => {
                        tokens.push(Token::Word(word));
                        end
                    }
                }
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    tokens.push(Token::Other(*c));
                }
                1
            }
            [] => unreachable!("it is not at its end"),
        };
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line(rest: &[char]) -> usize {
    rest.iter().take_while(|c| **c != '\n').count()
}

/// Comments may be in comments.
fn comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] if depth == 1 => return at + 2,
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// A character, or the mark of a lifetime.
fn quote(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', _, ..] => 3 + rest[3..].iter().take_while(|c| **c != '\'').count() + 1,
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

/// The length of `#"…"#` or `"…"` behind `r`, `br` or `cr`.
fn raw_string(prefix: &str, rest: &[char]) -> Option<usize> {
    if !matches!(prefix, "r" | "br" | "cr") {
        return None;
    }
    let marks = rest.iter().take_while(|c| **c == '#').count();
    if rest.get(marks) != Some(&'"') {
        return None;
    }
    let mut end = vec!['"'];
    end.resize(marks + 1, '#');
    let inside = &rest[marks + 1..];
    let length = inside.windows(end.len()).position(|part| *part == *end)?;
    Some(marks + 1 + length + end.len())
}

#[test]
fn comments_and_literals_are_no_words() {
    let text = r###"a::b /* c /* d */ e */ 'f' '\'' "g \" h" r#"i " j"# &'k l // m
        n"###;
    let words: Vec<String> = tokens(text)
        .into_iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["a", "b", "k", "l", "n"]);
}
