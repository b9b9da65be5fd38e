//! What a member may do: twilight's calculator on what is kept.

use twilight_model::{
    channel::{Channel, ChannelType, permission_overwrite::PermissionOverwrite},
    guild::{Member, Permissions},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
};
use twilight_util::permission_calculator::PermissionCalculator;

use super::{Cache, Unknown};

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

/// A channel, as far as permissions depend on it: a copy, so that nothing in the cache is held while more is looked up.
struct Place {
    guild: Option<Id<GuildMarker>>,
    id: Id<ChannelMarker>,
    kind: ChannelType,
    parent: Option<Id<ChannelMarker>>,
    overwrites: Vec<PermissionOverwrite>,
}

impl Place {
    fn of(channel: &Channel) -> Self {
        Self {
            guild: channel.guild_id,
            id: channel.id,
            kind: channel.kind,
            parent: channel.parent_id,
            overwrites: channel.permission_overwrites.clone().unwrap_or_default(),
        }
    }
}

impl Cache {
    /// What a member may do in a channel, or in the server as a whole: owner, administrator, roles, overwrites, time-outs; a
    /// thread has the overwrites of its parent. Nothing is asked, nothing waits (`just cache`
    /// measures it).
    ///
    /// # Errors
    ///
    /// Something that it depends on is not known; for the owner nothing but the server is needed.
    pub fn permissions(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        channel: Option<Id<ChannelMarker>>,
    ) -> Result<Permissions, Unknown> {
        let owner = self.owner(guild)?;
        let place = match channel {
            Some(id) => Some(self.ruling(guild, self.place(id)?)?),
            None => None,
        };
        if user == owner {
            return Ok(Permissions::all());
        }
        let member = self.member(guild, user)?;
        self.computed(guild, owner, &member, place.as_ref())
    }

    /// The same for a member and a channel that need not be kept. The channel's parent, if it is a thread, has to be.
    pub(super) fn permissions_of(
        &self,
        guild: Id<GuildMarker>,
        member: &Member,
        channel: Option<&Channel>,
    ) -> Result<Permissions, Unknown> {
        let owner = self.owner(guild)?;
        let place = match channel {
            Some(channel) => Some(self.ruling(guild, Place::of(channel))?),
            None => None,
        };
        self.computed(guild, owner, member, place.as_ref())
    }

    /// Who owns a server.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or Discord has an outage there.
    pub fn owner(&self, guild: Id<GuildMarker>) -> Result<Id<UserMarker>, Unknown> {
        self.reachable(guild)?;
        let kept = self.kept.guild(guild).ok_or(Unknown::Guild(guild.get()))?;
        Ok(kept.owner_id())
    }

    fn computed(
        &self,
        guild: Id<GuildMarker>,
        owner: Id<UserMarker>,
        member: &Member,
        place: Option<&Place>,
    ) -> Result<Permissions, Unknown> {
        let of_role = |id: Id<RoleMarker>| self.kept.role(id).map(|role| role.permissions);
        // The role that everyone has is the server's id.
        let everyone = of_role(guild.cast()).ok_or(Unknown::Outage(guild.get()))?;
        // A role that the server does not have was deleted: Discord does not tell each member's roles anew for that.
        let roles = member
            .roles
            .iter()
            .filter_map(|id| Some((*id, of_role(*id)?)));
        let roles: Vec<_> = roles.collect();
        let calculator =
            PermissionCalculator::new(guild, member.user.id, everyone, &roles).owner_id(owner);
        let permissions = match place {
            // Twilight leaves those out that no channel can change, and those that a kind of channel has no use for. Discord's
            // own figures have both: who may mute members may do so by a command in a text channel.
            Some(place) => {
                let server_wide = calculator.root() & SERVER_WIDE;
                server_wide | calculator.in_channel(ChannelType::GuildCategory, &place.overwrites)
            }
            None => calculator.root(),
        };
        if is_timed_out(member) && !permissions.contains(Permissions::ADMINISTRATOR) {
            return Ok(permissions & TIMED_OUT);
        }
        Ok(permissions)
    }

    fn place(&self, id: Id<ChannelMarker>) -> Result<Place, Unknown> {
        let channel = self.kept.channel(id).ok_or(Unknown::Channel(id.get()))?;
        Ok(Place::of(&channel))
    }

    /// The place whose overwrites count there.
    fn ruling(&self, guild: Id<GuildMarker>, mut place: Place) -> Result<Place, Unknown> {
        if place.guild != Some(guild) {
            return Err(Unknown::Elsewhere {
                guild: guild.get(),
                channel: place.id.get(),
            });
        }
        if place.kind.is_thread()
            && let Some(parent) = place.parent
        {
            place.overwrites = self.place(parent)?.overwrites;
        }
        Ok(place)
    }
}

fn is_timed_out(member: &Member) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_micros());
    member
        .communication_disabled_until
        .is_some_and(|until| u128::try_from(until.as_micros()).is_ok_and(|until| until > now))
}
