//! Stories of `cogwright import`: an installation of the reference with twenty servers comes over, and the bot is started on it.

mod inboxes;
mod installation;

use std::path::Path;

use sandbox::{Actor, Sandbox};
use twilight_model::{guild::Permissions, id::Id};

use self::installation::{CORRUPT, Installation, Known, files};
use crate::{
    cli::{cogwright, text},
    support::{Fixture, PATIENCE},
};

/// What an import says, if it went well.
fn imported(folder: &Path, from: &Path, more: &[&str]) -> String {
    let arguments = [&["import", from.to_str().unwrap()], more].concat();
    let output = cogwright(folder, &arguments);
    let (said, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}{error}");
    said
}

fn has(said: &str, lines: &[&str]) {
    for line in lines {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
}

/// The server that the sandbox has with a channel `log` and a role `Tea`, and the harbour, which it has as well.
fn known(sandbox: &Sandbox) -> Known {
    let (guild, owner) = (sandbox.guild_id(), sandbox.owner_id());
    sandbox.change_world(|world| {
        let here = world.guild_named("Sandbox").unwrap();
        world.set_bot_permissions(here, Permissions::ADMINISTRATOR);
        world.raise_bot(here);
        let user = world.user_named("owner").unwrap();
        let harbour = world.add_guild("Harbour", user);
        world.add_channel(harbour, "docks");
        Known {
            guild,
            owner,
            harbour,
            channel: world.add_channel(here, "log"),
            role: world.add_role(here, "Tea", Permissions::empty()),
        }
    })
}

/// Asks until this is in the answer: plugins empty their inboxes in the background.
async fn until(who: &Actor, line: &str, wanted: &str) -> String {
    let asking = async {
        loop {
            let asked = who.slash_line("general", line).await.unwrap();
            let text = who.expects_reply_to(&asked).await.unwrap().text();
            if text.contains(wanted) {
                return text;
            }
        }
    };
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.unwrap_or_else(|_| panic!("{line}: never {wanted}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_servers_come_over_once_and_the_bot_goes_on_with_them() {
    let plugins = ["automations", "backup", "scheduler", "hello"];
    let mut installed = None;
    let bot = Fixture::with(&plugins).await;
    let bot = bot.restart_after(async |stopped| {
        let known = known(stopped.sandbox);
        let installation = Installation::new(known);
        let (from, folder) = (installation.folder(), stopped.folder);
        let (there, here) = (files(from), files(folder));

        let said = imported(folder, from, &["--dry-run"]);
        has(&said, &["would bring this", "tea time", "Mega welcome"]);
        assert_eq!(files(folder), here, "a dry run writes nothing");

        let said = imported(folder, from, &[]);
        has(
            &said,
            &[
                "`bot.prefix` [config.json, prefix]",
                "prefix `far too long` [data/1003/guild.db, guild_settings, prefix]: there is a blank",
                "Tickets [data/event_hooks_creater.json, t1]: nothing tells in which channel",
                "broken [data/main.db, scheduled_tasks, b2]: its time has 1 instead of five",
                "roles for `hello` [config.json, command_permissions.hello]: nothing tells of which server the role 4242 is",
                "extensions: Python does not run here",
                "The token and your id were not copied",
                "This report lies in",
            ],
        );
        for (path, why) in CORRUPT {
            let line = said.lines().find(|line| line.contains(&format!("{path}: ")));
            assert!(line.is_some_and(|line| line.contains(why)), "{path}: {line:?} in\n{said}");
        }
        assert_eq!(files(from), there, "nothing there is changed");
        let copied = files(folder).into_values().filter(|bytes| text(bytes).contains("a-token-that-nobody"));
        assert_eq!(copied.count(), 0, "no secret is copied");

        let here = files(folder);
        let said = imported(folder, from, &[]);
        has(&said, &["nothing that is not in", "was here", "it waits for the plugin `automations`"]);
        assert_eq!(files(folder), here, "the second time changes nothing");
        installed = Some((known, installation));
    });
    let bot = bot.await;
    let (known, installation) = installed.unwrap();

    let owner = bot.owner();
    bot.until_content_is_seen().await;
    // Of the rule that came over: a role is needed, which the bot's owner need not have.
    assert!(bot.ask(&owner, "?hello").await.text().contains("Hello"));
    let policy = &bot.bot.commands().policy;
    assert_eq!(policy.own_prefix(), "%");
    let rules = policy.rules.of(Some(Id::new(known.guild))).await.unwrap();
    assert_eq!(rules.roles_for("hello"), Some(("hello", &[known.role][..])));
    for server in (1002..1018).chain([known.harbour]) {
        let prefix = policy.prefix(Some(Id::new(server))).await.unwrap();
        let wanted = match server {
            it if it == known.harbour => "$".to_owned(),
            1003 => "%".to_owned(),
            it => format!("!{}", it - 1000),
        };
        assert_eq!(prefix.text, wanted, "{server}");
    }

    for command in ["automations", "backup", "schedule"] {
        let registered = bot.sandbox.commands_registered(command, PATIENCE);
        registered.await.unwrap();
    }
    until(&owner, "automations list", "welcome abcdef").await;
    until(&owner, "automations list", "goodbye 0000ff").await;
    until(
        &owner,
        "automations info automation:\"welcome abcdef\"",
        "State\non",
    )
    .await;
    until(
        &owner,
        "automations info automation:\"goodbye 0000ff\"",
        "State\noff",
    )
    .await;
    let planned = until(&owner, "schedule list", "tea time").await;
    assert!(planned.contains("0 9 * * mon"), "{planned}");
    let kept = until(&owner, "backup view snapshot:1", "before the move").await;
    has(&kept, &["imported", "the old days", "1 member"]);
    until(&owner, "backup show", "every 12 h").await;
    // What the reference does not keep is as it is now: nothing of it differs.
    let differs = until(&owner, "backup diff snapshot:1", "Old tea").await;
    assert!(!differs.contains("@everyone"), "{differs}");

    // While it runs, nothing is imported.
    let arguments = ["import", installation.folder().to_str().unwrap()];
    let refused = cogwright(bot.folder.path(), &arguments);
    assert!(!refused.status.success());
    has(&text(&refused.stderr), &["a bot runs on", "stop it"]);

    let bot = bot.restart_after(async |stopped| {
        let here = files(stopped.folder);
        let said = imported(stopped.folder, installation.folder(), &[]);
        has(
            &said,
            &[
                "nothing that is not in",
                " welcome abcdef, and on",
                "goodbye 0000ff, and off",
                "it is snapshot #1 before the move",
                "a snapshot is taken every 12 h",
                "tea time, and on",
                "server 1004, Goodbye [data/event_hooks_creater.json, adv_goodbye_system_00000000000010f2]: it waits for the plugin",
            ],
        );
        assert_eq!(files(stopped.folder), here, "nor after the bot has run");
    });
    bot.await.close().await;
}

#[test]
fn a_folder_that_is_none_or_ours_is_refused_and_what_is_set_here_stays() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |from: &str, words: &[&str]| {
        let output = cogwright(folder.path(), &["import", from]);
        assert_eq!(output.status.code(), Some(1));
        has(&text(&output.stderr), words);
    };
    refused("nowhere", &["nowhere", "can't be read"]);
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    refused("empty", &["neither `config.json` nor `data/`"]);
    std::fs::write(folder.path().join("config.json"), "{}").unwrap();
    refused(".", &["lie in each other", "a folder of its own"]);

    let there = tempfile::tempdir().unwrap();
    let config =
        serde_json::json!({"prefix": "%", "status": {"text": "x"}, "allow_mention_prefix": false});
    std::fs::write(there.path().join("config.json"), config.to_string()).unwrap();
    let ours = "# Ours.\n[bot]\nprefix = \"&\" # stays\n";
    std::fs::write(folder.path().join("config.toml"), ours).unwrap();
    let said = imported(folder.path(), there.path(), &[]);
    has(
        &said,
        &["`bot.prefix` [config.json, prefix]: config.toml has \"&\""],
    );
    let now = std::fs::read_to_string(folder.path().join("config.toml")).unwrap();
    assert!(now.starts_with(ours.trim_end()), "{now}");
    has(
        &now,
        &["mention_prefix = false", "[status]", "text = [\"x\"]"],
    );
}
