//! JSON head of the host call `bot.presence`.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
/// Status of the bot: the dot beside its picture.
#[derive(Default)]
pub enum StatusDot {
    /// Green.
    #[default]
    Online = "online",
    /// Yellow.
    Idle = "idle",
    /// Red: do not disturb.
    DoNotDisturb = "dnd",
    /// Grey, as if offline.
    Invisible = "invisible",
}
}

words! {
/// Verb before the text of a presence.
#[derive(Default)]
pub enum PresenceVerb {
    /// "Playing …".
    Playing = "playing",
    /// "Watching …".
    #[default]
    Watching = "watching",
    /// "Listening to …".
    Listening = "listening",
    /// "Competing in …".
    Competing = "competing",
    /// The text alone.
    Custom = "custom",
}
}

/// Parameters of `bot.presence`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceCall {
    /// Whether the configured one is to be shown again; the rest then says nothing.
    pub reset: bool,
    /// The dot.
    pub status: StatusDot,
    /// The verb.
    pub verb: PresenceVerb,
    /// The text; empty for none.
    pub text: String,
}
