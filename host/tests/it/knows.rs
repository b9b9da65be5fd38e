//! Stories of what the host knows and tells: shards, hooks, log, errors, alerts, schedules and lag, through a real plugin.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use host::services::schedules::Clock;

use crate::{
    fixtures,
    observe::page,
    process::Process,
    support::{Fixture, PATIENCE},
};

/// Tells whatever the host knows, and fails in each way that there is.
const ORACLE: &str = r#"//! Tells what the host knows.
use std::{cell::RefCell, time::Duration};

use plugin_api::{Power, abi::*, hook::AnyHook, prelude::*};

export_plugin!(|| {
    let text = || CommandOption::string("text", "What").rest();
    Plugin::with_state(|_host| async { Ok(RefCell::new(Vec::<String>::new())) })
        .powers(Power::ALL.to_vec())
        .on_every_hook("all", |ctx: HookContext<AnyHook, Heard>| async move {
            let told = ctx.payload();
            let of = |key: &str| told.payload[key].as_str().unwrap_or_default().to_owned();
            let line = format!("{} {} {}{}", told.event, of("plugin"), of("error"), of("message"));
            let mut heard = ctx.state().borrow_mut();
            if !heard.contains(&line) {
                heard.push(line);
            }
            Ok(())
        })
        .on_chosen_hooks("some", |ctx: HookContext<AnyHook, Heard>| async move {
            ctx.state().borrow_mut().push(format!("chosen {}", ctx.payload().event));
            Ok(())
        })
        .on_hook("breaks", |_: HookContext<plugin_api::hook::GuildLeft, Heard>| async { Err(Error::new("a leak")) })
        .on(|ctx: EventContext<MessageCreate, Heard>| async move {
            match ctx.event()?.content.strip_prefix("trip") {
                Some(" panic") => panic!("the listener burns"),
                Some(_) => Err(Error::new("the listener trips")),
                None => Ok(()),
            }
        })
        .component("break", |_: ComponentContext<Heard>| async { Err(Error::new("the button is stuck")) })
        .command(Command::new("news", "Tells hooks").run(|ctx: CommandContext<Heard>| async move {
            let news = ctx.state().borrow().join("\n");
            let tail: String = news.chars().rev().take(1900).collect();
            ctx.reply(tail.chars().rev().collect::<String>()).await
        }))
        .command(Command::new("choose", "Chooses hooks").option(text()).run(|ctx: CommandContext<Heard>| async move {
            let text: String = ctx.option("text")?;
            ctx.host().choose_hooks("some", text.split(' ')).await?;
            ctx.reply("chosen").await
        }))
        .command(Command::new("ask", "Asks the host").option(text()).run(ask))
        .command(Command::new("fall", "Panics").run(|_: CommandContext<Heard>| async { panic!("the kettle falls") }))
        .command(Command::new("task", "Fails later").run(|ctx: CommandContext<Heard>| async move {
            ctx.host().spawn(async { Err(Error::new("the task is lost")) });
            ctx.reply("begun").await
        }))
        .command(Command::new("block", "Blocks").run(|ctx: CommandContext<Heard>| async move {
            ctx.reply("blocks").await?;
            std::thread::sleep(Duration::from_secs(8));
            Ok(())
        }))
        .command(Command::new("offer", "Has a button").run(|ctx: CommandContext<Heard>| async move {
            let button = button("Break", ctx.custom_id("break", "")?);
            ctx.reply(NewMessage::from("press").row([button])).await
        }))
});

type Heard = RefCell<Vec<String>>;

