//! What the world tells: one dispatch for the gateway, not yet filtered for any session.

use serde_json::Value;

/// A dispatch, with what is needed to decide who gets it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The dispatch name, for example `MESSAGE_CREATE`.
    pub name: String,
    /// The guild that it happened in; `None` for direct messages.
    pub guild: Option<u64>,
    /// The channel that it happened in: the bot must be able to see it.
    pub channel: Option<u64>,
    /// The payload (`d`).
    pub data: Value,
}

impl Event {
    /// An event of a guild, not bound to a channel.
    pub(crate) fn of_guild(name: &str, guild: u64, data: Value) -> Self {
        Self {
            name: name.to_owned(),
            guild: Some(guild),
            channel: None,
            data,
        }
    }

    /// An event in a channel.
    pub(crate) fn in_channel(name: &str, guild: Option<u64>, channel: u64, data: Value) -> Self {
        Self {
            name: name.to_owned(),
            guild,
            channel: Some(channel),
            data,
        }
    }
}
