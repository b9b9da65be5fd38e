//! Cache of recently read files, bounded by number, bytes and age.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use host_ops::config;
use lru::LruCache;
use tokio::time::Instant;

use super::{disk::Stamp, path::Relative};

/// A file: the folder that it is below, and where.
pub(super) type Key = (Arc<PathBuf>, Relative);

/// A file larger than this part of the cache is not kept.
const PART: usize = 8;

/// Cache of recently read files.
#[derive(Debug)]
pub(super) struct Cache {
    entries: LruCache<Key, Cached>,
    bytes: usize,
    most_bytes: usize,
    life: Duration,
}

#[derive(Debug)]
struct Cached {
    bytes: Arc<[u8]>,
    stamp: Stamp,
    since: Instant,
}

impl Cache {
    pub(super) fn new(settings: &config::Files) -> Self {
        Self {
            entries: LruCache::new(most_entries(settings)),
            bytes: 0,
            most_bytes: settings.cache_bytes,
            life: Duration::from_secs(settings.cache_ttl_s),
        }
    }

    /// Keeps to these limits from now on.
    pub(super) fn keep_to(&mut self, settings: &config::Files) {
        self.most_bytes = settings.cache_bytes;
        self.life = Duration::from_secs(settings.cache_ttl_s);
        let most = most_entries(settings);
        if self.entries.cap() != most {
            while self.entries.len() > most.get() {
                self.drop_oldest();
            }
            self.entries.resize(most);
        }
        while self.bytes > self.most_bytes && self.drop_oldest() {}
    }

    /// The file's bytes, unless they are too old or the file is not what it was.
    pub(super) fn get(&mut self, key: &Key, stamp: Stamp) -> Option<Arc<[u8]>> {
        let cached = self.entries.get(key)?;
        if cached.stamp == stamp && cached.since.elapsed() < self.life {
            return Some(Arc::clone(&cached.bytes));
        }
        self.forget(key);
        None
    }

    pub(super) fn put(&mut self, key: Key, bytes: Arc<[u8]>, stamp: Stamp) {
        self.forget(&key);
        if bytes.len() > self.most_bytes / PART {
            return;
        }
        self.bytes += bytes.len();
        let cached = Cached {
            bytes,
            stamp,
            since: Instant::now(),
        };
        if let Some((_, pushed_out)) = self.entries.push(key, cached) {
            self.bytes -= pushed_out.bytes.len();
        }
        while self.bytes > self.most_bytes && self.drop_oldest() {}
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self.entries.pop_lru();
        self.bytes -= oldest.as_ref().map_or(0, |(_, file)| file.bytes.len());
        oldest.is_some()
    }

    pub(super) fn forget(&mut self, key: &Key) {
        if let Some(cached) = self.entries.pop(key) {
            self.bytes -= cached.bytes.len();
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// Entries and bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }
}

fn most_entries(settings: &config::Files) -> NonZeroUsize {
    NonZeroUsize::new(settings.cache_entries).unwrap_or(NonZeroUsize::MIN)
}
