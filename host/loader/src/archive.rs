//! Archive of plugin files: the last few of each plugin, with what is known of them, and the state that each has left.
//!
//! Below `generations/<plugin>/` in the data folder: `<sha256>` with the suffix of a library, the file as it was; `<sha256>.state`, what it
//! had saved when it stopped serving; `files.json`, the [`KeptFile`]s, the one that was loaded last in front. What is in no list is
//! swept away. All of it is file work: none of it is to be called where nothing may block.

use std::{
    env::consts::DLL_SUFFIX,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use host_base::PluginName;
use serde::{Deserialize, Serialize};

use crate::{
    ago::{ago, now_ms},
    file,
    stamp::CopyStamp,
    state_file::{self, SavedState},
};

/// How long the files of a plugin are kept that has none in the extensions folder.
const ORPHANED: Duration = Duration::from_secs(30 * 24 * 3600);

/// A file of a plugin that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptFile {
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The version that it holds.
    pub version: String,
    /// Its size.
    pub bytes: u64,
    /// When it was first loaded, in milliseconds since the Unix epoch.
    pub first_ms: u64,
    /// When it was last loaded.
    pub last_ms: u64,
    /// How often it was loaded.
    pub loads: u64,
    /// How often it has panicked.
    pub panics: u64,
    /// How its last generation ended, in words; `None` while that serves, and when it ended with the process.
    pub ended: Option<String>,
    /// When the state was saved that it left; `None`: it has left none.
    pub state_ms: Option<u64>,
}

impl KeptFile {
    /// So much of the SHA-256 as people type.
    #[must_use]
    pub fn short(&self) -> &str {
        self.sha256.get(..8).unwrap_or(&self.sha256)
    }

    /// Such as "1.2.0 `3f2a90c1`".
    pub(crate) fn named(&self) -> String {
        format!("{} `{}`", self.version, self.short())
    }

    /// Such as "1.2.0 `3f2a90c1` · 612 KiB · first loaded 3 h ago, 4 times in all · 2 panics · replaced by 1.3.0 · state of 5 min ago".
    #[must_use]
    pub fn in_words(&self, now: SystemTime) -> String {
        let mut parts = vec![
            self.named(),
            format!("{} KiB", self.bytes.div_ceil(1024)),
            format!(
                "first loaded {}, {}",
                ago(self.first_ms, now),
                times(self.loads)
            ),
        ];
        if self.panics > 0 {
            let plural = if self.panics == 1 { "" } else { "s" };
            parts.push(format!("{} panic{plural}", self.panics));
        }
        parts.extend(self.ended.clone());
        if let Some(at) = self.state_ms {
            parts.push(format!("state of {}", ago(at, now)));
        }
        parts.join(" · ")
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// A generation that has stopped serving.
#[derive(Debug)]
pub(crate) struct Left {
    /// The file that it was loaded from.
    pub(crate) sha256: String,
    /// How often it has panicked.
    pub(crate) panics: u64,
    /// How it ended, in words.
    pub(crate) how: String,
    /// What it had saved; `None`: as before.
    pub(crate) state: Option<SavedState>,
}

/// The files that are kept.
#[derive(Debug)]
pub(crate) struct Archive {
    folder: PathBuf,
    /// One at a time: lists are read, changed and written.
    inside: Mutex<()>,
}

impl Archive {
    /// Below the data folder.
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            folder: data.join("generations"),
            inside: Mutex::default(),
        }
    }

    /// The files that are kept of a plugin, the one that was loaded last in front.
    pub(crate) fn files(&self, plugin: &PluginName) -> Vec<KeptFile> {
        let _inside = self.inside();
        self.read(plugin)
    }

