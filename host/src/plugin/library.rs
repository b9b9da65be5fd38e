//! A plugin's library on its own thread: open, check the boundary, run, and give everything back.

use std::{
    ffi::c_void,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use libloading::Library;
use plugin_api::{
    abi::{
        PluginModule_Ref,
        abi_stable::{
            StableAbi,
            abi_stability::abi_checking::{
                CheckingGlobals, check_layout_compatibility_with_globals,
            },
            library::{AbiHeaderRef, LibHeader, ROOT_MODULE_LOADER_NAME_WITH_NUL, RootModule},
        },
        run_status,
    },
    alloc::LedgerTable,
};
use tokio::sync::oneshot;

use super::{bridge::Bridge, census, error::LoadError, interpose, mailbox::Mailbox, symbols};

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

/// What comes back when `run` has returned.
pub struct Ended {
    /// The library, still mapped.
    pub library: Library,
    /// The plugin's ledger table, or null.
    pub ledger: Ledger,
}

/// A plugin's ledger table: the plugin's memory, ours to free once the library is unmapped.
#[derive(Debug, Clone, Copy)]
pub struct Ledger(pub *const c_void);

// SAFETY: the table is read by atomics, and reclaimed by one thread when nobody else is left.
unsafe impl Send for Ledger {}

impl Ledger {
    /// Live bytes and blocks; `None` when another version of plugin-api wrote the table.
    #[must_use]
    pub fn live(self) -> Option<(u64, u64)> {
        // SAFETY: the table of a library that has not been reclaimed: `reclaim` consumes its generation.
        let stats = unsafe { LedgerTable::stats(self.0.cast()) }.ok()?;
        Some((stats.live_bytes, stats.live_blocks))
    }

    /// Frees all that the plugin left; bytes that went back to the system.
    ///
    /// # Safety
    ///
    /// The library is unmapped and none of its threads is left; called once.
    pub unsafe fn reclaim(self) -> Option<u64> {
        // SAFETY: the caller's promise.
        let reclaimed = unsafe { LedgerTable::reclaim(self.0.cast_mut().cast()) }.ok()?;
        Some(reclaimed.chunk_bytes)
    }
}

/// The thread of a generation.
pub struct PluginThread {
    /// `Ok` when the library is open and `run` is about to be called.
    pub opened: oneshot::Receiver<Result<Mapped, LoadError>>,
    /// Sent when the thread is about to end.
    pub ending: oneshot::Receiver<()>,
    /// Ends with the library, when there was one.
    pub join: JoinHandle<Option<Ended>>,
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
    // The kernel keeps 15 bytes of a thread's name.
    let short: String = name.chars().take(10).collect();
    let join = thread::Builder::new()
        .name(format!("{short}#{generation}"))
        .spawn(move || {
            let ended = run(&path, opened_send, &bridge, &mailbox);
            bridge.close();
            drop(ending_send);
            ended
        })
        .map_err(|source| LoadError::Thread { source })?;
    Ok(PluginThread {
        opened,
        ending,
        join,
    })
}

fn run(
    path: &Path,
    opened: oneshot::Sender<Result<Mapped, LoadError>>,
    bridge: &Arc<Bridge>,
    mailbox: &Arc<Mailbox>,
) -> Option<Ended> {
    let (library, module, mapped) = match open(path) {
        Ok(open) => open,
        Err(error) => {
            let _ = opened.send(Err(error));
            return None;
        }
    };
    let symbols = symbols::Library {
        file: path.to_owned(),
        base: mapped.base,
        low: mapped.low,
        high: mapped.high,
    };
    // Its address never changes; the host reads it from any thread, until `run` has returned.
    let ledger = Ledger(module.ledger()());
    let thread = interpose::current_thread();
    bridge.opened(symbols, thread, ledger);
    let _ = opened.send(Ok(mapped));
    // SAFETY: once a generation, on its own thread; the caller's Arcs keep both handles valid until `run` returns.
    let status = unsafe { module.run()(bridge.handle(), mailbox.handle()) };
    if status == run_status::BROKEN {
        tracing::error!(path = %path.display(), "the plugin's runtime could not run; its log says why");
    }
    bridge.run_ended(thread);
    // Asked for again: without memory for it at the start there was none.
    let ledger = Ledger(module.ledger()());
    Some(Ended { library, ledger })
}

fn open(path: &Path) -> Result<(Library, PluginModule_Ref, Mapped), LoadError> {
    // SAFETY: this runs the library's constructors. The file was checked, and tried in a probe process.
    let library = unsafe { Library::new(path) }.map_err(|error| LoadError::Open {
        reason: chain(&error),
    })?;
    match checked_module(&library) {
        Ok((module, mapped)) => Ok((library, module, mapped)),
        Err(error) => {
            // On this thread, which ends at once.
            let _ = library.close();
            Err(error)
        }
    }
}

fn checked_module(library: &Library) -> Result<(PluginModule_Ref, Mapped), LoadError> {
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
    let module = unsafe { header.init_root_module_with_unchecked_layout::<PluginModule_Ref>() }
        .map_err(|error| LoadError::Boundary {
            reason: error.to_string(),
        })?;
    let image = census::address_range(std::ptr::from_ref(header) as usize).ok_or_else(|| {
        LoadError::Open {
            reason: "the dynamic loader does not list the library that it has just opened".into(),
        }
    })?;
    Ok((
        module,
        Mapped {
            base: image.base,
            low: image.lo,
            high: image.hi,
        },
    ))
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
