//! Closing a library, and measuring that it is gone (docs/decisions/0008).

use std::{
    collections::BTreeMap,
    fs, mem,
    path::{Path, PathBuf},
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time::timeout};

use super::{
    census, interpose,
    library::{Ended, Held, Ledger, Mapped},
};

/// What the destructors of the thread-locals of a plugin's thread may take. They run when its main function has returned.
const JOIN_GRACE: Duration = Duration::from_millis(1500);
const JOIN_PAUSE: Duration = Duration::from_micros(200);

/// What all of a close may take, the library's finalisers with it.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// How long the kernel may still list a thread that has ended.
const THREAD_GRACE: Duration = Duration::from_millis(500);

/// How long a file of the host's own may be open at the moment of an unload.
const SECOND_LOOK: Duration = Duration::from_millis(20);

/// Heap that plugin-api itself keeps until the library is gone (tracing's registry): below this, nothing is said.
const OWN_HEAP_BYTES: u64 = 1024;

/// What is unloaded.
#[derive(Debug)]
pub struct Context {
    /// The plugin's name.
    pub plugin: String,
    /// Its generation.
    pub generation: u64,
    /// Its private copy.
    pub shadow: PathBuf,
    /// When the unload began.
    pub began: Instant,
    /// The process's descriptors before the library was opened.
    pub descriptors: Descriptors,
}

/// What an unload came to.
#[derive(Debug, Clone)]
pub struct UnloadReport {
    /// The plugin's name.
    pub plugin: String,
    /// Its generation.
    pub generation: u64,
    /// From the order to stop to the end.
    pub took: Duration,
    /// Bytes that went back to the system: the mapping and the plugin's heap.
    pub returned_bytes: u64,
    /// Whether the library is no longer mapped.
    pub unmapped: bool,
    /// Everything that stayed, in words.
    pub stayed: Vec<String>,
}

impl UnloadReport {
    /// The report on a plugin that did not stop.
    #[must_use]
    pub fn written_off(plugin: &str, generation: u64, took: Duration) -> Self {
        Self {
            plugin: plugin.to_owned(),
            generation,
            took,
            returned_bytes: 0,
            unmapped: false,
            stayed: vec![
                "its thread, which did not stop in time: the library stays mapped until the host restarts".into(),
            ],
        }
    }

    /// Writes it to the log.
    pub fn log(&self) {
        let took_ms = self.took.as_millis();
        let (plugin, generation) = (&*self.plugin, self.generation);
        let returned_bytes = self.returned_bytes;
        if self.stayed.is_empty() {
            tracing::info!(
                plugin,
                generation,
                took_ms,
                returned_bytes,
                "unloaded; nothing stayed"
            );
        } else {
            let stayed = self.stayed.join("; ");
            tracing::warn!(
                plugin,
                generation,
                took_ms,
                returned_bytes,
                "unloaded; what stayed: {stayed}"
            );
        }
    }
}

/// What a generation's thread gave back.
#[derive(Debug)]
pub enum Left {
    /// A library.
    Library(Ended),
    /// The loader refused the file: there is nothing to close.
    Nothing,
    /// A panic of the host's took it along.
    Lost,
}

/// Joins the thread of a generation that is about to end, and closes its library, when it has seen that nothing of it runs.
///
/// On a thread of its own, which goes on when nobody waits for it any more: finalisers of the library run there, and may
/// take their time or never return.
pub async fn close(context: Context, thread: JoinHandle<()>, left: Left) -> UnloadReport {
    let (tell, told) = oneshot::channel();
    let (plugin, generation, began) = (context.plugin.clone(), context.generation, context.began);
    let mut failed = UnloadReport::written_off(&plugin, generation, Duration::ZERO);
    let closing = thread::Builder::new()
        .name(format!("unload#{generation}"))
        .spawn(move || {
            let was_open = !matches!(left, Left::Nothing);
            let report = join_and_close(context, thread, left);
            if was_open || !report.stayed.is_empty() {
                report.log();
            }
            let _ = tell.send(report);
        });
    let why = match closing {
        Ok(_) => match timeout(CLOSE_LIMIT, told).await {
            Ok(Ok(report)) => return report,
            Ok(Err(_)) => "the library: closing it panicked".to_owned(),
            Err(_) => format!("the library: its finalisers did not return within {CLOSE_LIMIT:?}"),
        },
        Err(error) => format!("the library: no thread could be started to close it: {error}"),
    };
    failed.took = began.elapsed();
    failed.stayed = vec![why];
    failed.log();
    failed
}

