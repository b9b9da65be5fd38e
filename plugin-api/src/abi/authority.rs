//! JSON heads of the host calls `authority.acting`, `authority.may`, `audit.list`, `audit.verify` and `audit.note`.

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
    /// How many at most: 1 to 500; absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Those from then on, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
    /// Those before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
    /// Those whose result begins so: `done`, `refused`, `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Those that have this somewhere, in whatever case: in the call, the way it came, its parameters, what was before and after, the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Completion of `audit.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AuditReply {
    /// The latest one first.
    pub entries: Vec<AuditEntry>,
}

/// Completion of `audit.verify`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AuditVerified {
    /// Entries that are there; up to the first fault where there is one.
    pub entries: u64,
    /// The number of the oldest that is kept; 0 when there is none.
    pub first: u64,
    /// The number of the latest.
    pub last: u64,
    /// The first place that is not as it was written, and what is wrong there; `None`: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<AuditFault>,
}

/// A place of the audit journal that is not as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AuditFault {
    /// The file's name in the journal's folder.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub what: String,
}

/// Parameters of `audit.note`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditNote {
    /// What was done, as the plugin calls it: 1 to 48 lower-case letters, digits, `_`, `-` and `.`. The journal has it behind the plugin's
    /// name: `dashboard/chat.send`.
    pub what: String,
    /// The server it was about; absent: none.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The channel it was about; absent: none.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
    /// What there is to know of it; the journal keeps 2,000 characters.
    pub params: Value,
    /// What was before, where that is known.
    pub before: Value,
    /// What is after, where that is known.
    pub after: Value,
    /// `done`, or `failed: ` and why.
    pub result: String,
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
