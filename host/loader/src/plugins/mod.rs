//! Set of the loaded plugins: load, reload and unload as transactions.

mod canary;
mod footprints;
mod former;
mod keeping;
mod look;
mod order;
mod prepared;
mod refused;
mod rollback;
mod selection;
mod start;
mod start_plan;
mod status;
mod stopping;
mod supervise;
mod takeover;
mod together;
mod transaction;
mod trials;
mod unloads;
mod watchdog;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use host_base::{PluginName, nearest::nearest};
use plugin_api::{hook::ExtensionFailed, manifest::Manifest};
use tokio::sync::{Semaphore, mpsc, watch};

pub use self::{
    canary::{CanaryBegun, Promoted},
    former::{RollBack, RolledBack},
    order::InUse,
    start_plan::StartPlan,
    status::{LoadReport, Serving, Status},
    trials::Trials,
};
use self::{
    stopping::{Leaving, Saving},
    supervise::{Restarts, Trouble},
    transaction::Source,
};
use super::{
    archive::Archive,
    error::LoadError,
    file::{self, FileInfo},
    generation::Generation,
    known::Known,
    probe::{self, ProbeReport},
    quarantine::Quarantine,
    shadow,
    slot::Slot,
    states::States,
    unload::UnloadReport,
    unloaded::Unloaded,
};
use crate::{Caller, Change, CrashNote, Lifted, Program, Refusal};

/// The set of loaded plugins.
#[derive(Debug)]
pub struct Plugins {
    /// The program that they are loaded into.
    program: Arc<dyn Program>,
    /// The executable that probes; itself, unless a test says otherwise.
    probe_with: PathBuf,
    set: Mutex<Set>,
    /// One at a time per plugin and per file; different plugins load side by side.
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Counts up with every change of the set.
    changes: watch::Sender<u64>,
    abandoned: Arc<Abandoned>,
    /// What lies on the disk of their states.
    states: Arc<States>,
    /// Loads that are under way.
    loading: watch::Sender<usize>,
    /// Generations that are on their way out, by plugin.
    leaving: Mutex<BTreeMap<PluginName, Leaving>>,
    /// When the shutdown is to be over, once it has begun.
    until: Mutex<Option<Instant>>,
    /// What happens to generations that nobody has stopped; `None` when there are to be none any more.
    trouble: mpsc::UnboundedSender<Option<Trouble>>,
    troubles: Mutex<Option<mpsc::UnboundedReceiver<Option<Trouble>>>>,
    /// The files that were refused, by path.
    refused: refused::RefusedFiles,
    quarantine: Quarantine,
    unloaded: Unloaded,
    archive: Arc<Archive>,
    /// What probes of earlier processes have found.
    known: Arc<Known>,
    trials: trials::Counts,
    /// What was read for loads that are to come.
    prepared: prepared::PreparedFiles,
    /// Seats of those that are being opened.
    opening: Semaphore,
}

/// Generations that did not stop, or that something still refers to: they stay mapped.
#[derive(Debug, Default)]
struct Abandoned {
    /// All of them, as `name#generation`.
    all: Mutex<Vec<String>>,
    /// Those among them whose threads were stuck.
    stuck: Mutex<Vec<(PluginName, u64)>>,
}

impl Abandoned {
    async fn record(&self, report: &UnloadReport, shadow: &Path) {
        if report.unmapped {
            // It had been given up too early.
            self.leave(&report.plugin, report.generation);
            let shadow = shadow.to_owned();
            let _ = tokio::task::spawn_blocking(move || fs::remove_file(shadow)).await;
        } else {
            self.enter(&report.plugin, report.generation);
        }
    }

    /// Enters a generation that stays mapped, once.
    fn enter(&self, plugin: &str, generation: u64) {
        let mut all = self.all();
        let name = format!("{plugin}#{generation}");
        if !all.contains(&name) {
            all.push(name);
        }
    }

    fn leave(&self, plugin: &str, generation: u64) {
        let name = format!("{plugin}#{generation}");
        self.all().retain(|other| *other != name);
        self.stuck()
            .retain(|(name, number)| !(name.is(plugin) && *number == generation));
    }

