//! The set of loaded plugins: load, reload and unload as transactions.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use plugin_api::{abi::StartHead, manifest::Manifest};
use tokio::sync::watch;

use super::{
    census,
    error::LoadError,
    file::{self, FileInfo},
    generation::Generation,
    manifest_check::{self, Neighbour},
    probe, shadow,
    slot::Slot,
    state_file,
    unload::UnloadReport,
};
use crate::{config::Config, router::Routes, services::Services};

/// The set of loaded plugins.
#[derive(Debug)]
pub struct Plugins {
    config: Arc<Config>,
    /// The executable that probes; itself, unless a test says otherwise.
    probe_with: PathBuf,
    services: Arc<Services>,
    routes: Arc<Routes>,
    set: Mutex<Set>,
    /// One at a time per plugin; different plugins load side by side.
    doors: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Counts up with every change of the set.
    changes: watch::Sender<u64>,
    written_off: Arc<WrittenOff>,
}

/// Generations that did not stop, or that something still refers to: they stay mapped.
#[derive(Debug, Default)]
struct WrittenOff(Mutex<Vec<String>>);

impl WrittenOff {
    fn book(&self, report: &UnloadReport, shadow: &Path) {
        if report.unmapped {
            let _ = fs::remove_file(shadow);
        } else {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(format!("{}#{}", report.plugin, report.generation));
        }
    }
}

#[derive(Debug, Default)]
struct Set {
    loaded: BTreeMap<String, Loaded>,
    failed: BTreeMap<String, Failed>,
    generations: HashMap<String, u64>,
    probed: HashSet<[u8; 32]>,
    stopping: bool,
}

#[derive(Debug)]
struct Loaded {
    slot: Arc<Slot>,
    file: PathBuf,
    info: FileInfo,
    load_time: Duration,
    since: SystemTime,
}

#[derive(Debug)]
struct Failed {
    file: PathBuf,
    error: String,
    needs: Option<String>,
}

/// What a load came to.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// The plugin's name.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// Which load of it this is.
    pub generation: u64,
    /// From reading the file to serving.
    pub load_time: Duration,
    /// Whether it took over from an older generation.
    pub replaced: bool,
}

/// One line of `extensions`.
#[derive(Debug, Clone)]
pub struct Status {
    /// The plugin's name.
    pub plugin: String,
    /// Its file.
    pub file: PathBuf,
    /// The generation that serves; `None` when none does.
    pub serving: Option<Serving>,
    /// Why its file, or its newest file, is not what serves.
    pub error: Option<String>,
}

/// What is told of a generation that serves.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Version.
    pub version: String,
    /// Generation.
    pub generation: u64,
    /// Load time.
    pub load_time: Duration,
    /// When it was loaded.
    pub since: SystemTime,
    /// How much it has to do.
    pub load: super::Load,
    /// Number of commands.
    pub commands: usize,
}

impl Plugins {
    /// No plugins yet. Empties the shadow folder of what an earlier run left.
    ///
    /// # Errors
    ///
    /// The shadow folder can't be made.
    pub fn new(
        config: Arc<Config>,
        probe_with: PathBuf,
        services: Arc<Services>,
        routes: Arc<Routes>,
    ) -> Result<Self, LoadError> {
        let folder = shadow_folder(&config);
        shadow::prepare(&folder).map_err(|source| LoadError::Shadow {
            path: folder,
            source,
        })?;
        Ok(Self {
            config,
            probe_with,
            services,
            routes,
            set: Mutex::default(),
            doors: Mutex::default(),
            changes: watch::Sender::new(0),
            written_off: Arc::default(),
        })
    }

    /// Tells of every change of the set.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Loads a file, or swaps the plugin that it holds for it. Any failure leaves the old generation serving.
    ///
    /// # Errors
    ///
    /// In words that an author can act on.
    pub async fn load_file(&self, path: &Path) -> Result<LoadReport, LoadError> {
        let result = self.load_transaction(path).await;
        match &result {
            Ok(report) => {
                tracing::info!(
                    plugin = &*report.plugin,
                    version = &*report.version,
                    generation = report.generation,
                    load_ms = report.load_time.as_secs_f64() * 1000.0,
                    "{}",
                    if report.replaced {
                        "reloaded"
                    } else {
                        "loaded"
                    }
                );
                Box::pin(self.load_those_that_waited_for(&report.plugin)).await;
            }
            Err(error) => {
                let plugin = file::plugin_name(path).unwrap_or_default();
                tracing::error!(plugin = &*plugin, path = %path.display(), "not loaded: {error}");
                self.note_failure(path, error);
            }
        }
        self.changes.send_modify(|changes| *changes += 1);
        result
    }

