//! Faults of the reference system's live monitor that its tabs have, each by its number in the inventory (§8.6): what the dashboard does
//! instead. `crate::pages::faults` has those of logins and rights.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::Method;
use serde_json::{Value, json};

use super::{GRANTS, dashboard, database, gives, opened};
use crate::pages::{
    browser::Browser,
    logins::{journal, journal_with},
};

/// 51: a path that begins as an allowed one leads anywhere, deleting "./" deletes the bot, and any module is loaded as a plugin.
#[tokio::test(flavor = "multi_thread")]
async fn fault_51_no_path_leads_out_and_no_file_but_the_extensions_is_loaded() {
    let bot = opened(GRANTS).await;
    let owner = Browser::owner(&bot).await;
    let files = "/p/dashboard/files";
    let outside = bot.folder.path().parent().unwrap().join("outside.txt");
    let out = format!("./../{}", outside.file_name().unwrap().to_str().unwrap());
    for (deed, body) in [
        ("save", json!({"path": out, "version": "", "text": "x"})),
        ("create", json!({"folder": "./..", "name": "outside.txt"})),
        ("create", json!({"folder": "", "name": out})),
        ("rename", json!({"path": "config.toml", "to": out})),
        ("remove", json!({"path": "./"})),
        ("remove", json!({"path": ""})),
        ("remove", json!({"path": "data/.."})),
    ] {
        let answer = owner.does(&format!("{files}/{deed}"), body.clone()).await;
        assert_eq!(answer.status, 400, "{deed} {body}: {}", answer.text);
    }
    assert!(!outside.exists());
    assert!(bot.data().exists() && bot.folder.path().exists());
    for name in ["os", "./hello", "../libhello.so", "/usr/lib/libc.so.6", ""] {
        let body = json!({"name": name});
        let answer = owner.does("/p/dashboard/plugins/load", body).await;
        assert!(answer.status.is_client_error(), "{name}: {answer:?}");
    }
    assert_eq!(
        bot.plugins().status().len(),
        2,
        "the dashboard and the tea room"
    );
    bot.close().await;
}

/// 53: every role reads files, `.env` among them, and what a role may not see is hidden by the page alone.
#[tokio::test(flavor = "multi_thread")]
async fn fault_53_files_are_read_by_whoever_may_and_env_by_nobody() {
    let bot = dashboard(&[]).await;
    fs::write(bot.folder.path().join(".env"), "DISCORD_TOKEN=hush-hush\n").unwrap();
    let owner = Browser::owner(&bot).await;
    let moderator = bot.sandbox.actor("mod").unwrap();
    for role in ["Helper", "Visitor", "Server owner"] {
        gives(&owner, &moderator, role).await;
        let browser = Browser::through_discord(&bot, &moderator).await;
        for page in [
            "",
            "/view?path=config.toml",
            "/raw?path=.env",
            "/edit?path=.env",
        ] {
            let answer = browser.get(&format!("/p/dashboard/files{page}")).await;
            answer.is(403, "");
        }
    }
    for page in ["view", "raw", "edit"] {
        let answer = owner
            .get(&format!("/p/dashboard/files/{page}?path=./.env"))
            .await;
        answer.is(400, "");
        assert!(!answer.text.contains("hush-hush"), "{}", answer.text);
    }
    bot.close().await;
}

/// 58: what lies in a folder is done by the bot, and ids are parts of paths. 59: what is to be deleted is a list that is never emptied.
#[tokio::test(flavor = "multi_thread")]
async fn fault_58_ids_are_ids_and_59_what_is_said_to_be_deleted_is() {
    let bot = opened(GRANTS).await;
    let owner = Browser::owner(&bot).await;
    let at = |path: &str| bot.folder.path().join(path);
    fs::write(at("notes.md"), "notes\n").unwrap();
    for odd in [
        "../notes.md",
        "..%2Fnotes.md",
        "%2e%2e%2fnotes.md",
        "1%2F..%2F2",
        "1.md",
    ] {
        for path in [
            format!("/p/dashboard/servers/{odd}/leave"),
            format!("/p/dashboard/commands/server/{odd}/try"),
            format!("/p/dashboard/settings/server/{odd}/write"),
            format!("/p/dashboard/chat/{odd}/{odd}/delete"),
        ] {
            let answer = owner.does(&path, json!({})).await;
            assert!(answer.status.is_client_error(), "{path}: {answer:?}");
        }
        let body = json!({"guild": odd});
        let answer = owner.does("/p/dashboard/backups/create", body).await;
        answer.is(400, "no server's id");
    }
    assert!(at("notes.md").exists());
    // Deleted means that it is away when the answer is there.
    let body = json!({"path": "notes.md"});
    owner
        .does("/p/dashboard/files/remove", body)
        .await
        .is(200, "in the bin");
    assert!(!at("notes.md").exists());
    owner
        .does("/p/dashboard/files/bin/empty", json!({}))
        .await
        .is(200, "for good");
    let again = json!({"path": "notes.md"});
    owner
        .does("/p/dashboard/files/remove", again)
        .await
        .is(200, "was gone already");
    let entries = journal(&bot);
    assert_eq!(
        entries.matches("\"botfiles.remove\"").count(),
        2,
        "{entries}"
    );
    bot.close().await;
}

