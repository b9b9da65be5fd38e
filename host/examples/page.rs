//! Measurement of what a page costs that reads the bot's state each second: `page FOLDER [callgrind]`, with a folder of plugins' libraries.
//!
//! A bot with these plugins runs on a sandbox with [`SERVERS`] servers, in this process. Each host call that such a page makes is made
//! for an owner once, and then over and over: bytes asked and answered, and time. With `callgrind`, and under
//! `valgrind --tool=callgrind`, instructions stand in the place of time. What crossing into a plugin takes is in `just bench`.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::Arc,
    time::{Duration, Instant},
};

use host::{Bot, services::Services};
use host_loader::{Behalf, Caller, EventRecord, Invocation, interpose};
use host_ops::{
    config::Config,
    env::{Environment, Secret},
};
use plugin_api::{
    Power,
    abi::{CallHead, EventHeader, status},
    manifest::Manifest,
};
use sandbox::{Options, RateLimits, Sandbox};
use serde_json::{Value, json};

/// Servers that the bot is in.
const SERVERS: usize = 10_000;

/// Commands that were used before, each a time.
const USED: usize = 100;

/// Times that a call is made after the first.
const TIMES: u64 = 20;

/// Longer than anything here takes, also under callgrind.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The plugin for which the calls are made.
const PAGE: &str = "page";

type Anyhow<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Anyhow<()> {
    interpose::install();
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("page FOLDER [callgrind]")?);
    let meter = match arguments.next().as_deref() {
        Some("callgrind") => Meter::Instructions(BTreeMap::new(), 0),
        _ => Meter::Nanoseconds(Instant::now()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async { tokio::spawn(measure(folder, meter)).await? })
}

/// What a page asks, each second or at every look.
fn calls() -> Vec<(&'static str, Value)> {
    let all = json!({});
    let page = || json!({"limit": 50});
    vec![
        ("bot.status", all.clone()),
        ("bot.lag", all.clone()),
        ("shards.list", all.clone()),
        ("slash.budget", all.clone()),
        ("metrics.read", json!({"prefix": "cogwright_plugin_"})),
        ("metrics.read", json!({"prefix": ""})),
        ("plugins.list", all.clone()),
        ("plugins.usage", json!({"name": "info"})),
        ("hooks.list", page()),
        ("schedules.all", page()),
        ("errors.list", page()),
        ("log.read", page()),
        ("log.levels", all.clone()),
        ("audit.list", page()),
        ("commands.list", all.clone()),
        ("commands.usage", all.clone()),
        ("cache.servers", page()),
        ("files.stats", all.clone()),
        ("database.stats", all),
    ]
}

