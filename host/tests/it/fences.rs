//! Tests of isolation: a plugin that attacks, and a victim beside it. What the one does, the other does not notice.

use std::{fs, path::PathBuf, sync::OnceLock};

use crate::{fixtures, support::Fixture};

/// Both are this plugin: it has a table about users and one of what it has got hold of, and runs any SQL.
const SOURCE: &str = r##"//! Rows about users.
use std::{cell::{Cell, RefCell}, rc::Rc};

use plugin_api::prelude::*;

/// An attack that goes on until it is stopped.
#[derive(Default)]
struct Attack {
    running: Cell<u32>,
    stop: Cell<bool>,
    told: RefCell<Option<String>>,
}

type State = Rc<Attack>;

const TABLES: &str = "
    CREATE TABLE NAME__rows (user_id INTEGER, secret TEXT);
    CREATE TABLE NAME__loot (secret TEXT);";

export_plugin!(|| {
    Plugin::with_state(|_| async { Ok(State::default()) })
        .migration(1, Scope::Guild, TABLES)
        .subject("NAME__rows", "user_id")
        .command(Command::new("COMMAND", "Runs SQL").option(CommandOption::string("sql", "It").rest()).run(run_sql))
        .command(Command::new("COMMAND-write", "Runs SQL that writes").option(CommandOption::string("sql", "It").rest()).run(write_sql))
        .command(
            Command::new("COMMAND-attack", "Begins an attack")
                .option(CommandOption::string("how", "In which way"))
                .option(CommandOption::string("sql", "With what").rest())
                .run(attack),
        )
        .command(Command::new("COMMAND-stop", "Ends it").run(stop))
        .command(Command::new("COMMAND-flood", "Makes calls").run(flood))
        .command(Command::new("COMMAND-elsewhere", "Asks for a server's database").run(elsewhere))
});

fn database(ctx: &CommandContext<State>) -> Result<Database> {
    Ok(ctx.host().storage().guild(ctx.guild_id().ok_or(Error::user("in servers only"))?))
}

async fn run_sql(ctx: CommandContext<State>) -> Result {
    let sql: String = ctx.option("sql")?;
    match database(&ctx)?.query(&sql, params![]).await {
        Ok(rows) => {
            let texts: Vec<Option<String>> = if rows.is_empty() { Vec::new() } else { rows.read().unwrap_or_default() };
            ctx.reply(format!("done {texts:?}")).await
        }
        Err(error) => ctx.reply(error.to_string()).await,
    }
}

async fn write_sql(ctx: CommandContext<State>) -> Result {
    let sql: String = ctx.option("sql")?;
    match database(&ctx)?.execute(&sql, params![]).await {
        Ok(_) => ctx.reply("done").await,
        Err(error) => ctx.reply(error.to_string()).await,
    }
}

/// The attack, once.
async fn strike(host: &Host, database: &Database, how: &str, sql: &str) -> Result<()> {
    match how {
        "query" => database.query(sql, params![]).await.map(drop),
        "write" => database.execute(sql, params![]).await.map(drop),
        "transaction" => {
            let steps = database.transaction(|all| {
                for _ in 0..20_000 {
                    all.execute(sql, params![]);
                }
            });
            steps.await.map(drop)
        }
        "flood" => database.execute("DELETE FROM NAME__loot", params![]).await.map(drop),
        "files" => {
            for number in 0..30 {
                host.files().write(&format!("{number}"), vec![7_u8; 500_000]).await?;
            }
            Ok(())
        }
        "shelf" => {
            for number in 0..30 {
                database.kv_store("hoard").set(&format!("{number}"), &"x".repeat(500_000)).await?;
            }
            Ok(())
        }
        _ => host.storage().guild(Id::new(4_711)).query("SELECT 1", params![]).await.map(drop),
    }
}

