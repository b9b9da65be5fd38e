//! Plugins with hostile native code, each in a host process of its own: a crash is a failed test, not the end of all.
//!
//! Told with plugins in cells, the same deeds leave nothing: what a process had is gone with it, and the host's own was never there to
//! be reached. The stories say so where they tell what stays ([`stays`], [`in_cells`]).
//!
//! The C and C++ sources lie in `plugin/`, and are compiled by `cc` and `c++`. A test runs the test binary once more, for
//! itself alone; there, the whole bot runs on a sandbox as in any other test.

mod abandoned;
mod build;
mod ends;
mod libraries;
mod order;
mod signals;
mod threads;
mod timers;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::{Duration, Instant},
};

use host_loader::{LoadError, UnloadReport, snapshot};

use crate::{
    fixtures::{self, ALONE},
    support::{Fixture, PATIENCE, in_cells},
};

/// Where constructors find the folder that they and the test wait for each other in: one of the few variables that a cell has.
const PLACES: &str = "TMPDIR";

/// Runs a scenario in a process of its own. `name` is the test's, without its module.
fn alone<F: Future<Output = ()>>(module: &str, name: &str, scenario: impl FnOnce() -> F) {
    let module = module.split_once("::").unwrap().1;
    let test = format!("{module}::{name}");
    if env::var_os(ALONE).is_some_and(|alone| *alone == *test) {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
        // A process that hangs is a test that fails, and not one that never ends.
        std::thread::spawn(|| {
            std::thread::sleep(PATIENCE * 5);
            eprintln!(
                "it hangs; logged: {}",
                String::from_utf8_lossy(&LOG.lock().unwrap())
            );
            std::process::abort();
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(scenario());
        return;
    }
    // Here, where one waits for the other; processes would build the same at once.
    fixtures::examples();
    build::all();
    let places = tempfile::tempdir().unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", &test, "--nocapture", "--include-ignored"])
        .env(ALONE, &test)
        .env(PLACES, places.path())
        .output()
        .unwrap();
    let (said, erred) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && said.contains("1 passed"),
        "the process of {test} ended with {}\n{said}{erred}",
        output.status
    );
}

/// What the host has logged in this process.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether the host has logged a line with all of these.
fn is_logged(words: &[&str]) -> bool {
    logged(words) > 0
}

/// How many lines with all of these the host has logged.
fn logged(words: &[&str]) -> usize {
    let log = String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned();
    log.lines()
        .filter(|line| words.iter().all(|word| line.contains(word)))
        .count()
}

/// A bot with hostile plugins, and what they and the test wait for each other by.
struct Hostile {
    bot: Fixture,
}

impl Hostile {
    /// With `hello`, which comes and goes, and `counter`, which stays: with the last prefix command the bot would give up its
    /// right to read messages.
    async fn with(plugins: &[&Path]) -> Self {
        let config = "[extensions]\nstop_timeout_ms = 200\nsave_timeout_ms = 200";
        Self::configured(plugins, config).await
    }

    async fn configured(plugins: &[&Path], config: &str) -> Self {
        let bot = Fixture::configured(&["hello", "counter"], config).await;
        let this = Self { bot };
        for plugin in plugins {
            let name = plugin.file_stem().unwrap().to_str().unwrap();
            let name = name.strip_prefix("lib").unwrap();
            this.bot.drop_in(plugin, name);
            this.bot.until_generation(name, 1).await;
        }
        this
    }

    /// Where a deed waits: a path with nothing there.
    fn place(&self, name: &str) -> PathBuf {
        self.bot.folder.path().join(name)
    }

    /// Does it, and waits until it has answered.
    async fn deed(&self, name: &str, place: &Path) -> String {
        let deed = format!("!deed {name} {}", place.display());
        self.bot.ask(&self.bot.member(), &deed).await.content
    }

    /// Lets a deed go on.
    fn release(&self, place: &Path) {
        fs::write(place, "").unwrap();
    }

    /// Waits until a deed that was let go on has done all it wanted. One in a cell has ended with it, and will not.
    fn until_done(&self, place: &Path) {
        if in_cells() {
            return;
        }
        let done = place.with_extension("done");
        until("the deed is done", || done.exists());
    }

    /// Whether a generation that was written off is all there still: its library mapped, itself told of, and a thread of this name at
    /// work. One in a cell is gone altogether.
    fn stays_abandoned(&self, plugin: &str, thread: &str) {
        let lives = usize::from(!in_cells());
        until("its thread has ended, and the other lives", || {
            threads_called(thread) == lives
        });
        assert_eq!(self.mapped(plugin) > 0, !in_cells());
    }

    /// How many generations of a plugin are mapped.
    fn generations(&self, plugin: &str) -> usize {
        let of = |image: &snapshot::Image| {
            let file = image.path.file_name().unwrap_or_default();
            file.to_string_lossy().starts_with(&format!("{plugin}-"))
        };
        snapshot::images().iter().filter(|image| of(image)).count()
    }

    /// Bytes of a plugin's generations that are mapped.
    fn mapped(&self, plugin: &str) -> u64 {
        let shadow = self.bot.folder.path().join("data/shadow");
        fs::read_dir(shadow)
            .unwrap()
            .flatten()
            .filter(|entry| {
                let name = entry.file_name().into_string().unwrap();
                name.starts_with(&format!("{plugin}-"))
            })
            .map(|entry| snapshot::mapped_bytes(&entry.path()).unwrap())
            .sum()
    }

    /// Unloads it, and looks whether its report is true.
    async fn unload(&self, plugin: &str) -> UnloadReport {
        let report = self.bot.plugins().unload(plugin, false).await.unwrap();
        self.agrees(&report);
        report
    }

    /// Until it serves nobody any more: an unload that is on its way has told it to stop, in the same breath.
    async fn until_it_leaves(&self, plugin: &str) {
        let serves = || {
            self.bot
                .plugins()
                .status()
                .iter()
                .any(|it| it.plugin == plugin)
        };
        let began = Instant::now();
        while serves() {
            assert!(began.elapsed() < PATIENCE, "{plugin} stays");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Whether what the report says of the library is so.
    fn agrees(&self, report: &UnloadReport) {
        let name = format!("{}-{}-", report.plugin, report.generation);
        let mapped = snapshot::images().iter().any(|image| {
            let file = image.path.file_name().unwrap_or_default();
            file.to_string_lossy().starts_with(&name)
        });
        assert_eq!(mapped, !report.unmapped, "{report:?}");
    }

    async fn load(&self, plugin: &str) {
        self.bot.plugins().load(plugin).await.unwrap();
    }

    /// For one that failed, and is loaded again by itself: sooner than that, unless this machine is slow.
    async fn load_unless_it_is(&self, plugin: &str) {
        match self.bot.plugins().load(plugin).await {
            Ok(_) | Err(LoadError::AlreadyLoaded { .. }) => {}
            Err(error) => panic!("{plugin}: {error}"),
        }
    }

    /// Opens and closes other libraries: what glibc has only put off is unmapped at the latest by now.
    async fn reload_others(&self, name: &str, times: usize) {
        for _ in 0..times {
            let report = self.bot.plugins().unload(name, true).await.unwrap();
            assert!(report.unmapped, "{report:?}");
            self.bot.plugins().load(name).await.unwrap();
        }
    }
}

/// Where the constructors of `constructor.c` wait.
fn of_constructors(name: &str) -> PathBuf {
    Path::new(&env::var_os(PLACES).unwrap()).join(name)
}

/// What the report on a plugin says that has done something: that its library stayed mapped or not, and this. Of one in a cell nothing
/// stays, whatever it has done.
fn stays(report: &UnloadReport, unmapped: bool, line: &str) {
    if in_cells() {
        return nothing_stays(report);
    }
    assert_eq!(report.unmapped, unmapped, "{report:?}");
    assert!(
        report.stayed.iter().any(|it| it.contains(line)),
        "no `{line}` in {report:?}"
    );
}

fn nothing_stays(report: &UnloadReport) {
    assert!(report.unmapped && report.stayed.is_empty(), "{report:?}");
}

/// Waits for something that another thread does.
fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How many threads of the process have this name. A thread that C code creates has its creator's.
fn threads_called(name: &str) -> usize {
    let is = |task: &fs::DirEntry| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim_end() == name)
    };
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks.filter(is).count()
}
