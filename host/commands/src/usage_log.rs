//! Command use counts, by command, server and day: counted in memory, and written to the databases now and then.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use host_base::PluginName;
use host_capability::Failure;
use host_store::{
    Storage,
    storage::{DailyUses, DatabaseId, StorageError},
};
use jiff::{Timestamp, civil, tz::TimeZone};
use twilight_model::id::{Id, marker::GuildMarker};

/// How long a use may be in memory alone.
pub const WRITTEN_EVERY: Duration = Duration::from_secs(30);

/// Days over which uses count.
const RECENT_DAYS: i64 = 30;

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    uses: u64,
    errors: u64,
    took_us: u64,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct UseKey {
    guild: Option<Id<GuildMarker>>,
    day: String,
    command: Arc<str>,
    plugin: PluginName,
}

/// A use that has ended.
#[derive(Debug, Clone)]
pub struct CommandUse {
    /// The server; `None` in direct messages.
    pub guild: Option<Id<GuildMarker>>,
    /// Its path.
    pub command: Arc<str>,
    /// Its plugin.
    pub plugin: PluginName,
    /// Whether it failed of what was not the member's own mistake.
    pub failed: bool,
    /// How long it took.
    pub took: Duration,
}

/// Counter of command uses.
#[derive(Debug)]
pub struct UsageLog {
    storage: Arc<Storage>,
    fresh: Mutex<HashMap<UseKey, Count>>,
    /// One at a time: what could not be written is counted again.
    writing: tokio::sync::Mutex<()>,
}

impl UsageLog {
    pub(super) fn new(storage: Arc<Storage>) -> Self {
        Self {
            storage,
            fresh: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Counts a use that has ended.
    pub fn note(&self, used: CommandUse) {
        let key = UseKey {
            guild: used.guild,
            day: day(0),
            command: used.command,
            plugin: used.plugin,
        };
        let mut fresh = self.fresh();
        let count = fresh.entry(key).or_default();
        count.uses += 1;
        count.errors += u64::from(used.failed);
        count.took_us += u64::try_from(used.took.as_micros()).unwrap_or(u64::MAX);
    }

    /// Writes down what is counted: to each server's database, and all of it to the bot's.
    pub async fn write(&self) {
        if self.storage.is_absent() {
            return;
        }
        let _one_at_a_time = self.writing.lock().await;
        let fresh = std::mem::take(&mut *self.fresh());
        let mut by_guild: BTreeMap<Id<GuildMarker>, Vec<DailyUses>> = BTreeMap::new();
        let mut all: HashMap<(String, Arc<str>, PluginName), Count> = HashMap::new();
        for (key, count) in fresh {
            let sum = all
                .entry((
                    key.day.clone(),
                    Arc::clone(&key.command),
                    key.plugin.clone(),
                ))
                .or_default();
            sum.uses += count.uses;
            sum.errors += count.errors;
            sum.took_us += count.took_us;
            if let Some(guild) = key.guild {
                by_guild.entry(guild).or_default().push(usage(
                    key.day,
                    &key.command,
                    &key.plugin,
                    count,
                ));
            }
        }
        let all: Vec<DailyUses> = all
            .into_iter()
            .map(|((day, command, plugin), count)| usage(day, &command, &plugin, count))
            .collect();
        if !all.is_empty() {
            self.add(DatabaseId::Bot, all).await;
        }
        for (guild, usage) in by_guild {
            self.add(DatabaseId::Guild(guild.get()), usage).await;
        }
    }

    /// Uses of the last 30 days, in a server or (`None`) everywhere; the most used first. Those of the last seconds are not in it.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn recent(
        &self,
        guild: Option<Id<GuildMarker>>,
    ) -> Result<Vec<DailyUses>, StorageError> {
        if self.storage.is_absent() {
            return Ok(Vec::new());
        }
        let since = day(-RECENT_DAYS);
        self.storage.usage_since(database(guild), &since).await
    }

    /// Uses by day from a day on (`2026-11-22`; empty: 30 days ago), in a server or (`None`) everywhere. Those of the last seconds
    /// are not in it.
    ///
    /// # Errors
    ///
    /// That is no day, or the database can't be read.
    pub async fn by_day(
        &self,
        guild: Option<Id<GuildMarker>>,
        since: Option<&str>,
    ) -> Result<Vec<DailyUses>, Failure> {
        let since = match since {
            None => day(-RECENT_DAYS),
            Some(since) => match since.parse::<civil::Date>() {
                Ok(date) => date.to_string(),
                Err(_) => {
                    let text = format!("`{since}` is no day: `2026-11-22` is expected");
                    return Err(Failure::Refused(text));
                }
            },
        };
        if self.storage.is_absent() {
            return Ok(Vec::new());
        }
        Ok(self.storage.usage_by_day(database(guild), &since).await?)
    }

    /// A database that can't be written must not stop the others; figures are no reason to try again for ever.
    async fn add(&self, database: DatabaseId, usage: Vec<DailyUses>) {
        let uses: u64 = usage.iter().map(|used| used.uses).sum();
        if let Err(error) = self.storage.add_usage(database, usage).await {
            tracing::warn!("{uses} uses of commands could not be written down: {error}");
        }
    }

    fn fresh(&self) -> MutexGuard<'_, HashMap<UseKey, Count>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn usage(day: String, command: &str, plugin: &str, count: Count) -> DailyUses {
    DailyUses {
        day,
        command: command.to_owned(),
        plugin: plugin.to_owned(),
        uses: count.uses,
        errors: count.errors,
        took_us: count.took_us,
    }
}

fn database(guild: Option<Id<GuildMarker>>) -> DatabaseId {
    guild.map_or(DatabaseId::Bot, |guild| DatabaseId::Guild(guild.get()))
}

/// A day in UTC, so many days from today.
fn day(from_today: i64) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today
        .saturating_add(jiff::Span::new().days(from_today))
        .to_string()
}
