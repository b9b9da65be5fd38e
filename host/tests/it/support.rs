//! Test harness: a bot on a sandbox of its own.

use std::{
    collections::{BTreeMap, HashSet},
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use host::{Bot, BotError, services::schedules::Clock};
use host_loader::{Plugins, Status};
use host_ops::{
    config::{Config, Where},
    env::{Environment, Secret},
};
use host_store::storage::StorageError;
use sandbox::{Actor, Crossing, GatewayLimits, MessageView, Options, Sandbox, Way};
use serde_json::Value;
use tempfile::TempDir;
use twilight_model::guild::Permissions;

use crate::fixtures;

/// Set when all stories are to be told with every plugin in a cell, but for those that say themselves where theirs live.
pub const IN_CELLS: &str = "COGWRIGHT_TEST_IN_CELLS";

/// Whether all stories are told with every plugin in a cell.
pub fn in_cells() -> bool {
    env::var_os(IN_CELLS).is_some()
}

/// Whether a story is left out, since all are told with plugins in cells and this one is about what plugins in the bot's own process
/// leave there. docs/cells.md lists them.
pub fn only_in_process(why: &str) -> bool {
    if in_cells() {
        println!("left out, with plugins in cells: {why}");
    }
    in_cells()
}

/// Longer than anything may take on a machine that is busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long a reply is waited for until it is asked once more.
const EACH: Duration = Duration::from_secs(2);

/// A bot on a sandbox of its own, with an extensions folder of its own.
pub struct Fixture {
    pub sandbox: Sandbox,
    pub bot: Bot,
    pub folder: TempDir,
    pub clock: Clock,
    config: String,
    shards: Option<u32>,
    sessions: Mutex<HashSet<u64>>,
}

/// What is there while the bot is not.
pub struct Stopped<'a> {
    pub sandbox: &'a Sandbox,
    pub folder: &'a Path,
}

impl Stopped<'_> {
    /// A second server with the channels `docks` and `pier`, which `member` owns: `sailor`, `guard` and `chief` have a role each,
    /// `owner`, who owns the bot, and `mod` have none. In `docks` the moderator may what is given here, and the bot lacks a right.
    pub fn add_harbour(&self, moderator_may: Permissions) {
        let bot = self.sandbox.application_id();
        self.sandbox.change_world(|world| {
            let user = |name: &str| world.user_named(name).unwrap();
            let (owner, moderator, member) = (user("owner"), user("mod"), user("member"));
            let guild = world.add_guild("Harbour", member);
            world.add_member(guild, owner, &[]);
            world.add_member(guild, moderator, &[]);
            for (role, name, permissions) in [
                ("Captain", "sailor", Permissions::empty()),
                ("Guard", "guard", Permissions::BAN_MEMBERS),
                ("Chief", "chief", Permissions::ADMINISTRATOR),
            ] {
                let role = world.add_role(guild, role, permissions);
                let user = world.add_user(name);
                world.add_member(guild, user, &[role]);
            }
            let docks = world.add_channel(guild, "docks");
            world.add_channel(guild, "pier");
            world.allow(docks, moderator, moderator_may);
            world.deny(docks, bot, Permissions::MANAGE_THREADS);
            world.allow(docks, bot, Permissions::MANAGE_CHANNELS);
        });
    }
}

impl Fixture {
    /// A bot with these examples in its extensions folder.
    pub async fn with(examples: &[&str]) -> Self {
        Self::configured(examples, "").await
    }

    /// The same with schedules that go by this clock.
    pub async fn at(examples: &[&str], clock: Clock) -> Self {
        Self::build(examples, "", clock, None).await
    }

    /// The same with more configuration.
    pub async fn configured(examples: &[&str], config: &str) -> Self {
        Self::build(examples, config, Clock::default(), None).await
    }

    /// The same with schedules that go by this clock, and more configuration.
    pub async fn at_configured(examples: &[&str], config: &str, clock: Clock) -> Self {
        Self::build(examples, config, clock, None).await
    }

    /// The same with so many shards.
    pub async fn sharded(examples: &[&str], config: &str, shards: u32) -> Self {
        Self::build(examples, config, Clock::default(), Some(shards)).await
    }

    /// The same with schedules that go by this clock.
    pub async fn sharded_at(examples: &[&str], clock: Clock, shards: u32) -> Self {
        Self::build(examples, "", clock, Some(shards)).await
    }

    /// The same with many shards, which may all identify at once, as those of a large bot may.
    pub async fn many_shards(examples: &[&str], shards: u32) -> Self {
        let options = Options {
            gateway_limits: GatewayLimits {
                max_concurrency: shards,
                ..GatewayLimits::GENEROUS
            },
            ..options()
        };
        Self::on(options, examples, "", Clock::default(), Some(shards)).await
    }

    /// A bot on a Discord that waits for first responses for as long as it takes: what is told of here is not how fast they are.
    pub async fn patient(examples: &[&str], config: &str) -> Self {
        let options = Options {
            acknowledge_within: PATIENCE,
            ..options()
        };
        Self::on(options, examples, config, Clock::default(), None).await
    }

