//! The file service on a real disk.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::Duration,
};

use host_ops::config;
use tempfile::TempDir;

use super::*;

pub(super) struct Disk {
    pub(super) folder: TempDir,
    pub(super) files: Files,
    pub(super) caller: Caller,
}

impl Disk {
    pub(super) fn new() -> Self {
        Self::with(config::Files::default())
    }

    fn with(settings: config::Files) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut grants = config::Grants::default();
        grants
            .folders
            .insert("site".into(), folder.path().join("site"));
        let config = config::Config {
            files: settings,
            grants: BTreeMap::from([("shop".into(), grants)]),
            ..config::Config::default()
        };
        Self {
            files: Files::new(Live::new(config), folder.path().to_owned()),
            folder,
            caller: Caller::new("shop", 1),
        }
    }

    /// The same folder, after a restart of the host.
    fn started_anew(self) -> Self {
        let files = Files::new(self.files.config.clone(), self.folder.path().to_owned());
        Self { files, ..self }
    }

    pub(super) fn own(&self) -> PathBuf {
        self.folder.path().join("plugins/shop/files")
    }

    pub(super) async fn call(
        &self,
        verb: &str,
        path: &str,
        body: &[u8],
    ) -> Result<(Value, Vec<u8>), String> {
        let params = json!({"path": path});
        self.call_with(verb, params, body).await
    }

    pub(super) async fn call_with(
        &self,
        verb: &str,
        params: Value,
        body: &[u8],
    ) -> Result<(Value, Vec<u8>), String> {
        let served = self
            .files
            .serve(&self.caller, verb, params, body.to_vec())
            .await;
        let completion = served.map_err(|failure| failure.to_string())?;
        Ok((
            serde_json::from_slice(&completion.head).unwrap(),
            completion.body,
        ))
    }

    pub(super) async fn read(&self, path: &str) -> Option<Vec<u8>> {
        let (head, body) = self.call("read", path, &[]).await.unwrap();
        head["found"].as_bool().unwrap().then_some(body)
    }
}

#[tokio::test]
async fn what_is_written_is_read_listed_and_removed() {
    let disk = Disk::new();
    assert_eq!(disk.read("menu/tea.json").await, None);
    disk.call("write", "menu/tea.json", b"green").await.unwrap();
    assert_eq!(disk.read("menu/tea.json").await.unwrap(), b"green");
    assert_eq!(
        fs::read(disk.own().join("menu/tea.json")).unwrap(),
        b"green"
    );
    let (head, _) = disk.call("list", "menu", &[]).await.unwrap();
    assert_eq!(
        head,
        json!({"entries": [{"name": "tea.json", "folder": false, "bytes": 5}]})
    );
    assert_eq!(
        disk.call("remove", "menu/tea.json", &[]).await.unwrap().0,
        json!({"found": true})
    );
    assert_eq!(disk.read("menu/tea.json").await, None);
    assert_eq!(
        disk.call("list", "nowhere", &[]).await.unwrap().0,
        json!({"entries": []})
    );
}

#[tokio::test]
async fn a_write_keeps_the_mode_and_leaves_nothing_half_done() {
    let disk = Disk::new();
    disk.call("write", "a", b"1").await.unwrap();
    let path = disk.own().join("a");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(disk.own().join(".cogwright-0123456789abcdef"), "half").unwrap();
    disk.call("write", "a", b"2").await.unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
        0o640
    );
    let (head, _) = disk.call("list", "", &[]).await.unwrap();
    assert_eq!(
        head["entries"].as_array().unwrap().len(),
        1,
        "what a crash left is not listed"
    );

    // A host that starts anew sweeps it away.
    let config = Live::new(config::Config::default());
    let again = Files::new(config, disk.folder.path().to_owned());
    again
        .serve(&disk.caller, "list", json!({"path": ""}), Vec::new())
        .await
        .unwrap();
    assert_eq!(fs::read_dir(disk.own()).unwrap().count(), 1);
}

/// The sweep took what others were writing in the meantime.
#[tokio::test(flavor = "multi_thread")]
async fn many_who_begin_at_once_wait_for_the_sweep() {
    let disk = Disk::new();
    fs::create_dir_all(disk.own().join("0")).unwrap();
    for n in 0..200 {
        fs::write(disk.own().join(format!("0/.cogwright-{n}")), "half").unwrap();
    }
    let disk = Arc::new(disk.started_anew());
    let writers: Vec<_> = (0..100)
        .map(|n| {
            let disk = Arc::clone(&disk);
            let path = format!("{}/{n}", n % 3);
            tokio::spawn(async move { disk.call("write", &path, b"1").await.map(drop) })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let left = |folder| fs::read_dir(disk.own().join(folder)).unwrap().count();
    assert_eq!(left("0") + left("1") + left("2"), 100);
}

#[test]
fn what_a_crash_left_beside_a_file_of_the_host_goes_with_the_next_write() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let unfinished = |name: &str, seconds| {
        let path = folder.path().join(name);
        let since = SystemTime::now() - Duration::from_secs(seconds);
        fs::write(&path, "half").unwrap();
        fs::File::open(&path).unwrap().set_modified(since).unwrap();
        path
    };
    let (old, new) = (
        unfinished(".cogwright-1", 3_600),
        unfinished(".cogwright-2", 1),
    );
    write_whole(&file, b"[bot]").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"[bot]");
    assert!(!old.exists());
    assert!(new.exists(), "somebody may be writing it");
}

