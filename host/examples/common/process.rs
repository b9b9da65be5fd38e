//! Bot in a process of its own, on a sandbox in the measurement's: `cogwright` beside the program's folder.

use std::{
    env,
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sandbox::Sandbox;
use tokio::time::sleep;

/// What a start may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Furnishes a bot's folder: a configuration that leads to this sandbox, with more at its end, and these libraries as extensions.
///
/// # Errors
///
/// A file can't be written or copied.
pub fn prepare(
    folder: &Path,
    libraries: &[PathBuf],
    sandbox: &Sandbox,
    more: &str,
) -> Result<(), Box<dyn Error>> {
    let extensions = folder.join("extensions");
    fs::create_dir_all(&extensions)?;
    for library in libraries {
        let name = library.file_name().ok_or("a library has no name")?;
        fs::copy(library, extensions.join(name))?;
    }
    let address = sandbox.addr();
    let config = format!(
        "[discord]\napi_url = \"http://{address}\"\ngateway_url = \"ws://{address}\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n\
         [storage]\nbackup_on_shutdown = false\n{more}"
    );
    Ok(fs::write(folder.join("config.toml"), config)?)
}

/// The file that a bot's output is in, of this start.
pub fn log(folder: &Path, round: u32) -> PathBuf {
    folder.join(format!("said-{round}.log"))
}

/// Starts a bot in its folder, without a supervisor above it.
///
/// # Errors
///
/// There is no `cogwright` beside this program's folder, or it can't be started.
pub fn start(folder: &Path, sandbox: &Sandbox, round: u32) -> Result<Child, Box<dyn Error>> {
    let program = env::current_exe()?;
    let beside = program.parent().and_then(Path::parent);
    let cogwright = beside
        .ok_or("this program lies in no folder")?
        .join("cogwright");
    let said = File::create(log(folder, round))?;
    let child = Command::new(cogwright)
        .args(["run", "--no-supervisor"])
        .current_dir(folder)
        .env("DISCORD_TOKEN", sandbox.token())
        .env("BOT_OWNER_ID", sandbox.owner_id().to_string())
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said)
        .spawn()?;
    Ok(child)
}

/// Until it says that it is ready.
///
/// # Errors
///
/// It does not, within two minutes.
pub async fn until_ready(folder: &Path, round: u32) -> Result<(), Box<dyn Error>> {
    let (log, began) = (log(folder, round), Instant::now());
    while !fs::read_to_string(&log)?.contains("ready: ") {
        if began.elapsed() > PATIENCE {
            return Err(format!("it is not ready: {}", fs::read_to_string(&log)?).into());
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Sends it a signal, and waits for its end.
///
/// # Errors
///
/// There is no shell that could.
pub async fn end(bot: &mut Child, signal: &str) -> Result<(), Box<dyn Error>> {
    // Every shell has it; the program of that name is not on every machine.
    let line = format!("kill -{signal} {}", bot.id());
    Command::new("sh").args(["-c", &line]).status()?;
    while bot.try_wait()?.is_none() {
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Seconds of processor time that a process has taken so far, with that of threads that have ended; in steps of a hundredth
/// (`man 5 proc_pid_stat`: `utime` and `stime`, whose sum is the scheduler's own count of nanoseconds).
///
/// # Errors
///
/// There is no such process, or its file is odd.
#[allow(dead_code, reason = "not every measurement asks")]
pub fn processor_time(process: u32) -> Result<f64, Box<dyn Error>> {
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the name, which may have anything in it.
    let (_, fields) = stat.rsplit_once(')').ok_or("an odd stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next =
        || -> Result<f64, Box<dyn Error>> { Ok(fields.next().ok_or("a short stat")?.parse()?) };
    Ok((next()? + next()?) / TICKS)
}
