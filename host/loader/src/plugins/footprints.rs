//! Looks at what plugins take of the process, and the budget of what those leave that can't be unloaded.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant, SystemTime},
};

use host_base::PluginName;

use super::Plugins;
use crate::{
    Change, LoadError, Much,
    exhaustion::Exhaustion,
    file::FileInfo,
    footprint::{Budget, Reading},
    platform::interpose,
};

/// How often it is looked what plugins take.
const EVERY: Duration = Duration::from_secs(5);

/// Threads of one plugin above which the owner is told: a pool has some dozens, and the process some thousands at most.
const MANY_THREADS: usize = 256;

/// What the looks have to remember.
#[derive(Debug, Default)]
pub(super) struct Looks {
    last: Option<Instant>,
    /// Plugins that have many threads, and whose owner knows.
    told: BTreeSet<PluginName>,
    exhaustion: Exhaustion,
}

impl Plugins {
    /// Looks at what each plugin takes, when it is time to; tells what is too much.
    pub(super) fn look_at_footprints(&self, looks: &mut Looks) {
        if looks.last.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        looks.last = Some(Instant::now());
        let figures = self.program.figures();
        for (name, generation) in self.generations() {
            let Some(of) = figures.plugin(&generation.plugin) else {
                continue;
            };
            let threads = of.threads();
            let reading = Reading {
                heap_bytes: generation.heap(),
                cpu: of.cpu(),
                threads: threads.try_into().unwrap_or(u32::MAX),
            };
            figures
                .footprints
                .observe(&name, SystemTime::now(), reading);
            if threads <= MANY_THREADS {
                looks.told.remove(&name);
            } else if looks.told.insert(name.clone()) {
                let text = many_threads(&name, threads);
                let about = Much::Threads(name);
                self.program.changed(Change::TakesMuch(about, text));
            }
        }
        if let Some(text) = looks.exhaustion.look() {
            let about = Much::Descriptors;
            self.program.changed(Change::TakesMuch(about, text));
        }
        if let Some(over) = figures.footprints.over(self.budget()) {
            let change = Change::TakesMuch(Much::Pinned, over.to_string());
            self.program.changed(change);
        }
    }

    /// Notes whether generations of this file can be unloaded at all.
    pub(super) fn note_unloadability(&self, name: &PluginName, info: &FileInfo) {
        let why = never_unloads(info.gnu_unique);
        if let Some(why) = &why {
            tracing::warn!(
                plugin = name.as_str(),
                "it can be reloaded, and each generation of it stays mapped until the bot restarts: {why}"
            );
        }
        self.program.figures().footprints.declares(name, why);
    }

    /// Whether a plugin may be loaded again without anybody having asked for it: those that can't be unloaded, as far as is known, may not
    /// when those that stay hold more than the budget.
    ///
    /// # Errors
    ///
    /// It may not, and what to do.
    pub fn check_budget(&self, name: &PluginName) -> Result<(), LoadError> {
        let footprints = &self.program.figures().footprints;
        let pinned = footprints.pinned().bytes();
        let Some(why) = footprints.stays(name) else {
            return Ok(());
        };
        match self.budget().is_exceeded_by(pinned) {
            false => Ok(()),
            true => Err(LoadError::Pinned {
                name: name.clone(),
                pinned_bytes: pinned,
                why,
            }),
        }
    }

    fn budget(&self) -> Budget {
        Budget {
            bytes: self.program.options().pinned_limit_bytes,
        }
    }
}

/// Why no generation of a file with so many unique symbols can be unloaded; `None` when they can be.
fn never_unloads(gnu_unique: usize) -> Option<String> {
    if !interpose::supported() {
        return Some("on this system plugins are never unmapped".into());
    }
    (gnu_unique > 0).then(|| {
        format!(
            "it defines {gnu_unique} symbols that glibc keeps for as long as the process lives (STB_GNU_UNIQUE, from C++): compile its C++ with \
             `-fno-gnu-unique`, or run it in a process of its own (`isolation = \"process\"`)"
        )
    })
}

fn many_threads(name: &PluginName, threads: usize) -> String {
    format!(
        "The plugin `{name}` has {threads} threads. The bot's process can have 4,096 that are known, and with those of one plugin it has none left \
         for the others. `reload {name}` gives back those that end with it; in a process of its own (`isolation = \"process\"`) it has its \
         own limit."
    )
}

#[cfg(all(test, interposed))]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_beforehand_that_it_stays() {
        assert_eq!(never_unloads(0), None);
        let why = never_unloads(3).unwrap();
        assert!(
            why.contains("3 symbols") && why.contains("-fno-gnu-unique"),
            "{why}"
        );
    }
}
