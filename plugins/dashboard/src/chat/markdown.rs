//! Discord's markup, as far as it is drawn: bold, italic, underlined and struck words, code, spoilers, links, mentions, emojis, times. All that
//! others have written is escaped.

use std::collections::HashMap;

use maud::{Markup, html};

use crate::ui;

/// How deep marks stand within each other: what is deeper is shown as it was typed.
const DEEP: usize = 6;

/// Names of what messages mention.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) users: HashMap<u64, String>,
    pub(super) roles: HashMap<u64, String>,
    pub(super) channels: HashMap<u64, String>,
}

/// What a text's pieces are.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Break,
    /// Marked: by which mark, and what is within.
    Marked(Mark, Vec<Self>),
    Code(&'a str),
    Block(&'a str),
    Link(&'a str),
    User(u64),
    Role(u64),
    Channel(u64),
    Emoji(&'a str, u64),
    Time(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Bold,
    Italic,
    Underlined,
    Struck,
    Spoiler,
}

/// Longer marks first: `**` is not two `*`.
const MARKS: [(&str, Mark); 6] = [
    ("**", Mark::Bold),
    ("__", Mark::Underlined),
    ("~~", Mark::Struck),
    ("||", Mark::Spoiler),
    ("*", Mark::Italic),
    ("_", Mark::Italic),
];

/// A text, drawn.
pub(super) fn drawn(text: &str, names: &Names) -> Markup {
    pieces_drawn(&pieces(text, DEEP), names)
}

fn pieces_drawn(pieces: &[Piece<'_>], names: &Names) -> Markup {
    html! { @for piece in pieces { (piece_drawn(piece, names)) } }
}

fn piece_drawn(piece: &Piece<'_>, names: &Names) -> Markup {
    let mention = |sign: &str, name: Option<&String>, id: u64| {
        html! { span.mention { (sign) @match name { Some(name) => { bdi { (name) } }, None => { (id) } } } }
    };
    match piece {
        Piece::Text(text) => html! { (text) },
        Piece::Break => html! { br; },
        Piece::Code(text) => html! { code { (text) } },
        Piece::Block(text) => html! { pre.chat-code { code { (text) } } },
        Piece::Link(address) => {
            html! { a href=(address) target="_blank" rel="noopener noreferrer nofollow" { (address) } }
        }
        Piece::User(id) => mention("@", names.users.get(id), *id),
        Piece::Role(id) => mention("@", names.roles.get(id), *id),
        Piece::Channel(id) => mention("#", names.channels.get(id), *id),
        Piece::Emoji(name, id) => html! {
            img.emoji src={ "https://cdn.discordapp.com/emojis/" (id) ".webp?size=32" } alt={ ":" (name) ":" } title={ ":" (name) ":" } loading="lazy" width="20" height="20";
        },
        Piece::Time(seconds) => ui::ago(seconds.saturating_mul(1_000)),
        Piece::Marked(mark, within) => {
            let within = pieces_drawn(within, names);
            match mark {
                Mark::Bold => html! { strong { (within) } },
                Mark::Italic => html! { em { (within) } },
                Mark::Underlined => html! { u { (within) } },
                Mark::Struck => html! { s { (within) } },
                Mark::Spoiler => html! { span.spoiler tabindex="0" { (within) } },
            }
        }
    }
}

/// Reads a text. Each place is looked at once per depth: a mark that has no end is known to have none for the rest of the text.
fn pieces(text: &str, deep: usize) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut endless: Vec<&str> = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let piece = match c {
            '\n' => Some((Piece::Break, 1)),
            '\\' => escaped(rest),
            '`' => code(rest),
            '<' => angle(rest),
            'h' => link(rest, text[..at].chars().next_back()),
            '*' | '_' | '~' | '|' if deep > 0 => {
                marked(rest, text[..at].chars().next_back(), &mut endless, deep)
            }
            _ => None,
        };
        match piece {
            Some((piece, length)) => {
                if begin < at {
                    found.push(Piece::Text(&text[begin..at]));
                }
                found.push(piece);
                at += length;
                begin = at;
            }
            None => at += c.len_utf8(),
        }
    }
    if begin < text.len() {
        found.push(Piece::Text(&text[begin..]));
    }
    found
}

/// A mark that was typed to be shown: `\*`.
fn escaped(rest: &str) -> Option<(Piece<'_>, usize)> {
    let next = rest[1..]
        .chars()
        .next()
        .filter(char::is_ascii_punctuation)?;
    let length = 1 + next.len_utf8();
    Some((Piece::Text(&rest[1..length]), length))
}

fn code(rest: &str) -> Option<(Piece<'_>, usize)> {
    if let Some(block) = rest.strip_prefix("```") {
        let end = block.find("```")?;
        let within = &block[..end];
        // The first line may name the language.
        let within = match within.split_once('\n') {
            Some((language, lines))
                if language
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-#".contains(c)) =>
            {
                lines
            }
            _ => within,
        };
        return Some((Piece::Block(within.trim_end_matches('\n')), end + 6));
    }
    let marks = rest.len() - rest.trim_start_matches('`').len();
    if marks > 2 {
        return None;
    }
    let (mark, within) = rest.split_at(marks);
    let end = within.find(mark).filter(|end| *end > 0)?;
    Some((Piece::Code(&within[..end]), marks + end + marks))
}

/// Mentions, emojis and times; a link without its preview.
fn angle(rest: &str) -> Option<(Piece<'_>, usize)> {
    let window = rest.char_indices().take(120).find(|(_, c)| *c == '>');
    let link_end = || rest.starts_with("<http").then(|| rest.find('>')).flatten();
    let end = window.map(|(end, _)| end).or_else(link_end)?;
    let (within, length) = (&rest[1..end], end + 1);
    let digits = |text: &str| text.parse::<u64>().ok().filter(|id| *id > 0);
    let piece = if let Some(role) = within.strip_prefix("@&") {
        Piece::Role(digits(role)?)
    } else if let Some(user) = within.strip_prefix('@') {
        Piece::User(digits(user.trim_start_matches('!'))?)
    } else if let Some(channel) = within.strip_prefix('#') {
        Piece::Channel(digits(channel)?)
    } else if let Some(time) = within.strip_prefix("t:") {
        Piece::Time(digits(time.split(':').next().unwrap_or_default())?)
    } else if let Some(emoji) = within
        .strip_prefix("a:")
        .or_else(|| within.strip_prefix(':'))
    {
        let (name, id) = emoji.split_once(':')?;
        Piece::Emoji(name, digits(id)?)
    } else {
        let (piece, taken) = link(within, None)?;
        if taken != within.len() {
            return None;
        }
        piece
    };
    Some((piece, length))
}

/// An address, up to the next blank; the point behind it is the sentence's.
fn link(rest: &str, before: Option<char>) -> Option<(Piece<'_>, usize)> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|it| rest.starts_with(it))?;
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"|*`".contains(c));
    let address = rest[..end.unwrap_or(rest.len())]
        .trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')', ']']);
    (address.len() > scheme.len()).then_some((Piece::Link(address), address.len()))
}

