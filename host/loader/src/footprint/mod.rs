//! Footprint of each plugin: what it takes of the process over time, through all its generations, and what stayed after each unload.
//!
//! Kept in memory for as long as the bot runs, also of plugins that are gone, and bounded: a sample a minute for a day, the last unloads with their
//! words, and sums of all. Of a generation that stays mapped nothing is ever given back, so what it holds is counted as pinned, and the
//! sum of that has a budget ([`Budget`]).

mod budget;
mod history;
mod remains;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use host_base::PluginName;

pub(crate) use self::budget::megabytes;
use self::{budget::Told, history::History};
pub use self::{
    budget::{Budget, OverBudget, Pinned},
    history::{Reading, Sample},
    remains::{Remains, Unloaded},
};

/// Plugins that are remembered; beyond it those that have been gone for longest are forgotten, unless something of them stays.
const REMEMBERED: usize = 512;

/// What every plugin takes and has left, by name.
#[derive(Debug, Default)]
pub struct Footprints {
    plugins: Mutex<BTreeMap<PluginName, Footprint>>,
    told: Mutex<Told>,
}

/// What is known of one plugin.
#[derive(Debug, Default)]
struct Footprint {
    history: History,
    remains: Remains,
    /// Processor time of generations whose figures are given up.
    cpu_before: Duration,
    /// Why no generation of its file can be unloaded, where the file says so.
    never_unloads: Option<String>,
    last_seen: Option<SystemTime>,
}

/// What is known of one plugin, at one moment.
#[derive(Debug, Clone, Default)]
pub struct FootprintView {
    /// The most heap that a look has found since the bot's start, in bytes; `None` when no look has known it.
    pub heap_peak_bytes: Option<u64>,
    /// Processor time of generations whose figures are given up.
    pub cpu_before: Duration,
    /// What was found, oldest first.
    pub samples: Vec<Sample>,
    /// What its unloads came to.
    pub remains: Remains,
    /// Why it can't be unloaded: what its file says, or else what its last unload has found.
    pub stays: Option<String>,
}

impl Footprints {
    /// Notes what a plugin takes now.
    pub fn observe(&self, plugin: &PluginName, now: SystemTime, reading: Reading) {
        self.with(plugin, now, |footprint| {
            footprint.history.observe(now, reading)
        });
    }

    /// Notes what an unload came to.
    pub fn unloaded(&self, plugin: &PluginName, unloaded: Unloaded) {
        let at = unloaded.at;
        self.with(plugin, at, |footprint| footprint.remains.note(unloaded));
    }

    /// Notes whether generations of a plugin's file can be unloaded; `why` when they can't.
    pub fn declares(&self, plugin: &PluginName, why: Option<String>) {
        self.with(plugin, SystemTime::now(), |footprint| {
            footprint.never_unloads = why
        });
    }

    /// Keeps the processor time of generations whose figures are given up.
    pub(crate) fn figures_end(&self, plugin: &PluginName, cpu: Duration) {
        self.with(plugin, SystemTime::now(), |footprint| {
            footprint.cpu_before += cpu;
            footprint.history.cpu_begins_anew();
        });
    }

    /// What is known of a plugin, with its history in so many samples at most.
    #[must_use]
    pub fn of(&self, plugin: &PluginName, samples: usize) -> FootprintView {
        let plugins = self.plugins();
        let Some(footprint) = plugins.get(plugin) else {
            return FootprintView::default();
        };
        FootprintView {
            heap_peak_bytes: footprint.history.heap_peak_bytes(),
            cpu_before: footprint.cpu_before,
            samples: footprint.history.coarse(samples),
            remains: footprint.remains.clone(),
            stays: footprint.stays(),
        }
    }

    /// Why a plugin can't be unloaded; `None` when it can be, as far as is known.
    #[must_use]
    pub fn stays(&self, plugin: &PluginName) -> Option<String> {
        self.plugins().get(plugin)?.stays()
    }

    /// What its unloads came to, by plugin; those alone that have been unloaded.
    #[must_use]
    pub fn remains(&self) -> Vec<(PluginName, Remains)> {
        let plugins = self.plugins();
        let unloaded = plugins.iter().filter(|(_, it)| it.remains.unloads > 0);
        unloaded
            .map(|(name, it)| (name.clone(), it.remains.clone()))
            .collect()
    }

