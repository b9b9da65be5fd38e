//! Supervision: a plugin whose thread ends by itself is started again, one that panics too often is stopped, one that is stuck is taken
//! over from (`takeover.rs`); the program is notified of each.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use host_base::PluginName;
use plugin_api::hook::{ExtensionFailed, PluginBlocked};
use tokio::time::sleep;

use super::{
    Failed, Plugins, footprints,
    stopping::Saving,
    watchdog::{Finding, Look, Stall, Watchdog},
};
use crate::{
    CellCrash, Change, Program, crumbs, generation::Generation, signals, unload::UnloadReport,
    vitals::MOST_PANICS,
};

/// The pause before the first restart; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Restarts in a row before it is left alone: some four minutes.
const RESTARTS: u32 = 8;

/// How long a plugin must have gone on for its restarts to be forgotten.
const RECOVERED: Duration = Duration::from_secs(600);

/// How often it is looked whether a plugin has taken a signal of the host's past libc.
const LOOK: Duration = Duration::from_secs(1);

/// A plugin that holds too much heap again within this time is stopped.
const HEAP_PAUSE: Duration = Duration::from_secs(60);

/// How often work that found no room is told of.
const CROWDED: Duration = Duration::from_secs(10);

/// What is the matter with a generation.
#[derive(Debug)]
pub(super) struct Trouble {
    generation: Arc<Generation>,
    what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// Its thread has ended, or never answers again.
    Ended(String),
    /// It has panicked so often within a minute.
    Panics(u64),
    /// It holds so many bytes of heap, and more than it may.
    Heap(u64),
    /// Its thread has been at one thing for too long; at what.
    Stuck(Stall, String),
}

/// How often a plugin was started again.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    count: u32,
    last: Option<Instant>,
}

impl Restarts {
    /// How long to wait for the next restart; `None` when there were enough.
    fn next(&mut self, now: Instant) -> Option<Duration> {
        if self.last.is_some_and(|last| now - last > RECOVERED) {
            self.count = 0;
        }
        if self.count >= RESTARTS {
            return None;
        }
        let pause = FIRST_PAUSE * 2_u32.pow(self.count);
        self.count += 1;
        self.last = Some(now);
        Some(pause.min(LONGEST_PAUSE))
    }
}

/// What is seen of a generation from second to second.
#[derive(Debug, Default)]
struct Looks {
    watchdog: Watchdog,
    crowded: Option<Instant>,
}

impl Looks {
    /// Looks at a generation; tells the program what it should know, and gives what has to be done.
    fn look(&mut self, generation: &Generation, program: &dyn Program) -> Option<What> {
        let now = Instant::now();
        self.tell_drops(generation, program, now);
        let limits = program.limits();
        if let Some(bytes) = generation
            .heap()
            .filter(|bytes| limits.heap.is_some_and(|most| *bytes > most))
            && !generation.is_stopping()
        {
            return Some(What::Heap(bytes));
        }
        let look = Look {
            now,
            busy: generation.busy_for().filter(|_| !generation.is_stopping()),
            cpu: generation.cpu(),
        };
        match self.watchdog.look(look, limits.watchdog) {
            Finding::Well => None,
            Finding::Blocked(stall) => {
                program.changed(Change::Blocked(blocked(generation, stall)));
                None
            }
            Finding::Stuck(stall) => Some(What::Stuck(stall, generation.doing())),
        }
    }

    fn tell_drops(&mut self, generation: &Generation, program: &dyn Program, now: Instant) {
        let is_due = self.crowded.is_none_or(|last| now - last >= CROWDED);
        let Some(dropped) = is_due.then(|| generation.take_drops()).flatten() else {
            return;
        };
        self.crowded = Some(now);
        let plugin = &generation.plugin;
        tracing::warn!(
            plugin = &**plugin,
            "the plugin is too far behind: {}",
            dropped.in_words()
        );
        program.changed(Change::Crowded(plugin.clone(), dropped));
    }
}

