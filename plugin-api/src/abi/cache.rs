//! JSON heads of the `cache.…` host calls. What was asked for is the completion's body, as Discord's JSON.

use serde::{Deserialize, Serialize};

/// Parameters of the `cache.…` calls: of each those that it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheCall {
    /// The server.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The channel or thread; for `cache.permissions` absent means in the server as a whole.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
    /// The role.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub role_id: Option<u64>,
    /// The user.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<u64>,
    /// Whether to ask Discord for what is not known.
    pub fetch: bool,
}

/// Head of the completion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheReply {
    /// Whether the body holds it.
    pub known: bool,
    /// Why it is not known, in words, and what to do.
    pub why: String,
}

/// Parameters of `cache.servers`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServersCall {
    /// Those behind this id.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<u64>,
    /// How many at most: 1 to 1,000; absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Those whose names have this in them, in whatever case.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// Completion of `cache.servers`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ServersReply {
    /// The servers, by id: the oldest first.
    pub servers: Vec<ServerView>,
    /// How many the bot is in.
    pub total: u64,
    /// Their members together, as Discord counts them.
    pub members: u64,
    /// Behind which id the next page begins; `None`: that is all.
    #[serde(with = "super::snowflake::option")]
    pub next: Option<u64>,
}

/// A server that the bot is in, in a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ServerView {
    /// Its id.
    #[serde(with = "super::snowflake")]
    pub id: u64,
    /// Its name; empty where it could not be read.
    pub name: String,
    /// How many members it has.
    pub members: u64,
    /// How many channels.
    pub channels: u32,
    /// How many roles.
    pub roles: u32,
    /// Who owns it.
    #[serde(with = "super::snowflake::option")]
    pub owner_id: Option<u64>,
    /// The hash of its icon.
    pub icon: Option<String>,
    /// When the bot joined it, as Discord writes it.
    pub joined_at: Option<String>,
    /// Whether Discord has an outage there.
    pub is_out: bool,
}
