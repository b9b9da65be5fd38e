//! `cogwright upgrade`: a newer program in the place of this one, and the bot restarted by it.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use host_ops::{config::Config, folders::not_there};
use host_store::storage;
use host_supervisor::{Request, ask, install, running};

use super::CliResult;

/// How long a newer program may take until it is ready, if nobody says otherwise.
pub(super) const WITHIN_S: u64 = 120;

/// What `--version` may take.
const TRIAL: Duration = Duration::from_secs(10);

/// Checks the file, puts it in its place, and has the bot that runs restart by it.
pub(super) fn run(config: &Path, file: &Path, within: Duration) -> CliResult {
    let config = Config::load(config)?;
    let version = version(file)?;
    let folder = config.data.run_folder();
    let Some(there) = running(&folder) else {
        let program = host_loader::installed_program()?;
        if storage::is_in_use(&config.data.folder) {
            return Err("the bot runs without a supervisor, which alone can take a newer program back: stop it, and run this again".into());
        }
        let before = install(file, &program)?;
        println!(
            "{} is {version} now; the one before it is {}. No bot runs in {}: the next `cogwright run` is by it.",
            program.display(),
            before.display(),
            config.data.folder.display()
        );
        return Ok(());
    };
    let before = install(file, &there.file)?;
    println!(
        "{} is {version} now; the one before it is {}. Restarting the bot (supervisor: process {}) …",
        there.file.display(),
        before.display(),
        there.pid
    );
    let within_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    let outcome = ask(&folder, &there, &Request { within_ms })?;
    if !outcome.is_done {
        return Err(outcome.told.into());
    }
    println!("The bot runs by {version}: {}.", outcome.told);
    Ok(())
}

/// What the file says that it is: `cogwright 0.2.0`.
fn version(file: &Path) -> CliResult<String> {
    let shown = file.display();
    if !file.is_file() {
        return Err(not_there(file, "file").into());
    }
    // A name without a slash would be looked for elsewhere.
    let program = std::path::absolute(file)?;
    let failed = |what: &str| format!("{shown} is no cogwright that runs here: {what}");
    let mut child = Command::new(&program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error.to_string()))?;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() > TRIAL {
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed(&format!("`--version` took longer than {TRIAL:?}")).into());
        }
        thread::sleep(Duration::from_millis(10));
    };
    let mut said = String::new();
    if let Some(out) = child.stdout.take() {
        // It has ended, so this ends, too; a line is all that is wanted.
        let _ = out.take(1_000).read_to_string(&mut said);
    }
    let line = said.lines().next().unwrap_or_default();
    match status.success() && line.starts_with("cogwright ") {
        true => Ok(line.to_owned()),
        false => Err(failed(&format!(
            "`--version` ended with {status} and said {line:?}"
        ))
        .into()),
    }
}
