//! Reload of several plugins as one: all of them are switched in one step, or none is.
//!
//! The steps are those of a single load, each taken for all plugins before the next one. Nothing serves any less meanwhile: work is held
//! back from the saves on, those of dependents first, so that what they ask of others while they finish is still answered.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use host_base::PluginName;
use plugin_api::manifest::Manifest;
use tokio::sync::OwnedMutexGuard;

use super::{
    LoadReport, Plugins, exists,
    keeping::Ended,
    list,
    rollback::{Frozen, Loading, ShadowCopy},
    slots,
    transaction::{ENDED_BY_LOAD, Load, Source},
};
use crate::{
    LoadError, SavedState,
    canary::Canary,
    generation::Generation,
    resolve::{Candidate, Providers},
    slot::Slot,
};

/// A plugin on its way, with a new generation that does not serve yet.
struct Member<'a> {
    next: Arc<Generation>,
    load: Load<'a>,
    copy: ShadowCopy<'a>,
    slot: Arc<Slot>,
}

/// Whose step has failed, and why.
type Failure = (PluginName, LoadError);

/// What was handed over: the old generation, what it left, and what the new one has begun with.
type HandedOver = (Frozen, Option<SavedState>, Option<SavedState>);

impl Plugins {
    /// Reloads these plugins, and those that use them, as one: from one moment on all new generations serve, or all old ones go on.
    ///
    /// # Errors
    ///
    /// One of them is not loaded, or can't be reloaded: which, and why.
    pub async fn reload_together(&self, names: &[&str]) -> Result<Vec<LoadReport>, LoadError> {
        let mut wanted = Vec::new();
        for name in names {
            wanted.push(self.loaded_name(name).await?);
        }
        let followers: Vec<_> = wanted.iter().flat_map(|it| self.followers(it)).collect();
        wanted.extend(followers);
        self.reload_as_one(wanted).await
    }

    /// The same for all plugins.
    ///
    /// # Errors
    ///
    /// As for [`reload_together`](Self::reload_together).
    pub async fn reload_all(&self) -> Result<Vec<LoadReport>, LoadError> {
        self.reload_as_one(self.in_order()).await
    }

    async fn reload_as_one(&self, wanted: Vec<PluginName>) -> Result<Vec<LoadReport>, LoadError> {
        let began = Instant::now();
        let _loading = Loading::begin(&self.loading);
        let mut order = self.in_order();
        order.retain(|it| wanted.contains(it));
        let mut files = Vec::new();
        for name in &order {
            files.push(self.file_to_reload(name).await?);
        }
        let inside = self.lock_all(&order, &files).await;
        let mut members = Vec::new();
        let switched = self.switch_together(&mut members, &order, &files, began);
        let result = switched.await;
        match result {
            Ok(()) => {
                let loaded = self.have_loaded(members).await;
                // What follows may load some of them, or others.
                drop(inside);
                Ok(self.follow(loaded).await)
            }
            Err((name, error)) => {
                for member in &members {
                    member.load.close(&member.next).await;
                }
                drop(members);
                let at = order.iter().position(|it| *it == name);
                let is_its_fault =
                    !matches!(error, LoadError::ShuttingDown | LoadError::NotLoaded { .. });
                if let Some(file) = at.and_then(|at| files.get(at)).filter(|_| is_its_fault) {
                    self.has_failed(file, &error).await;
                }
                self.changes.send_modify(|changes| *changes += 1);
                Err(LoadError::Together {
                    name,
                    source: Box::new(error),
                    all: list(&order),
                })
            }
        }
    }

    async fn file_to_reload(&self, name: &PluginName) -> Result<PathBuf, LoadError> {
        match self.loaded_file(name) {
            Some(file) if exists(file.clone()).await => Ok(file),
            _ => self.file_of(name).await,
        }
    }

    /// The locks of all these plugins and files, or none while one of them is taken: whoever holds one may wait for another of them.
    async fn lock_all(&self, names: &[PluginName], files: &[PathBuf]) -> Vec<OwnedMutexGuard<()>> {
        let keys = names.iter().map(ToString::to_string);
        let keys = keys.chain(files.iter().map(|it| it.to_string_lossy().into_owned()));
        let locks: Vec<_> = keys.map(|key| self.lock_of(&key)).collect();
        loop {
            let mut held = Vec::new();
            let mut taken = None;
            for lock in &locks {
                match Arc::clone(lock).try_lock_owned() {
                    Ok(guard) => held.push(guard),
                    Err(_) => {
                        taken = Some(lock);
                        break;
                    }
                }
            }
            let Some(taken) = taken else {
                return held;
            };
            drop(held);
            drop(taken.lock().await);
        }
    }

