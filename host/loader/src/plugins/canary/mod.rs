//! Canaries: a newer file of a plugin serves chosen servers first, then all of them, or none again.
//!
//! It begins with a copy of the present generation's state, and is told of no LIVE: tasks in the background run once, in the present one.
//! Whatever else is loaded in the plugin's place ends it, as does an unload; a promotion is an ordinary load, from its bytes.

mod failing;
mod fits;

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use host_base::PluginName;

use self::fits::fits_beside;
use super::{
    LoadReport, Plugins, exists,
    keeping::{Beside, blocking},
    refused::content,
    rollback::Loading,
    transaction::{Load, Source},
};
use crate::{
    CanaryStatus, canary::Canary, error::LoadError, file, generation::Generation, slot::Slot,
};

/// What a canary's file is called: as the plugin's, with this behind it.
const SUFFIX: &str = ".canary";

/// A canary that has begun, or serves further servers.
#[derive(Debug)]
pub struct CanaryBegun {
    /// It.
    pub canary: CanaryStatus,
    /// What there is to know besides, a sentence each.
    pub remarks: Vec<String>,
}

/// A canary that serves all servers now.
#[derive(Debug)]
pub struct Promoted {
    /// The load, and those of the plugins that use it.
    pub reports: Vec<LoadReport>,
    /// What there is to know besides, a sentence each.
    pub remarks: Vec<String>,
}

impl Plugins {
    /// Has a newer file of a plugin serve these servers, and the present one the others. The file lies beside the plugin's own, with
    /// `.canary` behind its name; where there is none, it is the plugin's own if that holds something else than what serves. Where a
    /// canary of the same content serves already, it serves these servers as well; one of another content is replaced.
    ///
    /// # Errors
    ///
    /// There is no such plugin or file, the file can't be loaded, or it does not fit beside the present one: a command is missing or has
    /// other options, or its tables differ. Nothing changes then.
    pub async fn begin_canary(
        &self,
        name: &str,
        guilds: BTreeSet<u64>,
    ) -> Result<CanaryBegun, LoadError> {
        let name = self.loaded_name(name).await?;
        let place = self.file_loaded(&name)?;
        let file = self.candidate(&name, &place).await?;
        let begun = self.load_canary(&name, &file, place, guilds).await?;
        self.changes.send_modify(|changes| *changes += 1);
        Ok(begun)
    }

    /// How the canary of a plugin is.
    ///
    /// # Errors
    ///
    /// The plugin is not loaded, or has none.
    pub async fn canary(&self, name: &str) -> Result<CanaryStatus, LoadError> {
        let name = self.loaded_name(name).await?;
        let canary = self.slot_of(&name)?.canary().ok_or_else(|| none(&name))?;
        Ok(canary.status())
    }

    /// Has the canary of a plugin serve all servers: its file is loaded in the plugin's place, as by a reload, and takes the place of the
    /// one in the extensions folder. Those that use the plugin are reloaded.
    ///
    /// # Errors
    ///
    /// There is no canary, or it can't be loaded; it goes on then, beside the present generation.
    pub async fn promote_canary(&self, name: &str) -> Result<Promoted, LoadError> {
        let name = self.loaded_name(name).await?;
        let canary = self.slot_of(&name)?.canary().ok_or_else(|| none(&name))?;
        let place = self.file_loaded(&name)?;
        // Its private copy: the file may have changed since.
        let (copy, target) = (canary.generation.shadow.clone(), place.clone());
        let read = blocking(move || {
            let bytes = fs::read(copy)?;
            let beside = Beside::write(&target, &bytes)?;
            Ok((bytes, beside))
        });
        let (bytes, beside) = read.await.map_err(|error| refused(&name, error))?;
        let source = Source {
            bytes: Some(bytes),
            beside: Some(beside.clone()),
            ..Source::default()
        };
        let report = self.load_transaction(&place, source).await?;
        self.has_loaded(&place, &report).await;
        let mut remarks = Vec::from_iter(beside.failure());
        if canary.file != place {
            remarks.extend(remove_used(&canary).await);
        }
        if canary.generation.manifest.keeps_state {
            remarks.push("all go on with the state of the generation before; what the canary had in its own is gone".to_owned());
        }
        let mut reports = vec![report];
        for dependent in self.reload_dependents(&name).await {
            match dependent {
                Ok(report) => reports.push(report),
                Err(error) => remarks.push(format!("one that uses it goes on as it was: {error}")),
            }
        }
        self.changes.send_modify(|changes| *changes += 1);
        Ok(Promoted { reports, remarks })
    }

