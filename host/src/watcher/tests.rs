//! With a real folder and real events. Where nothing shall happen, a later change shows that nothing did.

use std::{
    env,
    fs::{File, FileTimes},
    io::Write,
    time::{Instant, SystemTime},
};

use tempfile::TempDir;

use super::*;
use crate::plugin::file::{Format, fixture::Fixture, plugin_name, sha256};

const QUIET: Duration = Duration::from_millis(40);
/// For what the system tells: nothing is found by looking.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

struct Bench {
    folder: TempDir,
    watched: PathBuf,
    watcher: Watcher,
    changes: mpsc::Receiver<FileChange>,
}

impl Bench {
    fn new() -> Self {
        Self::with(QUIET, tempfile::tempdir().unwrap(), &[])
    }

    fn with(quiet: Duration, folder: TempDir, known: &[(&str, &[u8])]) -> Self {
        let known = known
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), sha256(bytes)))
            .collect();
        let pace = Pace {
            debounce: quiet,
            poll: NEVER,
        };
        Self::paced(pace, folder, known)
    }

    fn paced(pace: Pace, folder: TempDir, known: BTreeMap<String, [u8; 32]>) -> Self {
        let path = folder.path().to_owned();
        Self::at(pace, folder, path, known)
    }

    /// One that watches `path`, below or beside `folder`.
    fn at(pace: Pace, folder: TempDir, path: PathBuf, known: BTreeMap<String, [u8; 32]>) -> Self {
        let (watcher, changes) = Watcher::start(&path, pace, known).unwrap();
        Self {
            folder,
            watched: path,
            watcher,
            changes,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.watched.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    async fn next(&mut self) -> FileChange {
        let wait = tokio::time::timeout(Duration::from_secs(30), self.changes.recv());
        wait.await
            .expect("nothing was reported")
            .expect("the watcher ended")
    }

    fn changed(&self, name: &str, bytes: &[u8]) -> FileChange {
        let path = self.path(name);
        FileChange::Changed {
            name: plugin_name(&path).unwrap(),
            path,
            sha256: sha256(bytes),
        }
    }

    fn removed(&self, name: &str) -> FileChange {
        let path = self.path(name);
        FileChange::Removed {
            name: plugin_name(&path).unwrap(),
            path,
        }
    }

    fn touched(&self, name: &str) -> FileChange {
        let path = self.path(name);
        FileChange::Touched {
            name: plugin_name(&path).unwrap(),
            path,
        }
    }

    /// The next report is a rejection of the file `name`.
    async fn rejected(&mut self, name: &str) -> FileError {
        match self.next().await {
            FileChange::Rejected { path, error, .. } if path == self.path(name) => error,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing is reported of what happened before: a file that comes and goes afterwards is the next to be heard of.
    async fn nothing_else(&mut self) {
        let bytes = Fixture::build("marker", "");
        self.write("marker.so", &bytes);
        // A file that was read before its last event came is told as touched, which changes nothing.
        let mut next = self.next().await;
        while matches!(next, FileChange::Touched { .. }) {
            next = self.next().await;
        }
        assert_eq!(next, self.changed("marker.so", &bytes));
        fs::remove_file(self.path("marker.so")).unwrap();
        assert_eq!(self.next().await, self.removed("marker.so"));
    }
}

fn ping(code: &str) -> Vec<u8> {
    Fixture::build("ping", code)
}

#[tokio::test]
async fn files_come_change_and_go() {
    let mut bench = Bench::new();
    for code in ["1", "2"] {
        bench.write("libping.so", &ping(code));
        assert_eq!(bench.next().await, bench.changed("libping.so", &ping(code)));
    }
    fs::remove_file(bench.path("libping.so")).unwrap();
    assert_eq!(bench.next().await, bench.removed("libping.so"));
    bench.write("libping.so", &ping("2"));
    assert_eq!(bench.next().await, bench.changed("libping.so", &ping("2")));
    bench.nothing_else().await;
}

#[tokio::test]
async fn a_rename_into_place_is_reported_without_a_second_look() {
    let quiet = Duration::from_millis(200);
    let mut bench = Bench::with(quiet, tempfile::tempdir().unwrap(), &[]);
    bench.write("libping.so.tmp", &ping("1"));
    let start = Instant::now();
    fs::rename(bench.path("libping.so.tmp"), bench.path("libping.so")).unwrap();
    assert_eq!(bench.next().await, bench.changed("libping.so", &ping("1")));
    let took = start.elapsed();
    // 210 ms on an idle machine. The bound is only to tell it from the patience with files that are cut short.
    assert!(
        quiet <= took && took < Duration::from_millis(1500),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_link_into_place_as_cargo_makes_them() {
    let mut bench = Bench::new();
    let elsewhere = tempfile::tempdir_in(bench.folder.path()).unwrap();
    fs::write(elsewhere.path().join("libping.so"), ping("1")).unwrap();
    fs::hard_link(
        elsewhere.path().join("libping.so"),
        bench.path("libping.so"),
    )
    .unwrap();
    assert_eq!(bench.next().await, bench.changed("libping.so", &ping("1")));
}

#[tokio::test]
async fn the_same_content_is_no_change_but_a_touch() {
    let mut bench = Bench::new();
    bench.write("ping.so", &ping("1"));
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("1")));

    let touch = |time| {
        let file = File::options()
            .append(true)
            .open(bench.path("ping.so"))
            .unwrap();
        file.set_times(FileTimes::new().set_modified(time)).unwrap();
    };
    touch(SystemTime::now());
    assert_eq!(bench.next().await, bench.touched("ping.so"));
    bench.write("ping.so", &ping("1"));
    assert_eq!(bench.next().await, bench.touched("ping.so"));
    // Looking does not touch.
    bench.watcher.scan();
    bench.nothing_else().await;

    bench.write("old.tmp", &ping("2"));
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options()
        .append(true)
        .open(bench.path("old.tmp"))
        .unwrap()
        .set_times(FileTimes::new().set_modified(long_ago))
        .unwrap();
    fs::rename(bench.path("old.tmp"), bench.path("ping.so")).unwrap();
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("2")));
}

#[tokio::test]
async fn a_file_is_waited_for_until_it_is_whole() {
    let mut bench = Bench::new();
    let bytes = ping("1");
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let mut file = File::create(bench.path("ping.so")).unwrap();
    file.write_all(first).unwrap();
    // By then, the first half has lain still for long enough to be read.
    bench.nothing_else().await;
    file.write_all(second).unwrap();
    assert_eq!(bench.next().await, bench.changed("ping.so", &bytes));
}

#[tokio::test]
async fn a_file_that_stays_cut_short_is_reported_as_it_is() {
    let mut bench = Bench::new();
    let bytes = ping("1");
    bench.write("ping.so", &bytes[..bytes.len() - 1]);
    assert!(matches!(
        bench.rejected("ping.so").await,
        FileError::Truncated { .. }
    ));
    bench.write("empty.so", b"");
    assert!(matches!(
        bench.rejected("empty.so").await,
        FileError::Empty { .. }
    ));
    bench.nothing_else().await;
    bench.write("ping.so", &bytes);
    assert_eq!(bench.next().await, bench.changed("ping.so", &bytes));
}

#[tokio::test]
async fn what_is_no_plugin_is_reported_with_the_reason() {
    let mut bench = Bench::new();
    bench.write("ping.so", b"#!/bin/sh\n");
    assert!(matches!(
        bench.rejected("ping.so").await,
        FileError::NotALibrary {
            format: Format::Script,
            ..
        }
    ));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", bench.path("link.so")).unwrap();
        assert!(matches!(
            bench.rejected("link.so").await,
            FileError::Unreadable { .. }
        ));
    }
    bench.nothing_else().await;
    fs::remove_file(bench.path("ping.so")).unwrap();
    assert_eq!(bench.next().await, bench.removed("ping.so"));
}

