//! Library of a plugin on its own thread: open, check the boundary, run, and give everything back.

use std::{
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use libloading::Library;
use plugin_api::abi::{
    PluginModule_Ref,
    abi_stable::{
        StableAbi,
        abi_stability::abi_checking::{CheckingGlobals, check_layout_compatibility_with_globals},
        library::{AbiHeaderRef, LibHeader, ROOT_MODULE_LOADER_NAME_WITH_NUL, RootModule},
    },
    run_status,
};
use tokio::sync::oneshot;

use super::{
    bridge::Bridge,
    crumbs::{self, Place},
    error::LoadError,
    ledger::Ledger,
    mailbox::Mailbox,
    signals,
    symbols::Symbols,
};
use crate::platform::{Image, Owner, UnknownThread, interpose, process, snapshot};

/// Where a library lies in memory, and its ledger while it runs.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// What the loader added to the file's addresses.
    pub base: usize,
    /// First address.
    pub low: usize,
    /// First address behind it.
    pub high: usize,
}

impl From<Image> for Mapped {
    fn from(image: Image) -> Self {
        Self {
            base: image.base,
            low: image.lo,
            high: image.hi,
        }
    }
}

/// A library that was opened, with all that its code may still use.
///
/// Dropping it does nothing at all: whoever loses it (a deadline, a cancelled future, a panic, the end of the runtime) leaves
/// the library mapped, and its mailbox and bridge allocated. `unload::close` alone takes them out, when it has seen that
/// nothing of the library runs any more.
pub struct PinnedLibrary(ManuallyDrop<OpenLibrary>);

/// What [`PinnedLibrary`] holds.
pub struct OpenLibrary {
    /// The library, mapped.
    pub library: Library,
    /// Where it lies; `None` where the loader's list can't be read.
    pub mapped: Option<Mapped>,
    /// Its heap's book; `None` when its code was never called.
    pub ledger: Option<Ledger>,
    /// Whose threads, timers, signals and keys are this library's.
    pub owner: Owner,
    /// What there was before it was opened.
    pub before: Before,
    /// What its `run` was given: its code may call them for as long as it is mapped.
    pub handles: (Arc<Bridge>, Arc<Mailbox>),
}

/// What there was in the process before a library was opened: not of its making.
#[derive(Debug, Default)]
pub struct Before {
    /// Threads that nobody is known to have created.
    pub unknown_threads: Vec<UnknownThread>,
    /// Libraries.
    pub images: Vec<Image>,
}

impl std::fmt::Debug for PinnedLibrary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PinnedLibrary")
            .field(&self.held().mapped)
            .finish()
    }
}

impl PinnedLibrary {
    /// What it holds, to be looked at.
    #[must_use]
    pub fn held(&self) -> &OpenLibrary {
        &self.0
    }

    /// Takes all of it out: what is dropped from here on is closed and freed.
    ///
    /// # Safety
    ///
    /// The thread that ran the library was joined, and no other thread runs code of it or will.
    #[must_use]
    pub unsafe fn take(self) -> OpenLibrary {
        ManuallyDrop::into_inner(self.0)
    }
}

/// The thread of a generation.
pub struct PluginThread {
    /// `Ok` when the library is open and `run` is about to be called.
    pub opened: oneshot::Receiver<Result<Owner, LoadError>>,
    /// Sent when the thread is about to end: with the library, when there was one.
    pub ending: oneshot::Receiver<Option<PinnedLibrary>>,
    /// The thread.
    pub thread: JoinHandle<()>,
}

