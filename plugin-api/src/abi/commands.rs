//! JSON heads of the `commands.…` host calls.

use serde::{Deserialize, Serialize};

use super::CommandKind;

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
    /// The command's path, or a group's; an alias does as well.
    pub command: String,
    /// `commands.require`: roles as mentions, ids or names; none lifts the rule.
    pub roles: Vec<String>,
    /// `commands.set_prefix`: what to change it to; empty: the bot's default.
    pub prefix: Option<String>,
    /// `commands.set_prefix`: whether a mention works like it.
    pub mention_prefix: Option<bool>,
    /// `commands.usage`: the first day, in UTC: `2026-11-22`; absent: 30 days ago.
    pub since: Option<String>,
}

/// A command, as `commands.list` gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CommandView {
    /// Its name, behind those of its groups.
    pub path: String,
    /// What it is used on.
    pub kind: CommandKind,
    /// Its plugin.
    pub plugin: String,
    /// What it does.
    pub description: String,
    /// More about it.
    pub help: String,
    /// Other names, by prefix alone.
    pub aliases: Vec<String>,
    /// How it is written, without a prefix.
    pub usage: String,
    /// How it is typed, each way that there is: `!tag add` (with the server's prefix), `/shop tag add`; a context menu's name.
    pub typed: Vec<String>,
    /// Its kind in a few words: `hybrid`, `prefix only`, `slash only`, `hybrid, grouped: /shop tag add`, and why where Discord
    /// has not got it.
    pub reached: String,
    /// Whether a message with the prefix reaches it.
    pub prefix: bool,
    /// Whether it is a slash command.
    pub slash: bool,
    /// Whether it is for the bot's owners alone.
    pub owner_only: bool,
    /// Roles of which the server needs one, itself or by a group's rule.
    #[serde(with = "super::snowflake::list")]
    pub roles: Vec<u64>,
    /// Uses in the last 30 days, in the server, or everywhere where none was named.
    pub uses: u64,
    /// How many of these failed.
    pub errors: u64,
    /// Microseconds that one of these took on average, from the message or interaction to the handler's end.
    pub mean_us: u64,
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
