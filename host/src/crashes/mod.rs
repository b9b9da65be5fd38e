//! Crashes of the bot and of cells: what a process has died of, whose fault it was, and what follows from it.
//!
//! [`begin`] is called once a process, before there is a bot: it notes from then on what is done, and gives what the last process has
//! left. A bot that starts makes a [`Report`] of it before it loads the first plugin: for the operator a file, for the owner an
//! alert, for the file that was at fault a strike. A cell's crash has a report as soon as it has ended (`of_cell`); the alert is that of its
//! plugin, which has failed by it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `report.rs` | what is known of a crash, as data and as text |
//! | `folder.rs` | the reports on the disk |
//! | `identity.rs` | which file it was |
//! | `search.rs` | whose fault crashes are that name nobody: with which plugins the bot runs next |

mod folder;
mod identity;
mod report;
mod search;

use std::{path::Path, sync::Arc, time::Duration};

use host_loader::{
    CellCrash, Plugins,
    crumbs::{self, Remains},
    quarantine::Limit,
};
use host_ops::config::Config;

pub use self::report::Report;
use self::search::{Pace, Search};
use crate::services::Services;

/// The folder of what one process leaves for the next, in the data folder.
const RUN: &str = "run";

/// What the last process has left, if it did not end in order.
#[derive(Debug, Default)]
pub struct Past {
    remains: Option<Remains>,
    /// Whether the bot is to start in safe mode.
    pub is_safe: bool,
}

/// Begins to note what this process does, once and before there is a bot; what the last one has left.
#[must_use]
pub fn begin(data: &Path) -> Past {
    match crumbs::begin(&data.join(RUN)) {
        Ok(remains) => Past {
            remains,
            is_safe: false,
        },
        Err(error) => {
            tracing::warn!("should the bot crash, nobody will know whose fault it was: {error}");
            Past::default()
        }
    }
}

/// Notes that this process ends in order.
pub fn end_in_order() {
    crumbs::end_in_order();
}

impl Past {
    /// Finds out whose fault it was; `None` when nothing was wrong. To be called before the private copies of plugins are
    /// removed. Reads their files: some ten milliseconds.
    #[must_use]
    pub fn report(&self, config: &Config) -> Option<Report> {
        let remains = self.remains.as_ref()?;
        Some(Report::of(remains, &config.data.folder.join(RUN)))
    }
}

/// What is to be done before the first plugin is loaded, with the report and whether it is to be an alert: tells of a crash whoever is to know, enters the strike, and chooses what is
/// loaded while it is unclear whose fault crashes are.
pub(crate) fn before_plugins(
    report: Option<(Report, bool)>,
    is_safe: bool,
    config: &Config,
    services: &Arc<Services>,
    plugins: &Arc<Plugins>,
) {
    let data = &config.data.folder;
    let search = Search::open(data);
    if let Some((report, is_alarming)) = report {
        tell(&report, is_alarming, config, services, plugins);
        if report.is_its_own() && report.strikes().is_none() {
            plugins.distrust_earlier_trials();
        }
        search.crashed(&report, pace(config));
    }
    for (plugin, note) in folder::recent(data) {
        plugins.note_crash(&plugin, note);
    }
    let extensions = &config.extensions;
    if is_safe {
        let why = "the safe mode loads what `[extensions] safe` names";
        plugins.load_only(extensions.safe.clone(), why);
        tracing::warn!("{why}, and no other plugin");
    } else if search.is_on() {
        search::begin(
            &search,
            &extensions.folder,
            &extensions.safe,
            plugins,
            services,
        );
        tokio::spawn(search::go_on(
            search,
            Duration::from_secs(extensions.unclear_window_s),
            extensions.folder.clone(),
            extensions.safe.clone(),
            Arc::clone(plugins),
            Arc::clone(services),
        ));
    }
}

fn limit(config: &Config) -> Limit {
    let extensions = &config.extensions;
    Limit {
        strikes: extensions.crash_strikes.try_into().unwrap_or(usize::MAX),
        window: Duration::from_secs(extensions.crash_window_s),
    }
}

/// Writes the report on a cell that has crashed; what is told of it, and whether it counts against its file. `None` where it can't be written.
pub(crate) fn of_cell(remains: &Remains, config: &Config) -> Option<CellCrash> {
    let report = Report::of_cell(remains);
    let text = folder::write(&config.data.folder, &report).inspect_err(|error| {
        let plugin = report.plugin.as_deref();
        tracing::error!(
            plugin,
            "the report on its cell's crash can't be written: {error}"
        );
    });
    let strikes = report.strikes();
    Some(CellCrash {
        note: report.note(text.ok()?),
        strikes: strikes.map(|(_, sha256)| (sha256, limit(config))),
    })
}

fn pace(config: &Config) -> Pace {
    Pace {
        crashes: config
            .extensions
            .unclear_crashes
            .try_into()
            .unwrap_or(usize::MAX),
        window: Duration::from_secs(config.extensions.unclear_window_s),
    }
}

fn tell(
    report: &Report,
    is_alarming: bool,
    config: &Config,
    services: &Services,
    plugins: &Plugins,
) {
    let mut report = report.clone();
    if let Some((plugin, sha256)) = report.strikes() {
        let limit = limit(config);
        report.quarantined = plugins
            .quarantine()
            .strike(&plugin, &sha256, report.at_ms, limit);
    }
    let place = match folder::write(&config.data.folder, &report) {
        Ok(file) => format!("report: {}", file.display()),
        Err(error) => format!("the report can't be written: {error}"),
    };
    let headline = report.headline();
    tracing::error!(
        plugin = report.plugin.as_deref(),
        "the bot has crashed, and is back: {headline}; {place}"
    );
    let quarantine = match report.quarantined {
        true => {
            " Its file is in quarantine: `load NAME again` loads it all the same, and so does another file."
        }
        false => "",
    };
    let text = format!("The bot has crashed, and is back: {headline}.{quarantine} ({place})");
    // A file that goes into quarantine is news, however often the bot has crashed before.
    if is_alarming || report.quarantined {
        services.alerts.raise("plugins", "crash", &text);
    }
}
