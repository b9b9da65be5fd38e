//! Interest of users in a scheduled event.

use serde_json::json;

use super::{Collection, Event, World};

impl World {
    /// The users who are interested in an event.
    pub(crate) fn interested(&self, guild: u64, event: u64) -> impl Iterator<Item = u64> {
        let guild = self.guilds.get(&guild);
        let users = guild.and_then(|guild| guild.interested.get(&event));
        users.into_iter().flatten().copied()
    }

    /// Notes that a user is interested in an event, or is no longer, and tells it.
    pub(crate) fn set_interest(&mut self, guild: u64, event: u64, user: u64, interested: bool) {
        if self
            .record_of(guild, Collection::ScheduledEvents, event)
            .is_none()
        {
            return;
        }
        let Some(known) = self.guilds.get_mut(&guild) else {
            return;
        };
        let users = known.interested.entry(event).or_default();
        let (changed, name) = if interested {
            (users.insert(user), "GUILD_SCHEDULED_EVENT_USER_ADD")
        } else {
            (users.remove(&user), "GUILD_SCHEDULED_EVENT_USER_REMOVE")
        };
        if changed {
            let data = json!({
                "guild_scheduled_event_id": event.to_string(),
                "user_id": user.to_string(),
                "guild_id": guild.to_string(),
            });
            self.outbox.push(Event::of_guild(name, guild, data));
        }
    }
}
