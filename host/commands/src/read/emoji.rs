//! Parser of emojis: one of a server's, or one of Unicode's.

use plugin_api::abi::OptionValue;

/// Most characters of an emoji of Unicode's: a family is of seven, a flag of a part of a country of seven.
const MOST: usize = 16;

const JOINER: char = '\u{200D}';
const AS_PICTURE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// One emoji: `<a:name:id>`, `name:id`, or 👍. What is only like one (`:thumbsup:`, two of them) is none.
pub(super) fn read(word: &str) -> Option<OptionValue> {
    if let Some(custom) = custom(word) {
        return Some(custom);
    }
    is_one(word).then(|| OptionValue::Emoji {
        id: 0,
        name: word.to_owned(),
        animated: false,
    })
}

fn custom(word: &str) -> Option<OptionValue> {
    let inside = word
        .strip_prefix('<')
        .map_or(Some(word), |rest| rest.strip_suffix('>'))?;
    let (inside, animated) = match inside.strip_prefix("a:") {
        Some(inside) if word.starts_with('<') => (inside, true),
        _ => (inside.trim_start_matches(':'), false),
    };
    let (name, id) = inside.split_once(':')?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !(2..=32).contains(&name.len()) || !name.chars().all(fits) {
        return None;
    }
    let id = id.parse().ok().filter(|id| *id != 0)?;
    Some(OptionValue::Emoji {
        id,
        name: name.to_owned(),
        animated,
    })
}

/// Whether this is one emoji by the grammar of
/// [UTS #51](https://www.unicode.org/reports/tr51/#EBNF_and_Regex), of the blocks that have emojis.
fn is_one(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    if chars.is_empty() || chars.len() > MOST {
        return false;
    }
    if let [one, other] = *chars
        && is_regional(one)
    {
        return is_regional(other);
    }
    if let [key, rest @ ..] = &*chars
        && matches!(key, '0'..='9' | '#' | '*')
    {
        return matches!(rest, [KEYCAP] | [AS_PICTURE, KEYCAP]);
    }
    chars.split(|c| *c == JOINER).all(is_element)
}

/// A picture, and what changes it: a skin tone, a part of a country.
fn is_element(chars: &[char]) -> bool {
    let Some((picture, behind)) = chars.split_first() else {
        return false;
    };
    let changes =
        |c: &char| matches!(c, &AS_PICTURE | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}');
    is_picture(*picture) && behind.iter().all(changes)
}

fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

fn is_picture(c: char) -> bool {
    matches!(c,
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{3030}' | '\u{303D}'
        | '\u{3297}' | '\u{3299}' | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{24C2}'
        | '\u{25A0}'..='\u{27BF}' | '\u{2934}'..='\u{2935}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}'
    ) && !is_regional(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_read_and_nothing_else() {
        for text in [
            "👍",
            "👍🏽",
            "❤️",
            "❤",
            "🇩🇪",
            "1️⃣",
            "👨‍👩‍👧‍👦",
            "🏳️‍🌈",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "☕",
            "ℹ️",
            "⏳",
        ] {
            assert!(read(text).is_some(), "{text}");
        }
        for text in [
            "",
            "a",
            "1",
            ":tea:",
            "👍👎",
            "👍x",
            "🇩",
            "\u{200D}",
            "👍\u{200D}",
            "é",
            "中",
            "<:tea>",
            "tea:x",
            "t:5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let custom = |animated| {
            Some(OptionValue::Emoji {
                id: 5,
                name: "tea".into(),
                animated,
            })
        };
        assert_eq!(read("<:tea:5>"), custom(false));
        assert_eq!(read("<a:tea:5>"), custom(true));
        assert_eq!(read("tea:5"), custom(false));
    }
}
