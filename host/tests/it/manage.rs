//! Tests of the host calls about plugins and the bot, through a real plugin.

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use plugin_api::Power;
use serde_json::Value;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Manages the bot, for whoever may.
use plugin_api::{Json, Power, abi::{PluginsCall, ServersCall}, prelude::*};

export_plugin!(|| {
    Plugin::new()
        .powers([Power::PluginsRead, Power::PluginsManage, Power::BotRead, Power::BotControl, Power::AuditRead])
        .command(Command::new("do", "Makes a host call")
            .option(CommandOption::string("call", "Which").required())
            .option(CommandOption::string("params", "As JSON").rest())
            .run(make))
        .command(Command::new("plugins", "Lists them").run(|ctx: CommandContext| async move {
            let all = ctx.host().plugins().all().await?;
            let lines: Vec<String> = all.iter().map(|it| format!("{} {} {}", it.name, it.version, it.generation)).collect();
            ctx.reply(lines.join("\n")).await
        }))
        .command(Command::new("servers", "Counts them page by page").run(servers))
        .command(Command::new("put", "Installs a file of this plugin's folder")
            .option(CommandOption::string("name", "Which plugin").required())
            .option(CommandOption::string("sha256", "What it must be"))
            .run(put))
        .command(Command::new("again", "Reloads this plugin").run(|ctx: CommandContext| async move {
            let managed = ctx.host().plugins().reload("boss").await?;
            ctx.reply(format!("begun: {}", managed.begun)).await?;
            // What comes behind the call is answered by the generation that made it.
            ctx.reply(format!("of load {}", ctx.host().generation())).await
        }))
});

async fn make(ctx: CommandContext) -> Result {
    let (call, params): (String, Option<String>) = (ctx.option("call")?, ctx.option("params")?);
    let params: Json = params.as_deref().unwrap_or("{}").parse()?;
    let (mut reply, _) = ctx.host().call(&call, params, Vec::new()).await?;
    // As much as a message takes.
    if let Some(families) = reply.get_mut("families").and_then(Json::as_array_mut) {
        families.truncate(2);
    }
    if let Some(commands) = reply.get_mut("commands").and_then(Json::as_array_mut) {
        commands.truncate(1);
    }
    if let Some(manifest) = reply.get_mut("manifest") {
        *manifest = Json::from(manifest["name"].as_str());
    }
    ctx.reply(reply.to_string()).await
}

async fn servers(ctx: CommandContext) -> Result {
    let mut call = ServersCall { limit: Some(1_000), ..ServersCall::default() };
    let (mut pages, mut seen) = (0, std::collections::BTreeSet::new());
    loop {
        let page = ctx.host().cache().servers(&call).await?;
        pages += 1;
        seen.extend(page.servers.iter().map(|server| server.id));
        match page.next {
            Some(next) => call.after = Some(next),
            None => return ctx.reply(format!("{} of {} servers on {pages} pages", seen.len(), page.total)).await,
        }
    }
}

async fn put(ctx: CommandContext) -> Result {
    let file = ctx.host().files().read("new.so").await?.unwrap_or_default();
    let wanted = PluginsCall { name: ctx.option("name")?, sha256: ctx.option("sha256")?, ..PluginsCall::default() };
    let report = ctx.host().plugins().install(&wanted, file).await?;
    ctx.reply(format!("{} {} beside {}: {:?}", report.name, report.version, report.serves, report.problems)).await
}
"#;

fn boss() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("boss", "manage", "0.15.4", "", SOURCE))
        .clone()
}

/// A `hello` that says what it is.
fn hello(tag: &str, version: &str) -> PathBuf {
    let source = format!(
        "//! Says hello.\nuse plugin_api::prelude::*;\n\nexport_plugin!(|| {{\n    Plugin::new().command(Command::new(\"hi\", \"Says \
         it\").run(|ctx: CommandContext| async move {{ ctx.reply(\"hi of {version}\").await }}))\n}});\n"
    );
    fixtures::hello(tag, version, "", &source)
}

async fn bot(examples: &[&str]) -> Fixture {
    let powers: Vec<_> = Power::ALL
        .iter()
        .map(|power| format!("\"{power}\""))
        .collect();
    let config = format!("[grants.boss]\npowers = [{}]\n", powers.join(", "));
    let bot = Fixture::configured(examples, &config).await;
    bot.drop_in(&boss(), "boss");
    bot.until_generation("boss", 1).await;
    // With others, the first session has it.
    if examples.is_empty() {
        bot.until_content_is_seen().await;
    }
    bot
}

