//! Changes of more than whole files, and files that arrive piece by piece, on a real disk.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use super::{Incoming, disk::total, tests::Disk};

impl Disk {
    async fn to(&self, verb: &str, path: &str, to: &str) -> Result<bool, String> {
        let (head, _) = self
            .call_with(verb, json!({"path": path, "to": to}), b"")
            .await?;
        Ok(head["found"] == true)
    }

    async fn done(&self, verb: &str, path: &str, body: &[u8]) -> Result<bool, String> {
        let (head, _) = self.call(verb, path, body).await?;
        Ok(head["found"] == true)
    }

    async fn stat(&self, path: &str) -> Value {
        self.call("stat", path, b"").await.unwrap().0
    }

    /// What is counted is what is there.
    fn counts_well(&self) {
        let kept = self.files.disk.of("shop").files;
        assert_eq!(kept, total(&self.own()), "of the plugin's quota");
        assert_eq!(self.files.figures().locks, 0);
    }

    async fn receive(&self, most: u64, sha256: Option<&str>) -> Incoming<'_> {
        let sha256 = sha256.map(str::to_owned);
        let begun = self
            .files
            .receive(&self.caller, "deep/menu.pdf", most, sha256);
        begun.await.unwrap()
    }
}

#[tokio::test]
async fn files_and_folders_are_renamed_and_nothing_is_written_over() {
    let disk = Disk::new();
    disk.call("write", "a/tea", &[1; 9_000]).await.unwrap();
    assert!(disk.to("rename", "a/tea", "b/c/tea").await.unwrap());
    assert_eq!(disk.read("a/tea").await, None);
    assert_eq!(disk.read("b/c/tea").await.unwrap().len(), 9_000);
    disk.counts_well();
    // A folder goes with all that is in it, and what was read of it is not remembered.
    assert!(disk.to("rename", "b", "old").await.unwrap());
    assert_eq!(disk.read("b/c/tea").await, None);
    assert_eq!(disk.read("old/c/tea").await.unwrap().len(), 9_000);
    assert!(!disk.to("rename", "nothing", "x").await.unwrap());
    disk.call("write", "there", b"2").await.unwrap();
    for (from, to, why) in [
        ("old/c/tea", "there", "something is there already"),
        ("there", "a", "something is there already"),
        ("old", "old/c/deeper", "can't be moved into itself"),
        ("old", "../out", "does not lead upwards"),
        ("", "x", "keeps its place"),
    ] {
        let error = disk.to("rename", from, to).await.unwrap_err();
        assert!(error.contains(why), "{from} to {to}: {error}");
    }
    assert!(disk.to("rename", "there", "there").await.unwrap());
    assert!(
        disk.call("rename", "there", b"")
            .await
            .unwrap_err()
            .contains("where to?")
    );
    assert_eq!(disk.read("there").await.unwrap(), b"2");
    disk.counts_well();
}

#[tokio::test]
async fn two_renames_that_cross_do_not_wait_for_each_other() {
    let disk = Disk::new();
    disk.call("write", "a", b"1").await.unwrap();
    for _ in 0..50 {
        let (one, other) = tokio::join!(disk.to("rename", "a", "b"), disk.to("rename", "b", "a"));
        let found = disk.read("a").await.or(disk.read("b").await);
        assert_eq!(found.unwrap(), b"1", "{one:?} {other:?}");
        if disk.read("b").await.is_some() {
            disk.to("rename", "b", "a").await.unwrap();
        }
    }
    disk.counts_well();
}

#[tokio::test]
async fn a_file_is_copied_whole_and_charged() {
    let disk = Disk::new();
    disk.call("write", "a", &[7; 20_000]).await.unwrap();
    assert!(disk.to("copy", "a", "deep/b").await.unwrap());
    assert!(!disk.to("copy", "none", "c").await.unwrap());
    assert_eq!(disk.read("deep/b").await, disk.read("a").await);
    let error = disk.to("copy", "a", "deep/b").await.unwrap_err();
    assert!(error.contains("something is there already"), "{error}");
    let error = disk.to("copy", "deep", "d").await.unwrap_err();
    assert!(error.contains("folder"), "{error}");
    disk.counts_well();
    let mut config = (*disk.files.config.now()).clone();
    config.storage.max_plugin_bytes = 60_000;
    disk.files.config.replace(config);
    let error = disk.to("copy", "a", "c").await.unwrap_err();
    assert!(error.contains("may keep 60000"), "{error}");
    assert_eq!(disk.read("c").await, None);
    disk.counts_well();
}

