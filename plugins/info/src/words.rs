//! Figures in words: counts, sizes, spans of time, charts, lists.

/// Milliseconds from the Unix epoch to Discord's, which ids count from.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// What a field of an embed holds.
const FIELD: usize = 1_024;

/// `1,234,567`.
pub(crate) fn number(count: u64) -> String {
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

/// `1 server`, `2,000 servers`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", number(count))
}

/// `97 MB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        10_000_000_000.. => format!("{} GB", number(bytes / 1_000_000_000)),
        1_000_000.. => format!("{} MB", number(bytes / 1_000_000)),
        _ => format!("{} kB", bytes.div_ceil(1_000)),
    }
}

/// `3 d 4 h`: the two largest units.
pub(crate) fn span(ms: u64) -> String {
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

/// `12.3 ms`.
pub(crate) fn milliseconds(us: u64) -> String {
    format!("{:.1} ms", us as f64 / 1_000.0)
}

/// A day that each reader sees in their own time zone, and how long ago that is.
pub(crate) fn day(secs: i64) -> String {
    format!("<t:{secs}:D>\n<t:{secs}:R>")
}

/// How long ago something was.
pub(crate) fn ago(ms: u64) -> String {
    format!("<t:{}:R>", ms / 1_000)
}

/// When Discord made what has this id, in seconds since the Unix epoch.
pub(crate) fn made(id: u64) -> i64 {
    (((id >> 22) + DISCORD_EPOCH_MS) / 1_000).cast_signed()
}

/// A bar for each value, as high as it is beside the highest: `▁▄█`.
pub(crate) fn chart(values: impl Iterator<Item = u64> + Clone) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.clone().max().unwrap_or(0).max(1);
    let bar = |value: u64| {
        let share = u128::from(value) * (BARS.len() as u128 - 1);
        // Whatever there was is seen beside what was nothing.
        BARS[share.div_ceil(u128::from(most)) as usize]
    };
    values.map(bar).collect()
}

/// Items one behind the other, as many as a field holds, and how many more there are.
pub(crate) fn listed(items: &[String], between: &str) -> String {
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

/// The beginning of a text.
pub(crate) fn beginning(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The ending of a picture's address.
pub(crate) fn picture_kind(is_animated: bool) -> &'static str {
    if is_animated { "gif" } else { "png" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_at_a_glance() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(counted(1, "server"), "1 server");
        assert_eq!(counted(2_000, "server"), "2,000 servers");
        assert_eq!(size(1), "1 kB");
        assert_eq!(size(97_400_000), "97 MB");
        assert_eq!(size(16_000_000_000), "16 GB");
        assert_eq!(span(0), "0 s");
        assert_eq!(span(61_000), "1 min 1 s");
        assert_eq!(span(3_600_000), "1 h");
        assert_eq!(span(90_061_000), "1 d 1 h");
        assert_eq!(milliseconds(12_345), "12.3 ms");
        assert_eq!(made(175_928_847_299_117_063), 1_462_015_105);
    }

    #[test]
    fn charts_show_the_least_beside_nothing() {
        assert_eq!(chart([0, 1, 500, 1_000].into_iter()), "▁▂▅█");
        assert_eq!(chart([0, 0].into_iter()), "▁▁");
        assert_eq!(chart([u64::MAX].into_iter()), "█");
        assert_eq!(chart(std::iter::empty()), "");
    }

    #[test]
    fn lists_fit_into_a_field_however_long_they_are() {
        assert_eq!(listed(&[], ", "), "none");
        assert_eq!(listed(&["a".into(), "b".into()], ", "), "a, b");
        let many = vec!["<@&175928847299117063>".to_owned(); 250];
        let text = listed(&many, " ");
        assert!(text.len() <= FIELD && text.ends_with(" more"), "{text}");
        assert_eq!(beginning("tea, please", 4), "tea,…");
        assert_eq!(beginning("tea", 4), "tea");
    }
}
