//! Webhooks of channels: <https://discord.com/developers/docs/resources/webhook>.

use serde_json::{Value, json};

/// The name and picture that a message of a webhook appears with.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    pub name: String,
    pub avatar: Option<String>,
    /// The application that owns the webhook.
    pub application: Option<u64>,
}

impl Face {
    /// The author of a webhook's message.
    pub(super) fn author_json(&self, webhook: u64) -> Value {
        json!({
            "id": webhook.to_string(),
            "username": self.name,
            "global_name": null,
            "discriminator": "0000",
            "avatar": self.avatar,
            "bot": true,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": null,
        })
    }
}
