//! Transaction of a load: a list of steps, each of which may refuse. Any failure leaves the old generation serving.
//!
//! What a step has brought about is undone by what it returns: a [`ShadowCopy`] removes its file, a [`Frozen`] generation goes on, and a
//! generation that does not come to serve is closed. Once the routes are switched nothing fails any more.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::{
    LoadReport, Loaded, Plugins, exists,
    keeping::{Beside, Ended},
    prepared::{self, Content},
    rollback::{Frozen, Loading, ShadowCopy},
    slots,
};
use crate::{
    Caller,
    archive::KeptFile,
    error::LoadError,
    file::{self, FileInfo},
    generation::Generation,
    isolation::Home,
    manifest_check::{self, neighbours},
    resolve::Candidate,
    shadow,
    slot::Slot,
    stamp::Stamp,
    state_file::SavedState,
    states::Moment,
    unload::UnloadReport,
};

/// Why a canary serves no longer.
pub(super) const ENDED_BY_LOAD: &str = "a load in its plugin's place has ended it";

impl Plugins {
    pub(super) async fn load_transaction(
        &self,
        path: &Path,
        source: Source,
    ) -> Result<LoadReport, LoadError> {
        let began = Instant::now();
        let _loading = Loading::begin(&self.loading);
        // Before the file is read: of two changes in a row, the later content is loaded last.
        let file_lock = self.lock_of(&path.to_string_lossy());
        let _reading = file_lock.lock().await;
        let (load, content) = Load::read(self, path, source, began).await?;
        load.check_name()?;
        load.check_quarantine()?;
        let lock = self.lock_of(&load.name);
        let _inside = lock.lock().await;
        load.check_namesake().await?;
        load.check_declared()?;
        let number = load.number()?;
        let seat = self.opening.acquire().await;
        let copy = load.copy(number, content).await?;
        load.probe(&copy).await?;
        load.check_declared()?;
        self.note_unloadability(&load.name, &load.info);
        let next = Arc::new(load.open(&copy).await?);
        // Whatever its start waits for, nobody waits for it here.
        drop(seat);
        let replaced = match load.take_up(&next).await {
            Ok(replaced) => replaced,
            Err(error) => {
                load.close(&next).await;
                return Err(error);
            }
        };
        copy.keep();
        load.keep_file(&next).await;
        self.watch(&next);
        Ok(load.report(&next, replaced))
    }

    pub(super) async fn record(
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
        self.abandoned.record(&report, shadow).await;
        report
    }

    /// Whether a plugin may be entered at this very moment.
    fn admit(&self, name: &PluginName, manifest: &Manifest) -> Result<(), LoadError> {
        if self.set().stopping {
            return Err(LoadError::ShuttingDown);
        }
        self.check_manifest(name, manifest).map(drop)
    }

    /// Whether a plugin can be served beside what is loaded; what is wrong with it beside others and not enforced.
    fn check_manifest(
        &self,
        name: &PluginName,
        manifest: &Manifest,
    ) -> Result<Vec<String>, LoadError> {
        self.check_beside(name, manifest, &[(name, manifest)])
    }

    /// The same where these come together, it among them.
    pub(super) fn check_beside(
        &self,
        name: &PluginName,
        manifest: &Manifest,
        newcomers: &[(&PluginName, &Manifest)],
    ) -> Result<Vec<String>, LoadError> {
        let mut others = self.manifests();
        others.extend(
            newcomers
                .iter()
                .map(|(name, it)| ((*name).clone(), (*it).clone())),
        );
        let neighbours = neighbours(name, &others);
        let mut problems = manifest_check::problems(&*self.program, name, manifest, &neighbours);
        let enforced = self.enforced();
        let candidates = newcomers.iter().map(|(other, it)| match *other == name {
            true => Candidate::new(*other, it),
            false => Candidate::serving(*other, it),
        });
        let universe = self.set().universe(enforced, candidates, None);
        let relations = universe.problems(name);
        if !problems.is_empty() {
            problems.extend(relations);
            return Err(LoadError::Manifest { problems });
        }
        if !relations.is_empty() {
            return Err(LoadError::Relations {
                problems: relations,
            });
        }
        let mut warnings = Vec::new();
        if !enforced.conflicts {
            let told = universe.conflicts(name).into_iter();
            warnings.extend(told.map(|it| format!("(`[extensions] enforce_conflicts`): {it}")));
        }
        if !enforced.dependencies {
            let told = universe.unmet(name).into_iter();
            warnings.extend(told.map(|it| format!("(`[extensions] enforce_dependencies`): {it}")));
        }
        Ok(warnings)
    }
}

