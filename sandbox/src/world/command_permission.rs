//! Command permissions, as the moderators of a guild have set them:
//! <https://discord.com/developers/docs/interactions/application-commands#permissions>.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{Command, Event, World};

/// Whom or what an override is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OverrideOf {
    Role,
    User,
    Channel,
}

/// An override: a role, a user or a channel that may or may not use the command.
/// The role with the guild's id is everyone, the channel with that id less one all channels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CommandOverride {
    pub id: u64,
    pub of: OverrideOf,
    pub allow: bool,
}

impl CommandOverride {
    fn json(self) -> Value {
        let kind = match self.of {
            OverrideOf::Role => 1,
            OverrideOf::User => 2,
            OverrideOf::Channel => 3,
        };
        json!({"id": self.id.to_string(), "type": kind, "permission": self.allow})
    }
}

impl World {
    /// Allows or denies a command (or, with the application's id, all of them) to a role, a user or a channel,
    /// as the guild's settings do, and tells the bot.
    pub(crate) fn override_command(&mut self, guild: u64, target: u64, change: CommandOverride) {
        let overrides = self.command_overrides.entry((guild, target)).or_default();
        overrides.retain(|known| (known.id, known.of) != (change.id, change.of));
        overrides.push(change);
        if let Some(data) = self.command_overrides_json(guild, target) {
            let name = "APPLICATION_COMMAND_PERMISSIONS_UPDATE";
            self.outbox.push(Event::of_guild(name, guild, data));
        }
    }

    /// The overrides of a command in a guild; `None` if there are none.
    pub(crate) fn command_overrides_json(&self, guild: u64, target: u64) -> Option<Value> {
        let overrides = self.command_overrides.get(&(guild, target))?;
        let permissions = overrides.iter().map(|known| known.json());
        Some(json!({
            "id": target.to_string(),
            "application_id": self.application.id.to_string(),
            "guild_id": guild.to_string(),
            "permissions": permissions.collect::<Vec<_>>(),
        }))
    }

    /// Whether a member is offered a command in a channel of a guild.
    ///
    /// Administrators always are. A channel that is denied wins over everything else; then the command's own
    /// overrides count before those of the application, a user's before a role's, a role's before everyone's.
    /// Without any, the command's `default_member_permissions` decide.
    pub(crate) fn may_use_command(&self, command: &Command, channel: u64, user: u64) -> bool {
        let Some(guild) = self.guild_of(channel) else {
            return true;
        };
        let has = self.permissions(channel, user);
        if has.contains(Permissions::ADMINISTRATOR) {
            return true;
        }
        let levels = [command.id, self.application.id];
        let levels = levels.map(|level| {
            let known = self.command_overrides.get(&(guild, level));
            known.map(Vec::as_slice).unwrap_or_default()
        });
        let find = |level: &[CommandOverride], of, id| {
            let mut fitting = level
                .iter()
                .filter(|known| known.of == of && known.id == id);
            fitting.next().map(|known| known.allow)
        };
        let thread = self
            .channels
            .get(&channel)
            .filter(|known| known.is_thread());
        let place = thread.and_then(|known| known.parent).unwrap_or(channel);
        let in_channel = levels.iter().find_map(|level| {
            let one = find(level, OverrideOf::Channel, place);
            one.or_else(|| find(level, OverrideOf::Channel, guild - 1))
        });
        if in_channel == Some(false) || !has.contains(Permissions::USE_SLASH_COMMANDS) {
            return false;
        }
        let member = self
            .guilds
            .get(&guild)
            .and_then(|guild| guild.members.get(&user));
        let roles = member
            .map(|member| member.roles.clone())
            .unwrap_or_default();
        let by_member = levels.iter().find_map(|level| {
            find(level, OverrideOf::User, user)
                .or_else(|| {
                    let found = roles
                        .iter()
                        .filter_map(|role| find(level, OverrideOf::Role, *role));
                    found.reduce(|one, other| one || other)
                })
                .or_else(|| find(level, OverrideOf::Role, guild))
        });
        by_member.unwrap_or_else(|| match command.needed_permissions() {
            None => true,
            // Empty: for administrators alone.
            Some(needed) => !needed.is_empty() && has.contains(needed),
        })
    }
}

impl Command {
    /// What a member needs to be offered the command, unless the guild's settings say otherwise.
    pub(crate) fn needed_permissions(&self) -> Option<Permissions> {
        let bits = self.body.get("default_member_permissions")?;
        let bits = bits.as_u64().or_else(|| bits.as_str()?.parse().ok())?;
        Some(Permissions::from_bits_truncate(bits))
    }

    /// Whether the command is for places with an age limit alone.
    pub(crate) fn is_nsfw(&self) -> bool {
        self.body.get("nsfw") == Some(&json!(true))
    }

    /// Whether guilds have the command once the application is in them, and not users alone.
    pub(crate) fn is_for_guild_install(&self) -> bool {
        let types = self.body.get("integration_types").and_then(Value::as_array);
        types.is_none_or(|types| types.contains(&json!(0)))
    }
}
