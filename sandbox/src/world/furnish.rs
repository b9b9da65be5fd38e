//! Builders of what a guild has besides text channels, before the sandbox starts or in a test.

use serde_json::json;
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{ChannelKind, World};

impl World {
    /// Adds a category; gives the id.
    pub fn add_category(&mut self, guild: u64, name: &str) -> u64 {
        self.add_channel_of(guild, name, ChannelType::GuildCategory)
    }

    /// Adds a voice channel; gives the id.
    pub fn add_voice_channel(&mut self, guild: u64, name: &str) -> u64 {
        self.add_channel_of(guild, name, ChannelType::GuildVoice)
    }

    /// Adds a stage channel; gives the id.
    pub fn add_stage_channel(&mut self, guild: u64, name: &str) -> u64 {
        self.add_channel_of(guild, name, ChannelType::GuildStageVoice)
    }

    /// Adds an announcement channel; gives the id.
    pub fn add_announcement_channel(&mut self, guild: u64, name: &str) -> u64 {
        self.add_channel_of(guild, name, ChannelType::GuildAnnouncement)
    }

    /// Adds a forum; gives the id.
    pub fn add_forum(&mut self, guild: u64, name: &str) -> u64 {
        self.add_channel_of(guild, name, ChannelType::GuildForum)
    }

    /// Adds a media channel; gives the id.
    pub fn add_media_channel(&mut self, guild: u64, name: &str) -> u64 {
        self.add_channel_of(guild, name, ChannelType::GuildMedia)
    }

    /// Puts a channel into a category, and gives it the category's overwrites, as Discord's client does.
    pub fn put_into_category(&mut self, channel: u64, category: u64) {
        let overwrites = self
            .channels
            .get(&category)
            .map(|category| category.overwrites.clone());
        if let (Some(channel), Some(overwrites)) = (self.channels.get_mut(&channel), overwrites) {
            channel.parent = Some(category);
            channel.overwrites = overwrites;
        }
    }

    /// Replaces the permissions of the bot's own role in a guild.
    pub fn set_bot_permissions(&mut self, guild: u64, permissions: Permissions) {
        let role = self.guilds.get_mut(&guild).and_then(|guild| {
            let mut roles = guild.roles.values_mut();
            roles.find(|role| role.bot == Some(self.application.bot))
        });
        if let Some(role) = role {
            role.permissions = permissions;
        }
    }

    /// Gives a guild these features instead of those that it has, `COMMUNITY` for example.
    /// <https://discord.com/developers/docs/resources/guild#guild-object-guild-features>.
    pub fn set_features(&mut self, guild: u64, features: &[&str]) {
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild
                .settings
                .insert("features".to_owned(), json!(features));
        }
    }

    pub(crate) fn add_channel_of(&mut self, guild: u64, name: &str, of: ChannelType) -> u64 {
        let id = self.snowflakes.next();
        self.insert_channel(id, name, ChannelKind::Guild { guild, of });
        id
    }
}