    /// What is held by generations that stay mapped, by plugin.
    #[must_use]
    pub fn pinned(&self) -> Pinned {
        let plugins = self.plugins();
        let pinned = plugins.iter().filter(|(_, it)| it.remains.pinned > 0);
        Pinned(
            pinned
                .map(|(name, it)| (name.clone(), it.remains.pinned_bytes, it.stays()))
                .collect(),
        )
    }

    /// Whether what is pinned has grown past the budget, or by half since that was said last. To be asked now and then.
    #[must_use]
    pub fn over(&self, budget: Budget) -> Option<OverBudget> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.over(budget, self.pinned())
    }

    fn with<T>(
        &self,
        plugin: &PluginName,
        now: SystemTime,
        change: impl FnOnce(&mut Footprint) -> T,
    ) -> T {
        let mut plugins = self.plugins();
        if !plugins.contains_key(plugin) && plugins.len() >= REMEMBERED {
            let gone = plugins.iter().filter(|(_, it)| it.remains.pinned == 0);
            let oldest = gone
                .min_by_key(|(_, it)| it.last_seen)
                .map(|(name, _)| name.clone());
            oldest.map(|name| plugins.remove(&name));
        }
        let footprint = plugins.entry(plugin.clone()).or_default();
        footprint.last_seen = Some(now);
        change(footprint)
    }

    fn plugins(&self) -> MutexGuard<'_, BTreeMap<PluginName, Footprint>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Footprint {
    fn stays(&self) -> Option<String> {
        let last = self
            .remains
            .last
            .back()
            .filter(|last| last.pinned_bytes.is_some());
        let found = last.map(|last| last.stayed.join("; "));
        self.never_unloads.clone().or(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unloaded(generation: u64, pinned_bytes: Option<u64>) -> Unloaded {
        Unloaded {
            generation,
            at: SystemTime::UNIX_EPOCH,
            returned_bytes: 10,
            pinned_bytes,
            stayed: pinned_bytes
                .map(|_| "1 thread(s)".to_owned())
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn what_stays_is_summed_over_generations_and_the_last_unload_says_whether_it_can_be_unloaded() {
        let (footprints, plugin) = (Footprints::default(), PluginName::new("loose"));
        assert_eq!(footprints.stays(&plugin), None);
        footprints.unloaded(&plugin, unloaded(1, Some(1000)));
        footprints.unloaded(&plugin, unloaded(2, Some(500)));
        assert_eq!(footprints.stays(&plugin).unwrap(), "1 thread(s)");
        assert_eq!(footprints.pinned().bytes(), 1500);
        footprints.unloaded(&plugin, unloaded(3, None));
        let view = footprints.of(&plugin, 10);
        assert_eq!((view.remains.unloads, view.remains.pinned), (3, 2));
        assert_eq!((view.remains.pinned_bytes, view.stays), (1500, None));
        footprints.declares(&plugin, Some("2 symbols".into()));
        assert_eq!(footprints.stays(&plugin).unwrap(), "2 symbols");
    }

    #[test]
    fn processor_time_outlives_the_figures() {
        let (footprints, plugin) = (Footprints::default(), PluginName::new("busy"));
        footprints.figures_end(&plugin, Duration::from_secs(2));
        footprints.figures_end(&plugin, Duration::from_secs(1));
        assert_eq!(footprints.of(&plugin, 1).cpu_before, Duration::from_secs(3));
    }

    #[test]
    fn of_many_plugins_those_that_left_something_are_not_forgotten() {
        let footprints = Footprints::default();
        footprints.unloaded(&PluginName::new("first"), unloaded(1, Some(7)));
        for number in 0..2 * REMEMBERED {
            let name = PluginName::new(&format!("plugin_{number}"));
            footprints.observe(&name, SystemTime::now(), Reading::default());
        }
        assert!(footprints.plugins().len() <= REMEMBERED);
        assert_eq!(footprints.pinned().bytes(), 7);
    }
}
