//! Pins, roles and nicknames, by users who may.

use twilight_model::guild::Permissions;

use super::{Actor, option};
use crate::{
    error::{Error, known},
    view::MessageView,
    world::{Guild, World},
};

impl Actor {
    /// Pins a message.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user may not pin there, or the message is gone.
    pub async fn pins(&self, message: &MessageView) -> Result<(), Error> {
        self.sets_pin(message, true)
    }

    /// Takes a pinned message down.
    ///
    /// # Errors
    ///
    /// As [`Actor::pins`].
    pub async fn unpins(&self, message: &MessageView) -> Result<(), Error> {
        self.sets_pin(message, false)
    }

    /// Gives a member a role, by name, in the guild of a channel; and tells the bot.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if there is no such member or role, or the user may not give it.
    pub async fn gives_role(&self, channel: &str, member: &str, role: &str) -> Result<(), Error> {
        self.sets_role(channel, member, role, true)
    }

    /// Takes a role from a member; else as [`Actor::gives_role`].
    ///
    /// # Errors
    ///
    /// As [`Actor::gives_role`].
    pub async fn takes_role(&self, channel: &str, member: &str, role: &str) -> Result<(), Error> {
        self.sets_role(channel, member, role, false)
    }

    /// Gives a member, perhaps the user, a nickname in the guild of a channel, or none with an empty one; and tells the bot.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if there is no such member, the user may not, or the nickname has more than 32 characters.
    pub async fn renames(&self, channel: &str, member: &str, nick: &str) -> Result<(), Error> {
        if nick.chars().count() > 32 {
            let limit = "a nickname has at most 32 characters";
            return Err(Error::Refused(limit.to_owned()));
        }
        let channel = self.channel(channel)?;
        self.shared.change(|state| {
            let world = &mut state.world;
            let (guild, member) = self.member(world, channel, member)?;
            let own = member == self.user;
            let needed = if own {
                Permissions::CHANGE_NICKNAME | Permissions::MANAGE_NICKNAMES
            } else {
                Permissions::MANAGE_NICKNAMES
            };
            let may = world.guilds.get(&guild).is_some_and(|known| {
                world.guild_permissions(known, self.user).intersects(needed)
                    && (own || self.user == known.owner || world.outranks(known, self.user, member))
            });
            self.allow(may, "change that nickname")?;
            let nick = Some(nick.trim()).filter(|nick| !nick.is_empty());
            self.change_member(world, guild, member, |known| {
                known.nick = nick.map(str::to_owned);
            });
            Ok(())
        })
    }

    /// The newest message of a channel that can be pinned.
    pub(crate) fn newest_to_pin(&self, channel: &str) -> Result<MessageView, Error> {
        let place = self.channel(channel)?;
        let pinnable: Vec<u64> = self.shared.read(|state| {
            let shown = state.world.visible_messages(self.user, place);
            let fits = shown.filter(|message| {
                World::is_written(message) && message.ephemeral_for.is_none() && !message.pinned
            });
            fits.map(|message| message.id).collect()
        });
        let wanted = "a message that can be pinned";
        self.newest_in(channel, wanted, |shown| pinnable.contains(&shown.id))
    }

    fn sets_pin(&self, message: &MessageView, pinned: bool) -> Result<(), Error> {
        let (channel, id) = (message.channel_id, message.id);
        self.shared.change(|state| {
            let world = &mut state.world;
            let may = world.guild_of(channel).is_none()
                || world.may(self.user, channel, Permissions::PIN_MESSAGES);
            self.allow(may, &format!("pin in #{}", message.channel))?;
            match world.message(channel, id) {
                Some(found) if found.ephemeral_for.is_some() || !World::is_written(found) => {
                    let refused = "such a message can't be pinned".to_owned();
                    Err(Error::Refused(refused))
                }
                Some(found) if found.pinned == pinned => Ok(()),
                Some(_) => {
                    world.pin(channel, id, self.user, pinned);
                    Ok(())
                }
                None => Err(Error::Refused("the message is gone".to_owned())),
            }
        })
    }

    fn sets_role(&self, channel: &str, member: &str, role: &str, give: bool) -> Result<(), Error> {
        let channel = self.channel(channel)?;
        self.shared.change(|state| {
            let world = &mut state.world;
            let (guild, member) = self.member(world, channel, member)?;
            let Some(of) = world.guilds.get(&guild) else {
                return Ok(());
            };
            let wanted = role.trim_start_matches('@');
            let is_it = |known: &&crate::world::Role| {
                known.id != guild && (known.name == wanted || wanted.parse() == Ok(known.id))
            };
            let role = of.roles.values().find(is_it).ok_or_else(|| {
                let names = of.roles.values().filter(|role| role.id != guild);
                let names = known(wanted, names.map(|role| role.name.as_str()));
                Error::Refused(format!("no role is named `{wanted}`; there are {names}"))
            })?;
            let may = world
                .guild_permissions(of, self.user)
                .contains(Permissions::MANAGE_ROLES)
                && role.bot.is_none()
                && (of.owner == self.user || world.highest_role(of, self.user) > role.rank());
            self.allow(may, &format!("give or take the role {}", role.name))?;
            let role = role.id;
            self.change_member(world, guild, member, |known| {
                known.roles.retain(|held| *held != role);
                if give {
                    known.roles.push(role);
                }
            });
            Ok(())
        })
    }

    fn change_member(
        &self,
        world: &mut World,
        guild: u64,
        member: u64,
        change: impl FnOnce(&mut crate::world::Member),
    ) {
        let before = world.member_json(guild, member).unwrap_or_default();
        let guild_of = world.guilds.get_mut(&guild);
        if let Some(known) = guild_of.and_then(|known| known.members.get_mut(&member)) {
            change(known);
        }
        world.tell_member(guild, member, &before, self.user, None);
    }

    /// A member of the guild of a channel, by name or id.
    fn member(&self, world: &World, channel: u64, name: &str) -> Result<(u64, u64), Error> {
        let refuse = |why: String| Err(Error::Refused(why));
        let Some(guild) = world.guild_of(channel) else {
            return refuse("direct messages have no roles and nicknames".to_owned());
        };
        let in_it = |id: &u64| {
            let guild = world.guilds.get(&guild);
            guild.is_some_and(|guild: &Guild| guild.members.contains_key(id))
        };
        match option::user(world, name).filter(in_it) {
            Some(member) => Ok((guild, member)),
            None => refuse(format!("nobody is called `{name}` here")),
        }
    }

    fn allow(&self, may: bool, what: &str) -> Result<(), Error> {
        if may {
            Ok(())
        } else {
            Err(Error::Refused(format!("{} may not {what}", self.name)))
        }
    }
}
