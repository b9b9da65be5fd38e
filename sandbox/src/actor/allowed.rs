//! Command permissions: which commands Discord's client offers to a user, and what a guild's owner sets about it.

use super::{Actor, option};
use crate::{
    error::Error,
    world::{Command, CommandOverride, OverrideOf, World},
};

impl Actor {
    /// Allows or denies a command to a role, a user or a channel in a guild, as the guild's settings do.
    /// Channels are written `#general`, users and roles by name (`@everyone`, too).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user may not manage the guild, or if a name is unknown.
    pub fn overrides_command(
        &self,
        guild: &str,
        command: &str,
        target: &str,
        allow: bool,
    ) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::Refused(why));
        self.shared.change(|state| {
            let world = &mut state.world;
            let Some(id) = world.guild_named(guild) else {
                return refuse(format!("no guild is named `{guild}`"));
            };
            let manages = world.guilds.get(&id).is_some_and(|known| {
                let needed = twilight_model::guild::Permissions::MANAGE_GUILD;
                world.guild_permissions(known, self.user).contains(needed)
            });
            if !manages {
                return refuse(format!("{} may not manage {guild}", self.name));
            }
            let mut commands = world.commands.values();
            let named = commands
                .find(|known| known.name == command && known.guild.is_none_or(|known| known == id));
            let Some(found) = named.map(|known| known.id) else {
                return refuse(format!("no command is named `{command}`"));
            };
            let Some((target, of)) = override_target(world, id, target) else {
                return refuse(format!("`{target}` is no role, user or channel"));
            };
            let change = CommandOverride {
                id: target,
                of,
                allow,
            };
            world.override_command(id, found, change);
            Ok(())
        })
    }
}

fn override_target(world: &World, guild: u64, name: &str) -> Option<(u64, OverrideOf)> {
    if let Some(channel) = name.strip_prefix('#') {
        let mut channels = world.channels_of(guild);
        let found = channels.find(|known| known.name == channel)?;
        return Some((found.id, OverrideOf::Channel));
    }
    let roles = &world.guilds.get(&guild)?.roles;
    let role = roles.values().find(|role| role.name == name);
    role.map(|role| (role.id, OverrideOf::Role))
        .or_else(|| Some((option::user(world, name)?, OverrideOf::User)))
}

/// Refuses a command that Discord's client does not offer to this user here, and says why.
pub(super) fn may_use(
    world: &World,
    user: u64,
    channel: u64,
    command: &Command,
) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::Refused(format!("/{} {why}", command.name)));
    let in_guild = world.guild_of(channel).is_some();
    if in_guild && !command.in_guilds() {
        return refuse("is not for guilds");
    }
    if in_guild && !command.is_for_guild_install() {
        return refuse("is for users who have installed the application, not for guilds");
    }
    if !in_guild && !command.in_direct_messages() {
        return refuse("is not for direct messages");
    }
    let known = world.channels.get(&channel);
    if in_guild && command.is_nsfw() && !known.is_some_and(|known| known.nsfw) {
        return refuse("is for channels with an age limit");
    }
    if known.is_some_and(|known| known.is_archived()) {
        return refuse("cannot be used in an archived thread");
    }
    if world.may_use_command(command, channel, user) {
        return Ok(());
    }
    let who = match command.needed_permissions() {
        Some(needed) if needed.is_empty() => "administrators alone".to_owned(),
        Some(needed) => {
            let names: Vec<&str> = needed.iter_names().map(|(name, _)| name).collect();
            format!("those with {}", names.join(", "))
        }
        None => "others, or for other channels".to_owned(),
    };
    refuse(&format!(
        "is not shown to {}: it is for {who}",
        world.name_of(user)
    ))
}
