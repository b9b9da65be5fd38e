//! Note of a plugin file: what it tells about itself before any of its code runs.
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
    /// A field that this version has not got: what a later one may look like.
    #[cfg(feature = "later-boundary-fixture")]
    pub later: [u8; 16],
}

/// Bytes of the first version of [`PluginNote`]. Never changes, and no note is shorter.
const FIRST_SIZE: usize = 296;

/// Bytes of the longest name of a plugin.
const NAME_LIMIT: usize = 64;

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
    /// Texts that are too long for their fields are cut, since they are for people to read (the manifest has the version
    /// whole). The name is not: files are told apart by it.
    ///
    /// # Panics
    ///
    /// At compile time, when `name` is longer than 64 bytes.
    #[must_use]
    pub const fn new(name: &str, version: &str, panic_unwind: bool) -> Self {
        Self::built_by(env!("COGWRIGHT_RUSTC"), name, version, panic_unwind)
    }

    /// The note of a plugin that was built by this compiler.
    const fn built_by(rustc: &str, name: &str, version: &str, panic_unwind: bool) -> Self {
        assert!(
            name.len() <= NAME_LIMIT,
            "the plugin's name, which is its package's, has more than 64 bytes: give the package a shorter one in Cargo.toml"
        );
        Self {
            magic: MAGIC,
            size: size_of::<Self>() as u32,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            panic_unwind: panic_unwind as u8,
            reserved: [0; 7],
            api_version: field(API_VERSION),
            abi_stable: field(ABI_STABLE_VERSION),
            rustc: field(rustc),
            target: field(TARGET),
            name: field(name),
            version: field(version),
            #[cfg(feature = "later-boundary-fixture")]
            later: [7; 16],
        }
    }
}

/// `text`, padded with zeros, or cut at the end of a character.
const fn field<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    let mut end = bytes.len();
    if end > N {
        end = N;
        // A byte of the form 10xxxxxx goes on with a character.
        while end > 0 && bytes[end] & 0xC0 == 0x80 {
            end -= 1;
        }
    }
    let mut field = [0; N];
    let mut i = 0;
    while i < end {
        field[i] = bytes[i];
        i += 1;
    }
    field
}

/// The machines that this crate was compiled for: `x86_64-unknown-linux-gnu`.
pub const TARGET: &str = env!("COGWRIGHT_TARGET");

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
    /// the fields that this version knows are a later version's, and ignored; what an earlier version has not got is absent.
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
        if size > bytes.len() || size < FIRST_SIZE {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(note: &PluginNote) -> Vec<u8> {
        // SAFETY: plain bytes without padding.
        unsafe {
            std::slice::from_raw_parts(
                std::ptr::from_ref(note).cast::<u8>(),
                size_of::<PluginNote>(),
            )
        }
        .to_vec()
    }

    #[test]
    fn a_compiler_of_a_long_name_is_cut_and_not_refused() {
        // What Debian's says: 65 characters.
        const DEBIAN: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)";
        const NOTE: PluginNote = PluginNote::built_by(DEBIAN, "hello", "0.1.0", true);
        assert_eq!(DEBIAN.len(), 65);
        let info = NoteInfo::read(&bytes(&NOTE)).unwrap();
        assert_eq!(info.rustc, DEBIAN[..64]);
        assert_eq!((&*info.name, &*info.version), ("hello", "0.1.0"));
    }

    #[test]
    fn texts_are_cut_at_the_end_of_a_character() {
        for length in 28..40 {
            let version = format!("{}äöü", "1".repeat(length));
            let note =
                PluginNote::built_by("é".repeat(70).as_str(), &"x".repeat(64), &version, true);
            let info = NoteInfo::read(&bytes(&note)).unwrap();
            assert!(version.starts_with(&info.version), "{}", info.version);
            assert!(info.version.len() >= 31 && info.version.len() <= 32);
            assert_eq!((info.rustc.chars().count(), info.name.len()), (32, 64));
        }
    }

    #[test]
    #[should_panic(expected = "has more than 64 bytes: give the package a shorter one")]
    fn a_name_that_would_be_cut_is_refused() {
        let _ = PluginNote::new(&"x".repeat(65), "0.1.0", true);
    }

    #[test]
    fn a_later_note_is_read_and_one_cut_short_is_not() {
        let mut later = bytes(&PluginNote::new("hello", "0.1.0", true));
        let first = later[..FIRST_SIZE].to_vec();
        later.extend([9; 100]);
        let size = later.len() as u32;
        later[8..12].copy_from_slice(&size.to_ne_bytes());
        let read = NoteInfo::read(&later).unwrap();
        // The first version, as a host of a later one reads it.
        let mut earlier = first;
        earlier[8..12].copy_from_slice(&(FIRST_SIZE as u32).to_ne_bytes());
        assert_eq!(NoteInfo::read(&earlier), Some(read));
        earlier[8..12].copy_from_slice(&(FIRST_SIZE as u32 - 1).to_ne_bytes());
        assert_eq!(NoteInfo::read(&earlier), None);
        assert_eq!(NoteInfo::read(&later[..later.len() - 1]), None);
    }
}
