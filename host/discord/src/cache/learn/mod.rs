//! Cache updates from gateway events.
//!
//! Each event is read field by field and item by item. What can't be read is noted, and what it was about is forgotten: known as
//! far as it can be told which, and where it can't be told, all that it may have been. Nothing stays that may be out of date.

mod people;
mod server;
#[cfg(test)]
mod tests;
mod threads;
mod voice;

use std::{collections::HashSet, time::Instant};

use twilight_model::gateway::Intents;

pub(super) use self::server::{Parts, Told};
use self::threads::{drop_threads, is_archived};
use super::{
    Cache,
    kept::{Channel, GuildKept, Role},
};
use crate::lenient::{self, Faults, Field, Fields};

/// Names of the events that something is learnt from.
const TELLING: [&str; 26] = [
    "CHANNEL_CREATE",
    "CHANNEL_DELETE",
    "CHANNEL_PINS_UPDATE",
    "CHANNEL_UPDATE",
    "GUILD_CREATE",
    "GUILD_DELETE",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBER_UPDATE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_DELETE",
    "GUILD_ROLE_UPDATE",
    "GUILD_UPDATE",
    "INTERACTION_CREATE",
    "MESSAGE_CREATE",
    "MESSAGE_REACTION_ADD",
    "READY",
    "THREAD_CREATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "THREAD_MEMBERS_UPDATE",
    "THREAD_UPDATE",
    "TYPING_START",
    "USER_UPDATE",
    "VOICE_STATE_UPDATE",
];

impl Cache {
    /// Whether anything is learnt from events of this name.
    #[must_use]
    pub fn learns_from(name: &str) -> bool {
        TELLING.binary_search(&name).is_ok()
    }

