//! World events: one dispatch for the gateway, not yet filtered for any session.

use std::borrow::Cow;

use axum::extract::ws::Utf8Bytes;
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
    pub data: Data,
}

/// The payload of an event.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// To be written when somebody gets it.
    Tree(Value),
    /// Written already: what is told often.
    Written(Utf8Bytes),
}

impl Data {
    /// To look inside.
    pub(crate) fn tree(&self) -> Cow<'_, Value> {
        match self {
            Self::Tree(tree) => Cow::Borrowed(tree),
            Self::Written(text) => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    /// As it goes out.
    pub(crate) fn text(&self) -> Utf8Bytes {
        match self {
            Self::Tree(tree) => tree.to_string().into(),
            Self::Written(text) => text.clone(),
        }
    }
}

impl From<Value> for Data {
    fn from(tree: Value) -> Self {
        Self::Tree(tree)
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Written(text.into())
    }
}

impl Event {
    /// An event of a guild, not bound to a channel.
    pub(crate) fn of_guild(name: &str, guild: u64, data: impl Into<Data>) -> Self {
        Self {
            name: name.to_owned(),
            guild: Some(guild),
            channel: None,
            data: data.into(),
        }
    }

    /// An event in a channel.
    pub(crate) fn in_channel(
        name: &str,
        guild: Option<u64>,
        channel: u64,
        data: impl Into<Data>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            guild,
            channel: Some(channel),
            data: data.into(),
        }
    }
}