fn join_and_close(context: Context, thread: JoinHandle<()>, left: Left) -> UnloadReport {
    let mut report = UnloadReport {
        plugin: context.plugin,
        generation: context.generation,
        took: Duration::ZERO,
        returned_bytes: 0,
        unmapped: false,
        stayed: Vec::new(),
    };
    match left {
        _ if !join(thread, JOIN_GRACE) => report.stayed.push(format!(
            "its thread, in which a destructor of a thread-local did not return within {JOIN_GRACE:?}: the library stays \
             mapped until the host restarts"
        )),
        Left::Library(ended) => {
            report.stayed.extend(files_left_open(
                &context.descriptors,
                &context.shadow,
                crate::log::folder(),
            ));
            unmap(&mut report, &context.shadow, ended);
        }
        Left::Nothing => report.unmapped = true,
        Left::Lost => report
            .stayed
            .push("the library: its thread ended without giving it back".into()),
    }
    report.took = context.began.elapsed();
    report
}

/// Waits until a thread has ended, with all destructors of its thread-locals.
fn join(thread: JoinHandle<()>, limit: Duration) -> bool {
    let began = Instant::now();
    // Its function has returned; destructors run behind that, of which std knows nothing.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::os::unix::thread::JoinHandleExt;
        unsafe extern "C" {
            fn pthread_tryjoin_np(
                thread: libc::pthread_t,
                result: *mut *mut std::ffi::c_void,
            ) -> std::ffi::c_int;
        }
        let thread = thread.into_pthread_t();
        // SAFETY: a thread that nobody has joined or detached: std's handle was given up for it.
        while unsafe { pthread_tryjoin_np(thread, std::ptr::null_mut()) } == libc::EBUSY {
            if began.elapsed() > limit {
                // SAFETY: as above; the last use of it.
                unsafe { libc::pthread_detach(thread) };
                return false;
            }
            sleep(JOIN_PAUSE);
        }
        true
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    {
        while !thread.is_finished() {
            if began.elapsed() > limit {
                return false;
            }
            sleep(JOIN_PAUSE);
        }
        thread.join().is_ok()
    }
}

fn unmap(report: &mut UnloadReport, shadow: &Path, ended: Ended) {
    let Some(mapped) = ended.held().mapped.clone() else {
        report
            .stayed
            .push("the library: the dynamic loader does not list it".into());
        return;
    };
    let Mapped { low, high, .. } = mapped;
    if !interpose::supported() {
        // Whether a thread of the plugin still runs can't be known here.
        report
            .stayed
            .push("the library: on this system plugins are never unmapped".into());
        return;
    }
    let threads = stray_threads(low, high);
    if threads > 0 {
        // Code that runs is never unmapped.
        report.stayed.push(format!(
            "{threads} thread(s) that the plugin started and did not end: the library stays mapped until the host restarts"
        ));
        return;
    }
    let handlers = census::reset_signal_handlers_in(low, high);
    if !handlers.is_empty() {
        report.stayed.push(format!(
            "handlers of signals {handlers:?}, which were set back to the default"
        ));
    }
    // SAFETY: the plugin's thread was joined, it has no other, and no signal leads into it any more.
    let Held {
        library,
        ledger,
        handles,
        ..
    } = unsafe { ended.take() };
    if let Some((bytes, blocks)) = ledger.as_ref().and_then(Ledger::live)
        && bytes > OWN_HEAP_BYTES
    {
        report.stayed.push(format!(
            "{bytes} bytes of heap in {blocks} blocks, which were freed"
        ));
    }
    // SAFETY: the plugin's threads have ended, and with them all that used the keys.
    unsafe { interpose::reap_keys(low, high) };
    let mapped_bytes = (high - low) as u64;
    if let Err(error) = library.close() {
        mem::forget(handles);
        report.stayed.push(format!("the library: {error}"));
        return;
    }
    report.unmapped = census::is_mapped(mapped.base, shadow) == Some(false);
    if !report.unmapped {
        mem::forget(handles);
        report.stayed.push(format!(
            "{mapped_bytes} bytes of mapping: something in the process still refers to the library"
        ));
        return;
    }
    report.returned_bytes = mapped_bytes;
    let Some(ledger) = ledger else {
        return;
    };
    // SAFETY: the library is unmapped, its thread was joined, and it has no other thread; the bridge gave its handle up.
    match unsafe { ledger.reclaim() } {
        Some(heap_bytes) => report.returned_bytes += heap_bytes,
        None => report
            .stayed
            .push("its heap: another version of plugin-api keeps its ledger in another way".into()),
    }
}