    /// Learns from one event: `data` is its `d`; `intents` are those of its session. What could not be read of what is kept.
    pub fn learn(&self, intents: Intents, name: &str, data: &str) -> Faults {
        let mut faults = Faults::default();
        if !Self::learns_from(name) {
            return faults;
        }
        // Those are read in one pass.
        match name {
            "GUILD_CREATE" => {
                self.guild_created(intents, data, &mut faults);
                return faults;
            }
            "GUILD_UPDATE" => {
                self.guild_updated(data, &mut faults);
                return faults;
            }
            _ => {}
        }
        let fields = Fields::read(data).unwrap_or_else(|| {
            faults.note("d");
            Fields::default()
        });
        let (fields, faults_here) = (&fields, &mut faults);
        match name {
            "MESSAGE_CREATE" | "INTERACTION_CREATE" | "MESSAGE_REACTION_ADD" | "TYPING_START" => {
                self.seen(name, fields, faults_here)
            }
            "VOICE_STATE_UPDATE" => {
                self.seen(name, fields, faults_here);
                self.voice_changed(fields, faults_here);
            }
            "READY" => self.ready(fields, faults_here),
            "USER_UPDATE" => self.store_mut().me = Some(data.into()),
            "GUILD_DELETE" => self.guild_deleted(fields, faults_here),
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
                self.channel_changed(name.starts_with("THREAD_"), data, fields, faults_here);
            }
            "CHANNEL_PINS_UPDATE" => self.pinned(fields),
            "CHANNEL_DELETE" | "THREAD_DELETE" => self.channel_deleted(fields, faults_here),
            "THREAD_MEMBERS_UPDATE" => self.seen_in_thread(fields, faults_here),
            "THREAD_LIST_SYNC" => self.threads_listed(fields, faults_here),
            "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => self.role_changed(fields, faults_here),
            "GUILD_ROLE_DELETE" => self.role_deleted(fields, faults_here),
            "GUILD_MEMBER_ADD" => {
                self.count(fields, |members| members.saturating_add(1));
                self.member_changed(data, fields, faults_here);
            }
            "GUILD_MEMBER_UPDATE" => self.member_changed(data, fields, faults_here),
            "GUILD_MEMBER_REMOVE" => self.member_left(fields, faults_here),
            "GUILD_MEMBERS_CHUNK" => self.members_listed(fields, faults_here),
            other => unreachable!("{other} is among those that tell something, and nobody listens"),
        }
        faults
    }

    /// A new session. What the last one told stays until each server is told anew, so that a change of intents leaves the bot
    /// no moment without knowledge; servers that are not in the list were left in between. One that nothing is known of is out of
    /// reach until it is told, and stays so while Discord has an outage there.
    fn ready(&self, fields: &Fields<'_>, faults: &mut Faults) {
        match fields.raw("user") {
            Some(user) => self.store_mut().me = Some(user.into()),
            None => faults.note("user"),
        }
        let Field::Is(items) = fields.list("guilds") else {
            faults.note("guilds");
            return;
        };
        let mut listed = HashSet::new();
        for (number, item) in items.iter().enumerate() {
            match Fields::read(item).map(|guild| guild.id("id")) {
                Some(Field::Is(id)) => {
                    self.members.told(id, false, Instant::now());
                    let out_of_reach = || {
                        Box::new(GuildKept {
                            is_out: true,
                            ..GuildKept::default()
                        })
                    };
                    let mut store = self.store_mut();
                    store.guilds.entry(id).or_insert_with(out_of_reach);
                    listed.insert(id);
                }
                _ => faults.note(format!("guilds[{number}].id")),
            }
        }
        let shard = fields.list("shard").noted(faults, "shard").known();
        let shard = shard.and_then(|shard| match &*shard {
            [number, count] => Some((lenient::number(number)?, lenient::id(count)?)),
            _ => None,
        });
        // A list of which a part can't be read says of no server that it was left.
        let (true, Some((shard, shards))) = (listed.len() == items.len(), shard) else {
            return;
        };
        // https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
        let is_left = |id: &u64| (id >> 22) % shards == shard && !listed.contains(id);
        let known: Vec<u64> = self.store().guilds.keys().copied().collect();
        for id in known.into_iter().filter(is_left) {
            self.forget_guild(id);
        }
    }

    fn guild_created(&self, intents: Intents, data: &str, faults: &mut Faults) {
        let told = Told::read(data, Parts::All, faults);
        let (id, is_object) = (told.as_ref().and_then(|told| told.id), told.is_some());
        let (Some(mut told), Some(id)) = (told, id) else {
            faults.note(if is_object { "id" } else { "d" });
            return self.forget_what_servers_allow();
        };
        if told.is_out {
            return self.outage(id);
        }
        let mut guild = told.server();
        if intents.contains(Intents::GUILD_VOICE_STATES) {
            guild.voice = voice::listed(told.voice_states(faults), faults);
        }
        let mut store = self.store_mut();
        store.drop_guild(id);
        store
            .places
            .extend(guild.channels.ids().map(|channel| (channel, id)));
        store.guilds.insert(id, Box::new(guild));
        drop(store);
        // Before the members: they were seen after it.
        let is_told = intents.contains(Intents::GUILD_MEMBERS);
        self.members.told(id, is_told, Instant::now());
        // It is always listed; where it can't be read, what was known of it is from before.
        self.members.forget(Some(id), Some(self.bot_id()));
        match told.members {
            Some(members) => self.members_are(Some(id), members),
            None => self.members.forget(Some(id), None),
        }
    }

    fn guild_updated(&self, data: &str, faults: &mut Faults) {
        let told = Told::read(data, Parts::ButChannelsAndMembers, faults);
        let (id, is_object) = (told.as_ref().and_then(|told| told.id), told.is_some());
        let (Some(mut told), Some(id)) = (told, id) else {
            faults.note(if is_object { "id" } else { "d" });
            return self.forget_what_servers_allow();
        };
        if let Some(guild) = self.store_mut().guilds.get_mut(&id) {
            guild.update(&mut told);
        }
    }

    /// A server that was left, or an outage.
    fn guild_deleted(&self, fields: &Fields<'_>, faults: &mut Faults) {
        match fields.id("id") {
            Field::Is(id) if is_out(fields) => self.outage(id),
            Field::Is(id) => self.forget_guild(id),
            Field::Absent | Field::Unreadable => faults.note("id"),
        }
    }

    fn outage(&self, id: u64) {
        self.members.told(id, false, Instant::now());
        let mut store = self.store_mut();
        store.guilds.entry(id).or_default().is_out = true;
    }

    fn forget_guild(&self, id: u64) {
        self.store_mut().drop_guild(id);
        self.members.guild_left(id);
    }

    fn channel_changed(
        &self,
        is_thread: bool,
        data: &str,
        fields: &Fields<'_>,
        faults: &mut Faults,
    ) {
        let read = Channel::read(data, is_thread, faults);
        let told = fields.id("guild_id").noted(faults, "guild_id");
        let Some((id, channel)) = read else {
            return self.forget_channels(told.known());
        };
        let mut store = self.store_mut();
        let known = store.places.get(&id).copied();
        // Without a server it is a private one.
        let Some(guild) = told.known().or(known) else {
            return;
        };
        if known.is_some_and(|known| known != guild) {
            store.drop_channel(id);
        }
        // Archived threads are not kept: Discord does not list them either when a session starts.
        let view = Channel(channel.view());
        if view.is_thread() && is_archived(view) {
            store.drop_channel(id);
        } else {
            store.keep_channel(guild, id, &channel);
        }
    }

    fn pinned(&self, fields: &Fields<'_>) {
        let Field::Is(id) = fields.id("channel_id") else {
            return;
        };
        let mut store = self.store_mut();
        let guild = store.places.get(&id).copied();
        let guild = guild.and_then(|guild| store.guilds.get_mut(&guild));
        let name = "last_pin_timestamp";
        let raw = fields.raw(name).unwrap_or("null");
        if let Some(guild) = guild
            && let Some(channel) = guild.channel(id)
        {
            let pinned = channel.with(name, raw);
            guild.channels.put(id, &pinned);
        }
    }

    /// A channel takes its threads along; Discord does not tell of each. They may be known where the channel itself is not.
    fn channel_deleted(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let told = fields.id("guild_id");
        let Field::Is(id) = fields.id("id") else {
            faults.note("id");
            return self.forget_channels(told.known());
        };
        let mut store = self.store_mut();
        let guilds: Vec<u64> = match (store.places.get(&id), told) {
            (Some(guild), _) => vec![*guild],
            (None, Field::Is(guild)) => vec![guild],
            // Without a server it is a private one.
            (None, Field::Absent) => Vec::new(),
            (None, Field::Unreadable) => {
                faults.note("guild_id");
                store.guilds.keys().copied().collect()
            }
        };
        for guild in guilds {
            drop_threads(&mut store, guild, |it| it == Some(id), &HashSet::new());
        }
        store.drop_channel(id);
    }

    fn role_changed(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let told = fields.id("guild_id").known();
        if told.is_none() {
            faults.note("guild_id");
        }
        let role = fields.raw("role").unwrap_or("{}");
        let role = faults.inside(|| "role".into(), |faults| Role::read(role, faults));
        let mut store = self.store_mut();
        match (told, role) {
            (Some(guild), Some((id, role))) => {
                if let Some(guild) = store.guilds.get_mut(&guild) {
                    guild.roles.put(id, &role);
                }
            }
            // A role's id is no other's.
            (None, Some((id, role))) => {
                let mut guilds = store.guilds.values_mut();
                match guilds.find(|guild| guild.role(id).is_some()) {
                    Some(guild) => guild.roles.put(id, &role),
                    None => forget_roles(&mut store, None),
                }
            }
            (told, None) => forget_roles(&mut store, told),
        }
    }

    fn role_deleted(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let told = fields.id("guild_id").known();
        let role = fields.id("role_id").known();
        if told.is_none() {
            faults.note("guild_id");
        }
        let mut store = self.store_mut();
        let Some(role) = role else {
            faults.note("role_id");
            return forget_roles(&mut store, told);
        };
        // A role's id is no other's. Members may have one that the server has not: a list without it may have come first.
        self.members.role_deleted(told, role);
        for (id, guild) in &mut store.guilds {
            if told.is_none_or(|told| told == *id) {
                guild.roles.remove(role);
            }
        }
    }

    fn count(&self, fields: &Fields<'_>, change: impl FnOnce(u64) -> u64) {
        let guild = fields.id("guild_id").known();
        let mut store = self.store_mut();
        if let Some(guild) = guild.and_then(|guild| store.guilds.get_mut(&guild)) {
            guild.members = change(guild.members);
        }
    }

    /// Something about some server has changed, and it could not be read about which.
    fn forget_what_servers_allow(&self) {
        self.store_mut()
            .guilds
            .values_mut()
            .for_each(|guild| guild.forget());
        self.members.forget(None, None);
    }

    /// Events of a shard were missed: what its servers allow is not known until they are told anew.
    pub fn doubt(&self, shard: u64, of: u64) {
        // https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
        let is_meant = |id: u64| (id >> 22) % of.max(1) == shard;
        let mut store = self.store_mut();
        let meant = store.guilds.iter_mut().filter(|(id, _)| is_meant(**id));
        meant.for_each(|(_, kept)| kept.forget());
    }

    /// A channel has changed, and it could not be read which; nor, if there is none, in which server.
    fn forget_channels(&self, guild: Option<u64>) {
        let mut store = self.store_mut();
        for (id, kept) in &mut store.guilds {
            if guild.is_none_or(|guild| guild == *id) {
                kept.forget_channels();
            }
        }
    }
}

fn forget_roles(store: &mut super::Store, guild: Option<u64>) {
    for (id, kept) in &mut store.guilds {
        if guild.is_none_or(|guild| guild == *id) {
            kept.forget_roles();
        }
    }
}

/// Whether a server is out of reach for a while. What is neither true nor false is no word that it was left.
fn is_out(fields: &Fields<'_>) -> bool {
    let is_out = fields.get("unavailable", lenient::flag);
    // A server that is told whole is there.
    is_out == Field::Is(true) || (is_out == Field::Unreadable && fields.raw("name").is_none())
}
