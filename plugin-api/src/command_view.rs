//! Views of commands: what is told of each, as it was declared and as it is reached.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    abi::{CommandKind, is_default},
    manifest::{AccessManifest, ConcurrencyManifest, CooldownManifest, Localized, OptionManifest},
};

/// A command, as `commands.list` and `commands.usable` give it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CommandView {
    /// Its name, behind those of its groups.
    pub path: String,
    /// What it is used on.
    pub kind: CommandKind,
    /// Its plugin; `cogwright` for the host's own.
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
    #[serde(with = "crate::abi::snowflake::list")]
    pub roles: Vec<u64>,
    /// Uses in the last 30 days (not by `commands.usable`), in the server, or everywhere where none was named.
    pub uses: u64,
    /// How many of these failed.
    pub errors: u64,
    /// Microseconds that one of these took on average, from the message or interaction to the handler's end.
    pub mean_us: u64,
    /// Its options, in their order.
    #[serde(skip_serializing_if = "is_default")]
    pub options: Vec<OptionManifest>,
    /// Who may use it, as it is declared, its groups' rules included.
    #[serde(skip_serializing_if = "is_default")]
    pub access: AccessManifest,
    /// Whether it works in servers only.
    #[serde(skip_serializing_if = "is_default")]
    pub guild_only: bool,
    /// Whether it works in direct messages only.
    #[serde(skip_serializing_if = "is_default")]
    pub dm_only: bool,
    /// Whether it works in age-restricted channels only.
    #[serde(skip_serializing_if = "is_default")]
    pub age_restricted: bool,
    /// Whether its answers are for the invoker's eyes alone.
    #[serde(skip_serializing_if = "is_default")]
    pub ephemeral: bool,
    /// How often it may be used, its own or the bot's default; `None`: as often as one likes.
    #[serde(skip_serializing_if = "is_default")]
    pub cooldown: Option<CooldownManifest>,
    /// How many uses may run at once.
    #[serde(skip_serializing_if = "is_default")]
    pub max_concurrency: Option<ConcurrencyManifest>,
    /// Name and description in other languages.
    #[serde(skip_serializing_if = "is_default")]
    pub localized: BTreeMap<String, Localized>,
    /// Whether help leaves it out.
    #[serde(skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// The servers that it is for, if it is for chosen ones.
    #[serde(
        skip_serializing_if = "is_default",
        with = "crate::abi::snowflake::list"
    )]
    pub guilds: Vec<u64>,
    /// How it is used, without a prefix.
    #[serde(skip_serializing_if = "is_default")]
    pub examples: Vec<String>,
    /// What its plugin is listed under.
    #[serde(skip_serializing_if = "is_default")]
    pub category: String,
    /// An emoji that stands for its plugin.
    #[serde(skip_serializing_if = "is_default")]
    pub icon: String,
    /// `commands.usable`: the first rule that refuses, as [`WhyReply::rule`](crate::abi::WhyReply::rule) names it; `None`: it may be used.
    #[serde(skip_serializing_if = "is_default")]
    pub rule: Option<String>,
    /// `commands.list`: the last day on which it was used, in UTC: `2026-11-22`; empty: not within 30 days.
    #[serde(skip_serializing_if = "is_default")]
    pub last_day: String,
}

/// Completion of `commands.usable`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct UsableReply {
    /// The commands, by plugin and as declared; the host's own last.
    pub commands: Vec<CommandView>,
    /// How many there are without offset and limit.
    pub total: u32,
}
