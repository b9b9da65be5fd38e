//! JSON heads of the host calls `authority.acting`, `authority.may` and `audit.list`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Completion of `authority.acting`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ActingReply {
    /// The user; `None`: the plugin alone.
    #[serde(with = "super::snowflake::option")]
    pub user_id: Option<u64>,
    /// The server; `None` in direct messages.
    #[serde(with = "super::snowflake::option")]
    pub guild_id: Option<u64>,
    /// Whether they may what the bot's owners may: by being one, or by a role that the operator has named for this plugin.
    pub owner: bool,
    /// Whether they own the server.
    pub guild_owner: bool,
    /// Whether they administer the server.
    pub administrator: bool,
    /// The bot's owners.
    #[serde(with = "super::snowflake::list")]
    pub owners: Vec<u64>,
    /// The powers that the plugin has declared and is granted, by their words.
    pub powers: Vec<String>,
}

/// Parameters of `authority.may`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MayCall {
    /// The host call that is asked about.
    pub call: String,
    /// Its parameters, as far as they say what it is about: `guild_id`, `user_id`.
    pub params: Value,
}

/// Completion of `authority.may`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MayReply {
    /// What is missing, for the log; `None`: it may be made.
    pub missing: Option<String>,
    /// The same for the member.
    pub text: Option<String>,
}

/// Parameters of `audit.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditCall {
    /// Entries before this number; absent: the latest ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Those of this plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Those of this user.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<u64>,
    /// Those whose call begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// How many at most: 1 to 100; absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Completion of `audit.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AuditReply {
    /// The latest one first.
    pub entries: Vec<AuditEntry>,
}

/// A line of the audit journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its number, from 1.
    pub sequence: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The user who acted; 0: nobody.
    pub user: u64,
    /// The server it came from; 0: none.
    pub guild: u64,
    /// The channel it came from; 0: none.
    pub channel: u64,
    /// The plugin that asked for it; empty: the host's own command.
    pub plugin: String,
    /// How it came.
    pub way: String,
    /// The host call, or the owner command.
    pub call: String,
    /// Its parameters.
    pub params: Value,
    /// What was before, where that is known.
    pub before: Value,
    /// What is after, where that is known.
    pub after: Value,
    /// `done`, or why not.
    pub result: String,
}