async fn attack(ctx: CommandContext<State>) -> Result {
    let how: String = ctx.option("how")?;
    let sql: String = ctx.option::<Option<String>>("sql")?.unwrap_or_default();
    let state = ctx.state().clone();
    state.stop.set(false);
    state.told.replace(None);
    // Two at once have all threads that one plugin gets.
    let tasks = if how == "flood" { 1_500 } else { 2 };
    for _ in 0..tasks {
        let (host, database, state) = (ctx.host().clone(), database(&ctx)?, state.clone());
        let (how, sql) = (how.clone(), sql.clone());
        state.running.set(state.running.get() + 1);
        ctx.host().spawn(async move {
            while !state.stop.get() {
                let told = match strike(&host, &database, &how, &sql).await {
                    Ok(()) => "done".to_owned(),
                    Err(error) => error.to_string(),
                };
                state.told.borrow_mut().get_or_insert(told);
            }
            state.running.set(state.running.get() - 1);
            Ok(())
        });
    }
    // They have been begun, each.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    ctx.reply("attacking").await
}

async fn stop(ctx: CommandContext<State>) -> Result {
    let state = ctx.state().clone();
    let running = state.running.get();
    state.stop.set(true);
    while state.running.get() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let told = state.told.take().unwrap_or_default();
    let had = if running == 2 || running == 1_500 { "none had stopped" } else { "some had stopped" };
    ctx.reply(format!("{had}: {told}")).await
}

async fn elsewhere(ctx: CommandContext<State>) -> Result {
    let database = ctx.host().storage().guild(Id::new(4_711));
    match database.query("SELECT 1", params![]).await {
        Ok(_) => ctx.reply("there is one").await,
        Err(error) => ctx.reply(error.to_string()).await,
    }
}

async fn flood(ctx: CommandContext<State>) -> Result {
    let database = database(&ctx)?;
    for _ in 0..1_500 {
        let database = database.clone();
        ctx.host().spawn(async move {
            let _ = database.execute("DELETE FROM NAME__loot", params![]).await;
            Ok(())
        });
    }
    ctx.reply("flooding").await
}
"##;

fn built(name: &str, tag: &str) -> PathBuf {
    let source = SOURCE
        .replace("NAME", name)
        .replace("COMMAND", &name.to_lowercase());
    fixtures::plugin(name, tag, "0.1.0", "", &source)
}

/// The attacker with more of a manifest.
pub fn attacker_with(tag: &str, more: &str) -> PathBuf {
    let source = SOURCE
        .replace("NAME", "attacker")
        .replace("COMMAND", "attacker")
        .replace(".subject(", &format!("{more}.subject("));
    fixtures::plugin("attacker", &format!("fences-{tag}"), "0.2.0", "", &source)
}

fn victim() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("victim", "fences")).clone()
}

fn attacker() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("attacker", "fences")).clone()
}

/// Both loaded, and a row of the member's and of the owner's in each.
pub async fn both(config: &str) -> Fixture {
    let bot = Fixture::configured(&["mydata", "registry"], config).await;
    for (library, name) in [(victim(), "victim"), (attacker(), "attacker")] {
        bot.drop_in(&library, name);
        bot.until_generation(name, 1).await;
    }
    bot.until_content_is_seen().await;
    let (owner, member) = (bot.owner(), bot.member());
    for name in ["victim", "attacker"] {
        let sql = format!(
            "INSERT INTO {name}__rows VALUES ({}, 'of the owner'), ({}, 'of the member')",
            owner.id(),
            member.id()
        );
        assert_eq!(sql_of(&bot, name, &sql).await, "done []");
    }
    bot
}

/// What a plugin says to a statement.
pub async fn sql_of(bot: &Fixture, plugin: &str, sql: &str) -> String {
    bot.ask(&bot.member(), &format!("!{plugin} {sql}"))
        .await
        .content
}

