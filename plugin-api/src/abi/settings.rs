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