#[test]
fn a_disk_that_fails_halfway_leaves_the_old_file_and_nothing_else() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = Relative::parse("teas.json").unwrap();
    disk::write(folder.path(), &path, b"old").unwrap();
    for (errno, says) in [
        (rustix::io::Errno::NOSPC, "; free some space and try again"),
        (rustix::io::Errno::DQUOT, ""),
        (rustix::io::Errno::IO, ""),
        (rustix::io::Errno::ROFS, "; the bot's user needs the right"),
    ] {
        let written = disk::write_by(folder.path(), &path, |file| {
            file.write_all(b"ne")?;
            Err(errno.into())
        });
        let told = sentence(&written.unwrap_err());
        assert!(told.contains(says), "{told}");
        assert_eq!(fs::read(folder.path().join("teas.json")).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{told}");
    }
}

#[tokio::test]
async fn the_cache_notices_who_changes_a_file() {
    let disk = Disk::new();
    disk.call("write", "a", b"ours").await.unwrap();
    for _ in 0..3 {
        disk.read("a").await.unwrap();
    }
    assert_eq!(disk.files.figures().cache_hits, 3);
    fs::write(disk.own().join("a"), "theirs!").unwrap();
    assert_eq!(disk.read("a").await.unwrap(), b"theirs!");
    // By a rename, with the same size.
    fs::write(disk.own().join("b"), "another").unwrap();
    fs::rename(disk.own().join("b"), disk.own().join("a")).unwrap();
    assert_eq!(disk.read("a").await.unwrap(), b"another");
    // By one name or another.
    disk.read("./a").await.unwrap();
    let figures = disk.files.figures();
    assert_eq!(
        (figures.cache_hits, figures.cached, figures.cached_bytes),
        (4, 1, 7)
    );
    assert_eq!((figures.locks, figures.health), (0, Health::Healthy));
}

#[tokio::test]
async fn the_cache_is_bounded_by_number_and_bytes() {
    let settings = config::Files {
        cache_entries: 3,
        cache_bytes: 80,
        ..config::Files::default()
    };
    let disk = Disk::with(settings);
    for name in ["a", "b", "c", "d"] {
        disk.call("write", name, b"1").await.unwrap();
    }
    assert_eq!(disk.files.figures().cached, 3);
    for name in ["a", "b", "c"] {
        disk.call("write", name, &[0; 10]).await.unwrap();
    }
    disk.call("write", "d", &[0; 11]).await.unwrap();
    let figures = disk.files.figures();
    assert!(figures.cached_bytes <= 80, "{figures:?}");
    assert_eq!(
        disk.read("d").await.unwrap().len(),
        11,
        "what is not kept is read"
    );
}

#[tokio::test]
async fn nothing_leads_out() {
    let disk = Disk::new();
    disk.call("write", "inside/file", b"1").await.unwrap();
    let secret = disk.folder.path().join("secret");
    fs::write(&secret, "token").unwrap();
    let link = |from: &Path, to: &str| symlink(from, disk.own().join(to)).unwrap();
    link(&secret, "to_file");
    link(disk.folder.path(), "to_folder");
    link(&disk.own().join("inside"), "to_inside");
    fs::create_dir(disk.own().join("folder")).unwrap();
    let long = "n".repeat(300);
    for path in [
        "../../../secret",
        "/etc/passwd",
        "inside/../../x",
        "a\0b",
        &long,
        "to_file",
        "to_folder/secret",
        "to_inside/file",
        "folder",
        "",
        "inside/file/below",
    ] {
        for verb in ["read", "write", "remove"] {
            let result = disk.call(verb, path, b"overwritten").await;
            assert!(result.is_err(), "{verb} {path:?}: {result:?}");
        }
    }
    assert!(disk.call("list", "to_folder", &[]).await.is_err());
    assert_eq!(fs::read(&secret).unwrap(), b"token");
    let (head, _) = disk.call("list", "", &[]).await.unwrap();
    let names: Vec<_> = head["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["name"])
        .collect();
    assert_eq!(names, ["folder", "inside"], "links are not shown");
    let error = disk.call("read", "to_file", &[]).await.unwrap_err();
    assert!(
        error.contains("`to_file`: it is a symbolic link"),
        "{error}"
    );
}

#[tokio::test]
async fn a_pipe_holds_nobody_and_what_is_too_large_is_refused() {
    let disk = Disk::with(config::Files {
        max_file_bytes: 10,
        ..config::Files::default()
    });
    disk.call("write", "a", &[0; 10]).await.unwrap();
    let error = disk.call("write", "a", &[0; 11]).await.unwrap_err();
    assert!(
        error.contains("11 bytes are too many: 10 are allowed (`files.max_file_bytes`)"),
        "{error}"
    );
    fs::write(disk.own().join("large"), [0; 11]).unwrap();
    let error = disk.call("read", "large", &[]).await.unwrap_err();
    assert!(
        error.contains("it has 11 bytes, and 10 are allowed"),
        "{error}"
    );
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        disk.own().join("pipe"),
        rustix::fs::Mode::RUSR,
    )
    .unwrap();
    let error = disk.call("read", "pipe", &[]).await.unwrap_err();
    assert!(error.contains("it is no plain file"), "{error}");
}

