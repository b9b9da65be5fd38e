//! Sandbox's own copy of config.toml: what is set while the bot is tried out stays in the sandbox's data folder.
//!
//! Without it `cogwright set` would write into the file of the real bot, or into the one that the source checkout tracks.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use host_ops::config::{Config, ConfigError};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::cli::CliResult;

/// The folder of the sandbox below another one.
pub(super) const FOLDER: &str = "sandbox";

/// config.toml, the sandbox's copy, and what config.toml was when it was copied.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    original: PathBuf,
    own: PathBuf,
    as_copied: PathBuf,
}

impl Copy {
    /// The copy of this config.toml, made anew if that has changed since the last time. What was set in the sandbox holds until
    /// then.
    ///
    /// # Errors
    ///
    /// config.toml can't be read, or the data folder not be written.
    pub(super) fn of(original: &Path) -> CliResult<Self> {
        let config = Config::load(original)?;
        let folder = config.data.folder.join(FOLDER);
        let copy = Self {
            original: original.to_owned(),
            own: folder.join("config.toml"),
            as_copied: folder.join("config.toml.original"),
        };
        fs::create_dir_all(&folder).map_err(|error| told(&folder, &error))?;
        copy.renew(&config.source.text)?;
        // What somebody wrote into the copy and can't be read ends no start: the original is there.
        if let Err(error) = Config::load(copy.path()) {
            eprintln!(
                "cogwright: {error}; {} is taken as it is",
                original.display()
            );
            fs::remove_file(&copy.as_copied).map_err(|error| told(&copy.as_copied, &error))?;
            copy.renew(&config.source.text)?;
        }
        Ok(copy)
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.own
    }

    /// Takes over changes of the original, for as long as the result is kept; the running bot then sees a changed file.
    ///
    /// # Errors
    ///
    /// The folder can't be watched.
    pub(super) fn follow(&self) -> CliResult<RecommendedWatcher> {
        let copy = self.clone();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                if event.is_ok_and(|event| event.kind.is_access()) {
                    return;
                }
                // Editors empty a file before they write it, and some replace it.
                if let Ok(Some(text)) = Config::text_of(&copy.original)
                    && !text.trim().is_empty()
                    && let Err(error) = copy.renew(&text)
                {
                    tracing::warn!(
                        "changes of {} are not taken over: {error}",
                        copy.original.display()
                    );
                }
            })?;
        let folder = match self.original.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    }

    /// Copies the original's text, unless it is the one that was copied last.
    fn renew(&self, text: &str) -> CliResult {
        if read(&self.as_copied)?.as_deref() == Some(text) && read(&self.own)?.is_some() {
            return Ok(());
        }
        // In this order: whoever stops in between begins anew.
        for (file, text) in [(&self.own, text), (&self.as_copied, text)] {
            fs::write(file, text).map_err(|error| told(file, &error))?;
        }
        Ok(())
    }
}

fn read(file: &Path) -> Result<Option<String>, ConfigError> {
    Config::text_of(file)
}

fn told(path: &Path, error: &io::Error) -> String {
    format!(
        "can't write {}: {error}; the sandbox keeps its state below `[data] folder`",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn what_is_set_in_the_sandbox_holds_until_the_original_changes() {
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("config.toml");
        let data = folder.path().join("data").display().to_string();
        let first = format!("[data]\nfolder = {data:?}\n[bot]\nprefix = \"!\"\n");
        fs::write(&original, &first).unwrap();
        let copy = Copy::of(&original).unwrap();
        assert!(copy.path().ends_with("data/sandbox/config.toml"));
        assert_eq!(text(copy.path()), first);

        let set = first.replace('!', "?");
        fs::write(copy.path(), &set).unwrap();
        assert_eq!(text(Copy::of(&original).unwrap().path()), set);
        assert_eq!(text(&original), first);

        let second = first.replace('!', "%");
        fs::write(&original, &second).unwrap();
        assert_eq!(text(Copy::of(&original).unwrap().path()), second);

        // What can't be read any more is no reason not to start.
        fs::write(copy.path(), "[bot").unwrap();
        assert_eq!(text(Copy::of(&original).unwrap().path()), second);
    }

    #[test]
    fn no_config_at_all_is_none_in_the_sandbox_and_a_broken_one_is_told_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("config.toml");
        fs::write(&original, "[bot]\nprefx = \"!\"\n").unwrap();
        let error = Copy::of(&original).unwrap_err().to_string();
        assert!(error.contains("config.toml:2"), "{error}");
    }
}