#[tokio::test]
async fn other_names_are_not_looked_at() {
    let mut bench = Bench::new();
    for name in [
        ".ping.so",
        ".libping.so.Xa8sd",
        "ping.so~",
        "ping.so.tmp",
        "ping.so.part",
        "ping.txt",
        "ping",
        "README.md",
    ] {
        bench.write(name, &ping("1"));
    }
    fs::create_dir(bench.path("folder.so")).unwrap();
    fs::remove_file(bench.path(".ping.so")).unwrap();
    bench.watcher.scan();
    bench.nothing_else().await;
}

#[tokio::test]
async fn a_rename_is_a_removal_and_a_change() {
    let mut bench = Bench::new();
    bench.write("a.so", &ping("1"));
    assert_eq!(bench.next().await, bench.changed("a.so", &ping("1")));
    fs::rename(bench.path("a.so"), bench.path("b.so")).unwrap();
    assert_eq!(bench.next().await, bench.removed("a.so"));
    assert_eq!(bench.next().await, bench.changed("b.so", &ping("1")));
}

#[tokio::test]
async fn blanks_in_names_are_renamed() {
    let mut bench = Bench::new();
    bench.write("dice roller.so", &ping("1"));
    assert_eq!(
        bench.next().await,
        bench.changed("dice_roller.so", &ping("1"))
    );
    assert!(!bench.path("dice roller.so").exists());
    bench.nothing_else().await;

    bench.write("dice roller.so", &ping("2"));
    assert!(matches!(
        bench.rejected("dice roller.so").await,
        FileError::BlankInName { .. }
    ));
    bench.watcher.scan();
    bench.nothing_else().await;
    assert_eq!(fs::read(bench.path("dice_roller.so")).unwrap(), ping("1"));

    // With the other file out of the way, looking again renames it.
    fs::remove_file(bench.path("dice_roller.so")).unwrap();
    assert_eq!(bench.next().await, bench.removed("dice_roller.so"));
    bench.watcher.scan();
    assert_eq!(
        bench.next().await,
        bench.changed("dice_roller.so", &ping("2"))
    );
}

