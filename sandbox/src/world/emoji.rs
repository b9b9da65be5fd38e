//! Emoji that somebody reacts with.

use serde_json::{Value, json};

/// An emoji that somebody reacts with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Emoji {
    /// The id of a guild's own emoji; `None` for Unicode ones.
    pub id: Option<u64>,
    pub name: String,
}

impl Emoji {
    /// Reads an emoji as paths carry it: `👍` or `name:id`; `None` if it is neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some((name, id)) = text.rsplit_once(':') {
            return Some(Self {
                id: Some(id.parse().ok()?),
                name: name.to_owned(),
            });
        }
        let looks_like_emoji = !text.is_ascii() && text.chars().count() <= 16;
        looks_like_emoji.then(|| Self {
            id: None,
            name: text.to_owned(),
        })
    }

    pub(super) fn json(&self) -> Value {
        json!({"id": self.id.map(|id| id.to_string()), "name": self.name})
    }
}
