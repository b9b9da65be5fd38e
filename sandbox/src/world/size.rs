//! Large worlds: guilds by the thousand, with the crowd as their members.

use super::{
    World,
    crowd::{Stretch, mix},
    snowflake::{Snowflakes, created_us},
};

/// When the first guild of a world at size was made: 1 January 2017, in milliseconds since 1970.
const FIRST_MS: u64 = 1_483_228_800_000;

/// From one guild to the next, in milliseconds: half an hour.
const STEP_MS: u64 = 1_800_000;

impl World {
    /// A world of so many guilds with so many members each, for tests at size: `Guild 0`, `Guild 1`, … with the
    /// channels `general`, `random` and `bots`, the roles `Regular` and `Helper`, and the members `user0`,
    /// `user1`, …, every one in one guild, of which the first owns it. The bot is in all of them, `owner` in the first.
    ///
    /// Guilds cost a few kB each, members nothing until they are changed: who they are follows from their ids, in
    /// every run in the same way. There are at most 2,500,000; the last guilds are smaller if that is not enough.
    ///
    /// # Examples
    ///
    /// ```
    /// let world = sandbox::World::sized(1_000, 100);
    /// assert!(world.user_named("user99999").is_some());
    /// assert!(world.guild_named("Guild 999").is_some());
    /// ```
    #[must_use]
    pub fn sized(guilds: u32, members: u32) -> Self {
        let mut world = Self::empty();
        world.add_guilds(guilds, members);
        let first = world.guilds.keys().next().copied();
        if let Some(first) = first {
            world.add_member(first, world.application.owner, &[]);
        }
        world
    }

    /// Lets that many of the crowd into a guild, with one of these roles or none; gives the first one's id.
    ///
    /// They are `user0`, `user1`, … counted through the whole world. `None` if there are no more.
    pub fn add_crowd(&mut self, guild: u64, count: u32, roles: &[u64]) -> Option<u64> {
        let known = self.guilds.get_mut(&guild)?;
        let (first, count) = self.users.admit(u64::from(count));
        let roles = roles.iter().copied().map(Some).collect();
        let since_us = created_us(guild);
        let stretch = Stretch {
            first,
            count,
            roles,
            since_us,
        };
        let id = stretch.ids_from(0).next();
        known.members.admit(stretch);
        id
    }

    /// Keeps somebody who acts, of the crowd perhaps, so that they need not be made for each of their deeds.
    pub(crate) fn cast(&mut self, user: u64) {
        self.users.get_mut(&user);
        for guild in self.guilds.values_mut() {
            guild.members.get_mut(&user);
        }
    }

    /// Adds guilds as [`World::sized`] has them.
    pub(super) fn add_guilds(&mut self, guilds: u32, members: u32) {
        for number in 0..u64::from(guilds) {
            // A guild and all that is in it carry the date of the guild in their ids.
            let made_ms = FIRST_MS + number * STEP_MS + mix(number) % STEP_MS;
            let of_now = std::mem::replace(&mut self.snowflakes, Snowflakes::of_moment(made_ms));
            let owner = self.application.owner;
            let guild = self.add_guild(&format!("Guild {number}"), owner);
            let everyone = self
                .guilds
                .get(&guild)
                .map(|known| known.roles[&guild].permissions);
            let roles = ["Regular", "Helper"]
                .map(|name| self.add_role(guild, name, everyone.unwrap_or(super::EVERYONE)));
            for name in ["general", "random", "bots"] {
                self.add_channel(guild, name);
            }
            self.raise_bot(guild);
            let first = self.add_crowd(guild, members, &roles);
            if let (Some(first), Some(known)) = (first, self.guilds.get_mut(&guild)) {
                known.members.remove(&owner);
                known.owner = first;
            }
            self.snowflakes = of_now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_at_size_is_the_same_every_time() {
        let worlds = [World::sized(3, 10), World::sized(3, 10)];
        let [one, other] = worlds.each_ref().map(|world| {
            let guilds = world.guilds.values();
            let members = guilds.flat_map(|guild| guild.members.iter());
            let people = members.filter(|(user, _)| {
                ![world.application.bot, world.application.owner].contains(user)
            });
            people
                .map(|(user, member)| {
                    let user = world.users.get(&user).unwrap().json();
                    (user, member.partial_json())
                })
                .collect::<Vec<_>>()
        });
        assert_eq!(one.len(), 30);
        assert_eq!(one, other);
    }

    #[test]
    fn its_guilds_are_complete() {
        let world = World::sized(3, 10);
        let sizes: Vec<_> = world
            .guilds
            .values()
            .map(|guild| guild.members.len())
            .collect();
        assert_eq!(sizes, [12, 11, 11]);
        let last = world.guild_named("Guild 2").unwrap();
        let guild = &world.guilds[&last];
        assert_eq!(Some(guild.owner), world.user_named("user20"));
        assert!(world.bot_is_in(last));
        let channels: Vec<_> = world
            .channels_of(last)
            .map(|channel| &channel.name)
            .collect();
        assert_eq!(channels, ["general", "random", "bots"]);
        assert!(
            world
                .channels_of(last)
                .all(|channel| channel.id >> 22 == last >> 22)
        );
        let joined = guild
            .members
            .iter()
            .all(|(_, member)| member.joined_us >= created_us(last));
        assert!(joined);
    }
}
