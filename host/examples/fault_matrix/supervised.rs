//! A supervised bot on a sandbox, with the faulty plugin and its neighbour.

use std::{
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use sandbox::{Actor, Options, RateLimits, Sandbox};
use tempfile::TempDir;
use tokio::time::sleep;

use super::fixture;

/// What there is to be had: descriptors, and KiB of address space. Bombs end there, and not at the machine's end.
const DESCRIPTORS: u32 = 1024;
const ADDRESS_SPACE_KIB: u32 = 4 << 20;

/// How long a start and an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A bot below its supervisor.
pub struct Supervised {
    /// Its Discord.
    pub sandbox: Sandbox,
    folder: TempDir,
    supervisor: Child,
}

impl Supervised {
    /// Starts one with these plugins, which serve when it is there. `config` is the end of its configuration.
    ///
    /// # Errors
    ///
    /// It does not get ready: what it has logged.
    pub async fn start(plugins: &[(&str, &Path)], config: &str) -> Outcome<Self> {
        let options = Options {
            deadline: PATIENCE,
            // Low enough that a flood meets it.
            rate_limits: RateLimits::Bucket {
                limit: 50,
                window: Duration::from_secs(1),
            },
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await?;
        let folder = tempfile::tempdir()?;
        prepare(folder.path(), plugins, &sandbox, config)?;
        let said = File::create(folder.path().join("said.log"))?;
        let line = format!(
            "ulimit -c 0; ulimit -n {DESCRIPTORS}; ulimit -v {ADDRESS_SPACE_KIB}; exec \"$0\" run"
        );
        let supervisor = Command::new("sh")
            .args(["-c", &line])
            .arg(cogwright()?)
            .current_dir(folder.path())
            .env("DISCORD_TOKEN", sandbox.token())
            .env("BOT_OWNER_ID", sandbox.owner_id().to_string())
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()?;
        let mut this = Self {
            sandbox,
            folder,
            supervisor,
        };
        let began = Instant::now();
        while this.bot().is_none() {
            let has_ended = this.supervisor.try_wait()?.is_some();
            if has_ended || began.elapsed() > PATIENCE {
                return Err(format!("the bot is not ready:\n{}", this.said()).into());
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(this)
    }

    /// The bot's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A plugin's file.
    pub fn library(&self, plugin: &str) -> PathBuf {
        library(self.folder(), plugin)
    }

    /// One of the sandbox's users.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn actor(&self, name: &str) -> Outcome<Actor> {
        Ok(self.sandbox.actor(name)?)
    }

    /// The process of the bot that is ready, or was last.
    pub fn bot(&self) -> Option<u32> {
        let ready = fs::read_to_string(self.folder().join("data/run/ready")).ok()?;
        ready.trim().parse().ok()
    }

    /// What supervisor and bots have written to their terminal.
    pub fn said(&self) -> String {
        let bytes = fs::read(self.folder().join("said.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Has the supervisor restart the bot in order.
    ///
    /// # Errors
    ///
    /// No signal can be sent.
    pub fn restart(&self) -> Outcome<()> {
        signal("HUP", self.supervisor.id())?;
        Ok(())
    }

    /// Ends it in order; `None` where it had to be killed.
    ///
    /// # Errors
    ///
    /// Its end can't be waited for.
    pub async fn end(mut self) -> Outcome<Option<ExitStatus>> {
        signal("TERM", self.supervisor.id())?;
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.supervisor.try_wait()? {
                return Ok(Some(status));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(None)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if matches!(self.supervisor.try_wait(), Ok(None)) {
            // The bot first: it would end in order, at length, when its supervisor dies.
            if let Some(bot) = self.bot() {
                let _ = signal("KILL", bot);
            }
            let _ = self.supervisor.kill();
            let _ = self.supervisor.wait();
        }
    }
}

/// The host's program beside this one's folder.
fn cogwright() -> Outcome<PathBuf> {
    let program = fixture::target()?.join("debug/cogwright");
    match program.exists() {
        true => Ok(program),
        false => Err(format!("there is no {}: `cargo build -p host`", program.display()).into()),
    }
}

fn library(folder: &Path, plugin: &str) -> PathBuf {
    folder.join("extensions").join(format!("lib{plugin}.so"))
}

fn prepare(folder: &Path, plugins: &[(&str, &Path)], sandbox: &Sandbox, more: &str) -> Outcome<()> {
    fs::create_dir_all(folder.join("extensions"))?;
    for (name, file) in plugins {
        fs::copy(file, library(folder, name))?;
    }
    let address = sandbox.addr();
    let alerts = sandbox.channel_id("bots").ok_or("no channel `bots`")?;
    let config = format!(
        "[discord]\napi_url = \"http://{address}\"\ngateway_url = \"ws://{address}\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n\
         [storage]\nbackup_on_shutdown = false\n[alerts]\nchannel_id = {alerts}\n{more}"
    );
    Ok(fs::write(folder.join("config.toml"), config)?)
}

fn signal(name: &str, process: u32) -> std::io::Result<ExitStatus> {
    // Every shell has it; the program of that name is not on every machine.
    let line = format!("kill -{name} {process}");
    Command::new("sh").args(["-c", &line]).status()
}
