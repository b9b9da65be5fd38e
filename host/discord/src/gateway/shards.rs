//! The shards from outside: how they fare, what they are told to do, and how many sessions they may still start.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use host_capability::Failure;
use plugin_api::abi::{SessionStarts, ShardView};
use tokio::sync::Notify;

use crate::{
    Cache,
    figures::{Figures, now_ms},
};

/// Discord's words: sessions are counted by the day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The shards of this process.
#[derive(Debug)]
pub struct Shards {
    figures: Arc<Figures>,
    cache: Arc<Cache>,
    /// How many the bot has.
    of: AtomicU32,
    /// By which each is told to connect again.
    wishes: Mutex<BTreeMap<u32, Arc<Notify>>>,
    starts: Mutex<Option<SessionStarts>>,
}

impl Shards {
    /// None yet.
    #[must_use]
    pub fn new(figures: Arc<Figures>, cache: Arc<Cache>) -> Self {
        Self {
            figures,
            cache,
            of: AtomicU32::new(0),
            wishes: Mutex::default(),
            starts: Mutex::default(),
        }
    }

    /// All of this process, by number, or the one that is asked for.
    ///
    /// # Errors
    ///
    /// This process has no such shard.
    pub fn list(&self, only: Option<u32>) -> Result<Vec<ShardView>, Failure> {
        let of = self.of.load(Relaxed);
        let mut guilds = BTreeMap::<u32, u64>::new();
        for guild in self.cache.guilds() {
            *guilds.entry(shard_of(guild.get(), of)).or_default() += 1;
        }
        let shards = self.figures.shards().into_iter();
        let shards = shards.filter(|(id, _)| only.is_none_or(|only| only == *id));
        let view = |(id, figures): (u32, Arc<crate::figures::ShardFigures>)| {
            let mut view = figures.view(id, of);
            view.guilds = guilds.get(&id).copied().unwrap_or_default();
            view
        };
        let shards: Vec<_> = shards.map(view).collect();
        match only {
            Some(id) if shards.is_empty() => Err(self.unknown(id)),
            _ => Ok(shards),
        }
    }

    /// Session starts that are left; `None` while Discord was not asked.
    #[must_use]
    pub fn starts(&self) -> Option<SessionStarts> {
        let now = now_ms();
        let starts = &mut *self.lock_starts();
        starts.iter_mut().for_each(|starts| refill(starts, now));
        starts.clone()
    }

    /// Tells a shard to give up its connection for another, with which its session goes on. False when it looks for one already.
    ///
    /// # Errors
    ///
    /// This process has no such shard.
    pub fn reconnect(&self, shard: u32) -> Result<bool, Failure> {
        let is_up = self.list(Some(shard))?.iter().any(|it| it.connected);
        if is_up {
            self.wish(shard).notify_one();
        }
        Ok(is_up)
    }

    /// Counts from zero, of one shard or of all.
    ///
    /// # Errors
    ///
    /// This process has no such shard.
    pub fn reset(&self, only: Option<u32>) -> Result<(), Failure> {
        for shard in self.list(only)? {
            self.figures.shard(shard.id).reset();
        }
        Ok(())
    }

    pub(super) fn cache(&self) -> &Arc<Cache> {
        &self.cache
    }

    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// What a shard waits for beside its events.
    pub(super) fn wish(&self, shard: u32) -> Arc<Notify> {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(wishes.entry(shard).or_default())
    }

    /// How many shards there are to be, and what Discord has said of session starts.
    pub(super) fn starting(&self, of: u32, total: u32, remaining: u32, reset_after_ms: u64) {
        self.of.store(of, Relaxed);
        let mut starts = SessionStarts::default();
        (starts.total, starts.remaining) = (total, remaining);
        starts.resets_ms = now_ms().saturating_add(reset_after_ms);
        *self.lock_starts() = Some(starts);
    }

