//! Errors of a plugin file: what is wrong with it, and what its author should do.

use std::path::{Path, PathBuf};

use super::{Format, host_target};
use crate::platform::FileFault;

/// Why a file was refused as a plugin. The text names the file, what is wrong, and the next step.
///
/// In every variant `path` is the file, `plugin` the name in its note, and `found` and `host` what the plugin and the host
/// were built for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "the fields mean the same in every variant, and are explained above"
)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("{} cannot be read ({reason}): check that it is a file, and that the host may read it", path.display())]
    Unreadable { path: PathBuf, reason: String },

    /// Its name has blanks, and it cannot be renamed.
    #[error("{} has blanks in its name and cannot be renamed ({reason}): rename it by hand", path.display())]
    BlankInName { path: PathBuf, reason: String },

    /// It has no bytes.
    #[error("{} is empty: wait for the build or the copy to end, or copy it again", path.display())]
    Empty { path: PathBuf },

    /// It is something else than an ELF file.
    #[error("{} is {format}, and not a shared library for this system: {}", path.display(), format.advice())]
    NotALibrary { path: PathBuf, format: Format },

    /// It is for another processor, word size or byte order.
    #[error("{} is built for {found}, and this host runs on {host}: build it with `cargo build --release --target {}`", path.display(), host_target())]
    OtherMachine {
        path: PathBuf,
        found: String,
        host: String,
    },

    /// It is an object file: compiled, but not linked.
    #[error("{} is an object file, not yet linked to a library: {BUILD_CDYLIB}", path.display())]
    ObjectFile { path: PathBuf },

    /// It is a program.
    #[error("{} is a program, and not a library: {BUILD_CDYLIB}", path.display())]
    Program { path: PathBuf },

    /// It is what a crashed program left.
    #[error("{} is a core dump of a crashed program: put the plugin's library in its place", path.display())]
    CoreDump { path: PathBuf },

    /// It is an ELF file of an unknown kind.
    #[error("{} is an ELF file of the unknown kind {kind}: {BUILD_CDYLIB}", path.display())]
    UnknownKind { path: PathBuf, kind: u16 },

    /// It ends too early.
    #[error("{} is cut short ({what} needs {needs} bytes, but there are {size}): wait for the copy to end, or copy it again", path.display())]
    Truncated {
        path: PathBuf,
        /// The part that is not all there.
        what: String,
        /// How long the file must be at least.
        needs: u64,
        /// How long it is.
        size: u64,
    },

    /// It contradicts itself.
    #[error("{} is damaged ({what}): build it again, and copy it again", path.display())]
    Damaged {
        path: PathBuf,
        /// What does not fit.
        what: String,
    },

    /// Its section headers were removed, and with them the way to the note.
    #[error("{} has no section headers, so its note cannot be read: use cargo's `strip = \"symbols\"` or less, and no `sstrip`", path.display())]
    NoSections { path: PathBuf },

    /// Nobody has written yet how libraries of this platform are read.
    #[error("{} can't be read: this host does not know the libraries of this platform ({}) yet", path.display(), host_target())]
    UnknownFormat { path: PathBuf },

    /// It is a library without anything of ours.
    #[error("{} is a library, but not a Cogwright plugin: add `plugin_api::export_plugin!` to its lib.rs", path.display())]
    NotAPlugin { path: PathBuf },

    /// It exports an abi_stable root module, but has no note.
    #[error(
        "{} exports an abi_stable module, but has no Cogwright note: export it with `plugin_api::export_plugin!`, and keep the section {}",
        path.display(),
        plugin_api::abi::SECTION
    )]
    NoNote { path: PathBuf },

    /// It has a note, but exports no root module.
    #[error("{} has the note of plugin `{plugin}`, but exports no entry: call `export_plugin!` in the crate that is built as the cdylib", path.display())]
    NoEntry { path: PathBuf, plugin: String },

    /// Its note cannot be read.
    #[error("{} has a note that cannot be read: build it with the plugin-api of this host", path.display())]
    BadNote { path: PathBuf },

    /// It speaks another version of the boundary.
    #[error(
        "{} (plugin `{plugin}`) was built with plugin-api {api_version}, whose boundary is {}.{}, and this host speaks {}.{}: {}",
        path.display(), found.0, found.1, host.0, host.1, abi_advice(*found, *host)
    )]
    OtherAbi {
        path: PathBuf,
        plugin: String,
        /// Of plugin-api.
        api_version: String,
        found: (u16, u16),
        host: (u16, u16),
    },

    /// It was built with another abi_stable.
    #[error("{} (plugin `{plugin}`) was built with abi_stable {found}, and this host with {host}: depend on `abi_stable = \"={host}\"` and build it again", path.display())]
    OtherAbiStable {
        path: PathBuf,
        plugin: String,
        found: String,
        host: &'static str,
    },

    /// It was built for another target.
    #[error("{} (plugin `{plugin}`) was built for {found}, and this host for {host}: build it with `cargo build --release --target {host}`", path.display())]
    OtherTarget {
        path: PathBuf,
        plugin: String,
        found: String,
        host: String,
    },

    /// A panic in it would end the host.
    #[error("{} (plugin `{plugin}`) was built with `panic = \"abort\"`, so its first panic would end the host: remove that from its Cargo.toml's profile and build it again", path.display())]
    PanicAborts { path: PathBuf, plugin: String },

    /// It forbids its own unloading.
    #[error("{} is linked so that it can never be unloaded: build it without the linker's `-z nodelete`", path.display())]
    NeverUnloads { path: PathBuf },
}

