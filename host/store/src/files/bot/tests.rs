//! Tests of the bot's folder: what is protected stays so, however it is asked for.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use host_capability::Effect;
use host_loader::Behalf;
use host_ops::config::Config;
use plugin_api::abi::{BotFileBin, BotFileChange, BotFileChunk, BotFileList};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

struct Kit {
    folder: TempDir,
    files: BotFiles,
}

impl Kit {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut config = Config::default();
        config.source.path = Some(at("config.toml"));
        config.data.folder = at("data");
        config.secrets.folder = at("secrets");
        config.extensions.folder = at("extensions");
        config.log.folder = at("botlogs");
        for (file, text) in [
            ("config.toml", "[bot]\n"),
            (".env", "DISCORD_TOKEN=not-a-token\n"),
            ("secrets/key", "hush-hush-hush"),
            ("data/main.db", "rows"),
            ("data/7/guild.db-wal", "rows"),
            ("data/backups/one/main.db", "rows"),
            ("data/exports/12.json", "{}"),
            ("data/audit/audit.jsonl", "{}"),
            ("data/registered_commands", "{}"),
            ("extensions/libtea.so", "code"),
            ("botlogs/current_run.log", "line 1\nline 2\n"),
            ("README.md", "# Ours\n"),
            ("notes/tea.md", "green"),
            ("start.sh", "#!/bin/sh\n"),
        ] {
            fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            fs::write(at(file), text).unwrap();
        }
        fs::set_permissions(at("start.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            files: BotFiles::new(Live::new(config)),
            folder,
        }
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    async fn call(
        &self,
        verb: &str,
        params: Value,
        body: &[u8],
    ) -> Result<(Value, Vec<u8>), String> {
        let call = HostCall {
            name: format!("botfiles.{verb}"),
            params,
            body: body.to_vec(),
            behalf: Behalf::Plugin,
            effect: Effect::default(),
        };
        let done = self
            .files
            .serve(call)
            .await
            .map_err(|error| error.to_string())?;
        Ok((serde_json::from_slice(&done.head).unwrap(), done.body))
    }

    async fn names(&self, path: &str) -> Result<Vec<String>, String> {
        let (list, _) = self.call("list", json!({"path": path}), b"").await?;
        let list: BotFileList = serde_json::from_value(list).unwrap();
        Ok(list.entries.into_iter().map(|it| it.name).collect())
    }

    async fn read(&self, path: &str) -> Result<Option<String>, String> {
        let (chunk, body) = self.call("read", json!({"path": path}), b"").await?;
        let chunk: BotFileChunk = serde_json::from_value(chunk).unwrap();
        Ok(chunk.found.then(|| String::from_utf8(body).unwrap()))
    }

    async fn write(&self, path: &str, text: &str) -> Result<BotFileChange, String> {
        let (change, _) = self
            .call("write", json!({"path": path}), text.as_bytes())
            .await?;
        Ok(serde_json::from_value(change).unwrap())
    }

    async fn remove(&self, path: &str) -> Result<BotFileChange, String> {
        let (change, _) = self.call("remove", json!({"path": path}), b"").await?;
        Ok(serde_json::from_value(change).unwrap())
    }

    async fn rename(&self, path: &str, to: &str) -> Result<(), String> {
        let renamed = self.call("rename", json!({"path": path, "to": to}), b"");
        renamed.await.map(drop)
    }
}

#[tokio::test]
async fn what_is_protected_is_neither_listed_nor_read_nor_written() {
    let kit = Kit::new();
    assert_eq!(
        kit.names("").await.unwrap(),
        [
            "README.md",
            "botlogs",
            "config.toml",
            "data",
            "extensions",
            "notes",
            "start.sh"
        ]
    );
    assert_eq!(
        kit.names("data").await.unwrap(),
        ["7", "registered_commands"]
    );
    assert_eq!(kit.names("data/7").await.unwrap(), Vec::<String>::new());
    for path in [
        ".env",
        "./.env",
        "notes//.env",
        ".ENV",
        "notes/../.env",
        "/etc/passwd",
        "..",
        "secrets",
        "secrets/key",
        "Secrets/key",
        "SECRETS/KEY",
        "secrets/./key",
        "data/main.db",
        "data/MAIN.DB",
        "data/main.db-wal",
        "data/7/guild.db-wal",
        "data/7/guild.db.before-2026",
        "data/backups/one/main.db",
        "data/Backups",
        "data/run/sessions",
        "data/server-backups/x",
        "data/exports/12.json",
        "data/audit/audit.jsonl",
        ".git/config",
        "notes\\..\\.env",
        "secrets\0",
    ] {
        assert!(kit.read(path).await.is_err(), "{path}");
        assert!(kit.names(path).await.is_err(), "{path}");
        assert!(kit.write(path, "x").await.is_err(), "{path}");
        assert!(kit.remove(path).await.is_err(), "{path}");
        assert!(kit.rename(path, "notes/out").await.is_err(), "{path}");
        assert!(kit.rename("notes/tea.md", path).await.is_err(), "{path}");
    }
    assert_eq!(
        fs::read_to_string(kit.at(".env")).unwrap(),
        "DISCORD_TOKEN=not-a-token\n"
    );
    // Nor is it told whether it is there.
    let there = kit.read(".env").await.unwrap_err();
    let not_there = kit.read(".env2").await.unwrap_err();
    assert_eq!(there.replace(".env", ""), not_there.replace(".env2", ""));
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_to_nothing_that_is_protected() {
    use std::os::unix::fs::symlink;

    let kit = Kit::new();
    symlink(kit.at(".env"), kit.at("notes/soft")).unwrap();
    symlink(kit.at("secrets"), kit.at("notes/folder")).unwrap();
    symlink("/etc/passwd", kit.at("notes/far")).unwrap();
    fs::hard_link(kit.at(".env"), kit.at("notes/hard")).unwrap();
    fs::hard_link(kit.at("secrets/key"), kit.at("notes/hard2")).unwrap();
    assert_eq!(kit.names("notes").await.unwrap(), ["tea.md"]);
    for path in [
        "notes/soft",
        "notes/folder/key",
        "notes/folder",
        "notes/far",
        "notes/hard",
        "notes/hard2",
    ] {
        assert!(kit.read(path).await.is_err(), "{path}");
        assert!(kit.write(path, "x").await.is_err(), "{path}");
        assert!(kit.remove(path).await.is_err(), "{path}");
        assert!(kit.rename(path, "notes/out").await.is_err(), "{path}");
    }
    assert_eq!(
        fs::read_to_string(kit.at("secrets/key")).unwrap(),
        "hush-hush-hush"
    );
    // A secrets folder that is known by a link is protected where it really is.
    fs::rename(kit.at("secrets"), kit.at("elsewhere")).unwrap();
    symlink(kit.at("elsewhere"), kit.at("secrets")).unwrap();
    assert!(kit.read("elsewhere/key").await.is_err());
    assert!(
        !kit.names("")
            .await
            .unwrap()
            .contains(&"elsewhere".to_owned())
    );
}

#[tokio::test]
async fn what_has_calls_of_its_own_is_read_and_not_written() {
    let kit = Kit::new();
    for path in [
        "config.toml",
        "data/registered_commands",
        "extensions/libtea.so",
        "botlogs/current_run.log",
        "start.sh",
    ] {
        assert!(kit.read(path).await.unwrap().is_some(), "{path}");
        assert!(kit.write(path, "x").await.is_err(), "{path}");
        assert!(kit.remove(path).await.is_err(), "{path}");
        assert!(kit.rename(path, "notes/out").await.is_err(), "{path}");
    }
    for path in [
        "extensions/new.so",
        "data/plugins/shop/state",
        "Config.toml",
        "extensions/deep/new.so",
    ] {
        assert!(kit.write(path, "x").await.is_err(), "{path}");
        assert!(kit.rename("notes/tea.md", path).await.is_err(), "{path}");
    }
    // Nor is a folder moved that something of it is in.
    fs::create_dir_all(kit.at("outer")).unwrap();
    assert!(kit.rename("data", "outer/data").await.is_err());
    assert!(kit.rename("outer", "inner").await.is_ok());
    let (list, _) = kit.call("list", json!({}), b"").await.unwrap();
    let list: BotFileList = serde_json::from_value(list).unwrap();
    let read_only: Vec<_> = list
        .entries
        .iter()
        .filter(|it| it.read_only)
        .map(|it| &*it.name)
        .collect();
    assert_eq!(
        read_only,
        ["botlogs", "config.toml", "data", "extensions", "start.sh"]
    );
}

#[tokio::test]
async fn what_is_written_or_removed_is_in_the_bin() {
    let kit = Kit::new();
    let in_bin = |name: &Option<String>| {
        fs::read_to_string(kit.at("data/bin").join(name.as_ref().unwrap())).unwrap()
    };
    let new = kit.write("notes/deep/new.md", "one").await.unwrap();
    assert_eq!((new.existed, new.kept), (false, None));
    let again = kit.write("notes/deep/new.md", "two").await.unwrap();
    assert_eq!((again.existed, again.bytes), (true, 3));
    assert_eq!(in_bin(&again.kept), "one");
    assert_eq!(kit.read("notes/deep/new.md").await.unwrap().unwrap(), "two");
    let removed = kit.remove("notes/deep/new.md").await.unwrap();
    assert_eq!(in_bin(&removed.kept), "two");
    assert_eq!(kit.read("notes/deep/new.md").await.unwrap(), None);
    assert!(!kit.remove("notes/deep/new.md").await.unwrap().existed);
    assert!(kit.remove("notes").await.is_err(), "it is not empty");
    assert!(kit.remove("notes/deep").await.unwrap().existed);
    kit.rename("notes/tea.md", "README.md").await.unwrap_err();
    kit.rename("notes/tea.md", "new/tea.md").await.unwrap();
    assert_eq!(kit.read("new/tea.md").await.unwrap().unwrap(), "green");
    assert!(kit.rename("notes/tea.md", "x").await.is_err());
    for _ in 0..120 {
        kit.write("README.md", "x").await.unwrap();
    }
    assert_eq!(fs::read_dir(kit.at("data/bin")).unwrap().count(), 100);
    assert!(kit.write("", "x").await.is_err() && kit.remove("").await.is_err());
}

#[tokio::test]
async fn a_log_is_followed_and_a_secret_in_it_is_not_read() {
    let kit = Kit::new();
    let log = "botlogs/current_run.log";
    let read = async |params: Value| {
        let (chunk, body) = kit.call("read", params, b"").await.unwrap();
        let chunk: BotFileChunk = serde_json::from_value(chunk).unwrap();
        (chunk, String::from_utf8(body).unwrap())
    };
    let (chunk, text) = read(json!({"path": log, "from_end": true, "offset": 7})).await;
    assert_eq!(
        (&*text, chunk.offset, chunk.end, chunk.bytes),
        ("line 2\n", 7, 14, 14)
    );
    fs::write(kit.at(log), "line 1\nline 2\nline 3\n").unwrap();
    let (chunk, text) = read(json!({"path": log, "offset": chunk.end})).await;
    assert_eq!((&*text, chunk.end), ("line 3\n", 21));
    let (chunk, text) = read(json!({"path": log, "offset": 900, "length": 3})).await;
    assert_eq!((&*text, chunk.offset, chunk.end), ("", 21, 21));
    let (_, text) = read(json!({"path": log, "offset": 5, "length": 1})).await;
    assert_eq!(text, "1");
    let large = vec![b'x'; (1 << 20) + 5];
    fs::write(kit.at("large"), &large).unwrap();
    let (chunk, text) = read(json!({"path": "large", "length": u32::MAX})).await;
    assert_eq!((text.len(), chunk.end), (1 << 20, 1 << 20));
    redact::keep_out("a-secret-of-the-bot-files");
    let text = format!(
        "{}a-secret-of-the-bot-files{}",
        "x".repeat(40_000),
        "y".repeat(40_000)
    );
    fs::write(kit.at("leak.txt"), &text).unwrap();
    for offset in [40_000, 40_010, 40_024, 39_999, 40_026] {
        let params = json!({"path": "leak.txt", "offset": offset, "length": 1});
        let refused = kit.call("read", params, b"").await.unwrap_err();
        assert!(refused.contains("a secret"), "{refused}");
    }
    let (_, far) = read(json!({"path": "leak.txt", "offset": 70_000, "length": 2})).await;
    assert_eq!(far, "yy");
}

#[tokio::test]
async fn ten_thousand_files_come_page_by_page() {
    let kit = Kit::new();
    fs::create_dir(kit.at("many")).unwrap();
    for number in 0..10_000 {
        fs::write(kit.at(&format!("many/{number:05}")), "").unwrap();
    }
    let (mut after, mut seen) = (None::<String>, 0);
    loop {
        let params = json!({"path": "many", "after": after});
        let (list, _) = kit.call("list", params, b"").await.unwrap();
        let list: BotFileList = serde_json::from_value(list).unwrap();
        assert!(list.entries.len() <= 500);
        seen += list.entries.len();
        let Some(next) = list.next else { break };
        after = Some(next);
    }
    assert_eq!(seen, 10_000);
}

#[tokio::test]
async fn a_bot_without_a_file_has_no_folder() {
    let files = BotFiles::new(Live::new(Config::default()));
    let call = HostCall {
        name: "botfiles.list".into(),
        params: json!({}),
        body: Vec::new(),
        behalf: Behalf::Plugin,
        effect: Effect::default(),
    };
    let refused = files.serve(call).await.unwrap_err().to_string();
    assert!(
        refused.contains("without a configuration file"),
        "{refused}"
    );
    assert!(!Path::new("data/bin").exists());
}

#[tokio::test]
async fn what_is_in_the_bin_is_listed_taken_out_and_emptied() {
    let kit = Kit::new();
    let bin = async || {
        let (bin, _) = kit.call("bin", json!({}), b"").await.unwrap();
        serde_json::from_value::<BotFileBin>(bin).unwrap().entries
    };
    assert!(bin().await.is_empty());
    kit.write("notes/50%2F tea.md", "one").await.unwrap();
    kit.write("notes/50%2F tea.md", "two").await.unwrap();
    kit.remove("notes/tea.md").await.unwrap();
    let paths: Vec<_> = bin()
        .await
        .into_iter()
        .map(|it| (it.path, it.bytes))
        .collect();
    assert!(
        paths.contains(&(Some("notes/tea.md".into()), 5)),
        "{paths:?}"
    );
    assert!(
        paths.contains(&(Some("notes/50%2F tea.md".into()), 3)),
        "{paths:?}"
    );
    let of = async |path: &str| {
        let all = bin().await;
        let found = all.into_iter().find(|it| it.path.as_deref() == Some(path));
        found.map(|it| it.name)
    };
    let kept = of("notes/50%2F tea.md").await.unwrap();
    kit.call("restore", json!({"kept": kept}), b"")
        .await
        .unwrap();
    assert_eq!(
        kit.read("notes/50%2F tea.md").await.unwrap().unwrap(),
        "one"
    );
    // What was there is in the bin in its place.
    let second = of("notes/50%2F tea.md").await.unwrap();
    assert_ne!(second, kept);
    assert!(
        kit.call("restore", json!({"kept": kept}), b"")
            .await
            .is_err()
    );
    let kept = of("notes/tea.md").await.unwrap();
    for to in [
        ".env",
        "secrets/key",
        "../tea.md",
        "/tea.md",
        "config.toml",
        "data/bin/x",
    ] {
        let refused = kit
            .call("restore", json!({"kept": kept, "to": to}), b"")
            .await;
        assert!(refused.is_err(), "{to}");
    }
    for kept in [
        "",
        "..",
        "../main.db",
        "/etc/passwd",
        "absent",
        "a/b",
        "./x",
    ] {
        let refused = kit
            .call("restore", json!({"kept": kept, "to": "out"}), b"")
            .await;
        assert!(refused.is_err(), "{kept}");
        if !kept.is_empty() {
            assert!(
                kit.call("empty_bin", json!({"kept": kept}), b"")
                    .await
                    .is_err()
            );
        }
    }
    let restored = kit.call("restore", json!({"kept": kept, "to": "new/tea.md"}), b"");
    restored.await.unwrap();
    assert_eq!(kit.read("new/tea.md").await.unwrap().unwrap(), "green");
    let long = format!("notes/{}.md", "x".repeat(240));
    kit.write(&long, "long").await.unwrap();
    kit.remove(&long).await.unwrap();
    let all = bin().await;
    let of_long = all.iter().find(|it| it.path.is_none()).unwrap();
    let restored = kit
        .call("restore", json!({"kept": of_long.name}), b"")
        .await;
    assert!(restored.unwrap_err().contains("not known where it was"));
    let (emptied, _) = kit
        .call("empty_bin", json!({"kept": second}), b"")
        .await
        .unwrap();
    assert_eq!(emptied, json!({"files": 1, "bytes": 3}));
    let (emptied, _) = kit.call("empty_bin", json!({}), b"").await.unwrap();
    assert_eq!(emptied, json!({"files": 1, "bytes": 4}));
    assert!(bin().await.is_empty());
}

#[tokio::test]
async fn what_somebody_else_has_changed_is_not_written_over() {
    let kit = Kit::new();
    let version = async |path: &str| {
        let (chunk, _) = kit.call("read", json!({"path": path}), b"").await.unwrap();
        serde_json::from_value::<BotFileChunk>(chunk)
            .unwrap()
            .version
    };
    let write = async |path: &str, version: &str, text: &str| {
        let params = json!({"path": path, "version": version});
        kit.call("write", params, text.as_bytes()).await.map(drop)
    };
    let first = version("notes/tea.md").await;
    write("notes/tea.md", &first, "black").await.unwrap();
    let refused = write("notes/tea.md", &first, "white").await.unwrap_err();
    assert!(refused.contains("somebody has changed it"), "{refused}");
    // Not by these calls.
    let second = version("notes/tea.md").await;
    fs::write(kit.at("notes/tea.md"), "black, with milk").unwrap();
    let third = version("notes/tea.md").await;
    assert!(write("notes/tea.md", &second, "white").await.is_err());
    fs::remove_file(kit.at("notes/tea.md")).unwrap();
    let refused = write("notes/tea.md", &third, "white").await.unwrap_err();
    assert!(refused.contains("taken it away"), "{refused}");
    assert_eq!(version("notes/tea.md").await, "");
    write("notes/tea.md", "", "new").await.unwrap();
    let refused = write("notes/tea.md", "", "newer").await.unwrap_err();
    assert!(refused.contains("something of that name"), "{refused}");
    write("deep/er/new.md", "", "new").await.unwrap();
    assert_eq!(kit.read("notes/tea.md").await.unwrap().unwrap(), "new");
}

#[tokio::test]
async fn a_folder_is_made_where_it_may_be() {
    let kit = Kit::new();
    let make = async |path: &str| {
        let (change, _) = kit.call("make_folder", json!({"path": path}), b"").await?;
        Ok::<_, String>(change["existed"] == true)
    };
    assert!(!make("notes/new/deep").await.unwrap());
    assert!(make("notes/new").await.unwrap());
    assert!(kit.at("notes/new/deep").is_dir());
    for path in [
        "",
        "..",
        "/tmp/x",
        ".hidden",
        "secrets/x",
        "data/x",
        "extensions/x",
        "notes/tea.md",
    ] {
        assert!(make(path).await.is_err(), "{path}");
    }
}
