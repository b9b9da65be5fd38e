//! Unloads: one plugin, what a deleted file held, all of them at the end. What a member was answered is in the saved state.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use host_base::PluginName;
use plugin_api::hook::ExtensionUnloaded;
use tokio_util::sync::CancellationToken;

use super::{Plugins, list, order, slots};
use crate::{
    Change, SavedState, error::LoadError, generation::Generation, states::Moment,
    unload::UnloadReport,
};

/// What the last saves may take when the process is to end at once.
const QUICKLY: Duration = Duration::from_secs(1);

/// What a stop takes beyond its deadline (the plugin's runtime, the library), with some to spare for the databases.
const BEYOND: Duration = Duration::from_millis(2500);

/// What is done about a state that can't be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saving {
    /// The plugin stays.
    Insist,
    /// The plugin goes without it.
    Try,
    /// It was tried already; what comes behind it is saved at the end.
    Tried,
}

/// A generation on its way out.
#[derive(Debug)]
pub(super) struct Leaving {
    generation: Arc<Generation>,
    waits_for: Option<PluginName>,
}

impl Plugins {
    /// Unloads a plugin: saves its state, has it serve what waits for it, and saves what has changed by that.
    ///
    /// # Errors
    ///
    /// It is not loaded, others need it, or (unless `force`) its state can't be saved.
    pub async fn unload(&self, name: &str, force: bool) -> Result<UnloadReport, LoadError> {
        let saving = if force { Saving::Try } else { Saving::Insist };
        let name = PluginName::new(name);
        let report = self.unload_with(&name, saving, None).await;
        if report.is_ok() {
            self.try_again(Some(&name)).await;
        }
        report
    }

    /// The same without a second try for those it stood in the way of; where `file` is named, only if it was loaded from that.
    pub(super) async fn unload_with(
        &self,
        name: &PluginName,
        saving: Saving,
        file: Option<&Path>,
    ) -> Result<UnloadReport, LoadError> {
        let lock = self.lock_of(name);
        let _inside = lock.lock().await;
        // It may have come from another file meanwhile, as when one is renamed.
        if file.is_some_and(|file| !self.names_from(file).iter().any(|it| it == name)) {
            return Err(LoadError::NotLoaded { name: name.clone() });
        }
        let report = self.unload_inside(name, saving).await;
        if report.is_ok() {
            self.program.changed(Change::Unloaded(ExtensionUnloaded {
                plugin: name.to_string(),
            }));
        }
        self.changes.send_modify(|changes| *changes += 1);
        report
    }

    /// The same for somebody who holds the plugin's lock.
    pub(super) async fn unload_inside(
        &self,
        name: &PluginName,
        saving: Saving,
    ) -> Result<UnloadReport, LoadError> {
        let loaded = self.set().loaded.get(name).map(|it| Arc::clone(&it.slot));
        let Some(slot) = loaded else {
            return Err(self.absent(name).await);
        };
        let generation = slot.current();
        let sha256 = self.sha256_of(name);
        let _leaving = self.leaving(&generation);
        loop {
            self.unload_dependents(name, saving).await?;
            if saving != Saving::Tried {
                self.save_first(&generation, saving).await?;
            }
            // One may have come while the state was saved: it is not left without what it needs.
            if self.leave_routes(name) {
                break;
            }
            generation.thaw();
        }
        let canary = slot.take_canary();
        let (report, ()) = tokio::join!(self.stop(&generation), self.close_canary(canary));
        let how = match self.set().stopping {
            true => "stopped with the bot",
            false => "unloaded",
        };
        self.note_ended_on_disk(&generation, sha256, how.to_owned())
            .await;
        Ok(report)
    }

    async fn unload_dependents(&self, name: &PluginName, saving: Saving) -> Result<(), LoadError> {
        let stuck = self.stuck_without(name);
        if saving == Saving::Insist && !stuck.is_empty() {
            return Err(LoadError::Needed {
                name: name.clone(),
                dependents: list(&stuck),
            });
        }
        for dependent in stuck.iter().rev().filter(|it| !self.is_around(it, name)) {
            let _ = Box::pin(self.unload_with(dependent, Saving::Try, None)).await;
        }
        let using = order::that_use(&self.in_use(), name);
        for dependent in using.iter().filter(|it| !self.is_around(it, name)) {
            Box::pin(self.move_over(dependent, name)).await;
        }
        Ok(())
    }

    /// Whether a plugin that uses `name` is on its way out itself, and waits for `name`: they need each other in a circle.
    fn is_around(&self, dependent: &PluginName, name: &PluginName) -> bool {
        let is_leaving = self.leavings().contains_key(dependent);
        is_leaving && self.dependents(dependent).contains(name)
    }

