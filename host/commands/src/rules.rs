//! Server rules: the prefix of a server, and who may use which command in it.

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
use serde_json::{Value, json};
use twilight_model::id::{Id, marker::GuildMarker};

use super::registered::HOST;

/// Servers whose rules are kept in memory: the busy ones of a large bot.
const KEPT: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();

/// Rules of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuildRules {
    /// Its prefix; `None`: the bot's.
    pub prefix: Option<String>,
    /// Whether a mention of the bot works like the prefix; `None`: as the bot's.
    pub mention_prefix: Option<bool>,
    /// Roles of which one is needed, by the path of a command or group.
    pub roles: BTreeMap<String, Vec<u64>>,
}

impl GuildRules {
    /// The roles of which one is needed for a command: its own rule, or that of the group nearest to it. Also whose rule it is.
    #[must_use]
    pub fn roles_for(&self, path: &str) -> Option<(&str, &[u64])> {
        let mut path = path;
        loop {
            if let Some((rule, roles)) = self.roles.get_key_value(path) {
                return Some((rule, roles));
            }
            path = path.rsplit_once(' ')?.0;
        }
    }
}

/// Rules of servers: kept in their databases, and in memory while they are used.
#[derive(Debug)]
pub struct Rules {
    storage: Arc<Storage>,
    kept: Mutex<LruCache<Id<GuildMarker>, Arc<GuildRules>>>,
    /// Counts changes: what was read before one is not kept after it.
    changes: AtomicU64,
    /// Held by what reads a rule and then changes it.
    door: tokio::sync::Mutex<()>,
}

impl Rules {
    /// The rules in these databases.
    #[must_use]
    pub fn new(storage: Arc<Storage>) -> Self {
        Self {
            storage,
            kept: Mutex::new(LruCache::new(KEPT)),
            changes: AtomicU64::new(0),
            door: tokio::sync::Mutex::default(),
        }
    }

    /// Held while a rule is read and changed by what was read.
    pub(crate) async fn one_change(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.door.lock().await
    }

    /// A server's rules, where they need not be read.
    pub fn now(&self, guild: Option<Id<GuildMarker>>) -> Option<Arc<GuildRules>> {
        let Some(guild) = guild.filter(|_| !self.storage.is_absent()) else {
            return Some(Arc::default());
        };
        self.kept().get(&guild).map(Arc::clone)
    }

    /// A server's rules; those of direct messages (`None`) are empty.
    ///
    /// # Errors
    ///
    /// The server's database can't be read.
    pub async fn of(
        &self,
        guild: Option<Id<GuildMarker>>,
    ) -> Result<Arc<GuildRules>, StorageError> {
        if let Some(rules) = self.now(guild) {
            return Ok(rules);
        }
        let Some(guild) = guild else {
            return Ok(Arc::default());
        };
        let changes = self.changes.load(SeqCst);
        let settings = self.storage.guild_settings(guild.get()).await?;
        let settings = settings.iter();
        let rules = Arc::new(GuildRules::of_settings(
            settings.map(|(plugin, name, json)| (&**plugin, &**name, &**json)),
        ));
        let mut kept = self.kept();
        if self.changes.load(SeqCst) == changes {
            kept.put(guild, Arc::clone(&rules));
        }
        Ok(rules)
    }

    /// Has a server's rules read anew when they are asked for next, or those of all; how many were in memory.
    pub fn forget(&self, guild: Option<Id<GuildMarker>>) -> usize {
        self.changes.fetch_add(1, SeqCst);
        let mut kept = self.kept();
        let before = kept.len();
        match guild {
            Some(guild) => drop(kept.pop(&guild)),
            None => kept.clear(),
        }
        before - kept.len()
    }

    /// Sets a server's prefix, or gives it the bot's again. It holds for the next message when this returns.
    ///
    /// # Errors
    ///
    /// The server's database can't be written.
    pub async fn set_prefix(
        &self,
        guild: Id<GuildMarker>,
        prefix: Option<&str>,
    ) -> Result<(), StorageError> {
        self.set(guild, "prefix", prefix.map(|prefix| json!(prefix)))
            .await
    }

    /// Sets whether a mention works like the prefix in a server.
    ///
    /// # Errors
    ///
    /// The server's database can't be written.
    pub async fn set_mention_prefix(
        &self,
        guild: Id<GuildMarker>,
        on: Option<bool>,
    ) -> Result<(), StorageError> {
        self.set(guild, "mention_prefix", on.map(|on| json!(on)))
            .await
    }

    /// Sets the roles of which one is needed for a command or group; none lifts the rule.
    ///
    /// # Errors
    ///
    /// The server's database can't be written.
    pub async fn set_roles(
        &self,
        guild: Id<GuildMarker>,
        path: &str,
        roles: &[u64],
    ) -> Result<(), StorageError> {
        // As text: JSON's readers elsewhere lose digits of such numbers.
        let roles: Vec<String> = roles.iter().map(u64::to_string).collect();
        let json = (!roles.is_empty()).then(|| json!(roles));
        self.set(guild, &format!("roles {path}"), json).await
    }

    async fn set(
        &self,
        guild: Id<GuildMarker>,
        name: &str,
        json: Option<Value>,
    ) -> Result<(), StorageError> {
        let json = json.map(|json| json.to_string());
        let set = self
            .storage
            .set_guild_setting(guild.get(), HOST, name, json)
            .await;
        // Also after a failure: what is in the file now is not known.
        self.changes.fetch_add(1, SeqCst);
        self.kept().pop(&guild);
        set
    }

    /// How many servers' rules are in memory.
    pub fn kept_count(&self) -> usize {
        self.kept().len()
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<Id<GuildMarker>, Arc<GuildRules>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GuildRules {
    /// Reads them from a server's settings: plugin, name, JSON. Those of plugins are none.
    #[must_use]
    pub fn of_settings<'a>(
        settings: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    ) -> Self {
        let mut rules = Self::default();
        for (_, name, json) in settings.into_iter().filter(|(plugin, ..)| *plugin == HOST) {
            rules.take(name, json);
        }
        rules
    }

    fn take(&mut self, name: &str, json: &str) {
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        match name {
            "prefix" => self.prefix = value.as_str().map(str::to_owned),
            "mention_prefix" => self.mention_prefix = value.as_bool(),
            name => {
                if let (Some(path), Some(roles)) = (name.strip_prefix("roles "), value.as_array()) {
                    let roles = roles.iter().filter_map(|role| role.as_str()?.parse().ok());
                    self.roles.insert(path.to_owned(), roles.collect());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_holds() {
        let mut rules = GuildRules::default();
        rules.take("roles tag", r#"["1"]"#);
        rules.take("roles tag admin clear", r#"["2","3"]"#);
        assert_eq!(rules.roles_for("tag show"), Some(("tag", &[1][..])));
        assert_eq!(
            rules.roles_for("tag admin clear"),
            Some(("tag admin clear", &[2, 3][..]))
        );
        assert_eq!(rules.roles_for("tagged"), None);
    }
}
