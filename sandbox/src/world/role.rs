//! Role of a guild.

use std::cmp::Reverse;

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

/// A role; the one with the guild's id is @everyone.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub id: u64,
    pub name: String,
    pub permissions: Permissions,
    pub position: i64,
    pub color: u32,
    pub hoist: bool,
    pub mentionable: bool,
    /// Hash of the icon, which guilds with the feature `ROLE_ICONS` can have.
    pub icon: Option<String>,
    /// An emoji in the icon's place.
    pub unicode_emoji: Option<String>,
    /// The bot that the role came with.
    pub bot: Option<u64>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            permissions: Permissions::empty(),
            position: 0,
            color: 0,
            hoist: false,
            mentionable: false,
            icon: None,
            unicode_emoji: None,
            bot: None,
        }
    }
}

/// Where a role stands: higher is more; of two at the same position the older one is higher.
pub(crate) type Rank = (i64, Reverse<u64>);

impl Role {
    /// Where the role stands.
    pub(crate) const fn rank(&self) -> Rank {
        (self.position, Reverse(self.id))
    }

    /// The role object.
    pub(crate) fn json(&self) -> Value {
        let mut role = json!({
            "id": self.id.to_string(),
            "name": self.name,
            "color": self.color,
            "colors": {"primary_color": self.color, "secondary_color": null, "tertiary_color": null},
            "hoist": self.hoist,
            "icon": self.icon,
            "unicode_emoji": self.unicode_emoji,
            "position": self.position,
            "permissions": self.permissions.bits().to_string(),
            "managed": self.bot.is_some(),
            "mentionable": self.mentionable,
            "flags": 0,
        });
        if let Some(bot) = self.bot {
            role["tags"] = json!({"bot_id": bot.to_string()});
        }
        role
    }
}
