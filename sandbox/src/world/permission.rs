//! Permission calculator, as Discord's page has it:
//! <https://discord.com/developers/docs/topics/permissions#permission-overwrites>.

use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{World, channel::ChannelKind, guild::Guild};

/// What stays to a member who is timed out.
const TIMED_OUT: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::READ_MESSAGE_HISTORY);

/// What both sides of a direct message may do.
const DIRECT: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::ADD_REACTIONS)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::USE_EXTERNAL_EMOJIS)
    .union(Permissions::MENTION_EVERYONE)
    .union(Permissions::SEND_POLLS)
    .union(Permissions::SEND_VOICE_MESSAGES)
    .union(Permissions::USE_SLASH_COMMANDS);

/// What @everyone may do in a new guild.
pub(crate) const EVERYONE: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::SEND_MESSAGES_IN_THREADS)
    .union(Permissions::CREATE_PUBLIC_THREADS)
    .union(Permissions::SEND_POLLS)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::ADD_REACTIONS)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::USE_EXTERNAL_EMOJIS)
    .union(Permissions::MENTION_EVERYONE)
    .union(Permissions::CHANGE_NICKNAME)
    .union(Permissions::CREATE_INVITE)
    .union(Permissions::CONNECT)
    .union(Permissions::SPEAK)
    .union(Permissions::STREAM)
    .union(Permissions::USE_VAD)
    .union(Permissions::USE_SLASH_COMMANDS);

impl World {
    /// A member's permissions in a guild, without any channel; none for strangers.
    pub(crate) fn guild_permissions(&self, guild: &Guild, user: u64) -> Permissions {
        if guild.owner == user {
            return Permissions::all();
        }
        let Some(member) = guild.members.get(&user) else {
            return Permissions::empty();
        };
        let everyone = guild
            .roles
            .get(&guild.id)
            .map_or(Permissions::empty(), |role| role.permissions);
        let base = member
            .roles
            .iter()
            .filter_map(|role| guild.roles.get(role))
            .fold(everyone, |sum, role| sum | role.permissions);
        if base.contains(Permissions::ADMINISTRATOR) {
            Permissions::all()
        } else if member.is_timed_out(self.clock.now_us()) {
            base & TIMED_OUT
        } else {
            base
        }
    }

    /// A user's permissions in a channel; none if the channel is not theirs to see.
    pub(crate) fn permissions(&self, channel: u64, user: u64) -> Permissions {
        let Some(channel) = self.channels.get(&channel) else {
            return Permissions::empty();
        };
        let guild = match channel.kind {
            ChannelKind::Direct { user: other }
                if user == other || user == self.application.bot =>
            {
                return DIRECT;
            }
            ChannelKind::Direct { .. } => return Permissions::empty(),
            ChannelKind::Guild { guild, .. } => self.guilds.get(&guild),
        };
        let Some((guild, member)) =
            guild.and_then(|guild| Some((guild, guild.members.get(&user)?)))
        else {
            return Permissions::empty();
        };
        let base = self.guild_permissions(guild, user);
        if base.contains(Permissions::ADMINISTRATOR) {
            return base;
        }
        // A thread has no overwrites of its own.
        let ruling = match channel.parent.filter(|_| channel.is_thread()) {
            Some(parent) => self.channels.get(&parent).unwrap_or(channel),
            None => channel,
        };
        let apply = |sum: Permissions, picks: &dyn Fn(u64, bool) -> bool| {
            let picked = || {
                ruling
                    .overwrites
                    .iter()
                    .filter(|overwrite| picks(overwrite.id, overwrite.of_role))
            };
            let deny = picked().fold(Permissions::empty(), |sum, overwrite| sum | overwrite.deny);
            let allow = picked().fold(Permissions::empty(), |sum, overwrite| sum | overwrite.allow);
            (sum - deny) | allow
        };
        let sum = apply(base, &|id, of_role| of_role && id == guild.id);
        let sum = apply(sum, &|id, of_role| of_role && member.roles.contains(&id));
        let sum = apply(sum, &|id, of_role| !of_role && id == user);
        // Private threads are for those who were added, and for moderators.
        let hidden = channel.of() == ChannelType::PrivateThread
            && !sum.contains(Permissions::MANAGE_THREADS)
            && !self.follows(channel.id, user);
        if hidden || !sum.contains(Permissions::VIEW_CHANNEL) {
            Permissions::empty()
        } else if member.is_timed_out(self.clock.now_us()) {
            sum & TIMED_OUT
        } else {
            sum
        }
    }

    /// Whether a user may do this in a channel.
    pub(crate) fn may(&self, user: u64, channel: u64, permission: Permissions) -> bool {
        self.permissions(channel, user).contains(permission)
    }

    /// Whether one member stands above another, by their highest roles; nobody stands above the owner.
    pub(crate) fn outranks(&self, guild: &Guild, user: u64, other: u64) -> bool {
        other != guild.owner
            && (user == guild.owner
                || self.highest_role(guild, user) > self.highest_role(guild, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staff_channel_is_for_staff() {
        let world = World::sandbox();
        let staff = world
            .channels
            .values()
            .find(|channel| channel.name == "staff")
            .unwrap()
            .id;
        let sees = |name: &str| {
            world.may(
                world.user_named(name).unwrap(),
                staff,
                Permissions::VIEW_CHANNEL,
            )
        };
        assert!(sees("owner"));
        assert!(sees("mod"));
        assert!(!sees("member"));
        assert!(!sees("Cogwright"));
    }

    #[test]
    fn nobody_outranks_the_owner() {
        let world = World::sandbox();
        let guild = world.guilds.values().next().unwrap();
        let [owner, moderator, member] =
            ["owner", "mod", "member"].map(|name| world.user_named(name).unwrap());
        assert!(world.outranks(guild, world.application.bot, moderator));
        assert!(!world.outranks(guild, world.application.bot, owner));
        assert!(world.outranks(guild, owner, moderator));
        assert!(!world.outranks(guild, member, moderator));
    }
}
