//! Tests of secrets, on every way out and in every form: what goes to Discord, to the web, to the log, to the page of
//! metrics and to the owner has none of them in it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
};
use sandbox::Way;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{fixtures, observe::page, process::Process, support::Fixture};

/// Says what it is told to, in one place or the other.
const LEAKER: &str = r#"//! Can keep nothing to itself.

use plugin_api::{Json, hook::Hook, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Said { words: String }
impl Hook for Said { const EVENT: &'static str = "leaker.said"; }

export_plugin!(|| {
    Plugin::new()
        .web_hosts(["tea.example"])
        .command(Command::new("described", "It is from-the-environment, it is").run(known))
        .command(Command::new("known", "Asks for its secrets").run(known))
        .command(Command::new("leak", "Says it").option(CommandOption::string("door", "Where").required())
            .option(CommandOption::string("words", "What").required().rest()).run(leak))
        .on_hook("listen", listen)
        .scheduled("later", later)
});

async fn known(ctx: CommandContext) -> Result {
    for name in ["short", "long", "others"] {
        let _ = ctx.host().secret(name).await;
    }
    ctx.reply("known").await
}

/// A request of its own making, as it stands.
async fn raw(ctx: &CommandContext, path: &str, body: String) -> Result {
    let params = format!("{{\"method\":\"POST\",\"path\":\"channels/{}/{path}\"}}", ctx.channel_id());
    ctx.host().call("discord.request", params.parse::<Json>()?, body.into_bytes()).await.map(drop)
}

async fn leak(ctx: CommandContext) -> Result {
    let (door, words): (String, String) = (ctx.option("door")?, ctx.option("words")?);
    let host = ctx.host().clone();
    let web = |url: String| host.web().get(url);
    match &*door {
        "reply" => return ctx.reply(format!("[{words}]")).await,
        "message" => raw(&ctx, "messages", format!("{{\"content\":\"[{words}]\"}}")).await?,
        "embed" => raw(&ctx, "messages", format!("{{\"embeds\":[{{\"title\":\"a\",\"fields\":[{{\"name\":\"b\",\"value\":\"{words}\"}}]}}]}}")).await?,
        "custom-id" => raw(&ctx, "messages", format!("{{\"content\":\"a\",\"components\":[{{\"type\":1,\"components\":[{{\"type\":2,\
            \"style\":1,\"label\":\"b\",\"custom_id\":\"{words}\"}}]}}]}}")).await?,
        "file" => return ctx.reply(NewMessage::from("a file").file("a.txt", format!("[{words}]"))).await,
        "file-name" => return ctx.reply(NewMessage::from("a file").file(format!("{words}.txt"), "a")).await,
        "reason" => drop(host.discord().request(Method::Post, format!("channels/{}/invites", ctx.channel_id()))
            .json(&plugin_api::Json::Object(Default::default()))?.reason(words).send().await?),
        "path" => drop(host.discord().request(Method::Get, format!("channels/{}/messages?around={words}", ctx.channel_id())).send().await?),
        "user" => return Err(Error::user(words)),
        "error" => return Err(Error::new(words)),
        "panic" => panic!("{words}"),
        "log" => tracing::warn!(field = &*words, debug = ?words, "{words}"),
        "hook" => drop(host.emit(&Said { words }).await?),
        "schedule" => drop(host.schedule("later").after(std::time::Duration::ZERO).payload(&words).await?),
        "own-file" => host.files().write(&words, "x").await?,
        "figure" => host.counter("words", "What was said").with("word", words).add(1.0),
        "address" => drop(web(format!("http://127.0.0.1:{words}")).send().await?),
        "header" => {
            let (port, words) = words.split_once(' ').ok_or(Error::user("no port"))?;
            drop(web(format!("http://127.0.0.1:{port}/")).header("x-key", words).send().await?);
        }
        "body" => {
            let (port, words) = words.split_once(' ').ok_or(Error::user("no port"))?;
            drop(host.web().post(format!("http://127.0.0.1:{port}/")).body(words).send().await?);
        }
        _ => return Err(Error::user("there is no such door")),
    }
    ctx.reply("said").await
}

async fn listen(ctx: HookContext<Said>) -> Result {
    Err(Error::new(&ctx.payload().words))
}

async fn later(ctx: ScheduleContext) -> Result {
    Err(Error::new(ctx.payload::<String>()?))
}
"#;

/// Granted to the plugin; short enough for a custom id of escapes.
const SHORT: &str = "Zk3q9xPw7d";

/// Of several lines, each of which gives it away.
const LONG: &str = "first-line-of-the-key-4711\nsecond-line-of-the-key-0815";

/// The host's, and not granted.
const OTHERS: &str = "of-somebody-else-77";

fn base64(text: &str, url: bool) -> String {
    let digits = match url {
        true => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        false => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    };
    let mut encoded = String::new();
    for three in text.as_bytes().chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or_default());
        let bits = (at(0) << 16) | (at(1) << 8) | at(2);
        for digit in 0..=three.len() {
            encoded.push(digits[(bits >> (18 - 6 * digit) & 63) as usize].into());
        }
    }
    encoded
}