    /// Ends the canary of a plugin: the generation beside it serves all servers again, and what waited for the canary. Its file stays.
    ///
    /// # Errors
    ///
    /// The plugin is not loaded, or has none.
    pub async fn take_canary_back(&self, name: &str) -> Result<CanaryStatus, LoadError> {
        let name = self.loaded_name(name).await?;
        let canary = {
            let lock = self.lock_of(&name);
            let _inside = lock.lock().await;
            let taken = self.slot_of(&name)?.take_canary();
            taken.ok_or_else(|| none(&name))?
        };
        let status = canary.status();
        self.retire_canary(Some(canary), "it was taken back");
        self.changes.send_modify(|changes| *changes += 1);
        Ok(status)
    }

    /// The file that is to be tried.
    async fn candidate(&self, name: &PluginName, place: &Path) -> Result<PathBuf, LoadError> {
        let beside = beside(place);
        if exists(beside.clone()).await {
            return Ok(beside);
        }
        let held = content(place).await.map(|it| file::hex(&it));
        match held {
            Some(held) if held != self.sha256_of(name) => Ok(place.to_owned()),
            _ => Err(refused(
                name,
                format!(
                    "there is no newer file of it: put that beside the present one, as {}, and say so again",
                    beside.display()
                ),
            )),
        }
    }

    async fn load_canary(
        &self,
        name: &PluginName,
        file: &Path,
        place: PathBuf,
        mut guilds: BTreeSet<u64>,
    ) -> Result<CanaryBegun, LoadError> {
        let _loading = Loading::begin(&self.loading);
        let file_lock = self.lock_of(&file.to_string_lossy());
        let _reading = file_lock.lock().await;
        let source = Source {
            canary_of: Some(place),
            ..Source::default()
        };
        let (load, content) = Load::read(self, file, source, Instant::now()).await?;
        load.check_name()?;
        load.check_holds(name)?;
        load.check_quarantine()?;
        let lock = self.lock_of(name);
        let _inside = lock.lock().await;
        let slot = self.slot_of(name)?;
        if let Some(canary) = slot.canary() {
            if canary.sha256 == load.sha256() {
                canary.serve_also(&guilds);
                return Ok(begun(&canary, Vec::new()));
            }
            guilds.extend(canary.guilds());
        }
        let copy = load.copy(load.number()?, content).await?;
        load.probe(&copy).await?;
        self.note_unloadability(name, load.info());
        let next = Arc::new(load.open(&copy).await?);
        let remarks = match load.take_up_beside(&slot.current(), &next).await {
            Ok(remarks) => remarks,
            Err(error) => {
                load.close(&next).await;
                return Err(error);
            }
        };
        copy.keep();
        let from = (file.to_owned(), load.sha256());
        let canary = Arc::new(Canary::new(Arc::clone(&next), from, guilds));
        let before = slot.set_canary(Arc::clone(&canary));
        self.retire_canary(before, "another canary has taken its place");
        self.watch(&next);
        let begun = begun(&canary, remarks);
        tracing::info!(
            plugin = name.as_str(),
            generation = next.number,
            "a canary: {}",
            begun.canary.in_words(SystemTime::now())
        );
        Ok(begun)
    }

