//! Files of plugins: each has a folder, `data/plugins/<name>/files`, and those that the owner grants it.
//!
//! A write is whole or not at all, and is on the disk when it is acknowledged. Reads go through a cache that notices when
//! somebody else has changed the file. Paths can't lead out: see `path.rs`.

mod bot;
mod cache;
mod changes;
mod disk;
mod entries;
mod incoming;
mod path;

use std::{
    collections::HashMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, Who, places};
use host_loader::{Caller, Completion, Places, Unserved, host_call::on_the_wire};
use host_ops::config::Live;
use plugin_api::{
    Power,
    abi::{FileCall, FileStats, KeptView},
    manifest::Manifest,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore};

pub use self::bot::BotFiles;
pub use self::incoming::{Arrived, Incoming};
use self::{
    cache::{Cache, Key},
    path::Relative,
};
use crate::disk::{Disk, on_disk};

/// How often something is tried that may go better a moment later.
const ATTEMPTS: u32 = 3;

/// What is waited after the first failure; twice as long after the second.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How long a write of a file of the host's own may take at most.
const UNFINISHED_FOR: Duration = Duration::from_secs(60);

/// Plugins of which it is told what they keep.
const KEEPERS: usize = 100;

/// Files that are read or written at the same moment: each takes a thread.
const AT_ONCE: usize = 16;

/// Health of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Below 1 % of the operations have failed.
    Healthy,
    /// Up to 5 %.
    Degraded,
    /// More.
    Critical,
}

impl Health {
    /// It in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
        }
    }

    fn of(operations: u64, failed: u64) -> Self {
        match failed * 100 {
            failed if failed < operations.max(1) => Self::Healthy,
            failed if failed <= operations * 5 => Self::Degraded,
            _ => Self::Critical,
        }
    }
}

/// Counts since the host's start.
#[derive(Debug, Clone, Serialize)]
pub struct FileFigures {
    /// Reads that were asked for.
    pub reads: u64,
    /// Of those, the ones that the cache served.
    pub cache_hits: u64,
    /// Writes and removals.
    pub writes: u64,
    /// Reads that failed. A file that is not there is no failure, a path that is refused is none of ours.
    pub read_failures: u64,
    /// Writes and removals that failed.
    pub write_failures: u64,
    /// Files that are being changed right now.
    pub locks: usize,
    /// Files in the cache.
    pub cached: usize,
    /// Their bytes.
    pub cached_bytes: usize,
    /// How they fare.
    pub health: Health,
}

#[derive(Debug, Default)]
struct Counts {
    reads: AtomicU64,
    hits: AtomicU64,
    writes: AtomicU64,
    read_failures: AtomicU64,
    write_failures: AtomicU64,
}

/// The file service.
pub struct Files {
    data: PathBuf,
    config: Live,
    cache: Mutex<Cache>,
    locks: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
    /// Held by whoever holds two of these.
    renames: tokio::sync::Mutex<()>,
    threads: Semaphore,
    started: SystemTime,
    /// The folders that are swept, or are being swept.
    swept: Mutex<HashMap<PathBuf, Arc<OnceCell<()>>>>,
    counts: Counts,
    /// What plugins keep.
    disk: Arc<Disk>,
}

/// Charge to a quota: whose folder it is, and what will be there.
struct Charge {
    plugin: PluginName,
    size: Size,
}

/// What will be there behind a change.
#[derive(Debug, Clone, Copy)]
enum Size {
    /// No file.
    Gone,
    /// A file of so many bytes.
    Is(u64),
    /// A file of so many bytes where none is.
    Copied(u64),
    /// A file with so many more.
    More(u64),
    /// What was elsewhere below the same folder.
    Moved,
    /// A folder.
    Folder,
}

/// A file that nobody else changes meanwhile.
struct Door<'a> {
    files: &'a Files,
    key: Key,
    inside: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        drop(self.inside.take());
        let mut locks = lock(&self.files.locks);
        // The map's own: nobody waits for it.
        if locks
            .get(&self.key)
            .is_some_and(|door| Arc::strong_count(door) == 1)
        {
            locks.remove(&self.key);
        }
    }
}