fn blocked(generation: &Generation, stall: Stall) -> PluginBlocked {
    let (plugin, handler) = (&*generation.plugin, generation.doing());
    tracing::warn!(
        plugin,
        "its thread has been in {handler} for {:.1?} ({}): all that is for it waits",
        stall.lasts,
        stall.pace()
    );
    PluginBlocked {
        plugin: plugin.to_owned(),
        blocked_ms: stall.lasts.as_millis().try_into().unwrap_or(u64::MAX),
        handler,
        spins: stall.spins(),
    }
}

impl Plugins {
    /// Looks after a generation from now on.
    pub(super) fn watch(&self, generation: &Arc<Generation>) {
        let (generation, program) = (Arc::clone(generation), Arc::clone(&self.program));
        let trouble = self.trouble.clone();
        tokio::spawn(async move {
            let vitals = generation.vitals();
            let mut panics = vitals.panics_followed();
            let mut ended = std::pin::pin!(vitals.ended());
            let mut looks = Looks::default();
            let what = loop {
                tokio::select! {
                    why = &mut ended => break What::Ended(why),
                    () = sleep(LOOK) => {
                        if let Some(what) = looks.look(&generation, &*program) {
                            break what;
                        }
                    }
                    Ok(()) = panics.changed() => {
                        let limit = program.options().panics_per_minute;
                        let panics = vitals.panics_a_minute();
                        if limit > 0 && panics > limit.min(MOST_PANICS - 1) {
                            break What::Panics(panics);
                        }
                    }
                }
            };
            if !generation.is_stopping() {
                let generation = Arc::clone(&generation);
                let _ = trouble.send(Some(Trouble { generation, what }));
            }
        });
    }

    /// Deals with the troubles of plugins, and saves their states now and then, for as long as the bot runs.
    pub async fn supervise(self: Arc<Self>) {
        let Some(mut troubles) = self.troubles() else {
            return;
        };
        let mut saved = Instant::now();
        let mut looks = footprints::Looks::default();
        loop {
            let every = self.program.options().save_every;
            let until_save = every.saturating_sub(saved.elapsed());
            tokio::select! {
                trouble = troubles.recv() => match trouble {
                    Some(Some(trouble)) => {
                        let plugins = Arc::clone(&self);
                        tokio::spawn(async move { plugins.deal_with(trouble).await });
                    }
                    Some(None) | None => return,
                },
                () = sleep(until_save.min(LOOK)) => {
                    crumbs::beat();
                    self.look_at_footprints(&mut looks);
                    self.look_at_canaries();
                    signals::put_back_hosts(|handler| self.plugin_at(handler));
                    if !every.is_zero() && saved.elapsed() >= every {
                        saved = Instant::now();
                        tokio::spawn(Arc::clone(&self).save_all());
                    }
                }
            }
        }
    }

    /// Takes canaries back that fail too often.
    fn look_at_canaries(self: &Arc<Self>) {
        for (generation, within) in self.failing_canaries() {
            let plugins = Arc::clone(self);
            let why = format!(
                "{} of {} failed within ten minutes (`extensions.canary_failure_percent`)",
                within.failed, within.handled
            );
            tokio::spawn(async move { plugins.canary_fails(&generation, &why).await });
        }
    }

    /// The plugin that has code at this address.
    fn plugin_at(&self, address: usize) -> Option<PluginName> {
        let mut all = self.generations().into_iter();
        let found = all.find(|(_, generation)| generation.has_code_at(address));
        found.map(|(name, _)| name)
    }

    /// Saves the states of all plugins while they serve, one after the other.
    async fn save_all(self: Arc<Self>) {
        let deadline = self.program.options().save_timeout;
        for (_, generation) in self.generations() {
            if !generation.is_stopping() {
                self.save_now(&generation, deadline).await;
            }
        }
    }

    async fn deal_with(&self, Trouble { generation, what }: Trouble) {
        if self.is_canary(&generation) {
            self.deal_with_canary(&generation, what).await;
            return;
        }
        match what {
            What::Ended(why) => self.start_again(&generation, why).await,
            What::Panics(count) => self.stop_for_panics(&generation, count).await,
            What::Heap(bytes) => self.replace_for_heap(&generation, bytes).await,
            What::Stuck(stall, doing) => self.take_over(&generation, stall, &doing).await,
        }
    }

