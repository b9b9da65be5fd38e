//! Servers that the bot joins and leaves: Discord tells of both with events that mean other things as well.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use plugin_api::hook::{BotReady, GuildJoined, GuildLeft};
use serde::Deserialize;

use crate::{gateway::News, services::Services};

/// The servers that the bot is in, by what the shards were told.
#[derive(Debug, Default)]
pub struct Guilds {
    known: Mutex<HashSet<u64>>,
    /// The shards that have had a session.
    shards: Mutex<HashSet<u32>>,
}

#[derive(Deserialize)]
struct Ready {
    guilds: Vec<Guild>,
    #[serde(default)]
    shard: Option<(u64, u64)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Guild {
    id: String,
    name: String,
    member_count: u64,
    unavailable: bool,
}

impl Guilds {
    /// Learns from READY, GUILD_CREATE and GUILD_DELETE, and tells the hooks what they mean. A server that READY lists
    /// comes as GUILD_CREATE and was not joined; one that is unavailable is deleted and created again and was not left
    /// ([reference](https://discord.com/developers/docs/events/gateway-events#guild-create)).
    pub(super) fn learn(
        &self,
        services: &Services,
        shard: u32,
        news: News,
        name: &str,
        json: &str,
    ) {
        match name {
            "READY" => self.ready(services, shard, news, json),
            "GUILD_CREATE" => {
                let Some(guild) = read(json).filter(|guild| !guild.unavailable) else {
                    return;
                };
                if self.known().insert(guild.id()) {
                    services.hooks.emit(&GuildJoined {
                        guild_id: guild.id(),
                        members: guild.member_count,
                        name: guild.name,
                    });
                }
            }
            "GUILD_DELETE" => {
                let Some(guild) = read(json).filter(|guild| !guild.unavailable) else {
                    return;
                };
                if self.known().remove(&guild.id()) {
                    services.hooks.emit(&GuildLeft {
                        guild_id: guild.id(),
                    });
                }
            }
            _ => {}
        }
    }

    /// How many shards have told their servers.
    pub(crate) fn shards(&self) -> usize {
        self.shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// In how many servers the bot is.
    pub(crate) fn count(&self) -> usize {
        self.known().len()
    }

    /// A session that follows another tells what has happened in between: a server that it does not list was left, and one that
    /// only it lists was joined.
    fn ready(&self, services: &Services, shard: u32, news: News, json: &str) {
        let Ok(Ready { guilds, shard: of }) = serde_json::from_str(json) else {
            return;
        };
        let listed: HashSet<u64> = guilds.iter().map(Guild::id).collect();
        let is_first = self
            .shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(shard);
        if is_first {
            self.known().extend(&listed);
        } else {
            let (number, count) = of.unwrap_or((0, 1));
            // https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
            let of_shard = |id: &u64| (id >> 22) % count.max(1) == number;
            // A list of which a part can't be read says of no server that it was left.
            let is_whole = !listed.contains(&0);
            let is_left = |id: &u64| is_whole && of_shard(id) && !listed.contains(id);
            let left: Vec<u64> = self.known().extract_if(is_left).collect();
            for guild_id in left {
                services.hooks.emit(&GuildLeft { guild_id });
            }
        }
        if news == News::Whole {
            services.hooks.emit(&BotReady {
                user_id: services.bot_id(),
                shard,
                guilds: guilds.len() as u64,
            });
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guild {
    fn id(&self) -> u64 {
        self.id.parse().unwrap_or(0)
    }
}

fn read(json: &str) -> Option<Guild> {
    serde_json::from_str(json).ok()
}