    fn stuck(&self) -> MutexGuard<'_, Vec<(PluginName, u64)>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> MutexGuard<'_, Vec<String>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks that are kept before those that nobody needs are forgotten.
const KEPT: usize = 512;

/// Libraries that are read, copied and opened side by side: the dynamic loader opens one at a time, and each is in memory meanwhile.
const OPENED_SIDE_BY_SIDE: usize = 4;

/// Contents of files of which it is kept what they declare; then all are forgotten, and each is probed once more when it comes again.
const PROBED: usize = 2_048;

#[derive(Debug, Default)]
struct Set {
    loaded: BTreeMap<PluginName, Loaded>,
    /// Files that are still to be loaded as the bot starts.
    to_load: Vec<PathBuf>,
    failed: BTreeMap<PluginName, Failed>,
    /// The last generation's number of each name that there ever was: no number comes twice. Grows by some bytes with each name.
    generations: HashMap<PluginName, u64>,
    /// What contents declared that were probed.
    probed: HashMap<[u8; 32], Manifest>,
    /// What files declared when they were last looked at.
    declared: HashMap<PathBuf, Manifest>,
    /// The plugins that each uses for what it needs; those of one that is being loaded are there before it starts.
    uses: InUse,
    restarts: HashMap<PluginName, Restarts>,
    /// When a plugin was last replaced because of its heap.
    heap: HashMap<PluginName, Instant>,
    /// What was found when the generation of a plugin was closed whose thread had ended.
    closed: HashMap<PluginName, UnloadReport>,
    /// The last crash of the process that was a plugin's fault.
    crashes: BTreeMap<PluginName, CrashNote>,
    /// Those that may be loaded; `None`: all.
    selection: Option<selection::Selection>,
    stopping: bool,
}

impl Set {
    /// Takes a file out of those that are still to be loaded.
    fn take_from_load(&mut self, is_it: impl Fn(&PathBuf) -> bool) -> Option<PathBuf> {
        let at = self.to_load.iter().position(is_it)?;
        Some(self.to_load.remove(at))
    }
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
    /// What it declares, where that is known.
    manifest: Option<Manifest>,
    /// Whether nothing but others stands in its way: what is missing, and what it conflicts with.
    is_relation: bool,
    /// Whether that is the quarantine.
    quarantined: bool,
    /// Whether it is left out for now.
    left_out: bool,
}

impl Plugins {
    /// No plugins yet. Empties the shadow folder of what an earlier run left.
    ///
    /// # Errors
    ///
    /// The shadow folder can't be made.
    pub fn new(program: Arc<dyn Program>, probe_with: PathBuf) -> Result<Self, LoadError> {
        let options = program.options();
        let folder = options.shadow();
        shadow::prepare(&folder).map_err(|source| LoadError::Shadow {
            path: folder,
            source,
        })?;
        // Unbounded: a generation has one trouble at most.
        let (trouble, troubles) = mpsc::unbounded_channel();
        Ok(Self {
            quarantine: Quarantine::open(&options.data),
            unloaded: Unloaded::open(&options.data),
            known: Arc::new(Known::open(&options.data, &probe_with)),
            archive: Arc::new(Archive::new(&options.data)),
            states: Arc::new(States::new(options.data)),
            program,
            probe_with,
            set: Mutex::default(),
            locks: Mutex::default(),
            changes: watch::Sender::new(0),
            abandoned: Arc::default(),
            loading: watch::Sender::new(0),
            leaving: Mutex::default(),
            until: Mutex::default(),
            trouble,
            troubles: Mutex::new(Some(troubles)),
            refused: refused::RefusedFiles::default(),
            trials: trials::Counts::default(),
            prepared: prepared::PreparedFiles::default(),
            opening: Semaphore::new(OPENED_SIDE_BY_SIDE),
        })
    }

    /// A number that grows with every change of the set.
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
        let result = self.load_transaction(path, Source::default()).await;
        match &result {
            Ok(report) => self.has_loaded(path, report).await,
            Err(LoadError::ShuttingDown) => {}
            Err(LoadError::Unloaded { name, note }) => self.stays_unloaded(path, name, note),
            Err(error) => self.has_failed(path, error).await,
        }
        self.changes.send_modify(|changes| *changes += 1);
        result
    }

