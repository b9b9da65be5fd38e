//! Full disks and folders that can't be written: plugins' files and config.toml say what happened, and keep what was there.
//!
//! A file system of 64 KiB is mounted for it, in a process that has mounts of its own: where that is not allowed, the story
//! says so, and is not told.

use std::{
    env, fs, io,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

use host_loader::Caller;
use serde_json::json;

use crate::support::Fixture;

/// Set in the process that has mounts of its own.
const ALONE: &str = "COGWRIGHT_TEST_MOUNTS";

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount"]);
    command
}

/// Whether this process has mounts of its own. If not, the test runs in one that has, and is done.
fn alone(test: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let may = unshare()
        .args(["mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    if !may.is_ok_and(|done| done.status.success()) {
        eprintln!("this machine lets nobody mount (`unshare --user --mount`): {test} is not tried");
        return false;
    }
    let done = unshare()
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let Output { stdout, stderr, .. } = &done;
    let said = String::from_utf8_lossy(stdout) + String::from_utf8_lossy(stderr);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
    false
}

fn mount(options: &[&str], at: &Path) {
    let done = Command::new("mount").args(options).arg(at).status();
    assert!(done.unwrap().success(), "{options:?}");
}

/// Writes until nothing more fits.
fn fill(file: &Path) {
    let mut file = fs::File::create(file).unwrap();
    let error = io::copy(&mut io::repeat(7), &mut file).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_and_a_read_only_one_are_told_and_keep_what_was_there() {
    if !alone("full::a_full_disk_and_a_read_only_one_are_told_and_keep_what_was_there") {
        return;
    }
    let small = tempfile::tempdir().unwrap();
    let small = small.path();
    mount(&["-t", "tmpfs", "-o", "size=64k", "none"], small);
    let text = format!(
        "# Ours.\n[grants.shop]\nfolders = {{ small = \"{}\" }}\n",
        small.display()
    );
    let bot = Fixture::configured(&["hello"], &text).await;
    // config.toml lies on the small disk, too, behind a link.
    let config = bot.folder.path().join("config.toml");
    fs::copy(&config, small.join("config.toml")).unwrap();
    fs::remove_file(&config).unwrap();
    symlink(small.join("config.toml"), &config).unwrap();

    let (owner, files) = (bot.owner(), &bot.bot.services().files);
    let caller = Caller::new("shop", 1);
    let write = |bytes: Vec<u8>| {
        let params = json!({"path": "teas.json", "folder": "small"});
        files.serve(&caller, "write", params, bytes)
    };
    write(b"old".to_vec()).await.unwrap();

    fill(&small.join("filler"));
    let full = ["No space left on device", "free some space"];
    let read_only = ["Read-only file system", "needs the right to write there"];
    for says in [full, read_only] {
        let told = write(vec![1; 20_000]).await.unwrap_err().to_string();
        let answer = bot.ask(&owner, "!cogwright set bot.prefix ?").await.text();
        assert!(answer.starts_with("Not set"), "{answer}");
        for part in says.iter().chain(&["what was there before is untouched"]) {
            assert!(told.contains(part), "{told}");
            assert!(answer.contains(part), "{answer}");
        }
        assert!(told.contains("`teas.json` in the folder `small`"), "{told}");
        assert!(answer.contains("config.toml can't be written"), "{answer}");
        assert_eq!(fs::read(small.join("teas.json")).unwrap(), b"old");
        assert_eq!(fs::read_to_string(&config).unwrap(), text);
        assert_eq!(names(small), ["config.toml", "filler", "teas.json"]);
        mount(&["-o", "remount,ro"], small);
    }

    // As soon as it can be written again, it is.
    mount(&["-o", "remount,rw"], small);
    fs::remove_file(small.join("filler")).unwrap();
    write(b"new".to_vec()).await.unwrap();
    assert_eq!(fs::read(small.join("teas.json")).unwrap(), b"new");
    let answer = bot.ask(&owner, "!cogwright set bot.prefix ?").await.text();
    assert!(answer.starts_with("Set"), "{answer}");
    assert!(
        fs::read_to_string(small.join("config.toml"))
            .unwrap()
            .contains("prefix = \"?\"")
    );
    assert_eq!(names(small), ["config.toml", "teas.json"]);
    bot.close().await;
}
