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

struct Bench {
    folder: TempDir,
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
        let (watcher, changes) = Watcher::start(folder.path(), quiet, known).unwrap();
        Self {
            folder,
            watcher,
            changes,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
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
        assert_eq!(self.next().await, self.changed("marker.so", &bytes));
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
async fn only_content_counts() {
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
    bench.write("ping.so", &ping("1"));
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
    let (_watcher, mut changes) = Watcher::start(&folder, QUIET, BTreeMap::new()).unwrap();
    fs::write(folder.join("ping.so"), ping("1")).unwrap();
    assert!(matches!(
        changes.recv().await,
        Some(FileChange::Changed { .. })
    ));

    fs::write(parent.path().join("file"), "").unwrap();
    let error = Watcher::start(&parent.path().join("file"), QUIET, BTreeMap::new()).unwrap_err();
    assert!(matches!(error, WatchError::Folder { .. }), "{error}");
}

#[tokio::test]
async fn a_dropped_watcher_ends_its_reports() {
    let Bench {
        folder: _folder,
        watcher,
        mut changes,
    } = Bench::new();
    drop(watcher);
    let end = tokio::time::timeout(Duration::from_secs(30), changes.recv()).await;
    assert_eq!(end, Ok(None));
}
