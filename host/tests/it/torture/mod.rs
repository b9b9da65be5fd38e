//! Torture test: random sequences of load, call, block, panic, thread, signal, reload, unload, force, kill over a dozen
//! plugins, while members use them. The bot is a process of its own on a sandbox that outlives it. What must hold at
//! any time:
//!
//! - the process lives, but for a `kill -9` of ours, and ends in order at SIGTERM;
//! - what the host says of an unload is what the kernel says: "nothing stayed" means that nothing is mapped;
//! - every command to a plugin that serves is answered once, or apologised for once, and none is answered twice;
//! - a state never goes back, but to what is on disk, and only where the process or the plugin was killed.
//!
//! `just torture` runs it for ten minutes; `TORTURE_SEED` repeats a run, as far as threads let it.

mod model;
mod operations;
mod random;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use sandbox::{Actor, Options, Sandbox};
use tempfile::TempDir;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use self::{model::Model, operations::OPERATIONS, random::Random};
use crate::{
    fixtures,
    process::{Running, tail},
    support::{self, PATIENCE},
};

const PLUGINS: usize = 12;

/// Operations of the short form.
const STEPS: u64 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn a_dozen_plugins_are_tormented_and_every_promise_is_kept() {
    let number = |name: &str| {
        env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed = number("TORTURE_SEED").unwrap_or(1);
    let seconds = number("TORTURE_SECONDS");
    println!("TORTURE_SEED={seed}");
    let mut torture = Torture::begin(seed).await;
    let clients: Vec<_> = ["owner", "mod", "member", "member"]
        .into_iter()
        .enumerate()
        .map(|(at, name)| {
            let client = Client {
                actor: torture.sandbox.actor(name).unwrap(),
                shared: Arc::clone(&torture.shared),
                mention: torture.mention.clone(),
                random: Random(seed ^ (at as u64 + 1) << 32),
            };
            tokio::spawn(client.run())
        })
        .collect();
    let begun = Instant::now();
    let mut steps = 0;
    while seconds.map_or(steps < STEPS, |most| begun.elapsed().as_secs() < most) {
        torture.step().await;
        steps += 1;
        if clients.iter().any(tokio::task::JoinHandle::is_finished) {
            break;
        }
    }
    torture.shared.stop.send_replace(true);
    for client in clients {
        client.await.unwrap();
    }
    torture.end(steps).await;
}

/// What the operator and the members share.
struct Shared {
    model: Mutex<Model>,
    /// An operation has begun or ended.
    changed: Notify,
    stop: watch::Sender<bool>,
    /// The bot has ended, and nobody meant it to.
    dead: watch::Sender<bool>,
    /// Somebody ends the bot.
    meant: AtomicBool,
    /// The bot's log.
    log: Mutex<PathBuf>,
    /// Commands that are settled.
    settled: watch::Sender<u64>,
}

impl Shared {
    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap()
    }
}

/// A member who uses plugins all the time.
struct Client {
    actor: Actor,
    shared: Arc<Shared>,
    mention: String,
    random: Random,
}

impl Client {
    async fn run(mut self) {
        while !*self.shared.stop.borrow() {
            let Some((name, epoch)) = self.choose() else {
                tokio::task::yield_now().await;
                continue;
            };
            let what = match self.random.below(40) {
                0 => "sleep 30",
                1 => "fail",
                _ => "add",
            };
            command(
                &self.actor,
                &self.shared,
                &format!("{} {name} {what}", self.mention),
                Some((&name, epoch)),
            )
            .await;
        }
    }

    /// A plugin that serves, and its epoch.
    fn choose(&mut self) -> Option<(String, u64)> {
        let name = name(self.random.below(PLUGINS as u64));
        let model = self.shared.model();
        let known = &model.plugins[&name];
        known.loaded.then_some((name, known.epoch))
    }
}

/// Sends a command and waits for its answer; without one, the plugin must have been operated on meanwhile.
async fn command(
    actor: &Actor,
    shared: &Shared,
    line: &str,
    of: Option<(&str, u64)>,
) -> Option<String> {
    let sent = actor.says("general", line).await.unwrap();
    shared.model().sent(&sent, of);
    let answer = async { actor.expects_reply_to(&sent).await };
    let operated = async {
        let Some((name, epoch)) = of else {
            return std::future::pending().await;
        };
        loop {
            let changed = shared.changed.notified();
            if shared.model().plugins[name].epoch != epoch {
                return;
            }
            changed.await;
        }
    };
    let mut dead = shared.dead.subscribe();
    let answer = tokio::select! {
        biased;
        _ = dead.wait_for(|dead| *dead) => panic!("{line:?}: the bot is gone"),
        answer = answer => match answer {
            Ok(answer) => Some(answer.text()),
            Err(error) => {
                shared.dead.send_replace(true);
                let log = shared.log.lock().unwrap().clone();
                panic!("{line:?} was never answered: {error}\n{}", tail(&log));
            }
        },
        () = operated => None,
    };
    shared.settled.send_modify(|settled| *settled += 1);
    answer
}

struct Torture {
    sandbox: Sandbox,
    /// How many processes there were.
    starts: usize,
    folder: TempDir,
    /// `None` only while it is started anew.
    bot: Option<Running>,
    owner: Actor,
    mention: String,
    shared: Arc<Shared>,
    random: Random,
    /// Said at a failure: what was done, the last operations.
    done: Vec<String>,
}

