//! Looks at the folder: what is found at what is known already, and where the system reports nothing.

use super::*;

#[tokio::test]
async fn a_scan_compares_with_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let old = [("libsame.so", "1"), ("libother.so", "2"), ("new.so", "3")];
    for (name, code) in old {
        fs::write(folder.path().join(name), ping(code)).unwrap();
    }
    assert_eq!(
        crate::file::plugin_files(folder.path()),
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
    // And while nothing happens, nothing is told, however often it is looked: another such file shows that it was.
    let clock = elsewhere.path().join("pong.so");
    for code in ["1", "2", "3", "4"] {
        let bytes = Fixture::build("pong", code);
        fs::write(&clock, &bytes).unwrap();
        if code == "1" {
            fs::hard_link(&clock, bench.path("pong.so")).unwrap();
        }
        assert_eq!(bench.next().await, bench.changed("pong.so", &bytes));
    }
    bench.nothing_else().await;
}