/// What a load takes, where that is not what lies on the disk.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The file's content; `None`: what the file holds.
    pub(super) bytes: Option<Vec<u8>>,
    /// The state that the next generation begins with; `None`: that of the one before.
    pub(super) state: Option<SavedState>,
    /// The path's file becomes this one when the load has gone well.
    pub(super) beside: Option<Beside>,
    /// The file of the plugin that it is a canary of: it serves beside what was loaded from that, and lives as that does.
    pub(super) canary_of: Option<PathBuf>,
}

/// The load of one file: a method per step, in the order in which they are taken.
pub(super) struct Load<'a> {
    plugins: &'a Plugins,
    pub(super) path: &'a Path,
    began: Instant,
    info: FileInfo,
    /// The plugin's, from the note.
    name: PluginName,
    source: Source,
    /// The state that lay on the disk, where the generation took over from none.
    found: OnceLock<SavedState>,
    /// Why its trial has failed, where it was tried when it was prepared.
    failed_trial: Option<String>,
    /// The file's from before it was read, where the next change will change it.
    stamp: Option<Stamp>,
}

impl<'a> Load<'a> {
    /// Reads the file, unless it was prepared, and checks it before any of its code runs.
    pub(super) async fn read(
        plugins: &'a Plugins,
        path: &'a Path,
        mut source: Source,
        began: Instant,
    ) -> Result<(Self, Content), LoadError> {
        let (mut failed_trial, mut stamp) = (None, None);
        let (content, info) = match source.bytes.take() {
            Some(bytes) => {
                let info = file::check(&bytes, path)?;
                (Content::Bytes(bytes), info)
            }
            None => match plugins.take_prepared(path).await {
                Some(prepared) => {
                    failed_trial = prepared.failed_trial;
                    stamp = prepared.is_settled.then_some(prepared.stamp);
                    (Content::Copy(prepared.copy), prepared.info)
                }
                None => {
                    let before = prepared::stamp(path).await;
                    stamp = before.filter(|it| it.is_settled(SystemTime::now()));
                    let (bytes, info) = read(path).await?;
                    (Content::Bytes(bytes), info)
                }
            },
        };
        if source.canary_of.is_none() {
            // What it was before is not what it is.
            plugins.set().declared.remove(path);
        }
        let load = Self {
            plugins,
            path,
            began,
            name: PluginName::new(&info.note.name),
            info,
            source,
            found: OnceLock::new(),
            failed_trial,
            stamp,
        };
        Ok((load, content))
    }

    /// Whether a plugin of that name may be loaded at all.
    pub(super) fn check_name(&self) -> Result<(), LoadError> {
        let name = &self.name;
        if !is_name(name) {
            return Err(LoadError::Manifest {
                problems: vec![format!(
                    "its note calls it {name:?}: a plugin's name has letters, digits, `-` and `_`"
                )],
            });
        }
        let blacklist = self.plugins.program.options().blacklist;
        if blacklist.contains(name) {
            return Err(LoadError::Blacklisted { name: name.clone() });
        }
        self.plugins.check_unloaded(name)?;
        self.plugins.check_selection(name)
    }

    /// Whether the file is one that has crashed too often, and is to be loaded into this process.
    pub(super) fn check_quarantine(&self) -> Result<(), LoadError> {
        if self.home() != Home::Here {
            return Ok(());
        }
        let held = self.plugins.quarantine.of(&self.info.sha256_hex());
        held.map_or(Ok(()), |held| {
            Err(LoadError::Quarantined {
                name: self.name.clone(),
                why: held.why,
            })
        })
    }

    /// The plugin's name, from the note.
    pub(super) const fn name(&self) -> &PluginName {
        &self.name
    }

    /// What the file is.
    pub(super) const fn info(&self) -> &FileInfo {
        &self.info
    }

    /// SHA-256 of the file, in hexadecimal digits.
    pub(super) fn sha256(&self) -> String {
        self.info.sha256_hex()
    }

    /// Whether a manifest can be served beside what is loaded; what is wrong with it and not enforced.
    pub(super) fn check_manifest(&self, manifest: &Manifest) -> Result<Vec<String>, LoadError> {
        self.plugins.check_manifest(&self.name, manifest)
    }

