//! Tests of the plugin `maintenance`: what owners see of caches, files, databases and the log, and what they do about them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use host::services::Services;
use sandbox::{Actor, MessageView};
use serde_json::json;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    process::Process,
    serversettings::last_file,
    support::{Fixture, PATIENCE},
};

const BANK: &str = r#"//! Keeps accounts in the bot's database and in those of servers, and a diary in a file.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::new()
    .migration(1, Scope::Bot, "CREATE TABLE keeper__rates (rate INTEGER NOT NULL) STRICT")
    .migration(1, Scope::Guild, "CREATE TABLE keeper__accounts (user_id INTEGER PRIMARY KEY, coins INTEGER NOT NULL) STRICT")
    .subject("keeper__accounts", "user_id")
    .command(Command::new("earn", "Adds a coin").run(earn))
    .command(Command::new("grumble", "Logs").run(grumble)));

async fn earn(ctx: CommandContext) -> Result {
    let user = i64::try_from(ctx.user().id.get())?;
    ctx.database()?.execute("INSERT OR REPLACE INTO keeper__accounts VALUES (?, 1)", params![user]).await?;
    ctx.host().files().write("diary.txt", "a coin").await?;
    ctx.host().files().read("diary.txt").await?;
    ctx.host().files().read("diary.txt").await?;
    ctx.reply("earned").await
}

async fn grumble(ctx: CommandContext) -> Result {
    tracing::warn!("the tea is cold");
    ctx.reply("grumbled").await
}
"#;

/// All commands, each for owners alone.
const COMMANDS: [&str; 10] = [
    "cachestats",
    "atomicstats",
    "atomictest",
    "dbstats",
    "integritycheck",
    "cleanup",
    "fw_migrations",
    "fw_backup",
    "fw_log",
    "fw_forget_server 175928847299117063",
];

fn library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("keeper", "maintenance", "0.1.52", "", BANK))
        .clone()
}

async fn bot() -> Fixture {
    let bot = Fixture::with(&["hello", "maintenance"]).await;
    bot.drop_in(&library(), "keeper");
    for plugin in ["keeper", "hello", "maintenance"] {
        bot.until_generation(plugin, 1).await;
    }
    bot.sandbox
        .commands_registered("dbstats", PATIENCE)
        .await
        .unwrap();
    bot.until_content_is_seen().await;
    bot
}

async fn said(who: &Actor, place: &str, text: &str) -> MessageView {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap()
}

async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

/// Asks the bot's owner's way, in #general.
async fn told(bot: &Fixture, text: &str) -> String {
    bot.ask(&bot.owner(), text).await.text()
}

fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

/// Whether a question has no button any more that can be clicked.
fn is_over(seen: &MessageView) -> bool {
    let rows = seen.components.iter();
    let buttons = rows.filter_map(|row| row["components"].as_array());
    buttons.flatten().all(|it| it["disabled"] == true)
}

async fn edit(services: &Arc<Services>, folder: &Path, text: &str) {
    fs::write(folder.join("config.toml"), text).unwrap();
    services.settings.noticed().await;
}

/// The reference showed the figures of a second instance: all of them were 0 (inventory 1.2). And its `cleanup` walked through all folders
/// below its own, a virtual environment included (§8.7, 73).
#[tokio::test(flavor = "multi_thread")]
async fn caches_and_files_are_told_with_their_figures_and_emptied() {
    let bot = bot().await;
    bot.ask(&bot.member(), "!earn").await;
    for name in ["cachestats", "fw_files", "cogwright files"] {
        let text = told(&bot, &format!("!{name}")).await;
        has(
            &text,
            &[
                "healthy: below 1 % have failed",
                "Files in memory\n1 file, 1 kB",
                "Locked at this moment\n0 files",
                "Files on the disk\n`keeper`: ",
                "Members\n",
                "Rules and prefixes\nof 1 server",
            ],
        );
    }
    let text = told(&bot, "!atomicstats").await;
    has(
        &text,
        &[
            "1 file, ",
            "from memory",
            "0 failed",
            "`files.cache_ttl_s` 300",
            "Counted for",
        ],
    );
    let text = told(&bot, "!cleanup").await;
    has(
        &text,
        &[
            "1 file of plugins, 1 kB",
            "rules and prefixes of 1 server",
            "→",
        ],
    );
    let text = told(&bot, "!cachestats").await;
    has(&text, &["Files in memory\n0 files"]);
    assert_eq!(bot.ask(&bot.member(), "!earn").await.content, "earned");
    bot.close().await;
}

