//! Check of the plugin files: loaded as a start would load them, from a copy beside the data.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use host_base::{PluginName, nearest::nearest};
use host_loader::{
    LoadError,
    file::{self, plugin_files},
    manifest_problems, probe,
    resolve::{Candidate, Enforced, Universe},
    shadow,
};
use host_ops::{config::Config, folders};
use plugin_api::manifest::Manifest;

use super::{Report, places};
use crate::{program::Rules, services::settings};
use host_commands::router::count;

/// Tries each file; the manifests by the plugins' names.
pub(super) async fn check(config: &Config, report: &mut Report) -> BTreeMap<PluginName, Manifest> {
    let folder = &config.extensions.folder;
    let files = plugin_files(folder);
    // That it can't be meant was told.
    if folders::slips(config)
        .iter()
        .all(|slip| slip.folder != *folder)
    {
        report.ok(format!(
            "{} holds {} plugin file(s)",
            folder.display(),
            files.len()
        ));
    }
    if !config.extensions.auto_load {
        report.note("extensions.auto_load is off: none is loaded by itself");
    }
    let mut manifests: BTreeMap<PluginName, Manifest> = BTreeMap::new();
    let mut from: BTreeMap<PluginName, PathBuf> = BTreeMap::new();
    for path in files {
        let name = file::plugin_name(&path);
        if name.is_some_and(|name| config.extensions.blacklist.contains(&name)) {
            report.note(format!("{}: on extensions.blacklist", path.display()));
            continue;
        }
        match one(config, &path).await {
            Ok(manifest) => {
                let name = PluginName::new(&manifest.name);
                if let Some(first) = from.get(&name) {
                    report.wrong(format!(
                        "{} and {} are both the plugin `{name}`: one of them is loaded and the other refused; delete one",
                        first.display(),
                        path.display()
                    ));
                    continue;
                }
                from.insert(name.clone(), path);
                manifests.insert(name, manifest);
            }
            Err(error) => report.wrong(format!("{}: {error}", path.display())),
        }
    }
    plugins(config, &manifests, report);
    names(config, &manifests, report);
    manifests
}

fn plugins(config: &Config, manifests: &BTreeMap<PluginName, Manifest>, report: &mut Report) {
    let universe = |serving: &[PluginName]| {
        let candidates = manifests.iter().map(|(name, manifest)| {
            let mut candidate = Candidate::new(name, manifest);
            candidate.serves = serving.contains(name);
            candidate
        });
        Universe::new(candidates, Enforced::ALL)
    };
    // As a start of the bot would have it.
    let plan = universe(&[]).plan();
    let beside_those = universe(&plan.order);
    for (name, manifest) in manifests {
        let mut problems = manifest_problems(&Rules, name, manifest, manifests);
        if plan.left_out.contains(name) {
            problems.extend(beside_those.problems(name));
        }
        if let Err(error) = settings::fitting(config, name, manifest) {
            problems.push(format!("its settings do not fit:\n{error}"));
        }
        if problems.is_empty() {
            report.ok(format!(
                "{name} {}: {} command(s)",
                manifest.version,
                count(&manifest.commands)
            ));
        } else {
            report.wrong(format!(
                "{name} {}: {}",
                manifest.version,
                problems.join("; ")
            ));
        }
    }
}

/// Names of plugins in the configuration that no file has: most likely slips.
fn names(config: &Config, manifests: &BTreeMap<PluginName, Manifest>, report: &Report) {
    let known = || manifests.keys().map(|name| &**name);
    let named = [
        ("[plugins.", config.plugins.keys().collect::<Vec<_>>()),
        ("[grants.", config.grants.keys().collect()),
    ];
    for (table, names) in named {
        for name in names
            .into_iter()
            .filter(|name| !manifests.contains_key(name))
        {
            let hint = nearest(name, known());
            let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            report.note(format!(
                "{table}{name}] is about a plugin that is not there{hint}"
            ));
        }
    }
}

async fn one(config: &Config, path: &Path) -> Result<Manifest, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let info = file::check(&bytes, path).map_err(|error| error.to_string())?;
    // Where the copies of a start would lie: what is mounted there may forbid to execute anything.
    let folder = places::nearest(&config.data.folder).map_err(|error| error.to_string())?;
    let trial = folder.join(format!("{}.so", places::trial_name()));
    fs::create_dir_all(&trial)
        .map_err(|error| format!("can't write a copy to {}: {error}", trial.display()))?;
    let tried = tried(config, &trial, &info.sha256_hex(), &bytes).await;
    let _ = fs::remove_dir_all(&trial);
    tried
}

async fn tried(
    config: &Config,
    folder: &Path,
    sha256: &str,
    bytes: &[u8],
) -> Result<Manifest, String> {
    let said = |error: LoadError| error.to_string();
    let copy = shadow::copy(folder, "check", 1, sha256, bytes).map_err(said)?;
    let copy = fs::canonicalize(copy).map_err(|error| error.to_string())?;
    let executable = host_loader::this_program().map_err(|error| error.to_string())?;
    let deadline = Duration::from_millis(config.extensions.probe_timeout_ms);
    let report = probe::run(&executable, &copy, deadline)
        .await
        .map_err(|error| error.to_string())?;
    Ok(report.manifest)
}
