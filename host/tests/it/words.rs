//! Hostile words, by every door that there is: what a member types and what a plugin says is shown and not obeyed, in the log's
//! files, on the terminal, in what the host says on Discord, and on the page of figures.

use std::{path::PathBuf, sync::OnceLock};

use serde_json::Value;

use crate::{fixtures, process::Process};

/// Takes a member's words to each place where the host may tell of them.
const SPEAKER: &str = r#"//! Says what it is told to.
use std::time::Duration;

use plugin_api::{hook::Hook, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Said { words: String }
impl Hook for Said { const EVENT: &'static str = "speaker.said"; }

#[derive(Serialize, Deserialize)]
struct Odd {}
impl Hook for Odd { const EVENT: &'static str = "speaker.odd\n2001-01-01T00:00:00.000000Z  INFO host::owner: granted"; }

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("alive", "Answers").run(|ctx| async move { ctx.reply("alive").await }))
        .command(Command::new("say", "Says it").option(CommandOption::string("door", "Where"))
            .option(CommandOption::string("words", "What").rest()).run(say))
        .command(Command::new("long", "Says it at length").option(CommandOption::string("door", "Where")).run(long))
        .command(Command::new("count", "Takes a number").option(CommandOption::integer("number", "It").required()).run(count))
        .on_hook("listen", listen)
        .scheduled("later", later)
        .function("tell", 1, tell)
});

async fn say(ctx: CommandContext) -> Result {
    let (door, words): (String, String) = (ctx.option("door")?, ctx.option("words")?);
    let host = ctx.host().clone();
    match &*door {
        "error" => return Err(Error::new(&words)),
        "context" => return Err(Error::new("it failed").context(&words)),
        "panic" => panic!("{words}"),
        "log" => tracing::warn!(field = &*words, debug = ?words, "{words}"),
        "task" => drop(ctx.host().spawn(async move { Err(Error::new(words)) })),
        "task-panic" => drop(ctx.host().spawn(async move { panic!("{words}") })),
        "hook" => drop(host.emit(&Said { words }).await?),
        "schedule" => drop(host.schedule("later").after(Duration::ZERO).payload(&words).await?),
        "function" => host.plugin("speaker").call::<_, ()>("tell", 1, &words).await?,
        "event" => drop(host.emit(&Odd {}).await?),
        "file" => host.files().write(&words, "x").await?,
        "sql" => drop(host.storage().bot().query(&words, params![]).await?),
        "path" => drop(host.discord().request(Method::Get, words).send().await?),
        "address" => drop(host.web().get(words).send().await?),
        "plugin" => host.plugin(&words).call::<_, ()>("tell", 1, &()).await?,
        "figure" => host.counter("words", "What was said").with("word", words).add(1.0),
        _ => return Err(Error::user("there is no such door")),
    }
    ctx.reply("said").await
}

/// Four megabytes of it.
async fn long(ctx: CommandContext) -> Result {
    let (door, words) = (ctx.option::<String>("door")?, "long ".repeat(800_000));
    match &*door {
        "error" => return Err(Error::new(words)),
        "panic" => panic!("{words}"),
        "log" => tracing::warn!(field = &*words, "{words}"),
        "task" => drop(ctx.host().spawn(async move { Err(Error::new(words)) })),
        "hook" => drop(ctx.host().emit(&Said { words: "long".to_owned() }).await?),
        _ => return Err(Error::user(words)),
    }
    ctx.reply("said").await
}

async fn count(ctx: CommandContext) -> Result {
    let number: i64 = ctx.option("number")?;
    ctx.reply(format!("{number}")).await
}

async fn listen(ctx: HookContext<Said>) -> Result {
    if ctx.payload().words == "long" {
        return Err(Error::new("long ".repeat(800_000)));
    }
    Err(Error::new(&ctx.payload().words))
}

async fn later(ctx: ScheduleContext) -> Result {
    Err(Error::new(ctx.payload::<String>()?))
}

async fn tell(ctx: FunctionContext<String>) -> Result<()> {
    Err(Error::new(ctx.argument()))
}
"#;

/// Does not start, and says why.
const BABBLER: &str = r#"//! Fails at the start.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::with_state(|_| async { Err::<(), _>(Error::new("WORDS")) }));
"#;

