//! Descriptors: files that a plugin has left open.

use std::{
    collections::BTreeMap, env::consts::DLL_SUFFIX, fs, path::Path, thread::sleep, time::Duration,
};

use crate::platform::process;

/// How long a file of the host's own may be open at the moment of an unload.
const SECOND_LOOK: Duration = Duration::from_millis(20);

/// Open descriptors, and what they lead to.
pub type Descriptors = BTreeMap<i32, String>;

/// Files that were opened since and are still open. The host has descriptors of its own that come and go: sockets and
/// signals are not looked at, nor what lies in the host's data folder (where the plugin's private copy is) and among its logs
/// (which are renamed and opened anew), nor the extensions folder itself (which is listed again and again), nor libraries, nor what the
/// kernel says of this process (which other unloads read).
#[must_use]
pub fn files_left_open(
    before: &Descriptors,
    shadow: &Path,
    logs: Option<&Path>,
    extensions: &Path,
) -> Option<String> {
    let own = shadow.parent().and_then(Path::parent).unwrap_or(shadow);
    // What descriptors lead to is absolute.
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (own, extensions) = (&real(own), &real(extensions));
    let opened = || -> Option<Descriptors> {
        let mut now = process::open_fds()?;
        now.retain(|fd, target| {
            let path = Path::new(target);
            before.get(fd) != Some(target)
                && path.is_absolute()
                && !path.starts_with(own)
                && path != extensions
                && !process::is_about_itself(path)
                && !logs.is_some_and(|logs| path.starts_with(logs))
                && !target.ends_with(DLL_SUFFIX)
        });
        Some(now)
    };
    let mut left = opened()?;
    if !left.is_empty() {
        // What the host itself was just reading is gone at the second look.
        sleep(SECOND_LOOK);
        let again = opened()?;
        left.retain(|fd, target| again.get(fd) == Some(target));
    }
    let left: Vec<String> = left.into_values().collect();
    (!left.is_empty()).then(|| {
        format!(
            "{} descriptor(s) that were opened since it was loaded: {}",
            left.len(),
            left.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_log_that_is_rotated_meanwhile_is_no_file_that_the_plugin_left_open() {
        let folder = tempfile::tempdir().unwrap();
        let folder = &fs::canonicalize(folder.path()).unwrap();
        let (logs, shadow) = (folder.join("botlogs"), folder.join("data/shadow/x.so"));
        let extensions = folder.join("extensions");
        fs::create_dir_all(&logs).unwrap();
        fs::create_dir_all(&extensions).unwrap();
        fs::create_dir_all(shadow.parent().unwrap()).unwrap();
        let log = logs.join("permanent.log");
        let _first = File::create(&log).unwrap();
        let before = process::open_fds().unwrap();
        // The old one is open under another name for a moment, the new one from now on.
        fs::rename(&log, logs.join("permanent.log.1")).unwrap();
        let _second = File::create(&log).unwrap();
        let _own = File::create(folder.join("data/main.db")).unwrap();
        let _left = File::create(folder.join("left.txt")).unwrap();
        let _listed_by_the_watcher = File::open(&extensions).unwrap();
        let _left_there = File::create(extensions.join("notes.txt")).unwrap();
        let _read_by_another_unload = File::open("/proc/self/task").unwrap();
        // Other tests have files of their own open.
        let said = |logs| {
            let left = files_left_open(&before, &shadow, logs, &extensions).unwrap_or_default();
            let mut left: Vec<String> = left
                .split([' ', ','])
                .filter_map(|word| Some(word.strip_prefix(folder.to_str()?)?.to_owned()))
                .collect();
            left.sort();
            left
        };
        assert_eq!(said(Some(&logs)), ["/extensions/notes.txt", "/left.txt"]);
        let all = files_left_open(&before, &shadow, None, &extensions).unwrap_or_default();
        assert!(!all.contains("/task"), "{all}");
        let without = [
            "/botlogs/permanent.log",
            "/botlogs/permanent.log.1",
            "/extensions/notes.txt",
            "/left.txt",
        ];
        assert_eq!(said(None), without);
    }
}