impl Torture {
    async fn begin(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let extensions = folder.path().join("extensions");
        fs::create_dir_all(&extensions).unwrap();
        let mut model = Model::default();
        for number in 0..PLUGINS as u64 {
            let name = name(number);
            support::drop_in(&fixture(&name), &extensions, &name);
            model.plugins.entry(name).or_default().loaded = true;
        }
        let options = Options {
            deadline: PATIENCE,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        configure(folder.path(), &sandbox);
        let bot = start(folder.path(), &sandbox, 1).await;
        let torture = Self {
            owner: sandbox.actor("owner").unwrap(),
            mention: format!("<@{}>", sandbox.application_id()),
            sandbox,
            starts: 1,
            folder,
            bot: Some(bot),
            shared: Arc::new(Shared {
                model: Mutex::new(model),
                changed: Notify::new(),
                stop: watch::Sender::new(false),
                dead: watch::Sender::new(false),
                meant: AtomicBool::new(false),
                log: Mutex::default(),
                settled: watch::Sender::new(0),
            }),
            random: Random(seed),
            done: Vec::new(),
        };
        torture.watch_over();
        torture
    }

    /// Tells everybody when the bot ends and nobody meant it to.
    fn watch_over(&self) {
        let (bot, shared) = (self.bot.as_ref().unwrap(), Arc::clone(&self.shared));
        shared.meant.store(false, Relaxed);
        let (mut ended, log) = (bot.ended(), bot.log_file());
        shared.log.lock().unwrap().clone_from(&log);
        tokio::spawn(async move {
            let _ = ended.wait_for(Option::is_some).await;
            if !shared.meant.load(Relaxed) {
                let status = *ended.borrow();
                eprintln!("the bot ended by itself, {status:?}:\n{}", tail(&log));
                shared.dead.send_replace(true);
            }
        });
    }

    /// One operation on one plugin, or on the whole bot, and some traffic behind it.
    async fn step(&mut self) {
        let name = name(self.random.below(PLUGINS as u64));
        let operation = *self.random.pick(OPERATIONS);
        self.done.push(format!("{operation} {name}"));
        println!("{operation} {name}");
        let loaded = self.shared.model().plugins[&name].loaded;
        match operation {
            "load" => self.load(&name).await,
            "reload" if loaded => self.reload(&name).await,
            "unload" if loaded => self.unload(&name, false).await,
            "force" if loaded => self.unload(&name, true).await,
            "rewrite" if loaded => self.rewrite(&name).await,
            "delete" if loaded => self.delete(&name).await,
            "kill" => self.kill().await,
            "terminate" => self.terminate().await,
            "exit" | "abort" if loaded => self.ends(&name, operation).await,
            "signal_bot" => self.bot().signal("WINCH"),
            _ if loaded => self.misbehave(&name, operation).await,
            _ => self.load(&name).await,
        }
        self.bot().lives();
        self.look();
        // Some traffic, so that each operation meets it.
        let mut settled = self.shared.settled.subscribe();
        let before = *settled.borrow_and_update();
        let enough = timeout(PATIENCE, settled.wait_for(|now| *now >= before + 8)).await;
        assert!(enough.is_ok(), "nobody is answered; {:?}", self.done);
    }

    fn bot(&self) -> &Running {
        self.bot.as_ref().unwrap()
    }

    /// What has been said since the last look.
    fn look(&self) {
        let messages = self.owner.messages("general");
        self.shared.model().read(&messages);
    }

    /// An operation on a plugin begins: what is sent from now on may meet either side of it.
    fn begin_operation(&self, name: &str) {
        let mut model = self.shared.model();
        let known = model.plugins.get_mut(name).unwrap();
        known.epoch += 1;
        known.loaded = false;
        drop(model);
        self.shared.changed.notify_waiters();
    }

    fn end_operation(&self, name: &str, loaded: bool) {
        let mut model = self.shared.model();
        let known = model.plugins.get_mut(name).unwrap();
        known.epoch += 1;
        known.loaded = loaded;
        drop(model);
        self.shared.changed.notify_waiters();
    }

    /// What the owner is answered.
    async fn order(&mut self, line: &str) -> String {
        let line = format!("{} {line}", self.mention);
        let answer = command(&self.owner, &self.shared, &line, None)
            .await
            .unwrap();
        self.done.push(answer.replace('\n', " / "));
        answer
    }

    async fn end(mut self, steps: u64) {
        self.bot().lives();
        self.look();
        for number in 0..PLUGINS as u64 {
            let name = name(number);
            if !self.shared.model().plugins[&name].loaded {
                self.load(&name).await;
            }
            let said = self.order(&format!("{name} add")).await;
            assert!(said.contains(" counts "), "{said}");
        }
        self.look();
        self.shared.meant.store(true, Relaxed);
        self.bot.take().unwrap().terminate().await;
        println!(
            "{steps} operations, {} commands answered",
            self.shared.model().answered
        );
        self.sandbox.shutdown().await;
    }
}

/// Starts it in a folder that has its configuration, and waits until it is ready: with a new session, or with the one that goes on.
async fn start(folder: &Path, sandbox: &Sandbox, number: usize) -> Running {
    let bot = Running::start(folder, sandbox, &format!("log-{number}"));
    bot.until_said("ready: ").await;
    bot
}

fn name(number: u64) -> String {
    format!("t{number:02}")
}

fn fixture(name: &str) -> PathBuf {
    fixtures::plugin(name, "torture", "0.1.0", "", include_str!("plugin.rs"))
}

fn configure(folder: &Path, sandbox: &Sandbox) {
    let config = format!(
        "[discord]\napi_url = \"http://{}\"\ngateway_url = \"{}\"\n\n[metrics]\nlisten = \"off\"\n[pages]\nlisten = \"off\"\n\n\
         [extensions]\nstop_timeout_ms = 400\nsave_timeout_ms = 400\ndebounce_ms = 20\n",
        sandbox.http_proxy(),
        sandbox.gateway_url()
    );
    fs::write(folder.join("config.toml"), config).unwrap();
}