#[tokio::test]
async fn a_scan_compares_with_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let old = [("libsame.so", "1"), ("libother.so", "2"), ("new.so", "3")];
    for (name, code) in old {
        fs::write(folder.path().join(name), ping(code)).unwrap();
    }
    assert_eq!(
        plugin_files(folder.path()),
        ["libother.so", "libsame.so", "new.so"].map(|name| folder.path().join(name))
    );
    let known: [(&str, &[u8]); 3] = [("same", &ping("1")), ("other", b"older"), ("gone", b"any")];
    let mut bench = Bench::with(QUIET, folder, &known);
    bench.nothing_else().await;
    bench.watcher.scan();
    let gone = format!("{}gone{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    assert_eq!(bench.next().await, bench.removed(&gone));
    assert_eq!(bench.next().await, bench.changed("libother.so", &ping("2")));
    assert_eq!(bench.next().await, bench.changed("new.so", &ping("3")));
    bench.watcher.scan();
    bench.nothing_else().await;
}

#[tokio::test]
async fn what_lay_there_at_the_start_may_change_and_go() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.so", "b.so"] {
        fs::write(folder.path().join(name), ping("1")).unwrap();
    }
    let mut bench = Bench::with(QUIET, folder, &[]);
    bench.nothing_else().await;
    fs::remove_file(bench.path("a.so")).unwrap();
    assert_eq!(bench.next().await, bench.removed("a.so"));
    bench.write("b.so", &ping("2"));
    assert_eq!(bench.next().await, bench.changed("b.so", &ping("2")));
}

