//! Cache updates about threads: those that are active are kept.

use std::collections::HashSet;

use super::super::{
    Cache, Store,
    kept::{Channel, THREAD_METADATA},
    packed::{Value, words::code},
    shelf::Item,
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
        let mut listed: Vec<(u64, Item)> = Vec::new();
        for (number, item) in threads.iter().flatten().enumerate() {
            let path = || format!("threads[{number}]");
            listed.extend(faults.inside(path, |faults| Channel::read(item, true, faults)));
        }
        let is_whole = threads.is_some_and(|threads| threads.len() == listed.len());
        let parents = fields.list("channel_ids").noted(faults, "channel_ids");
        let mut store = self.store_mut();
        let ids: HashSet<u64> = listed.iter().map(|(id, _)| *id).collect();
        match (told, parents) {
            // Which ones it is about can't be told.
            _ if !is_whole => forget_threads(&mut store, told),
            (Some(guild), Field::Absent) => drop_threads(&mut store, guild, |_| true, &ids),
            (Some(guild), Field::Is(parents)) => {
                let all = parents.is_empty();
                let parents: HashSet<u64> = parents.into_iter().filter_map(lenient::id).collect();
                let is_meant = |parent| all || parents.contains(&parent);
                drop_threads(&mut store, guild, is_meant, &ids);
            }
            _ => {}
        }
        for (id, thread) in &listed {
            // A thread's id is no other's.
            if let Some(guild) = told.or_else(|| store.places.get(id).copied()) {
                store.keep_channel(guild, *id, thread);
            }
        }
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

pub(super) fn drop_threads(
    store: &mut Store,
    guild: u64,
    of: impl Fn(u64) -> bool,
    but: &HashSet<u64>,
) {
    let Some(kept) = store.guilds.get(&guild) else {
        return;
    };
    let is_gone = |(id, channel): &(u64, Channel<'_>)| {
        channel.is_thread() && channel.parent().is_some_and(&of) && !but.contains(id)
    };
    let gone: Vec<u64> = kept.channels().filter(is_gone).map(|it| it.0).collect();
    for id in gone {
        store.drop_channel(id);
    }
}

pub(super) fn is_archived(thread: Channel<'_>) -> bool {
    let metadata = thread.object().get(THREAD_METADATA).and_then(Value::object);
    let archived = metadata.and_then(|it| it.last(const { code("archived") }));
    archived.and_then(Value::flag) == Some(true)
}