    /// A session is started.
    pub(super) fn session_starts(&self) {
        let now = now_ms();
        if let Some(starts) = &mut *self.lock_starts() {
            refill(starts, now);
            starts.remaining = starts.remaining.saturating_sub(1);
        }
    }

    fn lock_starts(&self) -> MutexGuard<'_, Option<SessionStarts>> {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unknown(&self, id: u32) -> Failure {
        let has: Vec<String> = self
            .figures
            .shards()
            .iter()
            .map(|it| it.0.to_string())
            .collect();
        let has = match has.is_empty() {
            true => "it has none yet".to_owned(),
            false => format!("it has {}", has.join(", ")),
        };
        Failure::Refused(format!("this process has no shard {id}; {has}"))
    }
}

/// Sessions that Discord has given back by now.
fn refill(starts: &mut SessionStarts, now_ms: u64) {
    if now_ms >= starts.resets_ms {
        starts.remaining = starts.total;
        let days = (now_ms - starts.resets_ms) / DAY_MS + 1;
        starts.resets_ms = starts.resets_ms.saturating_add(days * DAY_MS);
    }
}

/// The shard that brings a server's events
/// ([reference](https://discord.com/developers/docs/events/gateway#sharding-sharding-formula)).
fn shard_of(guild: u64, of: u32) -> u32 {
    let shard = (guild >> 22) % u64::from(of.max(1));
    shard.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use host_ops::config::Config;
    use twilight_gateway::Intents;

    use super::*;
    use crate::Discord;

    fn shards() -> Shards {
        let config = Config::default();
        let figures = Arc::<Figures>::default();
        let discord = Arc::new(Discord::new(&config.discord, None, Arc::clone(&figures)));
        Shards::new(figures, Arc::new(Cache::new(&config.cache, discord)))
    }

    #[test]
    fn servers_are_counted_with_the_shard_that_brings_their_events() {
        let shards = shards();
        shards.starting(2, 1000, 10, 5_000);
        for id in 0..2 {
            let _ = shards.figures.shard(id);
        }
        for number in 1..=5u64 {
            let guild = format!(r#"{{"id":"{}","name":"x","channels":[]}}"#, number << 22);
            let _ = shards.cache.learn(Intents::GUILDS, "GUILD_CREATE", &guild);
        }
        let list = shards.list(None).unwrap();
        let counted: Vec<_> = list.iter().map(|it| (it.id, it.of, it.guilds)).collect();
        assert_eq!(counted, [(0, 2, 2), (1, 2, 3)]);
        assert_eq!(shards.list(Some(1)).unwrap()[0].guilds, 3);
        let why = shards.reconnect(7).unwrap_err().to_string();
        assert_eq!(why, "this process has no shard 7; it has 0, 1");
        assert!(!shards.reconnect(1).unwrap(), "it looks for one already");
        shards.figures.shard(1).see(true, None);
        assert!(shards.reconnect(1).unwrap());
        shards.reset(Some(0)).unwrap();
        let since: Vec<_> = shards.list(None).unwrap();
        let since: Vec<_> = since
            .iter()
            .map(|it| it.counted_since_ms.is_some())
            .collect();
        assert_eq!(since, [true, false]);
    }

    #[test]
    fn session_starts_are_spent_and_come_back_once_a_day() {
        let shards = shards();
        assert_eq!(shards.starts(), None);
        shards.starting(1, 1000, 2, 60_000);
        for left in [1, 0, 0] {
            shards.session_starts();
            assert_eq!(shards.starts().unwrap().remaining, left);
        }
        let mut starts = shards.starts().unwrap();
        let resets = starts.resets_ms;
        refill(&mut starts, resets - 1);
        assert_eq!(starts.remaining, 0);
        refill(&mut starts, resets + DAY_MS * 3 + 1);
        assert_eq!(
            (starts.remaining, starts.resets_ms),
            (1000, resets + DAY_MS * 4)
        );
    }
}
