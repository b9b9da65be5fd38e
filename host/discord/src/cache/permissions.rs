//! Permissions of a member: twilight's calculator on the cache.

use twilight_model::{
    channel::{ChannelType, permission_overwrite::PermissionOverwrite},
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
};
use twilight_util::permission_calculator::PermissionCalculator;

use super::{
    Cache, Seen, Store, Unknown,
    kept::{Channel, GuildKept},
};

/// What is left to a member in time-out
/// ([reference](https://discord.com/developers/docs/topics/permissions#permissions-for-timed-out-members)).
const TIMED_OUT: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::READ_MESSAGE_HISTORY);

/// Permissions that a member has in the whole server or not at all: no channel's overwrites change them.
const SERVER_WIDE: Permissions = Permissions::KICK_MEMBERS
    .union(Permissions::BAN_MEMBERS)
    .union(Permissions::ADMINISTRATOR)
    .union(Permissions::MANAGE_GUILD)
    .union(Permissions::VIEW_AUDIT_LOG)
    .union(Permissions::VIEW_GUILD_INSIGHTS)
    .union(Permissions::CHANGE_NICKNAME)
    .union(Permissions::MANAGE_NICKNAMES)
    .union(Permissions::MANAGE_GUILD_EXPRESSIONS)
    .union(Permissions::CREATE_GUILD_EXPRESSIONS)
    .union(Permissions::MODERATE_MEMBERS)
    .union(Permissions::VIEW_CREATOR_MONETIZATION_ANALYTICS);

/// A channel or thread, as far as permissions depend on it.
#[derive(Debug, Clone)]
pub(super) struct ChannelScope {
    id: u64,
    is_thread: bool,
    /// `None` if they are not known.
    overwrites: Option<Box<[PermissionOverwrite]>>,
}

/// Treatment of what could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not known what somebody may do.
    IsUnknown,
    /// Discord was asked, and what it says can't be read either: it allows nothing.
    AllowsNothing,
}

impl ChannelScope {
    /// A channel, with the overwrites that count there: a thread has those of its parent.
    pub(super) fn of(id: u64, channel: Channel<'_>, parent: Option<Channel<'_>>) -> Self {
        let ruling = if channel.is_thread() {
            parent
        } else {
            Some(channel)
        };
        Self {
            id,
            is_thread: channel.is_thread(),
            overwrites: ruling.and_then(Channel::overwrites),
        }
    }
}

impl Store {
    fn place(&self, guild: u64, id: u64) -> Result<ChannelScope, Unknown> {
        let (of, channel) = self.channel(id).ok_or(Unknown::Channel(id))?;
        if of != guild {
            let channel = id;
            return Err(Unknown::Elsewhere { guild, channel });
        }
        let parent = channel.parent().and_then(|parent| self.channel(parent));
        Ok(ChannelScope::of(
            id,
            channel,
            parent.map(|(_, parent)| parent),
        ))
    }
}

impl Cache {
    /// What a member may do in a channel, or in the server as a whole: owner, administrator, roles, overwrites, time-outs; a
    /// thread has the overwrites of its parent, and SEND_MESSAGES there is SEND_MESSAGES_IN_THREADS. Nothing is asked, nothing
    /// waits (`just cache` measures it).
    ///
    /// # Errors
    ///
    /// Something that it depends on is not known; for the owner nothing but the server and the channel are needed.
    pub fn permissions(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        channel: Option<Id<ChannelMarker>>,
    ) -> Result<Permissions, Unknown> {
        let place = {
            let store = self.store();
            let kept = store.reachable(guild.get())?;
            let place = channel.map(|id| store.place(guild.get(), id.get()));
            let place = place.transpose()?;
            if kept.owner == Some(user.get()) {
                return Ok(Permissions::all());
            }
            place
        };
        let member = self.member(guild, user)?;
        self.permissions_of(guild, &member, place.as_ref(), Unread::IsUnknown)
    }

