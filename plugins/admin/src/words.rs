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

/// Somebody else's word, which may hold what would end a code span.
pub(super) fn word(text: &str) -> String {
    shorten(&text.replace('`', "'"), 100)
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
    fn texts_are_cut_at_characters() {
        assert_eq!(shorten("häuser", 6), "häuser");
        assert_eq!(shorten("häuser", 3), "hä…");
        assert_eq!(or_none(" "), "–");
    }
}