    /// Lets a canary that serves no longer end on its own time.
    pub(super) fn retire_canary(&self, canary: Option<Arc<Canary>>, why: &str) {
        let Some(canary) = canary else {
            return;
        };
        tracing::info!(
            plugin = &*canary.generation.plugin,
            generation = canary.generation.number,
            "the canary serves no longer: {why}"
        );
        let abandoned = Arc::clone(&self.abandoned);
        let deadline = self.deadline_of(&canary.generation);
        tokio::spawn(async move {
            let generation = &canary.generation;
            if let Some(report) = generation.unload(deadline).await {
                abandoned.record(&report, &generation.shadow).await;
            }
        });
    }

    /// The same, and waits for its end.
    pub(super) async fn close_canary(&self, canary: Option<Arc<Canary>>) {
        if let Some(canary) = canary {
            let generation = &canary.generation;
            let report = generation.unload(self.deadline_of(generation)).await;
            self.record(report, generation).await;
        }
    }

    fn deadline_of(&self, generation: &Generation) -> Duration {
        match generation.vitals().is_over() {
            true => Duration::ZERO,
            false => self.time_to_stop(),
        }
    }

    fn slot_of(&self, name: &PluginName) -> Result<Arc<Slot>, LoadError> {
        let set = self.set();
        let loaded = set.loaded.get(name);
        loaded
            .map(|it| Arc::clone(&it.slot))
            .ok_or_else(|| LoadError::NotLoaded { name: name.clone() })
    }

    fn file_loaded(&self, name: &PluginName) -> Result<PathBuf, LoadError> {
        self.loaded_file(name)
            .ok_or_else(|| LoadError::NotLoaded { name: name.clone() })
    }
}

impl Load<'_> {
    /// Whether the file holds this plugin.
    fn check_holds(&self, name: &PluginName) -> Result<(), LoadError> {
        if self.name() == name {
            return Ok(());
        }
        Err(refused(
            name,
            format!("{} holds `{}`", self.path.display(), self.name()),
        ))
    }

    /// What comes between a library that is open and a canary that serves; what there is to know of it.
    async fn take_up_beside(
        &self,
        present: &Generation,
        next: &Generation,
    ) -> Result<Vec<String>, LoadError> {
        let remarks = fits_beside(&present.manifest, &next.manifest)
            .map_err(|problems| refused(self.name(), problems.join("; ")))?;
        for warning in self.check_manifest(&next.manifest)? {
            tracing::warn!(
                plugin = self.name().as_str(),
                "a canary all the same {warning}"
            );
        }
        self.start(next).await?;
        self.copy_state(present, next).await?;
        Ok(remarks)
    }
}

fn begun(canary: &Canary, remarks: Vec<String>) -> CanaryBegun {
    CanaryBegun {
        canary: canary.status(),
        remarks,
    }
}

fn refused(name: &PluginName, reason: impl ToString) -> LoadError {
    LoadError::Canary {
        name: name.clone(),
        reason: reason.to_string(),
    }
}

fn none(name: &PluginName) -> LoadError {
    refused(name, format!("`reload {name} canary SERVER` begins one"))
}

/// Where a canary's file lies.
fn beside(place: &Path) -> PathBuf {
    let mut name = OsString::from(place.file_name().unwrap_or_default());
    name.push(SUFFIX);
    place.with_file_name(name)
}

/// Removes the file that a canary was loaded from, if it holds that still; what went wrong.
async fn remove_used(canary: &Canary) -> Option<String> {
    let file = canary.file.clone();
    let held = content(&file).await.map(|it| file::hex(&it))?;
    if held != canary.sha256 {
        return Some(format!(
            "{} holds something else by now, and stays",
            file.display()
        ));
    }
    let shown = file.display().to_string();
    let removed = blocking(move || fs::remove_file(file)).await;
    let error = removed.err()?;
    Some(format!("{shown} could not be removed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_lies_beside_its_plugin_under_a_name_that_is_no_plugins() {
        let file = beside(Path::new("extensions/libtea.so"));
        assert_eq!(file, Path::new("extensions/libtea.so.canary"));
        assert_eq!(file::plugin_name(&file), None);
    }
}
