//! Tests of storage, through commands, reloads, restarts and the owner's commands.

use std::{fs, path::PathBuf, sync::OnceLock, time::Duration};

use host_loader::Caller;
use serde_json::json;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! A bank, and a key-value store.
use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

const TABLES: &str = "
    CREATE TABLE bank__accounts (user_id INTEGER PRIMARY KEY, coins INTEGER NOT NULL CHECK (coins >= 0)) STRICT;
    CREATE TABLE bank__transfers (at TEXT DEFAULT CURRENT_TIMESTAMP, giver INTEGER, taker INTEGER, coins INTEGER)";

export_plugin!(|| {
    Plugin::with_state(|host| async move {
        // The bot's database is ready when the plugin starts.
        let starts = host.storage().bot().kv_store("starts");
        starts.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await?;
        Ok(())
    })
    .migration(1, Scope::Guild, TABLES)
    .migration(1, Scope::Bot, "CREATE TABLE bank__rates (name TEXT PRIMARY KEY, rate REAL NOT NULL)")
    .subject("bank__accounts", "user_id")
    .subject("bank__transfers", "giver")
    .command(Command::new("earn", "Earns coins").option(CommandOption::integer("coins", "How many")).run(earn))
    .command(Command::new("give", "Gives coins").option(CommandOption::integer("coins", "How many")).run(give))
    .command(Command::new("top", "Who has most").run(top))
    .command(Command::new("wish", "Keeps a wish").option(CommandOption::string("wish", "It").rest()).run(wish))
    .command(Command::new("try", "Runs SQL").option(CommandOption::string("sql", "It").rest()).run(try_sql))
    .command(Command::new("starts", "How often it was started").run(starts))
});

#[derive(Deserialize)]
struct Account { user_id: Id<marker::UserMarker>, coins: i64 }

#[derive(Serialize, Deserialize)]
struct Wish { text: String, granted: bool }

fn database(ctx: &CommandContext) -> Result<Database> {
    let guild = ctx.guild_id().ok_or(Error::user("in servers only"))?;
    Ok(ctx.host().storage().guild(guild))
}

async fn earn(ctx: CommandContext) -> Result {
    let coins: i64 = ctx.option("coins")?;
    let sql = "INSERT INTO bank__accounts VALUES (?1, ?2)
               ON CONFLICT DO UPDATE SET coins = coins + excluded.coins RETURNING coins";
    let rows = database(&ctx)?.query(sql, params![ctx.user().id, coins]).await?;
    ctx.reply(format!("You have {} coins.", rows.first::<i64>()?.unwrap_or_default())).await
}

async fn give(ctx: CommandContext) -> Result {
    let (giver, coins): (_, i64) = (ctx.user().id, ctx.option("coins")?);
    let done = database(&ctx)?
        .transaction(|t| {
            t.execute("UPDATE bank__accounts SET coins = coins - ?2 WHERE user_id = ?1 AND coins >= ?2", params![giver, coins])
                .must_change(1)
                .or_tell("you don't have that many coins");
            t.execute("INSERT INTO bank__transfers (giver, taker, coins) VALUES (?1, 1, ?2)", params![giver, coins]);
            t.require("SELECT sum(coins) < 100 FROM bank__transfers", params![]).or_tell("the bank is closed");
        })
        .await?;
    ctx.reply(format!("Transfer {} is done.", done[1].inserted_id())).await
}

async fn top(ctx: CommandContext) -> Result {
    let sql = "SELECT user_id, coins FROM bank__accounts ORDER BY coins DESC";
    let accounts: Vec<Account> = database(&ctx)?.query(sql, params![]).await?.read()?;
    let lines: Vec<String> = accounts.iter().map(|a| format!("{}: {}", a.user_id, a.coins)).collect();
    ctx.reply(format!("top: {}", lines.join(", "))).await
}

async fn wish(ctx: CommandContext) -> Result {
    let kv_store = database(&ctx)?.kv_store("wishes").about(ctx.user().id);
    let text: String = ctx.option("wish")?;
    let before: Option<Wish> = kv_store.get("last").await?;
    kv_store.set("last", &Wish { text, granted: false }).await?;
    let keys = kv_store.keys("l").await?;
    ctx.reply(format!("{keys:?}, before: {:?}", before.map(|wish| (wish.text, wish.granted)))).await
}

async fn try_sql(ctx: CommandContext) -> Result {
    let sql: String = ctx.option("sql")?;
    match database(&ctx)?.execute(&sql, params![]).await {
        Ok(done) => ctx.reply(format!("changed {}", done.changed())).await,
        Err(error) => ctx.reply(error.to_string()).await,
    }
}

async fn starts(ctx: CommandContext) -> Result {
    let count: Option<u64> = ctx.host().storage().bot().kv_store("starts").get("count").await?;
    ctx.reply(format!("started {count:?}")).await
}
"#;

fn bank(tag: &str, version: &str, source: &str) -> PathBuf {
    fixtures::plugin("bank", tag, version, "", source)
}

