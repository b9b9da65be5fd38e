//! The discord.py bot, as a process of its own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sandbox::Sandbox;
use tokio::{sync::mpsc, time::timeout};

use crate::Outcome;

/// As long as it may take to start or to hear a flood.
const PATIENCE: Duration = Duration::from_secs(120);

/// A discord.py bot that has logged in; it ends when this is dropped.
pub struct Python {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Python {
    /// Starts the bot and waits until it is ready.
    pub async fn start(python: &str, mode: &str, sandbox: &Sandbox) -> Outcome<Self> {
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/discordpy.py"))
            .arg(mode)
            .arg(format!("http://{}/api/v10", sandbox.http_proxy()))
            .arg(sandbox.gateway_url())
            .arg(sandbox.token())
            .stdout(Stdio::piped())
            .spawn()?;
        // The bot writes a line or two.
        let (send, lines) = mpsc::channel(8);
        let out = child.stdout.take().ok_or("no output")?;
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        let mut bot = Self { child, lines };
        match bot.line().await?.as_str() {
            "ready" => Ok(bot),
            other => Err(format!("not ready: {other}").into()),
        }
    }

    /// The next line that it writes.
    pub async fn line(&mut self) -> Outcome<String> {
        let line = timeout(PATIENCE, self.lines.recv()).await?;
        line.ok_or_else(|| "the discord.py bot has ended".into())
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing stays.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
