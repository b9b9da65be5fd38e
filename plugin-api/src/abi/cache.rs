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
