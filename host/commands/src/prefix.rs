//! Prefixes of text commands: the bot's or the server's, a mention of the bot or of its role.

use host_base::invisible::trim;

/// Beginnings that make a message a command.
#[derive(Debug, Clone, Copy)]
pub struct Addressing<'a> {
    /// The prefix there.
    pub prefix: &'a str,
    /// Whether a mention of the bot works like the prefix.
    pub mention: bool,
    /// Whether it is a direct message.
    pub direct: bool,
    /// The bot.
    pub bot_id: u64,
}

/// Text of a message behind its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stripped<'a> {
    /// What commands begin with there; empty where they need nothing.
    pub prefix: &'a str,
    /// The line behind it; empty when the message is only a mention.
    pub line: &'a str,
    /// Whether it began with a mention where that does not work like the prefix: the bot's owners are heard all the same.
    pub owners_only: bool,
}

/// What a message says to the bot; `None` for one that does not speak to it. `is_own_role` tells of a role whether it is the
/// bot's own, which Discord made when the bot was invited.
pub fn strip<'a>(
    means: Addressing<'a>,
    content: &'a str,
    is_own_role: impl FnOnce(u64) -> bool,
) -> Option<Stripped<'a>> {
    let by = |prefix, line| Stripped {
        prefix,
        line,
        owners_only: false,
    };
    let visible = trim(content);
    if let Some(line) = without(means.prefix, content).or_else(|| without(means.prefix, visible)) {
        // `! echo` is a sentence, `!echo` is a command.
        let line = (!line.starts_with(is_wide_blank)).then(|| trim(line))?;
        return (!line.is_empty()).then_some(by(means.prefix, line));
    }
    if let Some(line) = without_mention(visible, means.bot_id, is_own_role) {
        let owners_only = !means.mention && !line.is_empty() && !means.direct;
        return Some(Stripped {
            owners_only,
            ..by(means.prefix, line)
        });
    }
    // In direct messages there is nobody else to talk to.
    (means.direct && !visible.is_empty()).then_some(by("", visible))
}

/// The text behind the prefix. Whether an emoji is followed by the selector that asks for its coloured form depends on the
/// keyboard that wrote it.
fn without<'a>(prefix: &str, text: &'a str) -> Option<&'a str> {
    text.strip_prefix(prefix).or_else(|| {
        let bare = prefix.trim_end_matches('\u{fe0f}');
        text.strip_prefix(bare).filter(|_| !bare.is_empty())
    })
}

fn without_mention(text: &str, bot_id: u64, is_own_role: impl FnOnce(u64) -> bool) -> Option<&str> {
    let (mentioned, line) = text.strip_prefix("<@")?.split_once('>')?;
    let is_own = match mentioned.strip_prefix('&') {
        Some(role) => role.parse().is_ok_and(is_own_role),
        None => mentioned.trim_start_matches('!').parse() == Ok(bot_id),
    };
    is_own.then(|| trim(line))
}

/// A blank as somebody types it who writes a sentence. One that does not break the line (U+00A0, U+202F) is what a French
/// keyboard puts beside an exclamation mark by itself.
fn is_wide_blank(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: u64 = 77;
    const ROLE: u64 = 88;

    fn stripped<'a>(prefix: &'a str, content: &'a str) -> Option<(&'a str, &'a str)> {
        let means = Addressing {
            prefix,
            mention: true,
            direct: false,
            bot_id: BOT,
        };
        let stripped = strip(means, content, |role| role == ROLE)?;
        assert!(!stripped.owners_only);
        Some((stripped.prefix, stripped.line))
    }

    #[test]
    fn what_nobody_sees_around_the_prefix_and_the_name_is_no_part_of_them() {
        for unseen in [
            "\u{200b}",
            "\u{a0}",
            "\u{202f}",
            "\u{2060}",
            "\u{feff}",
            "\u{200e}",
            "\u{202e}",
            "\u{ad}",
            "\u{fe0f}",
            "\u{200d}",
            "\u{200b}\u{feff}",
        ] {
            for content in [
                format!("{unseen}!hello"),
                format!("!{unseen}hello"),
                format!("{unseen}!{unseen}hello{unseen}"),
                format!("<@{BOT}>{unseen}hello"),
                format!("{unseen}<@!{BOT}> hello"),
                format!("<@&{ROLE}>{unseen} hello"),
            ] {
                let line = stripped("!", &content);
                assert_eq!(line, Some(("!", "hello")), "for {content:?}");
            }
        }
    }

    #[test]
    fn a_sentence_is_no_command() {
        for content in [
            "! hello",
            "!",
            "!\u{200b}",
            "hello",
            "<@5> hello",
            "<@&5> hello",
            "<@",
            "\u{200b}",
            "!\n",
        ] {
            assert_eq!(stripped("!", content), None, "for {content:?}");
        }
    }

    #[test]
    fn a_mention_alone_is_an_empty_line_and_a_direct_message_needs_no_prefix() {
        let user = format!("<@{BOT}>\u{200b}");
        assert_eq!(stripped("!", &user), Some(("!", "")));
        let role = format!("<@&{ROLE}> ");
        assert_eq!(stripped("!", &role), Some(("!", "")));
        let heard = |mention, direct, content| {
            let means = Addressing {
                prefix: "!",
                mention,
                direct,
                bot_id: BOT,
            };
            let stripped = strip(means, content, |_| false)?;
            Some((stripped.prefix, stripped.line, stripped.owners_only))
        };
        let mention = format!("<@{BOT}> hello");
        assert_eq!(
            heard(true, true, "\u{200b}hello"),
            Some(("", "hello", false))
        );
        assert_eq!(heard(false, true, "\u{200b}"), None);
        assert_eq!(heard(false, true, &mention), Some(("!", "hello", false)));
        assert_eq!(heard(true, false, &mention), Some(("!", "hello", false)));
        assert_eq!(heard(false, false, &mention), Some(("!", "hello", true)));
    }

    #[test]
    fn an_emoji_is_one_prefix_with_its_selector_and_without() {
        for (prefix, content) in [
            ("\u{2757}", "\u{2757}\u{fe0f}hello"),
            ("\u{2757}\u{fe0f}", "\u{2757}hello"),
            ("\u{2757}\u{fe0f}", "\u{2757}\u{fe0f}hello"),
        ] {
            assert_eq!(
                stripped(prefix, content),
                Some((prefix, "hello")),
                "{content:?}"
            );
        }
    }
}
