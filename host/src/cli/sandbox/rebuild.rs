//! Reload on save: watches the sources of the checkout's plugins and builds what was saved. The bot sees the new library by
//! itself, as it sees any other.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::build::Checkout;
use crate::cli::CliResult;

/// Editors write a file in several steps; what is saved within this time is built together.
const QUIET: Duration = Duration::from_millis(150);

/// Packages whose sources were saved and not built since: each once, however often it was saved.
type Saved = Arc<Mutex<BTreeSet<String>>>;

/// Result of a build.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Built<'a> {
    /// It failed: what the compiler says.
    Failed(&'a str),
    /// It is well again, after it had failed.
    Mended,
}

/// Builds plugins as their sources are saved, for as long as the result is kept, and reports each package whose build fails,
/// and when it is well again.
///
/// # Errors
///
/// The folders can't be watched.
pub(super) fn on_save(
    checkout: Checkout,
    tell: impl Fn(&str, Built<'_>) + Send + 'static,
) -> CliResult<RecommendedWatcher> {
    let saved = Saved::default();
    // One ring waits at most: it says that there is something, and `saved` says what.
    let (bell, rings) = mpsc::sync_channel(1);
    let (noted, folders) = (Arc::clone(&saved), checkout.clone());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        for package in event
            .paths
            .iter()
            .filter_map(|path| folders.package_of(path))
        {
            noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(package);
            let _ = bell.try_send(());
        }
    })?;
    for folder in checkout.folders() {
        watcher.watch(&folder, RecursiveMode::Recursive)?;
    }
    thread::Builder::new()
        .name("rebuild".into())
        .spawn(move || build_what_was_saved(&checkout, &saved, &rings, &tell))?;
    Ok(watcher)
}

fn build_what_was_saved(
    checkout: &Checkout,
    saved: &Saved,
    rings: &Receiver<()>,
    tell: &dyn Fn(&str, Built<'_>),
) {
    let mut broken = BTreeSet::new();
    while rings.recv().is_ok() {
        // Until it is quiet.
        loop {
            match rings.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let packages = std::mem::take(&mut *saved.lock().unwrap_or_else(PoisonError::into_inner));
        let packages: Vec<String> = packages.into_iter().collect();
        if packages.is_empty() {
            continue;
        }
        if let Err(error) = checkout.build(&packages) {
            eprintln!("cogwright: {error}; the plugin that is loaded goes on");
            let errors = checkout
                .errors(&packages)
                .unwrap_or_else(|error| error.to_string());
            for package in packages.iter().filter(|name| concerns(&errors, name)) {
                tell(package, Built::Failed(&errors));
                broken.insert(package.clone());
            }
        } else {
            for package in packages.iter().filter(|name| broken.remove(*name)) {
                tell(package, Built::Mended);
            }
        }
    }
}

/// Whether these errors are those of a package; errors that name none are everybody's.
fn concerns(errors: &str, package: &str) -> bool {
    !errors.contains("could not compile `")
        || errors.contains(&format!("could not compile `{package}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_of_the_package_that_has_them() {
        let errors =
            "examples/poll/src/lib.rs:3:5: error: nothing\nerror: could not compile `poll` (lib)";
        assert!(concerns(errors, "poll") && !concerns(errors, "hello"));
        assert!(concerns("error: no such file", "hello"));
    }
}
