//! Roles and their order.

use std::cmp::Reverse;

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{Event, Guild, World, change};

/// A role; the one with the guild's id is @everyone.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub id: u64,
    pub name: String,
    pub permissions: Permissions,
    pub position: i64,
    pub color: u32,
    pub hoist: bool,
    pub mentionable: bool,
    /// The bot that the role came with.
    pub bot: Option<u64>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            permissions: Permissions::empty(),
            position: 0,
            color: 0,
            hoist: false,
            mentionable: false,
            bot: None,
        }
    }
}

/// Where a role stands: higher is more; of two at the same position the older one is higher.
pub(crate) type Rank = (i64, Reverse<u64>);

impl Role {
    /// Where the role stands.
    pub(crate) const fn rank(&self) -> Rank {
        (self.position, Reverse(self.id))
    }

    /// The role object.
    pub(crate) fn json(&self) -> Value {
        let mut role = json!({
            "id": self.id.to_string(),
            "name": self.name,
            "color": self.color,
            "colors": {"primary_color": self.color, "secondary_color": null, "tertiary_color": null},
            "hoist": self.hoist,
            "icon": null,
            "unicode_emoji": null,
            "position": self.position,
            "permissions": self.permissions.bits().to_string(),
            "managed": self.bot.is_some(),
            "mentionable": self.mentionable,
            "flags": 0,
        });
        if let Some(bot) = self.bot {
            role["tags"] = json!({"bot_id": bot.to_string()});
        }
        role
    }
}

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
