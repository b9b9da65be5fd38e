//! Words of answers: counts, sizes and times as people read them, and somebody else's words made harmless.

/// Characters that a field of an embed holds ([limits](https://discord.com/developers/docs/resources/message#embed-object-embed-limits)).
pub const FIELD: usize = 1_024;

/// Characters that an embed's description holds, with room for what is said besides.
pub const DESCRIPTION: usize = 4_000;

/// Fields that an embed holds.
pub const FIELDS: usize = 25;

/// Milliseconds from the Unix epoch to Discord's, which ids count from.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// A count with its thousands set apart.
///
/// ```
/// assert_eq!(plugin_api::text::number(1_234_567), "1,234,567");
/// ```
#[must_use]
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and what is counted, in the plural where it is not one: `1 server`, `2,000 servers`, `3 entries`.
///
/// ```
/// use plugin_api::text::counted;
///
/// assert_eq!(counted(1, "entry"), "1 entry");
/// assert_eq!(counted(2_000, "server"), "2,000 servers");
/// ```
#[must_use]
pub fn counted(count: u64, what: &str) -> String {
    let count_in_words = number(count);
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => {
            format!("{count_in_words} {stem}ies")
        }
        _ => format!("{count_in_words} {what}s"),
    }
}

/// Bytes in the unit that fits: `97 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    match bytes {
        10_000_000_000.. => format!("{} GB", number(bytes / 1_000_000_000)),
        10_000_000.. => format!("{} MB", bytes / 1_000_000),
        1_000_000.. => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{} kB", bytes.div_ceil(1_000)),
    }
}

/// A length of time in milliseconds, in its two largest units: `3 d 4 h`.
#[must_use]
pub fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let shown = units[first..].iter().take(2);
    let shown = shown.filter(|(count, _)| *count > 0 || first == 3);
    let words: Vec<_> = shown
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    words.join(" ")
}

/// Microseconds as milliseconds: `0.25 ms`, `12.3 ms`.
#[must_use]
pub fn milliseconds(us: u64) -> String {
    let ms = us as f64 / 1_000.0;
    match us {
        0..10_000 => format!("{ms:.2} ms"),
        _ => format!("{ms:.1} ms"),
    }
}

/// A moment, in milliseconds since the Unix epoch, that each reader sees in their own time zone. `style` is
/// [Discord's](https://discord.com/developers/docs/reference#message-formatting-timestamp-styles): `f` date and time, `T` time, `R` how
/// long ago.
#[must_use]
pub fn moment(ms: i64, style: char) -> String {
    format!("<t:{}:{style}>", ms.div_euclid(1_000))
}

/// How long ago a moment was, in milliseconds since the Unix epoch.
#[must_use]
pub fn ago(ms: u64) -> String {
    moment(i64::try_from(ms).unwrap_or(i64::MAX), 'R')
}

/// When Discord made what has this id, in seconds since the Unix epoch
/// ([snowflakes](https://discord.com/developers/docs/reference#snowflakes)).
#[must_use]
pub fn made(id: u64) -> i64 {
    (((id >> 22) + DISCORD_EPOCH_MS) / 1_000).cast_signed()
}

/// A bar for each value, as high as it is beside the highest: `▁▄█`.
pub fn chart(values: impl Iterator<Item = u64> + Clone) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.clone().max().unwrap_or(0).max(1);
    let bar = |value: u64| {
        let share = u128::from(value) * (BARS.len() as u128 - 1);
        // Whatever there was is seen beside what was nothing.
        BARS[share.div_ceil(u128::from(most)) as usize]
    };
    values.map(bar).collect()
}

/// At most `most` characters, the last one an ellipsis where something is left out.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// Somebody else's words on one line, which are no lines, no links and no code of ours: control characters and invisible ones become
/// blanks.
///
/// ```
/// assert_eq!(plugin_api::text::plain("a\n[x](https://example.com)"), "a [x]\\(https://example.com)");
/// ```
#[must_use]
pub fn plain(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if is_odd(c) { ' ' } else { c })
        .collect();
    line.replace("```", "'''").replace("](", "]\\(")
}

fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Somebody else's words as code, with nothing in them that would end it, in one line.
///
/// ```
/// assert_eq!(plugin_api::text::code("a`b"), "`aˋb`");
/// ```
#[must_use]
pub fn code(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| match c {
            '`' => 'ˋ',
            c if is_odd(c) => ' ',
            c => c,
        })
        .collect();
    match line.trim() {
        "" => "` `".to_owned(),
        line => format!("`{line}`"),
    }
}

