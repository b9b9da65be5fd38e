//! The JSON heads of the `cache.…` host calls. What was asked for is the completion's body, as Discord's JSON.

use serde::{Deserialize, Serialize};

/// Parameters of the `cache.…` calls. 0 stands for what a call does not need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheCall {
    /// The server.
    pub guild_id: u64,
    /// The channel or thread; for `cache.permissions` 0 means in the server as a whole.
    pub channel_id: u64,
    /// The role.
    pub role_id: u64,
    /// The user.
    pub user_id: u64,
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
