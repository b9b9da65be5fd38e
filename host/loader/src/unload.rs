//! Unload: closes a library, and measures that it is gone (docs/decisions/0008).

use std::{
    collections::{HashMap, HashSet},
    mem,
    path::{Path, PathBuf},
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use host_base::PluginName;
use tokio::{sync::oneshot, time::timeout};

use super::{
    descriptors::{Descriptors, files_left_open},
    ledger::Ledger,
    libraries,
    library::{Mapped, OpenLibrary, PinnedLibrary},
    signals,
};
use crate::platform::{Owner, UnknownThread, interpose, snapshot, threads};

/// What the destructors of the thread-locals of a plugin's thread may take. They run when its main function has returned.
const JOIN_GRACE: Duration = Duration::from_millis(1500);

/// What all of a close may take, the library's finalisers with it.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// How long the kernel may still list a thread that has ended.
const THREAD_GRACE: Duration = Duration::from_millis(500);

/// How long a moment is waited for in which there is no such thread, where none stays.
const CHANGING_GRACE: Duration = Duration::from_secs(5);

/// Heap that plugin-api itself keeps until the library is gone (tracing's registry): below this, nothing is said.
const OWN_HEAP_BYTES: u64 = 1024;

/// What is unloaded.
#[derive(Debug)]
pub struct Context {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Its generation.
    pub generation: u64,
    /// Its private copy.
    pub shadow: PathBuf,
    /// When the unload began.
    pub began: Instant,
    /// The process's descriptors before the library was opened.
    pub descriptors: Descriptors,
    /// A folder whose files the program itself keeps open.
    pub own_files: Option<PathBuf>,
    /// The extensions folder.
    pub extensions: PathBuf,
}

/// What an unload came to.
#[derive(Debug, Clone)]
pub struct UnloadReport {
    /// The plugin's name.
    pub plugin: PluginName,
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
    pub fn abandoned(plugin: &PluginName, generation: u64, took: Duration) -> Self {
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
pub enum GivenBack {
    /// A library.
    Library(PinnedLibrary),
    /// The loader refused the file: there is nothing to close.
    Nothing,
    /// A panic of the host's took it along.
    Lost,
}

/// Joins the thread of a generation that is about to end, and closes its library, when it has seen that nothing of it runs.
///
/// On a thread of its own, which goes on when nobody waits for it any more: finalisers of the library run there, and may
/// take their time or never return.
pub async fn close(
    context: Context,
    thread: JoinHandle<()>,
    given_back: GivenBack,
) -> UnloadReport {
    let (report_to, reported) = oneshot::channel();
    let (plugin, generation, began) = (context.plugin.clone(), context.generation, context.began);
    let mut failed = UnloadReport::abandoned(&plugin, generation, Duration::ZERO);
    let closing = thread::Builder::new()
        .name(format!("unload#{generation}"))
        .spawn(move || {
            let was_open = !matches!(given_back, GivenBack::Nothing);
            let report = join_and_close(context, thread, given_back);
            if was_open || !report.stayed.is_empty() {
                report.log();
            }
            let _ = report_to.send(report);
        });
    let why = match closing {
        Ok(_) => match timeout(CLOSE_LIMIT, reported).await {
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

fn join_and_close(context: Context, thread: JoinHandle<()>, given_back: GivenBack) -> UnloadReport {
    let mut report = UnloadReport {
        plugin: context.plugin,
        generation: context.generation,
        took: Duration::ZERO,
        returned_bytes: 0,
        unmapped: false,
        stayed: Vec::new(),
    };
    match given_back {
        _ if !threads::join_within(thread, JOIN_GRACE) => report.stayed.push(format!(
            "its thread, in which a destructor of a thread-local did not return within {JOIN_GRACE:?}: the library stays \
             mapped until the host restarts"
        )),
        GivenBack::Library(pinned) => {
            report.stayed.extend(files_left_open(
                &context.descriptors,
                &context.shadow,
                context.own_files.as_deref(),
                &context.extensions,
            ));
            unmap(&mut report, &context.shadow, pinned);
        }
        GivenBack::Nothing => report.unmapped = true,
        GivenBack::Lost => report
            .stayed
            .push("the library: its thread ended without giving it back".into()),
    }
    report.took = context.began.elapsed();
    report
}

fn unmap(report: &mut UnloadReport, shadow: &Path, pinned: PinnedLibrary) {
    let OpenLibrary { owner, before, .. } = pinned.held();
    let (owner, unknown_before) = (*owner, &before.unknown_threads);
    let Some(mapped) = pinned.held().mapped.clone() else {
        report
            .stayed
            .push("the library: the dynamic loader does not list it".into());
        return;
    };
    if !interpose::supported() {
        // Whether a thread of the plugin still runs can't be known here.
        report
            .stayed
            .push("the library: on this system plugins are never unmapped".into());
        return;
    }
    // What would call into it, or start threads of it, goes first.
    let mut timers = Some(0);
    let mut delete_timers = || {
        timers = timers
            .zip(interpose::delete_timers_of(owner))
            .map(|(all, more)| all + more)
    };
    delete_timers();
    if let Some(threads) = stray_threads(owner, &mapped, unknown_before) {
        // Code that runs is never unmapped.
        report.stayed.push(threads);
        return;
    }
    // Its last thread may have made some meanwhile.
    delete_timers();
    match timers {
        Some(0) => {}
        Some(timers) => report
            .stayed
            .push(format!("{timers} timer(s), which were deleted")),
        None => {
            report
                .stayed
                .push(stays_mapped("a timer's call, which did not begin in time"));
            return;
        }
    }
    let brought = libraries::brought(owner, shadow, &before.images);
    let code = || {
        brought
            .iter()
            .map(|image| (image.lo, image.hi))
            .chain([(mapped.low, mapped.high)])
    };
    signals::look_for_bypasses(&report.plugin, owner, &code().collect::<Vec<_>>());
    match interpose::release_signals_of(owner) {
        Some(signals) if signals.is_empty() => {}
        Some(signals) => report.stayed.push(format!(
            "its handling of {}: what was in force before is again",
            signals::names(&signals)
        )),
        None => {
            report
                .stayed
                .push(stays_mapped("a signal handler, which did not return"));
            return;
        }
    }
    if let Some((bytes, blocks)) = pinned.held().ledger.as_ref().and_then(Ledger::live)
        && bytes > OWN_HEAP_BYTES
    {
        report.stayed.push(format!(
            "{bytes} bytes of heap in {blocks} blocks, which were freed"
        ));
    }
    let keys: Vec<_> = code().map(|(lo, hi)| interpose::keys_of(lo, hi)).collect();
    // SAFETY: the plugin's thread was joined, it has no other, and no timer or signal leads into it any more.
    let OpenLibrary {
        library,
        ledger,
        handles,
        ..
    } = unsafe { pinned.take() };
    // Finalisers run on this thread, which is ours alone, and on the plugin's behalf.
    owner.enter();
    let closed = interpose::while_closing(|| library.close());
    Owner::HOST.enter();
    interpose::delete_timers_of(owner);
    interpose::release_signals_of(owner);
    let images = snapshot::images();
    report.unmapped = closed.is_ok() && snapshot::is_mapped(mapped.base, shadow) == Some(false);
    for ((lo, hi), keys) in code().zip(keys) {
        // Of what is still mapped, the keys are in use.
        if !images.iter().any(|image| (image.lo, image.hi) == (lo, hi)) {
            // SAFETY: the plugin's threads have ended, and with them all that used the keys.
            unsafe { interpose::reap_keys(&keys, owner, lo, hi) };
        }
    }
    report
        .stayed
        .extend(libraries::stayed(owner, &brought, &images));
    interpose::forget_opened_by(owner);
    signals::forget(owner);
    if !report.unmapped {
        // Its code is there, and may call them.
        mem::forget(handles);
        report.stayed.push(match closed {
            Err(error) => format!("the library: {error}"),
            Ok(()) => format!(
                "{} bytes of mapping: something in the process still refers to the library",
                mapped.high - mapped.low
            ),
        });
        return;
    }
    report.returned_bytes = (mapped.high - mapped.low) as u64;
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

fn stays_mapped(what: &str) -> String {
    format!("{what}: the library stays mapped until the host restarts")
}

/// What runs that may be code of the plugin: its threads, and those that have appeared since it was opened and that nobody
/// is known to have created.
///
/// One that is there in each look for [`THREAD_GRACE`] stays. Those that are others in each look are waited for longer: a thread that libc
/// creates for another plugin's timer is nobody's until it has run first, which takes its time on a machine that is busy.
fn stray_threads(owner: Owner, mapped: &Mapped, before: &[UnknownThread]) -> Option<String> {
    let began = Instant::now();
    let mut seen: HashMap<UnknownThread, Instant> = HashMap::new();
    loop {
        let own = interpose::threads_of(owner, mapped.low, mapped.high);
        let unknown: Vec<UnknownThread> = interpose::unknown_threads()
            .into_iter()
            .filter(|thread| !before.contains(thread))
            .collect();
        if own.is_empty() && unknown.is_empty() {
            return None;
        }
        let own_now = own.iter().map(|tid| UnknownThread {
            tid: *tid,
            started: 0,
        });
        let now: HashSet<UnknownThread> = unknown.iter().copied().chain(own_now).collect();
        seen.retain(|thread, _| now.contains(thread));
        for thread in now {
            seen.entry(thread).or_insert_with(Instant::now);
        }
        let lasts = seen.values().any(|since| since.elapsed() > THREAD_GRACE);
        if !lasts && began.elapsed() <= CHANGING_GRACE {
            sleep(Duration::from_millis(2));
            continue;
        }
        let own = (!own.is_empty()).then(|| {
            let count = own.len();
            format!("{count} thread(s) that the plugin started and did not end")
        });
        let unknown = (!unknown.is_empty()).then(|| {
            let tids: Vec<String> = unknown.iter().map(|thread| thread.tid.to_string()).collect();
            format!(
                "{} thread(s) since it was opened that nobody is known to have started (a helper of libc's own, or a bare \
                 system call; {})",
                tids.len(),
                tids.join(", ")
            )
        });
        let all: Vec<String> = own.into_iter().chain(unknown).collect();
        return Some(stays_mapped(&all.join(", ")));
    }
}
