//! Interface to the operating system: all that the loader asks of it, and nothing that it does with the answers.
//!
//! What a platform must provide is what is named here, as modules of these names. [`linux`] has all of it; `other.rs` is what is left
//! where nobody has written it yet: it compiles, says what it does not know, and loads no plugin.
//!
//! | module | what it is | Linux | elsewhere |
//! | --- | --- | --- | --- |
//! | `wake` | the signal that wakes a plugin which waits for frames | an eventfd | can't be made: no plugin is loaded |
//! | `library_files` | the structure of a shared library's file, its note, the names of its functions | ELF | refused |
//! | `process` | threads, descriptors, memory, mappings and libraries of this process | `/proc`, `dl_iterate_phdr` | not known |
//! | `interpose` | functions of libc that the executable stands in front of: whose threads, timers, signals, keys are there | glibc on x86_64 and aarch64 | nothing is known, so no library is ever unmapped (`uninterposed.rs`) |
//! | `threads` | waiting for the end of a thread with all destructors of its thread-locals | `pthread_tryjoin_np` | for its function's return |
//! | `files` | what tells one file from another, private copies that may be executed | inode and status change time, mode, `noexec` | size and time |
//! | `child` | what more processes of this program are started from, the end of one that may hang, how it ended | `/proc/self/exe`, `alarm`, signals | its path, exit codes |
//! | `cells` | processes that plugins live in, and what is known of them | a socket pair, `/proc` | can't be made |
//! | `cgroups` | a share of the processor for a process | control groups of version 1 or 2 | said not to be there |
//! | `crash` | memory that outlives the process, and what a crash writes into it | a mapped file or memfd, signal handlers | can't be made |
//! | `stack` | the functions that a crashed thread was in | `.eh_frame` | the place of the crash alone |
//! | `sandbox` | what a process can no longer do from here on | Landlock, seccomp | nothing is refused, and all of it is said to be missing |
//! | `signals` | what people call a signal | names | numbers |
//! | `memory` | what malloc holds back | `mallopt`, `malloc_trim` | left as it is |
//!
//! Above them, the same everywhere: [`Owner`] and its like, by which a platform tells whose something is, and [`snapshot`], what there is
//! of the process at one moment.

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) mod finished_threads;
mod image;
mod library_file;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod owner;
pub mod snapshot;
#[cfg(not(interposed))]
pub mod uninterposed;

use std::time::Duration;

pub use self::image::Image;
pub(crate) use self::library_file::{FileFault, LibraryFile};
#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(interposed)]
pub use self::linux::interpose;
#[cfg(not(target_os = "linux"))]
use self::other as system;
pub use self::owner::{EndedBy, Owner, TakenSignal, Tid, UnknownThread};
pub(crate) use self::system::{
    cells, cgroups, child, crash, files, library_files, process, sandbox, signals, stack, threads,
    wake,
};
pub use self::system::{
    child::{installed_program, this_program},
    memory,
};
#[cfg(not(interposed))]
pub use self::uninterposed as interpose;

/// How long to sleep before it is looked again whether a thread has ended.
const JOIN_PAUSE: Duration = Duration::from_micros(200);

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    /// What only a platform's folder may say.
    const A_PLATFORMS: [&str; 8] = [
        "target_os",
        "target_env",
        "cfg(unix)",
        "std::os::",
        "os::unix",
        "libc::",
        "rustix::",
        "\"/proc",
    ];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") && !path.ends_with("platform") {
                sources(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn what_is_a_platforms_own_is_said_here_alone() {
        let mut files = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut files,
        );
        assert!(files.len() > 40, "{files:?}");
        for file in files.iter().filter(|file| !file.ends_with("tests.rs")) {
            let text = fs::read_to_string(file).unwrap();
            // Tests come last in a file, and make links and open what there is.
            let code = text.split("#[cfg(test)]").next().unwrap();
            for word in A_PLATFORMS {
                assert!(!code.contains(word), "{} says {word}", file.display());
            }
        }
    }
}
