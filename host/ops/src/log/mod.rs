//! The host's log: on standard error, and in files.
//!
//! | file | what it does |
//! | --- | --- |
//! | `levels.rs` | what is logged: per target, and per plugin |
//! | `queue.rs` | a thread per output, so that nobody who logs waits for a disk or a terminal |
//! | `files.rs` | `permanent.log`, rotated, and `current_run.log` |
//! | `about.rs` | what the host says about each plugin has a share |
//! | `line.rs` | from events to lines |
//! | `recent.rs` | the last lines in memory |

mod about;
mod files;
mod levels;
mod line;
mod queue;
mod recent;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError, RwLock},
};

use host_base::PluginName;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Registry, layer::SubscriberExt, reload, util::SubscriberInitExt,
};

use self::{
    about::AboutPlugins,
    files::Files,
    queue::{Queue, Stderr},
    recent::Keeping,
};
pub use self::{
    files::PERMANENT,
    levels::Levels,
    line::redact_with,
    recent::{Found, RecentLine, Wanted, last, read},
};
use crate::config::{Colour, Log};
pub use crate::filter::{check_filter, level_word, parse_level};

/// The log of this process, once it has begun.
struct Running {
    filter: reload::Handle<EnvFilter, Registry>,
    levels: RwLock<Levels>,
    /// Subscribers to changes of the levels, until they say that they are gone.
    followers: Mutex<Vec<Follower>>,
    queues: Vec<Queue>,
    /// Where the files are, absolute; `None` when none are written.
    folder: Option<PathBuf>,
}

/// Told of changes; whether it is still there.
type Follower = Box<dyn Fn() -> bool + Send>;

static RUNNING: OnceLock<Running> = OnceLock::new();

/// Begins the log, as `[log]` says; `first` is its first line. What keeps the files from being written is told and stops
/// nobody. Once a process: a second call changes nothing.
///
/// # Errors
///
/// A level is no filter; the text says which directive.
pub fn init(config: &Log, first: &str) -> Result<(), String> {
    if RUNNING.get().is_some() {
        return Ok(());
    }
    let levels = Levels::new(&config.level, &config.plugins)?;
    let (filter, handle) = reload::Layer::new(levels.filter()?);
    let colour = match config.colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => io::stderr().is_terminal(),
    };
    let stderr = Queue::start("log to stderr", Stderr);
    let mut queues = vec![stderr.clone()];
    let (mut to_files, mut trouble, mut folder) = (None, None, None);
    if config.files {
        match Files::open(config) {
            Ok(files) => {
                let queue = Queue::start("log to files", files);
                queues.push(queue.clone());
                to_files = Some(line::layer(config.json, false, queue));
                folder = fs::canonicalize(&config.folder).ok();
            }
            Err(error) => trouble = Some(error),
        }
    }
    let begun = tracing_subscriber::registry()
        .with(filter)
        .with(AboutPlugins::default())
        .with(Keeping)
        .with(line::layer(config.json, colour, stderr))
        .with(to_files)
        .try_init();
    if begun.is_err() {
        // Somebody else's subscriber is there (a test's): the log is theirs.
        return Ok(());
    }
    let _ = RUNNING.set(Running {
        filter: handle,
        levels: RwLock::new(levels),
        followers: Mutex::default(),
        queues,
        folder,
    });
    log_panics();
    tracing::info!("{first}");
    if let Some(trouble) = trouble {
        tracing::warn!("no log files are written: {trouble}");
    }
    Ok(())
}

/// Where this process writes its log's files, absolute.
#[must_use]
pub fn folder() -> Option<&'static Path> {
    RUNNING.get()?.folder.as_deref()
}

/// The file that this process's lines and those of the runs before it are in, where files are written.
#[must_use]
pub fn permanent() -> Option<PathBuf> {
    Some(folder()?.join(PERMANENT))
}

/// Waits until all that was logged so far is written: at the end of the process, or before it may crash.
pub fn flush() {
    for queue in RUNNING
        .get()
        .into_iter()
        .flat_map(|running| &running.queues)
    {
        queue.flush();
    }
}

/// What is logged now; `None` before the log has begun.
#[must_use]
pub fn levels() -> Option<Levels> {
    let levels = RUNNING.get()?.levels.read();
    Some(levels.unwrap_or_else(PoisonError::into_inner).clone())
}

/// Changes what is logged: `level` as in `[log] level`, `plugins` as in `[log] plugins`. Whoever [follows](follow) has been told
/// when this returns.
///
/// # Errors
///
/// A level is no filter; everything stays as it was.
pub fn set_levels(level: &str, plugins: &BTreeMap<PluginName, String>) -> Result<(), String> {
    let levels = Levels::new(level, plugins)?;
    let filter = levels.filter()?;
    let Some(running) = RUNNING.get() else {
        return Ok(());
    };
    let mut current = running
        .levels
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    running
        .filter
        .reload(filter)
        .map_err(|error| format!("the log is gone: {error}"))?;
    *current = levels;
    drop(current);
    let mut followers = running
        .followers
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    followers.retain(|follower| follower());
    Ok(())
}

/// Has `follower` called after every change of the levels, until it returns `false`. Does nothing before the log has begun.
pub fn follow(follower: impl Fn() -> bool + Send + 'static) {
    if let Some(running) = RUNNING.get() {
        let mut followers = running
            .followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        followers.push(Box::new(follower));
    }
}

/// The most verbose level that is written of a plugin's lines: it need not send more.
#[must_use]
pub fn plugin_level(plugin: &PluginName) -> &'static str {
    let level = match RUNNING.get() {
        Some(running) => {
            let levels = running
                .levels
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            levels.of_plugin(plugin)
        }
        None => LevelFilter::current(),
    };
    level_word(level)
}

/// Whether a plugin's line of that level is written.
#[must_use]
pub fn takes(plugin: &PluginName, level: Level) -> bool {
    RUNNING.get().is_none_or(|running| {
        let levels = running
            .levels
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        level <= levels.of_plugin(plugin)
    })
}

/// Panics of the host go where the rest of the log goes, and are written before anything else happens.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let at = panic.location().map(ToString::to_string);
        let payload = panic.payload();
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(
            thread = thread.name().unwrap_or("unnamed"),
            at = at.as_deref().unwrap_or("unknown"),
            "panicked: {}\n{}",
            text.unwrap_or("a panic without a text"),
            std::backtrace::Backtrace::capture()
        );
        flush();
    }));
}
