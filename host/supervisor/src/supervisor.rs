//! Loop of the supervisor: starts the bot, waits for its end, decides what follows.

use std::{
    env,
    ffi::OsString,
    fmt::{self, Write as _},
    fs::{self, File},
    io,
    os::unix::{
        fs::MetadataExt,
        process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{self, Command, ExitStatus, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait, waitpid};
use thiserror::Error;

use crate::{
    end::How,
    hang::{self, Hang},
    last_end::{LastEnd, lasted},
    log_lines::{self, Level},
    manager::{self, Manager},
    memory,
    pace::{Pace, Row},
    run_folder::{Places, RunFolder, Running},
    signals::{Inbox, Order},
    supervised,
    upgrade::{self, Request},
    verdict::{Asked, Facts, Verdict},
};

/// The bot that a supervisor takes over from the program that it was before.
const ADOPTED: &str = "COGWRIGHT_ADOPTED";

/// How often the bot's files are looked at while somebody waits for it to be ready.
const LOOK: Duration = Duration::from_millis(100);

/// What a bot gets that is taken down because it was not ready in time.
const GRACE: Duration = Duration::from_secs(10);

/// What a supervisor needs to know.
pub struct Settings {
    /// The program that is the bot.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The file that an upgrade replaces: the program, unless something else runs it.
    pub file: PathBuf,
    /// Whether the supervisor is of the same file, and gives way to a newer one.
    pub is_own_file: bool,
    /// What the configuration says.
    pub configured: Configured,
    /// What it says from the next start on; `None` leaves it at what it was.
    pub configured_now: Box<dyn Fn() -> Option<Configured>>,
    /// How restarts are slowed.
    pub pace: Pace,
}

/// What a supervisor reads of the configuration.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Where to write.
    pub places: Places,
    /// How long the bot's main loop may be silent before the bot is killed and started again; `None`: for as long as it is.
    pub hangs_after: Option<Duration>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("program", &self.program)
            .field("configured", &self.configured)
            .finish_non_exhaustive()
    }
}