    /// What follows from a load that has gone well.
    async fn has_loaded(&self, path: &Path, report: &LoadReport) {
        self.refused.forget(path);
        tracing::info!(
            plugin = &*report.plugin,
            version = &*report.version,
            generation = report.generation,
            load_ms = report.load_time.as_millis() as u64,
            "{}",
            if report.replaced {
                "reloaded"
            } else {
                "loaded"
            }
        );
        let caller = Caller::new(&report.plugin, report.generation);
        self.program.changed(Change::Loaded(caller, report.hook()));
        Box::pin(self.load_those_that_waited_for(&report.plugin)).await;
        if report.replaced {
            Box::pin(self.try_again(None)).await;
        }
    }

    /// What follows from a load that has failed.
    async fn has_failed(&self, path: &Path, error: &LoadError) {
        let plugin = file::plugin_name(path);
        let path_shown = path.display();
        // Tried again, and as before: once is enough for the log.
        let news = self.refused.note(path, refused::content(path).await, error);
        if news.is_any() {
            tracing::error!(plugin = plugin.as_deref(), path = %path_shown, "not loaded: {error}");
            self.note_failure(path, error, news);
        } else {
            tracing::info!(plugin = plugin.as_deref(), path = %path_shown, "still not loaded: {error}");
        }
    }

    /// Loads all files, as many as can be loaded together; each behind what it needs, and optional ones first. Failures are logged.
    pub async fn load_all(&self, files: Vec<PathBuf>) {
        let plan = self.plan_start(files).await;
        self.load_planned(plan).await;
    }

    /// Loads a plugin by name from the extensions folder.
    ///
    /// # Errors
    ///
    /// There is no such file, it is loaded already, or it can't be loaded.
    pub async fn load(&self, name: &str) -> Result<LoadReport, LoadError> {
        let name = PluginName::new(name);
        if self.serves(&name) {
            return Err(LoadError::AlreadyLoaded { name });
        }
        let path = self.file_of(&name).await?;
        self.wants_loaded(&path).await;
        self.load_file(&path).await
    }

