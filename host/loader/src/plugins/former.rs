//! Rollback to former files: those that are kept of a plugin, one of which takes the place of the one in the extensions folder.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::{
    LoadReport, Plugins,
    keeping::{Beside, blocking},
    refused::content,
    transaction::{self, Source},
};
use crate::{ago::ago, archive::KeptFile, error::LoadError, file};

/// Digits of a SHA-256 that name a file: fewer are a number in the list.
const PREFIX: usize = 4;

/// What somebody wants a plugin rolled back to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollBack {
    /// A place in the list of [`former_files`](Plugins::former_files), counted from 1, or the beginning of a SHA-256; empty: the first.
    pub which: String,
    /// Whether it begins with the state that it had left, and not with that of now.
    pub then: bool,
    /// Whether a file in quarantine is let out.
    pub again: bool,
}

/// What a rollback came to.
#[derive(Debug)]
pub struct RolledBack {
    /// The load, and those of the plugins that use it.
    pub reports: Vec<LoadReport>,
    /// The file that serves now, as it was kept.
    pub file: KeptFile,
    /// What there is to know besides, a sentence each.
    pub remarks: Vec<String>,
}

impl Plugins {
    /// The files that are kept of a plugin, without the one that serves or would be loaded; the one that served last in front.
    pub async fn former_files(&self, name: &str) -> Vec<KeptFile> {
        let name = PluginName::new(name);
        let now = self.present(&name).await;
        let mut files = self.kept(&name).await;
        files.retain(|it| now.as_ref() != Some(&it.sha256));
        files
    }

    /// The file of a plugin that serves or would be loaded, as it is kept.
    pub async fn present_file(&self, name: &str) -> Option<KeptFile> {
        let name = PluginName::new(name);
        let now = self.present(&name).await?;
        let files = self.kept(&name).await;
        files.into_iter().find(|it| it.sha256 == now)
    }

    /// Loads a former file of a plugin in the place of the present one, as a reload does, and puts it into the extensions folder: a
    /// restart goes on with it. Those that use the plugin are reloaded.
    ///
    /// # Errors
    ///
    /// There is no such file, it is in quarantine, or it can't be loaded; the present generation goes on, and its file stays.
    pub async fn roll_back(&self, name: &str, wish: &RollBack) -> Result<RolledBack, LoadError> {
        let name = PluginName::new(name);
        let file = self.former(&name, wish).await?;
        let target = self.place_of(&name).await;
        let isolation = self.program.options().isolation;
        if !isolation.isolates(&name, &target) {
            self.check_former(&name, &file, wish)?;
        }
        let source = self.source(&name, &file, &target, wish).await?;
        let (placed, state_at) = (source.beside.clone(), file.state_ms);
        let before = self.manifests().remove(&name);
        let note = self.unloaded.set(&name, None);
        let loaded = self.load_transaction(&target, source).await;
        let report = match loaded {
            Ok(report) => report,
            Err(error) => {
                self.unloaded.set(&name, note);
                return Err(told_next(&name, error, wish, state_at));
            }
        };
        self.has_loaded(&target, &report).await;
        let mut remarks = self.remarks(&name, wish, &file, before);
        remarks.extend(placed.and_then(|it| it.failure()));
        let mut reports = vec![report];
        for dependent in self.reload_dependents(&name).await {
            match dependent {
                Ok(report) => reports.push(report),
                Err(error) => remarks.push(format!("one that uses it goes on as it was: {error}")),
            }
        }
        self.changes.send_modify(|changes| *changes += 1);
        Ok(RolledBack {
            reports,
            file,
            remarks,
        })
    }

