//! Reports to the sandbox's page on plugins as they load, reload and fail.

use std::{collections::BTreeMap, sync::Arc};

use host_base::PluginName;
use host_loader::{Plugins, Status};
use sandbox::{PartState, Report, Sandbox};

use super::rebuild::Built;
use host_commands::router::count;

/// Reports every change of the set of plugins, from what is loaded now on, for as long as it is let.
pub(super) async fn feed(sandbox: Sandbox, plugins: Arc<Plugins>) {
    let mut changes = plugins.changes();
    let mut told = BTreeMap::new();
    loop {
        changes.mark_unchanged();
        for report in news(&mut told, &plugins.status()) {
            sandbox.report(report);
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Reports what becomes of the builds of plugins as they are saved.
pub(super) fn builds(sandbox: Sandbox) -> impl Fn(&str, Built<'_>) + Send + 'static {
    move |package, built| {
        let report = match built {
            Built::Failed(errors) => Report::new(package, PartState::Failed)
                .detail(format!("does not compile:\n{errors}")),
            Built::Mended => Report::new(package, PartState::Reloaded).detail("compiles again"),
        };
        sandbox.report(report);
    }
}

/// Reported state of a plugin: the generation that serves, and why its newest file is not what serves.
type Reported = (Option<u64>, Option<String>);

/// Reports to send now, given what was reported before.
fn news(reported: &mut BTreeMap<PluginName, Reported>, all: &[Status]) -> Vec<Report> {
    let mut reports = Vec::new();
    let gone: Vec<_> = reported
        .keys()
        .filter(|name| all.iter().all(|status| status.plugin != **name))
        .cloned()
        .collect();
    for name in gone {
        reported.remove(&name);
        reports.push(Report::new(name.as_str(), PartState::Unloaded));
    }
    for status in all {
        let generation = status.serving.as_ref().map(|serving| serving.generation);
        let now = (generation, status.error.clone());
        let before = reported.insert(status.plugin.clone(), now.clone());
        if before.as_ref() != Some(&now) {
            reports.push(report(
                status,
                before.and_then(|(generation, _)| generation),
            ));
        }
    }
    reports
}

fn report(status: &Status, before: Option<u64>) -> Report {
    let report = |state| Report::new(status.plugin.as_str(), state);
    match (&status.serving, &status.error) {
        (Some(serving), Some(error)) => report(PartState::Failed)
            .detail(error)
            .generation(serving.generation),
        (None, Some(error)) => report(PartState::Failed).detail(error),
        (Some(serving), None) => {
            let state = match before {
                Some(_) => PartState::Reloaded,
                None => PartState::Loaded,
            };
            let commands = match count(&serving.manifest.commands) {
                1 => "1 command".to_owned(),
                number => format!("{number} commands"),
            };
            let took = serving.load_time.as_millis();
            report(state)
                .detail(format!(
                    "version {}, {commands}, loaded in {took} ms",
                    serving.version
                ))
                .generation(serving.generation)
        }
        (None, None) => report(PartState::Unloaded),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use host_loader::{Serving, Workload, resolve::Providers};
    use plugin_api::manifest::Manifest;

    use super::*;

    fn status(generation: Option<u64>, error: Option<&str>) -> Status {
        let manifest = serde_json::json!({"commands": [{"name": "tag", "description": "d"}]});
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        Status {
            plugin: "tags".into(),
            file: "libtags.so".into(),
            serving: generation.map(|generation| Serving {
                version: "0.1.0".to_owned(),
                generation,
                load_time: Duration::from_millis(7),
                since: SystemTime::UNIX_EPOCH,
                load: Workload::default(),
                manifest: manifest.clone(),
                providers: Providers::new(),
                cell: None,
                canary: None,
            }),
            error: error.map(str::to_owned),
            quarantined: false,
            unloaded: None,
            crashed: None,
        }
    }

    #[test]
    fn each_change_is_told_once() {
        let mut told = BTreeMap::new();
        let loaded = [status(Some(1), None)];
        let first = news(&mut told, &loaded);
        let expected = Report::new("tags", PartState::Loaded)
            .detail("version 0.1.0, 1 command, loaded in 7 ms")
            .generation(1);
        assert_eq!(first, [expected]);
        assert_eq!(news(&mut told, &loaded), []);
        let failed = news(&mut told, &[status(Some(1), Some("no symbol"))]);
        let expected = Report::new("tags", PartState::Failed)
            .detail("no symbol")
            .generation(1);
        assert_eq!(failed, [expected]);
        assert_eq!(
            news(&mut told, &[status(Some(2), None)])[0].state,
            PartState::Reloaded
        );
        assert_eq!(
            news(&mut told, &[]),
            [Report::new("tags", PartState::Unloaded)]
        );
    }
}
