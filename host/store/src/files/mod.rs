//! Files of plugins: each has a folder, `data/plugins/<name>/files`, and those that the owner grants it.
//!
//! A write is whole or not at all, and is on the disk when it is acknowledged. Reads go through a cache that notices when
//! somebody else has changed the file. Paths can't lead out: see `path.rs`.

mod attempts;
mod bot;
mod cache;
mod changes;
mod charges;
mod disk;
mod doors;
mod entries;
mod figures;
mod incoming;
mod path;
mod whole;

use std::{
    collections::HashMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::SystemTime,
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, Who, places};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config::Live;
use plugin_api::{Power, abi::FileCall, manifest::Manifest};
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore};

use self::{
    attempts::AT_ONCE,
    cache::{Cache, Key},
    charges::{Charge, Size},
    figures::Counts,
    path::Relative,
};
pub use self::{
    bot::BotFiles,
    figures::{FileFigures, Health},
    incoming::{Arrived, Incoming},
    whole::write_whole,
};
use crate::disk::Disk;

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

/// What the system says, and the next step.
#[must_use]
pub fn sentence(error: &io::Error) -> String {
    if lacks_descriptors(error) {
        return format!(
            "{error}: all descriptors are used up, and nothing is wrong with this file; the alert that the bot's descriptors run short names what most of \
             them lead to"
        );
    }
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

/// Whether nothing can be opened because all descriptors are taken, of the process or of the system.
#[must_use]
pub fn lacks_descriptors(error: &io::Error) -> bool {
    const OF_THE_SYSTEM: i32 = 23;
    const OF_THE_PROCESS: i32 = 24;
    matches!(error.raw_os_error(), Some(OF_THE_SYSTEM | OF_THE_PROCESS))
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