/// Starts a thread that opens `path` and runs it. Nothing of the library ever runs anywhere else.
///
/// # Errors
///
/// The process can't have another thread.
pub fn start(
    name: &str,
    generation: u64,
    path: PathBuf,
    bridge: Arc<Bridge>,
    mailbox: Arc<Mailbox>,
) -> Result<PluginThread, LoadError> {
    let (opened_send, opened) = oneshot::channel();
    let (ending_send, ending) = oneshot::channel();
    let plugin = name.to_owned();
    // The kernel keeps 15 bytes of a thread's name.
    let short: String = name.chars().take(10).collect();
    let thread = thread::Builder::new()
        .name(format!("{short}#{generation}"))
        .spawn(move || {
            let owner = Owner::next();
            signals::watch(owner, &plugin);
            // Whatever is created on this thread is the library's, up to the destructors of its thread-locals.
            owner.enter();
            if let Some(place) = Place::take(owner, &plugin, generation, &path) {
                mailbox.note_in(place.frames());
                bridge.takes_place(place);
            }
            let closing = Arc::clone(&bridge);
            let pinned = run(&path, owner, opened_send, bridge, mailbox);
            closing.close();
            // Nobody waits for a generation that was abandoned. Its library is not closed for that: nobody has counted
            // what else of it runs.
            if let Err(Some(_)) = ending_send.send(pinned) {
                tracing::warn!(
                    plugin,
                    generation,
                    "the thread of a generation that was abandoned has ended; its library stays mapped until the host \
                     restarts"
                );
            }
        })
        .map_err(|source| LoadError::Thread { source })?;
    Ok(PluginThread {
        opened,
        ending,
        thread,
    })
}

fn run(
    path: &Path,
    owner: Owner,
    opened: oneshot::Sender<Result<Owner, LoadError>>,
    bridge: Arc<Bridge>,
    mailbox: Arc<Mailbox>,
) -> Option<PinnedLibrary> {
    let before = Before {
        unknown_threads: interpose::unknown_threads(),
        images: snapshot::images(),
    };
    // SAFETY: this runs the library's constructors. The file was checked, and tried in a probe process.
    let library = match unsafe { Library::new(path) } {
        Ok(library) => library,
        Err(error) => {
            let reason = chain(&error);
            let _ = opened.send(Err(LoadError::Open { reason }));
            return None;
        }
    };
    crumbs::note_libraries();
    // From here on nothing but a counted unload closes it, whatever happens.
    let mut pinned = PinnedLibrary(ManuallyDrop::new(OpenLibrary {
        library,
        mapped: snapshot::image_of(path).map(Mapped::from),
        ledger: None,
        owner,
        before,
        handles: (Arc::clone(&bridge), Arc::clone(&mailbox)),
    }));
    let OpenLibrary {
        library,
        mapped,
        ledger,
        ..
    } = &mut *pinned.0;
    let module = checked_module(library).and_then(|module| Ok((module, listed(mapped.as_ref())?)));
    let (module, mapped) = match module {
        Ok(module) => module,
        Err(error) => {
            let _ = opened.send(Err(error));
            return Some(pinned);
        }
    };
    let symbols = Symbols {
        file: path.to_owned(),
        base: mapped.base,
        low: mapped.low,
        high: mapped.high,
    };
    let thread = process::current_thread();
    // Its address never changes; the host reads it from any thread, until `run` has returned.
    // SAFETY: of this plugin; the bridge gives it up in `run_ended`.
    bridge.opened(symbols, thread, unsafe { Ledger::new(module.ledger()()) });
    if opened.send(Ok(owner)).is_err() {
        // It took too long: nobody wants it any more.
        bridge.run_ended(thread);
        return Some(pinned);
    }
    bridge.is_at_nothing();
    // SAFETY: once a generation, on its own thread; `pinned` keeps both handles valid.
    let status = unsafe { module.run()(bridge.handle(), mailbox.handle()) };
    if status == run_status::BROKEN {
        tracing::error!(path = %path.display(), "the plugin's runtime could not run; its log says why");
    }
    bridge.run_ended(thread);
    // Asked for again: without memory for it at the start there was none.
    // SAFETY: of this plugin, and by now the only one.
    *ledger = Some(unsafe { Ledger::new(module.ledger()()) });
    Some(pinned)
}