    /// Keeps a file of the extensions folder that is about to go.
    ///
    /// # Errors
    ///
    /// It is no plugin, or can't be kept.
    pub async fn keep_before_removal(&self, path: &Path) -> Result<(), LoadError> {
        let (_, info) = transaction::read(path).await?;
        let name = PluginName::new(&info.note.name);
        let file = KeptFile {
            sha256: info.sha256_hex(),
            version: info.note.version.clone(),
            bytes: info.size,
            ..KeptFile::default()
        };
        if self
            .kept(&name)
            .await
            .iter()
            .any(|it| it.sha256 == file.sha256)
        {
            return Ok(());
        }
        let (archive, path, limit) = (
            Arc::clone(&self.archive),
            path.to_owned(),
            self.program.options().keep_files,
        );
        let kept = {
            let (name, path) = (name.clone(), path.clone());
            blocking(move || archive.keep(&name, file, &path, limit, None)).await
        };
        kept.map_err(|source| LoadError::Read { path, source })
    }

    /// The kept file that is meant.
    async fn former(&self, name: &PluginName, wish: &RollBack) -> Result<KeptFile, LoadError> {
        let files = self.former_files(name).await;
        if files.is_empty() {
            // A name that nobody has is told as such.
            if self.kept(name).await.is_empty() {
                self.file_of(name).await?;
            }
            let why = "no former file of it is kept: there is one when another file of it was loaded before (`[extensions] keep_files`)";
            return Err(refused(name, why));
        }
        find(&files, &wish.which).map_err(|why| refused(name, why))
    }

    fn check_former(
        &self,
        name: &PluginName,
        file: &KeptFile,
        wish: &RollBack,
    ) -> Result<(), LoadError> {
        let Some(held) = self.quarantine.of(&file.sha256) else {
            return Ok(());
        };
        if wish.again {
            self.quarantine.lift(&file.sha256);
            tracing::warn!(
                plugin = &**name,
                "{} was let out of quarantine",
                file.named()
            );
            return Ok(());
        }
        Err(refused(
            name,
            format!(
                "{} is in quarantine: {}; `rollback {name} list` shows the others, and `rollback {name} {} again` takes it all the same",
                file.named(),
                held.why,
                file.short()
            ),
        ))
    }

    /// Where its file lies, or would.
    async fn place_of(&self, name: &PluginName) -> PathBuf {
        if let Some(file) = self.loaded_file(name) {
            return file;
        }
        let failed = self.set().failed.get(name).map(|it| it.file.clone());
        if let Some(file) = failed {
            return file;
        }
        let extensions = self.program.options().extensions;
        let usual = || extensions.join(format!("lib{name}{}", std::env::consts::DLL_SUFFIX));
        self.file_of(name).await.unwrap_or_else(|_| usual())
    }

    /// What the load takes: the kept content, the state that is asked for, and a copy beside the place that it goes to.
    async fn source(
        &self,
        name: &PluginName,
        file: &KeptFile,
        target: &Path,
        wish: &RollBack,
    ) -> Result<Source, LoadError> {
        let (archive, plugin, sha256) =
            (Arc::clone(&self.archive), name.clone(), file.sha256.clone());
        let (then, place) = (wish.then, target.to_owned());
        let read = blocking(move || {
            let bytes = archive.bytes(&plugin, &sha256)?;
            let state = match then {
                true => archive.state(&plugin, &sha256)?,
                false => None,
            };
            let beside = Beside::write(&place, &bytes)?;
            Ok((bytes, state, beside))
        });
        let (bytes, state, beside) = read.await.map_err(|error| refused(name, error))?;
        if then && state.is_none() {
            return Err(refused(
                name,
                format!(
                    "{} has left no state; without `with state then` it begins with that of now",
                    file.named()
                ),
            ));
        }
        Ok(Source {
            bytes: Some(bytes),
            state,
            beside: Some(beside),
            canary_of: None,
        })
    }

    /// What whoever rolls back may not expect.
    fn remarks(
        &self,
        name: &PluginName,
        wish: &RollBack,
        file: &KeptFile,
        before: Option<Manifest>,
    ) -> Vec<String> {
        let manifest = self.manifests().remove(name).unwrap_or_default();
        let mut remarks = Vec::new();
        if let Some(at) = file.state_ms.filter(|_| wish.then) {
            let at = ago(at, SystemTime::now());
            remarks.push(format!(
                "its state is that of {at}; what was since is kept with the file that it replaces"
            ));
            if !manifest.migrations.is_empty() {
                remarks.push(
                    "its tables and files are as they are now, and not as they were then"
                        .to_owned(),
                );
            }
        }
        let numbers = |manifest: &Manifest| -> BTreeSet<u32> {
            let all = manifest.migrations.iter();
            all.map(|it| it.number).collect()
        };
        let undone = before.map_or_else(BTreeSet::new, |before| numbers(&before));
        let newest = undone.difference(&numbers(&manifest)).max().copied();
        if let Some(newest) = newest {
            remarks.push(format!(
                "its tables stay as migration {newest} of the newer file has left them: a rollback undoes none"
            ));
        }
        remarks
    }

