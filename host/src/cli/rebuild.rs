//! Reload on save: watches the sources of the checkout's plugins and builds what was saved. The bot sees the new library by
//! itself, as it sees any other.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{CliResult, build::Checkout};

/// Editors write a file in several steps; what is saved within this time is built together.
const QUIET: Duration = Duration::from_millis(150);

/// Builds plugins as their sources are saved, for as long as the result is kept.
///
/// # Errors
///
/// The folders can't be watched.
pub(super) fn on_save(checkout: Checkout) -> CliResult<RecommendedWatcher> {
    let (saved, changes) = mpsc::channel();
    let folders = checkout.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        for path in &event.paths {
            if let Some(package) = folders.package_of(path) {
                let _ = saved.send(package);
            }
        }
    })?;
    for folder in checkout.folders() {
        watcher.watch(&folder, RecursiveMode::Recursive)?;
    }
    thread::Builder::new()
        .name("rebuild".into())
        .spawn(move || build_what_was_saved(&checkout, &changes))?;
    Ok(watcher)
}

fn build_what_was_saved(checkout: &Checkout, changes: &Receiver<String>) {
    while let Ok(first) = changes.recv() {
        let mut packages = BTreeSet::from([first]);
        loop {
            match changes.recv_timeout(QUIET) {
                Ok(package) => drop(packages.insert(package)),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let packages: Vec<String> = packages.into_iter().collect();
        if let Err(error) = checkout.build(&packages) {
            eprintln!("cogwright: {error}; the plugin that is loaded goes on");
        }
    }
}

/// Whether a change of this file can change what is built.
pub(super) fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name == "Cargo.toml"
        || name == "build.rs"
        || path.extension().is_some_and(|extension| extension == "rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_leave_files_that_are_no_sources() {
        assert!(is_source(Path::new("/a/src/lib.rs")) && is_source(Path::new("/a/Cargo.toml")));
        for name in [
            "/a/src/.lib.rs.swp",
            "/a/src/lib.rs~",
            "/a/src/4913",
            "/a/README.md",
        ] {
            assert!(!is_source(Path::new(name)), "{name}");
        }
    }
}