    /// Those that use `name` and find no other that fits, with all that use them; nearest first.
    fn stuck_without(&self, name: &PluginName) -> Vec<PluginName> {
        let (universe, in_use) = (self.universe(None), self.in_use());
        let mut stuck = Vec::new();
        for dependent in order::that_use(&in_use, name) {
            if !universe.does_without(&dependent, name) {
                stuck.extend(self.dependents_among(&dependent, &in_use));
                stuck.insert(0, dependent);
            }
        }
        let mut nearest_first = self.dependents_among(name, &in_use);
        nearest_first.retain(|it| stuck.contains(it));
        nearest_first
    }

    /// Has a plugin use others than the one that goes: it is reloaded, with those that follow it. Where that fails, it goes on as it is,
    /// and what it asks of the name goes to the other.
    async fn move_over(&self, dependent: &PluginName, gone: &PluginName) {
        self.use_others(dependent, gone);
        if let Some(file) = self.loaded_file(dependent) {
            let _ = self.load_file(&file).await;
            let _ = self.reload_dependents(dependent).await;
        }
    }

    fn use_others(&self, dependent: &PluginName, gone: &PluginName) {
        let enforced = self.enforced();
        let mut set = self.set();
        let universe = set.universe(enforced, None, Some(gone));
        let providers = universe.providers(dependent, set.uses.get(dependent));
        for (name, other) in &providers {
            tracing::info!(
                plugin = dependent.as_str(),
                "`{gone}` goes: `{other}` is used for `{name}` now"
            );
        }
        set.uses.insert(dependent.clone(), providers);
    }

