//! File of a shared library, as far as a plugin's file is looked at before any of its code runs.

/// A shared library that is all there.
#[derive(Debug)]
pub(crate) struct LibraryFile<'d> {
    /// The bytes of the section that holds our note.
    pub note: Option<&'d [u8]>,
    /// Whether it exports an abi_stable root module.
    pub has_entry: bool,
    /// Whether it forbids its own unloading.
    pub no_delete: bool,
    /// Names of the libraries that it needs.
    pub needed: Vec<String>,
    /// Number of `STB_GNU_UNIQUE` symbols that it defines.
    pub gnu_unique: usize,
}

/// What is wrong with a file. Which of them there are depends on the platform.
#[derive(Debug)]
#[allow(dead_code, reason = "each platform's files have faults of their own")]
pub(crate) enum FileFault {
    /// For another processor, word size or byte order.
    OtherMachine {
        found: String,
        host: String,
    },
    ObjectFile,
    Program,
    CoreDump,
    UnknownKind(u16),
    /// It ends too early.
    Truncated {
        what: String,
        needs: u64,
        size: u64,
    },
    /// It contradicts itself.
    Damaged(String),
    NoSections,
    /// Nobody has written yet how libraries of this platform are read.
    UnknownFormat,
}
