//! Invisible characters: blanks of all kinds, marks without a width, directions of writing.

/// Without what nobody sees at both ends: blanks of all kinds, marks without a width, directions. Keyboards and copied texts
/// bring them along.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_unseen)
}

/// Whether nobody sees this character at the end of a word.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_whitespace() || is_invisible(c) || is_joiner(c)
}

/// Whether a text has nothing in it that anybody would see.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_unseen)
}

/// Has no width wherever it stands, or only turns the direction of what is beside it.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Has a meaning inside an emoji or a word, and none at an end.
#[must_use]
pub fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Turns the direction of what is beside it.
#[must_use]
pub fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