    /// Keeps a file that was loaded, and so many of that plugin in all. `copy` holds its bytes, and is never written to again: it gets another name. `state`: what
    /// lay on the disk before it, which whatever ended with the process has left.
    pub(crate) fn keep(
        &self,
        plugin: &PluginName,
        file: KeptFile,
        copy: &Path,
        limit: usize,
        state: Option<&SavedState>,
    ) -> io::Result<()> {
        let _inside = self.inside();
        let mut files = self.read(plugin);
        if let Some(before) = files.first_mut()
            && before.ended.is_none()
            && before.sha256 != file.sha256
        {
            before.ended = Some("ended with the bot".to_owned());
            if let Some(state) = state {
                state_file::write(&self.state_path(plugin, &before.sha256), state)?;
                before.state_ms = Some(now_ms());
            }
        }
        let path = self.path(plugin, &file.sha256);
        let (is_there, is_this) = (path.exists(), is_same(copy, &path));
        if !is_there || !is_this {
            fs::create_dir_all(self.of(plugin))?;
            let part = path.with_extension("part");
            // The private copy is never written to again: another name for it costs nothing. What is left of an attempt may be such a name.
            let _ = fs::remove_file(&part);
            // One of the same content is as good, but that the next start could not tell.
            match fs::hard_link(copy, &part) {
                Ok(()) => fs::rename(&part, &path)?,
                Err(_) if is_there => {}
                Err(_) => {
                    fs::copy(copy, &part)?;
                    fs::rename(&part, &path)?;
                }
            }
        }
        let at = files.iter().position(|it| it.sha256 == file.sha256);
        let mut kept = at.map_or(file, |at| files.remove(at));
        kept.loads += 1;
        kept.last_ms = now_ms();
        kept.ended = None;
        if kept.first_ms == 0 {
            kept.first_ms = kept.last_ms;
        }
        files.insert(0, kept);
        files.truncate(limit.max(1));
        self.write(plugin, &files)?;
        self.sweep(plugin, &files)
    }

    /// Notes how a file has fared whose generation has stopped serving.
    pub(crate) fn left(&self, plugin: &PluginName, left: &Left) -> io::Result<()> {
        let _inside = self.inside();
        let mut files = self.read(plugin);
        let Some(file) = files.iter_mut().find(|it| it.sha256 == left.sha256) else {
            return Ok(());
        };
        file.panics += left.panics;
        file.ended = Some(left.how.clone());
        if let Some(state) = &left.state {
            let path = self.state_path(plugin, &left.sha256);
            if !matches!(state_file::read(&path), Ok(Some(there)) if there == *state) {
                state_file::write(&path, state)?;
            }
            file.state_ms = Some(now_ms());
        }
        self.write(plugin, &files)
    }

