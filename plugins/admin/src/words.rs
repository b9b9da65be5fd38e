//! Words of answers: counts, times, cut texts.

/// Characters of an embed's description, with room for what is said besides.
pub(super) const DESCRIPTION: usize = 4_000;
/// Characters of a field's value.
pub(super) const FIELD: usize = 1_000;
/// Fields of an embed.
pub(super) const FIELDS: usize = 25;

/// "1 server", "3 servers".
pub(super) fn plural(count: u64, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ => format!("{count} {what}s"),
    }
}

/// As much of a text as there is room for.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit - 1).chain(['…']).collect(),
    }
}

/// A field says something, or Discord refuses the message.
pub(super) fn or_none(text: &str) -> String {
    match text.trim() {
        "" => "–".to_owned(),
        _ => shorten(text, FIELD),
    }
}

pub(super) fn milliseconds(us: u64) -> String {
    format!("{:.2} ms", us as f64 / 1_000.0)
}

pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A moment as Discord shows it: `f` with its date, `T` the time alone.
pub(super) fn moment(ms: i64, style: &str) -> String {
    format!("<t:{}:{style}>", ms.div_euclid(1_000))
}

/// Somebody else's words on one line: they may hold what would end a code span, be a link, or look like lines of ours.
pub(super) fn said(text: &str) -> String {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let plain = |c: char| match c {
        c if is_odd(c) => ' ',
        c => c,
    };
    let line: String = text.chars().map(plain).collect();
    line.replace("```", "'''").replace("](", "]\\(")
}

/// The same between backticks, as long as a name is.
pub(super) fn word(text: &str) -> String {
    shorten(&said(text).replace('`', "'"), 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_words() {
        let all = [plural(1, "entry"), plural(2, "entry"), plural(0, "server")];
        assert_eq!(all, ["1 entry", "2 entries", "0 servers"]);
    }

    #[test]
    fn other_peoples_words_are_no_lines_and_no_links_of_ours() {
        let text = "a\n2001 INFO\u{202e}b [x](https://example.com) ```";
        assert_eq!(said(text), "a 2001 INFO b [x]\\(https://example.com) '''");
    }

    #[test]
    fn texts_are_cut_at_characters() {
        assert_eq!(shorten("häuser", 6), "häuser");
        assert_eq!(shorten("häuser", 3), "hä…");
        assert_eq!(or_none(" "), "–");
    }
}