#[tokio::test]
async fn folders_are_granted_by_name() {
    let disk = Disk::new();
    let site = |path: &str| json!({"path": path, "folder": "site"});
    disk.call_with("write", site("index.html"), b"<h1>")
        .await
        .unwrap();
    assert_eq!(
        fs::read(disk.folder.path().join("site/index.html")).unwrap(),
        b"<h1>"
    );
    let other = disk
        .call_with("read", json!({"path": "x", "folder": "logs"}), &[])
        .await
        .unwrap_err();
    assert_eq!(
        other,
        "`x` in the folder `logs`: that folder is not granted; the owner grants it in config.toml: [grants.shop] folders = { logs = \"/some/folder\" }"
    );
    assert!(
        disk.call_with("read", site("../secret"), &[])
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_leave_one_whole() {
    let disk = Arc::new(Disk::new());
    let writers: Vec<_> = (0..50u8)
        .map(|number| {
            let disk = Arc::clone(&disk);
            tokio::spawn(async move {
                disk.call("write", "busy", &[number; 10_000])
                    .await
                    .map(|_| ())
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let bytes = disk.read("busy").await.unwrap();
    assert_eq!(
        (bytes.len(), bytes.iter().all(|byte| *byte == bytes[0])),
        (10_000, true)
    );
    assert_eq!(disk.files.figures().locks, 0);
    assert_eq!(fs::read_dir(disk.own()).unwrap().count(), 1);
}

#[test]
fn one_failure_in_a_hundred_is_too_much_and_more_than_five_are_critical() {
    for (operations, failed, health) in [
        (0, 0, Health::Healthy),
        (1_000, 9, Health::Healthy),
        (1_000, 10, Health::Degraded),
        (1_000, 50, Health::Degraded),
        (1_000, 51, Health::Critical),
        (1, 1, Health::Critical),
    ] {
        assert_eq!(
            Health::of(operations, failed),
            health,
            "{failed} of {operations}"
        );
    }
}

/// Files and databases together; every file takes a block at least, and folders one each.
#[tokio::test]
async fn a_plugin_keeps_what_it_may_and_loses_nothing() {
    let disk = Disk::new();
    let mut config = (*disk.files.config.now()).clone();
    config.storage.max_plugin_bytes = 1 << 20;
    disk.files.config.replace(config);
    let kept = |disk: &Disk| disk.files.disk.of("shop").files;
    disk.call("write", "a", &[1; 500_000]).await.unwrap();
    disk.call("write", "deep/er/b", &[2; 300_000])
        .await
        .unwrap();
    disk.call("write", "a", &[3; 500_000]).await.unwrap();
    let there = kept(&disk);
    // The plugin's own folder and the two below it.
    assert_eq!(there, 503_808 + 303_104 + 3 * 4_096);
    for (path, bytes) in [("a", 800_000), ("c", 300_000), ("deep/er/b", 600_000)] {
        let refused = disk.call("write", path, &vec![4; bytes]).await.unwrap_err();
        for part in [
            "the plugin `shop` keeps",
            "and may keep 1048576 (`storage.max_plugin_bytes`)",
            "Delete what is not needed",
        ] {
            assert!(refused.contains(part), "{refused}");
        }
    }
    assert_eq!(disk.call("read", "a", b"").await.unwrap().1, [3; 500_000]);
    assert_eq!(kept(&disk), there);
    // A thousand of nothing are not nothing.
    let mut small = 0;
    while disk.call("write", &format!("s{small}"), b"").await.is_ok() {
        small += 1;
    }
    assert!((40..80).contains(&small), "{small}");
    // What is granted is the operator's, and what goes makes room.
    let granted = json!({"path": "big", "folder": "site"});
    disk.call_with("write", granted, &vec![5; 2 << 20])
        .await
        .unwrap();
    let before = kept(&disk);
    disk.call("remove", "a", b"").await.unwrap();
    assert_eq!(kept(&disk), before - 503_808);
    disk.call("write", "c", &[6; 300_000]).await.unwrap();
    // Counted again, it is as much.
    let before = kept(&disk);
    let disk = disk.started_anew();
    disk.call("read", "c", b"").await.unwrap();
    assert_eq!(kept(&disk), before);
}
