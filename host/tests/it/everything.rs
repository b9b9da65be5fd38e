//! Leak test: a plugin that registers everything there is and cleans up nothing, reloaded over and over; the host's
//! registries are as before.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use host_loader::snapshot;
use tokio::{io::AsyncReadExt, net::TcpListener, runtime::Handle};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE, in_cells},
};

const SOURCE: &str = r#"//! Registers everything, has always something on its way, and cleans up nothing.
use std::{sync::mpsc, time::Duration};

use plugin_api::{hook::{CommandExecuted, ExtensionLoaded}, manifest::Per, prelude::*};
use serde::{Deserialize, Serialize};

/// Ends its thread when it is dropped, which is all that this plugin does for anybody.
struct Mess { _thread: mpsc::Sender<()> }

#[derive(Serialize, Deserialize)]
struct Happened { generation: u64 }
impl Hook for Happened { const EVENT: &'static str = "everything.happened"; }

export_plugin!(|| {
    Plugin::with_state(start)
        .description("Registers everything")
        .intents(Intents::GUILD_PRESENCES)
        .requires("metrics.record")
        .concurrency(64)
        .web_hosts(["tea.example"])
        .setting(Setting::string("url", "A server that never answers"))
        .setting(Setting::integer("limit", "How many").default(3).min(1).max(10).per_guild())
        .setting(Setting::duration("pause", "How long").default("5m"))
        .on_settings_changed(|_| async { Ok(()) })
        .migration(1, Scope::Bot, "CREATE TABLE everything__bot (number INTEGER)")
        .migration(1, Scope::Guild, "CREATE TABLE everything__guild (user INTEGER, number INTEGER)")
        .subject("everything__guild", "user")
        .shares("everything__bot")
        .command(Command::new("work", "Answers").alias("w").run(|ctx: CommandContext<Mess>| async move {
            let button = button("Again", ctx.custom_id("button", "")?);
            ctx.reply(NewMessage::from("worked").row([button]).timeout(Duration::from_secs(1))).await
        }))
        .command(Command::new("hang", "Never ends").max_concurrency(Per::User, 5).cooldown(100, Duration::from_secs(1)).run(|_| std::future::pending()))
        .command(Command::group("tea", "Tea")
            .command(Command::new("pour", "Pours")
                .option(CommandOption::string("sort", "Which").required())
                .autocomplete("sort", |_: AutocompleteContext<Mess>| std::future::pending::<Result<Vec<&'static str>>>())
                .check(|_: CheckContext<Mess>| async { Ok(()) })
                .run(|_| std::future::pending()))
            .command(Command::group("pot", "Pots").command(Command::new("fill", "Fills").run(|_| std::future::pending()))))
        .command(Command::user_menu("Wave at").run(|_| std::future::pending()))
        .command(Command::message_menu("Quote").run(|_| std::future::pending()))
        .component("button", |_| std::future::pending())
        .component("modal", |_| std::future::pending())
        .listen(Listener::new().ignore_bots(), |_: EventContext<MessageCreate, Mess>| async { std::future::pending().await })
        .on(|_: EventContext<MemberAdd, Mess>| async { Ok(()) })
        .on_hook_with("first", 9, |_: HookContext<Happened, Mess>| async { Ok(()) })
        .on_hook("never", |_: HookContext<Happened, Mess>| async { std::future::pending().await })
        .on_hook("fails", |_: HookContext<Happened, Mess>| async { Err(Error::new("no tea")) })
        .on_hook("never", |_: HookContext<CommandExecuted, Mess>| async { std::future::pending().await })
        .on_hook("loaded", |_: HookContext<ExtensionLoaded, Mess>| async { Ok(()) })
        .function("quick", 1, |_: FunctionContext<u64, Mess>| async { Ok(7u64) })
        .function("never", 1, |_: FunctionContext<u64, Mess>| std::future::pending::<Result<u64>>())
        .every("often", Duration::from_secs(3600), |_| async { Ok(()) })
        .cron("at_nine", "0 9 * * mon", "Europe/Berlin", |_| async { Ok(()) })
        .schedule(Schedule::cron("yearly", "0 0 29 2 *", "UTC").skip_missed().retries(2), |_| async { Ok(()) })
        .scheduled("later", |_| async { Ok(()) })
        .on_save(|_| State::new(1, &"everything"))
        .on_restore(|_, _| Ok(()))
        .on_stop(|_| async {})
});

async fn start(host: Host) -> Result<Mess> {
    let (end, ended) = mpsc::channel::<()>();
    std::thread::spawn(move || ended.recv());
    let bot = host.storage().bot();
    bot.execute("INSERT INTO everything__bot VALUES (?1)", params![host.generation() as i64]).await?;
    bot.kv_store("mess").set("generation", &host.generation()).await?;
    host.files().write_json("mess.json", &host.generation()).await?;
    // What is planned belongs to the plugin and stays over reloads: once is enough.
    if host.schedule("later").list().await?.is_empty() {
        host.schedule("later").after(Duration::from_secs(366 * 86_400)).payload(&"tea").await?;
    }
    host.spawn(background(host.clone()));
    host.spawn(std::future::pending());
    let (web, url) = (host.clone(), host.setting::<String>("url")?);
    host.spawn(async move { web.web().get(url).json::<u64>().await.map(drop) });
    let never = host.clone();
    host.spawn(async move { never.plugin("everything").deadline(Duration::from_secs(300)).call::<_, u64>("never", 1, &1).await.map(drop) });
    let ticks = host.clone();
    host.every(Duration::from_millis(5), async move || {
        ticks.counter("ticks", "Ticks").with("kind", "short").add(1.0);
        ticks.emit(&Happened { generation: ticks.generation() }).await?;
        ticks.plugin("everything").call::<_, u64>("quick", 1, &1).await.map(drop)
    });
    Ok(Mess { _thread: end })
}

async fn background(host: Host) -> Result {
    host.gauge("mess", "How much").set(1.0);
    host.histogram("fetch_seconds", "How long", &[0.1, 1.0]).observe(0.5);
    for guild in host.cache().guilds().known().await? {
        host.storage().guild(guild).execute("INSERT INTO everything__guild VALUES (1, 2)", params![]).await?;
        let _: u64 = host.guild_setting(guild, "limit").await?;
    }
    let _: Option<u64> = host.files().read_json("mess.json").await?;
    tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1)));
    host.emit(&Happened { generation: host.generation() }).await?;
    std::future::pending().await
}
"#;

