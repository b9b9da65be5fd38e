//! Servers that the bot joins and leaves: Discord tells of both with events that mean other things as well.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use plugin_api::hook::{BotReady, GuildJoined, GuildLeft};
use serde::Deserialize;

use crate::services::Services;

/// The servers that the bot is in, by what the shards were told.
#[derive(Debug, Default)]
pub struct Guilds {
    known: Mutex<HashSet<u64>>,
    /// The shards that have told theirs.
    shards: Mutex<HashSet<u32>>,
}

#[derive(Deserialize)]
struct Ready {
    guilds: Vec<Guild>,
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
    pub(super) fn learn(&self, services: &Services, shard: u32, name: &str, json: &str) {
        match name {
            "READY" => {
                let Ok(Ready { guilds }) = serde_json::from_str(json) else {
                    return;
                };
                self.known().extend(guilds.iter().map(Guild::id));
                self.shards
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(shard);
                services.hooks.emit(&BotReady {
                    user_id: services.bot_id(),
                    shard,
                    guilds: guilds.len() as u64,
                });
            }
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