    /// Loads all files; those whose dependencies come later are tried again. Failures are logged.
    pub async fn load_all(&self, files: Vec<PathBuf>) {
        for file in files {
            // A dependency that was loaded meanwhile may have pulled it in.
            if !self.serves_file(&file) {
                let _ = self.load_file(&file).await;
            }
        }
    }

    /// Loads a plugin by name from the extensions folder.
    ///
    /// # Errors
    ///
    /// There is no such file, it is loaded already, or it can't be loaded.
    pub async fn load(&self, name: &str) -> Result<LoadReport, LoadError> {
        let name = super::tidy(name);
        if self.set().loaded.contains_key(&name) {
            return Err(LoadError::AlreadyLoaded { name });
        }
        let path = self.file_of(&name)?;
        self.load_file(&path).await
    }

    /// Reloads a plugin by name, whether its file has changed or not, and then those that depend on it.
    ///
    /// # Errors
    ///
    /// It is not loaded, or the new generation can't be; the old one goes on.
    pub async fn reload(&self, name: &str) -> Result<Vec<LoadReport>, LoadError> {
        let name = super::tidy(name);
        let path = {
            let set = self.set();
            match set.loaded.get(&name) {
                Some(loaded) if loaded.file.exists() => loaded.file.clone(),
                _ => {
                    drop(set);
                    self.file_of(&name)?
                }
            }
        };
        let mut reports = vec![self.load_file(&path).await?];
        for dependent in self.dependents(&name) {
            let Some(path) = self.loaded_file(&dependent) else {
                continue;
            };
            reports.push(self.load_file(&path).await?);
        }
        Ok(reports)
    }

    /// Reloads all plugins, dependencies first.
    pub async fn reload_all(&self) -> Vec<(String, Result<LoadReport, LoadError>)> {
        let mut reports = Vec::new();
        for name in self.in_order() {
            let Some(path) = self.loaded_file(&name) else {
                continue;
            };
            let report = self.load_file(&path).await;
            reports.push((name, report));
        }
        reports
    }

    /// Unloads a plugin, after saving its state.
    ///
    /// # Errors
    ///
    /// It is not loaded, others need it, or (unless `force`) its state can't be saved.
    pub async fn unload(&self, name: &str, force: bool) -> Result<UnloadReport, LoadError> {
        let name = super::tidy(name);
        let dependents = self.dependents(&name);
        if !dependents.is_empty() && !force {
            return Err(LoadError::Needed {
                name,
                dependents: list(&dependents),
            });
        }
        for dependent in dependents.iter().rev() {
            let _ = Box::pin(self.unload(dependent, true)).await;
        }
        let door = self.door(&name);
        let _inside = door.lock().await;
        let report = self.unload_inside(&name, force).await;
        self.changes.send_modify(|changes| *changes += 1);
        report
    }

    /// Loads a file that is new or has changed, unless it holds what is loaded from it already.
    pub async fn file_changed(&self, path: &Path, sha256: [u8; 32], load_new: bool) {
        let known = self
            .set()
            .loaded
            .values()
            .find(|loaded| loaded.file == path)
            .map(|loaded| loaded.info.sha256);
        match known {
            Some(known) if known == sha256 => {
                self.set().failed.retain(|_, failed| failed.file != path);
            }
            None if !load_new => {
                tracing::info!(path = %path.display(), "a new plugin file; `load` loads it (`extensions.auto_load` is off)");
            }
            _ => drop(self.load_file(path).await),
        }
    }

