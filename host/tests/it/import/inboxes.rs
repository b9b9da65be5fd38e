//! Stories of the inboxes: over a kill nothing comes twice, and who is erased waits in none.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    imported,
    installation::{Installation, files},
    known, until,
};
use crate::{
    cli::text,
    process::Running,
    support::{Fixture, PATIENCE},
};

const PLUGINS: [&str; 3] = ["automations", "backup", "scheduler"];

type Found = BTreeMap<PathBuf, Vec<u8>>;

/// What waits in inboxes, and what is noted there.
fn inboxes(folder: &Path) -> (Found, Found) {
    let all = files(folder).into_iter();
    let all = all.filter(|(path, _)| path.to_str().unwrap().contains("/files/import/"));
    let (noted, waits) = all.partition(|(path, _)| path.to_str().unwrap().contains("/taken/"));
    (waits, noted)
}

/// Waits until so many files are noted, and no others wait than those of this server.
async fn until_noted(folder: &Path, count: usize, but: &str) -> Found {
    let waiting = async {
        loop {
            let (waits, noted) = inboxes(folder);
            let is_of_it =
                |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().contains(but);
            if noted.len() == count && waits.keys().all(is_of_it) {
                return noted;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let noted = tokio::time::timeout(PATIENCE, waiting).await;
    noted.unwrap_or_else(|_| panic!("{:#?}", inboxes(folder)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_before_a_kill_is_kept_once() {
    let (mut laid, mut before) = (Found::new(), None);
    let bot = Fixture::with(&PLUGINS).await;
    let bot = bot.restart_after(async |stopped| {
        let (folder, sandbox) = (stopped.folder, stopped.sandbox);
        let installation = Installation::new(known(sandbox));
        imported(folder, installation.folder(), &[]);
        laid = inboxes(folder).0;
        let (address, gateway) = (sandbox.http_proxy(), sandbox.gateway_url());
        let of_sandbox = format!(
            "\n[discord]\napi_url = \"http://{address}\"\ngateway_url = {gateway:?}\n\
             [metrics]\nlisten = \"127.0.0.1:0\"\n[pages]\nlisten = \"off\"\n"
        );
        let config = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(folder.join("config.toml"));
        config.unwrap().write_all(of_sandbox.as_bytes()).unwrap();
        let running = Running::start(folder, sandbox, "killed.log");
        let noted = until_noted(folder, 5, "1004").await;
        running.kill().await;
        // As it is when all was kept, and nothing noted.
        for (path, bytes) in &laid {
            fs::write(path, bytes).unwrap();
        }
        noted.keys().for_each(|path| fs::remove_file(path).unwrap());
        before = Some(noted);
    });
    let bot = bot.await;
    let before = before.unwrap();
    let noted = until_noted(bot.folder.path(), 5, "1004").await;
    for (path, then) in &before {
        let (then, now) = (text(then), text(&noted[path]));
        // A snapshot says that it was there.
        match then.contains("it is snapshot") {
            true => assert!(now.contains("was there already, as #1"), "{now}"),
            false => assert_eq!(then, now),
        }
    }
    ready(&bot).await;
    let owner = bot.owner();
    let all = until(&owner, "automations list", "welcome abcdef").await;
    assert!(all.contains("Automations (2)"), "{all}");
    let all = until(&owner, "schedule list", "tea time").await;
    assert_eq!(all.matches("tea time").count(), 1, "{all}");
    let all = until(&owner, "backup list", "#1").await;
    assert!(!all.contains("#2"), "{all}");
    let services = bot.bot.services();
    let planned = services.schedules.views(&services.storage).await.unwrap();
    let plans = planned.iter().filter(|it| it.plugin == "backup");
    assert_eq!(plans.map(|it| it.waiting).sum::<u64>(), 1);
    // One that is deleted meanwhile is not made anew.
    let asked = owner.slash_line("general", "automations delete automation:1");
    owner.expects_reply_to(&asked.await.unwrap()).await.unwrap();
    owner.clicks("Yes").await.unwrap();
    owner
        .expects_ephemeral("general", "is deleted")
        .await
        .unwrap();
    let bot = bot
        .restart_after(async |stopped| {
            for (path, bytes) in &laid {
                fs::write(path, bytes).unwrap();
            }
            let (_, noted) = inboxes(stopped.folder);
            noted.keys().for_each(|path| fs::remove_file(path).unwrap());
        })
        .await;
    until_noted(bot.folder.path(), 5, "1004").await;
    ready(&bot).await;
    let all = until(&bot.owner(), "automations list", "Automations (").await;
    assert!(all.contains("Automations (1)"), "{all}");
    bot.close().await;
}

async fn ready(bot: &Fixture) {
    for command in ["automations", "backup", "schedule"] {
        let registered = bot.sandbox.commands_registered(command, PATIENCE);
        registered.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_waits_in_no_inbox() {
    let bot = Fixture::with(&["automations", "backup", "mydata", "scheduler"]).await;
    let mut harbour = 0;
    let bot = bot
        .restart_after(async |stopped| {
            let (folder, sandbox) = (stopped.folder, stopped.sandbox);
            let known = known(sandbox);
            harbour = known.harbour;
            let (member, me) = (sandbox.user_id("member").unwrap(), sandbox.application_id());
            // The bot is not there yet.
            sandbox.change_world(|world| world.remove_member(known.harbour, me));
            let installation = Installation::new(known);
            let kept = Installation::snapshot(known, known.harbour, &[member, known.owner]);
            let path = format!("data/backups/{harbour}/00aa.json");
            installation.put(&path, kept.to_string());
            let index = json!([{"id": "00aa", "label": "the old harbour", "author_id": member}]);
            let path = format!("data/backups/{harbour}/index.json");
            installation.put(&path, index.to_string());
            imported(folder, installation.folder(), &[]);
            let lay = |plugin: &str, name: &str, laid: serde_json::Value| {
                let inbox = folder.join(format!("data/plugins/{plugin}/files/import"));
                fs::create_dir_all(inbox.join("taken")).unwrap();
                fs::write(inbox.join(name), laid.to_string()).unwrap();
            };
            for (name, maker) in [("theirs", member), ("mine", known.owner)] {
                let definition = json!({"name": name, "template": "goodbye", "parameters": {"channel": "6", "message": "Bye"}});
                let laid = json!({"guild": "1004", "maker": maker.to_string(), "on": true, "definition": definition});
                lay("automations", &format!("{name}.json"), laid);
                let laid = json!({"guild": "1004", "maker": maker.to_string(), "name": name, "kind": "message", "channel": "6", "text": "Tea!",
                    "cron": "0 9 * * mon", "zone": "UTC", "runs": null, "on": true});
                lay("scheduler", &format!("{name}.json"), laid);
            }
            let said = format!("refused: <@{member}>, whose schedule it is, is no owner of the bot");
            lay("scheduler", "taken/odd.json", json!({"said": said}));
        })
        .await;
    // What is not of a server that the bot is in is there no more; the rest waits.
    let is_taken = async {
        while inboxes(bot.folder.path()).1.len() < 6 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_taken).await.unwrap();
    let member = bot.member().id().to_string();
    let names = |found: &Found| {
        let with = found
            .iter()
            .filter(|(_, bytes)| text(bytes).contains(&member));
        with.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    let (waits, noted) = inboxes(bot.folder.path());
    // An automation, a schedule, a snapshot and its records; a note.
    assert_eq!((names(&waits).len(), names(&noted).len()), (4, 1));
    bot.until_content_is_seen().await;
    let line = format!(
        "<@{}> cogwright erase-data <@{member}> erase",
        bot.sandbox.application_id()
    );
    let told = bot.ask(&bot.owner(), &line).await.text();
    assert!(!told.contains("not erased"), "{told}");
    let (waits, noted) = inboxes(bot.folder.path());
    let (waiting, left) = (names(&waits), names(&noted));
    assert!(
        waiting.is_empty() && left.is_empty(),
        "{told}: {waiting:?} {left:?}"
    );
    let all: Vec<_> = noted.values().map(|it| text(it)).collect();
    assert_eq!(
        all.iter().filter(|it| it.contains("was erased")).count(),
        2,
        "{all:#?}"
    );
    assert!(
        all.iter().any(|it| it.contains("refused: somebody, whose")),
        "{all:#?}"
    );
    // Those of others wait, and are sound.
    let mine = waits.keys().filter(|it| it.ends_with("mine.json"));
    assert_eq!(mine.count(), 2);
    let bot = bot
        .restart_after(async |stopped| {
            let me = stopped.sandbox.application_id();
            stopped
                .sandbox
                .change_world(|world| world.add_member(harbour, me, &[]));
        })
        .await;
    let registered = bot.sandbox.commands_registered("backup", PATIENCE);
    registered.await.unwrap();
    let owner = bot.owner();
    let asking = async {
        loop {
            let asked = owner
                .slash_line("docks", "backup view snapshot:1")
                .await
                .unwrap();
            let told = owner.expects_reply_to(&asked).await.unwrap().text();
            if told.contains("the old harbour") {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, asking).await.unwrap();
    assert!(
        told.contains("1 member") && !told.contains(&member),
        "{told}"
    );
    let asked = owner
        .slash_line("docks", "backup verify snapshot:1")
        .await
        .unwrap();
    let told = owner.expects_reply_to(&asked).await.unwrap().text();
    assert!(told.contains("is sound"), "{told}");
    bot.close().await;
}