    async fn stop_for_panics(&self, generation: &Arc<Generation>, count: u64) {
        let last = generation.vitals().last_panic().unwrap_or_default();
        let why = format!(
            "it panicked {count} times within a minute (`extensions.panics_per_minute`) and was stopped, the last time with: {last}"
        );
        self.stop_for(generation, &why).await;
    }

    /// Puts a fresh generation in the place of one that holds too much heap, by a reload: its state is handed over. One that holds too much
    /// again within a minute is stopped.
    async fn replace_for_heap(&self, generation: &Arc<Generation>, bytes: u64) {
        let name = &generation.plugin;
        let why = format!(
            "it holds {} MiB of heap, more than it may (`limits.heap_mb`)",
            bytes >> 20
        );
        let Some(file) = self.file_served_by(generation) else {
            return;
        };
        let again = match self.was_replaced_lately(name) {
            true => Err(format!("{why}, again within a minute, and was stopped")),
            false => {
                tracing::error!(plugin = &**name, "{why}: another generation takes over");
                let told = format!("{why}; another generation takes over");
                self.fail(name, file.clone(), &told);
                let loaded = self.load_file(&file).await;
                loaded.map_err(|error| format!("{why}, and was stopped: {error}"))
            }
        };
        if let Err(why) = again {
            self.stop_for(generation, &why).await;
        }
    }

    /// Whether a plugin was replaced for its heap within a minute; notes that it is now.
    fn was_replaced_lately(&self, name: &PluginName) -> bool {
        let now = Instant::now();
        let last = self.set().heap.insert(name.clone(), now);
        last.is_some_and(|last| now - last < HEAP_PAUSE)
    }

    /// Unloads a plugin for this reason, in the ordinary way: its state is saved.
    async fn stop_for(&self, generation: &Arc<Generation>, why: &str) {
        let name = &generation.plugin;
        let lock = self.lock_of(name);
        let _inside = lock.lock().await;
        let Some(file) = self.file_served_by(generation) else {
            return;
        };
        let why = format!("{why}; `load {name}` starts it again");
        let dependents = self.dependents_with_files(name);
        if self.unload_inside(name, Saving::Try).await.is_ok() {
            self.leave_without(name, &dependents, "has failed");
            self.fail(name, file, &why);
        }
    }

    /// Starts a plugin again whose thread has ended, with the state that was saved last.
    pub(super) async fn start_again(&self, generation: &Arc<Generation>, mut why: String) {
        let name = &generation.plugin;
        if let Some(remark) = self.enter_crash_of_cell(generation) {
            why = format!("{why}; {remark}");
        }
        let Some(file) = self.close_failed(generation, &why).await else {
            return;
        };
        let mut next = format!("it was started again {RESTARTS} times");
        loop {
            if let Err(error) = self.check_budget(name) {
                next = error.to_string();
                break;
            }
            let Some(pause) = self.restarts(name) else {
                break;
            };
            self.fail(
                name,
                file.clone(),
                &format!("{why}; it is started again in {pause:?}"),
            );
            sleep(pause).await;
            if self.set().stopping || self.file_served_by(generation).is_none() {
                return;
            }
            match self.load_file(&file).await {
                Ok(_) => return,
                Err(error) => why = error.to_string(),
            }
        }
        self.stays_failed(generation, &format!("{why}; {next}"))
            .await;
    }

    /// Enters the crash of a generation's cell, if it has crashed: beside the plugin, and against its file. What there is to add to why it
    /// has ended.
    pub(super) fn enter_crash_of_cell(&self, generation: &Generation) -> Option<String> {
        let CellCrash { note, strikes } = generation.cell()?.take_crash()?;
        let (name, at_ms) = (&generation.plugin, note.at_ms);
        self.note_crash(name, note);
        let (sha256, limit) = strikes?;
        let is_out = self.quarantine.strike_in_cell(name, &sha256, at_ms, limit);
        is_out.then(|| {
            let held = self.quarantine.of(&sha256);
            let why = held.map_or_else(String::new, |held| held.why);
            format!(
                "{why}; the bot's own process does not load its file until `load {name} again` does"
            )
        })
    }