/// The secret as it may be written, each with what it is called.
fn forms(secret: &str) -> Vec<(String, String)> {
    let each = |write: &dyn Fn(&mut String, u8)| {
        let mut text = String::new();
        secret.bytes().for_each(|byte| write(&mut text, byte));
        text
    };
    let mut forms = vec![
        ("plain".to_owned(), secret.to_owned()),
        (
            "\\u".to_owned(),
            each(&|text, byte| _ = write!(text, "\\u{byte:04x}")),
        ),
        (
            "\\u in part".to_owned(),
            secret.replacen(
                &secret[1..2],
                &format!("\\u{:04X}", secret.as_bytes()[1]),
                1,
            ),
        ),
        (
            "percent".to_owned(),
            each(&|text, byte| _ = write!(text, "%{byte:02X}")),
        ),
        (
            "hex".to_owned(),
            each(&|text, byte| _ = write!(text, "{byte:02x}")),
        ),
        (
            "HEX".to_owned(),
            each(&|text, byte| _ = write!(text, "{byte:02X}")),
        ),
    ];
    for before in ["", "~", "~~"] {
        for url in [false, true] {
            let encoded = base64(&format!("{before}{secret}??"), url);
            forms.push((format!("base64 {url} behind {}", before.len()), encoded));
        }
    }
    forms
}

/// All forms of all secrets that are no line break apart.
fn all() -> Vec<(String, String)> {
    let lines = LONG
        .lines()
        .map(|line| ("a line".to_owned(), line.to_owned()));
    let others = ("the other's".to_owned(), OTHERS.to_owned());
    forms(SHORT)
        .into_iter()
        .chain(lines)
        .chain([others])
        .collect()
}

/// Whether it gives a secret away, and in which form.
fn given_away(text: &str) -> Option<String> {
    all().into_iter().find_map(|(what, form)| {
        // Of base64 the digits at the ends may be its neighbours'.
        let core = match what.starts_with("base64") {
            true => &form[2..form.len() - 4],
            false => &*form,
        };
        text.contains(core).then_some(what)
    })
}

fn leaker() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("leaker", "doors", "0.1.0", "", LEAKER))
        .clone()
}

const GRANTS: &str =
    "[grants.leaker]\nsecrets = [\"short\", \"long\", \"env_key\"]\nweb = [\"127.0.0.1\"]\n";

fn write_secrets(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let secrets = folder.join("secrets");
    fs::create_dir_all(&secrets).unwrap();
    for (name, secret) in [("short", SHORT), ("long", LONG), ("others", OTHERS)] {
        fs::write(secrets.join(name), secret).unwrap();
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(secrets.join(name), private).unwrap();
    }
}