const RELOADS: usize = 100;

/// The first ones fill what is filled once: pools of threads and connections.
const WARM_UP: usize = 10;

/// Of these, the sandbox's and the runtime's own come and go in the same process: a tenth of one for each reload is noise.
const OF_THE_PROCESS: usize = RELOADS / 10;

type Counts = BTreeMap<&'static str, usize>;

#[test]
fn a_plugin_that_cleans_up_nothing_leaves_nothing_in_a_hundred_reloads() {
    let library = fixtures::plugin("everything", "all", "0.9.52", "", SOURCE);
    // A process of its own: other tests' threads and descriptors would be counted, too.
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "everything::in_a_process_of_its_own"])
        .args(["--ignored", "--nocapture"])
        .env("EVERYTHING", library)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{said}");
}

#[test]
#[ignore = "the story above runs it, in a process of its own"]
fn in_a_process_of_its_own() {
    let Some(library) = env::var_os("EVERYTHING").map(PathBuf::from) else {
        return;
    };
    // Threads that block end at once when they are idle, so that those which are left can be counted.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(Duration::from_millis(1))
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(reload(&library));
}

async fn reload(library: &Path) {
    let url = a_server_that_never_answers().await;
    let config = format!(
        "[extensions]\nstop_timeout_ms = 100\n[grants.everything]\nweb = [\"127.0.0.1\"]\n\
         [plugins.everything]\nurl = \"{url}\""
    );
    let bot = Fixture::configured(&[], &config).await;
    let without = registries(&bot);
    bot.drop_in(library, "everything");
    bot.until_generation("everything", 1).await;
    bot.until_content_is_seen().await;
    for _ in 0..WARM_UP {
        again(&bot, false).await;
    }
    let with = until(&bot, "before", is_quiet).await;
    let before = of_the_process(&bot);
    assert_eq!(before["mapped KiB of plugins"] > 0, !in_cells());
    println!("before: {with:#?}\n{before:#?}");
    for number in 0..RELOADS {
        // Now and then in the middle of a command; Discord's limits don't allow more.
        again(&bot, number % 25 == 0).await;
    }
    let serving = bot.plugins().status()[0]
        .serving
        .as_ref()
        .unwrap()
        .generation;
    assert_eq!(serving as usize, 1 + WARM_UP + RELOADS);
    until(&bot, "after", |counts| *counts == with).await;
    let after = until_process(&bot, &before).await;
    println!("after: {after:#?}");

    let report = bot.plugins().unload("everything", false).await.unwrap();
    assert!(report.unmapped, "{report:?}");
    let stays = |name: &str| name.starts_with("databases") || name == "files, cached";
    until(&bot, "without", |counts| {
        let differs =
            |(name, count): (&&'static str, &usize)| counts[name] != *count && !stays(name);
        !without.iter().any(differs)
    })
    .await;
    assert_eq!(mapped_bytes(&bot), 0);
    bot.close().await;
}

/// Reloads it, once its work is on its way.
async fn again(bot: &Fixture, in_a_command: bool) {
    let member = bot.member();
    let hangs = match in_a_command {
        true => Some(member.says("general", "!hang").await.unwrap()),
        false => None,
    };
    if hangs.is_some() {
        // Answered behind it: the other is in its handler by now.
        assert_eq!(bot.ask(&member, "!work").await.content, "worked");
    }
    until(bot, "at work", is_settled).await;
    bot.plugins().reload("everything").await.unwrap();
    if let Some(hangs) = hangs {
        let answer = member.expects_reply_to(&hangs).await.unwrap().text();
        assert!(answer.contains("error id"), "{answer}");
    }
}

/// Whether the generation has done all that it does, and none but it is there.
fn is_settled(counts: &Counts) -> bool {
    let is = |name: &str, wanted: usize| counts[name] == wanted;
    is("generations alive", 1)
        && is("figures, samples", 3)
        && is("hooks, queues", 6)
        && is("files, locks", 0)
}

/// The same when nothing waits for it either: its listeners that never end take all its places, and what came meanwhile is
/// carried over until there are enough.
fn is_quiet(counts: &Counts) -> bool {
    is_settled(counts) && counts["mailboxes, waiting"] == 0 && counts["messages, watched"] == 0
}

fn registries(bot: &Fixture) -> Counts {
    // A handler has its queue from the first time on that it is asked for: all of them now.
    let _ = bot.bot.services().hooks.list();
    let generations = bot.plugins().generations();
    let waiting = generations
        .iter()
        .map(|(_, generation)| generation.load().depth);
    let mut counts = bot.bot.services().registries();
    counts.insert("mailboxes, waiting", waiting.sum());
    counts
}

async fn until(bot: &Fixture, what: &str, wanted: impl Fn(&Counts) -> bool) -> Counts {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let counts = registries(bot);
            if wanted(&counts) {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    match waited.await {
        Ok(counts) => counts,
        Err(_) => panic!("{what}: {:#?}", registries(bot)),
    }
}

fn of_the_process(bot: &Fixture) -> Counts {
    let snapshot = snapshot::ProcessSnapshot::take();
    BTreeMap::from([
        ("threads", snapshot.thread_count.unwrap()),
        ("descriptors", snapshot.fds.unwrap().len()),
        ("tasks", Handle::current().metrics().num_alive_tasks()),
        ("mapped KiB of plugins", mapped_bytes(bot) / 1024),
    ])
}

/// What is mapped of plugins' files: of their private copies.
fn mapped_bytes(bot: &Fixture) -> usize {
    let copies = bot.folder.path().join("data/shadow");
    snapshot::mapped_bytes(&copies).unwrap() as usize
}

/// Waits until the process has no more of anything than before.
async fn until_process(bot: &Fixture, before: &Counts) -> Counts {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let now = of_the_process(bot);
            if now
                .iter()
                .all(|(name, count)| *count <= before[name] + OF_THE_PROCESS)
            {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    match waited.await {
        Ok(counts) => counts,
        Err(_) => panic!("before {before:#?}, after {:#?}", of_the_process(bot)),
    }
}

/// Takes requests and says nothing, until the other side gives up.
async fn a_server_that_never_answers() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { while let Ok(1..) = stream.read(&mut [0; 1024]).await {} });
        }
    });
    url
}
