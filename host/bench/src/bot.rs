//! Bots under test, each a process of its own, and what the system says about it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::time::sleep;

use crate::{Outcome, world};

/// Which bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// twilight without anything around it.
    Twilight,
    /// This project.
    Cogwright,
    /// The library in Python.
    DiscordPy,
}

impl Kind {
    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twilight => "raw twilight",
            Self::Cogwright => "Cogwright",
            Self::DiscordPy => "discord.py",
        }
    }
}

/// Where the programs are.
#[derive(Debug)]
pub struct Programs {
    /// `cogwright`.
    pub cogwright: PathBuf,
    /// Folder with the libraries of plugins.
    pub plugins: PathBuf,
    /// Library of the plugin `heard`.
    pub listener: PathBuf,
    /// The raw twilight bot.
    pub twilight: Option<PathBuf>,
    /// A Python that has discord.py.
    pub python: Option<PathBuf>,
    /// The discord.py bot.
    pub script: PathBuf,
}

/// Where the simulated Discord is, and how a bot treats it.
#[derive(Clone, Debug)]
pub struct Place {
    /// `127.0.0.1:port` of the REST API.
    pub rest: String,
    /// `ws://127.0.0.1:port`.
    pub gateway: String,
    /// Whether the bot does its own rate limiting.
    pub limited: bool,
    /// Whether its instructions are counted, by callgrind: no time means anything then.
    pub counted: bool,
}

/// Whether instructions can be counted here.
pub fn can_count() -> bool {
    let answers = |program| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null());
        command.status().is_ok_and(|it| it.success())
    };
    answers("valgrind") && answers("callgrind_control")
}

/// A bot's folder.
pub struct Home {
    kind: Kind,
    folder: TempDir,
}

impl Home {
    /// Furnishes a folder. These plugins are Cogwright's.
    pub fn furnish(
        kind: Kind,
        programs: &Programs,
        place: &Place,
        plugins: &[String],
    ) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        if kind == Kind::Cogwright {
            let extensions = folder.path().join("extensions");
            fs::create_dir(&extensions)?;
            for plugin in plugins {
                let file = format!("lib{plugin}.so");
                let from = match plugin.as_str() {
                    "heard" => programs.listener.clone(),
                    _ => programs.plugins.join(&file),
                };
                fs::copy(&from, extensions.join(file))
                    .map_err(|error| format!("{}: {error}", from.display()))?;
            }
            // "http_proxy" is for a server that does the rate limiting: the bot's own is off then.
            let rest = match place.limited {
                true => format!("api_url = \"http://{}\"", place.rest),
                false => format!("http_proxy = \"{}\"", place.rest),
            };
            let config = format!(
                "[discord]\n{rest}\ngateway_url = \"{}\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n[pages]\nlisten = \"127.0.0.1:0\"\n\
                 [storage]\nbackup_on_shutdown = false\n[extensions]\nprobe = {}\n",
                place.gateway,
                // The trial's process can't be started below callgrind.
                !place.counted
            );
            fs::write(folder.path().join("config.toml"), config)?;
        }
        Ok(Self { kind, folder })
    }

    /// Forgets the gateway's session, as after a restart of the machine: the next start identifies.
    pub fn forget_session(&self) -> io::Result<()> {
        match fs::remove_dir_all(self.folder.path().join("data/run")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Starts the bot.
    pub fn start(&self, programs: &Programs, place: &Place) -> Outcome<Bot> {
        let missing = "this bot was left out";
        let (program, arguments): (&Path, Vec<&OsStr>) = match self.kind {
            Kind::Twilight => (programs.twilight.as_ref().ok_or(missing)?, Vec::new()),
            Kind::Cogwright => {
                let arguments = ["run", "--no-supervisor"].map(OsStr::new);
                (&programs.cogwright, arguments.to_vec())
            }
            Kind::DiscordPy => {
                let python = programs.python.as_ref().ok_or(missing)?;
                (python, vec![programs.script.as_os_str()])
            }
        };
        let mut command = match place.counted {
            // It becomes the program: its process has the program's number.
            true => {
                let mut command = Command::new("valgrind");
                command.args(["-q", "--tool=callgrind", "--callgrind-out-file=/dev/null"]);
                command.arg(program);
                command
            }
            false => Command::new(program),
        };
        command.args(arguments);
        let said = self.folder.path().join("said");
        let file = File::create(&said)?;
        command
            .current_dir(self.folder.path())
            .env("DISCORD_TOKEN", "MTEwMDAwMDAwMDAwMDAwMDAwMQ.bench.bench")
            .env("BOT_OWNER_ID", world::OWNER.to_string())
            .env("BENCH_REST", &place.rest)
            .env("BENCH_GATEWAY", &place.gateway)
            .env("BENCH_LIMITER", if place.limited { "on" } else { "off" })
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let began = Instant::now();
        let child = command.spawn()?;
        Ok(Bot { child, began, said })
    }
}

/// A bot that runs. Killed when dropped.
pub struct Bot {
    child: Child,
    /// When its process was started.
    pub began: Instant,
    said: PathBuf,
}

impl Bot {
    /// Processor time so far, of all its threads, user's and system's, in microseconds; in steps of 10 ms.
    pub fn processor(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(self.proc("stat"))?;
        // Behind the name, which may have anything in it.
        let (_, fields) = stat.rsplit_once(')').ok_or("an odd stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |number: usize| -> Outcome<f64> {
            Ok(fields.get(number).ok_or("a short stat")?.parse()?)
        };
        // Linux has a hundred ticks a second for whoever reads this.
        Ok((ticks(11)? + ticks(12)?) * 10_000.0)
    }

    /// Instructions so far, of all its threads, without the system's.
    pub fn instructions(&self) -> Outcome<f64> {
        let process = self.child.id().to_string();
        let told = Command::new("callgrind_control")
            .args(["-e", &process])
            .output()?;
        let told = String::from_utf8_lossy(&told.stdout);
        // Lines such as `Th 3  3,374,879,417`.
        let counts = told.lines().filter_map(|line| {
            let (_, count) = line.trim().strip_prefix("Th")?.trim().split_once(' ')?;
            count.trim().replace(',', "").parse::<f64>().ok()
        });
        match counts.sum() {
            0.0 => Err(format!("callgrind_control counts nothing: {told}").into()),
            sum => Ok(sum),
        }
    }

    /// Resident memory, in MiB.
    pub fn resident(&self) -> Outcome<f64> {
        let status = fs::read_to_string(self.proc("status"))?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|it| it.split_whitespace().next());
        Ok(kilobytes.ok_or("no VmRSS")?.parse::<f64>()? / 1024.0)
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc")
            .join(self.child.id().to_string())
            .join(file)
    }

    /// The end of what it has written.
    pub fn last_words(&self) -> String {
        let said = fs::read_to_string(&self.said).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Ends it as the system does, and by force if it takes more than 15 s.
    pub async fn end(mut self) -> Outcome<()> {
        // Every shell has it.
        let line = format!("kill -TERM {}", self.child.id());
        Command::new("sh").args(["-c", &line]).status()?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > Duration::from_secs(15) {
                self.child.kill()?;
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // Gone already, most of the time.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