    /// The same for a member and a place that need not be kept.
    pub(super) fn permissions_of(
        &self,
        guild: Id<GuildMarker>,
        member: &Seen,
        place: Option<&ChannelScope>,
        unread: Unread,
    ) -> Result<Permissions, Unknown> {
        let store = self.store();
        let kept = store.reachable(guild.get())?;
        match kept.owner {
            Some(owner) if owner == member.user => return Ok(Permissions::all()),
            None if unread == Unread::IsUnknown => return Err(Unknown::Owner(guild.get())),
            _ => {}
        }
        computed(guild, kept, member, place, unread)
    }

    /// Who owns a server.
    ///
    /// # Errors
    ///
    /// The bot is not in it, Discord has an outage there, or it could not be read.
    pub fn owner(&self, guild: Id<GuildMarker>) -> Result<Id<UserMarker>, Unknown> {
        let store = self.store();
        let owner = store.reachable(guild.get())?.owner;
        let owner = owner.and_then(Id::new_checked);
        owner.ok_or(Unknown::Owner(guild.get()))
    }
}

fn computed(
    guild: Id<GuildMarker>,
    kept: &GuildKept,
    member: &Seen,
    place: Option<&ChannelScope>,
    unread: Unread,
) -> Result<Permissions, Unknown> {
    let here = |permissions: Permissions| match place {
        Some(place) if place.is_thread => in_thread(permissions),
        _ => permissions,
    };
    let of_role = |id: u64, is_deleted: bool| match kept.role(id) {
        Some(role) => match (role.permissions(), unread) {
            (Some(permissions), _) => Ok(here(permissions)),
            (None, Unread::AllowsNothing) => Ok(Permissions::empty()),
            (None, Unread::IsUnknown) => Err(Unknown::Roles(guild.get())),
        },
        // Discord does not tell each member's roles anew when one is deleted. Its overwrites still count if there are any: they
        // may forbid something, and only a role that could not be read has them.
        None if is_deleted || unread == Unread::AllowsNothing => Ok(Permissions::empty()),
        None => Err(Unknown::Roles(guild.get())),
    };
    // The role that everyone has is the server's id, and is never deleted.
    let everyone = of_role(guild.get(), false)?;
    let mut roles: Vec<(Id<RoleMarker>, Permissions)> = Vec::with_capacity(member.roles.len());
    for id in &member.roles {
        if let Some(role) = Id::new_checked(*id) {
            roles.push((role, of_role(*id, kept.has_all_roles)?));
        }
    }
    let user = Id::new_checked(member.user).ok_or(Unknown::Guild(guild.get()))?;
    let calculator = PermissionCalculator::new(guild, user, everyone, &roles);
    let root = calculator.root();
    let permissions = match place {
        Some(place) if !root.contains(Permissions::ADMINISTRATOR) => {
            let overwrites = place.overwrites.as_deref();
            let overwrites = overwrites.ok_or(Unknown::Channel(place.id))?;
            let overwrites: Vec<_> = overwrites
                .iter()
                .map(|it| PermissionOverwrite {
                    allow: here(it.allow),
                    deny: here(it.deny),
                    ..*it
                })
                .collect();
            // Twilight leaves those out that no channel can change, and those that a kind of channel has no use for. Discord's
            // own figures have both: who may mute members may do so by a command in a text channel.
            (root & SERVER_WIDE) | calculator.in_channel(ChannelType::GuildCategory, &overwrites)
        }
        _ => root,
    };
    if member.is_timed_out(now_us()) && !permissions.contains(Permissions::ADMINISTRATOR) {
        return Ok(permissions & TIMED_OUT);
    }
    Ok(permissions)
}

/// What permissions are in a thread: SEND_MESSAGES_IN_THREADS stands for SEND_MESSAGES
/// ([reference](https://discord.com/developers/docs/topics/threads#permissions)).
pub fn in_thread(mut permissions: Permissions) -> Permissions {
    let may_send = permissions.contains(Permissions::SEND_MESSAGES_IN_THREADS);
    permissions.set(Permissions::SEND_MESSAGES, may_send);
    permissions
}

fn now_us() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}
