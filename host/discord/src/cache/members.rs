//! Member cache: those who were seen last, up to a bound.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use host_ops::config;
use lru::LruCache;

use super::{Seen, snapshot::SeenThen};

/// The members that were seen last.
///
/// Whether one is still as it was seen depends on the server: with the intent GUILD_MEMBERS the bot is told of every change,
/// from its GUILD_CREATE on; without it, what was seen counts for a while only. Of itself the bot is told in any case
/// ([reference](https://discord.com/developers/docs/events/gateway#list-of-intents), the footnote).
#[derive(Debug)]
pub(super) struct Members {
    life: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// By server and user.
    seen: LruCache<(u64, u64), CachedMember>,
    /// The bot's own, by server.
    own: HashMap<u64, Arc<Seen>>,
    /// Since when the bot gets every change, by server.
    told: HashMap<u64, Instant>,
}

#[derive(Debug)]
struct CachedMember {
    member: Arc<Seen>,
    at: Instant,
}

impl Members {
    pub(super) fn new(settings: &config::Cache) -> Self {
        let most = NonZeroUsize::new(settings.members).unwrap_or(NonZeroUsize::MIN);
        Self {
            life: Duration::from_secs(settings.member_ttl_s),
            inner: Mutex::new(Inner {
                // Not `new`, which reserves for all that it may hold.
                seen: LruCache::unbounded(),
                own: HashMap::new(),
                told: HashMap::new(),
            }),
        }
        .bounded(most)
    }

    /// How many are kept that were seen.
    pub(super) fn count(&self) -> usize {
        self.inner().seen.len()
    }

    fn bounded(self, most: NonZeroUsize) -> Self {
        self.inner().seen.resize(most);
        self
    }

    /// Forgets those that were seen; how many they were.
    pub(super) fn forget_seen(&self) -> usize {
        let mut inner = self.inner();
        let seen = inner.seen.len();
        inner.seen.clear();
        seen
    }

    pub(super) fn get(&self, guild: u64, user: u64, now: Instant) -> Option<Arc<Seen>> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if let Some(own) = inner.own.get(&guild).filter(|own| own.user == user) {
            return Some(Arc::clone(own));
        }
        let entry = inner.seen.get(&(guild, user))?;
        let is_told = inner
            .told
            .get(&guild)
            .is_some_and(|since| entry.at >= *since);
        if is_told || now.saturating_duration_since(entry.at) < self.life {
            return Some(Arc::clone(&entry.member));
        }
        inner.seen.pop(&(guild, user));
        None
    }

    /// Those of a server that are known and called so; `name` is in lower-case letters.
    pub(super) fn called(&self, guild: u64, name: &str, now: Instant) -> Vec<u64> {
        let inner = self.inner();
        let since = inner.told.get(&guild).copied();
        let is_known = |entry: &CachedMember| {
            since.is_some_and(|since| entry.at >= since)
                || now.saturating_duration_since(entry.at) < self.life
        };
        let seen = inner.seen.iter();
        let of_guild = seen.filter(|((of, _), entry)| *of == guild && is_known(entry));
        of_guild
            .filter(|(_, entry)| entry.member.is_called(name))
            .map(|((_, user), _)| *user)
            .collect()
    }

    pub(super) fn saw(&self, guild: u64, member: Seen, at: Instant) {
        let key = (guild, member.user);
        let mut inner = self.inner();
        let member = match inner.seen.peek(&key) {
            Some(before) => member.after(&before.member),
            None => member,
        };
        let member = Arc::new(member);
        inner.seen.put(key, CachedMember { member, at });
    }

    pub(super) fn saw_own(&self, guild: u64, member: Seen) {
        self.inner().own.insert(guild, Arc::new(member));
    }

    /// Nothing that is known of these members holds any more: something has changed, and it could not be read what.
    pub(super) fn forget(&self, guild: Option<u64>, user: Option<u64>) {
        let is_meant = |of: u64, member: u64| {
            guild.is_none_or(|guild| guild == of) && user.is_none_or(|user| user == member)
        };
        let mut inner = self.inner();
        if let (Some(guild), Some(user)) = (guild, user) {
            inner.seen.pop(&(guild, user));
            if inner.own.get(&guild).is_some_and(|own| own.user == user) {
                inner.own.remove(&guild);
            }
            return;
        }
        let seen = inner.seen.iter().map(|(key, _)| *key);
        let meant: Vec<_> = seen.filter(|(of, member)| is_meant(*of, *member)).collect();
        for key in meant {
            inner.seen.pop(&key);
        }
        inner.own.retain(|of, own| !is_meant(*of, own.user));
    }

    /// From now on the bot gets every change of a server's members, or does not.
    pub(super) fn told(&self, guild: u64, of_every_change: bool, now: Instant) {
        let mut inner = self.inner();
        if of_every_change {
            inner.told.insert(guild, now);
        } else {
            inner.told.remove(&guild);
        }
    }

    pub(super) fn is_told(&self, guild: u64) -> bool {
        self.inner().told.contains_key(&guild)
    }

    pub(super) fn guild_left(&self, guild: u64) {
        let mut inner = self.inner();
        let gone: Vec<_> = inner.seen.iter().map(|(key, _)| *key).collect();
        for key in gone.into_iter().filter(|key| key.0 == guild) {
            inner.seen.pop(&key);
        }
        inner.own.remove(&guild);
        inner.told.remove(&guild);
    }

    /// Nobody has the role any more; `None`: it can't be told in which server.
    pub(super) fn role_deleted(&self, guild: Option<u64>, role: u64) {
        let is_meant = |of: u64| guild.is_none_or(|guild| guild == of);
        let mut inner = self.inner();
        let Inner { seen, own, .. } = &mut *inner;
        let seen = seen
            .iter_mut()
            .map(|(key, entry)| (key.0, &mut entry.member));
        let own = own.iter_mut().map(|(of, member)| (*of, member));
        for (_, member) in seen.chain(own).filter(|(of, _)| is_meant(*of)) {
            if member.roles.contains(&role) {
                Arc::make_mut(member).without(role);
            }
        }
    }

    /// The bot's own member of a server, and whether the bot gets every change there.
    pub(super) fn own_of(&self, guild: u64) -> (Option<Arc<Seen>>, bool) {
        let inner = self.inner();
        let own = inner.own.get(&guild).map(Arc::clone);
        (own, inner.told.contains_key(&guild))
    }

    /// Those that were seen, the last one last.
    pub(super) fn all_seen(&self) -> Vec<SeenThen> {
        let inner = self.inner();
        let then = |(key, entry): (&(u64, u64), &CachedMember)| SeenThen {
            guild: key.0,
            seen: Arc::clone(&entry.member),
            at: entry.at,
            is_told: inner
                .told
                .get(&key.0)
                .is_some_and(|since| entry.at >= *since),
        };
        inner.seen.iter().rev().map(then).collect()
    }

    /// Takes over what another process has seen: the bot's own members, the servers of which it gets every change, and whom it
    /// saw when.
    pub(super) fn take_over(
        &self,
        own: Vec<(u64, Arc<Seen>)>,
        told: &[u64],
        seen: Vec<(u64, Arc<Seen>, Instant)>,
        now: Instant,
    ) {
        let mut inner = self.inner();
        inner.own.extend(own);
        inner.told.extend(told.iter().map(|guild| (*guild, now)));
        for (guild, member, at) in seen {
            inner
                .seen
                .put((guild, member.user), CachedMember { member, at });
        }
    }

    pub(super) fn len(&self) -> usize {
        let inner = self.inner();
        inner.seen.len() + inner.own.len()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
