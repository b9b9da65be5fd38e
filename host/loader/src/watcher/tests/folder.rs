//! The folder itself: made, replaced, deleted, moved away and back.

use super::*;

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
