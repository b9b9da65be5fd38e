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

/// Seconds of processor time that the living threads of a process have taken so far, as the scheduler counts them: in nanoseconds
/// (`man 5 proc_pid_schedstat`). The clock ticks of `/proc/PID/stat` see only who runs at a tick, which work that comes by a timer of its own
/// is in step with or not.
///
/// # Errors
///
/// There is no such process, or no such file.
#[allow(dead_code, reason = "not every measurement asks")]
pub fn processor_time(process: u32) -> Result<f64, Box<dyn Error>> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end meanwhile.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        let taken = text.split_whitespace().next().ok_or("a short schedstat")?;
        nanoseconds += taken.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1e9)
}