    /// Whether the file still holds the plugin that was loaded from it.
    pub(super) fn check_is(&self, name: &PluginName) -> Result<(), LoadError> {
        if self.name == *name {
            return Ok(());
        }
        Err(LoadError::Manifest {
            problems: vec![format!(
                "{} holds `{}` now; `unload {name}` and `load {}` say which is meant",
                self.path.display(),
                self.name,
                self.name
            )],
        })
    }

    /// Whether another file holds a plugin of that name.
    async fn check_namesake(&self) -> Result<(), LoadError> {
        let name = &self.name;
        if let Some(file) = self.plugins.loaded_file(name)
            && file != self.path
            && exists(file.clone()).await
        {
            return Err(LoadError::Manifest {
                problems: vec![format!(
                    "it is called `{name}` as is the plugin in {}: remove one of the two files",
                    file.display()
                )],
            });
        }
        Ok(())
    }

    /// Which load of the plugin this is. No number comes twice.
    pub(super) fn number(&self) -> Result<u64, LoadError> {
        let mut set = self.plugins.set();
        if set.stopping {
            return Err(LoadError::ShuttingDown);
        }
        let number = set.generations.entry(self.name.clone()).or_default();
        *number += 1;
        Ok(*number)
    }

    /// Makes the private copy that is loaded.
    pub(super) async fn copy(
        &self,
        number: u64,
        content: Content,
    ) -> Result<ShadowCopy<'a>, LoadError> {
        let (folder, name, sha256) = (
            self.plugins.program.options().shadow(),
            self.name.clone(),
            self.info.sha256_hex(),
        );
        let copied = move || match content {
            Content::Bytes(bytes) => shadow::copy(&folder, &name, number, &sha256, &bytes),
            Content::Copy(copy) => {
                let path = shadow::path(&folder, &name, number, &sha256);
                match copy.give(&path) {
                    Ok(()) => Ok(path),
                    Err(source) => Err(LoadError::Shadow { path, source }),
                }
            }
        };
        let path = tokio::task::spawn_blocking(copied)
            .await
            .map_err(|_| LoadError::ShuttingDown)??;
        let abandoned = &self.plugins.abandoned;
        Ok(ShadowCopy::new(path, &self.name, number, abandoned))
    }

    /// Tries content that is new in a child process.
    pub(super) async fn probe(&self, copy: &ShadowCopy<'_>) -> Result<(), LoadError> {
        let plugins = self.plugins;
        if !plugins.program.options().probe {
            return Ok(());
        }
        if plugins.declared_by(&self.name, &self.info.sha256).is_some() {
            return Ok(());
        }
        if let Some(reason) = &self.failed_trial {
            return Err(LoadError::Probe {
                reason: reason.clone(),
            });
        }
        let report = plugins.try_copy(&copy.path).await?;
        plugins.remember(&self.name, &self.info, &report);
        Ok(())
    }

    /// Whether what a child has told of this content can be served, before any of its code runs here.
    fn check_declared(&self) -> Result<(), LoadError> {
        let probed = self.plugins.set().probed.get(&self.info.sha256).cloned();
        let Some(manifest) = probed else {
            return Ok(());
        };
        self.note_declared(&manifest);
        self.plugins.check_manifest(&self.name, &manifest).map(drop)
    }

    fn note_declared(&self, manifest: &Manifest) {
        if self.source.canary_of.is_some() {
            return;
        }
        let mut set = self.plugins.set();
        set.declared.insert(self.path.to_owned(), manifest.clone());
    }

    /// Opens the library on a thread of its own, checks the boundary, and waits until the plugin has declared itself.
    pub(super) async fn open(&self, copy: &ShadowCopy<'_>) -> Result<Generation, LoadError> {
        let program = Arc::clone(&self.plugins.program);
        Generation::open(
            &self.name,
            copy.number,
            &copy.path,
            &self.home(),
            program,
            self.start_timeout(),
        )
        .await
    }

    /// Where it lives.
    fn home(&self) -> Home {
        let isolation = self.plugins.program.options().isolation;
        let file = self.source.canary_of.as_deref().unwrap_or(self.path);
        if !isolation.isolates(&self.name, file) {
            return Home::Here;
        }
        Home::Cell {
            executable: self.plugins.probe_with.clone(),
            limits: isolation.limits,
        }
    }

    /// What comes between a library that is open and a plugin that serves; whether it took over from an older generation, which
    /// serves meanwhile.
    async fn take_up(&self, next: &Arc<Generation>) -> Result<bool, LoadError> {
        self.note_declared(&next.manifest);
        for file in self.plugins.optional_before(&next.manifest) {
            // It has been logged, and this one does without.
            let _ = Box::pin(self.plugins.load_file(&file)).await;
        }
        for warning in self.plugins.check_manifest(&self.name, &next.manifest)? {
            tracing::warn!(plugin = self.name.as_str(), "loaded all the same {warning}");
        }
        self.settle_providers(&next.manifest);
        self.start(next).await?;
        let Some(slot) = self.slot() else {
            self.restore_from_disk(next).await?;
            self.route(next, || Arc::new(Slot::new(Arc::clone(next))))?;
            next.go_live();
            return Ok(false);
        };
        let (old, before) = (Frozen::of(&slot), self.sha256_before());
        let (left, state) = self.hand_state_over(&old.generation, next).await?;
        let mut canary = None;
        self.route(next, || {
            canary = slot.switch(Arc::clone(next));
            Arc::clone(&slot)
        })?;
        self.plugins.retire_canary(canary, ENDED_BY_LOAD);
        let how = format!("replaced by {}", next.manifest.version);
        let ended = Ended::new(&old.generation, before, how, left);
        self.retire(old, next);
        self.plugins.note_ended(ended).await;
        if let Some(state) = state {
            self.write_in_background(next, state);
        }
        Ok(true)
    }

    /// Notes which plugins it uses for what it needs.
    fn settle_providers(&self, manifest: &Manifest) {
        let enforced = self.plugins.enforced();
        let mut set = self.plugins.set();
        let universe = set.universe(enforced, Some(Candidate::new(&self.name, manifest)), None);
        let providers = universe.providers(&self.name, set.uses.get(&self.name));
        set.uses.insert(self.name.clone(), providers);
    }

    /// Has the program prepare what the plugin declares, and starts it.
    pub(super) async fn start(&self, next: &Generation) -> Result<(), LoadError> {
        let program = &self.plugins.program;
        let caller = Caller::new(&next.plugin, next.number);
        let prepared = program.generation_starts(&caller, &next.manifest).await;
        prepared.map_err(LoadError::Unserved)?;
        let head = program.start_head(&caller);
        next.start(&head, self.start_timeout()).await
    }

    /// The plugin's place, where it is loaded already.
    pub(super) fn slot(&self) -> Option<Arc<Slot>> {
        let set = self.plugins.set();
        let loaded = set.loaded.get(&self.name);
        loaded.map(|loaded| Arc::clone(&loaded.slot))
    }

    /// Gives the state that was saved last to a generation that takes over from none.
    async fn restore_from_disk(&self, next: &Generation) -> Result<(), LoadError> {
        if !next.manifest.keeps_state {
            return Ok(());
        }
        let states = &self.plugins.states;
        let path = states.path(&self.name);
        let broken = |reason: String| LoadError::StateFile { reason, path };
        let there = states.begin(&self.name, next.number).await;
        if let Ok(Some(state)) = &there {
            let _ = self.found.set(state.clone());
        }
        let state = match (&self.source.state, there) {
            (Some(given), _) => {
                let given = given.clone();
                self.restore(&given, next).await?;
                self.write_in_background(next, given);
                return Ok(());
            }
            (None, Ok(state)) => state,
            (None, Err(error)) => return Err(broken(error.to_string())),
        };
        match state {
            Some(state) => {
                let restored = next.restore(&state, self.save_timeout()).await;
                restored.map_err(broken)
            }
            None => Ok(()),
        }
    }

    async fn restore(&self, state: &SavedState, next: &Generation) -> Result<(), LoadError> {
        let restored = next.restore(state, self.save_timeout()).await;
        restored.map_err(|reason| LoadError::State {
            phase: "restored",
            reason,
        })
    }

    /// Gives the old generation's state to the next, or the one that it is to begin with; what the old one had, and what the next one
    /// has begun with.
    pub(super) async fn hand_state_over(
        &self,
        old: &Generation,
        next: &Generation,
    ) -> Result<(Option<SavedState>, Option<SavedState>), LoadError> {
        let deadline = self.save_timeout();
        if old.vitals().is_over() {
            // Nothing can be asked of it any more: the next one begins with what was saved last.
            self.restore_from_disk(next).await?;
            return Ok((self.found.get().cloned(), None));
        }
        let saved = old.freeze_and_save(deadline).await?;
        let left = saved.map(|(_, state)| state);
        let begins_with = self.source.state.clone().or_else(|| left.clone());
        if let Some(state) = &begins_with {
            self.restore(state, next).await?;
        }
        Ok((left, begins_with))
    }

    /// Gives a copy of the present generation's state to one that is to serve beside it. Work goes on meanwhile.
    pub(super) async fn copy_state(
        &self,
        present: &Generation,
        next: &Generation,
    ) -> Result<(), LoadError> {
        if !(present.manifest.keeps_state && next.manifest.keeps_state) {
            return Ok(());
        }
        match present.save(self.save_timeout()).await? {
            Some((_, state)) => self.restore(&state, next).await,
            None => Ok(()),
        }
    }

    /// The file that served before, while it is entered.
    fn sha256_before(&self) -> String {
        let set = self.plugins.set();
        let loaded = set.loaded.get(&self.name);
        loaded.map_or_else(String::new, |it| it.info.sha256_hex())
    }

    /// Keeps the file that serves now, and puts it into the extensions folder where it came from elsewhere.
    pub(super) async fn keep_file(&self, next: &Generation) {
        if let Some(beside) = &self.source.beside {
            beside.put_in_place().await;
        }
        let file = KeptFile {
            sha256: self.info.sha256_hex(),
            version: next.manifest.version.clone(),
            bytes: self.info.size,
            ..KeptFile::default()
        };
        let found = self.found.get().cloned();
        self.plugins
            .keep(
                &self.name,
                (file, &self.info),
                self.stamp,
                &next.shadow,
                found,
            )
            .await;
    }

    /// Switches the routes in one step: `place` puts the generation into its slot.
    fn route(
        &self,
        next: &Generation,
        mut place: impl FnMut() -> Arc<Slot>,
    ) -> Result<(), LoadError> {
        self.plugins.program.route(&mut || {
            // Once more, now that nothing else can be entered: another plugin may have come meanwhile.
            self.plugins.admit(&self.name, &next.manifest)?;
            Ok(self.enter(place()))
        })
    }

    /// Enters the plugin into the set; what is to be routed to.
    pub(super) fn enter(&self, slot: Arc<Slot>) -> Vec<Arc<Slot>> {
        let mut set = self.plugins.set();
        set.failed.remove(&self.name);
        set.loaded.insert(
            self.name.clone(),
            Loaded {
                slot,
                file: self.path.to_owned(),
                info: self.info.clone(),
                load_time: self.began.elapsed(),
                since: SystemTime::now(),
            },
        );
        slots(&set)
    }

    /// Lets the old generation end on its own time.
    pub(super) fn retire(&self, old: Frozen, next: &Arc<Generation>) {
        let (old, next) = (old.replaced(), Arc::clone(next));
        let deadline = self.plugins.program.options().stop_timeout;
        let abandoned = Arc::clone(&self.plugins.abandoned);
        tokio::spawn(async move {
            // One that is over was waited for already.
            let deadline = match old.vitals().is_over() {
                true => Duration::ZERO,
                false => {
                    old.begin_to_stop(deadline).await;
                    deadline
                }
            };
            next.go_live();
            if let Some(report) = old.unload(deadline).await {
                abandoned.record(&report, &old.shadow).await;
            }
        });
    }

    /// Writes what a generation has begun with, so that a restart after a failure does not go back behind it.
    pub(super) fn write_in_background(&self, next: &Generation, state: SavedState) {
        let (states, plugin) = (Arc::clone(&self.plugins.states), self.name.clone());
        let moment = Moment {
            generation: next.number,
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

    /// Closes a generation that does not come to serve.
    pub(super) async fn close(&self, next: &Generation) {
        let report = next.unload(Duration::from_millis(100)).await;
        self.plugins.enter_crash_of_cell(next);
        self.plugins.record(report, next).await;
    }

    pub(super) fn report(&self, next: &Generation, replaced: bool) -> LoadReport {
        LoadReport {
            plugin: self.name.clone(),
            version: next.manifest.version.clone(),
            generation: next.number,
            load_time: self.began.elapsed(),
            replaced,
        }
    }

    fn start_timeout(&self) -> Duration {
        self.plugins.program.options().start_timeout
    }

    fn save_timeout(&self) -> Duration {
        self.plugins.program.options().save_timeout
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
