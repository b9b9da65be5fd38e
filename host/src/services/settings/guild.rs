//! Settings of servers: kept in their databases, and in memory while they are used.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use host_store::{Storage, storage::StorageError};
use lru::LruCache;
use plugin_api::manifest::SettingManifest;
use serde_json::Value;
use twilight_model::id::{Id, marker::GuildMarker};

use super::schema;

/// Servers whose values are kept in memory: the busy ones of a large bot.
const KEPT: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// A server's values as they are written, by plugin and name.
type Values = BTreeMap<(String, String), Value>;

/// Settings of servers.
#[derive(Debug)]
pub(super) struct GuildValues {
    kept: Mutex<LruCache<Id<GuildMarker>, Arc<Values>>>,
    /// Counts changes: what was read before one is not kept after it.
    changes: AtomicU64,
}

impl Default for GuildValues {
    fn default() -> Self {
        Self {
            kept: Mutex::new(LruCache::new(KEPT)),
            changes: AtomicU64::new(0),
        }
    }
}

impl GuildValues {
    /// A server's value as it crosses; `None` when it has none of its own, or one that does not fit any more.
    pub(super) async fn value(
        &self,
        storage: &Storage,
        guild: Id<GuildMarker>,
        plugin: &str,
        setting: &SettingManifest,
    ) -> Result<Option<Value>, StorageError> {
        let Some(written) = self.written(storage, guild, plugin, &setting.name).await? else {
            return Ok(None);
        };
        match schema::check(setting, &written) {
            Ok(value) => Ok(Some(value)),
            Err(why) => {
                tracing::warn!(
                    guild = guild.get(),
                    plugin,
                    setting = &*setting.name,
                    "the server's value does not fit any more and is passed over: {why}"
                );
                Ok(None)
            }
        }
    }

    /// A server's value as it is written.
    pub(super) async fn written(
        &self,
        storage: &Storage,
        guild: Id<GuildMarker>,
        plugin: &str,
        name: &str,
    ) -> Result<Option<Value>, StorageError> {
        let values = self.of(storage, guild).await?;
        Ok(values.get(&(plugin.to_owned(), name.to_owned())).cloned())
    }

    /// Sets a value, or takes it away.
    pub(super) async fn set(
        &self,
        storage: &Storage,
        guild: Id<GuildMarker>,
        plugin: &str,
        name: &str,
        written: Option<&Value>,
    ) -> Result<(), StorageError> {
        let json = written.map(Value::to_string);
        let set = storage
            .set_guild_setting(guild.get(), plugin, name, json)
            .await;
        // Also after a failure: what is in the file now is not known.
        self.changes.fetch_add(1, SeqCst);
        self.kept().pop(&guild);
        set
    }

    /// Has a server's values read anew, or those of all; how many were in memory.
    pub(super) fn forget(&self, guild: Option<Id<GuildMarker>>) -> usize {
        self.changes.fetch_add(1, SeqCst);
        let mut kept = self.kept();
        let before = kept.len();
        match guild {
            Some(guild) => drop(kept.pop(&guild)),
            None => kept.clear(),
        }
        before - kept.len()
    }

    /// How many servers' values are in memory.
    pub(super) fn kept_count(&self) -> usize {
        self.kept().len()
    }

    async fn of(
        &self,
        storage: &Storage,
        guild: Id<GuildMarker>,
    ) -> Result<Arc<Values>, StorageError> {
        if let Some(values) = self.kept().get(&guild) {
            return Ok(Arc::clone(values));
        }
        let changes = self.changes.load(SeqCst);
        let rows = storage.guild_settings(guild.get()).await?;
        let values = rows.into_iter().filter_map(|(plugin, name, json)| {
            Some(((plugin, name), serde_json::from_str(&json).ok()?))
        });
        let values: Arc<Values> = Arc::new(values.collect());
        let mut kept = self.kept();
        if self.changes.load(SeqCst) == changes {
            kept.put(guild, Arc::clone(&values));
        }
        Ok(values)
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<Id<GuildMarker>, Arc<Values>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
