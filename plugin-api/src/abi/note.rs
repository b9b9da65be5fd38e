//! The note: what a plugin file tells about itself before any of its code runs.
//!
//! It is a pointer-free static in a section of its own ([`SECTION`]), so that the host reads it from the file's bytes.
//! Text fields are UTF-8, padded with zeros.

use super::{ABI_MAJOR, ABI_MINOR, ABI_STABLE_VERSION, API_VERSION};

/// Name of the section that holds the note.
pub const SECTION: &str = ".cogwright.note";

/// First bytes of every note.
pub const MAGIC: [u8; 8] = *b"COGWRGHT";

/// The note as it lies in the file. Append only: what is new comes last, and [`size`](Self::size) tells how much there is.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct PluginNote {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// Bytes of this note, this field included.
    pub size: u32,
    /// Major number of the boundary that the plugin was built against.
    pub abi_major: u16,
    /// Minor number of the boundary that the plugin was built against.
    pub abi_minor: u16,
    /// 1 when a panic unwinds in this plugin, 0 when it aborts the process.
    pub panic_unwind: u8,
    /// Zero.
    pub reserved: [u8; 7],
    /// Version of plugin-api.
    pub api_version: [u8; 32],
    /// Version of abi_stable.
    pub abi_stable: [u8; 16],
    /// `rustc --version` of the compiler that built the plugin.
    pub rustc: [u8; 64],
    /// Target triple that the plugin was built for.
    pub target: [u8; 64],
    /// The plugin's name: its package's name.
    pub name: [u8; 64],
    /// The plugin's version.
    pub version: [u8; 32],
}

impl PluginNote {
    /// The note of a plugin called `name`; [`export_plugin!`](crate::export_plugin) calls this in a constant.
    ///
    /// ```
    /// use plugin_api::abi::{ABI_MINOR, MAGIC, PluginNote};
    ///
    /// static NOTE: PluginNote = PluginNote::new("hello", "0.1.0", cfg!(panic = "unwind"));
    /// assert_eq!((NOTE.magic, NOTE.abi_minor), (MAGIC, ABI_MINOR));
    /// assert!(NOTE.name.starts_with(b"hello\0"));
    /// ```
    ///
    /// # Panics
    ///
    /// At compile time, when `name` or `version` is longer than its field.
    #[must_use]
    pub const fn new(name: &str, version: &str, panic_unwind: bool) -> Self {
        Self {
            magic: MAGIC,
            size: size_of::<Self>() as u32,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            panic_unwind: panic_unwind as u8,
            reserved: [0; 7],
            api_version: padded(API_VERSION),
            abi_stable: padded(ABI_STABLE_VERSION),
            rustc: padded(env!("COGWRIGHT_RUSTC")),
            target: padded(env!("COGWRIGHT_TARGET")),
            name: padded(name),
            version: padded(version),
        }
    }
}

const fn padded<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    assert!(
        bytes.len() <= N,
        "text is longer than its field in the plugin note"
    );
    let mut field = [0; N];
    let mut i = 0;
    while i < bytes.len() {
        field[i] = bytes[i];
        i += 1;
    }
    field
}

/// A note as read from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoteInfo {
    /// Major and minor number of the boundary.
    pub abi: (u16, u16),
    /// Whether a panic unwinds in this plugin.
    pub panic_unwind: bool,
    /// Version of plugin-api.
    pub api_version: String,
    /// Version of abi_stable.
    pub abi_stable: String,
    /// `rustc --version`.
    pub rustc: String,
    /// Target triple.
    pub target: String,
    /// The plugin's name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
}

impl NoteInfo {
    /// Reads the bytes of the note's section. `None` when they are not a note: wrong magic, or cut short. Bytes behind
    /// the fields that this version knows are a later version's, and ignored.
    ///
    /// ```
    /// use plugin_api::abi::{NoteInfo, PluginNote};
    ///
    /// static NOTE: PluginNote = PluginNote::new("hello", "0.1.0", true);
    /// // SAFETY: plain bytes without padding, alive for good.
    /// let section = unsafe {
    ///     std::slice::from_raw_parts((&raw const NOTE).cast::<u8>(), size_of::<PluginNote>())
    /// };
    /// let info = NoteInfo::read(section).expect("it is a note");
    /// assert_eq!((&*info.name, &*info.version, info.panic_unwind), ("hello", "0.1.0", true));
    /// assert_eq!(NoteInfo::read(&section[..100]), None);
    /// ```
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut take = |n: usize| -> Option<&[u8]> {
            let (head, tail) = rest.split_at_checked(n)?;
            rest = tail;
            Some(head)
        };
        if take(8)? != MAGIC {
            return None;
        }
        let size = u32::from_ne_bytes(take(4)?.try_into().ok()?) as usize;
        if size > bytes.len() || size < size_of::<PluginNote>() {
            return None;
        }
        let abi_major = u16::from_ne_bytes(take(2)?.try_into().ok()?);
        let abi_minor = u16::from_ne_bytes(take(2)?.try_into().ok()?);
        let panic_unwind = take(8)?[0] != 0;
        let mut text = |n: usize| -> Option<String> {
            let field = take(n)?;
            let end = field.iter().position(|b| *b == 0).unwrap_or(n);
            Some(String::from_utf8_lossy(&field[..end]).into_owned())
        };
        Some(Self {
            abi: (abi_major, abi_minor),
            panic_unwind,
            api_version: text(32)?,
            abi_stable: text(16)?,
            rustc: text(64)?,
            target: text(64)?,
            name: text(64)?,
            version: text(32)?,
        })
    }
}
