//! Checks of folders, the port, databases.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use host_ops::{config::Config, folders};
use host_store::{files, storage};
use tokio::net::TcpListener;

use super::Report;

/// Tries the folders and the databases; whether a bot runs on them right now.
pub(super) fn check(config: &Config, report: &mut Report) -> bool {
    let running = storage::is_in_use(&config.data.folder);
    if running {
        report.note(format!(
            "a bot runs on {} right now: a second one would not start",
            config.data.folder.display()
        ));
    }
    let slips: Vec<_> = folders::slips(config)
        .into_iter()
        .chain(folders::slips_of_grants(config))
        .collect();
    for slip in &slips {
        report.wrong(&slip.told);
    }
    let mut folders = vec![
        (&config.data.folder, "[data] folder"),
        (&config.extensions.folder, "[extensions] folder"),
    ];
    if config.log.files {
        folders.push((&config.log.folder, "[log] folder"));
    }
    folders.retain(|(folder, _)| slips.iter().all(|slip| slip.folder != **folder));
    for (folder, key) in folders {
        match writable(folder) {
            Ok(there) => report.ok(format!(
                "{} can be written{}",
                folder.display(),
                if there { "" } else { ", and will be made" }
            )),
            Err(error) => report.wrong(format!(
                "{} can't be written (`{key}`): {}",
                folder.display(),
                files::sentence(&error)
            )),
        }
    }
    databases(config, report);
    running
}

/// Whether a folder can be written, or made where it is not there; and whether it is there.
fn writable(folder: &Path) -> io::Result<bool> {
    let there = nearest(folder)?;
    // Tried, not asked: rights are more than modes.
    let trial = there.join(trial_name());
    fs::create_dir(&trial)?;
    let written = fs::write(trial.join("trial"), "trial");
    let removed = fs::remove_dir_all(&trial);
    written.and(removed)?;
    Ok(there == folder)
}

/// The folder itself, or the first above it that is there.
pub(super) fn nearest(folder: &Path) -> io::Result<PathBuf> {
    let mut at = folder;
    loop {
        match fs::metadata(at) {
            Ok(found) if found.is_dir() => return Ok(at.to_owned()),
            Ok(_) => {
                let why = format!("{} is a file, and a folder is needed", at.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, why));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        at = match at.parent() {
            Some(above) if above != Path::new("") => above,
            _ => Path::new("."),
        };
    }
}

/// What a trial is called: nobody else's name.
pub(super) fn trial_name() -> String {
    format!(".cogwright-check-{}", std::process::id())
}

/// Whether something is mounted on exactly this file.
pub(super) fn is_mount_point(path: &Path) -> bool {
    let (Ok(path), Ok(mounts)) = (
        fs::canonicalize(path),
        fs::read_to_string("/proc/self/mountinfo"),
    ) else {
        return false;
    };
    // Blanks are written as octal numbers there.
    let path = path.to_string_lossy().replace(' ', "\\040");
    mounts
        .lines()
        .any(|mount| mount.split(' ').nth(4) == Some(&*path))
}

/// Tries the port of the figures.
pub(super) async fn port(config: &Config, running: bool, report: &mut Report) {
    let Some(address) = config.metrics.listen else {
        return;
    };
    match TcpListener::bind(address).await {
        Ok(_) => report.ok(format!("the port of the metrics is free ({address})")),
        Err(error) if running && error.kind() == io::ErrorKind::AddrInUse => {
            report.note(format!("the port of the metrics is in use ({address}), as it should be while the bot runs"));
        }
        Err(error) => report.wrong(format!(
            "no metrics could be served at {address}: {error}; set another address in `[metrics] listen`, or \"off\""
        )),
    }
    if !is_private(address) {
        report.note(format!(
            "metrics at {address} can be read by whoever reaches this machine; `[metrics] listen = \"127.0.0.1:{}\"` keeps them here",
            address.port()
        ));
    }
}

fn is_private(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}

fn databases(config: &Config, report: &mut Report) {
    match storage::check_all(&config.data.folder) {
        Ok(checked) => {
            let count = checked.len();
            let damaged: Vec<_> = checked
                .into_iter()
                .filter_map(|(_, found)| found.err())
                .collect();
            for error in &damaged {
                report.wrong(error);
            }
            report.ok(format!("{} database(s) are whole", count - damaged.len()));
        }
        Err(error) => report.wrong(error),
    }
}