async fn measure(libraries: PathBuf, mut meter: Meter) -> Anyhow<()> {
    let options = Options {
        deadline: PATIENCE,
        rate_limits: RateLimits::Generous,
        acknowledge_within: PATIENCE,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await?;
    sandbox.change_world(|world| {
        let member = world.user_named("member").unwrap_or_default();
        for number in 1..SERVERS {
            world.add_guild(&format!("Server {number}"), member);
        }
    });
    let folder = tempfile::tempdir()?;
    let bot = start(&sandbox, &libraries, folder.path()).await?;
    let services = bot.services();
    while services.cache.counts().0 < SERVERS {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let owner = sandbox.actor("owner")?;
    for _ in 0..USED {
        let sent = owner.says("general", "!hello").await?;
        owner.expects_reply_to(&sent).await?;
    }
    let caller = Caller::new(PAGE, 1);
    let mut manifest = Manifest::default();
    manifest.powers = Power::ALL.iter().map(ToString::to_string).collect();
    let begun = services.generation_starts(&caller, &manifest).await;
    begun.map_err(|it| format!("{it:?}"))?;

    println!(
        "{:<46} {:>7} {:>9} {:>14} {:>14}",
        meter.what(),
        "B asked",
        "answered",
        "at first",
        "then"
    );
    let page = Page {
        services: Arc::clone(services),
        caller,
        behalf: acting(&sandbox)?,
    };
    for (name, params) in calls() {
        page.measure(name, &params, &mut meter).await?;
    }
    bot.shut_down().await?;
    sandbox.shutdown().await;
    Ok(())
}

/// A command of the owner's, which is never over.
fn acting(sandbox: &Sandbox) -> Anyhow<Behalf> {
    let header = EventHeader {
        user_id: sandbox.owner_id(),
        guild_id: sandbox.guild_id(),
        channel_id: sandbox.channel_id("general").unwrap_or_default(),
        ..EventHeader::EMPTY
    };
    let event = EventRecord {
        header,
        content: String::new(),
        user_name: "owner".into(),
        json: "{}".into(),
    };
    Ok(Behalf::Somebody(Arc::new(Invocation {
        id: u64::MAX,
        way: "command",
        what: PAGE.into(),
        plugin: PAGE.into(),
        event: Arc::new(event),
        via: Vec::new(),
        rights: None,
    })))
}

struct Page {
    services: Arc<Services>,
    caller: Caller,
    behalf: Behalf,
}

impl Page {
    async fn measure(&self, name: &str, params: &Value, meter: &mut Meter) -> Anyhow<()> {
        let began = meter.now()?;
        let answered = self.call(name, params).await?;
        let first = meter.now()? - began;
        let began = meter.now()?;
        for _ in 0..TIMES {
            self.call(name, params).await?;
        }
        let each = (meter.now()? - began) / TIMES;
        let asked = serde_json::to_vec(&CallHead::new(name, params.clone()))?.len();
        let what = match params {
            Value::Object(all) if all.is_empty() => name.to_owned(),
            params => format!("{name} {params}"),
        };
        println!("{what:<46} {asked:>7} {answered:>9} {first:>14} {each:>14}");
        Ok(())
    }

    /// Makes a call; how many bytes answer it.
    async fn call(&self, name: &str, params: &Value) -> Anyhow<usize> {
        let head = CallHead::new(name, params.clone());
        let done = self
            .services
            .call(&self.caller, self.behalf.clone(), head, Vec::new())
            .await;
        if done.status != status::OK {
            let why = String::from_utf8_lossy(&done.head);
            return Err(format!("{name}: {why}").into());
        }
        Ok(done.head.len() + done.body.len())
    }
}

/// What is counted.
enum Meter {
    Nanoseconds(Instant),
    /// Of each thread, and of all; threads end, and others take their numbers.
    Instructions(BTreeMap<String, u64>, u64),
}

impl Meter {
    fn what(&self) -> &'static str {
        match self {
            Self::Nanoseconds(_) => "nanoseconds",
            Self::Instructions(..) => "instructions",
        }
    }

    /// What was counted until now.
    fn now(&mut self) -> Anyhow<u64> {
        match self {
            Self::Nanoseconds(start) => Ok(u64::try_from(start.elapsed().as_nanos())?),
            Self::Instructions(of_threads, all) => {
                for (thread, count) in instructions()? {
                    let before = of_threads.insert(thread, count).unwrap_or_default();
                    *all += count.checked_sub(before).unwrap_or(count);
                }
                Ok(*all)
            }
        }
    }
}

/// The instructions of each thread: lines such as `Th 3  3,374,879,417`.
fn instructions() -> Anyhow<Vec<(String, u64)>> {
    let mut control = Command::new("callgrind_control");
    let told = control.args(["-e", &process::id().to_string()]).output()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let of = |line: &str| {
        let (thread, count) = line.trim().strip_prefix("Th")?.trim().split_once(' ')?;
        Some((
            thread.to_owned(),
            count.trim().replace(',', "").parse().ok()?,
        ))
    };
    let all: Vec<_> = told.lines().filter_map(of).collect();
    if all.is_empty() {
        return Err(format!("callgrind_control counts nothing: {told}").into());
    }
    Ok(all)
}

async fn start(sandbox: &Sandbox, libraries: &Path, folder: &Path) -> Anyhow<Bot> {
    let mut config = Config::default();
    config.data.folder = folder.join("data");
    config.extensions.folder = folder.join("extensions");
    config.extensions.probe = false;
    config.secrets.folder = folder.join("secrets");
    config.log.folder = folder.join("botlogs");
    config.metrics.listen = None;
    config.storage.backup_on_shutdown = false;
    config.discord.api_url = Some(format!("http://{}", sandbox.http_proxy()));
    config.discord.gateway_url = Some(sandbox.gateway_url());
    for plugin in [PAGE, "hooks", "info"] {
        let grants = config.grants.entry(plugin.into()).or_default();
        grants.powers = Power::ALL.to_vec();
    }
    host_ops::log::init(&config.log, PAGE)?;
    fs::create_dir_all(&config.extensions.folder)?;
    for file in fs::read_dir(libraries)? {
        let file = file?.path();
        if file.extension().is_some_and(|it| it == "so") {
            fs::copy(
                &file,
                config
                    .extensions
                    .folder
                    .join(file.file_name().unwrap_or_default()),
            )?;
        }
    }
    let environment = Environment {
        token: Secret::new(sandbox.token()),
        bot_owner_id: sandbox.owner_id(),
        shard_count: None,
        shard_ids: None,
        client_secret: None,
        secrets: BTreeMap::new(),
    };
    let bot = Bot::start(config, environment, PathBuf::new()).await?;
    sandbox.bot_ready(PATIENCE).await?;
    Ok(bot)
}