    /// Notes that a file is no plugin; what is loaded from it goes on.
    pub fn reject(&self, path: &Path, error: &LoadError) {
        tracing::error!(path = %path.display(), "not loaded: {error}");
        self.note_failure(path, error);
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Unloads what a deleted file held, with all that depends on it.
    pub async fn unload_file(&self, path: &Path) {
        let name = self
            .set()
            .loaded
            .iter()
            .find(|(_, loaded)| loaded.file == path)
            .map(|(name, _)| name.clone());
        self.set().failed.retain(|_, failed| failed.file != path);
        if let Some(name) = name {
            tracing::info!(plugin = &*name, "its file was deleted");
            let _ = self.unload(&name, true).await;
        }
    }

    /// Unloads everything, dependents first, and takes nothing any more.
    pub async fn shut_down(&self) {
        self.set().stopping = true;
        for name in self.in_order().into_iter().rev() {
            let _ = self.unload(&name, true).await;
        }
    }

    /// What there is, by name.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        let set = self.set();
        let mut all: BTreeMap<String, Status> = set
            .loaded
            .iter()
            .map(|(name, loaded)| {
                let generation = loaded.slot.current();
                let status = Status {
                    plugin: name.clone(),
                    file: loaded.file.clone(),
                    serving: Some(Serving {
                        version: generation.manifest.version.clone(),
                        generation: generation.number,
                        load_time: loaded.load_time,
                        since: loaded.since,
                        load: generation.load(),
                        commands: generation.manifest.commands.len(),
                    }),
                    error: None,
                };
                (name.clone(), status)
            })
            .collect();
        for (name, failed) in &set.failed {
            all.entry(name.clone())
                .or_insert_with(|| Status {
                    plugin: name.clone(),
                    file: failed.file.clone(),
                    serving: None,
                    error: None,
                })
                .error = Some(failed.error.clone());
        }
        all.into_values().collect()
    }

