//! Supervisor of a script, for the tests: `supervise FOLDER SCRIPT`. The folder is the run folder, and has the log.
//!
//! `PAUSE_MS` is the pause before the second restart in a row; with `ADOPTS_ORPHANS` orphans below it become its children, as they
//! do of process 1; `HANGS_AFTER_MS` is how long its heart may be still.

use std::{env, path::PathBuf, process::ExitCode, time::Duration};

use host_supervisor::{Configured, LogFile, Pace, Places, Settings, supervise};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(folder), Some(script)) = (arguments.next(), arguments.next()) else {
        eprintln!("write `supervise FOLDER SCRIPT`");
        return ExitCode::from(2);
    };
    if env::var_os("ADOPTS_ORPHANS").is_some() {
        let own = rustix::process::getpid();
        rustix::process::set_child_subreaper(Some(own)).expect("Linux knows it");
    }
    let folder = PathBuf::from(folder);
    let mut pace = Pace::default();
    if let Some(first) = milliseconds("PAUSE_MS") {
        pace.first = first;
        pace.longest = pace.first;
    }
    let places = Places {
        log: Some(LogFile {
            path: folder.join("permanent.log"),
            json: false,
        }),
        run: folder,
    };
    let settings = Settings {
        // By the shell, and not by itself: a file that was written just now may be open for writing in a process that another test
        // is starting, and could not be executed.
        program: "sh".into(),
        arguments: vec![script.clone()],
        file: script.into(),
        is_own_file: false,
        configured: Configured {
            places,
            hangs_after: milliseconds("HANGS_AFTER_MS"),
        },
        configured_now: Box::new(|| None),
        pace,
    };
    match supervise(settings) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("supervise: {error}");
            ExitCode::from(99)
        }
    }
}

fn milliseconds(variable: &str) -> Option<Duration> {
    let ms = env::var(variable).ok()?.parse().ok()?;
    Some(Duration::from_millis(ms))
}