/// Has a handler that nobody wants to read the name of.
const MISNAMED: &str = r#"//! Has an odd name in it.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::new().component("WORDS", |ctx| async move { ctx.reply("used").await }));
"#;

const DOORS: &[&str] = &[
    "error",
    "context",
    "panic",
    "log",
    "task",
    "task-panic",
    "hook",
    "schedule",
    "function",
    "event",
    "file",
    "sql",
    "path",
    "address",
    "plugin",
    "figure",
];

/// What begins like a line of the log's, on lines of each kind; what terminals, readers and Discord obey.
fn hostile(door: &str) -> String {
    let line = "2001-01-01T00:00:00.000000Z  INFO host::owner: granted";
    format!(
        "by-{door}\n{line}\r\n{line}\r{line}\u{85}{line}\u{2028}{line}\u{2029}{line}\u{b}{line}\u{c}{line}\u{1b}[2J\u{1b}[8m\u{1b}]0;t\u{7}\
         \u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\u{ad}```\n⚠️ forged [here](https://evil.example) \"}}\n{{\"level\":\"INFO\"}}"
    )
}

/// Whether it moves a cursor, colours, turns the direction or is not seen; line breaks apart.
fn is_obeyed(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(
            c,
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}' | '\u{ad}'
        )
}

fn plugins() -> Vec<(&'static str, PathBuf)> {
    static BUILT: OnceLock<Vec<(&'static str, PathBuf)>> = OnceLock::new();
    let build = |name: &'static str, source: &str| {
        let words: String = hostile(name).escape_default().collect();
        let source = source.replace("WORDS", &words);
        (name, fixtures::plugin(name, "words", "0.1.0", "", &source))
    };
    BUILT
        .get_or_init(|| {
            vec![
                build("speaker", SPEAKER),
                build("babbler", BABBLER),
                build("misnamed", MISNAMED),
                ("scheduler", fixtures::example("scheduler")),
                ("maintenance", fixtures::example("maintenance")),
                ("settings", fixtures::example("settings")),
                ("registry", fixtures::example("registry")),
                ("hooks", fixtures::example("hooks")),
            ]
        })
        .clone()
}

/// A bot whose owner reads alerts in #general, after all has been said by all doors.
async fn spoken(config: &str) -> Process {
    let sandbox = Process::discord(|_| {}).await;
    let general = sandbox.channel_id("general").unwrap();
    let config =
        format!("[alerts]\nchannel_id = {general}\n[hooks]\nfailures = 1\n[log]\n{config}");
    let bot = Process::on(sandbox, &plugins(), &config);
    let member = bot.member();
    bot.until(&member, "!alive", "alive").await;
    for door in DOORS {
        bot.ask(&member, &format!("!say {door} {}", hostile(door)))
            .await;
        // What goes on by itself after it.
        if let Some(wanted) = match *door {
            "task" | "task-panic" | "hook" | "schedule" => Some(format!("by-{door}")),
            _ => None,
        } {
            bot.until_said(&wanted).await;
        }
    }
    bot.ask(&member, &format!("!count {}", hostile("number")))
        .await;
    bot
}

/// The log's files and what was on the terminal, when all is written.
async fn logs(bot: &Process) -> Vec<(&'static str, String)> {
    bot.signal("TERM");
    assert!(bot.ended().await.success());
    let file = |name: &str| std::fs::read_to_string(bot.folder.path().join("botlogs").join(name));
    vec![
        ("the terminal", bot.said()),
        ("permanent.log", file("permanent.log").unwrap()),
        ("current_run.log", file("current_run.log").unwrap()),
    ]
}

