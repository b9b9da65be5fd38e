//! Tests of capabilities about what is kept: settings, databases, users' data, files of the bot; each asked for by the bot's owner, a
//! server's owner and a member.

use std::{fs, path::PathBuf, sync::OnceLock};

use plugin_api::Power;
use sandbox::Actor;

use crate::{fixtures, support::Fixture};

const SOURCE: &str = r##"//! Looks after what is kept, for whoever may.
use std::time::Duration;

use plugin_api::{
    Power,
    abi::{BotFileCall, DatabaseCall, DescribeCall},
    prelude::*,
};

export_plugin!(|| {
    Plugin::new()
        .powers(Power::ALL.to_vec())
        .setting(Setting::integer("limit", "How many").default(3).min(1).max(10).per_guild())
        .setting(Setting::duration("pause", "Between them").default("5m"))
        .setting(Setting::string("word", "A word"))
        .migration(1, Scope::Guild, "CREATE TABLE keeper__notes (user_id INTEGER, text TEXT)")
        .migration(1, Scope::Bot, "CREATE TABLE keeper__all (name TEXT PRIMARY KEY)")
        .subject("keeper__notes", "user_id")
        .command(Command::new("note", "Notes something").option(CommandOption::string("text", "It").rest()).run(note))
        .command(Command::new("k", "Keeps").option(CommandOption::string("line", "What").rest().required()).run(keep))
});

async fn note(ctx: CommandContext) -> Result {
    let guild = ctx.guild_id().ok_or(Error::user("in servers only"))?;
    let text: String = ctx.option("text")?;
    let sql = "INSERT INTO keeper__notes VALUES (?1, ?2)";
    ctx.host().storage().guild(guild).execute(sql, params![ctx.user().id, text]).await?;
    ctx.reply("noted").await
}

async fn keep(ctx: CommandContext) -> Result {
    let line: String = ctx.option("line")?;
    let said = match serve(&ctx, &line).await {
        Ok(said) => said,
        Err(error) => match error.user_message() {
            Some(words) => format!("refused: {words}"),
            None => format!("failed: {error}"),
        },
    };
    let said: String = said.chars().take(1_900).collect();
    ctx.reply(if said.is_empty() { "nothing".to_owned() } else { said }).await
}

fn number<T>(text: &str) -> Result<Id<T>> {
    Ok(Id::new(text.parse().map_err(|_| Error::new("no number"))?))
}