async fn ask(ctx: CommandContext<Heard>) -> Result {
    let text: String = ctx.option("text")?;
    let mut words = text.split(' ');
    let verb = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    let host = ctx.host();
    let said = match verb {
        "shards" => {
            let found = host.shards().await?;
            let one = |it: &ShardView| format!(
                "{}/{} connected {} guilds {} reconnects {} resumes {} session {} heard {}",
                it.id, it.of, it.connected, it.guilds, it.reconnects, it.resumes, it.session_since_ms.is_some(), it.last_event_ms.is_some(),
            );
            let starts = found.starts.ok_or(Error::new("no starts"))?;
            let lines: Vec<_> = found.shards.iter().map(one).collect();
            format!("{}; starts {} of {}", lines.join("; "), starts.remaining, starts.total)
        }
        "reconnect" => format!("reconnecting {}", host.reconnect_shard(rest[0].parse()?).await?),
        "reset" => format!("reconnects {}", host.reset_shard(None).await?.shards[0].reconnects),
        "hooks" => {
            let wanted = HooksCall { plugin: Some("oracle".into()), ..HooksCall::default() };
            let found = host.hooks(&wanted).await?;
            let one = |it: &HookInfo| format!("{} on {} runs {} failures {}", it.id, it.enabled, it.runs > 0, it.failures);
            found.hooks.iter().map(one).collect::<Vec<_>>().join("\n")
        }
        "history" => {
            let wanted = HooksCall { event: Some(rest[0].into()), limit: Some(1), ..HooksCall::default() };
            let found = host.hook_history(&wanted).await?;
            let it = found.first().ok_or(Error::new("none"))?;
            format!("{}: handled {} errors {} took {} keys {}", it.event, it.handled, it.errors, it.took_us > 0, it.keys.join(","))
        }
        "switch" => format!("enabled {}", host.switch_hook(rest[0], rest[1] == "on").await?.enabled),
        "unrest" => format!("{:?}", host.reset_hook(rest[0]).await?.circuit),
        "errors" if rest.is_empty() => {
            let found = host.errors(&ErrorsCall::default()).await?;
            let one = |it: &ErrorView| format!(
                "{} `{}` of {}: {} [{}] {}", it.kind.word(), it.what, it.plugin, it.text, it.error_id, if it.trace.is_empty() { "" } else { "traced" },
            );
            found.errors.iter().map(one).collect::<Vec<_>>().join("\n")
        }
        "alert" => format!("raised {}", host.alert(rest[0], rest[1], &rest[2..].join(" ")).await?),
        "lag" => {
            let lag = host.lag().await?;
            format!("main loop {} runtime {}", lag.main_loop.count > 0, lag.runtime.p99_us > 0)
        }
        "log" => {
            let wanted = LogCall { plugin: Some("oracle".into()), ..LogCall::default() };
            let found = host.log(&wanted).await?;
            format!("next {} {}", found.next, found.lines.iter().map(|it| &*it.text).collect::<Vec<_>>().join("|"))
        }
        "say" => {
            match rest[0] {
                "warn" => tracing::warn!("{}", rest[1..].join(" ")),
                _ => tracing::debug!("{}", rest[1..].join(" ")),
            }
            "said".to_owned()
        }
        "verbose" => {
            let level = LevelCall { plugin: Some("oracle".into()), level: Some("debug".into()), ..LevelCall::default() };
            let levels = host.set_log_level(&level).await?;
            levels.plugins.iter().map(|(plugin, level)| format!("{plugin} {level}")).collect::<Vec<_>>().join(", ")
        }
        "errors" if !rest.is_empty() => {
            let wanted = LogCall { level: Some("error".into()), plugin: Some("oracle".into()), ..LogCall::default() };
            let found = host.log(&wanted).await?;
            let text = found.lines.iter().map(|it| &*it.text).collect::<Vec<_>>().join("|");
            text.chars().take(1800).collect()
        }
        "keep" => {
            host.files().write("kept", "tea").await?;
            format!("{:?}", host.files().read_text("kept").await?)
        }
        "files" => {
            let files = host.files();
            files.append("log/one", "a").await?;
            files.append("log/one", "b").await?;
            let copied = files.copy("log/one", "log/two").await?;
            let moved = files.rename("log/two", "three").await?;
            let part = files.read_part("three", 1, 9).await?.map(|(bytes, size)| (bytes.len(), size));
            let made = files.make_folder("empty").await?;
            let gone = files.remove_folder("empty").await?;
            let stat = files.stat("three").await?.map(|it| (it.folder, it.bytes));
            format!("{copied} {moved} {part:?} {made} {gone} {stat:?} {:?}", files.stat("none").await?)
        }
        _ => "what?".to_owned(),
    };
    ctx.reply(said).await
}
"#;