impl Files {
    /// Files below `data`, and in the folders that are granted.
    #[must_use]
    pub fn new(config: Live, data: PathBuf) -> Self {
        Self {
            data,
            cache: Mutex::new(Cache::new(&config.now().files)),
            disk: Arc::new(Disk::new(config.clone())),
            config,
            locks: Mutex::default(),
            renames: tokio::sync::Mutex::default(),
            threads: Semaphore::new(AT_ONCE),
            started: SystemTime::now(),
            swept: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// Counts what plugins keep together with what they keep elsewhere.
    #[must_use]
    pub fn with_disk(self, disk: &Arc<Disk>) -> Self {
        Self {
            disk: Arc::clone(disk),
            ..self
        }
    }

    /// The host calls `files.…`.
    ///
    /// # Errors
    ///
    /// The path is refused, or the disk failed.
    pub async fn serve(
        &self,
        caller: &Caller,
        verb: &str,
        params: Value,
        body: Vec<u8>,
    ) -> Result<Completion, Failure> {
        let call: FileCall = serde_json::from_value(params)?;
        let place = match &call.folder {
            Some(folder) => format!("`{}` in the folder `{folder}`", call.path),
            None => format!("`{}`", call.path),
        };
        let refused = |why: String| Failure::Refused(format!("{place}: {why}"));
        let path = Relative::parse(&call.path).map_err(refused)?;
        let key = (
            Arc::new(self.root(caller, call.folder.as_deref()).map_err(refused)?),
            path,
        );
        // Granted folders are the operator's.
        let owner = call.folder.is_none().then(|| caller.plugin.clone());
        self.sweep_once(&key.0, owner.as_ref()).await;
        let failed = |error: io::Error| refused(sentence(&error));
        let is_more = verb != "read" || call.offset.is_some();
        let body = match is_more {
            true => {
                let more = self.serve_more(verb, &call, &key, owner.clone(), body);
                match more.await {
                    Ok(done) => {
                        let (head, body) = done.map_err(failed)?;
                        let head = serde_json::to_vec(&head)?;
                        let status = 0;
                        return Ok(Completion { status, head, body });
                    }
                    Err(body) => body,
                }
            }
            false => body,
        };
        let (head, body) = match verb {
            "read" => match self.read(&key).await.map_err(failed)? {
                Some(bytes) => (json!({"found": true}), bytes.to_vec()),
                None => (json!({"found": false}), Vec::new()),
            },
            "write" => {
                self.write(&key, owner, body).await.map_err(failed)?;
                (Value::Null, Vec::new())
            }
            "remove" => (
                json!({"found": self.remove(&key, owner).await.map_err(failed)?}),
                Vec::new(),
            ),
            _ => {
                let (root, path) = key.clone();
                let entries = self.on_thread(move || disk::list(&root, &path)).await;
                (json!({"entries": entries.map_err(failed)?}), Vec::new())
            }
        };
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&head)?,
            body,
        })
    }

    /// Counts and health.
    #[must_use]
    pub fn figures(&self) -> FileFigures {
        let read = |count: &AtomicU64| count.load(Relaxed);
        let (cached, cached_bytes) = lock(&self.cache).size();
        let counts = &self.counts;
        let done = read(&counts.reads) + read(&counts.writes);
        let failed = read(&counts.read_failures) + read(&counts.write_failures);
        FileFigures {
            reads: read(&counts.reads),
            cache_hits: read(&counts.hits),
            writes: read(&counts.writes),
            read_failures: read(&counts.read_failures),
            write_failures: read(&counts.write_failures),
            locks: lock(&self.locks).len(),
            cached,
            cached_bytes,
            health: Health::of(done, failed),
        }
    }

    /// The same as it crosses, with what each plugin keeps.
    fn stats(&self) -> FileStats {
        let it = self.figures();
        let mut stats = FileStats::default();
        (stats.reads, stats.cache_hits, stats.writes) = (it.reads, it.cache_hits, it.writes);
        (stats.read_failures, stats.write_failures) = (it.read_failures, it.write_failures);
        stats.locks = it.locks as u64;
        (stats.cached, stats.cached_bytes) = (it.cached as u64, it.cached_bytes as u64);
        stats.health = it.health.word().to_owned();
        stats.slowest_write_us = self.disk.file_writes.slowest_us();
        stats.slowest_commit_us = self.disk.commits.slowest_us();
        stats.limit = self.disk.limit();
        let mut all = self.disk.all();
        all.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.all()));
        stats.plugins = all
            .into_iter()
            .take(KEEPERS)
            .map(|(plugin, kept)| {
                let mut view = KeptView::default();
                (view.plugin, view.tables, view.files) = (plugin, kept.tables, kept.files);
                view
            })
            .collect();
        stats
    }

    /// Forgets what was read; how many files, and their bytes.
    pub fn clear_cache(&self) -> (usize, usize) {
        let mut cache = lock(&self.cache);
        let size = cache.size();
        cache.clear();
        size
    }

    /// The cache, within the limits that hold now.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        let mut cache = lock(&self.cache);
        cache.keep_to(&self.config.now().files);
        cache
    }

    async fn read(&self, key: &Key) -> io::Result<Option<Arc<[u8]>>> {
        self.counts.reads.fetch_add(1, Relaxed);
        let read = self.read_through(key).await;
        if read.is_err() {
            self.counts.read_failures.fetch_add(1, Relaxed);
        }
        read
    }

    async fn read_through(&self, key: &Key) -> io::Result<Option<Arc<[u8]>>> {
        let (root, path) = key.clone();
        let Some(stamp) = self.on_thread(move || disk::stamp(&root, &path)).await? else {
            lock(&self.cache).forget(key);
            return Ok(None);
        };
        if let Some(bytes) = self.cache().get(key, stamp) {
            self.counts.hits.fetch_add(1, Relaxed);
            return Ok(Some(bytes));
        }
        let ((root, path), most) = (key.clone(), self.config.now().files.max_file_bytes);
        let Some((bytes, stamp)) = self
            .on_thread(move || disk::read(&root, &path, most))
            .await?
        else {
            return Ok(None);
        };
        let bytes: Arc<[u8]> = bytes.into();
        self.cache().put(key.clone(), Arc::clone(&bytes), stamp);
        Ok(Some(bytes))
    }

    async fn write(&self, key: &Key, owner: Option<PluginName>, bytes: Vec<u8>) -> io::Result<()> {
        let bytes: Arc<[u8]> = bytes.into();
        self.fits(bytes.len())?;
        let charge = owner.map(|plugin| Charge {
            plugin,
            size: Size::Is(bytes.len() as u64),
        });
        let ((root, path), written) = (key.clone(), Arc::clone(&bytes));
        let stamp = self
            .changing(key, charge, move || disk::write(&root, &path, &written))
            .await?;
        self.cache().put(key.clone(), bytes, stamp);
        Ok(())
    }

    async fn remove(&self, key: &Key, owner: Option<PluginName>) -> io::Result<bool> {
        let charge = owner.map(|plugin| Charge {
            plugin,
            size: Size::Gone,
        });
        let (root, path) = key.clone();
        let removed = self
            .changing(key, charge, move || disk::remove(&root, &path))
            .await;
        lock(&self.cache).forget(key);
        removed
    }

    /// Whether so many bytes may be written.
    fn fits(&self, bytes: usize) -> io::Result<()> {
        let most = self.config.now().files.max_file_bytes;
        if bytes as u64 <= most {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "{bytes} bytes are too many: {most} are allowed (`files.max_file_bytes`); keep it in parts"
            ),
        ))
    }

    /// Waits until nobody else changes a file.
    async fn enter(&self, key: &Key) -> Door<'_> {
        let door = Arc::clone(lock(&self.locks).entry(key.clone()).or_default());
        Door {
            files: self,
            key: key.clone(),
            inside: Some(door.lock_owned().await),
        }
    }

    /// Changes a file: one change at a time, in the order in which they came.
    async fn changing<T: Send + 'static>(
        &self,
        key: &Key,
        charge: Option<Charge>,
        change: impl Fn() -> io::Result<T> + Clone + Send + 'static,
    ) -> io::Result<T> {
        self.counts.writes.fetch_add(1, Relaxed);
        let inside = self.enter(key).await;
        let changed = match self.charge(key, charge).await {
            Ok(charged) => {
                let what = format!("a change of {}", key.1);
                let changed = self.attempts(Some(&what), change).await;
                if let (Err(_), Some((plugin, bytes))) = (&changed, charged) {
                    // It is as it was before.
                    let _ = self.disk.add_files(&plugin, -bytes);
                }
                changed
            }
            Err(error) => Err(error),
        };
        drop(inside);
        if changed.is_err() {
            self.counts.write_failures.fetch_add(1, Relaxed);
        }
        changed
    }

    /// Counts what a change will add, if it may, or take away; what it was.
    async fn charge(
        &self,
        key: &Key,
        charge: Option<Charge>,
    ) -> io::Result<Option<(PluginName, i64)>> {
        let Some(Charge { plugin, size }) = charge else {
            return Ok(None);
        };
        let (root, path) = key.clone();
        let look = move || {
            let folders = disk::missing_folders(&root, path.names());
            let there = match size {
                // A folder may be there, or what stays as it is.
                Size::Folder | Size::Moved | Size::Copied(_) => None,
                _ => disk::size(&root, &path)?,
            };
            let there_is_none = !entries::stat(&root, &path)?.found;
            Ok((there, folders, there_is_none))
        };
        let (there, folders, is_new) = self.on_thread(look).await?;
        let will = match size {
            Size::Gone => 0,
            Size::Is(bytes) => on_disk(bytes) + folders,
            Size::More(bytes) => on_disk(there.unwrap_or_default() + bytes) + folders,
            Size::Copied(bytes) if is_new => on_disk(bytes) + folders,
            Size::Folder if is_new => on_disk(0) + folders,
            Size::Moved => folders,
            Size::Copied(_) | Size::Folder => 0,
        };
        let more = will.cast_signed() - there.map_or(0, on_disk).cast_signed();
        let counted = self.disk.add_files(&plugin, more);
        counted.map_err(|full| io::Error::new(io::ErrorKind::QuotaExceeded, full.to_string()))?;
        Ok(Some((plugin, more)))
    }

    /// Does something on a thread that may block, again when it may go better a moment later.
    async fn on_thread<T: Send + 'static>(
        &self,
        work: impl Fn() -> io::Result<T> + Clone + Send + 'static,
    ) -> io::Result<T> {
        self.attempts(None, work).await
    }

    /// The same for what may be a `change`: one that has begun is not called back when its plugin goes.
    async fn attempts<T: Send + 'static>(
        &self,
        change: Option<&str>,
        work: impl Fn() -> io::Result<T> + Clone + Send + 'static,
    ) -> io::Result<T> {
        let mut attempt = 1;
        loop {
            let done = {
                let _thread = self.threads.acquire().await;
                // A thread can't be called back: the file's lock is held until it is done.
                let wire = change.map(on_the_wire);
                let (work, disk, is_change) =
                    (work.clone(), Arc::clone(&self.disk), change.is_some());
                let timed = move || match is_change {
                    true => disk.file_writes.measure(work),
                    false => work(),
                };
                let done = tokio::task::spawn_blocking(timed)
                    .await
                    .unwrap_or_else(|_| Err(io::Error::other("the host is shutting down")));
                if let Some(wire) = wire {
                    wire.came_back(
                        done.as_ref()
                            .map_or_else(ToString::to_string, |_| "done".into()),
                    );
                }
                done
            };
            match done {
                Err(error) if attempt < ATTEMPTS && may_pass(&error) => {
                    tokio::time::sleep(BACK_OFF * attempt).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    /// The folder that a path is below.
    fn root(&self, caller: &Caller, folder: Option<&str>) -> Result<PathBuf, String> {
        let Some(folder) = folder else {
            return Ok(self
                .data
                .join("plugins")
                .join(&*caller.plugin)
                .join("files"));
        };
        let config = self.config.now();
        let granted = config.grants.get(&caller.plugin);
        granted
            .and_then(|granted| granted.folders.get(folder))
            .cloned()
            .ok_or_else(|| {
                format!(
                    "that folder is not granted; the owner grants it in config.toml: [grants.{}] folders = {{ {folder} = \"/some/folder\" }}",
                    caller.plugin
                )
            })
    }

    /// Removes what a crash left half written, and counts what is there, when a folder is first used. Nobody uses it before
    /// that is done.
    async fn sweep_once(&self, root: &Path, owner: Option<&PluginName>) {
        let swept = Arc::clone(lock(&self.swept).entry(root.to_owned()).or_default());
        let (root, started) = (root.to_owned(), self.started);
        let (owner, disk) = (owner.cloned(), Arc::clone(&self.disk));
        let sweep = move || {
            disk::sweep(&root, started);
            if let Some(plugin) = &owner {
                disk.set_files(plugin, disk::total(&root));
            }
            Ok(())
        };
        let done = || async { drop(self.on_thread(sweep).await) };
        swept.get_or_init(done).await;
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files")
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// Whether it may go better a moment later.
fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind::{
        FileTooLarge, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
        QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    !matches!(
        error.kind(),
        FileTooLarge
            | InvalidInput
            | IsADirectory
            | NotADirectory
            | NotFound
            | PermissionDenied
            | QuotaExceeded
            | ReadOnlyFilesystem
            | StorageFull
    )
}

/// Writes a file of the host's own as plugins' are: whole or not at all, on the disk when this returns, with the old mode.
/// What a crash left of an earlier write goes.
///
/// # Errors
///
/// What the system says; the file is as it was.
pub fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = file.file_name().and_then(|name| name.to_str());
    let name = Relative::parse(name.unwrap_or_default()).map_err(io::Error::other)?;
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Another host may keep a file of its own there, and be about to write it.
    disk::sweep_flat(folder, SystemTime::now() - UNFINISHED_FOR);
    disk::write(folder, &name, bytes).map(drop)
}

/// What the system says, and the next step.
#[must_use]
pub fn sentence(error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull => {
            "; free some space and try again: what was there before is untouched"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "; the bot's user needs the right to write there: what was there before is untouched"
        }
        _ => "",
    };
    format!("{error}{hint}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_changes;

impl<P: Sync> Capability<P> for Files {
    const CALLS: &'static [CallRule] = &[
        CallRule::free("files.append"),
        CallRule::free("files.copy"),
        CallRule::free("files.list"),
        CallRule::free("files.make_folder"),
        CallRule::free("files.read"),
        CallRule::free("files.remove"),
        CallRule::free("files.remove_folder"),
        CallRule::free("files.rename"),
        CallRule::free("files.stat"),
        CallRule::reads("files.stats", Power::BotRead, Who::Anybody),
        CallRule::free("files.write"),
    ];
    const PLACES: Places = places("files", 4);
    const LEAVES: Leaves = Leaves::FilePath;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &P, caller: &Caller, call: HostCall) -> Result<Completion, Failure> {
        let verb = call.name.strip_prefix("files.").unwrap_or_default();
        if verb == "stats" {
            return Ok(Completion::json(&self.stats()));
        }
        Self::serve(self, caller, verb, call.params, call.body).await
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        let figures = self.figures();
        vec![
            ("files, cached", figures.cached),
            ("files, locks", figures.locks),
        ]
    }
}
