//! Start: what files declare is found out before any of them is loaded; then they are put in order, and loaded side by side as far as
//! that makes no difference.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::atomic::Ordering::Relaxed,
    time::Instant,
};

use futures_util::future::join_all;
use host_base::PluginName;
use plugin_api::manifest::Manifest;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{
    Plugins,
    prepared::{Copied, Prepared, stamp_of},
};
use crate::{
    error::LoadError,
    file::{self, FileInfo},
    manifest_check::{self, Neighbour},
    probe,
    resolve::{Candidate, Universe},
    shadow,
};

/// Files that are looked at side by side: each is read whole, and one that is not known has a process of its own.
const SIDE_BY_SIDE: usize = 4;

/// What a load of many will load, in the order in which it does.
#[derive(Debug, Default)]
pub struct StartPlan {
    /// Those that nothing is known to stand in the way of: each is loaded as soon as those are that it goes after.
    together: Vec<Planned>,
    /// The others, one after the other behind all of those: a load that is refused tells why.
    rest: Vec<PathBuf>,
}

#[derive(Debug)]
struct Planned {
    file: PathBuf,
    name: PluginName,
    manifest: Manifest,
    /// Places of those in the plan that it goes after: what it needs, what it wishes for, and what it is against.
    after: Vec<usize>,
}

impl StartPlan {
    /// Those that will be loaded unless their own start fails, and what they declare.
    pub fn expected(&self) -> impl Iterator<Item = (&PluginName, &Manifest)> {
        self.together.iter().map(|it| (&it.name, &it.manifest))
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.together.iter().map(|it| &it.file).chain(&self.rest)
    }
}

impl Plugins {
    /// Looks at these files, and plans their load: those first that can be loaded together, each behind what it needs; then those that
    /// can't, which are told why when they are loaded. Where nothing is probed nothing is known, and they stay as they are.
    pub async fn plan_start(&self, files: Vec<PathBuf>) -> StartPlan {
        let began = Instant::now();
        self.forget_what_has_no_file().await;
        if !self.program.options().probe {
            return StartPlan {
                rest: files,
                ..StartPlan::default()
            };
        }
        let before = self.trials();
        let seats = Semaphore::new(SIDE_BY_SIDE);
        let looks = files.iter().map(|file| async {
            let _seat = seats.acquire().await;
            self.look_at(file).await
        });
        let looked: Vec<_> = join_all(looks).await;
        let plan = self.plan(files, looked);
        let trials = self.trials();
        tracing::info!(
            known = trials.known - before.known,
            tried = trials.tried - before.tried,
            took_ms = began.elapsed().as_millis() as u64,
            "plugin files were looked at"
        );
        self.keep_trials();
        plan
    }

    /// Loads what was planned. Failures are logged.
    pub async fn load_planned(&self, plan: StartPlan) {
        {
            // Another load of many may be under way: what it has not come to yet is its own.
            let mut set = self.set();
            for file in plan.files() {
                if !set.to_load.contains(file) {
                    set.to_load.push(file.clone());
                }
            }
        }
        let all = plan.together.iter();
        let done: Vec<CancellationToken> = all.map(|_| CancellationToken::new()).collect();
        let done = &done;
        let loads = plan
            .together
            .iter()
            .enumerate()
            .map(|(at, planned)| async move {
                // Whatever becomes of it, nobody waits for it for ever.
                let _done = done[at].clone().drop_guard();
                for before in &planned.after {
                    done[*before].cancelled().await;
                }
                self.load_due(&planned.file).await;
            });
        join_all(loads).await;
        for file in &plan.rest {
            self.load_due(file).await;
        }
        self.drop_prepared(plan.files());
        // Some may have been probed as they were loaded.
        self.keep_trials();
    }

    async fn load_due(&self, file: &PathBuf) {
        let is_due = self.set().take_from_load(|other| other == file).is_some();
        // A dependency that was loaded meanwhile may have pulled it in.
        if is_due && !self.serves_file(file) {
            let _ = self.load_file(file).await;
        }
    }