/// A bot with all doors open, and its owner's channel.
async fn open() -> Fixture {
    let plugins = ["hooks", "maintenance", "registry", "scheduler", "settings"];
    let bot = Fixture::configured(&plugins, "").await;
    write_secrets(bot.folder.path());
    let general = bot.sandbox.channel_id("general").unwrap();
    // The second start knows all that lies there.
    let bot = bot
        .reconfigured(&format!(
            "{GRANTS}[alerts]\nchannel_id = {general}\ncool_down_s = 0\n[hooks]\nfailures = 1000\n[metrics]\nlisten = \"127.0.0.1:0\"\n"
        ))
        .await;
    bot.drop_in(&leaker(), "leaker");
    bot.until_generation("leaker", 1).await;
    // The first start's, this one's, and one that may read messages.
    bot.until_content_is_seen().await;
    bot
}

/// All that the bot has sent to Discord.
fn sent(bot: &Fixture) -> Vec<String> {
    let traffic = bot.sandbox.traffic();
    let sent = traffic.iter().filter(|it| it.way != Way::GatewayOut);
    sent.map(|it| format!("{} {}", it.what, it.body)).collect()
}

/// Where the files are that it has sent.
fn files(bot: &Fixture) -> Vec<String> {
    let traffic = bot.sandbox.traffic();
    let answers = traffic
        .iter()
        .filter_map(|it| it.answer["attachments"][0]["url"].as_str());
    answers
        .map(|url| {
            format!(
                "/attachments/{}",
                url.split_once("/attachments/").unwrap().1
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_reaches_discord_by_any_door_in_any_form() {
    let bot = open().await;
    let (owner, member) = (bot.owner(), bot.member());
    for door in [
        "reply",
        "message",
        "embed",
        "custom-id",
        "file",
        "file-name",
        "reason",
        "path",
        "user",
        "error",
        "panic",
        "own-file",
    ] {
        for (what, form) in all() {
            let answer = bot.ask(&member, &format!("!leak {door} {form}")).await;
            let text = answer.text();
            match door {
                // It is a sentence that the host has nothing to do with, and says `<redacted>` in it.
                "reply" | "user" => assert!(text.contains("<redacted>"), "{door}, {what}: {text}"),
                "message" | "embed" | "custom-id" | "reason" => {
                    assert_eq!(text, "said", "{door}, {what}")
                }
                _ => {}
            }
        }
    }
    // By slash, and on the bot's own presence.
    let options = [("door", json!("reply")), ("words", json!(SHORT))];
    let asked = member.slash("general", "leak", &options).await.unwrap();
    let answer = member.expects_reply_to(&asked).await.unwrap().content;
    assert_eq!(answer, "[<redacted>]");
    bot.ask(&owner, &format!("!cogwright set status.text it is {SHORT}"))
        .await;
    // Hooks and schedules that fail are told of to the owner.
    bot.ask(&member, &format!("!leak hook {SHORT}")).await;
    bot.ask(&member, &format!("!leak schedule {SHORT}")).await;
    bot.ask(&owner, "!cogwright set hooks.failures 1").await;
    bot.ask(&member, &format!("!leak hook {SHORT}")).await;
    let alert = "⚠️ The hook `leaker:leaker.said:listen` failed too often";
    owner
        .expects_where("general", "an alert", |message| {
            message.content.starts_with(alert)
        })
        .await
        .unwrap();
    for line in [
        "extensions",
        "cogwright plugin leaker",
        "cogwright hooks",
        "eh_history",
        "cogwright schedules",
        "cogwright files",
        "cogwright config status",
        "cogwright log",
    ] {
        let text = bot.ask(&owner, &format!("!{line}")).await.text();
        assert_eq!(given_away(&text), None, "{line}: {text}");
    }
    let load = bot.ask(&owner, &format!("!load {SHORT}")).await.text();
    assert!(load.contains("<redacted>"), "{load}");
    let guild = bot.sandbox.guild_id();
    let log = format!("guilds/{guild}/audit-logs");
    let log = bot
        .bot
        .services()
        .discord
        .json("GET", log, &json!(null), false)
        .await
        .unwrap();
    let log = log.to_string();
    assert!(log.contains("\"reason\":\"<redacted>"), "{log}");
    let mut sent = sent(&bot);
    for wanted in ["It is <redacted>, it is", "it is <redacted>\""] {
        assert!(sent.iter().any(|text| text.contains(wanted)), "{wanted}");
    }
    sent.push(log);
    for text in &sent {
        assert_eq!(given_away(text), None, "{text}");
        assert!(!text.contains("from-the-environment"), "{text}");
    }
    // What is in the files that are there.
    let mut held = 0;
    for path in files(&bot) {
        let (_, text) = page(bot.sandbox.addr(), &path, "*/*").await;
        assert_eq!(given_away(&text), None, "{path}: {text}");
        held += usize::from(text.contains("<redacted>"));
    }
    assert_eq!(held, all().len());
    // And on the page of figures.
    for (_, form) in all() {
        bot.ask(&member, &format!("!leak figure {form}")).await;
    }
    let figures = page(bot.bot.metrics_address().unwrap(), "/metrics", "*/*")
        .await
        .1;
    assert!(figures.contains("word=\"<redacted>\""), "{figures}");
    assert_eq!(given_away(&figures), None, "{figures}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_is_told_no_secret_but_those_that_were_granted() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let listen = async |State(heard): State<Arc<Mutex<Vec<String>>>>,
                        headers: HeaderMap,
                        uri: Uri,
                        body: Bytes| {
        let body = String::from_utf8_lossy(&body).into_owned();
        heard
            .lock()
            .unwrap()
            .push(format!("{uri} {headers:?} {body}"));
    };
    let router = Router::new()
        .fallback(listen)
        .with_state(Arc::clone(&heard));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let bot = open().await;
    let member = bot.member();
    // Its own go where it may ask.
    for line in [
        format!("address {port}/{SHORT}"),
        format!("header {port} {SHORT}"),
        format!("body {port} {SHORT}"),
    ] {
        assert_eq!(
            bot.ask(&member, &format!("!leak {line}")).await.text(),
            "said"
        );
    }
    assert_eq!(
        heard
            .lock()
            .unwrap()
            .iter()
            .filter(|all| all.contains(SHORT))
            .count(),
        3
    );
    let token = bot.sandbox.token().to_owned();
    for secret in [OTHERS, &token] {
        for (what, form) in forms(secret) {
            for line in [
                format!("address {port}/?a={form}"),
                format!("header {port} {form}"),
                format!("body {port} {form}"),
            ] {
                let before = heard.lock().unwrap().len();
                bot.ask(&member, &format!("!leak {line}")).await;
                assert_eq!(heard.lock().unwrap().len(), before, "{what}: {line}");
            }
        }
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_reaches_the_log_by_any_door_in_any_form() {
    for json in [false, true] {
        let sandbox = Process::discord(|_| {}).await;
        let libraries = [("leaker", leaker())];
        let config = format!(
            "{GRANTS}[hooks]\nfailures = 1000\n[extensions]\npanics_per_minute = 0\n[log]\njson = {json}"
        );
        // The bot knows them from its start on.
        let bot = Process::prepared(sandbox, &libraries, &config, write_secrets);
        let member = bot.member();
        bot.until(&member, "!known", "known").await;
        let mut told = 0;
        for door in [
            "error", "panic", "log", "hook", "schedule", "path", "address",
        ] {
            for (_, form) in all() {
                bot.ask(&member, &format!("!leak {door} {form}")).await;
                // What is not sent is not always told of.
                told += usize::from(!matches!(door, "path" | "address"));
            }
        }
        bot.signal("TERM");
        assert!(bot.ended().await.success());
        let log = fs::read_to_string(bot.folder.path().join("botlogs/permanent.log")).unwrap();
        for (place, text) in [("the terminal", bot.said()), ("permanent.log", log)] {
            for line in text.lines() {
                assert_eq!(given_away(line), None, "{place}: {line}");
                if json {
                    let read: Value = serde_json::from_str(line).unwrap();
                    assert_eq!(given_away(&read.to_string()), None, "{place}: {line}");
                }
            }
            let redacted = text.matches("<redacted>").count();
            assert!(redacted >= told, "{place}: {redacted} of {told}");
        }
    }
}