#[tokio::test]
async fn more_changes_than_the_channel_holds() {
    let mut bench = Bench::new();
    let names: Vec<_> = (0..CHANGES * 2)
        .map(|number| format!("p{number:03}.so"))
        .collect();
    for name in &names {
        bench.write(name, &ping(name));
    }
    let mut reported = Vec::new();
    for _ in &names {
        reported.push(bench.next().await);
    }
    reported.sort_by_key(|change| format!("{change:?}"));
    assert_eq!(
        reported,
        names
            .iter()
            .map(|name| bench.changed(name, &ping(name)))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_folder_may_be_replaced() {
    let mut bench = Bench::new();
    bench.write("a.so", &ping("1"));
    assert_eq!(bench.next().await, bench.changed("a.so", &ping("1")));
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(bench.folder.path(), elsewhere.path().join("old")).unwrap();
    fs::create_dir(bench.folder.path()).unwrap();
    bench.write("b.so", &ping("2"));
    assert_eq!(bench.next().await, bench.removed("a.so"));
    assert_eq!(bench.next().await, bench.changed("b.so", &ping("2")));
    // It is watched again, and not only looked at.
    bench.nothing_else().await;
}

#[tokio::test]
async fn the_folder_may_be_deleted() {
    let mut bench = Bench::new();
    bench.write("a.so", &ping("1"));
    assert_eq!(bench.next().await, bench.changed("a.so", &ping("1")));
    fs::remove_dir_all(bench.folder.path()).unwrap();
    assert_eq!(bench.next().await, bench.removed("a.so"));
}

#[tokio::test]
async fn the_folder_is_created() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let pace = Pace::new(QUIET);
    let (_watcher, mut changes) = Watcher::start(&folder, pace, BTreeMap::new()).unwrap();
    fs::write(folder.join("ping.so"), ping("1")).unwrap();
    assert!(matches!(
        changes.recv().await,
        Some(FileChange::Changed { .. })
    ));

    fs::write(parent.path().join("file"), "").unwrap();
    let error = Watcher::start(&parent.path().join("file"), pace, BTreeMap::new()).unwrap_err();
    assert!(matches!(error, WatchError::Folder { .. }), "{error}");
}

#[tokio::test]
async fn a_dropped_watcher_ends_its_reports() {
    let Bench {
        folder: _folder,
        watched: _,
        watcher,
        mut changes,
    } = Bench::new();
    drop(watcher);
    let end = tokio::time::timeout(Duration::from_secs(30), changes.recv()).await;
    assert_eq!(end, Ok(None));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Puts a link in the place of another in one step, as `ln -sfn` and deployments do.
    fn switch(target: impl AsRef<Path>, link: &Path) {
        let beside = link.with_extension("new-link");
        symlink(target, &beside).unwrap();
        fs::rename(beside, link).unwrap();
    }

    /// Releases 7 and 8 with a plugin each, and `current`, which leads to the first.
    fn releases() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for release in ["7", "8"] {
            let release_folder = folder.path().join("releases").join(release);
            fs::create_dir_all(&release_folder).unwrap();
            fs::write(release_folder.join("ping.so"), ping(release)).unwrap();
        }
        symlink("releases/7", folder.path().join("current")).unwrap();
        folder
    }

    fn quick() -> Pace {
        Pace {
            debounce: QUIET,
            poll: NEVER,
        }
    }

    /// A watched folder in which a file is a link through `current`.
    async fn with_link() -> Bench {
        let folder = releases();
        let extensions = folder.path().join("extensions");
        fs::create_dir(&extensions).unwrap();
        let mut bench = Bench::at(quick(), folder, extensions, BTreeMap::new());
        symlink("../current/ping.so", bench.path("ping.so")).unwrap();
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("7")));
        bench
    }

    fn beside(bench: &Bench, name: &str) -> PathBuf {
        bench.folder.path().join(name)
    }

    #[tokio::test]
    async fn a_link_that_is_switched_is_a_change() {
        let mut bench = with_link().await;
        switch("../releases/8/ping.so", &bench.path("ping.so"));
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("8")));
        bench.nothing_else().await;
    }

    #[tokio::test]
    async fn a_link_on_the_way_that_is_switched_is_a_change() {
        let mut bench = with_link().await;
        switch("releases/8", &beside(&bench, "current"));
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("8")));
        // What is watched from now on lies on the new way.
        fs::write(beside(&bench, "releases/7/ping.so"), ping("old")).unwrap();
        fs::write(beside(&bench, "releases/8/ping.so"), ping("9")).unwrap();
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("9")));
        bench.nothing_else().await;
    }

    #[tokio::test]
    async fn a_target_that_is_rebuilt_is_a_change_in_place_and_by_a_rename() {
        let mut bench = with_link().await;
        fs::write(beside(&bench, "releases/7/ping.so"), ping("a")).unwrap();
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("a")));
        let built = beside(&bench, "releases/7/ping.so.tmp");
        fs::write(&built, ping("b")).unwrap();
        fs::rename(built, beside(&bench, "releases/7/ping.so")).unwrap();
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("b")));
        // Other files beside it are nobody's business.
        fs::write(beside(&bench, "releases/7/pong.so"), ping("c")).unwrap();
        bench.nothing_else().await;
    }

    #[tokio::test]
    async fn a_release_that_is_built_anew_as_a_whole_is_a_change() {
        let mut bench = with_link().await;
        fs::remove_dir_all(beside(&bench, "releases/7")).unwrap();
        assert!(matches!(
            bench.rejected("ping.so").await,
            FileError::Unreadable { .. }
        ));
        fs::create_dir(beside(&bench, "releases/7")).unwrap();
        fs::write(beside(&bench, "releases/7/ping.so"), ping("again")).unwrap();
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("again")));
    }

    #[tokio::test]
    async fn a_link_that_leads_nowhere_is_loaded_when_its_target_comes() {
        let mut bench = with_link().await;
        symlink("../later/b.so", bench.path("b.so")).unwrap();
        assert!(matches!(
            bench.rejected("b.so").await,
            FileError::Unreadable { .. }
        ));
        fs::create_dir(beside(&bench, "later")).unwrap();
        fs::write(beside(&bench, "later/b.so"), ping("later")).unwrap();
        assert_eq!(bench.next().await, bench.changed("b.so", &ping("later")));
    }

    #[tokio::test]
    async fn a_folder_that_is_a_link_may_be_switched() {
        let folder = releases();
        fs::write(folder.path().join("releases/7/gone.so"), ping("gone")).unwrap();
        let current = folder.path().join("current");
        let mut bench = Bench::at(quick(), folder, current.clone(), BTreeMap::new());
        bench.watcher.scan();
        assert_eq!(bench.next().await, bench.changed("gone.so", &ping("gone")));
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("7")));
        switch("releases/8", &current);
        assert_eq!(bench.next().await, bench.removed("gone.so"));
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("8")));
        bench.nothing_else().await;
    }

    #[tokio::test]
    async fn a_folder_that_is_a_link_to_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("extensions");
        symlink("mount", &link).unwrap();
        let mut bench = Bench::at(quick(), folder, link, BTreeMap::new());
        fs::create_dir(beside(&bench, "mount")).unwrap();
        fs::write(beside(&bench, "mount/ping.so"), ping("1")).unwrap();
        assert_eq!(bench.next().await, bench.changed("ping.so", &ping("1")));
        bench.nothing_else().await;
    }
}