/// 60: forms lead to handlers that there are none of. That no handler is there which nothing leads to is the page check's (`.ci/page`).
#[tokio::test(flavor = "multi_thread")]
async fn fault_60_whatever_a_page_offers_is_there() {
    let bot = dashboard(&["hello", "help", "settings"]).await;
    bot.until_generation("settings", 1).await;
    fs::write(bot.folder.path().join("notes.md"), "notes\n").unwrap();
    let owner = Browser::owner(&bot).await;
    let described: Value = serde_json::from_str(&owner.get("/openapi.json").await.text).unwrap();
    let paths = described["paths"].as_object().unwrap();
    let mut ahead: Vec<String> = vec![
        "/p/dashboard/".to_owned(),
        "/p/dashboard/files/edit?path=notes.md".to_owned(),
    ];
    let (mut seen, mut deeds) = (BTreeSet::new(), BTreeSet::new());
    while let Some(path) = ahead.pop() {
        // A page of each kind is enough: ids and searches have no end.
        if !seen.insert(shape(&path, paths)) {
            continue;
        }
        let answer = owner.get(&path).await;
        let status = answer.status.as_u16();
        // There is no log in the stories' process.
        let is_there = status < 400 || path.contains("/log/levels");
        assert!(is_there, "{path}: {answer:?}");
        for name in ["data-post", "formaction", "data-upload"] {
            deeds.extend(values(&answer.text, name).map(|it| shape(&it, paths)));
        }
        for name in ["href", "data-src"] {
            let links = values(&answer.text, name).filter(|it| it.starts_with("/p/dashboard/"));
            ahead.extend(links);
        }
    }
    let declared = |method: &str| -> BTreeSet<String> {
        let of = paths
            .iter()
            .filter(|(path, it)| path.starts_with("/p/dashboard/") && it.get(method).is_some());
        of.map(|(path, _)| path.clone()).collect()
    };
    let mut posts = declared("post");
    // The host's own.
    posts.insert("/logout".to_owned());
    let unknown: Vec<&String> = deeds.iter().filter(|it| !posts.contains(*it)).collect();
    assert!(unknown.is_empty(), "no handler for {unknown:?}");
    assert!(deeds.len() > 25, "{deeds:?}");
    let gets = declared("get");
    let unknown: Vec<&String> = seen.iter().filter(|it| !gets.contains(*it)).collect();
    assert!(unknown.is_empty(), "no page for {unknown:?}");
    bot.close().await;
}

/// Values of an attribute in a page.
fn values(page: &str, name: &str) -> impl Iterator<Item = String> {
    let begin = format!(" {name}=\"");
    let found = page
        .split(&begin)
        .skip(1)
        .filter_map(|rest| rest.split_once('"'));
    found
        .map(|(value, _)| value.replace("&amp;", "&"))
        .collect::<Vec<_>>()
        .into_iter()
}

/// The declared path that this one is of; itself, where there is none.
fn shape(path: &str, declared: &serde_json::Map<String, Value>) -> String {
    let path = path.split(['?', '#']).next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |it: &&String| {
        let of: Vec<&str> = it.split('/').collect();
        of.len() == parts.len()
            && of
                .iter()
                .zip(&parts)
                .all(|(of, part)| of == part || of.starts_with('{'))
    };
    let exact = declared.keys().find(|it| *it == path);
    exact
        .or_else(|| declared.keys().find(fits))
        .cloned()
        .unwrap_or_else(|| path.to_owned())
}