fn first() -> PathBuf {
    static BANK: OnceLock<PathBuf> = OnceLock::new();
    BANK.get_or_init(|| bank("storage", "0.7.1", SOURCE))
        .clone()
}

/// A second migration: accounts get a colour.
fn second() -> PathBuf {
    static BANK: OnceLock<PathBuf> = OnceLock::new();
    let more = ".migration(2, Scope::Guild, \"ALTER TABLE bank__accounts ADD COLUMN colour TEXT\")\n    .subject";
    BANK.get_or_init(|| bank("storage2", "0.7.2", &SOURCE.replacen(".subject", more, 1)))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_keeps_is_there_after_a_reload_and_a_restart() {
    let bot = Fixture::with(&["maintenance"]).await;
    bot.drop_in(&first(), "bank");
    bot.until_generation("bank", 1).await;
    bot.until_content_is_seen().await;
    let (owner, member) = (bot.owner(), bot.member());
    assert_eq!(
        bot.ask(&member, "!earn 30").await.content,
        "You have 30 coins."
    );
    assert_eq!(
        bot.ask(&member, "!earn 12").await.content,
        "You have 42 coins."
    );
    assert_eq!(
        bot.ask(&member, "!give 2").await.content,
        "Transfer 1 is done."
    );
    assert_eq!(
        bot.ask(&member, "!give 41").await.content,
        "you don't have that many coins"
    );
    bot.ask(&owner, "!earn 500").await;
    assert_eq!(
        bot.ask(&owner, "!give 99").await.content,
        "the bank is closed"
    );
    assert_eq!(
        bot.ask(&member, "!wish a green cup").await.content,
        "[\"last\"], before: None"
    );
    let answer = bot
        .ask(&member, "!try DELETE FROM cogwright__shelf")
        .await
        .content;
    assert!(
        answer.contains(
            "`storage.execute`: refused: `cogwright__shelf` is the host's own; in `DELETE FROM"
        ),
        "{answer}"
    );
    let answer = bot
        .ask(&member, "!try UPDATE bank__accounts SET coins = -1")
        .await
        .content;
    assert!(
        answer.contains("CHECK constraint failed: coins >= 0; in `UPDATE"),
        "{answer}"
    );

    // The old generation serves while the new one's migration runs, and then it is there.
    bot.drop_in(&second(), "bank");
    bot.until_generation("bank", 2).await;
    let top = format!("top: {}: 500, {}: 40", owner.id(), member.id());
    assert_eq!(bot.ask(&member, "!top").await.content, top);
    let answer = bot
        .ask(&member, "!try UPDATE bank__accounts SET colour = 'green'")
        .await
        .content;
    assert_eq!(answer, "changed 2");
    let answer = bot.ask(&owner, "!cogwright migrations").await.text();
    assert!(
        answer.contains("1 for the bot: run in 1 of 1")
            && answer.contains("2 for servers: run in 1 of 1"),
        "{answer}"
    );

    let bot = bot.restart().await;
    bot.until_generation("bank", 1).await;
    bot.until_content_is_seen().await;
    assert_eq!(bot.ask(&member, "!top").await.content, top);
    assert_eq!(bot.ask(&member, "!starts").await.content, "started Some(3)");
    let answer = bot.ask(&member, "!wish tea").await.content;
    assert_eq!(answer, "[\"last\"], before: Some((\"a green cup\", false))");
    // The stop has left a backup.
    let backups = fs::read_dir(bot.folder.path().join("data/backups"))
        .unwrap()
        .count();
    assert_eq!(backups, 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_exports_and_erases_what_is_kept_about_a_user() {
    let bot = Fixture::with(&["hello", "mydata", "maintenance"]).await;
    bot.drop_in(&first(), "bank");
    bot.until_generation("bank", 1).await;
    let (owner, member) = (bot.owner(), bot.member());
    for who in [&owner, &member] {
        bot.ask(who, "!earn 7").await;
        bot.ask(who, "!wish a green cup").await;
    }
    let answer = bot.ask(&owner, "!cogwright backup").await.text();
    assert!(
        answer.starts_with("Backed up\n2 databases copied"),
        "{answer}"
    );
    // The plugin is gone, and the host still knows.
    bot.plugins().unload("bank", false).await.unwrap();
    // What is kept about somebody is for the owner's eyes alone.
    let line = format!("!cogwright export-data <@{}>", member.id());
    owner.says("general", &line).await.unwrap();
    let sent = owner
        .expects_where("dm", "a file", |message| !message.attachments.is_empty())
        .await
        .unwrap();
    assert!(sent.content.contains("from 1 database"), "{}", sent.content);
    let exported = bot.bot.services().storage.export_subject(member.id()).await;
    let told = fs::read_to_string(exported.unwrap().file).unwrap();
    assert!(
        told.contains("\"coins\": 7") && told.contains("a green cup"),
        "{told}"
    );
    let answer = bot
        .ask(&owner, &format!("!cogwright erase-data <@{}>", member.id()))
        .await
        .text();
    assert!(answer.contains("the word `erase` is missing"), "{answer}");
    let answer = bot
        .ask(
            &owner,
            &format!("!cogwright erase-data <@{}> erase", member.id()),
        )
        .await
        .text();
    assert!(
        answer.contains("2 entries in 1 database, and the copies of it in 2 files"),
        "{answer}"
    );
    bot.plugins().load("bank").await.unwrap();
    assert_eq!(
        bot.ask(&member, "!top").await.content,
        format!("top: {}: 7", owner.id())
    );
    // Members are not asked twice: it is the owner's command.
    member
        .says("general", "!cogwright export-data 1")
        .await
        .unwrap();
    assert_eq!(
        bot.ask(&member, "!wish tea").await.content,
        "[\"last\"], before: None"
    );
    let exports = fs::read_dir(bot.folder.path().join("data/exports"));
    assert_eq!(exports.map_or(0, Iterator::count), 0);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_refuses_the_plugin_and_leaves_the_old_one_serving() {
    let bot = Fixture::with(&["hello"]).await;
    bot.drop_in(&first(), "bank");
    bot.until_generation("bank", 1).await;
    let member = bot.member();
    bot.ask(&member, "!earn 7").await;
    let bad = SOURCE.replace("rate REAL NOT NULL)\"", "rate REAL NOT NULL, x INTEGER)\"");
    bot.drop_in(&bank("storage3", "0.7.3", &bad), "bank");
    let why = bot.until_refused("bank").await;
    assert!(
        why.contains(
            "migration 1 of `bank` has run on main.db with another text: its checksum was"
        ),
        "{why}"
    );
    assert_eq!(
        bot.ask(&member, "!earn 1").await.content,
        "You have 8 coins."
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_left_is_closed_and_kept_and_one_that_is_away_stays_open() {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&first(), "bank");
    bot.until_generation("bank", 1).await;
    bot.until_content_is_seen().await;
    let (member, guild) = (bot.member(), bot.sandbox.guild_id());
    bot.ask(&member, "!earn 30").await;
    let storage = &bot.bot.services().storage;
    let before = storage.numbers().unwrap();
    assert_eq!(before.open, 1);

    // An outage: Discord accepts the server away, and brings it back.
    let id = guild.to_string();
    let outage = json!({"id": id, "unavailable": true});
    bot.sandbox.dispatch("GUILD_DELETE", Some(guild), outage);
    // Events come in order: what is answered after it came after it. This one asks another database.
    bot.ask(&member, "!starts").await;
    assert_eq!(storage.numbers().unwrap().open, 1);
    bot.ask(&member, "!earn 1").await;
    assert_eq!(storage.numbers().unwrap().opened, before.opened);

    // The bot leaves.
    let file = bot.folder.path().join(format!("data/{guild}/guild.db"));
    let wal = file.with_extension("db-wal");
    assert!(wal.exists(), "it is open");
    let discord = &bot.bot.services().discord;
    let path = format!("users/@me/guilds/{guild}");
    discord
        .json("DELETE", path, &json!(null), false)
        .await
        .unwrap();
    // Closed is what has its log in the file; it is counted out just before.
    tokio::time::timeout(PATIENCE, async {
        while storage.numbers().unwrap().open > 0 || wal.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the database is closed");
    assert!(file.exists());

    // Whoever asks for it later finds it as it was.
    let caller = Caller::new("bank", 1);
    let steps = json!([{"sql": "SELECT coins FROM bank__accounts"}]);
    let call = json!({"guild_id": guild, "steps": steps});
    let kept = storage.serve(&caller, "storage.query", call, Vec::new());
    let kept = String::from_utf8(kept.await.unwrap().head).unwrap();
    assert!(kept.contains("31"), "{kept}");
    assert_eq!(storage.numbers().unwrap().opened, before.opened + 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_run_for_one_plugin_by_its_name() {
    let bot = Fixture::with(&["hello", "maintenance"]).await;
    bot.drop_in(&first(), "bank");
    bot.until_generation("bank", 1).await;
    let owner = bot.owner();
    bot.ask(&owner, "!earn 7").await;
    for (line, says) in [
        ("!cogwright migrate bank", "0 migrations run"),
        ("!cogwright migrate", "0 migrations run"),
        (
            "!cogwright migrate bnak",
            "here is no plugin `bnak`; did you mean `bank`?",
        ),
        (
            "!cogwright migrate nothing_like_it",
            "here is no plugin `nothing_like_it`; there are",
        ),
    ] {
        let answer = bot.ask(&owner, line).await.text();
        assert!(answer.contains(says), "{line}: {answer}");
    }
    bot.plugins().unload("hello", false).await.unwrap();
    let answer = bot.ask(&owner, "!cogwright migrate hello").await.text();
    assert!(
        answer.contains("`hello` is not loaded; `load hello` loads it"),
        "{answer}"
    );
    bot.close().await;
}