    /// The same for one that is in quarantine, or left out for now: it is let in first.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub async fn load_again(&self, name: &str) -> Result<LoadReport, LoadError> {
        let name = PluginName::new(name);
        if self.serves(&name) {
            return Err(LoadError::AlreadyLoaded { name });
        }
        let path = self.file_of(&name).await?;
        let (_, info) = transaction::read(&path).await?;
        self.wants_loaded(&path).await;
        self.select(&[PluginName::new(&info.note.name)]);
        if self.quarantine.lift(&info.sha256_hex()) {
            tracing::warn!(plugin = &*name, "let out of quarantine");
        }
        self.load_file(&path).await
    }

    /// What a plugin that serves wants of the program has changed: whoever follows the set looks again.
    pub fn wants_have_changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Tries a file in a child process, and loads nothing here.
    ///
    /// # Errors
    ///
    /// The child refused the file, died of it, or took too long.
    pub async fn probe(&self, file: &Path) -> Result<ProbeReport, LoadError> {
        probe::run(&self.probe_with, file, self.program.options().probe_timeout).await
    }

    /// Reloads a plugin by name, whether its file has changed or not, and then those that depend on it.
    ///
    /// # Errors
    ///
    /// It is not loaded, or the new generation can't be; the old one goes on.
    pub async fn reload(&self, name: &str) -> Result<Vec<LoadReport>, LoadError> {
        let name = PluginName::new(name);
        let path = match self.loaded_file(&name) {
            Some(file) if exists(file.clone()).await => file,
            Some(_) => self.file_of(&name).await?,
            // One that has failed is tried again.
            None => {
                let failed = self.set().failed.get(&name).map(|it| it.file.clone());
                match failed {
                    Some(file) => file,
                    None => return Err(self.absent(&name).await),
                }
            }
        };
        let mut reports = vec![self.load_file(&path).await?];
        for report in self.reload_dependents(&name).await {
            reports.push(report?);
        }
        Ok(reports)
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
                self.refused.forget(path);
                self.set().failed.retain(|_, failed| failed.file != path);
            }
            None if !load_new => {
                tracing::info!(path = %path.display(), "a new plugin file; `load` loads it (`extensions.auto_load` is off)");
            }
            _ => self.load_changed(path).await,
        }
    }

    /// Loads a file, and reloads those that need what it was.
    async fn load_changed(&self, path: &Path) {
        for name in self.names_from(path) {
            if let Err(error) = self.check_budget(&name) {
                let content = refused::content(path).await;
                self.reject(path, content, &error);
                return;
            }
        }
        let Ok(report) = self.load_file(path).await else {
            return;
        };
        if report.replaced {
            self.reload_dependents(&report.plugin).await;
        }
        // What the file held before under another name is in no file any more.
        for name in self.names_from(path) {
            if name != report.plugin {
                tracing::info!(plugin = &*name, "its file holds `{}` now", report.plugin);
                let _ = self.unload(&name, true).await;
            }
        }
    }

    async fn reload_dependents(&self, name: &PluginName) -> Vec<Result<LoadReport, LoadError>> {
        let mut reports = Vec::new();
        for dependent in self.followers(name) {
            if let Some(path) = self.loaded_file(&dependent) {
                reports.push(self.load_file(&path).await);
            }
        }
        reports
    }

    /// All that serve, canaries among them.
    fn all_generations(&self) -> Vec<Arc<Generation>> {
        let slots = slots(&self.set());
        slots.iter().flat_map(|slot| slot.generations()).collect()
    }

    /// Sends every plugin which of its log lines are wanted: before anything that comes to it later.
    pub fn send_log_levels(&self) {
        for generation in self.all_generations() {
            generation.send_log_level();
        }
    }

    /// Sends every plugin what its handlers may take.
    pub fn send_limits(&self) {
        for generation in self.all_generations() {
            generation.send_limits();
        }
    }

    /// Notes that a file with this content is no plugin; what is loaded from it goes on.
    pub fn reject(&self, path: &Path, sha256: Option<[u8; 32]>, error: &LoadError) {
        let news = self.refused.note(path, sha256, error);
        // At a start it was tried already.
        if news.is_any() {
            tracing::error!(path = %path.display(), "not loaded: {error}");
            self.note_failure(path, error, news);
        }
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Unloads what a deleted file held, with all that depends on it.
    pub async fn unload_file(&self, path: &Path) {
        self.refused.forget(path);
        self.forget_unloaded(path);
        self.forget_file(path);
        for name in self.names_from(path) {
            tracing::info!(plugin = &*name, "its file was deleted");
            let _ = self.unload_with(&name, Saving::Try, Some(path)).await;
        }
        // Also what is refused because of a plugin that was loaded from it: its copy, its rival.
        self.try_again(None).await;
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn forget_file(&self, path: &Path) {
        let mut set = self.set();
        set.declared.remove(path);
        set.failed.retain(|_, failed| failed.file != path);
    }

    /// The plugins that are loaded from a file: one, but for the moment in which it holds another.
    fn names_from(&self, path: &Path) -> Vec<PluginName> {
        let set = self.set();
        let from = set.loaded.iter().filter(|(_, loaded)| loaded.file == path);
        from.map(|(name, _)| name.clone()).collect()
    }

    fn note_failure(&self, path: &Path, error: &LoadError, news: refused::News) {
        let name = file::plugin_name(path);
        let hook = ExtensionFailed {
            plugin: name
                .as_ref()
                .map_or_else(|| path.display().to_string(), ToString::to_string),
            error: error.to_string(),
        };
        if let Some(name) = name {
            let mut set = self.set();
            let failed = Failed {
                file: path.to_owned(),
                error: error.to_string(),
                manifest: set.declared.get(path).cloned(),
                is_relation: matches!(error, LoadError::Relations { .. }),
                quarantined: matches!(error, LoadError::Quarantined { .. }),
                left_out: matches!(error, LoadError::LeftOut { .. }),
            };
            set.failed.insert(name, failed);
        }
        // Whoever hears of it finds it noted.
        self.program.changed(Change::Refused(Refusal {
            hook,
            file: path.to_owned(),
            is_new: news.content,
            is_wanted: matches!(error, LoadError::Blacklisted { .. }),
            serves: self.serves_file(path),
            lifted: Lifted::of(error),
        }));
    }

    async fn load_those_that_waited_for(&self, name: &PluginName) {
        let universe = self.universe(None);
        let waits = |failed: &&Failed| {
            let manifest = failed.manifest.as_ref().filter(|_| failed.is_relation);
            manifest.is_some_and(|it| universe.needs_name_of(&PluginName::new(&it.name), name))
        };
        let waiting: Vec<PathBuf> = {
            let set = self.set();
            let waiting = set.failed.values().filter(waits);
            waiting.map(|failed| failed.file.clone()).collect()
        };
        for file in self.by_plan(waiting) {
            // One of those before may have brought it.
            if self.is_refused(&file) {
                let _ = self.load_file(&file).await;
            }
        }
    }

    /// Files that were refused, in the order in which they could be loaded now.
    fn by_plan(&self, files: Vec<PathBuf>) -> Vec<PathBuf> {
        let order = self.universe(None).plan().order;
        let set = self.set();
        start_plan::by_plan(files, &order, |file| {
            let declared = set.declared.get(file)?;
            Some(PluginName::new(&declared.name))
        })
    }

    fn is_refused(&self, path: &Path) -> bool {
        self.set().failed.values().any(|failed| failed.file == path)
    }

    fn lock_of(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        // One that nobody is at or waits for is made anew when it is needed.
        if locks.len() >= KEPT {
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        Arc::clone(locks.entry(name.to_owned()).or_default())
    }

    async fn file_of(&self, name: &PluginName) -> Result<PathBuf, LoadError> {
        let files = self.files().await;
        files
            .iter()
            .find(|path| file::plugin_name(path).is_some_and(|found| name.is(&found)))
            .cloned()
            .ok_or_else(|| self.unknown(name, &files))
    }

    /// The plugin files in the extensions folder.
    async fn files(&self) -> Vec<PathBuf> {
        let folder = self.program.options().extensions;
        let files = tokio::task::spawn_blocking(move || file::plugin_files(&folder));
        files.await.unwrap_or_default()
    }

    /// The name that a loaded plugin goes by, from one that somebody wrote.
    ///
    /// # Errors
    ///
    /// There is no such plugin, or it is not loaded.
    pub async fn loaded_name(&self, name: &str) -> Result<PluginName, LoadError> {
        let name = PluginName::new(name);
        if self.set().loaded.contains_key(&name) {
            return Ok(name);
        }
        Err(self.absent(&name).await)
    }

    /// Why a plugin that is not loaded is not there.
    async fn absent(&self, name: &PluginName) -> LoadError {
        match self.file_of(name).await {
            Ok(_) => LoadError::NotLoaded { name: name.clone() },
            Err(error) => error,
        }
    }

    fn unknown(&self, name: &PluginName, files: &[PathBuf]) -> LoadError {
        let options = self.program.options();
        let mut known: Vec<PluginName> = files
            .iter()
            .filter_map(|path| file::plugin_name(path))
            .filter(|name| !options.blacklist.contains(name))
            .collect();
        known.extend(self.set().loaded.keys().cloned());
        known.sort();
        known.dedup();
        let hint = match nearest(name, known.iter().map(PluginName::as_str)) {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None if known.is_empty() => {
                format!("; {} holds no plugin files", options.extensions.display())
            }
            None => format!("; there are {}", list(&known)),
        };
        LoadError::Unknown {
            name: name.clone(),
            hint,
        }
    }

    /// Whether a generation of it serves, or is to: one whose thread has ended does not.
    fn serves(&self, name: &PluginName) -> bool {
        let set = self.set();
        let serving = |it: &Loaded| !it.slot.current().vitals().is_over();
        set.loaded.get(name).is_some_and(serving)
    }

    fn serves_file(&self, path: &Path) -> bool {
        self.set().loaded.values().any(|loaded| loaded.file == path)
    }

    fn loaded_file(&self, name: &PluginName) -> Option<PathBuf> {
        self.set()
            .loaded
            .get(name)
            .map(|loaded| loaded.file.clone())
    }

    fn leavings(&self) -> MutexGuard<'_, BTreeMap<PluginName, Leaving>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where troubles come, for the one that deals with them.
    fn troubles(&self) -> Option<mpsc::UnboundedReceiver<Option<Trouble>>> {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.take()
    }

    fn set(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a file is there, asked where it may block.
async fn exists(path: PathBuf) -> bool {
    let there = tokio::task::spawn_blocking(move || path.exists());
    there.await.unwrap_or_default()
}

fn slots(set: &Set) -> Vec<Arc<Slot>> {
    set.loaded
        .values()
        .map(|loaded| Arc::clone(&loaded.slot))
        .collect()
}

fn list(names: &[PluginName]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
