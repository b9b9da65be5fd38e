//! Texts that fit: shortened, in quotes, or line by line as far as there is room.

/// At most `most` characters, the last one an ellipsis where something is left out.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// As code, with nothing in it that would end the code, and in one line.
pub(crate) fn code(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|it| match it {
            '`' => 'ˋ',
            it if it.is_control() => ' ',
            it => it,
        })
        .collect();
    match plain.trim() {
        "" => "` `".to_owned(),
        plain => format!("`{plain}`"),
    }
}

/// As many lines as fit into `most` characters; how many more there are, where there are.
pub(crate) fn lines(all: &[String], most: usize) -> String {
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

/// `1 command`, `2 commands`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        assert_eq!(clip("tea", 3), "tea");
        assert_eq!(clip("tee-pot 🫖", 5), "tee-…");
        assert_eq!(code("a`b\n@everyone"), "`aˋb @everyone`");
        assert_eq!(code("`"), "`ˋ`");
        assert_eq!(code(""), "` `");
        let all: Vec<String> = (0..9).map(|n| format!("line {n}")).collect();
        assert_eq!(lines(&all, 1_000).lines().count(), 9);
        let some = lines(&all, 40);
        assert_eq!(some, "line 0\nline 1\n… and 7 more");
        assert_eq!(count(1, "command", "commands"), "1 command");
    }
}