/// The owner erases all that is kept about the member; what they are answered.
pub async fn erase(bot: &Fixture) -> String {
    let line = format!("!cogwright erase-data <@{}> erase", bot.member().id());
    bot.ask(&bot.owner(), &line).await.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_gives_an_attacker_nothing_of_its_victims() {
    let bot = both("").await;
    for declared in [
        "CREATE TRIGGER attacker__steal AFTER DELETE ON attacker__rows BEGIN
             INSERT INTO attacker__loot SELECT secret FROM victim__rows; END",
        "CREATE TRIGGER attacker__harm AFTER DELETE ON attacker__rows BEGIN
             UPDATE victim__rows SET secret = 'nothing'; END",
    ] {
        assert_eq!(sql_of(&bot, "attacker", declared).await, "done []");
    }
    let refused = sql_of(
        &bot,
        "attacker",
        "CREATE VIRTUAL TABLE attacker__spy USING fts5 (secret, content='victim__rows')",
    )
    .await;
    assert!(
        refused
            .contains("its `content` is `victim__rows`, and has to be a table of the plugin's own"),
        "{refused}"
    );
    let answer = erase(&bot).await;
    for part in [
        "1 entry in 1 database",
        "1 failed",
        "the part of the plugin `attacker`, its table `attacker__rows`: refused: `victim__rows` belongs to the plugin `victim`",
    ] {
        assert!(answer.contains(part), "{answer}");
    }
    let left = sql_of(&bot, "victim", "SELECT secret FROM victim__rows").await;
    assert_eq!(left, "done [Some(\"of the owner\")]");
    let loot = sql_of(&bot, "attacker", "SELECT secret FROM attacker__loot").await;
    assert_eq!(loot, "done []");
    // Without its traps it is erased as the victim's was.
    for trap in ["steal", "harm"] {
        sql_of(&bot, "attacker", &format!("DROP TRIGGER attacker__{trap}")).await;
    }
    let answer = erase(&bot).await;
    assert!(
        answer.contains("1 entry in 1 database") && !answer.contains("failed"),
        "{answer}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_triggers_and_floods_hold_up_nobody_and_the_end_leaves_a_backup() {
    let bot = both("[storage]\nstatement_timeout_ms = 3000").await;
    let member = bot.member();
    let trap = "CREATE TRIGGER attacker__endless BEFORE DELETE ON attacker__rows BEGIN
        SELECT 1 WHERE (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n) > 0; END";
    assert_eq!(sql_of(&bot, "attacker", trap).await, "done []");
    let answer = bot.ask(&member, "!attacker-flood").await.content;
    assert_eq!(answer, "flooding");
    for _ in 0..5 {
        let left = sql_of(
            &bot,
            "victim",
            "SELECT secret FROM victim__rows WHERE user_id > 1 LIMIT 1",
        )
        .await;
        assert_eq!(left, "done [Some(\"of the owner\")]");
    }
    let answer = erase(&bot).await;
    for part in [
        "1 entry in 1 database",
        "the plugin `attacker`, its table `attacker__rows`: it took longer than 3000 ms (`storage.statement_timeout_ms`)",
    ] {
        assert!(answer.contains(part), "{answer}");
    }
    let stopped = sql_of(&bot, "attacker", "DELETE FROM attacker__rows").await;
    assert!(
        stopped.contains("and was stopped, and nothing was changed"),
        "{stopped}"
    );
    let bot = bot.restart().await;
    let backups = fs::read_dir(bot.folder.path().join("data/backups")).unwrap();
    assert_eq!(backups.count(), 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_databases_only_of_servers_that_the_bot_is_in() {
    let bot = both("").await;
    let refused = bot.ask(&bot.member(), "!attacker-elsewhere").await.content;
    assert!(
        refused.contains("the bot is not in the server 4711, and makes no database for it"),
        "{refused}"
    );
    assert!(!bot.folder.path().join("data/4711").exists());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_name_is_anothers_in_capitals_is_refused() {
    let bot = both("").await;
    let twin = built("Victim", "fences-twin");
    bot.drop_in(&twin, "Victim");
    let why = bot.until_refused("Victim").await;
    for part in [
        "the plugin `Victim` and the plugin `victim`, which is loaded, differ in upper and lower case alone",
        "give one of them another name",
    ] {
        assert!(why.contains(part), "{why}");
    }
    let left = sql_of(&bot, "victim", "SELECT secret FROM victim__rows LIMIT 1").await;
    assert_eq!(left, "done [Some(\"of the owner\")]");
    bot.close().await;
}