async fn owner_says(bot: &Fixture, text: &str) -> String {
    bot.ask(&bot.owner(), text).await.text()
}

/// What a host call gives the owner.
async fn asked(bot: &Fixture, call: &str, params: &str) -> Value {
    let said = owner_says(bot, &format!("!do {call} {params}")).await;
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{call}: {said}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_manages_plugins_through_a_plugin_and_the_journal_has_it() {
    let bot = bot(&["counter", "echo"]).await;
    let listed = owner_says(&bot, "!plugins").await;
    for name in ["boss 0.15.4 1", "counter", "echo"] {
        assert!(listed.contains(name), "{listed}");
    }
    let one = asked(&bot, "plugins.list", r#"{"name": "counter"}"#).await;
    assert_eq!(one["plugins"][0]["state"], "serving");
    let usage = asked(&bot, "plugins.usage", r#"{"name": "boss"}"#).await;
    assert!(usage["served"].as_u64() > Some(0), "{usage}");
    assert_eq!(usage["calls"][0]["kind"], "call");

    let unload = r#"{"name": "echo", "reason": "too loud"}"#;
    let gone = asked(&bot, "plugins.unload", unload).await;
    assert_eq!(gone["unload"]["unmapped"], true, "{gone}");
    let one = asked(&bot, "plugins.list", r#"{"name": "echo"}"#).await;
    let why = one["plugins"][0]["error"].as_str().unwrap();
    assert!(
        why.contains(" ago by owner (") && why.ends_with("): too loud"),
        "{why}"
    );
    assert_eq!(one["plugins"][0]["unloaded"], true, "{one}");
    let there = asked(&bot, "plugins.load", r#"{"name": "echo"}"#).await;
    assert_eq!(there["loads"][0]["name"], "echo");
    let again = asked(&bot, "plugins.reload", r#"{"name": "counter"}"#).await;
    assert_eq!(
        (&again["loads"][0]["generation"], &again["begun"]),
        (&2.into(), &false.into())
    );
    let wrong = owner_says(&bot, r#"!do plugins.reload {"name": "cuonter"}"#).await;
    assert!(wrong.contains("did you mean `counter`?"), "{wrong}");

    // The journal, by capability: the latest first.
    let journal = asked(&bot, "audit.list", r#"{"limit": 3, "call": "plugins."}"#).await;
    let calls: Vec<_> = journal["entries"].as_array().unwrap().iter().collect();
    assert_eq!(calls[0]["call"], "plugins.reload");
    assert!(calls[0]["result"].as_str().unwrap().starts_with("failed: "));
    assert_eq!(
        calls[1]["before"]["counter"]
            .as_str()
            .map(|it| it.ends_with("#1")),
        Some(true)
    );
    assert_eq!(
        calls[1]["after"]["counter"]
            .as_str()
            .map(|it| it.ends_with("#2")),
        Some(true)
    );
    assert_eq!(calls[1]["way"], "command `do`");
    assert_eq!(calls[2]["call"], "plugins.load");
    // A member who tries is refused, and the journal has it.
    let member = bot
        .ask(&bot.member(), r#"!do plugins.unload {"name": "echo"}"#)
        .await
        .text();
    assert!(member.contains("the bot's owners alone"), "{member}");
    let journal = asked(&bot, "audit.list", r#"{"limit": 1}"#).await;
    let result = journal["entries"][0]["result"].as_str().unwrap();
    assert!(result.starts_with("refused: user "), "{result}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_reloads_or_unloads_itself_gets_its_answers_out_first() {
    let bot = bot(&[]).await;
    let owner = bot.owner();
    let sent = owner.says("general", "!again").await.unwrap();
    let first = owner.expects_reply_to(&sent).await.unwrap();
    assert_eq!(first.text(), "begun: true");
    let second = owner.expects_reply_to(&sent).await.unwrap();
    assert_eq!(second.text(), "of load 1");
    bot.until_generation("boss", 2).await;
    let gone = asked(&bot, "plugins.unload", r#"{"name": "boss"}"#).await;
    assert_eq!(gone["begun"], true);
    bot.until(|all| {
        all.iter()
            .all(|it| !it.plugin.is("boss") || it.serving.is_none())
    })
    .await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_installed_loaded_and_rolled_back_and_none_loads_by_itself() {
    let bot = bot(&[]).await;
    bot.drop_in(&hello("manage-old", "0.15.5"), "hello");
    bot.until_generation("hello", 1).await;
    assert_eq!(owner_says(&bot, "!hi").await, "hi of 0.15.5");
    let report = asked(&bot, "plugins.check", r#"{"name": "hello"}"#).await;
    assert_eq!(
        (&report["version"], &report["problems"]),
        (&"0.15.5".into(), &Value::Array(Vec::new()))
    );
    assert!(report["slash_used"].as_u64() > Some(0), "{report}");

    let folder = bot.data().join("plugins/boss/files");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("new.so"), b"no library").unwrap();
    let refused = owner_says(&bot, "!put hello").await;
    assert!(refused.contains("is a text file"), "{refused}");
    std::fs::copy(hello("manage-new", "0.15.6"), folder.join("new.so")).unwrap();
    let other = owner_says(&bot, "!put echo").await;
    assert!(
        other.contains("the file is the plugin `hello`, and `echo` was expected"),
        "{other}"
    );
    // A dry run leaves nothing behind that a load would take.
    let tried = asked(&bot, "plugins.check_file", r#"{"path": "new.so"}"#).await;
    assert_eq!(
        (&tried["version"], &tried["serves"]),
        (&"0.15.6".into(), &"0.15.5".into())
    );
    let waiting = std::fs::read_dir(bot.data().join("plugin_files/staged"));
    assert_eq!(waiting.unwrap().count(), 0);
    for path in ["gone.so", "../../outside.so"] {
        let none = owner_says(
            &bot,
            &format!(r#"!do plugins.check_file {{"path": "{path}"}}"#),
        )
        .await;
        assert!(!none.contains("sha256"), "{path}: {none}");
    }
    let wrong = owner_says(&bot, &format!("!put hello {}", "0".repeat(64))).await;
    assert!(
        wrong.contains("is not the one that was meant: its SHA-256 is "),
        "{wrong}"
    );
    let installed = owner_says(&bot, "!put hello").await;
    assert_eq!(installed, "hello 0.15.6 beside 0.15.5: []");
    // It waits until it is asked for.
    assert_eq!(owner_says(&bot, "!hi").await, "hi of 0.15.5");
    let loaded = asked(&bot, "plugins.reload", r#"{"name": "hello"}"#).await;
    assert_eq!(loaded["loads"][0]["version"], "0.15.6", "{loaded}");
    assert_eq!(owner_says(&bot, "!hi").await, "hi of 0.15.6");
    let back = asked(&bot, "plugins.rollback", r#"{"name": "hello"}"#).await;
    assert_eq!(back["loads"][0]["version"], "0.15.5", "{back}");
    assert_eq!(owner_says(&bot, "!hi").await, "hi of 0.15.5");
    let former = asked(&bot, "plugins.former", r#"{"name": "hello"}"#).await;
    assert_eq!(former["present"]["version"], "0.15.5", "{former}");
    assert_eq!(former["files"][0]["version"], "0.15.6", "{former}");
    let removed = asked(&bot, "plugins.remove", r#"{"name": "hello"}"#).await;
    assert_eq!(removed["begun"], false);
    bot.until(|all| {
        all.iter()
            .all(|it| !it.plugin.is("hello") || it.serving.is_none())
    })
    .await;
    assert!(!bot.extensions().join("libhello.so").exists());
    // What was removed is kept as well.
    let back = asked(&bot, "plugins.rollback", r#"{"name": "hello"}"#).await;
    assert_eq!(back["loads"][0]["version"], "0.15.5", "{back}");
    let back = asked(
        &bot,
        "plugins.rollback",
        r#"{"name": "hello", "which": "1"}"#,
    )
    .await;
    assert_eq!(back["loads"][0]["version"], "0.15.6", "{back}");
    let none = owner_says(&bot, r#"!do plugins.check {"name": "../libhello.so"}"#).await;
    assert!(none.contains("without its folder"), "{none}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_installed_serves_chosen_servers_first() {
    let bot = bot(&[]).await;
    bot.drop_in(&hello("manage-old", "0.15.5"), "hello");
    bot.until_generation("hello", 1).await;
    let folder = bot.data().join("plugins/boss/files");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(hello("manage-new", "0.15.6"), folder.join("new.so")).unwrap();
    owner_says(&bot, "!put hello").await;
    let begin = |guild: u64| format!(r#"{{"name": "hello", "guilds": ["{guild}"]}}"#);
    let strange = owner_says(&bot, &format!("!do plugins.begin_canary {}", begin(42))).await;
    assert!(strange.contains("no server with the id 42"), "{strange}");
    let nowhere = owner_says(&bot, r#"!do plugins.begin_canary {"name": "hello"}"#).await;
    assert!(nowhere.contains("In which servers?"), "{nowhere}");
    let page = asked(&bot, "cache.servers", "{}").await;
    let guild: u64 = page["servers"][0]["id"].as_str().unwrap().parse().unwrap();
    let begun = asked(&bot, "plugins.begin_canary", &begin(guild)).await;
    assert_eq!(begun["version"], "0.15.6", "{begun}");
    assert_eq!(owner_says(&bot, "!hi").await, "hi of 0.15.6");
    let listed = asked(&bot, "plugins.list", r#"{"name": "hello"}"#).await;
    let canary = &listed["plugins"][0]["canary"];
    assert_eq!(canary["guilds"][0], guild.to_string(), "{listed}");
    let back = asked(&bot, "plugins.take_canary_back", r#"{"name": "hello"}"#).await;
    assert_eq!(back["failed"], 0, "{back}");
    assert_eq!(owner_says(&bot, "!hi").await, "hi of 0.15.5");
    asked(&bot, "plugins.begin_canary", &begin(guild)).await;
    let promoted = asked(&bot, "plugins.promote_canary", r#"{"name": "hello"}"#).await;
    assert_eq!(promoted["loads"][0]["version"], "0.15.6", "{promoted}");
    assert_eq!(owner_says(&bot, "!hi").await, "hi of 0.15.6");
    let none = owner_says(&bot, r#"!do plugins.promote_canary {"name": "hello"}"#).await;
    assert!(none.contains("no canary"), "{none}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_is_seen_and_stopped_through_a_plugin() {
    let bot = bot(&["echo"]).await;
    let status = asked(&bot, "bot.status", "{}").await;
    assert!(
        status["memory_bytes"].as_u64() > Some(1_000_000),
        "{status}"
    );
    assert!(status["commands_used"].as_u64() > Some(0) || status["messages"].as_u64() > Some(0));
    assert_eq!(
        (&status["plugins"], &status["shards_connected"]),
        (&2.into(), &1.into())
    );
    assert!(status["descriptors"].as_u64() > Some(5) && status["disk_bytes"].as_u64() > Some(0));
    // A use is counted when its handler has ended.
    let again = loop {
        let again = asked(&bot, "bot.status", "{}").await;
        if again["commands_used"].as_u64() > status["commands_used"].as_u64() {
            break again;
        }
    };
    assert_eq!(again["hours"].as_array().map(Vec::is_empty), Some(false));
    bot.sandbox
        .commands_registered("do", PATIENCE)
        .await
        .unwrap();
    let budget = asked(&bot, "slash.budget", "{}").await;
    assert!(
        budget["used"].as_u64() > Some(0) && budget["creates_left"].as_u64() > Some(0),
        "{budget}"
    );
    let synced = asked(&bot, "slash.sync", "{}").await;
    assert!(synced["unchanged"].as_u64() > Some(0), "{synced}");
    let metrics = asked(&bot, "metrics.read", r#"{"prefix": "cogwright_plugin_"}"#).await;
    let first = &metrics["families"][0];
    assert_eq!(
        (&first["name"], &first["kind"]),
        (&"cogwright_plugin_info".into(), &"gauge".into())
    );
    assert_eq!(first["samples"][0]["labels"]["plugin"], "boss");
    let member = bot.ask(&bot.member(), "!do bot.stop").await.text();
    assert!(member.contains("the bot's owners alone"), "{member}");
    assert_eq!(
        owner_says(&bot, r#"!do bot.restart {"reason": "a test"}"#).await,
        "null"
    );
    assert!(bot.bot.services().wants_restart());
    let mut bot = bot;
    tokio::time::timeout(PATIENCE, bot.bot.ended())
        .await
        .unwrap()
        .unwrap();
    bot.sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_servers_are_listed_page_by_page() {
    let bot = bot(&[]).await;
    let bot = bot
        .restart_after(async |stopped| {
            stopped.sandbox.change_world(|world| {
                let member = world.user_named("member").unwrap();
                for number in 0..10_000 {
                    world.add_guild(&format!("Server {number}"), member);
                }
            });
        })
        .await;
    let known = async {
        while bot.bot.services().cache.counts().0 < 10_001 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.unwrap();
    let seen = owner_says(&bot, "!servers").await;
    assert_eq!(seen, "10001 of 10001 servers on 11 pages");
    bot.close().await;
}
