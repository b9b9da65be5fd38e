//! Bans from a guild, and what they take away.

use serde_json::{Value, json};

use super::{Event, World, snowflake::created_us};

impl World {
    /// Bans a user and takes the member out, and tells it; `false` if the user is banned already.
    pub(crate) fn ban(&mut self, guild: u64, user: u64, reason: Option<&str>) -> bool {
        let Some(known) = self.guilds.get_mut(&guild) else {
            return false;
        };
        if known.bans.contains_key(&user) {
            return false;
        }
        known.bans.insert(user, reason.map(str::to_owned));
        self.tell_ban("GUILD_BAN_ADD", guild, user);
        self.leave(guild, user);
        true
    }

    /// Lifts a ban and tells it; `false` if there is none.
    pub(crate) fn unban(&mut self, guild: u64, user: u64) -> bool {
        let known = self.guilds.get_mut(&guild);
        let was = known.and_then(|known| known.bans.remove(&user));
        if was.is_some() {
            self.tell_ban("GUILD_BAN_REMOVE", guild, user);
        }
        was.is_some()
    }

    /// Deletes what a user wrote in a guild in the last seconds.
    pub(crate) fn forget_messages(&mut self, guild: u64, user: u64, seconds: i64) {
        if seconds == 0 {
            return;
        }
        let since = self.clock.now_us() - seconds * 1_000_000;
        let channels = self.channels.of_guild(guild);
        let gone: Vec<(u64, Vec<u64>)> = channels
            .map(|channel| {
                let messages = channel.messages.values();
                let of_user = messages
                    .filter(|message| message.author == user && created_us(message.id) >= since);
                (channel.id, of_user.map(|message| message.id).collect())
            })
            .collect();
        for (channel, messages) in gone {
            self.delete_many(channel, &messages);
        }
    }

    fn tell_ban(&mut self, name: &str, guild: u64, user: u64) {
        let user = self
            .users
            .get(&user)
            .map_or(Value::Null, |user| user.json());
        let data = json!({"guild_id": guild.to_string(), "user": user});
        self.outbox.push(Event::of_guild(name, guild, data));
    }
}