    /// A bot on a Discord with other options.
    pub async fn under(change: impl FnOnce(&mut Options), examples: &[&str], config: &str) -> Self {
        let mut options = options();
        change(&mut options);
        Self::on(options, examples, config, Clock::default(), None).await
    }

    async fn build(examples: &[&str], config: &str, clock: Clock, shards: Option<u32>) -> Self {
        Self::on(options(), examples, config, clock, shards).await
    }

    async fn on(
        options: Options,
        examples: &[&str],
        config: &str,
        clock: Clock,
        shards: Option<u32>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("extensions")).unwrap();
        for name in examples {
            drop_in(
                &fixtures::example(name),
                &folder.path().join("extensions"),
                name,
            );
        }
        let sandbox = Sandbox::start(options).await.unwrap();
        let bot = start(&sandbox, folder.path(), config, &clock, shards).await;
        Self {
            clock,
            shards,
            sandbox,
            bot,
            folder,
            config: config.to_owned(),
            sessions: Mutex::default(),
        }
    }

    /// Stops the bot and starts it again, on the same sandbox and folders.
    pub async fn restart(self) -> Self {
        self.restart_after(async |_| {}).await
    }

    /// Stops the bot, has something done to the sandbox and the folder, and starts it again.
    pub async fn restart_after(self, meanwhile: impl AsyncFnOnce(&Stopped<'_>)) -> Self {
        self.bot.shut_down().await.unwrap();
        meanwhile(&Stopped {
            sandbox: &self.sandbox,
            folder: self.folder.path(),
        })
        .await;
        let (folder, config) = (self.folder.path(), &self.config);
        let bot = start(&self.sandbox, folder, config, &self.clock, self.shards).await;
        Self { bot, ..self }
    }

    /// The same with another configuration.
    pub async fn reconfigured(self, config: &str) -> Self {
        let config = config.to_owned();
        let file = self.folder.path().join("config.toml");
        fs::write(file, &config).unwrap();
        Self { config, ..self }.restart().await
    }

    pub fn owner(&self) -> Actor {
        self.sandbox.actor("owner").unwrap()
    }

    pub fn member(&self) -> Actor {
        self.sandbox.actor("member").unwrap()
    }

    pub fn plugins(&self) -> &Arc<Plugins> {
        self.bot.plugins()
    }

    pub fn data(&self) -> PathBuf {
        self.bot.services().authority.config().data.folder.clone()
    }

    pub fn extensions(&self) -> PathBuf {
        self.folder.path().join("extensions")
    }

    /// Puts a library into the extensions folder, as `cp` and `mv` do: beside it first, then in its place.
    pub fn drop_in(&self, library: &Path, name: &str) {
        drop_in(library, &self.extensions(), name);
    }

    /// Says it in #general and waits for the reply.
    pub async fn ask(&self, who: &Actor, text: &str) -> MessageView {
        let sent = who.says("general", text).await.unwrap();
        who.expects_reply_to(&sent).await.unwrap()
    }

    /// Waits until the bot reads messages that don't mention it: for a plugin that came after the start it takes a session more,
    /// and Discord lets a shard identify every five seconds.
    pub async fn until_content_is_seen(&self) {
        let owner = self.owner();
        let mention = format!("<@{}> extensions", self.sandbox.application_id());
        let read = async {
            while !self.bot.commands().policy.hears_content() {
                // What is said while there is no session is not heard.
                let said = owner.says("general", &mention).await.unwrap();
                let _ = tokio::time::timeout(EACH, owner.expects_reply_to(&said)).await;
            }
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap();
    }

    /// Waits until the bot has opened this many sessions.
    pub async fn until_sessions(&self, count: usize) {
        let owner = self.owner();
        let mention = format!("<@{}> extensions", self.sandbox.application_id());
        tokio::time::timeout(PATIENCE, async {
            while self.sessions() < count {
                self.ask(&owner, &mention).await;
            }
        })
        .await
        .unwrap();
    }

    /// The same, silently: what is said while there is no session is not heard.
    pub async fn until_sessions_silently(&self, count: usize) {
        tokio::time::timeout(PATIENCE, async {
            while self.sessions() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
    }

    /// Waits until each shard is connected, or is not.
    pub async fn until_up(&self, wanted: &[bool]) {
        let up = || -> Vec<bool> {
            let shards = self.bot.services().figures.shards();
            shards.iter().map(|(_, it)| it.is_up()).collect()
        };
        let waited = async {
            while up() != wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waited).await;
        assert!(waited.is_ok(), "{:?} instead of {wanted:?}", up());
    }

    /// How many sessions the bot has opened. To be asked often: the sandbox keeps the last 2,000 crossings, and this
    /// remembers what it has seen in them.
    pub fn sessions(&self) -> usize {
        let mut seen = self.sessions.lock().unwrap();
        let traffic = self.sandbox.traffic();
        let is_ready = |crossing: &&Crossing| {
            crossing.way == Way::GatewayOut && crossing.what.contains("READY")
        };
        seen.extend(
            traffic
                .iter()
                .filter(is_ready)
                .map(|crossing| crossing.number),
        );
        seen.len()
    }

    /// Waits until the set of plugins is as wanted.
    pub async fn until(&self, wanted: impl Fn(&[Status]) -> bool) -> Vec<Status> {
        let mut changes = self.plugins().changes();
        tokio::time::timeout(PATIENCE, async {
            loop {
                let status = self.plugins().status();
                if wanted(&status) {
                    return status;
                }
                changes.changed().await.unwrap();
            }
        })
        .await
        .unwrap_or_else(|_| panic!("the plugins stayed {:#?}", self.plugins().status()))
    }

    /// Waits until a plugin serves as this generation.
    pub async fn until_generation(&self, plugin: &str, generation: u64) {
        self.until(|all| {
            all.iter().any(|status| {
                status.plugin == plugin
                    && status
                        .serving
                        .as_ref()
                        .is_some_and(|serving| serving.generation >= generation)
            })
        })
        .await;
    }

    /// The commands that Discord has of the bot: those of a server, or the global ones.
    pub async fn commands(&self, guild: Option<u64>) -> Vec<String> {
        let application = self.sandbox.application_id();
        let place = guild.map_or(String::new(), |guild| format!("guilds/{guild}/"));
        let path = format!("applications/{application}/{place}commands");
        let asked = self
            .bot
            .services()
            .discord
            .json("GET", path, &Value::Null, false);
        let all = asked.await.unwrap();
        let names = all.as_array().unwrap().iter();
        names
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until Discord has no command of this name any more.
    pub async fn until_unregistered(&self, guild: Option<u64>, command: &str) {
        let until_gone = async {
            while self.commands(guild).await.iter().any(|it| it == command) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, until_gone).await.unwrap();
    }

    /// Waits until a plugin's file was refused; why.
    pub async fn until_refused(&self, plugin: &str) -> String {
        let of = |all: &[Status]| {
            all.iter()
                .find(|status| status.plugin.is(plugin))
                .and_then(|status| status.error.clone())
        };
        of(&self.until(|all| of(all).is_some()).await).unwrap()
    }

    pub async fn close(self) {
        self.bot.shut_down().await.unwrap();
        self.sandbox.shutdown().await;
    }
}

fn options() -> Options {
    Options {
        deadline: PATIENCE,
        ..Options::default()
    }
}

async fn start(
    sandbox: &Sandbox,
    folder: &Path,
    more: &str,
    clock: &Clock,
    shards: Option<u32>,
) -> Bot {
    // A file, as a bot has one: what was changed in it stays over a restart.
    let file = folder.join("config.toml");
    if !file.exists() {
        fs::write(&file, more).unwrap();
    }
    let mut config = Config::load(&file).unwrap();
    if config.secrets == host_ops::config::Secrets::default() {
        config.secrets.folder = folder.join("secrets");
    }
    if config.metrics == host_ops::config::Metrics::default() {
        config.metrics.listen = None;
    }
    if config.pages == host_ops::config::Pages::default() {
        config.pages.listen = None;
    }
    // Unless the story says itself where they live.
    if in_cells() && !fs::read_to_string(&file).unwrap().contains("[isolation]") {
        config.isolation.default = Where::Process;
    }
    config.extensions.folder = folder.join("extensions");
    config.data.folder = folder.join("data");
    config.discord.api_url = Some(format!("http://{}", sandbox.http_proxy()));
    config.discord.gateway_url = Some(sandbox.gateway_url());
    let environment = Environment {
        token: Secret::new(sandbox.token()),
        bot_owner_id: sandbox.owner_id(),
        shard_count: shards,
        shard_ids: None,
        client_secret: Some(Secret::new(sandbox.oauth_client().secret)),
        secrets: BTreeMap::from([("env_key".to_owned(), Secret::new("from-the-environment"))]),
    };
    let cogwright = fixtures::cogwright();
    let until_started = async {
        loop {
            let (config, environment) = (config.clone(), environment.clone());
            let cogwright = cogwright.clone();
            match Bot::start_with_clock(config, environment, cogwright, clock.clone()).await {
                // A process that another test has just begun still holds this one's files, until it is another program.
                Err(BotError::Storage(StorageError::InUse { .. })) => {
                    tokio::task::yield_now().await
                }
                started => return started.unwrap(),
            }
        }
    };
    let bot = tokio::time::timeout(PATIENCE, until_started).await.unwrap();
    sandbox.bot_ready(PATIENCE).await.unwrap();
    bot
}

pub fn drop_in(library: &Path, folder: &Path, name: &str) {
    let beside = folder.join(format!(".{name}.part"));
    fs::copy(library, &beside).unwrap();
    fs::rename(beside, folder.join(format!("lib{name}.so"))).unwrap();
}
