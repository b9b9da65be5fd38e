//! Bots that are measured: processes of their own that are started and spoken to in the same way.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sandbox::Sandbox;
use tokio::{sync::mpsc, time::timeout};

use crate::Outcome;

/// As long as it may take to start, or to hear the next part of a flood.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whose bot it is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// This program, as [`bot`](crate::bot).
    Own,
    /// discord.py, run by this Python.
    Python(String),
}

/// A bot that has logged in; it ends when this is dropped.
pub struct Bot {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Bot {
    /// Starts a bot that counts what it hears, or answers it, and waits until it has its guilds.
    pub async fn start(kind: &Kind, mode: &str, sandbox: &Sandbox, guilds: usize) -> Outcome<Self> {
        let mut command = match kind {
            Kind::Own => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("bot").arg(mode).arg(sandbox.addr().to_string());
                command.arg(guilds.to_string());
                command
            }
            Kind::Python(python) => {
                let mut command = Command::new(python);
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/discordpy.py");
                command.arg(script).arg(mode);
                command.arg(format!("http://{}/api/v10", sandbox.http_proxy()));
                command.arg(sandbox.gateway_url());
                command
            }
        };
        let mut child = command
            .arg(sandbox.token())
            .stdout(Stdio::piped())
            .spawn()?;
        // The bot writes a line now and then, and is read at once.
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

    /// How many messages it has heard, when it next tells: at each thousandth.
    pub async fn heard(&mut self) -> Outcome<u64> {
        Ok(self.line().await?.parse()?)
    }

    async fn line(&mut self) -> Outcome<String> {
        let line = timeout(PATIENCE, self.lines.recv()).await?;
        line.ok_or_else(|| "the bot has ended".into())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing stays.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
