//! Cache updates about threads: those that are active are kept.

use std::collections::HashSet;

use super::super::{
    Cache, Store,
    kept::{Channel, THREAD_METADATA},
    packed::{Packer, Scanner, Value, words::code},
    shelf::Filling,
};
use crate::lenient::{self, Faults, Field, Fields};

impl Cache {
    /// The active threads of some channels, or of the server: those that are kept and not listed are active no more.
    pub(super) fn threads_listed(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let told = fields.id("guild_id").known();
        if told.is_none() {
            faults.note("guild_id");
        }
        let threads = fields.list("threads").known();
        if threads.is_none() {
            faults.note("threads");
        }
        let (mut listed, mut packer) = (Filling::default(), Packer::default());
        for (number, item) in threads.iter().flatten().enumerate() {
            let path = || format!("threads[{number}]");
            faults.inside(path, |faults| {
                let mut from = Scanner::new(item);
                Channel::take(&mut from, true, &mut listed, &mut packer, faults)
            });
        }
        let is_whole = threads.is_some_and(|threads| threads.len() == listed.ids().count());
        let parents: Option<HashSet<u64>> = match fields.list("channel_ids") {
            Field::Absent => Some(HashSet::new()),
            Field::Is(parents) => parents.into_iter().map(lenient::id).collect(),
            Field::Unreadable => None,
        };
        if parents.is_none() {
            faults.note("channel_ids");
        }
        let mut store = self.store_mut();
        match (told, parents) {
            (Some(guild), Some(parents)) if is_whole => {
                let is_meant = |parent: Option<u64>| {
                    parents.is_empty() || parent.is_some_and(|it| parents.contains(&it))
                };
                let ids = listed.ids().collect();
                drop_threads(&mut store, guild, is_meant, &ids);
            }
            // Which ones it is about can't be told.
            _ => forget_threads(&mut store, told),
        }
        let Some(guild) = told else {
            // A thread's id is no other's.
            for (id, thread) in listed.finish().iter() {
                if let Some(guild) = store.places.get(&id).copied() {
                    store.keep_channel(guild, id, &thread.to_item());
                }
            }
            return;
        };
        store.keep_channels(guild, &listed);
    }
}

/// These threads may be anywhere now: forgets where they were.
fn forget_threads(store: &mut Store, guild: Option<u64>) {
    for (id, kept) in &mut store.guilds {
        if guild.is_none_or(|guild| guild == *id) {
            kept.forget_threads();
        }
    }
}

/// Drops the threads of a server that are below such a channel (`None`: it is not known below which), but those of `but`.
pub(super) fn drop_threads(
    store: &mut Store,
    guild: u64,
    of: impl Fn(Option<u64>) -> bool,
    but: &HashSet<u64>,
) {
    let Store { guilds, places, .. } = store;
    let Some(kept) = guilds.get_mut(&guild) else {
        return;
    };
    kept.channels.retain(|id, channel| {
        let channel = Channel(channel);
        let is_gone = channel.is_thread() && of(channel.parent()) && !but.contains(&id);
        if is_gone {
            places.remove(&id);
        }
        !is_gone
    });
}

pub(super) fn is_archived(thread: Channel<'_>) -> bool {
    let metadata = thread.object().get(THREAD_METADATA).and_then(Value::object);
    let archived = metadata.and_then(|it| it.last(const { code("archived") }));
    archived.and_then(Value::flag) == Some(true)
}