fn marked<'a>(
    rest: &'a str,
    before: Option<char>,
    endless: &mut Vec<&'static str>,
    deep: usize,
) -> Option<(Piece<'a>, usize)> {
    let (mark, kind) = MARKS.iter().find(|(mark, _)| rest.starts_with(mark))?;
    if endless.contains(mark) {
        return None;
    }
    // A name such as snake_case has no mark in it.
    if mark.starts_with('_') && before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let within = &rest[mark.len()..];
    let Some(end) = within.find(mark) else {
        endless.push(mark);
        return None;
    };
    let words = &within[..end];
    if words.trim().is_empty() || (mark.len() == 1 && words.starts_with(char::is_whitespace)) {
        return None;
    }
    Some((
        Piece::Marked(*kind, pieces(words, deep - 1)),
        mark.len() + end + mark.len(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut names = Names::default();
        names.users.insert(7, "<Ann>".to_owned());
        names.roles.insert(8, "Crew".to_owned());
        names.channels.insert(9, "docks".to_owned());
        assert_eq!(drawn(text, &names).into_string(), expected, "{text}");
    }

    #[test]
    fn marks_are_drawn_and_the_rest_is_as_it_was_typed() {
        check("a **b** c", "a <strong>b</strong> c");
        check(
            "*a* _b_ __c__ ~~d~~",
            "<em>a</em> <em>b</em> <u>c</u> <s>d</s>",
        );
        check("**a *b* c**", "<strong>a <em>b</em> c</strong>");
        check("2 * 3 * 4", "2 * 3 * 4");
        check("snake_case_name", "snake_case_name");
        check("**open", "**open");
        check("****", "****");
        check("\\*a\\*", "*a*");
        check("a\nb", "a<br>b");
        check("||x||", "<span class=\"spoiler\" tabindex=\"0\">x</span>");
    }

    #[test]
    fn nothing_is_markup_within_code() {
        check("`**a**`", "<code>**a**</code>");
        check("``a`b``", "<code>a`b</code>");
        check(
            "```rust\nlet a = 1;\n```",
            "<pre class=\"chat-code\"><code>let a = 1;</code></pre>",
        );
        check(
            "```a b```",
            "<pre class=\"chat-code\"><code>a b</code></pre>",
        );
        check("``", "``");
        check("```open", "```open");
    }

    #[test]
    fn mentions_are_names_and_names_are_escaped() {
        check(
            "<@7> <@!7>",
            "<span class=\"mention\">@<bdi>&lt;Ann&gt;</bdi></span> <span class=\"mention\">@<bdi>&lt;Ann&gt;</bdi></span>",
        );
        check("<@&8>", "<span class=\"mention\">@<bdi>Crew</bdi></span>");
        check("<#9>", "<span class=\"mention\">#<bdi>docks</bdi></span>");
        check("<@5>", "<span class=\"mention\">@5</span>");
        check("<@x>", "&lt;@x&gt;");
        assert!(
            drawn("<:tea:5>", &Names::default())
                .into_string()
                .contains("emojis/5.webp")
        );
    }

    #[test]
    fn others_words_are_never_markup_of_the_page() {
        check(
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        );
        check("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;");
        check("javascript:alert(1)", "javascript:alert(1)");
        let emoji = drawn("<:\"onerror=x:5>", &Names::default()).into_string();
        assert!(!emoji.contains("\"onerror"), "{emoji}");
        let link = drawn("https://e.example/\"onclick=x", &Names::default()).into_string();
        assert!(link.contains("href=\"https://e.example/\""), "{link}");
    }

    #[test]
    fn addresses_are_links_without_the_sentences_point() {
        check(
            "see https://e.example/a_b.",
            "see <a href=\"https://e.example/a_b\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">https://e.example/a_b</a>.",
        );
        check("https://", "https://");
        check("http", "http");
    }

    /// 4,000 characters are the most that Discord lets anybody write.
    #[test]
    fn no_text_takes_long_or_goes_too_deep() {
        for hostile in [
            "*", "_", "**", "~~*", "||", "`", "<", "<@", "\\", "h", "*a", "_a_*", "[", "é*",
        ] {
            let text: String = hostile.repeat(4_000 / hostile.len());
            let began = std::time::Instant::now();
            let shown = drawn(&text, &Names::default()).into_string();
            assert!(!shown.is_empty(), "{hostile}");
            // A second for what takes a millisecond: a machine that is busy is no failure, and what grows by the square of it would be.
            assert!(began.elapsed().as_secs() < 5, "{hostile}");
        }
    }
}
