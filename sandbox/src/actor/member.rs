//! Members that join and leave.

use serde_json::json;

use super::Actor;
use crate::{
    error::{Error, known},
    world::{Collection, Event, World},
};

impl Actor {
    /// Joins a guild by its name, and tells the bot.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if there is no such guild, or the user is a member or banned.
    pub async fn joins(&self, guild: &str) -> Result<(), Error> {
        self.shared.change(|state| {
            let world = &mut state.world;
            let id = self.guild(world, guild)?;
            let refuse = |why: &str| Err(Error::Refused(format!("{} {why} {guild}", self.name)));
            match world.guilds.get(&id) {
                Some(known) if known.members.contains_key(&self.user) => {
                    return refuse("is already in");
                }
                Some(known) if known.bans.contains_key(&self.user) => {
                    return refuse("is banned from");
                }
                _ => {}
            }
            self.enter(world, id, &[]);
            Ok(())
        })
    }

    /// Joins a guild by an invite's code, and tells the bot.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the invite is unknown or has ended, or the user is a member or banned.
    pub async fn joins_by(&self, code: &str) -> Result<(), Error> {
        self.shared.change(|state| {
            let world = &mut state.world;
            let refuse = |why: &str| Err(Error::Refused(format!("{}: {why}", self.name)));
            let Some(invite) = world.living_invite(code).cloned() else {
                return refuse("the invite is invalid or has expired");
            };
            match world.guilds.get(&invite.guild) {
                Some(known) if known.members.contains_key(&self.user) => {
                    return refuse("is already a member");
                }
                Some(known) if known.bans.contains_key(&self.user) => return refuse("is banned"),
                _ => {}
            }
            world.use_invite(code);
            self.enter(world, invite.guild, &invite.roles);
            Ok(())
        })
    }

    /// Says that the user is interested in a scheduled event, by its name, or no longer is.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if no guild of the user has such an event.
    pub async fn is_interested(&self, event: &str, interested: bool) -> Result<(), Error> {
        self.shared.change(|state| {
            let world = &mut state.world;
            let found = world.guilds_of(self.user).find_map(|guild| {
                let mut events = world.collection(guild.id, Collection::ScheduledEvents);
                let event = events.find(|known| known["name"] == event)?;
                Some((guild.id, event["id"].as_str()?.parse().ok()?))
            });
            let refused = || Error::Refused(format!("no event is named `{event}`"));
            let (guild, event) = found.ok_or_else(refused)?;
            world.set_interest(guild, event, self.user, interested);
            Ok(())
        })
    }

    /// Becomes a member, and tells it.
    fn enter(&self, world: &mut World, guild: u64, roles: &[u64]) {
        world.add_member(guild, self.user, roles);
        if let Some(mut data) = world.member_json(guild, self.user) {
            data["guild_id"] = json!(guild.to_string());
            world
                .outbox
                .push(Event::of_guild("GUILD_MEMBER_ADD", guild, data));
        }
    }

    /// Leaves a guild by its name, and tells the bot.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if there is no such guild.
    pub async fn leaves(&self, guild: &str) -> Result<(), Error> {
        self.shared.change(|state| {
            let id = self.guild(&state.world, guild)?;
            state.world.leave(id, self.user);
            Ok(())
        })
    }

    fn guild(&self, world: &World, name: &str) -> Result<u64, Error> {
        world.guild_named(name).ok_or_else(|| {
            let known = known(name, world.guilds.values().map(|guild| guild.name.as_str()));
            Error::Refused(format!("no guild is named `{name}`; there are {known}"))
        })
    }
}