/// Open descriptors, and what they lead to.
pub type Descriptors = BTreeMap<i32, String>;

/// Files that were opened since and are still open. The host has descriptors of its own that come and go: sockets and
/// signals are not looked at, nor what lies in the host's data folder (where the plugin's private copy is) and among its logs
/// (which are renamed and opened anew), nor libraries.
fn files_left_open(before: &Descriptors, shadow: &Path, logs: Option<&Path>) -> Option<String> {
    let own = shadow.parent().and_then(Path::parent).unwrap_or(shadow);
    // What descriptors lead to is absolute.
    let own = &fs::canonicalize(own).unwrap_or_else(|_| own.to_owned());
    let opened = || -> Option<Descriptors> {
        let mut now = census::open_fds()?;
        now.retain(|fd, target| {
            let path = Path::new(target);
            before.get(fd) != Some(target)
                && path.is_absolute()
                && !path.starts_with(own)
                && !logs.is_some_and(|logs| path.starts_with(logs))
                && !target.ends_with(".so")
        });
        Some(now)
    };
    let mut left = opened()?;
    if !left.is_empty() {
        // What the host itself was just reading is gone at the second look.
        sleep(SECOND_LOOK);
        let again = opened()?;
        left.retain(|fd, target| again.get(fd) == Some(target));
    }
    let left: Vec<String> = left.into_values().collect();
    (!left.is_empty()).then(|| {
        format!(
            "{} descriptor(s) that were opened since it was loaded: {}",
            left.len(),
            left.join(", ")
        )
    })
}

fn stray_threads(low: usize, high: usize) -> usize {
    let began = Instant::now();
    loop {
        let threads = interpose::threads_of(low, high).len();
        if threads == 0 || began.elapsed() > THREAD_GRACE {
            return threads;
        }
        sleep(Duration::from_millis(2));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_log_that_is_rotated_meanwhile_is_no_file_that_the_plugin_left_open() {
        let folder = tempfile::tempdir().unwrap();
        let folder = &fs::canonicalize(folder.path()).unwrap();
        let (logs, shadow) = (folder.join("botlogs"), folder.join("data/shadow/x.so"));
        fs::create_dir_all(&logs).unwrap();
        fs::create_dir_all(shadow.parent().unwrap()).unwrap();
        let log = logs.join("permanent.log");
        let _first = File::create(&log).unwrap();
        let before = census::open_fds().unwrap();
        // The old one is open under another name for a moment, the new one from now on.
        fs::rename(&log, logs.join("permanent.log.1")).unwrap();
        let _second = File::create(&log).unwrap();
        let _own = File::create(folder.join("data/main.db")).unwrap();
        let _left = File::create(folder.join("left.txt")).unwrap();
        // Other tests have files of their own open.
        let said = |logs| {
            let left = files_left_open(&before, &shadow, logs).unwrap_or_default();
            let mut left: Vec<String> = left
                .split([' ', ','])
                .filter_map(|word| Some(word.strip_prefix(folder.to_str()?)?.to_owned()))
                .collect();
            left.sort();
            left
        };
        assert_eq!(said(Some(&logs)), ["/left.txt"]);
        let without = [
            "/botlogs/permanent.log",
            "/botlogs/permanent.log.1",
            "/left.txt",
        ];
        assert_eq!(said(None), without);
    }
}
