//! Watcher of config.toml: changes from outside are noticed, taken over, and reported.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, event::ModifyKind};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

use super::{Settings, SettingsError};

/// How long a file must lie still: editors empty it before they write it.
const QUIET: Duration = Duration::from_millis(300);

/// How long a file waits that can't be opened for want of descriptors.
const AGAIN: Duration = Duration::from_secs(5);

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    following: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl Settings {
    /// Notices changes of the file from outside from now on, and takes them over; `None` when there is no file.
    #[must_use]
    pub fn watch(self: &Arc<Self>) -> Option<Watch> {
        let file = self.path().ok()?;
        let changed = Arc::new(Notify::new());
        // What has changed since the file was read is a change, too.
        changed.notify_one();
        let watcher = watcher(&file, Arc::clone(&changed));
        if let Err(error) = &watcher {
            tracing::warn!(
                file = %file.display(),
                "changes of this file are noticed at the next `cogwright config` or restart only: {error}"
            );
        }
        let settings = Arc::clone(self);
        let following = tokio::spawn(async move {
            let _watcher = watcher;
            loop {
                changed.notified().await;
                while timeout(QUIET, changed.notified()).await.is_ok() {}
                settings.noticed().await;
            }
        });
        Some(Watch { following })
    }

    /// Looks at the file, and alerts the owner of what has come of it.
    pub async fn noticed(&self) {
        let before = self.trouble().clone();
        let reread = loop {
            match self.reread().await {
                Err(error @ SettingsError::Crowded { .. }) => {
                    let text = format!(
                        "The settings file can't be looked at for now: it is tried again.\n{error}"
                    );
                    self.alerts.raise("settings", "descriptors", &text);
                    tokio::time::sleep(AGAIN).await;
                }
                reread => break reread,
            }
        };
        match reread {
            Ok(changed) if !changed.is_empty() => {
                self.alerts.note(&format!(
                    "The settings have changed on the disk.\n{changed}"
                ));
            }
            Ok(_) if before.is_some() => self.alerts.note("The settings file can be read again."),
            Ok(_) => {}
            Err(SettingsError::Trouble { trouble }) if before.as_ref() == Some(&trouble) => {}
            Err(error) => {
                let text = format!("The settings file can't be read.\n{error}");
                self.alerts.raise("settings", "file", &text);
            }
        }
    }
}

/// Watches the file's folder: a file that is replaced is another file.
fn watcher(file: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = file.file_name().map(ToOwned::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is no change, and neither is what is written to other files of the folder: a log may be among them. A lost
        // event is one, and so is a name that changes: the file may be a link to it.
        let is_other = |event: &notify::Event| {
            let is_write = matches!(event.kind, EventKind::Modify(kind) if !matches!(kind, ModifyKind::Name(_)));
            let of_file = |path: &PathBuf| path.file_name() == name.as_deref();
            event.kind.is_access()
                || (is_write && !event.paths.is_empty() && !event.paths.iter().any(of_file))
        };
        if !event.is_ok_and(|event| is_other(&event)) {
            changed.notify_one();
        }
    })?;
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
