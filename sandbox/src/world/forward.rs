//! Snapshots of forwarded messages, and what the bot can read of a message.

use serde_json::{Value, json};
use twilight_model::gateway::Intents;

use super::{Message, World};

impl World {
    /// The fields of a message that a forward keeps:
    /// <https://discord.com/developers/docs/resources/message#message-snapshot-object>.
    pub(crate) fn snapshot(&self, message: &Message) -> Value {
        let whole = self.message_json(message);
        let kept = [
            "type",
            "content",
            "embeds",
            "attachments",
            "timestamp",
            "edited_timestamp",
            "flags",
            "mentions",
            "mention_roles",
            "sticker_items",
            "components",
        ];
        let mut snapshot = json!({});
        for key in kept {
            if let Some(value) = whole.get(key) {
                snapshot[key] = value.clone();
            }
        }
        snapshot
    }

    /// Whether the bot can read what a message says: its own, those that mention it, those in direct
    /// messages, and all if MESSAGE_CONTENT is switched on.
    pub(crate) fn bot_reads(&self, message: &Message) -> bool {
        let bot = self.application.bot;
        let switched_on = self.application.privileged_intents;
        switched_on.contains(Intents::MESSAGE_CONTENT)
            || message.author == bot
            || message.mentions.contains(&bot)
            || self.guild_of(message.channel).is_none()
    }
}
