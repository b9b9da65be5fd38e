//! JSON heads of the `commands.…` host calls.

use serde::{Deserialize, Serialize};

/// Parameters of the `commands.…` calls: of each those that it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandsCall {
    /// The server.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The channel.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
    /// The user.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<u64>,
    /// The command's path, or a group's; an alias does as well. `commands.usage`: the path alone; empty: all.
    pub command: String,
    /// `commands.require`: roles as mentions, ids or names; none lifts the rule.
    pub roles: Vec<String>,
    /// `commands.require`: what becomes of those that there are: `add` and `remove` leave the others, empty replaces them all.
    #[serde(skip_serializing_if = "is_default")]
    pub change: String,
    /// `commands.set_prefix`: what to change it to; empty: the bot's default.
    pub prefix: Option<String>,
    /// `commands.set_prefix`: whether a mention works like it.
    pub mention_prefix: Option<bool>,
    /// `commands.usage`: the first day, in UTC: `2026-11-22`; absent: 30 days ago.
    pub since: Option<String>,
    /// `commands.list`, `commands.usable`: those of this plugin alone.
    #[serde(skip_serializing_if = "is_default")]
    pub of_plugin: Option<String>,
    /// `commands.usable`: also those that may not be used, with the rule that refuses.
    #[serde(skip_serializing_if = "is_default")]
    pub refused: bool,
    /// `commands.usable`: how many are left out at the beginning.
    #[serde(skip_serializing_if = "is_default")]
    pub offset: u32,
    /// `commands.usable`: how many there are at most; 0: all.
    #[serde(skip_serializing_if = "is_default")]
    pub limit: u32,
}

/// What is as by default need not cross: of a thousand commands that is most.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Uses of a command on a day, as `commands.usage` gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct UsageView {
    /// The day, in UTC: `2026-11-22`.
    pub day: String,
    /// The command's path.
    pub command: String,
    /// Its plugin.
    pub plugin: String,
    /// How often it was used.
    pub uses: u64,
    /// How many of these failed.
    pub errors: u64,
    /// Microseconds that all of these took together.
    pub took_us: u64,
}

/// Completion of `commands.why`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct WhyReply {
    /// The command's path.
    pub command: String,
    /// The first rule that refuses: `place`, `owner`, `guild_owner`, `roles`, `permissions`, `bot`, `check`, `cooldown`,
    /// `busy`, `unknown`; `None`: it may be used.
    pub rule: Option<String>,
    /// The sentence that the member would read.
    pub text: String,
    /// How the command is typed there, each way that there is.
    pub typed: Vec<String>,
}

/// Completion of `commands.require`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RequireReply {
    /// The command's or group's path.
    pub command: String,
    /// The roles of which one is needed now.
    #[serde(with = "super::snowflake::list")]
    pub roles: Vec<u64>,
    /// Those of which one was needed before.
    #[serde(with = "super::snowflake::list")]
    pub before: Vec<u64>,
}

/// Completion of `commands.prefix`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PrefixReply {
    /// The prefix there.
    pub prefix: String,
    /// Whether a mention works like it.
    pub mention_prefix: bool,
    /// Whether the server has set a prefix of its own.
    pub own: bool,
}
