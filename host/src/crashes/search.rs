//! Search for whose fault crashes are that name nobody: the bot runs with some of its plugins, then with more of them
//! ([`host_loader::bisection`]).
//!
//! It lies in `search.json` in the data folder, since each step may end with the next crash.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use host_base::PluginName;
use host_loader::{
    Plugins,
    bisection::{History, Run, Step, Together},
    file,
};
use serde::{Deserialize, Serialize};

use super::{identity::id, report::Report};
use crate::services::Services;

/// Runs that are remembered.
const RUNS: usize = 200;

/// What is known so far.
#[derive(Debug)]
pub(super) struct Search {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// Whether it is on.
    is_on: bool,
    /// When crashes came that named nobody, in milliseconds since the Unix epoch.
    unclear: Vec<u64>,
    history: History,
}

/// When the search begins, and how long a set is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// So many crashes that name nobody; 0: never.
    pub(super) crashes: usize,
    /// Within this.
    pub(super) window: Duration,
}

/// A plugin's file in the extensions folder.
#[derive(Debug, Clone)]
struct PluginFile {
    name: PluginName,
    sha256: String,
}

impl PluginFile {
    fn id(&self) -> String {
        id(&self.name, &self.sha256)
    }
}

impl Search {
    pub(super) fn open(data: &Path) -> Self {
        let path = data.join("search.json");
        let kept = fs::read(&path).ok();
        let kept = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            path,
            kept: Mutex::new(kept.unwrap_or_default()),
        }
    }

    /// Enters a crash; whether the search is on from now on.
    pub(super) fn crashed(&self, report: &Report, pace: Pace) -> bool {
        let mut kept = self.kept();
        if report.is_its_own() && (kept.is_on || report.plugin.is_none()) {
            let window = pace.window.as_millis().try_into().unwrap_or(u64::MAX);
            kept.unclear
                .retain(|at| report.at_ms.saturating_sub(*at) <= window);
            kept.unclear.push(report.at_ms);
            kept.history.add(Run {
                plugins: report.loaded.iter().cloned().collect(),
                crashed: true,
            });
            kept.history.forget_all_but(RUNS);
            kept.is_on |= pace.crashes > 0 && kept.unclear.len() >= pace.crashes;
            self.write(&kept);
        }
        kept.is_on
    }

    pub(super) fn is_on(&self) -> bool {
        self.kept().is_on
    }

    fn next(&self, files: &[PluginFile], trusted: &[PluginName]) -> Step {
        let all: Together = files.iter().map(PluginFile::id).collect();
        let trusted = files.iter().filter(|it| trusted.contains(&it.name));
        let trusted: Together = trusted.map(PluginFile::id).collect();
        self.kept().history.next(&all, &trusted)
    }

    fn lived(&self, plugins: Together) {
        let mut kept = self.kept();
        kept.history.add(Run {
            plugins,
            crashed: false,
        });
        kept.history.forget_all_but(RUNS);
        self.write(&kept);
    }

    fn over(&self) {
        let mut kept = self.kept();
        *kept = Kept::default();
        self.write(&kept);
    }

    fn write(&self, kept: &Kept) {
        let part = self.path.with_extension("json.part");
        let write = || -> io::Result<()> {
            fs::write(&part, serde_json::to_vec_pretty(kept)?)?;
            fs::rename(&part, &self.path)
        };
        if let Err(error) = write() {
            tracing::error!(path = %self.path.display(), "what is known of crashes that name nobody can't be written: {error}");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next step, before any plugin is loaded: which of them are.
pub(super) fn begin(
    search: &Search,
    folder: &Path,
    trusted: &[PluginName],
    plugins: &Plugins,
    services: &Services,
) {
    let files = files(folder);
    match search.next(&files, trusted) {
        Step::Try(some) => {
            let (with, without) = names(&files, &some);
            let text = format!(
                "The bot crashes, and nobody knows whose fault it is: it runs without `{}` to find out. `load NAME again` loads one all the same.",
                without.join("`, `")
            );
            services.alerts.raise("plugins", "search", &text);
            plugins.load_only(
                with,
                "the bot crashes, and is looking for whose fault it is",
            );
        }
        Step::Found { culprits, .. } => found(search, &files, &culprits, plugins, services),
    }
}

/// Goes on after each set that has lived for so long, until it is known.
pub(super) async fn go_on(
    search: Search,
    lives: Duration,
    folder: PathBuf,
    trusted: Vec<PluginName>,
    plugins: Arc<Plugins>,
    services: Arc<Services>,
) {
    while search.is_on() {
        tokio::time::sleep(lives).await;
        let folder = folder.clone();
        let Ok(files) = tokio::task::spawn_blocking(move || files(&folder)).await else {
            return;
        };
        let serving: Vec<PluginName> = plugins.generations().into_iter().map(|it| it.0).collect();
        let serving = files.iter().filter(|it| serving.contains(&it.name));
        search.lived(serving.map(PluginFile::id).collect());
        match search.next(&files, &trusted) {
            Step::Try(some) => {
                let (with, _) = names(&files, &some);
                plugins.load_also(with).await;
            }
            Step::Found { culprits, .. } => {
                found(&search, &files, &culprits, &plugins, &services);
                plugins.load_what_was_left_out().await;
            }
        }
    }
}

fn found(
    search: &Search,
    files: &[PluginFile],
    culprits: &Together,
    plugins: &Plugins,
    services: &Services,
) {
    search.over();
    let is_it = |file: &&PluginFile| culprits.contains(&file.id());
    let found: Vec<&PluginFile> = files.iter().filter(is_it).collect();
    for file in &found {
        let why = "the bot has crashed with it, and has lived without it".to_owned();
        plugins
            .quarantine()
            .hold(&file.name, &file.sha256, now_ms(), why);
    }
    let names: Vec<&str> = found.iter().map(|file| &*file.name).collect();
    let text = match &*names {
        [] => "No plugin is to blame alone for the crashes that named nobody: all are loaded."
            .to_owned(),
        names => format!(
            "Crashes that named nobody are the fault of `{}`: in quarantine. `load NAME again` loads one all the same.",
            names.join("`, `")
        ),
    };
    services.alerts.raise("plugins", "found", &text);
}

fn names(files: &[PluginFile], some: &Together) -> (Vec<PluginName>, Vec<String>) {
    let (with, without): (Vec<_>, Vec<_>) = files.iter().partition(|it| some.contains(&it.id()));
    let with = with.into_iter().map(|it| it.name.clone()).collect();
    (
        with,
        without.into_iter().map(|it| it.name.to_string()).collect(),
    )
}

/// The plugins in the extensions folder, by what their files say.
fn files(folder: &Path) -> Vec<PluginFile> {
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).ok()?;
        let info = file::check(&bytes, &path).ok()?;
        Some(PluginFile {
            name: PluginName::new(&info.note.name),
            sha256: info.sha256_hex(),
        })
    };
    file::plugin_files(folder)
        .into_iter()
        .filter_map(read)
        .collect()
}

