//! Start: what files declare is found out before any of them is loaded; then they are put in order, and loaded side by side as far as
//! that makes no difference.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::Instant,
};

use futures_util::future::join_all;
use host_base::PluginName;
use plugin_api::manifest::Manifest;
use tokio::sync::Semaphore;

use super::{
    Plugins,
    start_plan::{StartPlan, by_plan, side_by_side},
};
use crate::{
    manifest_check::{self, Neighbour},
    resolve::{Candidate, Universe},
};

/// Files that are looked at side by side: each is read whole, and one that is not known has a process of its own.
const SIDE_BY_SIDE: usize = 4;

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
        drop(self.keep_trials());
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
        let together = &plan.together;
        let loads = together.iter().map(|planned| async move {
            // Whatever becomes of it, nobody waits for it for ever.
            let _done = planned.done.clone().drop_guard();
            for before in &planned.after {
                together[*before].done.cancelled().await;
            }
            self.load_due(&planned.file).await;
        });
        join_all(loads).await;
        for file in &plan.rest {
            self.load_due(file).await;
        }
        self.drop_prepared(plan.files());
        // Nobody waits for it.
        drop(self.keep_trials());
    }

    async fn load_due(&self, file: &PathBuf) {
        let is_due = self.set().take_from_load(|other| other == file).is_some();
        // A dependency that was loaded meanwhile may have pulled it in.
        if is_due && !self.serves_file(file) {
            let _ = self.load_file(file).await;
        }
    }

    fn plan(&self, files: Vec<PathBuf>, looked: Vec<Option<(PluginName, Manifest)>>) -> StartPlan {
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