    /// All steps, up to the one behind which nothing fails any more.
    async fn switch_together<'a>(
        &'a self,
        members: &mut Vec<Member<'a>>,
        order: &[PluginName],
        files: &'a [PathBuf],
        began: Instant,
    ) -> Result<(), Failure> {
        for (name, file) in order.iter().zip(files) {
            let opened = self.open_member(name, file, began).await;
            members.push(opened.map_err(|error| (name.clone(), error))?);
        }
        let before = self.check_together(members, order)?;
        let switched = self.start_and_switch(members, order).await;
        if switched.is_err() {
            self.set().uses.extend(before);
        }
        switched
    }

    /// Opens a new generation of one of them.
    async fn open_member<'a>(
        &'a self,
        name: &PluginName,
        file: &'a Path,
        began: Instant,
    ) -> Result<Member<'a>, LoadError> {
        let (load, content) = Load::read(self, file, Source::default(), began).await?;
        load.check_name()?;
        load.check_quarantine()?;
        load.check_is(name)?;
        let slot = load.slot();
        let slot = slot.ok_or_else(|| LoadError::NotLoaded { name: name.clone() })?;
        let number = load.number()?;
        let copy = load.copy(number, content).await?;
        load.probe(&copy).await?;
        let next = Arc::new(load.open(&copy).await?);
        Ok(Member {
            next,
            load,
            copy,
            slot,
        })
    }

    /// Whether all of them can be served beside each other and the rest; notes which each uses, and gives those of before.
    fn check_together(
        &self,
        members: &[Member<'_>],
        order: &[PluginName],
    ) -> Result<BTreeMap<PluginName, Providers>, Failure> {
        let newcomers = newcomers(members, order);
        for (name, manifest) in &newcomers {
            let checked = self.check_beside(name, manifest, &newcomers);
            for warning in checked.map_err(|error| ((*name).clone(), error))? {
                tracing::warn!(plugin = name.as_str(), "reloaded all the same {warning}");
            }
        }
        let enforced = self.enforced();
        let mut set = self.set();
        let all = newcomers.iter();
        let all = all.map(|(name, manifest)| Candidate::serving(*name, manifest));
        let universe = set.universe(enforced, all, None);
        let mut before = BTreeMap::new();
        for name in order {
            let providers = universe.providers(name, set.uses.get(name));
            let was = set.uses.insert(name.clone(), providers);
            before.insert(name.clone(), was.unwrap_or_default());
        }
        Ok(before)
    }

    async fn start_and_switch(
        &self,
        members: &[Member<'_>],
        order: &[PluginName],
    ) -> Result<(), Failure> {
        for (name, member) in order.iter().zip(members) {
            let started = member.load.start(&member.next).await;
            started.map_err(|error| (name.clone(), error))?;
        }
        // Dependents first: what they finish may ask others, which still serve.
        let mut handed_over: Vec<HandedOver> = Vec::new();
        for (name, member) in order.iter().zip(members).rev() {
            let old = Frozen::of(&member.slot);
            let handed = member.load.hand_state_over(&old.generation, &member.next);
            let (left, state) = handed.await.map_err(|error| (name.clone(), error))?;
            handed_over.push((old, left, state));
        }
        handed_over.reverse();
        let files: Vec<String> = order.iter().map(|it| self.sha256_of(it)).collect();
        for canary in self.route_together(members, order)? {
            self.retire_canary(Some(canary), ENDED_BY_LOAD);
        }
        let old = members.iter().zip(handed_over).zip(files);
        for ((member, (old, left, state)), sha256) in old {
            let how = format!("replaced by {}", member.next.manifest.version);
            let ended = Ended::new(&old.generation, sha256, how, left);
            member.load.retire(old, &member.next);
            self.note_ended(ended).await;
            if let Some(state) = state {
                member.load.write_in_background(&member.next, state);
            }
        }
        Ok(())
    }

    /// Switches the routes of all of them in one step; the canaries that it has ended.
    fn route_together(
        &self,
        members: &[Member<'_>],
        order: &[PluginName],
    ) -> Result<Vec<Arc<Canary>>, Failure> {
        let mut canaries = Vec::new();
        let newcomers = newcomers(members, order);
        let mut who = order.first().cloned();
        let routed = self.program.route(&mut || {
            if self.set().stopping {
                return Err(LoadError::ShuttingDown);
            }
            // Once more, now that nothing else can be entered.
            for ((name, manifest), member) in newcomers.iter().zip(members) {
                who = Some((*name).clone());
                // One that was unloaded meanwhile does not come back by it.
                if !self.is_at(name, &member.slot) {
                    return Err(LoadError::NotLoaded {
                        name: (*name).clone(),
                    });
                }
                self.check_beside(name, manifest, &newcomers)?;
            }
            for member in members {
                canaries.extend(member.slot.switch(Arc::clone(&member.next)));
                member.load.enter(Arc::clone(&member.slot));
            }
            Ok(slots(&self.set()))
        });
        match routed {
            Ok(()) => Ok(canaries),
            Err(error) => Err((who.unwrap_or_else(|| PluginName::new("")), error)),
        }
    }

    fn is_at(&self, name: &PluginName, slot: &Arc<Slot>) -> bool {
        let set = self.set();
        let loaded = set.loaded.get(name);
        loaded.is_some_and(|it| Arc::ptr_eq(&it.slot, slot))
    }

    /// All of them serve.
    async fn have_loaded<'a>(&self, members: Vec<Member<'a>>) -> Vec<(&'a Path, LoadReport)> {
        let mut loaded = Vec::new();
        for Member {
            next, load, copy, ..
        } in members
        {
            copy.keep();
            load.keep_file(&next).await;
            self.watch(&next);
            self.refused.forget(load.path);
            loaded.push((load.path, load.report(&next, true)));
        }
        loaded
    }

    async fn follow(&self, loaded: Vec<(&Path, LoadReport)>) -> Vec<LoadReport> {
        let mut reports = Vec::new();
        for (path, report) in loaded {
            Box::pin(self.has_loaded(path, &report)).await;
            reports.push(report);
        }
        self.changes.send_modify(|changes| *changes += 1);
        reports
    }
}

fn newcomers<'m>(
    members: &'m [Member<'_>],
    order: &'m [PluginName],
) -> Vec<(&'m PluginName, &'m Manifest)> {
    let manifests = members.iter().map(|it| &it.next.manifest);
    order.iter().zip(manifests).collect()
}