/// Opens a library that stays open until the process ends, on the thread that runs it.
///
/// # Errors
///
/// The library can't be opened, or its boundary does not fit.
pub(crate) fn open_for_good(path: &Path) -> Result<(PluginModule_Ref, Mapped), LoadError> {
    // SAFETY: this runs the library's constructors. The file was checked; what it does besides, it does to its own process.
    let library = unsafe { Library::new(path) }.map_err(|error| LoadError::Open {
        reason: chain(&error),
    })?;
    let library = ManuallyDrop::new(library);
    let module = checked_module(&library)?;
    let mapped = snapshot::image_of(path).map(Mapped::from);
    Ok((module, listed(mapped.as_ref())?.clone()))
}

fn listed(mapped: Option<&Mapped>) -> Result<&Mapped, LoadError> {
    mapped.ok_or_else(|| LoadError::Open {
        reason: "the dynamic loader does not list the library that it has just opened".into(),
    })
}

fn checked_module(library: &Library) -> Result<PluginModule_Ref, LoadError> {
    // SAFETY: abi_stable's symbol holds an `AbiHeaderRef`; `upgrade` checks the header before anything else is read.
    let header =
        unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) }
            .map(|symbol| *symbol)
            .map_err(|error| LoadError::Open {
                reason: chain(&error),
            })?;
    let header: &'static LibHeader = header.upgrade().map_err(|error| LoadError::Boundary {
        reason: error.to_string(),
    })?;
    check_layout(header)?;
    // SAFETY: the layout was checked above, in one direction or the other.
    unsafe { header.init_root_module_with_unchecked_layout::<PluginModule_Ref>() }.map_err(
        |error| LoadError::Boundary {
            reason: error.to_string(),
        },
    )
}

/// Checks the boundary's layout in both directions: the plugin may be newer or older than the host.
///
/// With globals of its own each time. Invariant: never `init_root_module`, `check_layout`, `ensure_layout` or
/// `RootModule::load_*`, whose global cache keeps pointers into libraries that were closed; the next check crashes.
fn check_layout(header: &'static LibHeader) -> Result<(), LoadError> {
    let ours = <PluginModule_Ref as StableAbi>::LAYOUT;
    let Some(theirs) = header.layout() else {
        return Err(LoadError::Boundary {
            reason: "the library carries no layout".into(),
        });
    };
    let newer = check_layout_compatibility_with_globals(ours, theirs, &CheckingGlobals::new());
    let Err(errors) = newer else { return Ok(()) };
    // The text points into the library: made before it is unmapped.
    let text = errors.to_string();
    check_layout_compatibility_with_globals(theirs, ours, &CheckingGlobals::new()).map_err(|_| {
        LoadError::Layout {
            differences: differences(&text),
            ours: PluginModule_Ref::VERSION_STRINGS.version.to_string(),
        }
    })
}

/// What differs, in a line: abi_stable's report is 16 kB of text, and names the type and the difference at its ends.
fn differences(report: &str) -> String {
    let mut found = Vec::new();
    for section in report.split("Layout of expected type:").skip(1) {
        let mut lines = section.lines().map(str::trim);
        let name = lines
            .find_map(|line| line.strip_prefix("type:"))
            .unwrap_or("a type");
        while let Some(what) = lines.find_map(|line| line.strip_prefix("Error:")) {
            let values: Vec<&str> = lines
                .by_ref()
                .filter(|line| !line.is_empty())
                .take(4)
                .collect();
            found.push(match values[..] {
                ["Expected:", ours, "Found:", theirs] => {
                    format!("`{name}` has {what} ({ours} here, {theirs} in the plugin)")
                }
                _ => format!("`{name}` has {what}"),
            });
        }
    }
    found.join("; ")
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_layout_report_becomes_a_line() {
        let report = "Compared <this>:\n...\nLayout of expected type:\n    --- Type Layout ---\n    type:Frame\n    size:64\n\n\
                      Layout of found type:\n    type:Frame\n\nError:incompatible type size\nExpected:\n    64\nFound:\n    72\n\n\
                      Error:too many fields\nExpected:\n    8\nFound:\n    9\n";
        assert_eq!(
            super::differences(report),
            "`Frame` has incompatible type size (64 here, 72 in the plugin); `Frame` has too many fields (8 here, 9 in the plugin)"
        );
    }
}
