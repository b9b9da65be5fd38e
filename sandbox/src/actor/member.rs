//! Coming and going.

use serde_json::json;

use super::Actor;
use crate::{
    error::{Error, listing},
    world::Event,
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
            world.add_member(id, self.user, &[]);
            if let Some(mut data) = world.member_json(id, self.user) {
                data["guild_id"] = json!(id.to_string());
                world
                    .outbox
                    .push(Event::of_guild("GUILD_MEMBER_ADD", id, data));
            }
            Ok(())
        })
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

    fn guild(&self, world: &crate::World, name: &str) -> Result<u64, Error> {
        world.guild_named(name).ok_or_else(|| {
            let known = listing(world.guilds.values().map(|guild| guild.name.as_str()));
            Error::Refused(format!("no guild is named `{name}`; there are {known}"))
        })
    }
}