#[tokio::test]
async fn folders_are_made_told_of_and_taken_away_when_they_are_empty() {
    let disk = Disk::new();
    assert!(disk.done("make_folder", "a/b", b"").await.unwrap());
    assert!(!disk.done("make_folder", "a/b", b"").await.unwrap());
    disk.counts_well();
    let stat = disk.stat("a/b").await;
    assert_eq!(
        (&stat["found"], &stat["folder"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(disk.stat("a/none").await["found"], false);
    disk.call("write", "a/b/c", b"tea").await.unwrap();
    let stat = disk.stat("a/b/c").await;
    assert_eq!(
        (&stat["folder"], &stat["bytes"]),
        (&json!(false), &json!(3))
    );
    assert!(stat["modified_ms"].as_i64().unwrap() > 1_700_000_000_000);
    for (path, why) in [
        ("a", "not empty"),
        ("a/b/c", "it is a file"),
        ("", "keeps its place"),
    ] {
        let error = disk.done("remove_folder", path, b"").await.unwrap_err();
        assert!(error.contains(why), "{path}: {error}");
    }
    let error = disk.done("make_folder", "a/b/c", b"").await.unwrap_err();
    assert!(error.contains("file or a symbolic link"), "{error}");
    disk.call("remove", "a/b/c", b"").await.unwrap();
    assert!(disk.done("remove_folder", "a/b", b"").await.unwrap());
    assert!(!disk.done("remove_folder", "a/b", b"").await.unwrap());
    disk.counts_well();
}

#[tokio::test]
async fn what_is_appended_is_behind_the_end_and_parts_are_read() {
    let disk = Disk::new();
    for number in 0..2_000 {
        let line = format!("line {number:>5}\n");
        assert!(
            disk.done("append", "log/today", line.as_bytes())
                .await
                .unwrap()
        );
    }
    disk.counts_well();
    let part = async |offset: u64, length: Option<u64>| {
        let params = json!({"path": "log/today", "offset": offset, "length": length});
        let (head, body) = disk.call_with("read", params, b"").await.unwrap();
        assert_eq!(head["bytes"], 22_000);
        String::from_utf8(body).unwrap()
    };
    assert_eq!(part(11 * 1_999, Some(100)).await, "line  1999\n");
    assert_eq!(part(5, Some(6)).await, "    0\n");
    assert_eq!(part(99_999, None).await, "");
    assert_eq!(part(0, None).await.len(), 22_000);
    let params = json!({"path": "none", "offset": 0});
    assert_eq!(
        disk.call_with("read", params, b"").await.unwrap().0["found"],
        false
    );
    // And whole, after it was remembered.
    assert_eq!(disk.read("log/today").await.unwrap().len(), 22_000);
    disk.done("append", "log/today", b"x").await.unwrap();
    assert_eq!(disk.read("log/today").await.unwrap().len(), 22_001);
}

#[tokio::test]
async fn links_lead_nowhere_here_either() {
    let disk = Disk::new();
    disk.call("write", "a", b"1").await.unwrap();
    let outside = disk.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "s").unwrap();
    symlink(&outside, disk.own().join("way")).unwrap();
    symlink(outside.join("secret"), disk.own().join("file")).unwrap();
    for (verb, path, to) in [
        ("append", "file", ""),
        ("append", "way/x", ""),
        ("stat", "file", ""),
        ("stat", "way/secret", ""),
        ("rename", "a", "way/a"),
        ("rename", "way/secret", "b"),
        ("copy", "file", "b"),
        ("copy", "a", "way/b"),
        ("make_folder", "way/new", ""),
        ("remove_folder", "way", ""),
    ] {
        let params = json!({"path": path, "to": to});
        let error = disk.call_with(verb, params, b"x").await.unwrap_err();
        assert!(
            error.contains("link") || error.contains("it is a file"),
            "{verb} {path}: {error}"
        );
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(fs::read(outside.join("secret")).unwrap(), b"s");
}

#[tokio::test]
async fn what_arrives_is_there_whole_or_not_at_all() {
    let disk = Disk::new();
    disk.call("write", "deep/menu.pdf", b"old").await.unwrap();
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    // Given up half way.
    let incoming = disk.receive(100_000, None).await;
    assert!(incoming.push(vec![1; 40_000]).await);
    assert_eq!(disk.read("deep/menu.pdf").await.unwrap(), b"old");
    drop(incoming);
    // What was half written goes on another thread.
    while fs::read_dir(disk.own().join("deep")).unwrap().count() > 1
        || disk.files.disk.of("shop").files != total(&disk.own())
    {
        tokio::task::yield_now().await;
    }
    disk.counts_well();
    // Another file than was wanted, and a larger one.
    let incoming = disk.receive(100, Some(hash)).await;
    incoming.push(b"abd".to_vec()).await;
    let error = incoming.end().await.unwrap_err().to_string();
    assert!(error.contains("and not ba7816bf"), "{error}");
    let incoming = disk.receive(2, None).await;
    incoming.push(b"abc".to_vec()).await;
    let error = incoming.end().await.unwrap_err().to_string();
    assert!(error.contains("more than 2 bytes"), "{error}");
    assert_eq!(disk.read("deep/menu.pdf").await.unwrap(), b"old");
    disk.counts_well();
    let incoming = disk.receive(100_000, Some(&hash.to_uppercase())).await;
    for piece in ["a", "b", "c"] {
        assert!(incoming.push(piece.into()).await);
    }
    let arrived = incoming.end().await.unwrap();
    assert_eq!((arrived.bytes, &*arrived.sha256), (3, hash));
    assert_eq!(disk.read("deep/menu.pdf").await.unwrap(), b"abc");
    disk.counts_well();
    let left = fs::read_dir(disk.own().join("deep")).unwrap().count();
    assert_eq!(left, 1, "nothing half written");
    let mut config = (*disk.files.config.now()).clone();
    config.storage.max_plugin_bytes = 50_000;
    disk.files.config.replace(config);
    let refused = disk.files.receive(&disk.caller, "big", 60_000, None).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("may keep 50000"), "{error}");
    disk.counts_well();
}
