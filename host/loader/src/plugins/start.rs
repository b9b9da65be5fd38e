//! Start: what files declare is found out in child processes, side by side, before any of them is loaded; then they are put in order.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use futures_util::future::join_all;
use host_base::PluginName;
use plugin_api::manifest::Manifest;
use tokio::sync::Semaphore;

use super::{Plugins, transaction};
use crate::resolve::{Candidate, Universe};

/// Files that are looked at side by side: each is read whole, and has a process of its own.
const SIDE_BY_SIDE: usize = 4;

impl Plugins {
    /// These files, those first that can be loaded together, each behind what it needs; then those that can't, which are told why when
    /// they are loaded. Where nothing is probed nothing is known, and they stay as they are.
    pub(super) async fn planned(&self, files: Vec<PathBuf>) -> Vec<PathBuf> {
        if !self.program.options().probe {
            return files;
        }
        let seats = Semaphore::new(SIDE_BY_SIDE);
        let looks = files.iter().map(|file| async {
            let _seat = seats.acquire().await;
            self.look_at(file).await
        });
        let looked: Vec<_> = join_all(looks).await;
        let declared = files.iter().zip(&looked);
        let declared = declared.filter_map(|(file, looked)| Some((file, looked.as_ref()?)));
        let declared: HashMap<&PathBuf, &(PluginName, Manifest)> = declared.collect();
        let candidates = files.iter().filter_map(|file| declared.get(file));
        let candidates = candidates.map(|(name, manifest)| Candidate::new(name, manifest));
        let plan = Universe::new(candidates, self.enforced()).plan();
        if !plan.is_largest {
            tracing::warn!(
                "so many plugins conflict that another choice among them may load more; these are left out: {}",
                PluginName::list(&plan.left_out)
            );
        }
        by_plan(files.clone(), &plan.order, |file| {
            declared.get(&file.to_owned()).map(|(name, _)| name.clone())
        })
    }

    /// What a file declares, where that can be found out: of one that can't be loaded the load itself says so.
    async fn look_at(&self, file: &Path) -> Option<(PluginName, Manifest)> {
        let before = changed(file).await?;
        let (_, info) = transaction::read(file).await.ok()?;
        let name = PluginName::new(&info.note.name);
        if self.program.options().blacklist.contains(&name) || self.unloaded.of(&name).is_some() {
            return None;
        }
        let known = self.set().probed.get(&info.sha256).cloned();
        if let Some(manifest) = known {
            return Some((name, manifest));
        }
        let report = self.probe(file).await.ok()?;
        // What was probed is what was read.
        if changed(file).await? != before {
            return None;
        }
        self.remember(&name, info.sha256, &report);
        Some((name, report.manifest))
    }
}

async fn changed(file: &Path) -> Option<(SystemTime, u64)> {
    let file = file.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    });
    looked.await.ok()?
}

/// Files in the order of a plan, the others behind it as they were.
pub(super) fn by_plan(
    mut files: Vec<PathBuf>,
    order: &[PluginName],
    name: impl Fn(&Path) -> Option<PluginName>,
) -> Vec<PathBuf> {
    let places: HashMap<&PluginName, usize> =
        order.iter().enumerate().map(|(at, it)| (it, at)).collect();
    let place = |file: &PathBuf| {
        let name = name(file)?;
        places.get(&name).copied()
    };
    files.sort_by_cached_key(|file| place(file).unwrap_or(usize::MAX));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_plan_comes_last_as_it_was() {
        let files = ["libd.so", "libc.so", "libb.so", "liba.so"].map(PathBuf::from);
        let order = ["b".into(), "c".into()];
        let ordered = by_plan(files.into(), &order, crate::file::plugin_name);
        assert_eq!(
            ordered,
            ["libb.so", "libc.so", "libd.so", "liba.so"].map(PathBuf::from)
        );
    }
}