    /// What a file declares, where that can be found out: of one that can't be loaded the load itself says so. It is prepared for that.
    async fn look_at(&self, file: &Path) -> Option<(PluginName, Manifest)> {
        let path = file.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let stamp = stamp_of(&path)?;
            let bytes = fs::read(&path).ok()?;
            let info = file::check(&bytes, &path).ok()?;
            Some((stamp, bytes, info))
        });
        let (stamp, bytes, info) = read.await.ok()??;
        let name = PluginName::new(&info.note.name);
        if !self.may_be_tried(file, &name, &info) {
            return None;
        }
        let (folder, ahead) = (
            self.program.options().shadow(),
            self.prepared.next_name(),
        );
        let sha256 = info.sha256_hex();
        let copied =
            tokio::task::spawn_blocking(move || shadow::copy(&folder, &ahead, 0, &sha256, &bytes));
        let copy = Copied::new(copied.await.ok()?.ok()?);
        let mut prepared = Prepared {
            stamp,
            info,
            copy,
            failed_trial: None,
        };
        let declared = match self.declared_by(&name, &prepared.info.sha256) {
            Some(manifest) => Some(manifest),
            None => self.try_prepared(&name, &mut prepared).await,
        };
        self.prepared.put(file, prepared);
        Some((name, declared?))
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
    fn may_be_tried(&self, file: &Path, name: &PluginName, info: &FileInfo) -> bool {
        let options = self.program.options();
        let is_held = || self.quarantine.of(&info.sha256_hex()).is_some();
        !options.blacklist.contains(name)
            && self.unloaded.of(name).is_none()
            && self.check_selection(name).is_ok()
            && (options.isolation.isolates(name, file) || !is_held())
    }

    fn plan(
        &self,
        files: Vec<PathBuf>,
        looked: Vec<Option<(PluginName, Manifest)>>,
    ) -> StartPlan {
        let declared: Vec<&(PluginName, Manifest)> = looked.iter().flatten().collect();
        let candidates = declared.iter();
        let candidates = candidates.map(|(name, manifest)| Candidate::new(name, manifest));
        let universe = Universe::new(candidates, self.enforced());
        let plan = universe.plan();
        if !plan.is_largest {
            tracing::warn!(
                "so many plugins conflict that another choice among them may load more; these are left out: {}",
                PluginName::list(&plan.left_out)
            );
        }
        let names: HashMap<&PathBuf, &PluginName> = files
            .iter()
            .zip(&looked)
            .filter_map(|(file, looked)| Some((file, &looked.as_ref()?.0)))
            .collect();
        let in_order = by_plan(files.clone(), &plan.order, |file| {
            names.get(&file.to_owned()).map(|name| (*name).clone())
        });
        let mut looked: HashMap<PathBuf, (PluginName, Manifest)> = files
            .into_iter()
            .zip(looked)
            .filter_map(|(file, looked)| Some((file, looked?)))
            .collect();
        let planned: HashSet<PluginName> = plan.order.into_iter().collect();
        let in_order = in_order.into_iter().map(|file| {
            let declared = looked.remove(&file);
            (file, declared.filter(|(name, _)| planned.contains(name)))
        });
        let is_refused = |name: &PluginName, manifest: &Manifest, before: &[Neighbour<'_>]| {
            !manifest_check::problems(&*self.program, name, manifest, before).is_empty()
        };
        side_by_side(&universe, &self.manifests(), in_order, is_refused)
    }
}

/// Which of these can be loaded side by side with the outcome of one after the other: those that meet with nothing before them in the order
/// by which they are refused, and go after none that is not among them. `serving` is there already.
fn side_by_side(
    universe: &Universe,
    serving: &BTreeMap<PluginName, Manifest>,
    in_order: impl Iterator<Item = (PathBuf, Option<(PluginName, Manifest)>)>,
    is_refused: impl Fn(&PluginName, &Manifest, &[Neighbour<'_>]) -> bool,
) -> StartPlan {
    let mut plan = StartPlan::default();
    let mut places: HashMap<PluginName, usize> = HashMap::new();
    let mut later: HashSet<PluginName> = HashSet::new();
    for (file, declared) in in_order {
        let Some((name, manifest)) = declared else {
            plan.rest.push(file);
            continue;
        };
        let goes_after = universe.goes_after(&name);
        let meets_with_nothing = || {
            let serving = serving
                .iter()
                .map(|(name, manifest)| Neighbour { name, manifest });
            let before = plan.together.iter().map(|it| Neighbour {
                name: &it.name,
                manifest: &it.manifest,
            });
            let others = serving.chain(before).filter(|it| *it.name != name);
            let others: Vec<_> = others.collect();
            !is_refused(&name, &manifest, &others)
        };
        // Of two files of one name the second is refused.
        let is_first = !places.contains_key(&name);
        let goes_along = !goes_after.iter().any(|it| later.contains(it));
        if !(is_first && goes_along && meets_with_nothing()) {
            later.insert(name);
            plan.rest.push(file);
            continue;
        }
        let after = goes_after.iter().filter_map(|it| places.get(it).copied());
        let after = after.collect();
        places.insert(name.clone(), plan.together.len());
        plan.together.push(Planned {
            file,
            name,
            manifest,
            after,
        });
    }
    plan
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
