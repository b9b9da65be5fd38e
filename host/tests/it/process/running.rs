//! `cogwright run`, and what the kernel says of it.

use std::{
    fs,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use sandbox::Sandbox;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    fixtures,
    support::{PATIENCE, in_cells},
};

/// `cogwright run`, on a sandbox that outlives it.
pub struct Running {
    id: u32,
    ended: watch::Receiver<Option<ExitStatus>>,
    log: PathBuf,
}

impl Running {
    /// Starts it in a folder that has its configuration; what it writes to its terminal goes to `log`.
    pub fn start(folder: &Path, sandbox: &Sandbox, log: &str) -> Self {
        let owner = sandbox.owner_id().to_string();
        let variables = [
            ("DISCORD_TOKEN", &*sandbox.token()),
            ("BOT_OWNER_ID", &owner),
        ];
        Self::with(folder, log, &variables)
    }

    /// The same with these variables and no others that it reads.
    pub fn with(folder: &Path, log: &str, variables: &[(&str, &str)]) -> Self {
        // Alone: the process that is killed, and looked into, is the bot.
        let mut command = Command::new(fixtures::cogwright());
        command.args(["run", "--no-supervisor"]);
        Self::by(command, folder, log, variables)
    }

    /// The same below a supervisor, which is the process that this is about.
    pub fn supervised(program: &Path, folder: &Path, sandbox: &Sandbox, log: &str) -> Self {
        let owner = sandbox.owner_id().to_string();
        let variables = [
            ("DISCORD_TOKEN", &*sandbox.token()),
            ("BOT_OWNER_ID", &owner),
        ];
        let mut command = Command::new(program);
        command.arg("run");
        Self::by(command, folder, log, &variables)
    }

    /// `cogwright run` by this program, alone, in a process group of its own.
    pub fn grouped(program: &Path, folder: &Path, sandbox: &Sandbox, log: &str) -> Self {
        let owner = sandbox.owner_id().to_string();
        let variables = [
            ("DISCORD_TOKEN", &*sandbox.token()),
            ("BOT_OWNER_ID", &owner),
        ];
        let mut command = Command::new(program);
        command.args(["run", "--no-supervisor"]).process_group(0);
        Self::by(command, folder, log, &variables)
    }

    fn by(mut command: Command, folder: &Path, log: &str, variables: &[(&str, &str)]) -> Self {
        if in_cells() {
            move_to_cells(&folder.join("config.toml"));
        }
        let log = folder.join(log);
        let file = fs::File::create(&log).unwrap();
        let mut child = command
            .current_dir(folder)
            .env_remove("DISCORD_TOKEN")
            .env_remove("BOT_OWNER_ID")
            .env_remove("CARGO_MANIFEST_DIR")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let (tell, ended) = watch::channel(None);
        let id = child.id();
        thread::spawn(move || tell.send_replace(child.wait().ok()));
        Self { id, ended, log }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Tells when it has ended.
    pub fn ended(&self) -> watch::Receiver<Option<ExitStatus>> {
        self.ended.clone()
    }

    /// Fails unless it is still there.
    pub fn lives(&self) {
        if let Some(status) = *self.ended.borrow() {
            panic!("the bot ended: {}\n{}", said(status), self.log());
        }
    }

    /// `kill -9`.
    pub async fn kill(&self) {
        self.signal("KILL");
        let status = self.status().await;
        assert_eq!(status.signal(), Some(SIGKILL), "{}", self.log());
    }

    /// SIGTERM; it must end in order.
    pub async fn terminate(self) -> Self {
        self.signal("TERM");
        let status = self.status().await;
        assert!(
            status.success(),
            "SIGTERM: {}\n{}",
            said(status),
            self.log()
        );
        self
    }

    /// How many lines of its log have these words and this name.
    pub fn count(&self, words: &str, name: &str) -> usize {
        self.said()
            .lines()
            .filter(|line| line.contains(words) && line.contains(name))
            .count()
    }

    /// Waits for its end.
    pub async fn status(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        match timeout(PATIENCE, ended.wait_for(Option::is_some)).await {
            Ok(status) => status.unwrap().unwrap(),
            Err(_) => panic!("it does not end: {}", self.log()),
        }
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.id, name);
    }

    /// Private copies of plugins that are mapped: `name-generation`.
    pub fn mapped(&self) -> Vec<String> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.id)).unwrap();
        let mut found: Vec<String> = maps
            .lines()
            .filter_map(|line| line.split_once("/shadow/").map(|(_, file)| file))
            .filter_map(|file| {
                let mut parts = file.split('-');
                Some(format!("{}-{}", parts.next()?, parts.next()?))
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A size that the kernel tells of it, in bytes: `VmRSS` what it takes now, `VmHWM` the most that it has taken.
    pub fn memory(&self, what: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes * 1024
    }

    /// Names of its threads.
    pub fn threads(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id)).unwrap();
        tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .map(|name| name.trim_end().to_owned())
            .collect()
    }

    /// The most memory that it has had, in bytes.
    pub fn most_memory(&self) -> u64 {
        self.memory("VmHWM")
    }

    /// Waits until it has written this, or what goes on when it has ended.
    pub async fn until_said(&self, wanted: &str) {
        let written = async {
            while !self.said().contains(wanted) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let written = timeout(PATIENCE, written).await;
        assert!(written.is_ok(), "not said: {wanted}\n{}", self.log());
    }

    /// Where its log is.
    pub fn log_file(&self) -> PathBuf {
        self.log.clone()
    }

    /// The end of what it has logged.
    pub fn log(&self) -> String {
        tail(&self.log)
    }

    /// All that it has written to its terminal.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended.borrow().is_none() {
            self.signal("KILL");
        }
    }
}

const SIGKILL: i32 = 9;

/// Sends a process a signal, such as `TERM`.
pub fn signal(process: u32, name: &str) {
    // Every shell has it; the program of that name is not on every machine.
    let line = format!("kill -{name} {process}");
    let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
    assert!(sent.success());
}

/// The last lines of a file.
pub fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(80)..].join("\n")
}

fn said(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("signal {signal}"),
        None => format!("{status}"),
    }
}

/// Has a configuration that does not say where plugins live say that they live in cells.
fn move_to_cells(config: &Path) {
    let Ok(text) = fs::read_to_string(config) else {
        return;
    };
    if !text.contains("[isolation]") {
        let text = format!("{text}\n[isolation]\ndefault = \"process\"\n");
        fs::write(config, text).unwrap();
    }
}
