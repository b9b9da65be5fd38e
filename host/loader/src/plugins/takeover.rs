//! Takeover: a fresh generation in the place of one whose thread does not go on.
//!
//! The stuck thread can't be ended: it is abandoned, and its library stays mapped. Members who wait for what it has begun are told at
//! once; what it has not begun, and what comes meanwhile, waits for the fresh generation, which begins with the state that was saved
//! last. There is a budget of abandoned generations, since each keeps its memory, and one that spins a processor.
//!
//! One in a cell is killed instead, once the fresh generation has what waits. Nothing of it stays, so there is no budget.

use std::{path::PathBuf, sync::Arc};

use host_base::PluginName;

use super::{Abandoned, Plugins, stopping::Saving, watchdog::Stall};
use crate::{cell::Cell, generation::Generation};

impl Abandoned {
    /// Enters one whose thread is stuck; how many there are of its plugin.
    fn enter_stuck(&self, plugin: &PluginName, generation: u64) -> usize {
        self.enter(plugin, generation);
        self.stuck().push((plugin.clone(), generation));
        self.stuck_of(plugin)
    }

    /// How many generations of a plugin are abandoned whose threads are stuck.
    pub(super) fn stuck_of(&self, plugin: &PluginName) -> usize {
        self.stuck()
            .iter()
            .filter(|(name, _)| name == plugin)
            .count()
    }
}

impl Plugins {
    /// Abandons a generation whose thread has been at one thing for too long, and has another one take over from it.
    pub(super) async fn take_over(&self, generation: &Arc<Generation>, stall: Stall, doing: &str) {
        let name = &generation.plugin;
        let (file, why) = {
            let lock = self.lock_of(name);
            let _inside = lock.lock().await;
            let Some(file) = self.file_served_by(generation) else {
                return;
            };
            if generation.is_stopping() {
                return;
            }
            let (lasts, pace) = (stall.lasts.as_secs(), stall.pace());
            let why = match generation.cell() {
                Some(cell) => format!(
                    "its cell (process {}) was killed: its thread had been in {doing} for {lasts} s ({pace}; `[limits] watchdog_s`)",
                    cell.pid()
                ),
                None => format!("its thread has been in {doing} for {lasts} s ({pace})"),
            };
            // Members learn of it before anything else is done.
            generation.abandon(&why);
            match generation.cell() {
                Some(_) => (file, why),
                None => (file, self.note_abandoned(generation, why)),
            }
        };
        if let Some(cell) = generation.cell() {
            return self.replace_cell(generation, cell, why, file).await;
        }
        // What it leaves behind counts among what can't be given back.
        let over = self.check_budget(name).err();
        let is_spent = over.is_some() || self.has_spent_its_budget(name);
        let next = match (over, is_spent) {
            (Some(over), _) => over.to_string(),
            (None, true) => format!("`load {name}` tries anew"),
            (None, false) => "another one takes over".to_owned(),
        };
        self.fail(name, file.clone(), &format!("{why}; {next}"));
        if is_spent {
            self.stays_failed(generation, &why).await;
        } else if let Err(error) = self.load_file(&file).await {
            self.start_again(generation, error.to_string()).await;
        }
    }

    /// Has another generation take over from one that is abandoned, and kills its cell behind that: its end would be the end of what
    /// waits in its mailbox.
    async fn replace_cell(
        &self,
        generation: &Arc<Generation>,
        cell: &Cell,
        why: String,
        file: PathBuf,
    ) {
        let name = &generation.plugin;
        tracing::error!(plugin = &**name, "the plugin is stuck: {why}");
        let told = format!("{why}; another one takes over");
        self.fail(name, file.clone(), &told);
        let loaded = self.load_file(&file).await;
        cell.kill(&why);
        if let Err(error) = loaded {
            self.start_again(generation, error.to_string()).await;
        }
    }

    /// Counts a generation that is abandoned for this reason; the reason with the count.
    fn note_abandoned(&self, generation: &Generation, why: String) -> String {
        let (name, number) = (&generation.plugin, generation.number);
        let count = self.abandoned.enter_stuck(name, number);
        let most = self.program.limits().abandoned;
        let why = format!(
            "{why}; generation {number} is abandoned ({count} of the plugin's so far, {most} at most: `limits.abandoned_generations`)"
        );
        tracing::error!(
            plugin = &**name,
            generation = number,
            "the plugin is stuck: {why}"
        );
        why
    }

    /// Whether so many generations of a plugin were abandoned that no further one is begun by itself.
    fn has_spent_its_budget(&self, name: &PluginName) -> bool {
        self.abandoned.stuck_of(name) >= self.program.limits().abandoned
    }

    /// Takes a plugin out whose generation is over, with those that need it, until the owner loads it again.
    pub(super) async fn stays_failed(&self, generation: &Arc<Generation>, why: &str) {
        let name = &generation.plugin;
        let lock = self.lock_of(name);
        let _inside = lock.lock().await;
        let Some(file) = self.file_served_by(generation) else {
            return;
        };
        generation.close();
        let dependents = self.dependents_with_files(name);
        if self.unload_inside(name, Saving::Try).await.is_ok() {
            self.leave_without(name, &dependents, "has failed");
            self.fail(name, file, &format!("{why}; `load {name}` tries anew"));
        }
    }
}
