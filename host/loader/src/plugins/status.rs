//! Status of the set of plugins, and reports of loads.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use host_base::PluginName;
use plugin_api::{hook::ExtensionLoaded, manifest::Manifest};

use super::{Failed, Plugins, Set};
use crate::{
    CanaryStatus, CrashNote, Generation, UnloadNote, Workload,
    cell::Cell,
    manifest_check,
    manifest_check::neighbours,
    quarantine::Quarantine,
    resolve::{Providers, Universe},
};

/// What a load came to.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Its version.
    pub version: String,
    /// Which load of it this is.
    pub generation: u64,
    /// From reading the file to serving.
    pub load_time: Duration,
    /// Whether it took over from an older generation.
    pub replaced: bool,
}

impl LoadReport {
    /// The hook's event of it.
    pub(super) fn hook(&self) -> ExtensionLoaded {
        ExtensionLoaded {
            plugin: self.plugin.to_string(),
            version: self.version.clone(),
            generation: self.generation,
            reloaded: self.replaced,
            took_ms: self.load_time.as_millis().try_into().unwrap_or(u64::MAX),
        }
    }
}

/// One line of `extensions`.
#[derive(Debug, Clone)]
pub struct Status {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Its file.
    pub file: PathBuf,
    /// The generation that serves; `None` when none does.
    pub serving: Option<Serving>,
    /// Why its file, or its newest file, is not what serves.
    pub error: Option<String>,
    /// Whether that is the quarantine.
    pub quarantined: bool,
    /// Who has unloaded it, where it stays so.
    pub unloaded: Option<UnloadNote>,
    /// Its last crash of the whole process.
    pub crashed: Option<CrashNote>,
}

/// Status of a generation that serves.
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
    pub load: Workload,
    /// What it declares.
    pub manifest: Manifest,
    /// The plugins in use for what it needs.
    pub providers: Providers,
    /// The process that it lives in, if that is another one.
    pub cell: Option<Arc<Cell>>,
    /// What serves some servers in its stead.
    pub canary: Option<CanaryStatus>,
}

impl Plugins {
    /// What there is, by name.
    #[must_use]
    pub fn status(&self) -> Vec<Status> {
        let enforced = self.enforced();
        let set = self.set();
        let universe = set.universe(enforced, None, None);
        let mut all: BTreeMap<PluginName, Status> = set
            .loaded
            .iter()
            .map(|(name, loaded)| {
                let generation = loaded.slot.current();
                // Until its end has been dealt with, it is still in the set.
                let over = generation.vitals().why_over();
                let status = Status {
                    plugin: name.clone(),
                    file: loaded.file.clone(),
                    serving: over.is_none().then(|| Serving {
                        version: generation.manifest.version.clone(),
                        generation: generation.number,
                        load_time: loaded.load_time,
                        since: loaded.since,
                        load: generation.load(),
                        manifest: generation.manifest.clone(),
                        providers: universe.providers(name, set.uses.get(name)),
                        cell: generation.cell().cloned(),
                        canary: loaded.slot.canary().map(|it| it.status()),
                    }),
                    error: over,
                    quarantined: false,
                    unloaded: None,
                    crashed: None,
                };
                (name.clone(), status)
            })
            .collect();
        for (name, failed) in &set.failed {
            let status = all.entry(name.clone()).or_insert_with(|| Status {
                plugin: name.clone(),
                file: failed.file.clone(),
                serving: None,
                error: None,
                quarantined: false,
                unloaded: None,
                crashed: None,
            });
            status.unloaded = self.unloaded.of(name).filter(|_| status.serving.is_none());
            let is_meant = status.unloaded.is_some();
            status.error = (!is_meant).then(|| told_anew(failed, &universe, &set));
            status.quarantined = failed.quarantined;
        }
        for (name, crash) in &set.crashes {
            if let Some(status) = all.get_mut(name) {
                status.crashed = Some(crash.clone());
            }
        }
        all.into_values().collect()
    }

    /// Notes that a plugin has crashed the process before this one, or its cell.
    pub fn note_crash(&self, plugin: &PluginName, crash: CrashNote) {
        self.set().crashes.insert(plugin.clone(), crash);
    }

    /// The files that are not to be loaded.
    #[must_use]
    pub fn quarantine(&self) -> &Quarantine {
        &self.quarantine
    }

    /// Plugins that did not stop and stay mapped, as `name#generation`.
    #[must_use]
    pub fn abandoned(&self) -> Vec<String> {
        self.abandoned.all().clone()
    }

    /// The generations that serve, by plugin.
    #[must_use]
    pub fn generations(&self) -> Vec<(PluginName, Arc<Generation>)> {
        self.set()
            .loaded
            .iter()
            .map(|(name, loaded)| (name.clone(), loaded.slot.current()))
            .collect()
    }

    /// All that is wrong with a manifest beside what is loaded, in words: what keeps it from being served, and what the operator has
    /// switched off.
    #[must_use]
    pub fn problems(&self, plugin: &PluginName, manifest: &Manifest) -> (Vec<String>, Vec<String>) {
        let others = self.manifests();
        let neighbours = neighbours(plugin, &others);
        let options = self.program.options();
        let mut problems = manifest_check::problems(&*self.program, plugin, manifest, &neighbours);
        let mut warnings = Vec::new();
        let universe = self.universe(Some((plugin, manifest)));
        for (found, enforced) in [
            (universe.conflicts(plugin), options.enforce_conflicts),
            (universe.unmet(plugin), options.enforce_dependencies),
        ] {
            match enforced {
                true => problems.extend(found),
                false => warnings.extend(found),
            }
        }
        (problems, warnings)
    }

    /// The manifests of what is loaded, by plugin.
    #[must_use]
    pub fn manifests(&self) -> BTreeMap<PluginName, Manifest> {
        self.set()
            .loaded
            .iter()
            .map(|(name, loaded)| (name.clone(), loaded.slot.current().manifest.clone()))
            .collect()
    }
}

/// Why a file was refused. Where nothing but others stands in its way, that is as things are now, and not as they were when it was tried.
fn told_anew(failed: &Failed, universe: &Universe, set: &Set) -> String {
    let manifest = failed.manifest.as_ref().filter(|_| failed.is_relation);
    let name = manifest.map(|it| PluginName::new(&it.name));
    let problems = name
        .filter(|name| !set.loaded.contains_key(name))
        .map(|name| universe.problems(&name))
        .unwrap_or_default();
    match &*problems {
        [] => failed.error.clone(),
        problems => problems.join("; "),
    }
}
