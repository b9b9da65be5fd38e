//! Pills that say how something is, and meters.

use maud::{Markup, Render, html};

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Neither good nor bad.
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Broken.
    Bad,
    /// News.
    Info,
}

impl Tone {
    /// The class that gives it its colour.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }
}

/// A pill with a word or two, and a dot in the tone's colour.
pub(crate) fn badge(tone: Tone, words: impl Render) -> Markup {
    html! { span.badge.(tone.class()) { (words) } }
}

/// A dot in the tone's colour, for lists where most are as they should be; the words are read out, and shown when one points at it.
pub(crate) fn dot(tone: Tone, words: &str) -> Markup {
    html! { span.dot.(tone.class()) role="img" aria-label=(words) title=(words) {} }
}

/// How much of something is used: a bar, with words beside it (`3 GB of 8 GB`). From 75 % on it warns, from 90 % it is bad.
pub(crate) fn meter(name: &str, value: f64, most: f64, words: &str) -> Markup {
    let most = if most > 0.0 { most } else { 1.0 };
    html! {
        div.meter {
            span.meter-head { span { (name) } span.muted { (words) } }
            meter min="0" max=(most) value=(value.clamp(0.0, most)) low=(most * 0.75) high=(most * 0.9) optimum="0" aria-label=(name) { (words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_is_never_more_than_full_and_a_limit_of_nothing_is_none() {
        let over = meter("Slots", 12.0, 10.0, "12 of 10").into_string();
        assert!(over.contains(r#"max="10" value="10""#), "{over}");
        let none = meter("Slots", 0.0, 0.0, "none").into_string();
        assert!(none.contains(r#"max="1" value="0""#), "{none}");
    }
}
