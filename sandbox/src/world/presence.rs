//! Presences of users, with their activities: <https://discord.com/developers/docs/events/gateway-events#presence>.

use serde_json::{Value, json};
use twilight_model::gateway::presence::{MinimalActivity, Status};

use super::{Event, Guild, World, crowd};

/// A user's state, the same in all guilds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Presence {
    pub status: Status,
    /// Activity objects.
    pub activities: Vec<Value>,
}

impl Presence {
    /// Online, doing nothing.
    pub(crate) const ONLINE: Self = Self {
        status: Status::Online,
        activities: Vec::new(),
    };

    /// Not here.
    pub(crate) const OFFLINE: Self = Self {
        status: Status::Offline,
        activities: Vec::new(),
    };

    /// Whoever is invisible seems to be offline, and to do nothing.
    fn seen(self) -> Self {
        match self.status {
            Status::Invisible | Status::Offline => Self::OFFLINE,
            _ => self,
        }
    }
}

impl World {
    /// Sets a user's status and activities, and tells the guilds. Who has none set is online; the bot is as soon as
    /// it logs in, and the crowd is offline.
    pub fn set_presence(&mut self, user: u64, status: Status, activities: &[MinimalActivity]) {
        let created_at = self.clock.now_ms();
        let activity = |activity: &MinimalActivity| {
            let mut json = json!({
                "id": "custom",
                "name": activity.name,
                "type": u8::from(activity.kind),
                "created_at": created_at,
            });
            if let Some(url) = &activity.url {
                json["url"] = json!(url);
            }
            json
        };
        let activities = activities.iter().map(activity).collect();
        self.present(user, Presence { status, activities });
    }

    /// Replaces a presence, and tells the guilds.
    pub(crate) fn present(&mut self, user: u64, presence: Presence) {
        let presence = presence.seen();
        if self.presence(user) == presence {
            return;
        }
        self.presences.insert(user, presence);
        // A bot is not told of its own.
        if user == self.application.bot {
            return;
        }
        let guilds: Vec<_> = self.guilds_of(user).map(|guild| guild.id).collect();
        for guild in guilds {
            let mut data = self.presence_json(user);
            data["guild_id"] = json!(guild.to_string());
            self.outbox
                .push(Event::of_guild("PRESENCE_UPDATE", guild, data));
        }
    }

    /// The presence of a user as others see it.
    pub(crate) fn presence(&self, user: u64) -> Presence {
        let known = self.presences.get(&user).cloned();
        known.unwrap_or_else(|| {
            if user == self.application.bot || crowd::number(user).is_some() {
                Presence::OFFLINE
            } else {
                Presence::ONLINE
            }
        })
    }

    /// Whether others see the user online, idle or busy.
    pub(crate) fn is_online(&self, user: u64) -> bool {
        self.presence(user).status != Status::Offline
    }

    /// The presence object, without a guild.
    pub(crate) fn presence_json(&self, user: u64) -> Value {
        let presence = self.presence(user);
        let status = json!(presence.status);
        let is_bot = self.users.get(&user).is_some_and(|user| user.bot);
        let client = if is_bot { "web" } else { "desktop" };
        let clients = if presence.status == Status::Offline {
            json!({})
        } else {
            json!({client: status})
        };
        json!({
            "user": {"id": user.to_string()},
            "status": status,
            "activities": presence.activities,
            "client_status": clients,
        })
    }

    /// Whether a large guild shows a member from the start: one who is online, has a role or a nickname, or is in a
    /// voice channel.
    pub(crate) fn stands_out(&self, guild: &Guild, user: u64) -> bool {
        let member = guild.members.get(&user);
        member.is_some_and(|member| !member.roles.is_empty() || member.nick.is_some())
            || self.is_online(user)
            || self.voice.contains_key(&(guild.id, user))
    }
}