    /// The bytes of a kept file.
    ///
    /// # Errors
    ///
    /// It can't be read, or is not what was kept.
    pub(crate) fn bytes(&self, plugin: &PluginName, sha256: &str) -> io::Result<Vec<u8>> {
        let path = self.path(plugin, sha256);
        let bytes = fs::read(&path)?;
        if file::hex(&file::sha256(&bytes)) != sha256 {
            let why = format!("{} was changed since it was kept", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(bytes)
    }

    /// The state that a file has left.
    pub(crate) fn state(
        &self,
        plugin: &PluginName,
        sha256: &str,
    ) -> io::Result<Option<SavedState>> {
        state_file::read(&self.state_path(plugin, sha256))
    }

    /// Removes what was kept of plugins that have had no file for a month.
    pub(crate) fn clean(&self, has_file: impl Fn(&str) -> bool) {
        let _inside = self.inside();
        let now = now_ms();
        let month: u64 = ORPHANED.as_millis().try_into().unwrap_or(u64::MAX);
        for folder in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let Ok(name) = folder.file_name().into_string() else {
                continue;
            };
            let files = self.read(&PluginName::new(&name));
            let last = files.first().map_or(0, |it| it.last_ms);
            if !has_file(&name) && now.saturating_sub(last) > month {
                let _ = fs::remove_dir_all(folder.path());
            }
        }
    }

    /// Removes what no list has.
    fn sweep(&self, plugin: &PluginName, files: &[KeptFile]) -> io::Result<()> {
        for entry in fs::read_dir(self.of(plugin))? {
            let path = entry?.path();
            let stem = path.file_stem().unwrap_or_default();
            let is_listed = stem == "files" || files.iter().any(|it| *it.sha256 == *stem);
            if !is_listed {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn read(&self, plugin: &PluginName) -> Vec<KeptFile> {
        let path = self.list_path(plugin);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::error!(path = %path.display(), "no file of the plugin is kept, as this can't be read: {error}");
                Vec::new()
            }),
            Err(_) => Vec::new(),
        }
    }

    fn write(&self, plugin: &PluginName, files: &[KeptFile]) -> io::Result<()> {
        let path = self.list_path(plugin);
        let part = path.with_extension("part");
        fs::write(&part, serde_json::to_vec_pretty(files)?)?;
        fs::rename(part, path)
    }

    fn of(&self, plugin: &PluginName) -> PathBuf {
        self.folder.join(plugin.as_str())
    }

    fn list_path(&self, plugin: &PluginName) -> PathBuf {
        self.of(plugin).join("files.json")
    }

    /// Where a kept file lies.
    pub(crate) fn path(&self, plugin: &PluginName, sha256: &str) -> PathBuf {
        self.of(plugin).join(format!("{sha256}{DLL_SUFFIX}"))
    }

    fn state_path(&self, plugin: &PluginName, sha256: &str) -> PathBuf {
        self.of(plugin).join(format!("{sha256}.state"))
    }

    fn inside(&self) -> MutexGuard<'_, ()> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether two names are one file's.
fn is_same(one: &Path, other: &Path) -> bool {
    let stamps = (CopyStamp::of(one), CopyStamp::of(other));
    matches!(stamps, (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> SavedState {
        SavedState {
            schema: 1,
            bytes: text.into(),
        }
    }

    /// Keeps a file with this content.
    fn keep(archive: &Archive, folder: &Path, content: &str, limit: usize) -> String {
        // A private copy has a name of its own, and is never written to again.
        let copy = folder.join(format!("copy-of-{content}"));
        fs::write(&copy, content).unwrap();
        let sha256 = file::hex(&file::sha256(content.as_bytes()));
        let file = KeptFile {
            sha256: sha256.clone(),
            version: content.to_owned(),
            bytes: content.len() as u64,
            ..KeptFile::default()
        };
        let before = state("on the disk");
        archive
            .keep(&"tea".into(), file, &copy, limit, Some(&before))
            .unwrap();
        sha256
    }

    #[test]
    fn the_last_few_are_kept_with_what_they_left_and_the_rest_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, tea) = (Archive::new(folder.path()), PluginName::new("tea"));
        let all: Vec<_> = ["1", "2", "3", "4"]
            .iter()
            .map(|it| keep(&archive, folder.path(), it, 3))
            .collect();
        let versions = |archive: &Archive| -> Vec<String> {
            let files = archive.files(&tea).into_iter();
            files.map(|it| it.version).collect()
        };
        assert_eq!(versions(&archive), ["4", "3", "2"]);
        assert!(archive.bytes(&tea, &all[0]).is_err());
        assert_eq!(archive.state(&tea, &all[0]).unwrap(), None);
        // One that ended with the process has left what lay on the disk.
        let kept = archive.files(&tea);
        assert_eq!(kept[1].ended.as_deref(), Some("ended with the bot"));
        assert_eq!(
            archive.state(&tea, &all[2]).unwrap(),
            Some(state("on the disk"))
        );
        // One that was replaced has left what it had then; one that comes back is in front, and known.
        let left = Left {
            sha256: all[3].clone(),
            panics: 2,
            how: "replaced by 2".to_owned(),
            state: Some(state("mine")),
        };
        archive.left(&tea, &left).unwrap();
        keep(&archive, folder.path(), "2", 3);
        assert_eq!(versions(&archive), ["2", "4", "3"]);
        assert_eq!(archive.state(&tea, &all[3]).unwrap(), Some(state("mine")));
        let kept = archive.files(&tea);
        assert_eq!((kept[0].loads, kept[1].panics), (2, 2));
        assert!(
            kept[1]
                .in_words(SystemTime::now())
                .contains("loaded 0 s ago, once · 2 panics · replaced by 2 · state of 0 s ago")
        );
        assert_eq!(archive.bytes(&tea, &all[3]).unwrap(), b"4");
        // Fewer are wanted.
        keep(&archive, folder.path(), "2", 1);
        let there = fs::read_dir(folder.path().join("generations/tea")).unwrap();
        // A copy, the list, and the state that it has left.
        assert_eq!(there.count(), 3);
    }

    #[test]
    fn a_kept_file_that_was_changed_is_no_file_and_those_without_a_plugin_go_after_a_month() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, tea) = (Archive::new(folder.path()), PluginName::new("tea"));
        let sha256 = keep(&archive, folder.path(), "1", 5);
        let path = archive.path(&tea, &sha256);
        fs::write(path, "2").unwrap();
        let told = archive.bytes(&tea, &sha256).unwrap_err().to_string();
        assert!(told.ends_with("was changed since it was kept"), "{told}");
        archive.clean(|_| false);
        assert_eq!(archive.files(&tea).len(), 1);
        let mut files = archive.files(&tea);
        files[0].last_ms = 1;
        archive.write(&tea, &files).unwrap();
        archive.clean(|name| name == "tea");
        assert_eq!(archive.files(&tea).len(), 1);
        archive.clean(|_| false);
        assert!(archive.files(&tea).is_empty());
    }
}
