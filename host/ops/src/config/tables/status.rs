//! `[status]`: what the bot shows below its name.

use crate::config::{
    checks::status_texts,
    values::{seconds, word},
};

table! {
    /// `[status]`: what the bot shows below its name.
    Status {
        /// The texts, shown in turn, with `{guilds}`, `{users}` and `{commands}` as numbers, `{servers}` and
        /// `{members}` as numbers with their word. Empty: none is shown.
        live text: Vec<String> = vec!["{servers}".into()], status_texts;
        /// The verb before the text.
        live kind: Activity = Activity::Watching, word(&[
            ("playing", Activity::Playing),
            ("watching", Activity::Watching),
            ("listening", Activity::Listening),
            ("competing", Activity::Competing),
            ("custom", Activity::Custom),
        ]);
        /// The dot beside the bot's picture.
        live presence: Presence = Presence::Online, word(&[
            ("online", Presence::Online),
            ("idle", Presence::Idle),
            ("dnd", Presence::Dnd),
            ("invisible", Presence::Invisible),
        ]);
        /// How long each text stays: at least 15 s, because Discord limits how often it may change.
        live interval_s: u64 = 300, seconds(15..=86_400);
    }
}

/// The verb before the status text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// "Playing …".
    Playing,
    /// "Watching …".
    Watching,
    /// "Listening to …".
    Listening,
    /// "Competing in …".
    Competing,
    /// The text alone.
    Custom,
}

/// The dot beside the bot's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Green.
    Online,
    /// Yellow.
    Idle,
    /// Red: do not disturb.
    Dnd,
    /// Grey, as if offline.
    Invisible,
}