async fn serve(ctx: &CommandContext, line: &str) -> Result<String> {
    let host = ctx.host();
    let words: Vec<&str> = line.splitn(4, ' ').collect();
    let here = ctx.guild_id();
    let guild = here.ok_or(Error::user("in servers only"))?;
    let whole = DatabaseCall::default();
    Ok(match words[..] {
        ["get"] => {
            let (all, own): (u64, u64) = (host.setting("limit")?, host.guild_setting(guild, "limit").await?);
            let pause: Duration = host.setting("pause")?;
            let word: Option<String> = host.setting("word")?;
            format!("{all}, here {own}, every {pause:?}, {word:?}")
        }
        ["set", name, value] => {
            let done = host.set_setting(name, value).await?;
            let now: u64 = host.setting("limit")?;
            format!("{} to {}, limit {now}; {}", done.before, done.after, done.words)
        }
        ["pause", seconds] => {
            let pause = Duration::from_secs(seconds.parse().map_err(|_| Error::new("no number"))?);
            host.set_setting("pause", pause).await?.after.to_string()
        }
        ["reset", name] => host.reset_setting(name).await?.after.to_string(),
        ["here", "reset"] => host.reset_guild_setting(guild, "limit").await?.after.to_string(),
        ["here", value] => host.set_guild_setting(guild, "limit", value).await?.after.to_string(),
        ["there", server, value] => {
            host.set_guild_setting(number(server)?, "limit", value).await?.after.to_string()
        }
        ["write", path, value] => {
            let done = host.write_setting(None, path, value).await?;
            format!("{} to {}; {}", done.before, done.after, done.words)
        }
        ["unwrite", path] => host.write_setting(None, path, ()).await?.after.to_string(),
        ["write-in", server, path, value] => {
            let server = if server == "here" { guild } else { number(server)? };
            let done = host.write_setting(Some(server), path, value).await?;
            format!("{} to {}; {}", done.before, done.after, done.words)
        }
        ["describe", of] => {
            let mut call = DescribeCall { of: Some(of.to_owned()), limit: Some(2), ..DescribeCall::default() };
            let mut lines = Vec::new();
            loop {
                let page = host.describe_settings(&call).await?;
                lines.extend(page.settings.iter().map(|it| format!("{} = {} ({}, {})", it.path, it.value, it.from, it.takes)));
                match page.next {
                    Some(next) => call.after = Some(next),
                    None => break,
                }
            }
            lines.join("\n")
        }
        ["describe"] => {
            let call = DescribeCall { guild_id: Some(guild.get()), ..DescribeCall::default() };
            let page = host.describe_settings(&call).await?;
            let lines: Vec<_> = page.settings.iter().map(|it| format!("{} = {} ({})", it.path, it.value, it.from)).collect();
            format!("{:?} {}", page.file, lines.join("\n"))
        }
        ["stats"] => {
            let stats = host.databases().stats(&whole).await?;
            let names: Vec<_> = stats.files.iter().map(|it| format!("{}{}", it.name, if it.left { " left" } else { "" })).collect();
            format!("{} databases, {} left, backup {}: {}", stats.databases, stats.left, stats.last_backup_ms.is_some(), names.join(", "))
        }
        ["tables"] => {
            let call = DatabaseCall { guild_id: Some(guild.get()), plugin: Some("keeper".into()), ..whole };
            let tables = host.databases().tables(&call).await?.tables;
            let of = |it: &plugin_api::abi::TableView| {
                let columns: Vec<_> = it.columns.iter().map(|column| &*column.name).collect();
                format!("{} of {:?}: {}", it.name, it.plugin, columns.join(" "))
            };
            tables.iter().map(of).collect::<Vec<_>>().join("\n")
        }
        ["sql", ..] => {
            let sql = line.strip_prefix("sql ").unwrap_or_default();
            let (rows, more) = host.databases().query(here, sql, params![], 2).await?;
            let lines: Vec<_> = rows.iter().map(|row| format!("{:?}", row.values())).collect();
            format!("{}{}", lines.join("; "), if more { " and more" } else { "" })
        }
        ["check"] => {
            let check = host.databases().check(&whole).await?;
            format!("{} checked, {} faults, {:?}", check.checked, check.faults.len(), check.next)
        }
        ["migrations"] => {
            let all = host.databases().migrations(&whole).await?.migrations;
            let of = |it: &plugin_api::abi::MigrationView| {
                format!("{} {} {} {}/{} {}", it.plugin, it.number, it.for_guilds, it.applied, it.databases, it.last_ms.is_some())
            };
            all.iter().map(of).collect::<Vec<_>>().join("\n")
        }
        ["migrate", plugin] => {
            let done = host.databases().migrate(Some(plugin)).await?;
            format!("{} ran, {} failed", done.ran, done.failed)
        }
        ["backup"] => format!("{} copied", host.databases().backup(None).await?.copied),
        ["backup", "here"] => format!("{} copied", host.databases().backup(here).await?.copied),
        ["backups"] => {
            let all = host.databases().backups(&whole).await?.backups;
            let of = |it: &plugin_api::abi::BackupView| {
                format!("{:?} {} {}", it.guild_id.is_some(), it.databases, it.bytes > 0 && it.made_ms > 0)
            };
            all.iter().map(of).collect::<Vec<_>>().join("; ")
        }
        ["forget", server] => {
            let told = host.databases().forget_guild(number(server)?, false).await?;
            format!("{} copies, {} failed", told.copies, told.failed.len())
        }
        ["forget", "here", "force"] => {
            let told = host.databases().forget_guild(guild, true).await?;
            format!("{} copies, {} failed", told.copies, told.failed.len())
        }
        ["export", user] => {
            let (told, json) = host.export_subject(number(user)?).await?;
            let json = String::from_utf8_lossy(&json).into_owned();
            format!("{} databases, {} failed, {} bytes: {}", told.databases, told.failed, told.bytes, json.contains("kettle"))
        }
        ["store", user] => {
            let told = host.export_subject_to(number(user)?, "export.json").await?;
            let stored = host.files().read("export.json").await?.unwrap_or_default();
            format!("{}", stored.len() as u64 == told.bytes && told.bytes > 0)
        }
        ["erase", user] => {
            let told = host.erase_subject(number(user)?).await?;
            format!("{} rows, {} failed {:?}", told.rows, told.failed, told.reasons)
        }
        ["ls"] => ls(host, "").await?,
        ["ls", path] => ls(host, path).await?,
        ["cat", path] => {
            let call = BotFileCall { path: path.to_owned(), ..BotFileCall::default() };
            let (chunk, bytes) = host.bot_files().read(&call).await?;
            format!("{} {} {}", chunk.found, chunk.bytes, String::from_utf8_lossy(&bytes))
        }
        ["put", path, text] => {
            let done = host.bot_files().write(path, text).await?;
            format!("{} {} {}", done.existed, done.bytes, done.kept.is_some())
        }
        ["rm", path] => {
            let done = host.bot_files().remove(path).await?;
            format!("{} {}", done.existed, done.kept.is_some())
        }
        ["mv", from, to] => host.bot_files().rename(from, to).await?.existed.to_string(),
        ["files"] => {
            let stats = host.file_stats().await?;
            format!("{}, {} writes, {:?}", stats.health, stats.writes, stats.plugins.iter().map(|it| &*it.plugin).collect::<Vec<_>>())
        }
        ["clear"] => {
            let cleared = host.clear_caches(&[]).await?;
            format!("{} files, {} settings", cleared.files, cleared.settings)
        }
        ["clear", name] => format!("{} files", host.clear_caches(&[name]).await?.files),
        _ => "what?".to_owned(),
    })
}