#[tokio::test]
async fn a_folder_that_goes_and_comes_back_with_the_same_files_is_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("extensions");
    let pace = Pace {
        // Longer than a busy machine may take between the two renames: a folder that stays away is one that is gone.
        debounce: Duration::from_secs(1),
        // What happens between two looks at a folder that is switched is found by looking again.
        poll: Duration::from_millis(200),
    };
    let mut bench = Bench::at(pace, folder, path, BTreeMap::new());
    bench.write("ping.so", &ping("1"));
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("1")));
    let away = bench.folder.path().join("away");
    fs::rename(&bench.watched, &away).unwrap();
    fs::rename(&away, &bench.watched).unwrap();
    bench.nothing_else().await;
    // Another one in its place, made before the first is gone for good.
    fs::rename(&bench.watched, &away).unwrap();
    fs::create_dir(bench.folder.path().join("next")).unwrap();
    fs::write(bench.folder.path().join("next/ping.so"), ping("2")).unwrap();
    fs::rename(bench.folder.path().join("next"), &bench.watched).unwrap();
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("2")));
    bench.nothing_else().await;
}

/// The system tells nothing of a folder whose parent is moved, as it tells nothing of a mount: it is looked for.
#[tokio::test]
async fn what_the_system_does_not_tell_is_found_by_looking() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/extensions");
    let pace = Pace {
        debounce: QUIET,
        poll: Duration::from_millis(50),
    };
    let mut bench = Bench::at(pace, folder, path, BTreeMap::new());
    bench.write("ping.so", &ping("1"));
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("1")));
    let root = bench.folder.path().to_owned();
    fs::create_dir_all(root.join("b/extensions")).unwrap();
    fs::write(root.join("b/extensions/ping.so"), ping("2")).unwrap();
    fs::rename(root.join("a"), root.join("old")).unwrap();
    fs::rename(root.join("b"), root.join("a")).unwrap();
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("2")));
    bench.nothing_else().await;
}

/// A second name of the same file, in a folder that is not watched: no event comes.
#[tokio::test]
async fn a_write_through_a_hard_link_elsewhere_is_found_by_looking() {
    let elsewhere = tempfile::tempdir().unwrap();
    let pace = Pace {
        debounce: QUIET,
        poll: Duration::from_millis(50),
    };
    let mut bench = Bench::paced(pace, tempfile::tempdir().unwrap(), BTreeMap::new());
    let other = elsewhere.path().join("ping.so");
    fs::write(&other, ping("1")).unwrap();
    if fs::hard_link(&other, bench.path("ping.so")).is_err() {
        return; // Two file systems.
    }
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("1")));
    fs::write(&other, ping("2")).unwrap();
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("2")));
    // And while nothing happens, nothing is told, however often it is looked.
    tokio::time::sleep(Duration::from_millis(300)).await;
    bench.nothing_else().await;
}

#[tokio::test]
async fn editors_and_copiers_leave_one_change_each() {
    let mut bench = Bench::new();
    // vim: a probe, a backup, the file anew.
    bench.write("ping.so", &ping("1"));
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("1")));
    bench.write("4913", b"");
    fs::remove_file(bench.path("4913")).unwrap();
    fs::rename(bench.path("ping.so"), bench.path("ping.so~")).unwrap();
    bench.write("ping.so", &ping("2"));
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("2")));
    // rsync: beside it under a hidden name, then over it.
    bench.write(".ping.so.x7Qk2a", &ping("3"));
    fs::rename(bench.path(".ping.so.x7Qk2a"), bench.path("ping.so")).unwrap();
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("3")));
    // install: unlinked first.
    fs::remove_file(bench.path("ping.so")).unwrap();
    bench.write("ping.so", &ping("4"));
    assert_eq!(bench.next().await, bench.changed("ping.so", &ping("4")));
    bench.nothing_else().await;
}
