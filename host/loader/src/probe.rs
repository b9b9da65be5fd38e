//! Probe: a child process that loads a file, asks it for its manifest, unloads it, and reports what stayed.
//!
//! A damaged file can end the process inside `dlopen`, and no check of its bytes can foresee that.

use std::{
    env,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use plugin_api::manifest::Manifest;
use serde::{Deserialize, Serialize};

use super::{error::LoadError, generation::Generation, isolation::Home, program::Nobody};
use crate::platform::{child, snapshot::ProcessSnapshot};

/// The hidden subcommand that a probe is started with.
pub const SUBCOMMAND: &str = "probe";

/// What a probe found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProbeReport {
    /// What the plugin declares.
    pub manifest: Manifest,
    /// What stayed in the process after the unload, in words.
    pub stayed: Vec<String>,
    /// Why it can't be loaded, if it can't.
    pub refused: Option<String>,
}

/// Probes a file in a child process.
///
/// # Errors
///
/// The child refused the file, died of it, or took longer than `deadline`.
pub async fn run(
    executable: &Path,
    file: &Path,
    deadline: Duration,
) -> Result<ProbeReport, LoadError> {
    let (executable, file) = (executable.to_owned(), file.to_owned());
    tokio::task::spawn_blocking(move || run_blocking(&executable, &file, deadline))
        .await
        .unwrap_or_else(|_| Err(failed("the probe's thread panicked".into())))
}

/// How the reason begins of a file that took too long.
const LATE: &str = "opening the file and asking for its manifest took longer than";

/// Whether a file was refused for this reason because it took too long.
pub(crate) fn was_late(reason: &str) -> bool {
    reason.starts_with(LATE)
}

fn failed(reason: String) -> LoadError {
    LoadError::Probe { reason }
}

fn run_blocking(
    executable: &Path,
    file: &Path,
    deadline: Duration,
) -> Result<ProbeReport, LoadError> {
    let mut child =
        child::command(executable)
            .arg(SUBCOMMAND)
            .arg("--deadline-ms")
            .arg(deadline.as_millis().to_string())
            .arg(file)
            // The token is none of the file's business.
            .env_clear()
            .envs(env::vars_os().filter(|(name, _)| {
                name == "PATH" || name == "LD_LIBRARY_PATH" || name == "TMPDIR"
            }))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                failed(format!(
                    "can't start the probe process {}: {error}",
                    executable.display()
                ))
            })?;
    let mut stdout = child.stdout.take().expect("stdout was asked for");
    let child = Arc::new(Mutex::new(child));
    let guard = Killer::after(deadline + Duration::from_millis(500), Arc::clone(&child));
    let mut output = Vec::new();
    let _ = stdout.read_to_end(&mut output);
    let timed_out = guard.disarm();
    let status = child
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .wait()
        .map_err(|error| failed(format!("the probe process was lost: {error}")))?;
    if timed_out || child::was_late(status) {
        return Err(failed(format!(
            "{LATE} {deadline:?} in a probe process \
             (`extensions.probe_timeout_ms`)"
        )));
    }
    match serde_json::from_slice::<ProbeReport>(&output) {
        Ok(ProbeReport {
            refused: Some(reason),
            ..
        }) => Err(failed(reason)),
        Ok(report) => Ok(report),
        Err(_) => Err(failed(format!(
            "a probe process {} when it opened the file: the file is damaged, or does what a plugin must not do when it is \
             loaded; build it anew",
            child::ending(status)
        ))),
    }
}

/// Kills a child that takes too long.
struct Killer {
    disarmed: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<bool>,
}

impl Killer {
    fn after(deadline: Duration, child: Arc<Mutex<Child>>) -> Self {
        let (disarmed, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let late = receiver.recv_timeout(deadline).is_err();
            if late {
                let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
            }
            late
        });
        Self { disarmed, thread }
    }

    /// Whether it has killed.
    fn disarm(self) -> bool {
        let _ = self.disarmed.send(());
        self.thread.join().unwrap_or_default()
    }
}

/// The child's side: loads the file, unloads it, and reports. Never starts the plugin.
pub async fn probe(file: PathBuf, deadline: Duration) -> ProbeReport {
    // Should it hang where nothing can interrupt it, the kernel ends it, also when the host is gone.
    child::end_after(deadline);
    child::take_name();
    let nobody = Arc::new(Nobody::default());
    let before = ProcessSnapshot::take();
    let generation =
        match Generation::open(&"probe".into(), 1, &file, &Home::Here, nobody, deadline).await {
            Ok(generation) => generation,
            Err(error) => {
                return ProbeReport {
                    refused: Some(error.to_string()),
                    ..ProbeReport::default()
                };
            }
        };
    let manifest = generation.manifest.clone();
    let mut stayed = generation
        .unload(deadline)
        .await
        .map(|report| report.stayed)
        .unwrap_or_default();
    drop(generation);
    let fds = ProcessSnapshot::take().fds_since(&before);
    if !fds.is_empty() {
        let named: Vec<String> = fds.values().cloned().collect();
        stayed.push(format!("{} descriptor(s): {}", fds.len(), named.join(", ")));
    }
    ProbeReport {
        manifest,
        stayed,
        refused: None,
    }
}
