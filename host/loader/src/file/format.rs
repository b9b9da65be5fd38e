//! File formats that people drop by mistake.

use std::fmt;

use crate::platform::library_files::MAGIC;

/// What a file is that is no library of this platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A Windows DLL.
    WindowsLibrary,
    /// Another Windows program.
    WindowsProgram,
    /// A library or program for macOS.
    MachO,
    /// A static library or Rust rlib.
    Archive,
    /// A zip archive.
    Zip,
    /// Something compressed: gzip, xz or zstd.
    Compressed,
    /// A script.
    Script,
    /// A web page, such as an error page that was saved in place of a download.
    WebPage,
    /// Other text.
    Text,
    /// Nothing but zeros.
    Zeros,
    /// Something else.
    Unknown,
}

impl Format {
    /// What `bytes` are, or `None` when they begin like a library of this platform, or may go on so.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(MAGIC) || MAGIC.starts_with(bytes) {
            return None;
        }
        let starts = |magics: &[&[u8]]| magics.iter().any(|magic| bytes.starts_with(magic));
        Some(if bytes.starts_with(b"MZ") {
            windows(bytes)
        } else if starts(&[
            b"\xfe\xed\xfa\xce",
            b"\xfe\xed\xfa\xcf",
            b"\xce\xfa\xed\xfe",
            b"\xcf\xfa\xed\xfe",
        ]) || is_universal(bytes)
        {
            Self::MachO
        } else if starts(&[b"!<arch>", b"!<thin>"]) {
            Self::Archive
        } else if starts(&[b"PK\x03\x04", b"PK\x05\x06"]) {
            Self::Zip
        } else if starts(&[b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"]) {
            Self::Compressed
        } else if bytes.starts_with(b"#!") {
            Self::Script
        } else if is_text(bytes) {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(64)])
                .trim_start()
                .to_lowercase();
            if start.starts_with("<!doctype") || start.starts_with("<html") {
                Self::WebPage
            } else {
                Self::Text
            }
        } else if bytes.iter().all(|byte| *byte == 0) {
            Self::Zeros
        } else {
            Self::Unknown
        })
    }

    /// What to do instead.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::WindowsLibrary | Self::WindowsProgram | Self::MachO => {
                "build the plugin on this system, or for it with `--target`"
            }
            Self::Archive => {
                "set `crate-type = [\"cdylib\"]` in its Cargo.toml's [lib] and build it again"
            }
            Self::Zip | Self::Compressed => "unpack it, and put the library that is inside here",
            Self::Script | Self::Text => "put the compiled library here, and not its source",
            Self::WebPage => "download it again; this is the page of a web site",
            Self::Zeros => "its content never arrived; copy it again",
            Self::Unknown => "put the library that cargo built here, as it is",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WindowsLibrary => "a Windows DLL",
            Self::WindowsProgram => "a Windows program",
            Self::MachO => "a Mach-O file for macOS",
            Self::Archive => "a static library (.a or .rlib)",
            Self::Zip => "a zip archive",
            Self::Compressed => "a compressed file",
            Self::Script => "a script",
            Self::WebPage => "a web page",
            Self::Text => "a text file",
            Self::Zeros => "a file of zeros",
            Self::Unknown => "a file of an unknown kind",
        })
    }
}

/// `bytes` start with "MZ": a DLL says so in a flag of its PE header.
fn windows(bytes: &[u8]) -> Format {
    const IMAGE_FILE_DLL: u16 = 0x2000;
    let is_dll = || {
        let start = bytes
            .get(0x3c..0x40)?
            .try_into()
            .ok()
            .map(u32::from_le_bytes)? as usize;
        let pe = bytes.get(start..)?.get(..24)?;
        let flags = u16::from_le_bytes([pe[22], pe[23]]);
        Some(pe.starts_with(b"PE\0\0") && flags & IMAGE_FILE_DLL != 0)
    };
    if is_dll() == Some(true) {
        Format::WindowsLibrary
    } else {
        Format::WindowsProgram
    }
}

/// A Mach-O file for several processors. Java classes start with the same four bytes, but then comes a version above 44.
fn is_universal(bytes: &[u8]) -> bool {
    matches!(bytes, [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] if *count < 40)
}

/// Whether the first part of `bytes` is UTF-8 without control characters, but for a character that the cut divides.
fn is_text(bytes: &[u8]) -> bool {
    let part = &bytes[..bytes.len().min(1024)];
    let text = match str::from_utf8(part) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&part[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty()
        && !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x1b'))
}
