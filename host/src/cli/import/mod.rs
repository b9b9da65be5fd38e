//! `cogwright import`: what `host-import` has found, compared with what is here, and written where it belongs.
//!
//! What is set here already stays. So a second import, after the first, writes nothing.

mod inbox;
mod rules;
mod settings;

use std::path::{Path, PathBuf};

use host_base::private;
use host_import::{Entry, Found, Outcome, Report, Source};
use host_ops::{
    config::{Config, Live},
    folders,
};
use host_store::{Storage, files::write_whole, storage};

use super::{CliResult, runtime};

/// The report, in the data folder.
const REPORT: &str = "import-report.txt";

/// Imports an installation; `dry_run` only tells what an import would do.
pub(super) fn run(config: &Path, folder: &Path, dry_run: bool) -> CliResult {
    let loaded = Config::load(config)?;
    folders::refuse_slips(&loaded, None)?;
    let data = loaded.data.folder.clone();
    if storage::is_in_use(&data) {
        let data = data.display();
        return Err(format!("a bot runs on {data}: stop it, and import then").into());
    }
    let source = Source::open(folder)?;
    apart(&source, config, &data)?;

    let mut found = host_import::read(&source, &zone());
    let mut report = std::mem::take(&mut found.report);
    let settings = settings::compare(&loaded, &found.settings);
    let rules = rules::compare(&data, &found.rules);
    let items = inbox::compare(&data, &found.items);
    let brings = |outcome: &Outcome| matches!(outcome, Outcome::Comes(_));
    let new_rules = rules.iter().any(brings);
    let new_items = items.iter().any(brings);
    let changes = new_rules || new_items || settings.text.is_some();

    let mut outcomes = (settings.outcomes, rules, items);
    if changes && !dry_run {
        private::folder(&data)?;
        let runtime = runtime()?;
        let mut quiet = loaded.clone();
        // What was there before an import is in the backups of the run before it.
        quiet.storage.backup_on_shutdown = false;
        let limit = std::time::Duration::from_millis(quiet.shutdown.timeout_ms);
        // Held from here on: nobody starts a bot on it meanwhile.
        let storage = std::sync::Arc::new(Storage::open(Live::new(quiet))?);
        inbox::lay(&data, &source, &found.items, &mut outcomes.2);
        runtime.block_on(async {
            rules::write(&storage, &found.rules, &mut outcomes.1).await;
            storage.shut_down(limit).await;
        });
        if let Some(text) = settings.text {
            settings::write(config, &text)?;
        }
    }
    tell(&mut report, &found, outcomes);
    let text = told(&report, &source, &data, dry_run, changes);
    print!("{text}");
    if changes && !dry_run {
        write_whole(&data.join(REPORT), text.as_bytes())?;
        println!("\nThis report lies in {}.", data.join(REPORT).display());
    }
    Ok(())
}

/// Lets nothing be written into the folder that is imported, nor anything be imported that was written here.
fn apart(source: &Source, config: &Path, data: &Path) -> Result<(), String> {
    let root = source.root();
    let (config, data) = (real(config), real(data));
    let ours = match (config.starts_with(root), data.starts_with(root)) {
        (true, _) => &config,
        (_, true) => &data,
        _ if root.starts_with(&data) => &data,
        _ => return Ok(()),
    };
    Err(format!(
        "{} and {}, which is imported, lie in each other, and nothing of that is to be changed: run this bot in a folder of its own",
        ours.display(),
        root.display()
    ))
}

/// Where a folder is, also one that is not there yet.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path
        .ancestors()
        .find_map(|it| Some((it, it.canonicalize().ok()?)));
    match there {
        Some((ancestor, real)) => path
            .strip_prefix(ancestor)
            .map_or_else(|_| real.clone(), |rest| real.join(rest)),
        None => path,
    }
}

/// The time zone of this machine's clock.
fn zone() -> String {
    let zone = jiff::tz::TimeZone::system();
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn tell(report: &mut Report, found: &Found, outcomes: (Vec<Outcome>, Vec<Outcome>, Vec<Outcome>)) {
    let settings = found.settings.iter().map(settings::entry);
    let rules = found.rules.iter().map(rules::entry);
    let items = found.items.iter().map(inbox::entry);
    let all = settings
        .zip(outcomes.0)
        .chain(rules.zip(outcomes.1))
        .chain(items.zip(outcomes.2));
    all.for_each(|(entry, outcome)| report.push(Entry { outcome, ..entry }));
}

fn told(report: &Report, source: &Source, data: &Path, dry_run: bool, changes: bool) -> String {
    let (from, to) = (source.root().display(), data.display());
    let first = match (dry_run, changes) {
        (true, true) => {
            format!("An import of {from} would bring this into {to}. Nothing was written.")
        }
        (true, false) => {
            format!("An import of {from} would bring nothing new into {to}. Nothing was written.")
        }
        (false, true) => format!("{from} was imported into {to}. There, nothing was changed."),
        (false, false) => {
            format!("{from} has nothing that is not in {to} already. Nothing was written.")
        }
    };
    format!("{first}\n\n{report}")
}