    /// The SHA-256 of the file that serves or would be loaded.
    async fn present(&self, name: &PluginName) -> Option<String> {
        let serves = self.sha256_of(name);
        if !serves.is_empty() {
            return Some(serves);
        }
        let path = self.place_of(name).await;
        let content = content(&path).await?;
        Some(file::hex(&content))
    }
}

/// The file that is meant by a number or the beginning of a SHA-256.
fn find(files: &[KeptFile], which: &str) -> Result<KeptFile, String> {
    let which = which.trim().to_lowercase();
    let listed = || {
        let all = files.iter().zip(1..);
        let all: Vec<_> = all
            .map(|(it, at)| format!("{at}: {}", it.named()))
            .collect();
        all.join(", ")
    };
    if which.is_empty() {
        return Ok(files[0].clone());
    }
    if which.len() < PREFIX {
        let number: Option<usize> = which.parse().ok();
        let found = number.and_then(|it| files.get(it.checked_sub(1)?));
        return found
            .cloned()
            .ok_or_else(|| format!("there is no former file `{which}`; there are {}", listed()));
    }
    let mut found = files.iter().filter(|it| it.sha256.starts_with(&which));
    match (found.next(), found.next()) {
        (Some(file), None) => Ok(file.clone()),
        (None, _) => Err(format!(
            "no former file begins with `{which:.64}`; there are {}",
            listed()
        )),
        (Some(_), Some(_)) => Err(format!("several begin with `{which:.64}`: {}", listed())),
    }
}

fn refused(name: &PluginName, reason: impl ToString) -> LoadError {
    LoadError::Former {
        name: name.clone(),
        reason: reason.to_string(),
    }
}

/// A state that the former file can't read has another one to offer.
fn told_next(
    name: &PluginName,
    error: LoadError,
    wish: &RollBack,
    state_ms: Option<u64>,
) -> LoadError {
    let is_state = matches!(
        &error,
        LoadError::State {
            phase: "restored",
            ..
        } | LoadError::StateFile { .. }
    );
    match state_ms.filter(|_| is_state && !wish.then) {
        Some(at) => {
            let at = ago(at, SystemTime::now());
            let which = match &*wish.which {
                "" => String::new(),
                which => format!(" {which}"),
            };
            let error = error.to_string();
            refused(
                name,
                format!(
                    "{error}; `rollback {name}{which} with state then` begins with what it had saved {at}"
                ),
            )
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_file_is_meant_by_its_number_or_the_beginning_of_its_hash() {
        let file = |sha256: &str, version: &str| KeptFile {
            sha256: sha256.to_owned(),
            version: version.to_owned(),
            ..KeptFile::default()
        };
        let files = [file("abcdef0123", "1.1.0"), file("abcd000012", "1.0.0")];
        let version = |which: &str| find(&files, which).map(|it| it.version);
        assert_eq!(version("").unwrap(), "1.1.0");
        assert_eq!(version("2").unwrap(), "1.0.0");
        assert_eq!(version("ABCDE").unwrap(), "1.1.0");
        let listed = "1: 1.1.0 `abcdef01`, 2: 1.0.0 `abcd0000`";
        for (which, told) in [
            ("3", "there is no former file `3`; there are "),
            ("0", "there is no former file `0`; there are "),
            ("abcd", "several begin with `abcd`: "),
            ("ffff", "no former file begins with `ffff`; there are "),
        ] {
            assert_eq!(version(which).unwrap_err(), format!("{told}{listed}"));
        }
    }
}