    /// Closes what is left of a generation whose thread has ended. Its place stays, so that its commands stay registered; who
    /// uses one gets an error. Gives the plugin's file, unless another generation serves by now.
    async fn close_failed(&self, generation: &Arc<Generation>, why: &str) -> Option<PathBuf> {
        let lock = self.lock_of(&generation.plugin);
        let _inside = lock.lock().await;
        let file = self.file_served_by(generation)?;
        tracing::error!(
            plugin = &*generation.plugin,
            generation = generation.number,
            "the plugin has failed: {why}"
        );
        generation.close();
        let report = generation.unload(Duration::ZERO).await;
        let report = self.record(report, generation).await;
        self.set().closed.insert(generation.plugin.clone(), report);
        let sha256 = self.sha256_of(&generation.plugin);
        self.note_ended_on_disk(generation, sha256, format!("failed: {why}"))
            .await;
        self.changes.send_modify(|changes| *changes += 1);
        Some(file)
    }

    /// What was found when a dead generation was closed.
    pub(super) fn closed_report(&self, generation: &Generation) -> UnloadReport {
        let report = self.set().closed.remove(&generation.plugin);
        report
            .filter(|it| it.generation == generation.number)
            .unwrap_or_else(|| {
                UnloadReport::abandoned(&generation.plugin, generation.number, Duration::ZERO)
            })
    }

    fn restarts(&self, name: &PluginName) -> Option<Duration> {
        let mut set = self.set();
        let restarts = set.restarts.entry(name.clone()).or_default();
        restarts.next(Instant::now())
    }

    /// Notes that a plugin has failed, and notifies the program.
    pub(super) fn fail(&self, name: &PluginName, file: PathBuf, why: &str) {
        let mut set = self.set();
        let failed = Failed {
            manifest: set.declared.get(&file).cloned(),
            file,
            error: why.to_owned(),
            is_relation: false,
            quarantined: false,
            left_out: false,
        };
        set.failed.insert(name.clone(), failed);
        drop(set);
        self.program.changed(Change::Failed(ExtensionFailed {
            plugin: name.to_string(),
            error: why.to_owned(),
        }));
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(super) fn dependents_with_files(&self, name: &PluginName) -> Vec<(PluginName, PathBuf)> {
        let dependents = self.dependents(name).into_iter();
        dependents
            .filter_map(|dependent| Some((dependent.clone(), self.loaded_file(&dependent)?)))
            .collect()
    }

    /// Those that were unloaded because they need `name` come back with it, or with another that provides the same.
    pub(super) fn leave_without(
        &self,
        name: &PluginName,
        dependents: &[(PluginName, PathBuf)],
        why: &str,
    ) {
        let mut set = self.set();
        for (dependent, file) in dependents {
            // Moved over to another.
            if set.loaded.contains_key(dependent) {
                continue;
            }
            let failed = Failed {
                file: file.clone(),
                error: format!("it needs `{name}`, which {why}"),
                manifest: set.declared.get(file).cloned(),
                is_relation: true,
                quarantined: false,
                left_out: false,
            };
            set.failed.insert(dependent.clone(), failed);
        }
    }

    pub(super) fn file_served_by(&self, generation: &Arc<Generation>) -> Option<PathBuf> {
        let set = self.set();
        let loaded = set.loaded.get(&generation.plugin)?;
        Arc::ptr_eq(&loaded.slot.current(), generation).then(|| loaded.file.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_restarts_end_until_it_has_recovered() {
        let mut restarts = Restarts::default();
        let now = Instant::now();
        let pauses: Vec<_> = std::iter::from_fn(|| restarts.next(now))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        let later = now + RECOVERED + Duration::from_secs(1);
        assert_eq!(restarts.next(later), Some(FIRST_PAUSE));
    }
}
