//! Canaries: a newer file of a plugin serves chosen servers first, then all of them, or none again.
//!
//! It begins with a copy of the present generation's state, and is told of no LIVE: tasks in the background run once, in the present one.
//! Whatever else is loaded in the plugin's place ends it, as does an unload; a promotion is an ordinary load, from its bytes.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use host_base::PluginName;
use plugin_api::manifest::{CommandManifest, Manifest};
use serde_json::json;

use super::{
    LoadReport, Plugins, exists,
    keeping::{Beside, blocking},
    refused::content,
    rollback::Loading,
    supervise::What,
    transaction::{Load, Source},
};
use crate::{
    Caller, CanaryStatus, Change, canary::Canary, error::LoadError, file, generation::Generation,
    outcomes::Tally, slot::Slot,
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
        let (load, bytes) = Load::read(self, file, source, Instant::now()).await?;
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
        let copy = load.copy(load.number()?, bytes).await?;
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

    /// The canaries that fail too often, with what they have had to do. To be asked each second.
    pub(super) fn failing_canaries(&self) -> Vec<(Arc<Generation>, Tally)> {
        let percent = self.program.options().canary_failure_percent;
        let set = self.set();
        let canaries = set.loaded.values().filter_map(|it| it.slot.canary());
        canaries
            .filter_map(|it| Some((Arc::clone(&it.generation), it.fails_too_often(percent)?)))
            .collect()
    }

    /// Whether a generation is its plugin's canary.
    pub(super) fn is_canary(&self, generation: &Arc<Generation>) -> bool {
        let set = self.set();
        let loaded = set.loaded.get(&generation.plugin);
        let canary = loaded.and_then(|it| it.slot.canary());
        canary.is_some_and(|it| Arc::ptr_eq(&it.generation, generation))
    }

    /// Ends a canary of its plugin for this reason, and notifies the program.
    pub(super) async fn canary_fails(&self, generation: &Arc<Generation>, why: &str) {
        let name = &generation.plugin;
        let lock = self.lock_of(name);
        let _inside = lock.lock().await;
        if !self.is_canary(generation) {
            return;
        }
        let Some(canary) = self.slot_of(name).ok().and_then(|it| it.take_canary()) else {
            return;
        };
        tracing::error!(
            plugin = &**name,
            generation = generation.number,
            "the canary is taken back: {why}"
        );
        let told = format!(
            "The canary of `{name}` was taken back: {why}. It was {}. Generation {} serves all servers again.",
            canary.status().in_words(SystemTime::now()),
            self.current(name).map_or(0, |it| it.number)
        );
        let caller = Caller::new(name, generation.number);
        self.program.changed(Change::CanaryTakenBack(caller, told));
        self.changes.send_modify(|changes| *changes += 1);
        self.close_canary(Some(canary)).await;
    }

    /// Ends a canary with which something is the matter.
    pub(super) async fn deal_with_canary(&self, generation: &Arc<Generation>, what: What) {
        let why = match what {
            What::Ended(why) => why,
            What::Panics(count) => format!("it panicked {count} times within a minute"),
            What::Heap(bytes) => format!(
                "it holds {} MiB of heap, more than it may (`limits.heap_mb`)",
                bytes >> 20
            ),
            What::Stuck(stall, doing) => {
                let why = format!(
                    "its thread has been in {doing} for {} s ({})",
                    stall.lasts.as_secs(),
                    stall.pace()
                );
                // Members learn of it before anything else is done.
                generation.abandon(&why);
                why
            }
        };
        self.canary_fails(generation, &why).await;
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
    refused(
        name,
        format!("it has none; `reload {name} canary SERVER` begins one"),
    )
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

/// Whether one generation can serve some servers while another serves the rest, of whose commands the users are told and whose tables both
/// use: what there is to know, or what stands in the way.
fn fits_beside(present: &Manifest, next: &Manifest) -> Result<Vec<String>, Vec<String>> {
    let mut problems = Vec::new();
    let find = |of: &CommandManifest| {
        let mut all = next.commands.iter();
        all.find(|it| it.kind == of.kind && it.name == of.name)
    };
    for command in &present.commands {
        match find(command) {
            None => problems.push(format!(
                "it has no command `{}`, which all servers show",
                command.name
            )),
            Some(next) if asks(next) != asks(command) => problems.push(format!(
                "its command `{}` has other options or commands than all servers show",
                command.name
            )),
            Some(_) => {}
        }
    }
    if json!(present.migrations) != json!(next.migrations) {
        problems.push("its migrations differ, and both would use the same tables".to_owned());
    }
    if !problems.is_empty() {
        problems.push(format!(
            "`reload {}` swaps it for all servers",
            present.name
        ));
        return Err(problems);
    }
    let is_new = |it: &&CommandManifest| {
        let mut all = present.commands.iter();
        !all.any(|old| old.kind == it.kind && old.name == it.name)
    };
    let new: Vec<_> = next.commands.iter().filter(is_new).collect();
    let names: Vec<_> = new.iter().map(|it| format!("`{}`", it.name)).collect();
    Ok(match &*names {
        [] => Vec::new(),
        names => vec![format!(
            "{} can be used when it is promoted: until then all servers have the same commands",
            names.join(", ")
        )],
    })
}

/// What a command asks of whoever uses it, with those in it.
fn asks(command: &CommandManifest) -> serde_json::Value {
    let inside: Vec<_> = command.subcommands.iter().map(asks).collect();
    json!([command.name, command.kind, command.options, inside])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_servers_show_and_what_both_use_must_be_the_same() {
        let manifest = |json| serde_json::from_value::<Manifest>(json).unwrap();
        let command = |name: &str, option: &str| json!({"name": name, "description": "Tea", "options": [{"name": option, "description": "Tea", "kind": "text"}]});
        let present = manifest(json!({"name": "tea", "commands": [command("brew", "kind")]}));
        let says = |next| fits_beside(&present, &manifest(next));
        assert_eq!(says(json!(present)), Ok(vec![]));
        let more =
            json!({"name": "tea", "commands": [command("brew", "kind"), command("pour", "to")]});
        assert!(says(more).unwrap()[0].starts_with("`pour` can be used when it is promoted"));
        let group =
            json!({"name": "brew", "description": "Tea", "subcommands": [command("brew", "kind")]});
        for (next, why) in [
            (json!({"name": "tea"}), "no command `brew`"),
            (
                json!({"name": "tea", "commands": [command("brew", "sort")]}),
                "other options",
            ),
            (
                json!({"name": "tea", "commands": [group]}),
                "other options or commands",
            ),
            (
                json!({"name": "tea", "commands": [command("brew", "kind")], "migrations": [{"number": 1, "sql": "CREATE TABLE a(b)"}]}),
                "migrations differ",
            ),
        ] {
            let problems = says(next).unwrap_err().join("; ");
            assert!(
                problems.contains(why) && problems.contains("`reload tea`"),
                "{problems}"
            );
        }
    }

    #[test]
    fn a_canary_lies_beside_its_plugin_under_a_name_that_is_no_plugins() {
        let file = beside(Path::new("extensions/libtea.so"));
        assert_eq!(file, Path::new("extensions/libtea.so.canary"));
        assert_eq!(file::plugin_name(&file), None);
    }
}
