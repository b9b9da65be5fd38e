//! Layout of the crumbs: what lies in the file, word by word, for the process that writes it and the one that reads it later.
//!
//! All of it is words of 64 bits that are written atomically: any thread may write its part, a plugin's included, and the end of
//! the process may come between any two of them. A record that is being written has no id.

use std::{
    mem::{offset_of, size_of},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use plugin_api::abi::Crumb;

/// What the file begins with.
pub const MAGIC: u64 = u64::from_le_bytes(*b"CRUMBS\0\x01");

/// Generations that can be there at a time and be known. One more runs without a crumb.
pub const SLOTS: usize = 256;
/// Frames with an answer that are remembered of a generation: as many as its handlers that run at once by default.
pub const CALLS: usize = 64;
/// Events that are remembered of a generation.
pub const EVENTS: usize = 32;
/// Libraries that are known, those of the system included.
pub const IMAGES: usize = 256;
/// Words of the stack that are kept of a thread that has crashed: 32 KiB, from its top.
pub const STACK: usize = 4096;

/// All of it.
#[repr(C)]
#[derive(Debug)]
pub struct Layout {
    pub magic: AtomicU64,
    /// Bytes of the whole: another version's file has another size.
    pub bytes: AtomicU64,
    pub pid: AtomicU64,
    /// Milliseconds since the Unix epoch.
    pub started_ms: AtomicU64,
    /// Not 0: it has ended in order.
    pub ended: AtomicU64,
    /// The last sign of life, in milliseconds of the monotonic clock and since the Unix epoch.
    pub alive_ms: AtomicU64,
    pub alive_at_ms: AtomicU64,
    pub crash: Crash,
    pub images: [Image; IMAGES],
    pub slots: [Slot; SLOTS],
}

/// What the signal handler has written.
#[repr(C)]
#[derive(Debug)]
pub struct Crash {
    /// 0: nothing; 1: it had begun; 2: all of it is there.
    pub state: AtomicU64,
    pub signal: AtomicU64,
    pub code: AtomicU64,
    /// The process that has sent it, where one has.
    pub sender: AtomicU64,
    pub address: AtomicU64,
    pub pc: AtomicU64,
    pub sp: AtomicU64,
    /// Frame pointer and, on aarch64, link register.
    pub fp: AtomicU64,
    pub lr: AtomicU64,
    pub tid: AtomicU64,
    /// On whose behalf the thread ran; 0: the host's.
    pub owner: AtomicU64,
    pub monotonic_ms: AtomicU64,
    pub at_ms: AtomicU64,
    pub thread: Text<2>,
    /// From `sp` upwards. What is no address of code or of this stack is 0: it may be anybody's secret.
    pub stack: [AtomicU64; STACK],
}

/// A library that is mapped.
#[repr(C)]
#[derive(Debug)]
pub struct Image {
    /// 0: none.
    pub low: AtomicU64,
    pub high: AtomicU64,
    /// What the loader has added to the file's addresses.
    pub base: AtomicU64,
    pub path: Text<32>,
}

/// A generation.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Slot {
    /// The plugin writes here.
    pub crumb: Crumb,
    /// 0: nobody's.
    pub owner: AtomicU64,
    pub generation: AtomicU64,
    /// Its own thread.
    pub tid: AtomicU64,
    pub plugin: Text<8>,
    /// The private copy.
    pub file: Text<32>,
    pub calls: [FrameRecord; CALLS],
    pub events: [FrameRecord; EVENTS],
}

/// A frame that a plugin has taken.
#[repr(C)]
#[derive(Debug)]
pub struct FrameRecord {
    /// 0: none, or being written.
    pub id: AtomicU64,
    pub kind: AtomicU64,
    /// The event's number.
    pub event: AtomicU64,
    pub user: AtomicU64,
    pub guild: AtomicU64,
    pub channel: AtomicU64,
    /// For whom the work is that this is a part of, where it began with another frame.
    pub invocation: AtomicU64,
    pub at_ms: AtomicU64,
    pub name: Text<8>,
}

/// A text of at most `8 * WORDS` bytes; what is longer is cut.
#[repr(C)]
#[derive(Debug)]
pub struct Text<const WORDS: usize>([AtomicU64; WORDS]);

impl<const WORDS: usize> Text<WORDS> {
    /// Writes it.
    pub fn set(&self, text: &[u8]) {
        for (at, word) in self.0.iter().enumerate() {
            let mut bytes = [0; 8];
            let rest = text.get(8 * at..).unwrap_or_default();
            let part = &rest[..rest.len().min(8)];
            bytes[..part.len()].copy_from_slice(part);
            word.store(u64::from_le_bytes(bytes), Relaxed);
        }
    }
}

impl Layout {
    /// How large the file is.
    pub const BYTES: usize = size_of::<Self>();
}

/// A file of crumbs as words, read after its process is gone.
#[derive(Debug)]
pub struct Words(Vec<u64>);

impl Words {
    /// From the file's bytes; `None` where they are no crumbs of this version.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let words = bytes.as_chunks::<8>().0;
        let this = Self(words.iter().map(|word| u64::from_le_bytes(*word)).collect());
        let is_ours = bytes.len() == Layout::BYTES
            && this.at(offset_of!(Layout, magic)) == MAGIC
            && this.at(offset_of!(Layout, bytes)) == Layout::BYTES as u64;
        is_ours.then_some(this)
    }

    /// The word at an offset in bytes.
    pub fn at(&self, offset: usize) -> u64 {
        self.0.get(offset / 8).copied().unwrap_or_default()
    }

    /// The text at an offset.
    pub fn text(&self, offset: usize, words: usize) -> String {
        let words = (0..words).map(|word| self.at(offset + 8 * word));
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        let end = bytes.iter().position(|byte| *byte == 0);
        String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_of_whole_words_and_a_text_is_cut_where_its_room_ends() {
        assert_eq!(Layout::BYTES % 8, 0);
        assert_eq!(size_of::<FrameRecord>(), 128);
        let text: Text<2> = Text([const { AtomicU64::new(7) }; 2]);
        for (set, read) in [("", ""), ("brew", "brew"), ("12345678", "12345678")] {
            text.set(set.as_bytes());
            let words = Words(text.0.iter().map(|word| word.load(Relaxed)).collect());
            assert_eq!(words.text(0, 2), read);
        }
        text.set(b"more than sixteen bytes");
        let words = Words(text.0.iter().map(|word| word.load(Relaxed)).collect());
        assert_eq!(words.text(0, 2), "more than sixtee");
    }

    #[test]
    fn what_is_no_file_of_ours_is_not_read() {
        assert!(Words::read(b"").is_none());
        assert!(Words::read(&vec![0; Layout::BYTES]).is_none());
        let mut bytes = vec![0; Layout::BYTES];
        bytes[..8].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[8..16].copy_from_slice(&(Layout::BYTES as u64).to_le_bytes());
        assert!(Words::read(&bytes).is_some());
        assert!(Words::read(&bytes[..Layout::BYTES - 8]).is_none());
    }
}