async fn ls(host: &Host, path: &str) -> Result<String> {
    let call = BotFileCall { path: path.to_owned(), ..BotFileCall::default() };
    let list = host.bot_files().list(&call).await?;
    Ok(list.entries.iter().map(|it| format!("{}{}", it.name, if it.read_only { "*" } else { "" })).collect::<Vec<_>>().join(" "))
}
"##;

fn library() -> PathBuf {
    static KEEPER: OnceLock<PathBuf> = OnceLock::new();
    KEEPER
        .get_or_init(|| fixtures::plugin("keeper", "keeps", "0.15.21", "", SOURCE))
        .clone()
}

/// The bot's owner, the owner of the server Harbour, and a member there; and another server, Island, which is `baron`'s.
struct Story {
    bot: Fixture,
    owner: Actor,
    mayor: Actor,
    sailor: Actor,
}

impl Story {
    async fn begin(config: &str) -> Self {
        let powers: Vec<_> = Power::ALL.iter().map(|it| format!("\"{it}\"")).collect();
        let config = format!(
            "{config}\n[grants.keeper]\npowers = [{}]\n",
            powers.join(", ")
        );
        let bot = Fixture::configured(&[], &config).await;
        bot.drop_in(&library(), "keeper");
        bot.until_generation("keeper", 1).await;
        let bot = bot
            .restart_after(async |stopped| {
                stopped.sandbox.change_world(|world| {
                    let owner = world.user_named("owner").unwrap();
                    let (mayor, baron) = (world.add_user("mayor"), world.add_user("baron"));
                    let harbour = world.add_guild("Harbour", mayor);
                    let sailor = world.add_user("sailor");
                    for member in [owner, sailor] {
                        world.add_member(harbour, member, &[]);
                    }
                    world.add_channel(harbour, "docks");
                    let island = world.add_guild("Island", baron);
                    world.add_channel(island, "beach");
                });
            })
            .await;
        bot.until_content_is_seen().await;
        let actor = |name| bot.sandbox.actor(name).unwrap();
        let (owner, mayor, sailor) = (actor("owner"), actor("mayor"), actor("sailor"));
        Self {
            bot,
            owner,
            mayor,
            sailor,
        }
    }

