//! Files as they are written: in pieces, beside their place and renamed, as editors and copiers do it.

use super::*;

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