const BUILD_CDYLIB: &str = "set `crate-type = [\"cdylib\"]` in its Cargo.toml's [lib], build it, and take the library that cargo makes";

impl FileError {
    /// What the platform finds wrong with the file at `path`.
    pub(super) fn of(fault: FileFault, path: &Path) -> Self {
        let path = path.to_owned();
        match fault {
            FileFault::OtherMachine { found, host } => Self::OtherMachine { path, found, host },
            FileFault::ObjectFile => Self::ObjectFile { path },
            FileFault::Program => Self::Program { path },
            FileFault::CoreDump => Self::CoreDump { path },
            FileFault::UnknownKind(kind) => Self::UnknownKind { path, kind },
            FileFault::Truncated { what, needs, size } => Self::Truncated {
                path,
                what,
                needs,
                size,
            },
            FileFault::Damaged(what) => Self::Damaged { path, what },
            FileFault::NoSections => Self::NoSections { path },
            FileFault::UnknownFormat => Self::UnknownFormat { path },
        }
    }

    /// Whether the file may merely not be written to its end yet.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Empty { .. } | Self::Truncated { .. })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Unreadable { path, .. }
            | Self::BlankInName { path, .. }
            | Self::Empty { path }
            | Self::NotALibrary { path, .. }
            | Self::OtherMachine { path, .. }
            | Self::ObjectFile { path }
            | Self::Program { path }
            | Self::CoreDump { path }
            | Self::UnknownKind { path, .. }
            | Self::Truncated { path, .. }
            | Self::Damaged { path, .. }
            | Self::NoSections { path }
            | Self::UnknownFormat { path }
            | Self::NotAPlugin { path }
            | Self::NoNote { path }
            | Self::NoEntry { path, .. }
            | Self::BadNote { path }
            | Self::OtherAbi { path, .. }
            | Self::OtherAbiStable { path, .. }
            | Self::OtherTarget { path, .. }
            | Self::PanicAborts { path, .. }
            | Self::NeverUnloads { path } => path,
        }
    }
}

fn abi_advice(found: (u16, u16), host: (u16, u16)) -> String {
    let rebuild = format!("rebuild it against plugin-api {}.{}", host.0, host.1);
    if found < host {
        rebuild
    } else {
        format!("update the host, or {rebuild}")
    }
}