    /// Plugins that did not stop and stay mapped, as `name#generation`.
    #[must_use]
    pub fn written_off(&self) -> Vec<String> {
        self.written_off
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The manifests of what is loaded, by plugin.
    #[must_use]
    pub fn manifests(&self) -> BTreeMap<String, Manifest> {
        self.set()
            .loaded
            .iter()
            .map(|(name, loaded)| (name.clone(), loaded.slot.current().manifest.clone()))
            .collect()
    }

    // --- the transaction ---

    async fn load_transaction(&self, path: &Path) -> Result<LoadReport, LoadError> {
        let began = Instant::now();
        let (bytes, info) = read(path).await?;
        let name = super::tidy(&info.note.name);
        if self
            .config
            .extensions
            .blacklist
            .iter()
            .any(|listed| super::tidy(listed) == name)
        {
            return Err(LoadError::Blacklisted { name });
        }
        let door = self.door(&name);
        let _inside = door.lock().await;
        let (number, probed) = {
            let mut set = self.set();
            if set.stopping {
                return Err(LoadError::ShuttingDown);
            }
            if let Some(loaded) = set.loaded.get(&name)
                && loaded.file != path
                && loaded.file.exists()
            {
                return Err(LoadError::Manifest {
                    problems: vec![format!(
                        "it is called `{name}` as is the plugin in {}: remove one of the two files",
                        loaded.file.display()
                    )],
                });
            }
            let number = set.generations.entry(name.clone()).or_default();
            *number += 1;
            (*number, set.probed.contains(&info.sha256))
        };
        let shadow = self.shadow_copy(&name, number, &info, bytes).await?;
        let loaded = self
            .load_shadow(path, &name, number, &shadow, &info, probed, began)
            .await;
        if loaded.is_err() && census::mapped_bytes(&shadow) == Some(0) {
            let _ = fs::remove_file(&shadow);
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
        name: &str,
        number: u64,
        shadow: &Path,
        info: &FileInfo,
        probed: bool,
        began: Instant,
    ) -> Result<LoadReport, LoadError> {
        let extensions = &self.config.extensions;
        if extensions.probe && !probed {
            let deadline = Duration::from_millis(extensions.probe_timeout_ms);
            probe::run(&self.probe_with, shadow, deadline).await?;
            self.set().probed.insert(info.sha256);
        }
        let deadline = Duration::from_millis(extensions.start_timeout_ms);
        let generation =
            Generation::open(name, number, shadow, Arc::clone(&self.services), deadline).await?;
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
        Ok(LoadReport {
            plugin: name.to_owned(),
            version: generation.manifest.version.clone(),
            generation: number,
            load_time: began.elapsed(),
            replaced,
        })
    }

    /// Checks the manifest and starts the plugin; the old generation serves meanwhile.
    async fn take_up(&self, generation: &Generation, deadline: Duration) -> Result<(), LoadError> {
        self.check_manifest(&generation.plugin, &generation.manifest)?;
        let head = StartHead {
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
            generation: generation.number,
            calls: crate::services::CALLS
                .iter()
                .map(|&call| call.to_owned())
                .collect(),
            settings: self.config.plugin_settings(&generation.plugin),
            log_level: crate::log::plugin_level().to_owned(),
            bot_id: self.services.bot_id(),
            application_id: self.services.application_id(),
        };
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
        let deadline = Duration::from_millis(self.config.extensions.save_timeout_ms);
        let Some(slot) = slot else {
            self.restore_from_disk(next, deadline).await?;
            self.routes.change(|| {
                self.check_manifest(name, &next.manifest)?;
                let slot = Arc::new(Slot::new(Arc::clone(next)));
                Ok::<_, LoadError>(self.enter(slot, name, path, info, began))
            })?;
            next.go_live();
            return Ok(false);
        };
        let old = slot.current();
        let handed_over = match old.freeze_and_save(deadline).await {
            Ok(Some(state)) => {
                next.restore(&state, deadline)
                    .await
                    .map_err(|reason| LoadError::State {
                        phase: "restored",
                        reason,
                    })
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = handed_over {
            old.thaw();
            return Err(error);
        }
        let switched = self.routes.change(|| {
            // Once more, now that nothing else can be entered: another plugin may have come meanwhile.
            self.check_manifest(name, &next.manifest)?;
            drop(slot.switch(Arc::clone(next)));
            Ok(self.enter(Arc::clone(&slot), name, path, info, began))
        });
        if let Err(error) = switched {
            old.thaw();
            return Err(error);
        }
        next.go_live();
        self.retire(old);
        Ok(true)
    }

    /// Enters a plugin into the set; what is to be routed to.
    fn enter(
        &self,
        slot: Arc<Slot>,
        name: &str,
        path: &Path,
        info: &FileInfo,
        began: Instant,
    ) -> Vec<Arc<Slot>> {
        let mut set = self.set();
        set.failed.remove(name);
        set.loaded.insert(
            name.to_owned(),
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
        let path = state_file::path(&self.config.data.folder, &next.plugin);
        let broken = |reason: String| LoadError::StateFile {
            reason,
            path: path.clone(),
        };
        match state_file::read(&path) {
            Ok(Some(state)) => next.restore(&state, deadline).await.map_err(broken),
            Ok(None) => Ok(()),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    async fn unload_inside(&self, name: &str, force: bool) -> Result<UnloadReport, LoadError> {
        let Some(slot) = self
            .set()
            .loaded
            .get(name)
            .map(|loaded| Arc::clone(&loaded.slot))
        else {
            return Err(self.unknown(name));
        };
        let generation = slot.current();
        if generation.manifest.keeps_state
            && let Err(error) = self.save_to_disk(&generation).await
        {
            if !force {
                generation.thaw();
                return Err(error);
            }
            tracing::error!(plugin = name, "its state is lost: {error}");
        }
        self.routes.change(|| {
            let mut set = self.set();
            set.loaded.remove(name);
            Ok::<_, LoadError>(slots(&set))
        })?;
        let deadline = Duration::from_millis(self.config.extensions.stop_timeout_ms);
        let report = generation.unload(deadline).await;
        Ok(self.book(report, &generation))
    }

    async fn save_to_disk(&self, generation: &Generation) -> Result<(), LoadError> {
        let deadline = Duration::from_millis(self.config.extensions.save_timeout_ms);
        let Some(state) = generation.freeze_and_save(deadline).await? else {
            return Ok(());
        };
        let path = state_file::path(&self.config.data.folder, &generation.plugin);
        state_file::write(&path, &state).map_err(|error| LoadError::State {
            phase: "saved",
            reason: format!("{}: {error}", path.display()),
        })
    }

    /// Lets an old generation end on its own time.
    fn retire(&self, old: Arc<Generation>) {
        let deadline = Duration::from_millis(self.config.extensions.stop_timeout_ms);
        let written_off = Arc::clone(&self.written_off);
        tokio::spawn(async move {
            if let Some(report) = old.unload(deadline).await {
                written_off.book(&report, &old.shadow);
            }
        });
    }

    async fn unload_failed(&self, generation: &Generation) {
        let report = generation.unload(Duration::from_millis(100)).await;
        self.book(report, generation);
    }

    fn book(&self, report: Option<UnloadReport>, generation: &Generation) -> UnloadReport {
        let Generation {
            plugin: name,
            number,
            shadow,
            ..
        } = generation;
        let report =
            report.unwrap_or_else(|| UnloadReport::written_off(name, *number, Duration::ZERO));
        self.written_off.book(&report, shadow);
        report
    }

    // --- helpers ---

    fn check_manifest(&self, name: &str, manifest: &Manifest) -> Result<(), LoadError> {
        let others = self.manifests();
        let neighbours: Vec<Neighbour<'_>> = others
            .iter()
            .filter(|(other, _)| *other != name)
            .map(|(name, manifest)| Neighbour { name, manifest })
            .collect();
        let problems = manifest_check::problems(name, manifest, &neighbours);
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

    fn note_failure(&self, path: &Path, error: &LoadError) {
        let Some(name) = file::plugin_name(path) else {
            return;
        };
        let needs = match error {
            LoadError::Dependency { name, .. } => Some(name.clone()),
            _ => None,
        };
        self.set().failed.insert(
            name,
            Failed {
                file: path.to_owned(),
                error: error.to_string(),
                needs,
            },
        );
    }

    async fn load_those_that_waited_for(&self, name: &str) {
        let waiting: Vec<PathBuf> = self
            .set()
            .failed
            .values()
            .filter(|failed| failed.needs.as_deref() == Some(name))
            .map(|failed| failed.file.clone())
            .collect();
        for file in waiting {
            let _ = self.load_file(&file).await;
        }
    }

    async fn shadow_copy(
        &self,
        name: &str,
        number: u64,
        info: &FileInfo,
        bytes: Vec<u8>,
    ) -> Result<PathBuf, LoadError> {
        let (folder, name, sha256) = (
            shadow_folder(&self.config),
            name.to_owned(),
            info.sha256_hex(),
        );
        tokio::task::spawn_blocking(move || shadow::copy(&folder, &name, number, &sha256, &bytes))
            .await
            .map_err(|_| LoadError::ShuttingDown)?
    }

    fn door(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(doors.entry(name.to_owned()).or_default())
    }

    fn file_of(&self, name: &str) -> Result<PathBuf, LoadError> {
        crate::watcher::plugin_files(&self.config.extensions.folder)
            .into_iter()
            .find(|path| file::plugin_name(path).is_some_and(|found| super::tidy(&found) == name))
            .ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> LoadError {
        let mut known: Vec<String> = self.set().loaded.keys().cloned().collect();
        known.extend(
            crate::watcher::plugin_files(&self.config.extensions.folder)
                .iter()
                .filter_map(|path| file::plugin_name(path)),
        );
        known.sort();
        known.dedup();
        let nearest = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .min()
            .filter(|(distance, _)| *distance <= 3);
        let hint = match nearest {
            Some((_, nearest)) => format!("; did you mean `{nearest}`?"),
            None if known.is_empty() => {
                format!(
                    "; {} holds no plugin files",
                    self.config.extensions.folder.display()
                )
            }
            None => format!("; there are {}", list(&known)),
        };
        LoadError::Unknown {
            name: name.to_owned(),
            hint,
        }
    }

    fn serves_file(&self, path: &Path) -> bool {
        self.set().loaded.values().any(|loaded| loaded.file == path)
    }

    fn loaded_file(&self, name: &str) -> Option<PathBuf> {
        self.set()
            .loaded
            .get(name)
            .map(|loaded| loaded.file.clone())
    }

    /// Those that need `name`, nearest first.
    fn dependents(&self, name: &str) -> Vec<String> {
        let manifests = self.manifests();
        let mut found = vec![name.to_owned()];
        let mut at = 0;
        while at < found.len() {
            for (other, manifest) in &manifests {
                let needs = manifest
                    .dependencies
                    .iter()
                    .any(|dependency| super::tidy(&dependency.name) == found[at]);
                if needs && !found.contains(other) {
                    found.push(other.clone());
                }
            }
            at += 1;
        }
        found.remove(0);
        found
    }

    /// All that is loaded, dependencies before those that need them.
    fn in_order(&self) -> Vec<String> {
        let manifests = self.manifests();
        let mut order: Vec<String> = Vec::new();
        while order.len() < manifests.len() {
            let before = order.len();
            for (name, manifest) in &manifests {
                let ready = manifest.dependencies.iter().all(|dependency| {
                    let needed = super::tidy(&dependency.name);
                    order.contains(&needed) || !manifests.contains_key(&needed)
                });
                if ready && !order.contains(name) {
                    order.push(name.clone());
                }
            }
            if order.len() == before {
                // A circle can't be loaded; this only keeps a bug from being a hang.
                order.extend(
                    manifests
                        .keys()
                        .filter(|name| !order.contains(name))
                        .cloned()
                        .collect::<Vec<_>>(),
                );
            }
        }
        order
    }

    fn set(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slots(set: &Set) -> Vec<Arc<Slot>> {
    set.loaded
        .values()
        .map(|loaded| Arc::clone(&loaded.slot))
        .collect()
}

fn shadow_folder(config: &Config) -> PathBuf {
    config.data.folder.join("shadow")
}

async fn read(path: &Path) -> Result<(Vec<u8>, FileInfo), LoadError> {
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

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
