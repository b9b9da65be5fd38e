//! Settings in the manifest: what the host checks their values by.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::abi::words::words;

/// A setting in the manifest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SettingManifest {
    /// Its name: 1 to 32 lower-case letters, digits and `_`.
    pub name: String,
    /// What it is for: 1 to 200 characters.
    pub description: String,
    /// What values it takes.
    pub kind: SettingKind,
    /// Its value where nobody has set one, as it is written in config.toml; null: it is unset then.
    pub default: Value,
    /// The only values that it takes, for a choice.
    pub choices: Vec<String>,
    /// Least value, least length of a string or list; for a duration in milliseconds.
    pub min: Option<f64>,
    /// Greatest value, greatest length of a string or list; for a duration in milliseconds.
    pub max: Option<f64>,
    /// Whether each server may have its own value.
    pub per_guild: bool,
    /// For a list: what its entries are: texts, channels, roles or users.
    pub items: SettingKind,
}

words! {
/// Type of a setting's values.
#[derive(Default)]
pub enum SettingKind {
    /// Text.
    #[default]
    String = "string",
    /// A whole number.
    Integer = "integer",
    /// A number.
    Number = "number",
    /// Yes or no.
    Boolean = "boolean",
    /// A time such as `90s` or `1h 30m`.
    Duration = "duration",
    /// One of a few words.
    Choice = "choice",
    /// A channel.
    Channel = "channel",
    /// A role.
    Role = "role",
    /// A user.
    User = "user",
    /// A list, of texts unless [`items`](SettingManifest::items) says otherwise.
    List = "list",
    /// The name of a secret.
    Secret = "secret",
}
}
