//! Servers that the bot joins and leaves, told apart from outages, which have the same events.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use host_discord::{
    gateway::News,
    lenient::{self, Field, Fields},
};
use plugin_api::hook::{BotReady, GuildJoined, GuildLeft};
use twilight_model::id::{Id, marker::GuildMarker};

use super::peek;
use crate::services::Services;

/// The servers that the bot is in, by what the shards have heard.
#[derive(Debug, Default)]
pub struct Guilds {
    known: Mutex<HashSet<u64>>,
    /// The shards that have had a session.
    shards: Mutex<HashSet<u32>>,
    /// Those of them that go on with a session of the process before, and have not said so yet.
    resuming: Mutex<BTreeSet<u32>>,
}

/// The readable part of a server.
#[derive(Default)]
struct Guild {
    id: u64,
    name: String,
    member_count: u64,
}

impl Guilds {
    /// The servers that are known from the process before, and the shards whose sessions go on.
    pub(crate) fn restored(&self, guilds: &[Id<GuildMarker>], shards: BTreeSet<u32>) {
        self.known().extend(guilds.iter().map(|guild| guild.get()));
        *self.resuming() = shards;
    }

    /// A session goes on. Where it is one of the process before, this one is ready by it.
    pub(super) fn resumed(&self, services: &Services, shard: u32) {
        if !self.resuming().remove(&shard) {
            return;
        }
        self.lock_shards().insert(shard);
        let shards = services.shards.list(Some(shard)).unwrap_or_default();
        services.hooks.emit(&BotReady {
            user_id: services.bot_id(),
            shard,
            guilds: shards.first().map_or(0, |shard| shard.guilds),
        });
    }

    /// Learns from READY, GUILD_CREATE and GUILD_DELETE, and emits what they mean as hook events. A server that READY lists
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
                let Some(guild) = read(json).filter(|guild| !is_out(json) && guild.id != 0) else {
                    return;
                };
                if self.known().insert(guild.id) {
                    services.hooks.emit(&GuildJoined {
                        guild_id: guild.id,
                        members: guild.member_count,
                        name: guild.name,
                    });
                }
            }
            "GUILD_DELETE" => {
                let Some(guild) = read(json).filter(|_| !peek::is_outage(json)) else {
                    return;
                };
                if self.known().remove(&guild.id) {
                    services.hooks.emit(&GuildLeft { guild_id: guild.id });
                }
            }
            _ => {}
        }
    }

    /// Number of shards whose servers are known.
    pub(crate) fn shards(&self) -> usize {
        self.lock_shards().len()
    }

    /// In how many servers the bot is.
    pub(crate) fn count(&self) -> usize {
        self.known().len()
    }

    /// A session that follows another tells what has happened in between: a server that it does not list was left, and one that
    /// only it lists was joined.
    fn ready(&self, services: &Services, shard: u32, news: News, json: &str) {
        let fields = Fields::read(json).unwrap_or_default();
        let items = fields.list("guilds").known();
        let is_list = items.is_some();
        let items = items.unwrap_or_default();
        let ids = items
            .iter()
            .filter_map(|item| read(item))
            .map(|guild| guild.id);
        let listed: HashSet<u64> = ids.filter(|id| *id != 0).collect();
        let of = fields.list("shard").known().unwrap_or_default();
        let of: Vec<u64> = of.into_iter().filter_map(lenient::number).collect();
        // Of one that was to go on the servers are known all the same.
        let was_restored = self.resuming().remove(&shard);
        let is_first = self.lock_shards().insert(shard) && !was_restored;
        if let (true, [number, count]) = (was_restored, &*of) {
            services.cache.doubt(*number, *count);
        }
        if is_first {
            self.known().extend(&listed);
        } else {
            // A list of which a part can't be read says of no server that it was left.
            let is_whole = is_list && listed.len() == items.len();
            // https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
            let is_left = |id: &u64| match *of {
                [number, count] if is_whole && count > 0 => {
                    (id >> 22) % count == number && !listed.contains(id)
                }
                _ => false,
            };
            let left: Vec<u64> = self.known().extract_if(is_left).collect();
            for guild_id in left {
                services.hooks.emit(&GuildLeft { guild_id });
            }
        }
        if news == News::Whole {
            services.hooks.emit(&BotReady {
                user_id: services.bot_id(),
                shard,
                guilds: items.len() as u64,
            });
        }
    }

    fn lock_shards(&self) -> MutexGuard<'_, HashSet<u32>> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resuming(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.resuming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether Discord says that a server is out of reach.
fn is_out(json: &str) -> bool {
    let fields = Fields::read(json).unwrap_or_default();
    fields.get("unavailable", lenient::flag) == Field::Is(true)
}

fn read(json: &str) -> Option<Guild> {
    let fields = Fields::read(json)?;
    let name = fields.get("name", lenient::text).known();
    Some(Guild {
        id: fields.id("id").known().unwrap_or_default(),
        name: name.unwrap_or_default().into_owned(),
        member_count: fields
            .get("member_count", lenient::number)
            .known()
            .unwrap_or_default(),
    })
}
