//! Closing a library, and measuring that it is gone (docs/decisions/0008).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    census, interpose,
    library::{Ended, Mapped},
};

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
    /// Where it lies.
    pub mapped: Mapped,
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

/// Closes the library of a generation whose thread was joined. Blocks for some milliseconds.
#[must_use]
pub fn close(context: Context, ended: Option<Ended>) -> UnloadReport {
    let mut report = UnloadReport {
        plugin: context.plugin,
        generation: context.generation,
        took: Duration::ZERO,
        returned_bytes: 0,
        unmapped: false,
        stayed: Vec::new(),
    };
    match ended {
        Some(ended) => {
            report.stayed.extend(files_left_open(
                &context.descriptors,
                &context.shadow,
                crate::log::folder(),
            ));
            unmap(&mut report, &context.mapped, &context.shadow, ended);
        }
        None => report
            .stayed
            .push("the library: its thread ended without giving it back".into()),
    }
    report.took = context.began.elapsed();
    report
}

fn unmap(report: &mut UnloadReport, mapped: &Mapped, shadow: &Path, ended: Ended) {
    let Mapped { low, high, .. } = *mapped;
    if !interpose::supported() {
        // Whether a thread of the plugin still runs can't be known here.
        report
            .stayed
            .push("the library: on this system plugins are never unmapped".into());
        std::mem::forget(ended.library);
        return;
    }
    let threads = stray_threads(low, high);
    if threads > 0 {
        // Code that runs is never unmapped.
        report.stayed.push(format!(
            "{threads} thread(s) that the plugin started and did not end: the library stays mapped until the host restarts"
        ));
        std::mem::forget(ended.library);
        return;
    }
    let handlers = census::reset_signal_handlers_in(low, high);
    if !handlers.is_empty() {
        report.stayed.push(format!(
            "handlers of signals {handlers:?}, which were set back to the default"
        ));
    }
    if let Some((bytes, blocks)) = ended.ledger.live()
        && bytes > OWN_HEAP_BYTES
    {
        report.stayed.push(format!(
            "{bytes} bytes of heap in {blocks} blocks, which were freed"
        ));
    }
    // SAFETY: the plugin's threads have ended, and with them all that used the keys.
    unsafe { interpose::reap_keys(low, high) };
    let mapped_bytes = (high - low) as u64;
    let ledger = ended.ledger;
    if let Err(error) = ended.library.close() {
        report.stayed.push(format!("the library: {error}"));
        return;
    }
    report.unmapped = census::is_mapped(mapped.base, shadow) == Some(false);
    if !report.unmapped {
        report.stayed.push(format!(
            "{mapped_bytes} bytes of mapping: something in the process still refers to the library"
        ));
        return;
    }
    // SAFETY: the library is unmapped, its thread was joined, and it has no other thread; `ledger` is not used again.
    match unsafe { ledger.reclaim() } {
        Some(heap_bytes) => report.returned_bytes = mapped_bytes + heap_bytes,
        None => {
            report.returned_bytes = mapped_bytes;
            report.stayed.push(
                "its heap: another version of plugin-api keeps its ledger in another way".into(),
            );
        }
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