/// Error that keeps a supervisor from beginning.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SuperviseError {
    /// Another one is there.
    #[error("a supervisor is there already: {} is locked", .0.display())]
    Another(PathBuf),
    /// The run folder can't be written.
    #[error("{} can't be written: {}", .0.display(), .1)]
    RunFolder(PathBuf, #[source] io::Error),
    /// Signals can't be taken.
    #[error("signals can't be taken: {0}")]
    Signals(#[source] io::Error),
    /// The bot can't be started at all.
    #[error("can't start {}: {}", .0.display(), .1)]
    Start(PathBuf, #[source] io::Error),
}

/// Starts the bot and keeps it running until it ends for good; the exit code to end with.
///
/// It waits for any child of this process, as process 1 of a container has to, so nothing else may start some. To be called on the main
/// thread: the bot ends with the thread that has started it.
///
/// # Errors
///
/// It could not begin. The bot does not run then.
pub fn supervise(settings: Settings) -> Result<u8, SuperviseError> {
    let run = RunFolder(settings.configured.places.run.clone());
    let ours = Running {
        pid: process::id(),
        file: settings.file.clone(),
    };
    let failed = |error| SuperviseError::RunFolder(run.0.clone(), error);
    let lock = run.lock(&ours).map_err(failed)?;
    let lock = lock.ok_or_else(|| SuperviseError::Another(run.0.clone()))?;
    let supervisor = Supervisor {
        inbox: Inbox::open().map_err(SuperviseError::Signals)?,
        manager: Manager::from_environment(),
        row: Row::new(settings.pace),
        configured: settings.configured.clone(),
        settings,
        run,
        was_ever_ready: false,
        follows_a_crash: false,
        is_outdated: false,
        trial: None,
        is_silent: false,
        _lock: lock,
    };
    supervisor.run()
}

struct Supervisor {
    settings: Settings,
    configured: Configured,
    run: RunFolder,
    inbox: Inbox,
    manager: Manager,
    row: Row,
    was_ever_ready: bool,
    follows_a_crash: bool,
    /// Another program lies there than the one that this process is.
    is_outdated: bool,
    trial: Option<Trial>,
    /// The main loop was late, and that was said.
    is_silent: bool,
    _lock: File,
}

/// A newer program that has to prove itself.
struct Trial {
    request: Request,
    began: Instant,
    /// When it is killed, once it has been told to end.
    killed_at: Option<Instant>,
}

impl Trial {
    fn limit(&self) -> Duration {
        Duration::from_millis(self.request.within_ms)
    }

    fn deadline(&self) -> Instant {
        self.killed_at.unwrap_or(self.began + self.limit())
    }
}

/// The bot, on its way.
struct Bot {
    pid: Pid,
    began: Instant,
    /// Processes that were killed for memory before.
    memory_kills: Option<u64>,
    asked: Option<Asked>,
    is_ready: bool,
    pinged: Instant,
    hang: Hang,
    /// When it was looked at for whether it hangs.
    looked: Instant,
    /// It was killed because it did, after so many seconds of silence.
    hung_s: Option<u64>,
}

impl Bot {
    fn new(pid: Pid) -> Self {
        Self {
            pid,
            began: Instant::now(),
            memory_kills: memory::kills(),
            asked: None,
            is_ready: false,
            pinged: Instant::now(),
            hang: Hang::default(),
            looked: Instant::now(),
            hung_s: None,
        }
    }

    fn id(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// It may be gone: then its end is on its way here.
    fn signal(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _ = kill_process(self.pid, signal);
        }
    }

    fn out_of_memory(&self) -> bool {
        let before = self.memory_kills;
        before.is_some_and(|before| memory::kills().is_some_and(|now| now > before))
    }
}

impl Supervisor {
    fn run(mut self) -> Result<u8, SuperviseError> {
        let mut bot = match adopted() {
            Some(bot) => bot,
            None => self
                .start()
                .map_err(|error| SuperviseError::Start(self.settings.program.clone(), error))?,
        };
        loop {
            let status = self.watch(&mut bot);
            let is_stopped = bot.asked == Some(Asked::Stop);
            let goes_on = match self.verdict(&bot, status) {
                // However it ended: it was to be ready first.
                _ if self.trial.is_some() && !is_stopped => self.take_back(&bot, status),
                Verdict::End(code) => {
                    self.last_words(&bot, status);
                    return Ok(code);
                }
                Verdict::Anew => self.anew(),
                Verdict::Again(how) => self.again(&how, Some(&bot)),
            };
            if !goes_on {
                return Ok(0);
            }
            if let Some(configured) = (self.settings.configured_now)() {
                self.run = RunFolder(configured.places.run.clone());
                self.configured = configured;
            }
            bot = loop {
                match self.start() {
                    Ok(bot) => break bot,
                    Err(error) => {
                        if !self.again(&How::NotStarted(error.to_string()), None) {
                            return Ok(0);
                        }
                    }
                }
            };
        }
    }

    fn start(&mut self) -> io::Result<Bot> {
        self.run.clear();
        self.is_silent = false;
        let settings = &self.settings;
        let mut command = Command::new(&settings.program);
        command
            .args(&settings.arguments)
            .env(supervised::SUPERVISOR, process::id().to_string())
            .env(supervised::RUN, &self.run.0)
            .env_remove(supervised::HEART)
            .env_remove(ADOPTED)
            .stdin(Stdio::null())
            // Of its own: a terminal's Ctrl-C comes here, and from here to the bot once.
            .process_group(0);
        for variable in manager::VARIABLES {
            command.env_remove(variable);
        }
        if self.manager.watchdog().is_some() || self.configured.hangs_after.is_some() {
            command.env(supervised::HEART, "1");
        }
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        self.is_outdated = settings.is_own_file && is_replaced(&settings.file);
        self.manager.status("starting");
        pid.map(Bot::new)
            .ok_or_else(|| io::Error::other("a process without an id"))
    }

    /// Until it has ended: passes signals on, and looks at its files if anybody waits for what they say.
    fn watch(&mut self, bot: &mut Bot) -> ExitStatus {
        loop {
            if let Some(status) = reap(Some(bot.pid)) {
                return status;
            }
            match self.inbox.next(self.next_look(bot)) {
                None => self.look(bot),
                Some(Order::Child) => {}
                Some(Order::Stop(signal)) => {
                    bot.asked = Some(Asked::Stop);
                    self.manager.stopping();
                    bot.signal(signal);
                }
                Some(Order::Restart) if bot.asked.is_none() => {
                    bot.asked = Some(Asked::Restart);
                    self.say(
                        Level::Info,
                        "restarting the bot, in order, by the program that lies there now",
                    );
                    self.manager.reloading("restarting");
                    bot.signal(Signal::TERM.as_raw());
                }
                Some(Order::Restart) => {}
                Some(Order::Pass(signal)) => bot.signal(signal),
            }
        }
    }

    /// When there is something to look at; `None` if nobody waits for anything.
    fn next_look(&self, bot: &Bot) -> Option<Instant> {
        let waits = self.manager.listens() || self.trial.is_some() || self.is_outdated;
        let ready = (waits && !bot.is_ready).then(|| Instant::now() + LOOK);
        let ping = self.manager.watchdog().map(|limit| bot.pinged + limit / 2);
        let hang = self.configured.hangs_after;
        let hang = hang.map(|limit| bot.looked + hang::pause(limit));
        [ready, ping, hang].into_iter().flatten().min()
    }

    fn look(&mut self, bot: &mut Bot) {
        if !bot.is_ready && self.run.is_ready(bot.id()) {
            bot.is_ready = true;
            self.is_ready(bot);
        }
        if let Some(trial) = &mut self.trial
            && trial.deadline() <= Instant::now()
        {
            // In order first, since it may be a good program on a slow day.
            let signal = match trial.killed_at {
                None => Signal::TERM,
                Some(_) => Signal::KILL,
            };
            trial.killed_at = Some(Instant::now() + GRACE);
            bot.signal(signal.as_raw());
        }
        if let Some(limit) = self.configured.hangs_after
            && bot.looked.elapsed() >= hang::pause(limit)
        {
            bot.looked = Instant::now();
            self.look_whether_it_hangs(bot, limit);
        }
        if let Some(limit) = self.manager.watchdog()
            && bot.pinged.elapsed() >= limit / 2
        {
            bot.pinged = Instant::now();
            self.ping(bot, limit);
        }
    }

    /// Kills it when its main loop has been silent for too long: nothing goes on in it, and nobody else would end it.
    fn look_whether_it_hangs(&self, bot: &mut Bot, limit: Duration) {
        let look = hang::Look {
            now: bot.looked,
            beaten: self.run.beaten(),
            is_held: hang::is_held(bot.id()),
        };
        let silent = bot.hang.look(look, limit);
        // On its way down the loop is gone, and the bot has a limit of its own.
        let (Some(silent), None, None) = (silent, bot.asked, bot.hung_s) else {
            return;
        };
        // A disk that is full, broken or slow keeps its word from coming here: that is no reason to end it.
        if !self.run.takes_beats() {
            bot.hang = Hang::default();
            return;
        }
        bot.hung_s = Some(silent.as_secs());
        self.say(
            Level::Warn,
            &format!(
                "the bot's main loop has not answered for {} s, though its process runs (`limits.main_loop_s`): it is killed and started again; the report in \
                 data/crashes says what each plugin was at",
                silent.as_secs()
            ),
        );
        bot.signal(Signal::KILL.as_raw());
    }

    /// While it starts it is alive, and that is all that is known; afterwards its main loop has to have answered lately.
    fn ping(&mut self, bot: &Bot, limit: Duration) {
        let beaten = self.run.beaten().filter(|_| bot.is_ready);
        let since = beaten.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
        // On its way down the loop is gone, and the bot has a limit of its own.
        let since = since.filter(|_| bot.asked.is_none());
        let late = since.filter(|since| *since > (limit / 2).max(Duration::from_secs(3)));
        match late {
            None => {
                if self.is_silent {
                    self.say(Level::Info, "the bot's main loop answers again");
                }
                self.manager.ping();
            }
            Some(since) if !self.is_silent => self.say(
                Level::Warn,
                &format!(
                    "the bot's main loop has not answered for {} s; systemd hears nothing until it does, and ends the service after {} s",
                    since.as_secs(),
                    limit.as_secs()
                ),
            ),
            Some(_) => {}
        }
        self.is_silent = late.is_some();
    }

    /// The bot is ready, and somebody has waited for it.
    fn is_ready(&mut self, bot: &Bot) {
        self.was_ever_ready = true;
        self.manager.ready();
        if let Some(trial) = self.trial.take() {
            let took = lasted(millis(trial.began.elapsed()));
            self.say(
                Level::Info,
                &format!(
                    "upgraded: the newer program was ready after {took}; the one before it is kept as {}",
                    upgrade::before(&self.settings.file).display()
                ),
            );
            upgrade::answer(&self.run, true, format!("ready after {took}"));
        }
        if self.is_outdated {
            self.give_way(bot);
        }
    }

    /// Puts the program that lies there in the place of this one. The process stays, and with it the bot.
    fn give_way(&mut self, bot: &Bot) {
        let settings = &self.settings;
        let error = Command::new(&settings.program)
            .args(&settings.arguments)
            .env(ADOPTED, bot.pid.as_raw_pid().to_string())
            .exec();
        self.is_outdated = false;
        let told = format!(
            "the supervisor stays the program that it was: {error}; the bot is the newer one"
        );
        self.say(Level::Warn, &told);
    }

    fn verdict(&mut self, bot: &Bot, status: ExitStatus) -> Verdict {
        self.was_ever_ready |= bot.is_ready || self.run.is_ready(bot.id());
        let facts = Facts {
            status,
            mark: self.run.mark_of(bot.id()),
            out_of_memory: bot.out_of_memory(),
            was_ever_ready: self.was_ever_ready,
            follows_a_crash: self.follows_a_crash,
            asked: bot.asked,
            hung_s: bot.hung_s,
        };
        facts.verdict()
    }

    /// The bot ended in order to be started anew.
    fn anew(&mut self) -> bool {
        self.row.begin_anew();
        self.follows_a_crash = false;
        self.manager.reloading("restarting");
        let request = upgrade::asked(&self.run);
        self.trial = request.map(|request| Trial {
            request,
            began: Instant::now(),
            killed_at: None,
        });
        true
    }

    /// The bot is gone, or could not be started: tells everybody, and waits as long as it takes; `false` when it is to stay so.
    fn again(&mut self, how: &How, bot: Option<&Bot>) -> bool {
        self.follows_a_crash = true;
        let lived = bot.map_or(Duration::ZERO, |bot| bot.began.elapsed());
        let (in_a_row, pause) = self.row.another(lived);
        self.leave_word(how, bot, in_a_row, pause);
        let next = match pause {
            Duration::ZERO => "at once".to_owned(),
            pause => format!("in {}", lasted(millis(pause))),
        };
        let mut told = match bot {
            Some(bot) => format!(
                "the bot (process {}) is gone after {}: {how}",
                bot.id(),
                lasted(millis(lived))
            ),
            None => format!("the bot is not there: {how}"),
        };
        if in_a_row > 1 {
            let _ = write!(told, "; {in_a_row} times in a row");
        }
        self.say(Level::Warn, &format!("{told}; it is started again {next}"));
        self.manager.reloading(&format!(
            "starting again {next} after {}{}",
            how.short(),
            if in_a_row > 1 {
                format!(", {in_a_row} times in a row")
            } else {
                String::new()
            }
        ));
        // An upgrade that somebody asked for while the bot crashed.
        if bot.is_some_and(|bot| bot.asked == Some(Asked::Restart)) {
            return self.anew();
        }
        self.pause(pause)
    }

    /// A newer program has ended before it was ready.
    fn take_back(&mut self, bot: &Bot, status: ExitStatus) -> bool {
        let Some(trial) = self.trial.take() else {
            return true;
        };
        let why = match trial.killed_at {
            Some(_) => format!("it was not ready within {}", lasted(millis(trial.limit()))),
            None => {
                let ended = match self.run.mark_of(bot.id()) {
                    Some(mark) => How::Error(mark.code),
                    None => How::of(status, bot.out_of_memory()),
                };
                format!("it ended before it was ready, by {}", ended.short())
            }
        };
        let told = match upgrade::take_back(&self.settings.file) {
            Ok(()) => format!("the newer program was taken back: {why}"),
            Err(error) => format!(
                "the newer program failed: {why}; and the one before it could not be put back: {error}. Move {} to {}",
                upgrade::before(&self.settings.file).display(),
                self.settings.file.display()
            ),
        };
        self.say(Level::Warn, &told);
        self.row.begin_anew();
        self.leave_word(&How::TakenBack(why), Some(bot), 1, Duration::ZERO);
        upgrade::answer(&self.run, false, told);
        true
    }

    /// Tells the next bot.
    fn leave_word(&self, how: &How, bot: Option<&Bot>, in_a_row: u32, pause: Duration) {
        let last = LastEnd {
            at_ms: millis(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default(),
            ),
            pid: bot.map_or(0, Bot::id),
            how: how.clone(),
            in_a_row,
            lived_ms: bot.map_or(0, |bot| millis(bot.began.elapsed())),
            was_ready: bot.is_some_and(|bot| bot.is_ready || self.run.is_ready(bot.id())),
            pause_ms: millis(pause),
            blamed: None,
        };
        if let Err(error) = last.leave(&self.run) {
            let told = format!("the next bot can't be told of it: {error}");
            self.say(Level::Warn, &told);
        }
    }

    /// Waits; `false` when it is to stay so. A restart that is asked for shortens it.
    fn pause(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            let ping = self.manager.watchdog().map(|limit| limit / 2);
            let next = ping.map_or(until, |ping| until.min(Instant::now() + ping));
            match self.inbox.next(Some(next)) {
                None if Instant::now() >= until => return true,
                // It waits on purpose: that is life, too.
                None => self.manager.ping(),
                Some(Order::Child) => {
                    let _ = reap(None);
                }
                Some(Order::Stop(_)) => {
                    self.manager.stopping();
                    return false;
                }
                Some(Order::Restart) => return self.anew(),
                Some(Order::Pass(_)) => {}
            }
        }
    }

    /// It was asked to end. How it did is told if it was no orderly end.
    fn last_words(&self, bot: &Bot, status: ExitStatus) {
        let _ = fs::remove_file(self.run.last_end());
        if self.run.mark_of(bot.id()).is_none() {
            let how = How::of(status, bot.out_of_memory());
            let told = format!(
                "the bot (process {}) was told to stop and did not end in order: {how}",
                bot.id()
            );
            self.say(Level::Warn, &told);
        }
    }

    fn say(&self, level: Level, text: &str) {
        log_lines::write(self.configured.places.log.as_ref(), level, text);
    }
}

/// The bot that this process had started when it was another program.
fn adopted() -> Option<Bot> {
    let pid = env::var(ADOPTED)
        .ok()?
        .parse()
        .ok()
        .and_then(Pid::from_raw)?;
    // Nobody's but its parent's to wait for.
    match waitpid(Some(pid), WaitOptions::NOHANG) {
        Ok(None) => Some(Bot::new(pid)),
        _ => None,
    }
}

/// Waits for all children that have ended; what the kernel says of this one, if it is among them. Process 1 inherits orphans.
fn reap(bot: Option<Pid>) -> Option<ExitStatus> {
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if Some(pid) == bot {
            return Some(ExitStatus::from_raw(status.as_raw()));
        }
    }
    None
}

/// Whether the file is another than the one that this process is.
fn is_replaced(program: &PathBuf) -> bool {
    let (Ok(ours), Ok(there)) = (fs::metadata("/proc/self/exe"), fs::metadata(program)) else {
        return false;
    };
    (ours.dev(), ours.ino()) != (there.dev(), there.ino())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