/// The doors whose words the log tells.
fn told() -> impl Iterator<Item = &'static str> {
    let elsewhere = ["event", "figure"];
    let doors = DOORS.iter().copied();
    doors
        .filter(move |door| !elsewhere.contains(door))
        .chain(["babbler", "misnamed"])
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_are_shown_and_not_obeyed_wherever_they_are_told() {
    let bot = spoken("colour = \"always\"").await;
    let (owner, member) = (bot.owner(), bot.member());
    for line in [
        "extensions",
        "cogwright plugin speaker",
        "cogwright hooks",
        "eh_history 50",
        "cogwright schedules",
        "cogwright files",
        "cogwright log",
        "load babbler",
        "reload misnamed",
    ] {
        bot.ask(&owner, &format!("!{line}")).await;
    }
    for line in [
        "load",
        "cogwright plugin",
        "eh_enable",
        "cogwright log",
        "cogwright set speaker.x",
        "cogwright config",
    ] {
        bot.ask(&owner, &format!("!{line} {}", hostile("owner")))
            .await;
    }
    // All that the host has said, alerts among it.
    let said = member.messages("general");
    let application = bot.sandbox.application_id();
    let said: Vec<String> = said
        .iter()
        .filter(|message| message.author_id == application)
        .map(|message| message.text())
        .collect();
    for wanted in [
        "⚠️ The hook `speaker:speaker.said:listen` failed too often",
        "by-hook",
        "by-babbler",
        "by-schedule",
        "by-owner",
    ] {
        assert!(
            said.iter().any(|text| text.contains(wanted)),
            "{wanted}: {said:#?}"
        );
    }
    for text in &said {
        assert!(!text.contains(is_obeyed), "{text:?}");
        assert!(!text.contains("](https://evil"), "{text:?}");
        assert!(!text.contains("```"), "{text:?}");
        for line in text.lines() {
            assert!(
                !line.starts_with("2001-") && !line.starts_with("⚠️ forged"),
                "{text:?}"
            );
        }
    }
    for (place, text) in logs(&bot).await {
        // Colours are the host's own, and what hides is none of them.
        let own = ["0", "1", "2", "3", "31", "32", "33", "34", "35"];
        let plain = own.iter().fold(text.clone(), |text, number| {
            text.replace(&format!("\u{1b}[{number}m"), "")
        });
        assert_eq!(plain != text, place == "the terminal", "{place}");
        let odd = plain.chars().find(|c| is_obeyed(*c));
        assert!(odd.is_none(), "{place}: {odd:?}");
        for door in told() {
            assert!(
                plain.contains(&format!("by-{door}")),
                "{place}: {door}\n{plain}"
            );
        }
        for line in plain.lines() {
            let begins = line.starts_with("20") && !line.starts_with("2001-");
            assert!(begins || line.starts_with("    "), "{place}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_stay_one_object_each_whatever_is_said() {
    let bot = spoken("json = true").await;
    for (place, text) in logs(&bot).await {
        assert!(!text.contains(is_obeyed), "{place}");
        for door in told() {
            assert!(text.contains(&format!("by-{door}")), "{place}: {door}");
        }
        for line in text.lines() {
            let read: Value =
                serde_json::from_str(line).unwrap_or_else(|_| panic!("{place}: {line}"));
            let time = read["timestamp"].as_str();
            assert!(
                time.is_some_and(|time| !time.starts_with("2001-")),
                "{place}: {line}"
            );
        }
    }
}

/// No line of what it says has more than 16 KiB, beside what the host says with it; and members get no thousand messages.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_says_at_length_is_cut_wherever_the_host_tells_of_it() {
    let config = "[hooks]\nfailures = 1\n[log]\njson = true";
    let bot = Process::run(&plugins()[..1], config).await;
    let member = bot.member();
    bot.until(&member, "!alive", "alive").await;
    for door in ["error", "panic", "log", "task", "hook"] {
        let answer = bot.ask(&member, &format!("!long {door}")).await.text();
        assert!(answer.len() < 1_000, "{door}: {}", answer.len());
    }
    bot.until_said("failed too often").await;
    // What is for the member is as much as a message takes: one that Discord refuses would be no answer at all.
    let answer = bot.ask(&member, "!long user").await.content;
    assert!(
        answer.chars().count() == 2_000 && answer.ends_with('…'),
        "{answer}"
    );
    for (place, text) in logs(&bot).await {
        let told = text
            .lines()
            .filter(|line| line.contains("long long"))
            .collect::<Vec<_>>();
        assert!(told.len() >= 5, "{place}: {}", told.len());
        for line in told {
            assert!(line.len() < 20 << 10, "{place}: {:.300}", line);
            assert!(line.contains("bytes left out"), "{place}: {:.300}", line);
        }
    }
}
