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
    /// For a text, and for the texts of a list: the form that each has to have. A word that the host does not know is not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<SettingFormat>,
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

words! {
/// Form of a setting's text, which the host checks without the plugin's code.
pub enum SettingFormat {
    /// A time zone by its [IANA name](https://en.wikipedia.org/wiki/List_of_tz_database_time_zones), such as `Europe/Berlin`:
    /// one that [schedules](super::ScheduleManifest::zone) take.
    TimeZone = "time-zone",
    /// An address that begins with `http://` or `https://`.
    Url = "url",
    /// A cron expression that [schedules](super::ScheduleManifest::cron) take, such as `0 9 * * mon`.
    Cron = "cron",
    /// A colour: `#` and six hexadecimal digits, such as `#5865f2`.
    Color = "color",
}
}
