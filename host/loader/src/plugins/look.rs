//! Look at a file before its load: whether it is known, what it declares, and its private copy.

use std::{fs, path::Path, sync::atomic::Ordering::Relaxed, time::SystemTime};

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::{
    Plugins,
    prepared::{self, Copied, Prepared},
};
use crate::{
    error::LoadError,
    file::{self, FileInfo},
    probe, shadow,
    stamp::{CopyStamp, Stamp},
};

impl Plugins {
    /// What a file declares, where that can be found out: of one that can't be loaded the load itself says so. It is prepared for that.
    pub(super) async fn look_at(&self, file: &Path) -> Option<(PluginName, Manifest)> {
        let mut prepared = match self.prepare_seen(file).await {
            Some(prepared) => prepared,
            None => self.prepare(file).await?,
        };
        let name = PluginName::new(&prepared.info.note.name);
        let declared = match self.declared_by(&name, &prepared.info.sha256) {
            Some(manifest) => Some(manifest),
            None => self.try_prepared(&name, &mut prepared).await,
        };
        self.prepared.put(file, prepared);
        Some((name, declared?))
    }

    /// Reads a file, checks it, and makes its private copy.
    async fn prepare(&self, file: &Path) -> Option<Prepared> {
        let path = file.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let (stamp, now) = (Stamp::of(&path)?, SystemTime::now());
            let bytes = fs::read(&path).ok()?;
            let info = file::check(&bytes, &path).ok()?;
            Some((stamp, stamp.is_settled(now), bytes, info))
        });
        let (stamp, is_settled, bytes, info) = read.await.ok()??;
        if !self.may_be_tried(file, &info) {
            return None;
        }
        let folder = self.program.options().shadow();
        let (ahead, sha256) = (self.prepared.next_name(), info.sha256_hex());
        let copied =
            tokio::task::spawn_blocking(move || shadow::copy(&folder, &ahead, 0, &sha256, &bytes));
        Some(Prepared {
            stamp,
            is_settled,
            info,
            copy: Copied::new(copied.await.ok()?.ok()?),
            failed_trial: None,
        })
    }

    /// The same for a file that an earlier process has loaded, and that has not changed since: it is not read, and the private copy is another
    /// name of the archive's.
    async fn prepare_seen(&self, file: &Path) -> Option<Prepared> {
        let stamp = prepared::stamp(file).await?;
        let (info, copy) = self.known.take_seen(&stamp)?;
        // What has crashed may not be what it was.
        if !self.may_be_tried(file, &info) || self.quarantine.has_struck(&info.sha256_hex()) {
            return None;
        }
        let (name, sha256) = (PluginName::new(&info.note.name), info.sha256_hex());
        let kept = self.archive.path(&name, &sha256);
        let folder = self.program.options().shadow();
        let path = shadow::path(&folder, &self.prepared.next_name(), 0, &sha256);
        let linked = tokio::task::spawn_blocking(move || {
            let is_it = CopyStamp::of(&kept) == Some(copy);
            let linked = is_it.then(|| shadow::link(&kept, &path).ok());
            linked.flatten().map(|()| Copied::new(path))
        });
        Some(Prepared {
            stamp,
            is_settled: true,
            info,
            copy: linked.await.ok()??,
            failed_trial: None,
        })
    }

    async fn try_prepared(&self, name: &PluginName, prepared: &mut Prepared) -> Option<Manifest> {
        match self.try_copy(prepared.copy.path()).await {
            Ok(report) => {
                self.remember(name, &prepared.info, &report);
                Some(report.manifest)
            }
            // Beside others it may have been too slow: its load tries it once more.
            Err(LoadError::Probe { reason }) if !probe::was_late(&reason) => {
                prepared.failed_trial = Some(reason);
                None
            }
            Err(_) => None,
        }
    }

    /// Tries a private copy in a child process.
    pub(super) async fn try_copy(&self, copy: &Path) -> Result<probe::ProbeReport, LoadError> {
        self.trials.tried.fetch_add(1, Relaxed);
        self.probe(copy).await
    }

    /// Whether nothing stands in a file's way whatever it declares.
    fn may_be_tried(&self, file: &Path, info: &FileInfo) -> bool {
        let name = &PluginName::new(&info.note.name);
        let options = self.program.options();
        let is_held = || self.quarantine.of(&info.sha256_hex()).is_some();
        !options.blacklist.contains(name)
            && self.unloaded.of(name).is_none()
            && self.check_selection(name).is_ok()
            && (options.isolation.isolates(name, file) || !is_held())
    }
}
