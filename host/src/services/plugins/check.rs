//! Dry run of a file: what a load of it would come to, without loading it.

use std::path::{Path, PathBuf};

use host_base::PluginName;
use host_capability::Failure;
use host_discord::intents;
use host_loader::{Plugins, file};
use plugin_api::{abi::FileReport, manifest::Manifest};

use super::{told, views};
use twilight_model::gateway::Intents;

use crate::services::Services;

/// Checks a file: its bytes, in a child process what it declares, and that beside what is loaded.
pub(super) async fn check(
    services: &Services,
    set: &Plugins,
    path: &Path,
) -> Result<FileReport, Failure> {
    let info = read(path.to_owned()).await?;
    let mut report = FileReport::default();
    report.name.clone_from(&info.note.name);
    report.version.clone_from(&info.note.version);
    report.bytes = info.size;
    report.sha256 = info.sha256_hex();
    report.boundary = format!("{}.{}", info.note.abi.0, info.note.abi.1);
    report.built_by = format!("{} for {}", info.note.rustc, info.note.target);
    let probed = set
        .probe(path)
        .await
        .map_err(|error| told(error.to_string()))?;
    report.problems.extend(probed.refused);
    beside_others(services, set, &mut report, &probed.manifest).await;
    report.manifest = serde_json::to_value(probed.manifest)?;
    Ok(report)
}

async fn read(path: PathBuf) -> Result<file::FileInfo, Failure> {
    let checking = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        file::check(&bytes, &path).map_err(|error| error.to_string())
    });
    let checked = checking
        .await
        .unwrap_or_else(|error| Err(error.to_string()));
    checked.map_err(told)
}

async fn beside_others(
    services: &Services,
    set: &Plugins,
    report: &mut FileReport,
    manifest: &Manifest,
) {
    let name = PluginName::new(&report.name);
    let others = set.manifests();
    let before = others.get(&name);
    report.serves = before.map(|it| it.version.clone()).unwrap_or_default();
    let (problems, warnings) = set.problems(&name, manifest);
    report.problems.extend(problems);
    report.warnings = warnings;
    let cycle = set.cycle(&name, manifest);
    report.cycle = cycle.iter().map(ToString::to_string).collect();
    let wanted = intents::of(manifest) - services.routes().intents().0;
    report.new_intents = names(wanted);
    report.new_privileged = names(wanted & intents::PRIVILEGED);
    let asked = |word: &&String| !before.is_some_and(|it| it.powers.contains(word));
    let new: Vec<String> = manifest.powers.iter().filter(asked).cloned().collect();
    report.new_powers = views::powers(services, &name, &new);
    if let Some(registration) = services.plugins.registration() {
        let forecast = registration.forecast(&name, manifest).await;
        report.slash_now = Some(registration.registered().used as u64);
        report.slash_grouped = forecast.grouped_plugins;
        report.slash_used = Some(forecast.used as u64);
        report.slash_limit = forecast.limit as u64;
        report.slash_left_out = forecast.left_out;
    }
}

fn names(wanted: Intents) -> Vec<String> {
    let one = |(name, _): (&str, _)| name.to_owned();
    wanted.iter_names().map(one).collect()
}