/// In milliseconds since the Unix epoch.
fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        crashes: 3,
        window: Duration::from_secs(600),
    };

    fn unclear(at_ms: u64) -> Report {
        Report {
            at_ms,
            certainty: "unclear".into(),
            signal: "SIGSEGV".into(),
            thread: "main".into(),
            loaded: vec!["a@1".into(), "b@2".into()],
            ..Report::default()
        }
    }

    #[test]
    fn it_begins_after_three_within_the_window_and_outlives_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let search = Search::open(data.path());
        assert!(!search.crashed(&unclear(0), PACE));
        assert!(!search.crashed(&unclear(700_000), PACE));
        let named = Report {
            plugin: Some("a".into()),
            certainty: "certain".into(),
            ..unclear(700_001)
        };
        assert!(!search.crashed(&named, PACE));
        let search = Search::open(data.path());
        assert!(!search.crashed(&unclear(700_002), PACE));
        assert!(search.crashed(&unclear(700_003), PACE) && Search::open(data.path()).is_on());
        let file = |name: &str, sha256: &str| PluginFile {
            name: name.into(),
            sha256: sha256.into(),
        };
        let files = [file("a", "1"), file("b", "2")];
        let step = search.next(&files, &["b".into()]);
        // What is trusted is known to live before another is blamed.
        assert_eq!(step, Step::Try(Together::from(["b@2".to_owned()])));
        search.lived(Together::from(["b@2".to_owned()]));
        let Step::Found { culprits, .. } = search.next(&files, &["b".into()]) else {
            panic!("one is left");
        };
        assert_eq!(culprits, Together::from(["a@1".to_owned()]));
        search.over();
        assert!(!Search::open(data.path()).is_on());
    }
}
