//! Loading and unloading: each a transaction. Any failure leaves the old generation serving.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use host_base::PluginName;
use plugin_api::manifest::Manifest;
use tokio::sync::watch;

use super::{KEPT, LoadReport, Loaded, Plugins, exists, slots};
use crate::{
    Caller,
    error::LoadError,
    file::{self, FileInfo},
    generation::{Generation, SavedState},
    manifest_check::{self, Neighbour},
    probe, shadow,
    slot::Slot,
    snapshot,
    states::Moment,
    unload::UnloadReport,
};

impl Plugins {
    pub(super) async fn load_transaction(&self, path: &Path) -> Result<LoadReport, LoadError> {
        let began = Instant::now();
        let _loading = Loading::begin(&self.loading);
        // Before the file is read: of two changes in a row, the later content is loaded last.
        let file_lock = self.lock_of(&path.to_string_lossy());
        let _reading = file_lock.lock().await;
        let (bytes, info) = read(path).await?;
        let name = PluginName::new(&info.note.name);
        if !is_name(&name) {
            return Err(LoadError::Manifest {
                problems: vec![format!(
                    "its note calls it {name:?}: a plugin's name has letters, digits, `-` and `_`"
                )],
            });
        }
        if self
            .program
            .options()
            .blacklist
            .iter()
            .any(|listed| name.is(listed))
        {
            return Err(LoadError::Blacklisted { name });
        }
        let lock = self.lock_of(&name);
        let _inside = lock.lock().await;
        if let Some(file) = self.loaded_file(&name)
            && file != path
            && exists(file.clone()).await
        {
            return Err(LoadError::Manifest {
                problems: vec![format!(
                    "it is called `{name}` as is the plugin in {}: remove one of the two files",
                    file.display()
                )],
            });
        }
        let (number, probed) = {
            let mut set = self.set();
            if set.stopping {
                return Err(LoadError::ShuttingDown);
            }
            let number = set.generations.entry(name.clone()).or_default();
            *number += 1;
            (*number, set.probed.contains(&info.sha256))
        };
        let shadow = self.shadow_copy(&name, number, &info, bytes).await?;
        let loaded = self
            .load_shadow(path, &name, number, &shadow, &info, probed, began)
            .await;
        if loaded.is_err() {
            match snapshot::mapped_bytes(&shadow) {
                Some(0) => drop(fs::remove_file(&shadow)),
                Some(_) => self.abandoned.enter(&name, number),
                None => {}
            }
        }
        loaded
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the second half of load_transaction, which owns the shadow copy"
    )]
    async fn load_shadow(
        &self,
        path: &Path,
        name: &PluginName,
        number: u64,
        shadow: &Path,
        info: &FileInfo,
        probed: bool,
        began: Instant,
    ) -> Result<LoadReport, LoadError> {
        let options = self.program.options();
        if options.probe && !probed {
            let report = probe::run(&self.probe_with, shadow, options.probe_timeout).await?;
            if !report.stayed.is_empty() {
                tracing::warn!(
                    plugin = name.as_str(),
                    "a trial load left something behind: {}",
                    report.stayed.join("; ")
                );
            }
            let mut set = self.set();
            if set.probed.len() >= KEPT {
                // Each is tried once more when it comes again.
                set.probed.clear();
            }
            set.probed.insert(info.sha256);
        }
        let deadline = options.start_timeout;
        let generation =
            Generation::open(name, number, shadow, Arc::clone(&self.program), deadline).await?;
        if let Err(error) = self.take_up(&generation, deadline).await {
            self.unload_failed(&generation).await;
            return Err(error);
        }
        let generation = Arc::new(generation);
        let replaced = match self.switch(&generation, path, info, began).await {
            Ok(replaced) => replaced,
            Err(error) => {
                self.unload_failed(&generation).await;
                return Err(error);
            }
        };
        self.watch(&generation);
        Ok(LoadReport {
            plugin: name.clone(),
            version: generation.manifest.version.clone(),
            generation: number,
            load_time: began.elapsed(),
            replaced,
        })
    }

    /// Checks the manifest and starts the plugin; the old generation serves meanwhile.
    async fn take_up(&self, generation: &Generation, deadline: Duration) -> Result<(), LoadError> {
        self.check_manifest(&generation.plugin, &generation.manifest)?;
        let caller = Caller::new(&generation.plugin, generation.number);
        self.program
            .generation_starts(&caller, &generation.manifest)
            .await
            .map_err(LoadError::Unserved)?;
        let head = self.program.start_head(&caller);
        generation.start(&head, deadline).await
    }

    /// Hands the state over and switches the routes in one step.
    async fn switch(
        &self,
        next: &Arc<Generation>,
        path: &Path,
        info: &FileInfo,
        began: Instant,
    ) -> Result<bool, LoadError> {
        let name = &next.plugin;
        let slot = self
            .set()
            .loaded
            .get(name)
            .map(|loaded| Arc::clone(&loaded.slot));
        let deadline = self.program.options().save_timeout;
        let Some(slot) = slot else {
            self.restore_from_disk(next, deadline).await?;
            self.program.route(&mut || {
                self.admit(name, &next.manifest)?;
                let slot = Arc::new(Slot::new(Arc::clone(next)));
                Ok::<_, LoadError>(self.enter(slot, name, path, info, began))
            })?;
            next.go_live();
            return Ok(false);
        };
        let old = slot.current();
        let handed_over = self.hand_over(&old, next, deadline).await;
        let state = match handed_over {
            Ok(state) => state,
            Err(error) => {
                old.thaw();
                return Err(error);
            }
        };
        let switched = self.program.route(&mut || {
            // Once more, now that nothing else can be entered: another plugin may have come meanwhile.
            self.admit(name, &next.manifest)?;
            drop(slot.switch(Arc::clone(next)));
            Ok(self.enter(Arc::clone(&slot), name, path, info, began))
        });
        if let Err(error) = switched {
            old.thaw();
            return Err(error);
        }
        self.retire(old, Arc::clone(next));
        if let Some(state) = state {
            self.write_in_background(next, state);
        }
        Ok(true)
    }

    /// Gives the old generation's state to the next; what it was.
    async fn hand_over(
        &self,
        old: &Generation,
        next: &Generation,
        deadline: Duration,
    ) -> Result<Option<SavedState>, LoadError> {
        if old.vitals().is_over() {
            // Nothing can be asked of it any more: the next one begins with what was saved last.
            self.restore_from_disk(next, deadline).await?;
            return Ok(None);
        }
        let Some((_, state)) = old.freeze_and_save(deadline).await? else {
            return Ok(None);
        };
        next.restore(&state, deadline)
            .await
            .map_err(|reason| LoadError::State {
                phase: "restored",
                reason,
            })?;
        Ok(Some(state))
    }

    /// Writes what a generation has begun with, so that a restart after a failure does not go back behind it.
    fn write_in_background(&self, generation: &Generation, state: SavedState) {
        let (states, plugin) = (Arc::clone(&self.states), generation.plugin.clone());
        let moment = Moment {
            generation: generation.number,
            save: 0,
        };
        tokio::spawn(async move {
            if let Err(error) = states.write(&plugin, moment, state).await {
                tracing::warn!(
                    plugin = plugin.as_str(),
                    "its state could not be written: {error}"
                );
            }
        });
    }

    /// Whether a plugin may be entered at this very moment.
    fn admit(&self, name: &PluginName, manifest: &Manifest) -> Result<(), LoadError> {
        if self.set().stopping {
            return Err(LoadError::ShuttingDown);
        }
        self.check_manifest(name, manifest)
    }

    /// Enters a plugin into the set; what is to be routed to.
    fn enter(
        &self,
        slot: Arc<Slot>,
        name: &PluginName,
        path: &Path,
        info: &FileInfo,
        began: Instant,
    ) -> Vec<Arc<Slot>> {
        let mut set = self.set();
        set.failed.remove(name);
        set.loaded.insert(
            name.clone(),
            Loaded {
                slot,
                file: path.to_owned(),
                info: info.clone(),
                load_time: began.elapsed(),
                since: SystemTime::now(),
            },
        );
        slots(&set)
    }

    async fn restore_from_disk(
        &self,
        next: &Generation,
        deadline: Duration,
    ) -> Result<(), LoadError> {
        if !next.manifest.keeps_state {
            return Ok(());
        }
        let path = self.states.path(&next.plugin);
        let broken = |reason: String| LoadError::StateFile {
            reason,
            path: path.clone(),
        };
        match self.states.begin(&next.plugin, next.number).await {
            Ok(Some(state)) => next.restore(&state, deadline).await.map_err(broken),
            Ok(None) => Ok(()),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    /// Lets an old generation end on its own time.
    fn retire(&self, old: Arc<Generation>, next: Arc<Generation>) {
        let deadline = self.program.options().stop_timeout;
        let abandoned = Arc::clone(&self.abandoned);
        tokio::spawn(async move {
            old.begin_to_stop(deadline).await;
            next.go_live();
            if let Some(report) = old.unload(deadline).await {
                abandoned.book(&report, &old.shadow).await;
            }
        });
    }

    async fn unload_failed(&self, generation: &Generation) {
        let report = generation.unload(Duration::from_millis(100)).await;
        self.book(report, generation).await;
    }

    pub(super) async fn book(
        &self,
        report: Option<UnloadReport>,
        generation: &Generation,
    ) -> UnloadReport {
        let Generation {
            plugin: name,
            number,
            shadow,
            ..
        } = generation;
        let report =
            report.unwrap_or_else(|| UnloadReport::abandoned(name, *number, Duration::ZERO));
        self.abandoned.book(&report, shadow).await;
        report
    }

    fn check_manifest(&self, name: &PluginName, manifest: &Manifest) -> Result<(), LoadError> {
        let others = self.manifests();
        let neighbours: Vec<Neighbour<'_>> = others
            .iter()
            .filter(|(other, _)| *other != name)
            .map(|(name, manifest)| Neighbour { name, manifest })
            .collect();
        let problems = manifest_check::problems(&*self.program, name, manifest, &neighbours);
        if !problems.is_empty() {
            return Err(LoadError::Manifest { problems });
        }
        match manifest_check::missing_dependency(manifest, &neighbours) {
            Some(missing) => Err(LoadError::Dependency {
                name: missing.name,
                problem: missing.problem,
            }),
            None => Ok(()),
        }
    }

    async fn shadow_copy(
        &self,
        name: &PluginName,
        number: u64,
        info: &FileInfo,
        bytes: Vec<u8>,
    ) -> Result<PathBuf, LoadError> {
        let (folder, name, sha256) = (
            self.program.options().shadow(),
            name.clone(),
            info.sha256_hex(),
        );
        tokio::task::spawn_blocking(move || shadow::copy(&folder, &name, number, &sha256, &bytes))
            .await
            .map_err(|_| LoadError::ShuttingDown)?
    }
}

/// Counts a load for as long as it lives: a shutdown waits for its end.
struct Loading<'a>(&'a watch::Sender<usize>);

impl<'a> Loading<'a> {
    fn begin(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Names become parts of paths.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

pub(super) async fn read(path: &Path) -> Result<(Vec<u8>, FileInfo), LoadError> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        let bytes = fs::read(&path).map_err(|source| LoadError::Read {
            path: path.clone(),
            source,
        })?;
        let info = file::check(&bytes, &path)?;
        Ok((bytes, info))
    })
    .await
    .map_err(|_| LoadError::ShuttingDown)?
}