    /// The save that may refuse an unload.
    async fn save_first(&self, generation: &Generation, saving: Saving) -> Result<(), LoadError> {
        if !generation.manifest.keeps_state || generation.vitals().is_over() {
            return Ok(());
        }
        let deadline = self.program.options().save_timeout;
        let written = match generation.freeze_and_save(deadline).await {
            Ok(Some((moment, state))) => self.write_state(generation, moment, state).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match written {
            Err(error) if saving == Saving::Insist => {
                generation.thaw();
                Err(error)
            }
            Err(error) => {
                tracing::error!(
                    plugin = &*generation.plugin,
                    "its state may be lost: {error}"
                );
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    pub(super) async fn write_state(
        &self,
        generation: &Generation,
        moment: Moment,
        state: SavedState,
    ) -> Result<(), LoadError> {
        let plugin = &generation.plugin;
        let written = self.states.write(plugin, moment, state).await;
        written.map_err(|error| LoadError::State {
            phase: "saved",
            reason: format!("{}: {error}", self.states.path(plugin).display()),
        })
    }

    /// Takes a plugin out of the routes, unless another one needs it by now.
    fn leave_routes(&self, name: &PluginName) -> bool {
        let left = self.program.route(&mut || {
            // Whoever comes from here on finds it gone.
            let using = order::that_use(&self.in_use(), name);
            if using.iter().any(|it| !self.is_around(it, name)) {
                return Err(LoadError::Needed {
                    name: name.clone(),
                    dependents: String::new(),
                });
            }
            let mut set = self.set();
            set.loaded.remove(name);
            set.uses.remove(name);
            Ok(slots(&set))
        });
        left.is_ok()
    }

    /// Has a generation serve what waits for it, saves its state behind that, and closes it.
    async fn stop(&self, generation: &Arc<Generation>) -> UnloadReport {
        let last = generation
            .manifest
            .keeps_state
            .then(|| generation.last_state());
        let saved = async {
            if let Some(last) = last
                && let Some((moment, state)) = last.await
                && let Err(error) = self.write_state(generation, moment, state).await
            {
                tracing::error!(plugin = &*generation.plugin, "{error}");
            }
        };
        let deadline = match generation.vitals().is_over() {
            // It takes nothing any more.
            true => Duration::ZERO,
            false => self.time_to_stop(),
        };
        let (report, ()) = tokio::join!(generation.unload(deadline), saved);
        match (report, generation.vitals().is_over()) {
            (None, true) => self.closed_report(generation),
            (report, _) => self.record(report, generation).await,
        }
    }

    /// How long handlers may still run: less when the whole bot stops and has no more time.
    pub(super) fn time_to_stop(&self) -> Duration {
        let usual = self.program.options().stop_timeout;
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(usual, |until| {
            let left = until.saturating_duration_since(Instant::now());
            usual.min(left.saturating_sub(BEYOND))
        })
    }

    /// Unloads everything within about this time, and takes nothing any more.
    ///
    /// Every plugin is asked for its state at once. Then each stops, when those that need it have: whoever is slow holds up
    /// nobody but those it needs.
    pub async fn shut_down(&self, within: Duration) {
        self.set().stopping = true;
        let _ = self.trouble.send(None);
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + within);
        let (in_use, order) = (self.in_use(), self.in_order());
        let gone: BTreeMap<&PluginName, CancellationToken> = in_use
            .keys()
            .map(|name| (name, CancellationToken::new()))
            .collect();
        let (in_use, gone) = (&in_use, &gone);
        let place = |name: &PluginName| order.iter().position(|it| it == name);
        let place = &place;
        let all = in_use.keys().map(|name| async move {
            if let Some(generation) = self.current(name) {
                let _leaving = self.leaving(&generation);
                let _ = self.save_first(&generation, Saving::Try).await;
                // Until it is its turn to stop.
                generation.thaw();
                // In a circle somebody has to be first.
                let using = order::that_use(in_use, name).into_iter();
                for other in using.filter(|other| place(other) > place(name)) {
                    self.waits_for(name, Some(&other));
                    gone[&other].cancelled().await;
                }
                self.waits_for(name, None);
                let _ = self.unload_with(name, Saving::Tried, None).await;
            }
            gone[name].cancel();
        });
        join_all(all).await;
        self.keep_trials().await;
        // A load that was under way is refused at its end.
        let _ = self.loading.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Who is not gone yet, in words; empty when all are.
    #[must_use]
    pub fn late(&self) -> String {
        let mut late = String::new();
        for (name, leaving) in &*self.leavings() {
            let comma = if late.is_empty() { "" } else { ", " };
            let _ = match &leaving.waits_for {
                Some(other) => write!(late, "{comma}{name} (waits for {other})"),
                None => write!(late, "{comma}{name}"),
            };
        }
        late
    }

    /// Saves what can be saved within a second: the process is about to end.
    pub async fn save_quickly(&self) {
        let mut generations: Vec<_> = self.generations().into_iter().map(|it| it.1).collect();
        generations.extend(
            self.leavings()
                .values()
                .map(|it| Arc::clone(&it.generation)),
        );
        let saved = generations.iter().map(|it| self.save_now(it, QUICKLY));
        let _ = tokio::time::timeout(QUICKLY, join_all(saved)).await;
    }

    /// Saves a generation's state as it is, while it serves.
    pub(super) async fn save_now(&self, generation: &Generation, deadline: Duration) {
        if let Err(error) = self.save_as_it_is(generation, deadline).await {
            tracing::debug!(plugin = &*generation.plugin, "not saved meanwhile: {error}");
        }
    }

    async fn save_as_it_is(
        &self,
        generation: &Generation,
        deadline: Duration,
    ) -> Result<(), LoadError> {
        if !generation.manifest.keeps_state || generation.vitals().is_over() {
            return Ok(());
        }
        match generation.save(deadline).await? {
            Some((moment, state)) => self.write_state(generation, moment, state).await,
            None => Ok(()),
        }
    }

    /// Saves a plugin's state while it serves; returns when it is on the disk.
    ///
    /// # Errors
    ///
    /// The plugin can't save, or the state can't be written.
    pub async fn save_state(&self, name: &PluginName) -> Result<(), LoadError> {
        let deadline = self.program.options().save_timeout;
        match self.current(name) {
            Some(generation) => self.save_as_it_is(&generation, deadline).await,
            None => Ok(()),
        }
    }

    /// The plugins that are not loaded and of which a state lies on the disk, with its file.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn states_at_rest(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let mut all = self.states.all().await?;
        let set = self.set();
        all.retain(|(name, _)| !set.loaded.contains_key(&PluginName::new(name)));
        Ok(all)
    }

    pub(super) fn current(&self, name: &PluginName) -> Option<Arc<Generation>> {
        self.set().loaded.get(name).map(|it| it.slot.current())
    }

    fn leaving(&self, generation: &Arc<Generation>) -> impl Drop {
        self.leavings()
            .entry(generation.plugin.clone())
            .or_insert_with(|| Leaving {
                generation: Arc::clone(generation),
                waits_for: None,
            });
        LeavingGuard(self, generation.plugin.clone())
    }

    fn waits_for(&self, name: &PluginName, other: Option<&PluginName>) {
        if let Some(leaving) = self.leavings().get_mut(name) {
            leaving.waits_for = other.cloned();
        }
    }
}

/// Takes a generation from the list of those that are on their way out.
struct LeavingGuard<'a>(&'a Plugins, PluginName);

impl Drop for LeavingGuard<'_> {
    fn drop(&mut self) {
        self.0.leavings().remove(&self.1);
    }
}
