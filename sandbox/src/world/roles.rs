//! Roles of a guild and their order.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::{
    Event, Guild, World, change,
    role::{Rank, Role},
};

impl World {
    /// Where a member's highest role stands; @everyone's place for those without roles.
    pub(crate) fn highest_role(&self, guild: &Guild, user: u64) -> Rank {
        let member = guild.members.get(&user);
        let roles = member.iter().flat_map(|member| &member.roles);
        let ranks = roles
            .filter_map(|role| guild.roles.get(role))
            .map(Role::rank);
        ranks.max().unwrap_or((0, Reverse(guild.id)))
    }

    /// Tells that a role is new or has changed.
    pub(crate) fn tell_role(&mut self, name: &str, guild: u64, role: u64) {
        let known = self.guilds.get(&guild);
        if let Some(role) = known.and_then(|guild| guild.roles.get(&role)) {
            let data = json!({"guild_id": guild.to_string(), "role": role.json()});
            self.outbox.push(Event::of_guild(name, guild, data));
        }
    }

    /// Gives roles these positions and closes the gaps; gives the roles that moved, with the changes.
    pub(crate) fn place_roles(
        &mut self,
        guild: u64,
        wishes: &[(u64, i64)],
    ) -> Vec<(u64, Vec<Value>)> {
        let Some(known) = self.guilds.get_mut(&guild) else {
            return Vec::new();
        };
        let mut order: Vec<_> = known
            .roles
            .values()
            .filter(|role| role.id != guild)
            .map(Role::rank)
            .collect();
        order.sort_unstable();
        let mut order: Vec<u64> = order.into_iter().map(|(_, Reverse(id))| id).collect();
        let mut wishes = wishes.to_vec();
        wishes.sort_by_key(|(_, position)| *position);
        order.retain(|role| wishes.iter().all(|(wished, _)| wished != role));
        for (role, position) in wishes {
            let index = usize::try_from(position - 1).unwrap_or(0);
            order.insert(index.min(order.len()), role);
        }
        let mut moved = Vec::new();
        for (position, id) in (1..).zip(order) {
            if let Some(role) = known.roles.get_mut(&id)
                && role.position != position
            {
                let change = change("position", &json!(role.position), &json!(position));
                role.position = position;
                moved.push((id, vec![change]));
            }
        }
        moved
    }

    /// Takes a role away, from its members and out of overwrites, too, and tells it.
    pub(crate) fn delete_role(&mut self, guild: u64, role: u64) {
        let Some(known) = self.guilds.get_mut(&guild) else {
            return;
        };
        if known.roles.remove(&role).is_none() {
            return;
        }
        known.members.forget_role(role);
        let channels: Vec<_> = self
            .channels
            .of_guild(guild)
            .map(|known| known.id)
            .collect();
        for channel in channels {
            if let Some(channel) = self.channels.get_mut(&channel) {
                channel.overwrites.retain(|overwrite| overwrite.id != role);
            }
        }
        let data = json!({"guild_id": guild.to_string(), "role_id": role.to_string()});
        let event = Event::of_guild("GUILD_ROLE_DELETE", guild, data);
        self.outbox.push(event);
    }
}