/// 62: whether anybody looks or not, all there is is read and sent every few seconds.
#[tokio::test(flavor = "multi_thread")]
async fn fault_62_while_nobody_looks_nothing_is_done() {
    let bot = dashboard(&["hello"]).await;
    bot.until_generation("hello", 1).await;
    let owner = Browser::owner(&bot).await;
    let figures = || {
        let figures = &bot.bot.services().figures.plugins;
        figures.plugin(&"dashboard".into()).unwrap()
    };
    let calls = || -> u64 {
        let calls = figures().all_calls();
        calls.iter().map(|(_, calls)| calls.took.total().0).sum()
    };
    let events = || {
        let mut events = 0;
        figures().each_handled(|kind, _, timing| {
            if kind == "event" {
                events += timing.total().0;
            }
        });
        events
    };
    let (before, heard) = (calls(), events());
    for _ in 0..20 {
        bot.ask(&bot.owner(), "!hello").await;
    }
    assert_eq!((calls(), events()), (before, heard), "nobody looks");
    // Somebody does, and it stops when they go.
    owner.get("/p/dashboard/events").await.is(200, "");
    assert!(calls() > before);
    bot.close().await;
}

/// 63: what is sent along with a deed, secrets among it, is logged as it is.
#[tokio::test(flavor = "multi_thread")]
async fn fault_63_what_is_written_is_told_in_no_log_and_no_journal() {
    let bot = dashboard(&[]).await;
    let owner = Browser::owner(&bot).await;
    fs::write(bot.folder.path().join("notes.md"), "old\n").unwrap();
    let edit = owner.get("/p/dashboard/files/edit?path=notes.md").await;
    let (_, version) = edit.text.split_once("name=\"version\" value=\"").unwrap();
    let version = version.split('"').next().unwrap();
    let secret = "hush-4711-hush";
    let body = json!({"path": "notes.md", "version": version, "text": format!("{secret}\n")});
    owner
        .does("/p/dashboard/files/save", body)
        .await
        .is(200, "is saved");
    owner
        .uploads("/p/dashboard/files/upload?path=", "key.txt", secret)
        .await
        .is(200, "is there");
    let entries = journal_with(&bot, &["botfiles.write"]).await;
    assert!(!entries.contains(secret), "{entries}");
    let log = owner.get("/p/dashboard/log/lines").await;
    log.is(200, "");
    assert!(!log.text.contains(secret), "{}", log.text);
    bot.close().await;
}

/// 64: a backup has the backups before it in it, and `.env`, and is read by whoever reads files.
#[tokio::test(flavor = "multi_thread")]
async fn fault_64_a_backup_has_neither_backups_nor_secrets_in_it() {
    let bot = opened(GRANTS).await;
    fs::write(bot.folder.path().join(".env"), "DISCORD_TOKEN=hush-hush\n").unwrap();
    bot.drop_in(&database::library(), "pantry");
    bot.until_generation("pantry", 1).await;
    let owner = Browser::owner(&bot).await;
    let migrate = json!({"plugin": "pantry"});
    let migrated = owner.does("/p/dashboard/database/migrate", migrate).await;
    migrated.is(200, "");
    for _ in 0..2 {
        owner
            .does("/p/dashboard/backups/create", json!({}))
            .await
            .is(200, "is made");
    }
    let backups = bot.data().join("backups");
    let kept = all_files(&backups);
    assert!(kept.len() >= 2, "{kept:?}");
    for file in &kept {
        let bytes = fs::read(file).unwrap();
        assert!(!contains(&bytes, b"hush-hush"), "{}", file.display());
        let within = file.strip_prefix(&backups).unwrap();
        let deep = within
            .components()
            .filter(|it| it.as_os_str() == "backups")
            .count();
        assert_eq!(deep, 0, "{}", file.display());
    }
    let sizes: Vec<u64> = kept.iter().map(|it| it.metadata().unwrap().len()).collect();
    assert!(
        sizes.iter().max() <= Some(&(1 << 20)),
        "the second is as small as the first: {sizes:?}"
    );
    let name = kept[0]
        .strip_prefix(bot.folder.path())
        .unwrap()
        .display()
        .to_string();
    let read = owner
        .sends(
            Method::GET,
            &format!("/p/dashboard/files/raw?path={name}"),
            "",
            &[],
        )
        .await;
    read.is(400, "");
    bot.close().await;
}

fn all_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(all_files(&path)),
            false => all.push(path),
        }
    }
    all
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|it| it == part)
}
