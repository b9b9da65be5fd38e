//! Check of a command prefix.

use host_base::invisible::{is_direction, is_invisible, is_joiner};

/// The most characters of a prefix.
const MOST: usize = 5;

/// What Discord's markup begins with: a prefix like this would make a command of every message that begins with a mention,
/// an emoji or a time ([reference](https://docs.discord.com/developers/reference#message-formatting)).
const MARKUP: [&str; 7] = ["<@", "<#", "<:", "<a:", "<t:", "<id:", "</"];

/// Whether messages can begin with this prefix.
///
/// # Errors
///
/// Why they can't.
pub fn check_prefix(text: &str) -> Result<(), String> {
    let count = text.chars().count();
    let markup = MARKUP.iter().find(|begin| text.starts_with(**begin));
    let is_hidden = |c: &char| is_invisible(*c);
    let edge = text.chars().next().filter(|c| is_joiner(*c));
    if text.trim().is_empty() {
        Err("the prefix is blank; every message would be a command".to_owned())
    } else if text.starts_with(char::is_whitespace) {
        Err(
            "the prefix starts with a blank, which Discord cuts off; nobody could write it"
                .to_owned(),
        )
    } else if let Some(hidden) = text.chars().find(is_hidden).or(edge) {
        let what = if is_direction(hidden) {
            "a mark that turns the direction of writing"
        } else {
            "which nobody sees"
        };
        let code = u32::from(hidden);
        Err(format!(
            "the prefix contains U+{code:04X}, {what}; nobody could write it"
        ))
    } else if text.starts_with('/') {
        Err("the prefix starts with `/`, which Discord keeps for slash commands; members could not send it".to_owned())
    } else if let Some(markup) = markup {
        Err(format!(
            "the prefix starts with `{markup}`, with which Discord writes mentions, emojis and links; take another"
        ))
    } else if count > MOST {
        Err(format!(
            "the prefix has {count} characters; {MOST} is the most"
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_that_cannot_work_are_refused_with_the_reason() {
        for (prefix, reason) in [
            ("", "is blank"),
            ("\u{a0}", "is blank"),
            (" !", "starts with a blank"),
            ("/", "keeps for slash commands"),
            ("//", "keeps for slash commands"),
            ("<@", "writes mentions"),
            ("<@!", "writes mentions"),
            ("<#", "writes mentions"),
            ("<:a", "writes mentions"),
            ("</", "writes mentions"),
            ("\u{200b}", "U+200B, which nobody sees"),
            ("!\u{200b}", "U+200B, which nobody sees"),
            ("\u{feff}!", "U+FEFF, which nobody sees"),
            ("\u{2800}", "U+2800, which nobody sees"),
            ("!\n!", "U+000A, which nobody sees"),
            ("\u{200f}!", "U+200F, a mark that turns the direction"),
            ("\u{202e}", "U+202E, a mark that turns the direction"),
            ("\u{200d}!", "U+200D, which nobody sees"),
            ("\u{fe0f}", "U+FE0F, which nobody sees"),
            ("abcdef", "has 6 characters"),
        ] {
            let said = check_prefix(prefix).unwrap_err();
            assert!(said.contains(reason), "for {prefix:?}: {said}");
        }
        for prefix in [
            "!",
            "?",
            "hey ",
            "<",
            "@",
            "ä",
            "\u{2757}\u{fe0f}",
            "👨\u{200d}💻",
            "ب",
        ] {
            assert_eq!(check_prefix(prefix), Ok(()), "for {prefix:?}");
        }
    }
}