/// Somebody else's name on one line, without what would end a code span around it, cut at 100 characters.
#[must_use]
pub fn word(text: &str) -> String {
    clip(&plain(text).replace('`', "ˋ"), 100)
}

/// As many lines as fit into `most` characters; how many more there are, where there are.
#[must_use]
pub fn lines(all: &[String], most: usize) -> String {
    const MORE: usize = 20;
    let mut text = String::new();
    let mut used = 0;
    for (n, line) in all.iter().enumerate() {
        let (left, length) = (all.len() - n, line.chars().count() + 1);
        let room = if left == 1 { 0 } else { MORE };
        if used + length + room > most {
            text.push_str(&format!("… and {left} more"));
            break;
        }
        used += length;
        text.push_str(line);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

/// Items one behind the other, as many as a [`FIELD`] holds, and how many more there are; `none` where there is none.
#[must_use]
pub fn listed(items: &[String], between: &str) -> String {
    // Of the words at the end.
    const MORE: usize = 32;
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        if text.len() + between.len() + item.len() > FIELD - MORE {
            let more = items.len() - at;
            return format!("{text}{between}and {} more", number(more as u64));
        }
        if at > 0 {
            text.push_str(between);
        }
        text.push_str(item);
    }
    if text.is_empty() { "none".into() } else { text }
}

/// What a field may hold: cut where it is too long, and a dash where it is empty, which Discord would refuse.
#[must_use]
pub fn or_none(text: &str) -> String {
    match text.trim() {
        "" => "–".to_owned(),
        _ => clip(text, FIELD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_at_a_glance() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        let all = ["entry", "day", "server"].map(|what| counted(2, what));
        assert_eq!(all, ["2 entries", "2 days", "2 servers"]);
        assert_eq!(counted(1, "entry"), "1 entry");
        assert_eq!(size(1), "1 kB");
        assert_eq!(size(8_388_608), "8.4 MB");
        assert_eq!(size(97_400_000), "97 MB");
        assert_eq!(size(16_000_000_000), "16 GB");
        assert_eq!(span(0), "0 s");
        assert_eq!(span(61_000), "1 min 1 s");
        assert_eq!(span(3_600_000), "1 h");
        assert_eq!(span(90_061_000), "1 d 1 h");
        assert_eq!(milliseconds(12_345), "12.3 ms");
        assert_eq!(milliseconds(250), "0.25 ms");
        assert_eq!(made(175_928_847_299_117_063), 1_462_015_105);
        assert_eq!(moment(-1, 'T'), "<t:-1:T>");
    }

    #[test]
    fn charts_show_the_least_beside_nothing() {
        assert_eq!(chart([0, 1, 500, 1_000].into_iter()), "▁▂▅█");
        assert_eq!(chart([0, 0].into_iter()), "▁▁");
        assert_eq!(chart([u64::MAX].into_iter()), "█");
        assert_eq!(chart(std::iter::empty()), "");
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        assert_eq!(clip("tea", 3), "tea");
        assert_eq!(clip("tee-pot 🫖", 5), "tee-…");
        assert_eq!(clip("häuser", 3), "hä…");
        assert_eq!(code("a`b\n@everyone"), "`aˋb @everyone`");
        assert_eq!(code(""), "` `");
        let all: Vec<String> = (0..9).map(|n| format!("line {n}")).collect();
        assert_eq!(lines(&all, 1_000).lines().count(), 9);
        assert_eq!(lines(&all, 40), "line 0\nline 1\n… and 7 more");
        assert_eq!(or_none(" "), "–");
        assert_eq!(listed(&[], ", "), "none");
        assert_eq!(listed(&["a".into(), "b".into()], ", "), "a, b");
        let many = vec!["<@&175928847299117063>".to_owned(); 250];
        let text = listed(&many, " ");
        assert!(text.len() <= FIELD && text.ends_with(" more"), "{text}");
    }

    #[test]
    fn other_peoples_words_are_no_lines_and_no_links_of_ours() {
        let text = "a\n2001 INFO\u{202e}b [x](https://example.com) ```";
        assert_eq!(plain(text), "a 2001 INFO b [x]\\(https://example.com) '''");
    }
}