    async fn ask(&self, who: &Actor, line: &str) -> String {
        let sent = who.says("docks", &format!("!{line}")).await.unwrap();
        who.expects_reply_to(&sent).await.unwrap().text()
    }

    /// What the calls come to, one after the other.
    async fn asks(&self, who: &Actor, calls: &[(&str, &str)]) {
        for (line, expected) in calls {
            let said = self.ask(who, &format!("k {line}")).await;
            assert!(said.contains(expected), "{}: {line}: {said}", who.name());
        }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.bot.folder.path().join(path)
    }

    fn guild(&self, name: &str) -> u64 {
        let mut id = None;
        self.bot
            .sandbox
            .change_world(|world| id = world.guild_named(name));
        id.unwrap()
    }

    fn journal(&self) -> String {
        fs::read_to_string(self.file("data/audit/audit.jsonl")).unwrap()
    }
}

const OWNERS: &str = "refused: That is for the bot's owners alone.";
const MANAGERS: &str = "refused: That is for those who manage that server alone.";

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_and_described_by_whoever_may() {
    let story = Story::begin("# Ours.\n[plugins.keeper]\nlimit = 4 # for now").await;
    let island = story.guild("Island");
    // Its own, whoever asks: who may have it changed is the plugin's business.
    story
        .asks(
            &story.sailor,
            &[
                ("get", "4, here 4, every 300s, None"),
                (
                    "set limit 5",
                    "4 to 5, limit 5; in force from now on: `plugins.keeper.limit`",
                ),
                (
                    "set limit 50",
                    "refused: `keeper.limit`: expected 1 to 10, found 50",
                ),
                (
                    "set limit tea",
                    "refused: `keeper.limit`: expected a whole number",
                ),
                (
                    "set limt 5",
                    "failed: `settings.set`: the plugin declares no setting `limt`",
                ),
                (
                    "set bot.prefix ?",
                    "failed: `settings.set`: the plugin declares no setting",
                ),
                ("pause 90", "\"90s\""),
                ("pause 90", "\"90s\""),
                ("set word \"a", "null to \"\\\"a\""),
                ("here 7", "7"),
                ("here 70", "expected 1 to 10"),
                (
                    "there 777 2",
                    "failed: `settings.set`: the bot is not in the server 777",
                ),
                ("get", "5, here 7, every 90s, Some(\"\\\"a\")"),
                ("here reset", "5"),
                ("reset word", "null"),
                ("get", "5, here 5, every 90s, None"),
            ],
        )
        .await;
    let long = "x".repeat(1_900);
    let said = story
        .ask(&story.sailor, &format!("k set word {long}"))
        .await;
    assert!(said.starts_with("null to"), "{said}");
    let text = fs::read_to_string(story.file("config.toml")).unwrap();
    assert!(
        text.starts_with("# Ours.\n[plugins.keeper]\nlimit = 5 # for now"),
        "{text}"
    );
    // All others, by power.
    story
        .asks(
            &story.sailor,
            &[
                ("write bot.prefix ?", OWNERS),
                ("write-in here keeper.limit 6", MANAGERS),
                ("describe", MANAGERS),
                ("describe bot", OWNERS),
            ],
        )
        .await;
    story
        .asks(
            &story.mayor,
            &[
                ("write bot.prefix ?", OWNERS),
                ("describe bot", OWNERS),
                (
                    "write-in here keeper.limit 6",
                    "5 to 6; in force from now on in this server",
                ),
                ("write-in here keeper.pause 6s", "the same in all servers"),
                ("write-in here bot.prefix ?", "the same in all servers"),
                ("write-in here keeper.limit 60", "expected 1 to 10"),
                (&format!("write-in {island} keeper.limit 6"), MANAGERS),
                ("describe", "None keeper.limit = 6 (server)"),
            ],
        )
        .await;
    story
        .asks(
            &story.owner,
            &[
                (
                    "describe keeper",
                    "keeper.limit = 5 (file, whole number, 1 to 10)",
                ),
                ("describe bot", "bot.prefix = \"!\" (default, )"),
                (
                    "describe nothing",
                    "refused: there is no table and no plugin with settings called `nothing`",
                ),
                (&format!("write-in {island} keeper.limit 6"), "5 to 6"),
                ("write data.folder elsewhere", "in force after a restart"),
                ("unwrite data.folder", "\""),
                ("write bot.prefx ?", "did you mean `prefix`?"),
                ("write storage.max_rows 0", "refused: "),
                (
                    "write alerts.hooks.channel_id 175928847299117063",
                    "null to \"175928847299117063\"",
                ),
                (
                    "describe alerts",
                    "alerts.hooks.channel_id = \"175928847299117063\" (file, )",
                ),
                ("write commands.cooldown_uses 2", "0 to 2"),
                ("unwrite commands.cooldown_uses", "0"),
            ],
        )
        .await;
    let journal = story.journal();
    assert_eq!(journal.matches("\"settings.set\"").count(), 0);
    let line = journal
        .lines()
        .find(|line| line.contains("commands.cooldown_uses"))
        .unwrap();
    assert!(
        line.contains("\"before\":0") && line.contains("\"after\":2"),
        "{line}"
    );
    story.bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_are_looked_into_and_looked_after_by_owners() {
    let story = Story::begin("").await;
    let harbour = story.guild("Harbour");
    for text in ["a kettle", "a cup", "a pot"] {
        assert_eq!(
            story.ask(&story.sailor, &format!("note {text}")).await,
            "noted"
        );
    }
    // What is left of a server that the bot is not in.
    fs::create_dir(story.file("data/777")).unwrap();
    fs::write(story.file("data/777/guild.db"), "what is left").unwrap();
    for who in [&story.sailor, &story.mayor] {
        for line in [
            "tables",
            "sql SELECT 1",
            "check",
            "migrations",
            "migrate keeper",
            "backup",
            "backup here",
            "backups",
            "forget 777",
            "forget here force",
        ] {
            story.asks(who, &[(line, OWNERS)]).await;
        }
    }
    story
        .asks(&story.sailor, &[("stats", "3 databases, 1 left, backup")])
        .await;
    story
        .asks(
            &story.owner,
            &[
                ("tables", "keeper__notes of Some(\"keeper\"): user_id text"),
                (
                    "sql SELECT text FROM keeper__notes ORDER BY text",
                    "[Text(\"a cup\")]; [Text(\"a kettle\")] and more",
                ),
                (
                    "sql UPDATE keeper__notes SET text = '' RETURNING text",
                    "refused: refused: a database is looked into",
                ),
                ("sql DELETE FROM cogwright__about", "refused: "),
                ("sql SELECT count(*) FROM keeper__notes", "[Integer(3)]"),
                ("check", "3 checked, 1 faults, None"),
                ("migrations", "keeper 1 true 1/2 true"),
                ("migrate keeper", "failed"),
                ("migrate nobody", "refused: there is no plugin `nobody`"),
                ("forget 777", "0 copies, 0 failed"),
                ("forget 777", "refused: nothing is kept in 777/guild.db"),
                (
                    &format!("forget {harbour}"),
                    "refused: the bot is in the server",
                ),
                ("check", "2 checked, 0 faults, None"),
                ("backup", "copied"),
                ("backup here", "1 copied"),
                ("stats", "2 databases, 0 left, backup true"),
                ("forget here force", "2 copies, 0 failed"),
                ("sql SELECT 1", "refused: there is no database"),
            ],
        )
        .await;
    assert!(!story.file("data/777").exists());
    // It begins anew.
    assert_eq!(story.ask(&story.sailor, "note again").await, "noted");
    story
        .asks(
            &story.owner,
            &[("sql SELECT text FROM keeper__notes", "[Text(\"again\")]")],
        )
        .await;
    let journal = story.journal();
    for call in [
        "database.forget_guild",
        "database.backup",
        "database.migrate",
    ] {
        assert!(journal.contains(&format!("\"{call}\"")), "{call}");
    }
    assert!(!journal.contains("\"database.query\""));
    story.bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_learns_what_is_kept_about_themselves_and_owners_about_anybody() {
    let story = Story::begin("").await;
    let (sailor, mayor) = (story.sailor.id(), story.mayor.id());
    assert_eq!(story.ask(&story.sailor, "note a kettle").await, "noted");
    assert_eq!(story.ask(&story.mayor, "note a kettle").await, "noted");
    let themselves = "refused: That is for whom it is about, and the bot's owners alone.";
    for verb in ["export", "store", "erase"] {
        story
            .asks(&story.sailor, &[(&format!("{verb} {mayor}"), themselves)])
            .await;
        story
            .asks(&story.mayor, &[(&format!("{verb} {sailor}"), themselves)])
            .await;
    }
    story
        .asks(
            &story.sailor,
            &[
                (&format!("export {sailor}"), "1 databases, 0 failed"),
                (&format!("export {sailor}"), "true"),
                (&format!("store {sailor}"), "true"),
                (&format!("erase {sailor}"), "1 rows, 0 failed []"),
                (&format!("export {sailor}"), "0 databases, 0 failed"),
            ],
        )
        .await;
    story
        .asks(
            &story.owner,
            &[
                (&format!("export {mayor}"), "1 databases"),
                (&format!("erase {mayor}"), "1 rows"),
            ],
        )
        .await;
    assert!(!story.file("data/exports").exists());
    story.bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bots_folder_is_its_owners_but_for_what_is_protected() {
    let story = Story::begin("[log]\nfolder = \"botlogs-of-the-test\"").await;
    fs::write(story.file(".env"), "DISCORD_TOKEN=x\n").unwrap();
    fs::create_dir_all(story.file("secrets")).unwrap();
    fs::write(story.file("secrets/key"), "from-the-secrets-folder").unwrap();
    fs::write(story.file("leak.txt"), "it is from-the-environment, really").unwrap();
    for who in [&story.sailor, &story.mayor] {
        for line in [
            "ls",
            "cat config.toml",
            "put notes.md x",
            "rm notes.md",
            "mv a b",
            "clear",
        ] {
            story.asks(who, &[(line, OWNERS)]).await;
        }
    }
    story
        .asks(
            &story.owner,
            &[
                ("ls", "config.toml* data* extensions* leak.txt"),
                ("cat config.toml", "[grants.keeper]"),
                ("cat .env", "refused: `.env`: names that begin with a dot"),
                ("cat secrets/key", "refused: "),
                ("cat data/main.db", "refused: "),
                ("ls data/audit", "refused: "),
                ("cat ../config.toml", "does not lead upwards"),
                ("cat leak.txt", "refused: `leak.txt`: there is a secret"),
                (
                    "put config.toml x",
                    "refused: `config.toml`: config.toml, the data",
                ),
                ("put extensions/libnew.so x", "refused: "),
                ("put notes/tea.md green", "false 0 false"),
                ("put notes/tea.md black", "true 5 true"),
                ("mv notes/tea.md tea.md", "true"),
                ("cat tea.md", "true 5 black"),
                ("rm tea.md", "true true"),
                ("cat tea.md", "false 0"),
                ("ls notes", "nothing"),
                ("clear files", "files"),
                ("clear", "settings"),
                (
                    "clear everything",
                    "refused: there is no cache `everything`",
                ),
            ],
        )
        .await;
    let said = story.ask(&story.owner, "k ls").await;
    assert!(
        !said.contains("secrets") && !said.contains(".env"),
        "{said}"
    );
    story.asks(&story.sailor, &[("files", "healthy, ")]).await;
    assert_eq!(fs::read_dir(story.file("data/bin")).unwrap().count(), 2);
    let journal = story.journal();
    for call in [
        "botfiles.write",
        "botfiles.remove",
        "botfiles.rename",
        "bot.clear_caches",
    ] {
        assert!(journal.contains(&format!("\"{call}\"")), "{call}");
    }
    story.bot.close().await;
}
