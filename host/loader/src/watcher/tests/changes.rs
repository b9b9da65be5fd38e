//! Changes: what is one, of which files, and what is reported.

use super::*;

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
