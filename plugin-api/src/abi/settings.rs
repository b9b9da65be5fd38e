//! JSON heads of settings and secrets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Head of SETTINGS: the bot-wide values of all settings that the plugin has declared; null for one that is unset.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SettingsHead {
    /// By name.
    pub settings: Value,
}

/// Parameters of `settings.get`: a server's value of a setting.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SettingCall {
    /// The server.
    #[serde(with = "super::snowflake")]
    pub guild_id: u64,
    /// The setting.
    pub name: String,
}

/// Result of a [`SettingCall`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SettingReply {
    /// The server's own value, or else the bot's, or else the default; null: it is unset.
    #[serde(default)]
    pub value: Value,
}

/// Parameters of `secrets.get`. The secret, UTF-8, is the completion's body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SecretCall {
    /// The secret.
    pub name: String,
}

/// Parameters of `settings.set` and `settings.reset` (a setting of the plugin's own, by its name), and of `settings.write` (any
/// one, by its path: `bot.prefix`, `shop.limit`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingChange {
    /// The server whose value it is; absent: the bot's.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// The setting.
    pub name: String,
    /// The value, as the plugin reads it, or as somebody types it. Null: what holds without one.
    pub value: Value,
}

/// What has become of a [`SettingChange`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SettingChangeReply {
    /// What was in force before; null: it was unset.
    pub before: Value,
    /// What is set now; null: it is unset.
    pub after: Value,
    /// What has become of it, for people: `in force from now on: …`.
    pub words: String,
    /// Whether it holds after a restart of the bot only.
    pub waits_for_restart: bool,
    /// Whether it holds after a reload of its plugin only, which declares no settings.
    pub waits_for_reload: bool,
}

/// Parameters of `settings.describe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DescribeCall {
    /// The server: what it may set for itself, with its values. Absent: everything, with the bot's.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// Those of this plugin, or of this table of the host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Those behind this path: the `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many at most: 1 to 200; absent: 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Completion of `settings.describe`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DescribeReply {
    /// The configuration file; `None` without one, and of a server.
    pub file: Option<String>,
    /// What is wrong with the file: the last good values hold.
    pub trouble: Option<String>,
    /// The host's settings in the order of the file, then those of the plugins by name.
    pub settings: Vec<SettingView>,
    /// Where the next page goes on; `None`: this is the last one.
    pub next: Option<String>,
}

/// A setting of the host's or of a plugin's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SettingView {
    /// As `settings.write` takes it: `bot.prefix`, `shop.limit`.
    pub path: String,
    /// The plugin; `None`: the host.
    pub plugin: Option<String>,
    /// What it is for.
    pub description: String,
    /// Its type, by the word of a [`SettingKind`](crate::manifest::SettingKind); `None` for the host's.
    pub kind: Option<String>,
    /// Of a list: the type of its entries.
    pub items: Option<String>,
    /// Of a text, and of the texts of a list: the form, by the word of a [`SettingFormat`](crate::manifest::SettingFormat).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// What it takes, in words: `whole number, 1 to 10`.
    pub takes: String,
    /// Its value where none is set; null: it is unset then.
    pub default: Value,
    /// Least value or length.
    pub min: Option<f64>,
    /// Greatest value or length.
    pub max: Option<f64>,
    /// What there is to choose from.
    pub choices: Vec<String>,
    /// Whether a server may have a value of its own.
    pub per_guild: bool,
    /// Its value as it is written, ids as strings. Of a secret it is the name.
    pub value: Value,
    /// Where that comes from: `file`, `default`, `server`.
    pub from: String,
    /// Whether a running bot takes a change over.
    pub live: bool,
    /// Whether the file has another value than the one that the bot goes by until its restart.
    pub waits_for_restart: bool,
}

/// Completion of `settings.verify`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct VerifyReply {
    /// The configuration file; `None` without one.
    pub file: Option<String>,
    /// What a start, or a plugin, would refuse.
    pub errors: Vec<ConfigFault>,
    /// What is most likely a slip, or not in force yet.
    pub warnings: Vec<ConfigFault>,
}

/// What is wrong in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ConfigFault {
    /// Where: `config.toml:2:1`, `[data] folder`; empty: the file as a whole.
    pub place: String,
    /// What, and the next step where it is known.
    pub words: String,
}
