//! Links: those that are deployed with, switched and rebuilt.

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