/// The reference left a file behind (inventory 1.1).
#[tokio::test(flavor = "multi_thread")]
async fn files_are_tried_out_and_nothing_stays_behind() {
    let bot = bot().await;
    let owner = bot.owner();
    for seen in [
        said(&owner, "general", "!atomictest").await,
        typed(&owner, "general", "atomictest").await,
        said(&owner, "dm", "!atomictest").await,
    ] {
        let text = seen.text();
        has(
            &text,
            &[
                "All of it works.",
                "Ten writes at once",
                "one of them whole",
            ],
        );
        assert!(
            !text.contains('✗') && !text.contains("from the disk"),
            "{text}"
        );
    }
    let folder = bot.data().join("plugins/maintenance/files");
    let left = fs::read_dir(&folder).map_or(0, Iterator::count);
    assert_eq!(left, 0, "{}", folder.display());
    // A folder in which nothing can be written: told, and not thrown.
    let blocked = bot.data().join("plugins/maintenance");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&blocked).unwrap();
    fs::write(&folder, "no folder").unwrap();
    let text = told(&bot, "!atomictest").await;
    has(&text, &["failed. Is the disk full", "✗"]);
    fs::remove_file(&folder).unwrap();
    has(&told(&bot, "!atomictest").await, &["All of it works."]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_are_told_with_the_largest_tables_and_the_commands_used_most() {
    let bot = bot().await;
    for _ in 0..3 {
        bot.ask(&bot.member(), "!earn").await;
    }
    let text = told(&bot, "!dbstats").await;
    has(
        &text,
        &[
            "2 databases",
            "1 open",
            "`main.db`",
            "/guild.db`",
            "Last backup\nnone",
            "Of servers that were left\nnone",
            "Tables of the bot's own with the most rows\n",
        ],
    );
    assert!(text.contains(" rows") || text.contains(" row"), "{text}");
    let bot = bot.restart().await;
    bot.until_generation("maintenance", 1).await;
    has(
        &told(&bot, "!dbstats").await,
        &["`earn`: 3 uses", "Last backup\n<t:"],
    );
    bot.close().await;
}

/// The reference's always ended with an exception (§8.7, 65).
#[tokio::test(flavor = "multi_thread")]
async fn each_part_gets_a_verdict_and_what_cannot_be_asked_does_not_end_it() {
    let bot = bot().await;
    bot.ask(&bot.member(), "!earn").await;
    let text = told(&bot, "!integritycheck").await;
    has(
        &text,
        &[
            "✓ Databases\n2 databases looked through",
            "✓ Files\nhealthy",
            "✓ Plugins\n3 of 3 plugins serve",
            "✓ Shards\n1 of 1 shard connected",
            "✓ Settings\n0 errors, 0 warnings",
            "Machine\n",
        ],
    );
    // A plugin that is refused, and a configuration that a start would refuse.
    bot.drop_in(&fixtures::no_plugin(), "broken");
    bot.until_refused("broken").await;
    fs::write(
        bot.folder.path().join("config.toml"),
        "[bot]\nprefx = \"?\"\n",
    )
    .unwrap();
    let text = told(&bot, "!integritycheck").await;
    has(
        &text,
        &[
            "Something is broken.",
            "✗ Plugins",
            "broken: ",
            "✗ Settings",
            "did you mean `prefix`?",
        ],
    );
    // Without its powers each part says so, and the rest is there.
    let grants = "[grants.maintenance]\npowers = [\"bot.read\"]\n";
    edit(bot.bot.services(), bot.folder.path(), grants).await;
    let text = told(&bot, "!integritycheck").await;
    has(
        &text,
        &[
            "? Databases",
            "`database.manage`",
            "✓ Files",
            "? Plugins",
            "✓ Shards",
            "? Settings",
        ],
    );
    has(
        &told(&bot, "!dbstats").await,
        &["2 databases", "`database.inspect`"],
    );
    has(
        &told(&bot, "!atomicstats").await,
        &["Counted for", "`settings.read`"],
    );
    edit(
        bot.bot.services(),
        bot.folder.path(),
        "[grants.maintenance]\npowers = []\n",
    )
    .await;
    for command in COMMANDS {
        let text = told(&bot, &format!("!{command}")).await;
        assert!(!text.contains("error id"), "{command}: {text}");
        let works = ["atomictest", "fw_forget_server"];
        if !works.iter().any(|it| command.starts_with(it)) {
            assert!(
                text.contains("has not been given the power"),
                "{command}: {text}"
            );
        }
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_have_dates_and_backups_are_made() {
    let bot = bot().await;
    bot.ask(&bot.member(), "!earn").await;
    let text = told(&bot, "!fw_migrations").await;
    has(
        &text,
        &[
            "Run last\n<t:",
            "`keeper` 1 for servers",
            "1 for the bot: run in 1 of 1, <t:",
        ],
    );
    has(&told(&bot, "!fw_migrate").await, &["0 migrations run"]);
    has(
        &told(&bot, "!cogwright migrate keper").await,
        &["did you mean `keeper`?"],
    );
    let seen = typed(&bot.owner(), "general", "fw_backup").await;
    assert!(seen.ephemeral);
    has(&seen.text(), &["2 databases copied and checked"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_and_followed_in_one_message_until_it_is_stopped() {
    let libraries = [
        ("keeper", library()),
        ("maintenance", fixtures::example("maintenance")),
    ];
    // A process of its own, which keeps its own log.
    let bot = Process::run(&libraries, "").await;
    let registered = bot.sandbox.commands_registered("fw_log", PATIENCE);
    registered.await.unwrap();
    let (owner, member) = (bot.owner(), bot.member());
    bot.until(&member, "!earn", "earned").await;
    let told = async |text: &str| bot.ask(&owner, text).await.text();
    bot.ask(&member, "!grumble").await;
    let text = told("!fw_log tail 5 warn keeper").await;
    has(
        &text,
        &[
            "Log of keeper, warn and worse",
            "WARN",
            "the tea is cold",
            "1 line",
        ],
    );
    has(
        &told("!fw_log tail 5 error keeper").await,
        &["There is no such line."],
    );
    has(&told("!fw_log tail 501").await, &["500"]);
    has(&told("!fw_log tail 5 loud").await, &["`loud`"]);
    // What is longer than a message is a file.
    for _ in 0..60 {
        bot.ask(&member, "!grumble").await;
    }
    let long = said(&owner, "general", "!fw_log tail 500 warn keeper").await;
    assert_eq!(long.attachments, ["log.txt"], "{}", long.text());
    assert_eq!(
        last_file(&bot.sandbox)
            .await
            .matches("the tea is cold")
            .count(),
        61
    );

    let followed = typed(&owner, "general", "fw_log follow level:warn plugin:keeper").await;
    assert!(followed.ephemeral && followed.buttons() == ["Stop"]);
    let count = |seen: &MessageView| seen.text().matches("the tea is cold").count();
    let before = count(&followed);
    bot.ask(&member, "!grumble").await;
    let grown = owner
        .expects_where("general", "one more line", |it| {
            it.id == followed.id && count(it) > before
        })
        .await
        .unwrap();
    owner.clicks_on(&grown, "Stop").await.unwrap();
    let over = owner.expects_where("general", "the end", |it| {
        it.id == followed.id && it.text().contains("Stopped")
    });
    assert!(over.await.unwrap().components.is_empty());

    // A reload ends it, and is not held up by it.
    let followed = said(&owner, "general", "!fw_log follow").await;
    has(&told("!reload maintenance").await, &["maintenance"]);
    let over = owner.expects_where("general", "the end", |it| {
        it.id == followed.id && it.text().contains("Over")
    });
    over.await.unwrap();
    // A message that somebody deletes is no error.
    let followed = said(&owner, "general", "!fw_log follow warn keeper").await;
    owner.deletes(&followed).await.unwrap();
    bot.ask(&member, "!grumble").await;
    has(&told("!reload maintenance").await, &["maintenance"]);
    let text = told("!fw_log tail 20 error").await;
    assert!(!text.contains("maintenance"), "{text}");
    // Levels as before, by all names.
    has(
        &told("!cogwright log keeper debug").await,
        &["`keeper`: debug", "Until the bot stops"],
    );
    let level = typed(&owner, "general", "fw_log level of:keeper level:default").await;
    assert!(
        level.ephemeral && !level.text().contains("keeper"),
        "{}",
        level.text()
    );
    has(
        &told("!fw_log keeper").await,
        &["Which level for `keeper`?"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_left_is_forgotten_after_a_question() {
    let bot = bot().await;
    // Of a server that remains, so that the owner can be answered in private.
    let bot = bot
        .restart_after(async |stopped| stopped.add_harbour(Permissions::empty()))
        .await;
    for plugin in ["keeper", "maintenance"] {
        bot.until_generation(plugin, 1).await;
    }
    let (owner, guild) = (bot.owner(), bot.sandbox.guild_id());
    bot.ask(&bot.member(), "!earn").await;
    told(&bot, "!fw_backup").await;
    let forget = format!("!fw_forget_server {guild}");
    has(
        &told(&bot, "!fw_forget_server 12x").await,
        &["`12x` is no id of a server"],
    );
    has(&told(&bot, "!fw_forget_server").await, &["<server>"]);
    // The bot is in it.
    let asked = said(&owner, "general", &forget).await;
    owner.clicks_on(&asked, "Yes").await.unwrap();
    let refused = owner.expects_where("general", "the refusal", |it| {
        it.text().contains("the bot is in")
    });
    refused.await.unwrap();
    let file = bot.data().join(format!("{guild}/guild.db"));
    assert!(file.exists());

    let discord = &bot.bot.services().discord;
    let path = format!("users/@me/guilds/{guild}");
    discord
        .json("DELETE", path, &json!(null), false)
        .await
        .unwrap();
    let left = async {
        loop {
            let text = said(&owner, "dm", "!dbstats").await.text();
            if text.contains("Of servers that were left\n1 database") {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, left).await.unwrap();
    let asked = said(&owner, "dm", &forget).await;
    has(&asked.text(), &["It can't be undone", "Its database has"]);
    owner.clicks_on(&asked, "No").await.unwrap();
    let nothing = owner.expects_where("dm", "that nothing was done", |it| {
        it.text().contains("Nothing was erased")
    });
    nothing.await.unwrap();
    assert!(file.exists());
    // A reload closes the question, and erases nothing.
    let asked = said(&owner, "dm", &forget).await;
    bot.plugins().reload("maintenance").await.unwrap();
    let _ = owner.clicks_on(&asked, "Yes").await;
    let closed = owner.expects_where("dm", "a closed question", |it| {
        it.id == asked.id && is_over(it)
    });
    closed.await.unwrap();
    assert!(file.exists());
    let asked = said(&owner, "dm", &forget).await;
    owner.clicks_on(&asked, "Yes").await.unwrap();
    let done = owner.expects_where("dm", "that it is erased", |it| {
        it.text().starts_with("Erased")
    });
    has(
        &done.await.unwrap().text(),
        &[&guild.to_string(), "1 copy in backups"],
    );
    assert!(!file.exists());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_bots_owner_is_answered_and_by_slash_the_answer_is_private() {
    let bot = bot().await;
    let bot = bot
        .restart_after(async |stopped| stopped.add_harbour(Permissions::empty()))
        .await;
    bot.until_generation("maintenance", 1).await;
    for who in ["member", "chief", "mod"] {
        let who = bot.sandbox.actor(who).unwrap();
        for command in COMMANDS {
            who.says("docks", &format!("!{command}")).await.unwrap();
            let by_slash = who.slash_line("docks", command).await;
            if let Ok(asked) = by_slash {
                let answer = who.expects_reply_to(&asked).await.unwrap();
                assert!(
                    answer.ephemeral && answer.text().contains("owner"),
                    "{}",
                    answer.text()
                );
            }
        }
        said(&who, "docks", "!hello").await;
        let answers = who.messages("docks");
        let of_bot = answers
            .iter()
            .filter(|it| it.author_id == bot.sandbox.application_id());
        let told: Vec<String> = of_bot
            .map(MessageView::text)
            .filter(|it| !it.contains("Hello"))
            .collect();
        assert!(told.iter().all(|it| it.contains("owner")), "{told:?}");
    }
    let owner = bot.owner();
    for command in ["cachestats", "dbstats", "integritycheck", "fw_migrations"] {
        assert!(
            typed(&owner, "general", command).await.ephemeral,
            "{command}"
        );
        assert!(
            !said(&owner, "dm", &format!("!{command}"))
                .await
                .text()
                .contains("error id")
        );
    }
    bot.close().await;
}

/// A server that nobody knows: what is erased is nothing, and it is said all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_a_server_is_answered_by_whoever_asked_and_by_nothing_else() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let forget = "!fw_forget_server 175928847299117063";
    let nothing = |who: &Actor| {
        let all = who.messages("general").into_iter();
        all.filter(|it| it.text().contains("Nothing was erased"))
            .count()
    };
    // Another member clicks; then it is deleted, and the plugin reloaded.
    let asked = said(&owner, "general", forget).await;
    let theirs = member.clicks_on(&asked, "Yes").await.unwrap();
    has(&theirs.message.unwrap().text(), &["Only <@"]);
    owner.deletes(&asked).await.unwrap();
    bot.plugins().reload("maintenance").await.unwrap();
    let told = owner.expects_where("general", "what came of it", |it| {
        it.id != asked.id && it.reply_to == asked.reply_to && it.author != "owner"
    });
    let told = told.await.unwrap().text();
    has(&told, &["Nothing was erased"]);
    assert_eq!(nothing(&owner), 1);
    // Asked before a restart.
    let asked = said(&owner, "general", forget).await;
    let bot = bot.restart().await;
    bot.until_generation("maintenance", 1).await;
    let owner = bot.owner();
    match owner.clicks_on(&asked, "Yes").await {
        Ok(clicked) => has(&clicked.message.unwrap().text(), &["over"]),
        Err(_) => assert!(is_over(
            &bot.sandbox.message(asked.channel_id, asked.id).unwrap()
        )),
    }
    // And answered.
    let asked = said(&owner, "general", forget).await;
    owner.clicks_on(&asked, "Yes").await.unwrap();
    let done = |it: &MessageView| it.text().contains("nothing is kept in");
    owner
        .expects_where("general", "that it was looked for", done)
        .await
        .unwrap();
    let all = owner.messages("general");
    assert_eq!(all.iter().filter(|it| done(it)).count(), 1);
    bot.close().await;
}
