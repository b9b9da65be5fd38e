//! The bot in a process of its own, and what the kernel says of it.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
};

use sandbox::Sandbox;
use tokio::{sync::watch, time::timeout};

use crate::{fixtures, support::PATIENCE};

/// `cogwright run`, on a sandbox that outlives it.
pub struct Process {
    id: u32,
    ended: watch::Receiver<Option<ExitStatus>>,
    log: PathBuf,
}

impl Process {
    /// Starts it in a folder that has its configuration, and waits until Discord has told it of its servers.
    pub async fn start(
        folder: &Path,
        sandbox: &Sandbox,
        sessions: &mut watch::Receiver<usize>,
    ) -> Self {
        let before = *sessions.borrow_and_update();
        let log = folder.join(format!("stderr-{before}"));
        let mut child = Command::new(fixtures::cogwright())
            .arg("run")
            .current_dir(folder)
            .env("DISCORD_TOKEN", sandbox.token())
            .env("BOT_OWNER_ID", sandbox.owner_id().to_string())
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let (tell, ended) = watch::channel(None);
        let process = Self {
            id: child.id(),
            ended,
            log,
        };
        thread::spawn(move || tell.send_replace(child.wait().ok()));
        let mut ended = process.ended.clone();
        tokio::select! {
            begun = timeout(PATIENCE, sessions.wait_for(|now| *now > before)) => {
                assert!(begun.is_ok(), "no session: {}", process.log());
            }
            _ = ended.wait_for(Option::is_some) => process.lives(),
        }
        process
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
        self.signal(SIGKILL);
        let status = self.status().await;
        assert_eq!(status.signal(), Some(SIGKILL), "{}", self.log());
    }

    /// SIGTERM; it must end in order.
    pub async fn terminate(self) -> Self {
        self.signal(SIGTERM);
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
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines()
            .filter(|line| line.contains(words) && line.contains(name))
            .count()
    }

    async fn status(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        match timeout(PATIENCE, ended.wait_for(Option::is_some)).await {
            Ok(status) => status.unwrap().unwrap(),
            Err(_) => panic!("it does not end: {}", self.log()),
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        // Every shell has it; the program of that name is not on every machine.
        let line = format!("kill -{signal} {}", self.id);
        let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(sent.success());
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

    /// Names of its threads.
    pub fn threads(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id)).unwrap();
        tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .map(|name| name.trim_end().to_owned())
            .collect()
    }

    /// Where its log is.
    pub fn log_file(&self) -> PathBuf {
        self.log.clone()
    }

    /// The end of what it has logged.
    pub fn log(&self) -> String {
        tail(&self.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended.borrow().is_none() {
            self.signal(SIGKILL);
        }
    }
}

const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

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