fn oracle() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("oracle", "knows", "0.15.1", "", ORACLE))
        .clone()
}

const GRANT: &str = "[grants.oracle]\npowers = [\"bot.read\", \"bot.control\", \"gateway.control\", \"hooks.read\", \
                     \"hooks.manage\", \"log.read\", \"alerts\", \"schedules.read\", \"schedules.manage\"]\n";

async fn bot() -> Fixture {
    let bot = Fixture::configured(&[], GRANT).await;
    bot.drop_in(&oracle(), "oracle");
    bot.until_generation("oracle", 1).await;
    bot.until_content_is_seen().await;
    bot
}

impl Fixture {
    async fn oracle(&self, text: &str) -> String {
        self.ask(&self.owner(), &format!("!ask {text}"))
            .await
            .text()
    }

    /// Asks until the answer has all of this in it.
    async fn until_told(&self, text: &str, wanted: &[&str]) -> String {
        let asked = async {
            loop {
                let said = self.ask(&self.owner(), text).await.text();
                if wanted.iter().all(|part| said.contains(part)) {
                    return said;
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, asked).await;
        match told {
            Ok(told) => told,
            Err(_) => panic!(
                "{text}: {wanted:?} is not all in {}",
                self.ask(&self.owner(), text).await.text()
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_listed_reconnected_without_loss_and_told_of() {
    // With one session: as long as one that was replaced is still read, nothing is lost by the end of the other.
    let bot = bot().await.restart().await;
    bot.until_content_is_seen().await;
    let said = bot.oracle("shards").await;
    for part in [
        "0/1 connected true guilds 1",
        "session true heard true",
        "; starts ",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let starts = |said: &str| said.rsplit_once("starts ").unwrap().1.to_owned();
    let before = starts(&said);
    // Others than owners look, and do not touch.
    let owner = bot.owner();
    let member = bot.member();
    let looked = bot.ask(&member, "!ask shards").await.text();
    assert!(looked.contains("connected true"), "{looked}");
    let refused = bot.ask(&member, "!ask reconnect 0").await.text();
    assert!(refused.contains("the bot's owners"), "{refused}");
    assert_eq!(bot.oracle("reconnect 0").await, "reconnecting true");
    let said = bot
        .until_told("!ask shards", &["reconnects 1 resumes 1", "connected true"])
        .await;
    assert_eq!(
        starts(&said),
        before,
        "a session that goes on is no new one"
    );
    let wanted = ["shard_disconnected", "shard_resumed"];
    // In no order: that a session goes on was told after the restart already, and each kind is noted once.
    bot.until_told("!news", &wanted).await;
    assert_eq!(bot.oracle("reset").await, "reconnects 0");
    // A session that is lost is told of as a new one.
    let count = bot.sessions();
    bot.sandbox.invalidate_sessions();
    bot.until_sessions_silently(count + 1).await;
    let said = bot.until_told("!ask shards", &["connected true"]).await;
    assert_ne!(starts(&said), before, "it is a new one");
    let news = bot.ask(&owner, "!news").await.text();
    assert!(news.contains("shard_connected"), "{news}");
    let said = bot.ask(&bot.owner(), "!ask reconnect 7").await.text();
    assert!(said.contains("Something went wrong"), "{said}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_are_listed_switched_off_over_a_restart_and_their_history_is_read() {
    let bot = bot().await;
    let all = bot.oracle("hooks").await;
    assert_eq!(
        all.lines()
            .map(|line| line.split(' ').next().unwrap())
            .collect::<Vec<_>>(),
        ["oracle:*:all", "oracle:*:some", "oracle:guild_left:breaks"]
    );
    bot.until_told(
        "!ask history command_executed",
        &[
            "handled 1 errors 0 took true",
            "keys command,plugin,user_id",
        ],
    )
    .await;
    assert_eq!(bot.oracle("switch oracle:*:all off").await, "enabled false");
    let bot = bot.restart().await;
    bot.until_content_is_seen().await;
    assert!(bot.oracle("hooks").await.contains("oracle:*:all on false"));
    assert!(
        !bot.ask(&bot.owner(), "!news")
            .await
            .text()
            .contains("command_executed")
    );
    assert_eq!(bot.oracle("switch oracle:*:all on").await, "enabled true");
    bot.until_told("!news", &["command_executed"]).await;
    // Those that are chosen at run time, and no others.
    bot.ask(&bot.owner(), "!choose command_executed bot_ready")
        .await;
    let news = bot.until_told("!news", &["chosen command_executed"]).await;
    assert!(!news.contains("chosen command_error"), "{news}");
    let bot = bot.restart().await;
    bot.until_content_is_seen().await;
    assert!(bot.oracle("hooks").await.contains("oracle:*:all on true"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_of_and_kept_with_the_id_that_the_member_has_read() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let id = |text: &str| {
        let (_, id) = text
            .split_once("error id: `")
            .unwrap_or_else(|| panic!("{text}"));
        id.split('`').next().unwrap().to_owned()
    };
    let fallen = id(&bot.ask(&member, "!fall").await.text());
    bot.ask(&member, "!task").await;
    member.says("general", "trip over").await.unwrap();
    member.says("general", "trip panic").await.unwrap();
    bot.ask(&member, "!offer").await;
    let clicked = member.clicks("Break").await.unwrap();
    let stuck = id(&member.expects_reply_to(&clicked).await.unwrap().text());
    bot.until_told(
        "!news",
        &[
            "command_error oracle",
            "plugin_panicked oracle the kettle falls",
            "task_error oracle the task is lost",
            "listener_error oracle the listener trips",
            "listener_error oracle the handler panicked: the listener burns",
            "component_error oracle the button is stuck",
        ],
    )
    .await;
    let mut wanted = vec![
        format!("component `break` of oracle: the button is stuck [{stuck}]"),
        "listener `MESSAGE_CREATE` of oracle: the listener trips []".to_owned(),
        "task `` of oracle: the task is lost []".to_owned(),
    ];
    wanted.push(format!(
        "command `fall` of oracle: the handler panicked: the kettle falls [{fallen}] traced"
    ));
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    bot.until_told("!ask errors", &wanted).await;
    let refused = bot.ask(&member, "!ask errors").await.text();
    assert!(refused.contains("the bot's owners"), "{refused}");
    // What blocks its thread is told of by the host, which looks each second.
    let told = async {
        loop {
            bot.ask(&owner, "!block").await;
            let news = bot.ask(&owner, "!news").await.text();
            if news.contains("plugin_blocked oracle") {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_go_to_the_channel_of_their_subject_once_within_the_cool_down() {
    let bot = Fixture::configured(&[], "").await;
    let bot = bot
        .restart_after(async |stopped| {
            stopped.sandbox.change_world(|world| {
                let guild = world.guild_named("Sandbox").unwrap();
                world.add_channel(guild, "harbour");
            });
        })
        .await;
    let (general, harbour) = (
        bot.sandbox.channel_id("general").unwrap(),
        bot.sandbox.channel_id("harbour").unwrap(),
    );
    let mut config = GRANT.to_owned();
    write!(
        config,
        "[alerts]\nchannel_id = {general}\n[alerts.shards]\nchannel_id = {harbour}\n"
    )
    .unwrap();
    let bot = bot.reconfigured(&config).await;
    bot.drop_in(&oracle(), "oracle");
    bot.until_generation("oracle", 1).await;
    bot.until_content_is_seen().await;
    assert_eq!(
        bot.oracle("alert shards 0 shard 0 is slow").await,
        "raised true"
    );
    assert_eq!(
        bot.oracle("alert shards 0 shard 0 is slow").await,
        "raised false"
    );
    assert_eq!(
        bot.oracle("alert registry x something else").await,
        "raised true"
    );
    let owner = bot.owner();
    let seen = async |place: &str, text: &'static str| {
        let found = owner
            .expects_where(place, "an alert", move |it| it.content.contains(text))
            .await;
        found.unwrap().content
    };
    assert_eq!(
        seen("harbour", "is slow").await,
        "⚠️ shard 0 is slow (`oracle`)"
    );
    assert_eq!(
        seen("general", "something else").await,
        "⚠️ something else (`oracle`)"
    );
    // The owner changes it in the running bot.
    let changed = bot
        .ask(
            &owner,
            &format!("!cogwright set alerts.registry.channel_id {harbour}"),
        )
        .await;
    assert!(
        changed.text().contains("alerts.registry"),
        "{}",
        changed.text()
    );
    assert_eq!(
        bot.oracle("alert registry y another thing").await,
        "raised true"
    );
    seen("harbour", "another thing").await;
    // Whatever owners do and set is told of.
    bot.until_told("!news", &["owner_action", "setting_changed"])
        .await;
    let odd = bot.oracle("alert No! y z").await;
    assert!(odd.contains("Something went wrong"), "{odd}");
    bot.close().await;
}

/// Needs a version of `hello` that nobody has.
fn needy() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let source = "//! Needs another.\nuse plugin_api::prelude::*;\n\
                  export_plugin!(|| Plugin::new().depends_on_version(\"hello\", \"^9\"));\n";
    BUILT
        .get_or_init(|| fixtures::plugin("needy", "knows", "0.2.2", "", source))
        .clone()
}

/// The library that is no plugin, with other bytes at its end.
fn no_plugin_with(folder: &Path, tail: &str) -> PathBuf {
    let mut bytes = fs::read(fixtures::no_plugin()).unwrap();
    bytes.extend_from_slice(tail.as_bytes());
    let library = folder.join(format!("no_plugin_{tail}"));
    fs::write(&library, bytes).unwrap();
    library
}

/// Waits until the set of plugins was changed or tried to be, by this.
async fn tried(bot: &Fixture, by: impl AsyncFnOnce()) {
    let mut changes = bot.plugins().changes();
    changes.mark_unchanged();
    by().await;
    tokio::time::timeout(PATIENCE, changes.changed())
        .await
        .unwrap()
        .unwrap();
}

/// Each content of a file is told of once.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_raises_an_alert_once_however_often_it_is_tried() {
    // Without a cool-down, so that nothing else keeps an alert back.
    let bot = Fixture::configured(&[], "").await;
    let general = bot.sandbox.channel_id("general").unwrap();
    let config = format!(
        "[alerts.plugins]\nchannel_id = {general}\ncool_down_s = 0\n[extensions]\nblacklist = [\"counter\"]\n"
    );
    let bot = bot.reconfigured(&config).await;
    let owner = bot.owner();
    let broken = "⚠️ The plugin file `libbroken.so` was refused: ";
    let needs = "⚠️ The plugin file `libneedy.so` was refused: it needs `hello`";
    let alerts = |begins: &str| {
        let all = owner.messages("general").into_iter();
        all.filter(|it| it.content.starts_with(begins)).count()
    };
    let until = async |begins: &str, count: usize| {
        let it_is = async {
            while alerts(begins) < count {
                tokio::task::yield_now().await;
            }
        };
        let it_is = tokio::time::timeout(PATIENCE, it_is).await;
        it_is.unwrap_or_else(|_| panic!("{:#?}", owner.messages("general")));
    };
    bot.drop_in(&fixtures::no_plugin(), "broken");
    bot.until_refused("broken").await;
    until(broken, 1).await;
    bot.drop_in(&needy(), "needy");
    bot.until_refused("needy").await;
    until(needs, 1).await;
    let told = owner.expects("general", needs).await.unwrap().content;
    let next =
        "It is tried again when it is replaced or touched, and when another plugin comes or goes.";
    assert!(told.ends_with(next), "{told}");
    // The watcher looks again: at a file that is touched, and at one that is written anew as it was.
    let touched = bot.extensions().join("libbroken.so");
    tried(&bot, async || {
        let file = fs::File::options().append(true).open(&touched).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    })
    .await;
    tried(&bot, async || bot.drop_in(&needy(), "needy")).await;
    // It is tried again by the bot itself, as another plugin comes (and something else is wrong with it) and goes, and by an owner.
    let before = bot.until_refused("needy").await;
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.until(|all| {
        let now = all.iter().find(|it| it.plugin == "needy");
        now.is_some_and(|it| it.error.as_ref().is_some_and(|it| *it != before))
    })
    .await;
    fs::remove_file(bot.extensions().join("libhello.so")).unwrap();
    bot.until(|all| all.iter().all(|it| it.serving.is_none()))
        .await;
    assert!(bot.plugins().load("needy").await.is_err());
    // What the operator keeps out is no news.
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_refused("counter").await;
    // Another content is another refusal.
    let other = |tail: &str| no_plugin_with(bot.folder.path(), tail);
    bot.drop_in(&other("one"), "broken");
    until(broken, 2).await;
    // Within a cool-down it is told of once, as everything is.
    let set = "cogwright set alerts.plugins.cool_down_s 300";
    let mention = format!("<@{}> {set}", bot.sandbox.application_id());
    let changed = bot.ask(&owner, &mention).await.text();
    assert!(changed.contains("in force from now on"), "{changed}");
    bot.drop_in(&other("two"), "broken");
    until(broken, 3).await;
    tried(&bot, async || bot.drop_in(&other("three"), "broken")).await;
    let alert = |text: &str| bot.bot.services().alerts.raise("plugins", text, text);
    assert!(alert("Something else."));
    owner.expects("general", "Something else.").await.unwrap();
    assert_eq!((alerts(broken), alerts(needs)), (3, 1));
    assert_eq!(alerts("⚠️ The plugin file `libcounter.so`"), 0);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_is_told_of_and_files_are_handled() {
    let config = format!("{GRANT}[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let bot = Fixture::configured(&[], &config).await;
    bot.drop_in(&oracle(), "oracle");
    bot.until_generation("oracle", 1).await;
    bot.until_content_is_seen().await;
    bot.until_told("!ask lag", &["main loop true runtime true"])
        .await;
    let (_, figures) = page(bot.bot.metrics_address().unwrap(), "/metrics", "*/*").await;
    for of in ["runtime", "main_loop"] {
        let row = format!("cogwright_lag_seconds_count{{of=\"{of}\"}}");
        assert!(figures.contains(&row), "{figures}");
    }
    for of in ["files", "databases"] {
        let row = format!("cogwright_disk_write_minute_max_seconds{{of=\"{of}\"}}");
        assert!(figures.contains(&row), "{figures}");
    }
    assert_eq!(bot.oracle("keep").await, "Some(\"tea\")");
    assert_eq!(
        bot.oracle("files").await,
        "true true Some((1, 2)) true true Some((false, 2)) None"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_bot_is_read_by_level_plugin_and_number_and_its_levels_are_set() {
    let config = format!(
        "{}\n[log]\nfiles = false\n",
        GRANT.replace("\"log.read\"", "\"log.read\", \"log.levels\"")
    );
    let bot = Process::run(&[("oracle", oracle())], &config).await;
    let owner = bot.owner();
    bot.until(&owner, "!ask log", "next ").await;
    // What the plugin has said, as far as it is logged.
    bot.until(&owner, "!ask say debug the kettle sings", "said")
        .await;
    bot.until(&owner, "!ask say warn the kettle boils", "said")
        .await;
    let log = bot.until(&owner, "!ask log", "the kettle boils").await;
    assert!(!log.contains("sings"), "{log}");
    let said = bot.until(&owner, "!ask verbose", "oracle").await;
    assert_eq!(said, "oracle debug");
    bot.until(&owner, "!ask say debug the kettle sings", "said")
        .await;
    bot.until(&owner, "!ask log", "the kettle sings").await;
    // And what the host has said of it, by level.
    let fallen = bot.ask(&owner, "!fall").await.text();
    assert!(fallen.contains("error id"), "{fallen}");
    let log = bot
        .until(&owner, "!ask errors in the log", "panicked")
        .await;
    assert!(
        log.contains("the kettle falls") && !log.contains("boils"),
        "{log}"
    );
    let refused = bot.ask(&bot.member(), "!ask log").await.text();
    assert!(refused.contains("the bot's owners"), "{refused}");
    bot.signal("INT");
    assert!(bot.ended().await.success());
}

/// Makes schedules at run time that come again.
const PLANNER: &str = r#"//! Plans what comes again.
use std::time::{Duration, UNIX_EPOCH};

use plugin_api::{Power, Scheduled, abi::*, prelude::*};

export_plugin!(|| {
    let text = || CommandOption::string("text", "What").rest();
    Plugin::new()
        .powers([Power::SchedulesRead, Power::SchedulesManage])
        .scheduled("tell", |ctx: ScheduleContext| async move {
            let due = ctx.due().duration_since(UNIX_EPOCH)?.as_secs();
            let (channel, text): (Id<marker::ChannelMarker>, String) = ctx.payload()?;
            ctx.host().discord().send(channel, format!("{text} at {due}, missed {}", ctx.missed())).await?;
            Ok(())
        })
        .command(Command::new("plan", "Plans").option(text()).run(plan))
        .command(Command::new("steer", "Steers").option(text()).run(steer))
});

async fn plan(ctx: CommandContext) -> Result {
    let text: String = ctx.option("text")?;
    let plans = ctx.host().schedule("tell").about(ctx.user().id);
    let plans = match ctx.guild_id() { Some(guild) => plans.guild(guild), None => plans };
    let words: Vec<&str> = text.split(' ').collect();
    let payload = (ctx.channel_id(), words[0]);
    let said = match words[..] {
        ["each", seconds] => plans.every(Duration::from_secs(seconds.parse()?)).payload(&payload).await.map(|id| id.to_string()),
        ["twice", seconds] => plans.every(Duration::from_secs(seconds.parse()?)).max_runs(2).payload(&payload).await.map(|id| id.to_string()),
        ["cron", ..] => plans.cron(words[1..].join(" "), "Europe/Berlin").payload(&payload).await.map(|id| id.to_string()),
        ["list"] => plans.list().await.map(|all| {
            let one = |it: &Scheduled| format!("{} {:?} on {} runs {:?} at {}", it.id(), it.cron().or(it.period().map(|_| ("each", ""))), it.is_on(),
                it.runs(), it.at().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
            let lines: Vec<_> = all.iter().map(one).collect();
            if lines.is_empty() { "nothing".into() } else { lines.join("\n") }
        }),
        ["off", id] => plans.switch(id.parse()?, false).await.map(|it| it.to_string()),
        ["on", id] => plans.switch(id.parse()?, true).await.map(|it| it.to_string()),
        ["cancel", id] => plans.cancel(id.parse()?).await.map(|it| it.to_string()),
        _ => Ok("what?".into()),
    };
    ctx.reply(said.unwrap_or_else(|error| error.to_string())).await
}

async fn steer(ctx: CommandContext) -> Result {
    let text: String = ctx.option("text")?;
    let words: Vec<&str> = text.split(' ').collect();
    let guild_id = ctx.guild_id().map(Id::get);
    let which = |id: &str| ScheduleSteer { plugin: "planner".into(), name: "tell".into(), id: id.parse().ok(), guild_id };
    let host = ctx.host();
    let done = match words[..] {
        ["list"] => host.all_schedules(&SchedulesCall { guild_id, ..SchedulesCall::default() }).await.map(|found| {
            let one = |it: &ScheduleInfo| format!("{} {} {} paused {}", it.plugin, it.name, it.when, it.paused);
            found.schedules.iter().map(one).collect::<Vec<_>>().join("\n")
        }),
        ["everywhere"] => host.all_schedules(&SchedulesCall::default()).await.map(|found| found.schedules.len().to_string()),
        ["run", id] => host.run_schedule(&which(id)).await.map(|()| "runs".into()),
        ["pause", id] => host.pause_schedule(&which(id), true).await.map(|()| "paused".into()),
        ["resume", id] => host.pause_schedule(&which(id), false).await.map(|()| "goes on".into()),
        _ => Ok("what?".into()),
    };
    ctx.reply(done.unwrap_or_else(|error| error.to_string())).await
}
"#;

fn planner() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("planner", "knows", "0.15.2", "", PLANNER))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_members_plan_comes_again_over_reloads_and_restarts_until_it_is_over() {
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let noon = seconds("2026-03-02T12:00:00Z");
    let bot = Fixture::at(&[], Clock::paused(noon * 1_000)).await;
    let grants = "[grants.planner]\npowers = [\"schedules.read\", \"schedules.manage\"]\n";
    let bot = bot.reconfigured(grants).await;
    bot.drop_in(&planner(), "planner");
    bot.until_generation("planner", 1).await;
    bot.until_content_is_seen().await;
    let (owner, member) = (bot.owner(), bot.member());
    let told = async |bot: &Fixture, text: String| {
        let found = bot.member().expects("general", &text).await;
        assert_eq!(found.unwrap().content, text);
    };
    let each = bot.ask(&member, "!plan each 60").await.text();
    let twice = bot.ask(&member, "!plan twice 90").await.text();
    let cron = bot.ask(&member, "!plan cron 0 9 * * *").await.text();
    let refused = bot.ask(&member, "!plan cron 0 9 * *").await.text();
    assert!(refused.contains("is no cron expression"), "{refused}");
    let list = bot.ask(&member, "!plan list").await.text();
    // Nine in Berlin, tomorrow.
    let morning = seconds("2026-03-03T08:00:00Z");
    for line in [
        format!(
            "{each} Some((\"each\", \"\")) on true runs (0, None) at {}",
            noon + 60
        ),
        format!(
            "{twice} Some((\"each\", \"\")) on true runs (0, Some(2)) at {}",
            noon + 90
        ),
        format!(
            "{cron} Some((\"0 9 * * *\", \"Europe/Berlin\")) on true runs (0, None) at {morning}"
        ),
    ] {
        assert!(list.contains(&line), "{list} has no {line}");
    }
    bot.clock.set((noon + 61) * 1_000);
    told(&bot, format!("each at {}, missed 0", noon + 60)).await;
    bot.clock.set((noon + 95) * 1_000);
    told(&bot, format!("twice at {}, missed 0", noon + 90)).await;
    // While the bot is away three are missed, and caught up once.
    let bot = bot
        .restart_after(async |_| {
            tokio::time::sleep(Duration::from_millis(1)).await;
        })
        .await;
    bot.clock.set((noon + 181) * 1_000);
    told(&bot, format!("each at {}, missed 1", noon + 180)).await;
    told(&bot, format!("twice at {}, missed 0", noon + 180)).await;
    let over = async {
        while bot
            .ask(&member, "!plan list")
            .await
            .text()
            .contains(&format!("{twice} "))
        {}
    };
    tokio::time::timeout(PATIENCE, over).await.unwrap();
    // Switched off it rests, and comes again from then on.
    assert_eq!(
        bot.ask(&member, &format!("!plan off {each}")).await.text(),
        "true"
    );
    bot.clock.set((noon + 400) * 1_000);
    assert_eq!(
        bot.ask(&member, &format!("!plan on {each}")).await.text(),
        "true"
    );
    bot.clock.set((noon + 420) * 1_000);
    told(&bot, format!("each at {}, missed 0", noon + 420)).await;
    // Who administers the server sees and steers what is for it; others do not, and nobody what is elsewhere.
    let all = bot.ask(&owner, "!steer list").await.text();
    assert!(
        all.contains("planner tell every 1 min paused false"),
        "{all}"
    );
    assert!(
        all.contains("planner tell 0 9 * * * in Europe/Berlin paused false"),
        "{all}"
    );
    let refused = bot.ask(&member, "!steer list").await.text();
    assert!(
        refused.contains("administrators of that server"),
        "{refused}"
    );
    assert_eq!(bot.ask(&owner, "!steer everywhere").await.text(), "3");
    assert_eq!(
        bot.ask(&owner, &format!("!steer pause {each}"))
            .await
            .text(),
        "paused"
    );
    assert_eq!(
        bot.ask(&owner, &format!("!steer run {cron}")).await.text(),
        "runs"
    );
    told(&bot, format!("cron at {}, missed 0", noon + 420)).await;
    let unknown = bot.ask(&owner, "!steer run 999").await.text();
    assert!(
        unknown.contains("not scheduled for this server"),
        "{unknown}"
    );
    assert_eq!(
        bot.ask(&member, &format!("!plan cancel {cron}"))
            .await
            .text(),
        "true"
    );
    assert_eq!(
        bot.ask(&member, &format!("!plan cancel {each}"))
            .await
            .text(),
        "true"
    );
    assert_eq!(bot.ask(&member, "!plan list").await.text(), "nothing");
    bot.close().await;
}
