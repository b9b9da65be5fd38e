//! The bot in a process of its own, and what the kernel says of it.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use sandbox::Sandbox;
use tokio::{sync::watch, time::timeout};

use crate::{fixtures, support::PATIENCE};

/// `cogwright run`, on a sandbox that outlives it.
pub struct Process {
    child: Child,
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
        let child = Command::new(fixtures::cogwright())
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
        let mut process = Self { child, log };
        let begun = timeout(PATIENCE, sessions.wait_for(|now| *now > before)).await;
        process.lives();
        assert!(begun.is_ok(), "no session: {}", process.log());
        process
    }

    /// Fails unless it is still there.
    pub fn lives(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the bot ended: {}\n{}", said(status), self.log());
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{}", self.log());
    }

    /// SIGTERM; it must end in order.
    pub async fn terminate(mut self) -> String {
        self.signal(libc::SIGTERM);
        let log = self.log.clone();
        let status = tokio::task::spawn_blocking(move || self.child.wait().unwrap())
            .await
            .unwrap();
        let log = tail(&log);
        assert!(status.success(), "SIGTERM: {}\n{log}", said(status));
        log
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        // Every shell has it; the program of that name is not on every machine.
        let line = format!("kill -{signal} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(sent.success());
    }

    /// Private copies of plugins that are mapped: `name-generation`.
    pub fn mapped(&self) -> Vec<String> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.child.id())).unwrap();
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
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .map(|name| name.trim_end().to_owned())
            .collect()
    }

    /// The end of what it has logged.
    pub fn log(&self) -> String {
        tail(&self.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tail(log: &Path) -> String {
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
