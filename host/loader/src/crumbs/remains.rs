//! Remains of a process that did not end in order: what its crumbs tell of its end.

use std::{
    fs,
    mem::{offset_of, size_of},
    path::{Path, PathBuf},
};

use plugin_api::abi::Crumb;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::without_frame;
use crate::crumb_layout::{
    CALLS, Crash, EVENTS, FrameRecord, IMAGES, Image, Layout, SLOTS, STACK, Slot, Words,
};
use crate::{
    file,
    packet::handler,
    platform::{
        self, library_files,
        stack::{Mapped, SavedStack},
    },
};

/// What a process has left that did not end in order: the last bot, or a cell of this one.
#[derive(Debug)]
pub struct Remains {
    /// Whether it was a cell, all of which is one plugin's.
    pub is_cell: bool,
    /// Its number.
    pub pid: u64,
    /// When it began, in milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// When it ended, in the same: by the crash handler's clock, or the last second in which it was known to live.
    pub ended_ms: u64,
    /// What the crash handler has noted; `None` when the process was ended without a word.
    pub word: Option<LastWord>,
    /// The generations that were there.
    pub plugins: Vec<Remnant>,
    pub(super) libraries: Vec<Mapped>,
    stack: SavedStack,
}

/// What the crash handler has noted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LastWord {
    /// The signal's number.
    pub signal: i32,
    /// What people call it.
    pub name: String,
    /// Its `si_code`.
    pub code: i32,
    /// The address that was touched, where it was a fault.
    pub address: u64,
    /// Where the thread stood.
    pub pc: u64,
    /// Whether the stack had run out.
    pub overflow: bool,
    /// The process that had sent it; 0: none, it was a fault.
    pub sender: u64,
    /// The thread's number and name.
    pub tid: u64,
    /// Its name.
    pub thread: String,
    /// On whose behalf it ran; 0: the host's.
    pub owner: u64,
}

/// A generation that was there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remnant {
    /// The plugin's name.
    pub plugin: String,
    /// Which load of it.
    pub generation: u64,
    /// Its number among all that was ever opened.
    pub owner: u64,
    /// The number of its own thread.
    pub tid: u64,
    /// The private copy.
    pub file: PathBuf,
    /// What was polled on its thread.
    pub polled: Option<Polled>,
}

/// What was polled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Polled {
    /// For how long, in milliseconds; to within a second where the process was ended without a word.
    pub for_ms: u64,
    /// What it was.
    pub what: Doing,
}

/// What a generation was at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Doing {
    /// In words: "command `brew`".
    pub handler: String,
    /// The frame's number; 0 for what is none.
    pub frame: u64,
    /// The invocation that it was for; as in the log.
    pub invocation: u64,
    /// Who used it; 0: nobody.
    pub user: u64,
    /// In which server; 0: none.
    pub guild: u64,
    /// In which channel; 0: none.
    pub channel: u64,
}

/// A function that was running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackFrame {
    /// The library's file name; empty where the address is in none.
    pub library: String,
    /// The address in that file, or the bare one.
    pub offset: u64,
    /// The function, where the file names it.
    pub function: Option<String>,
}

impl Remains {
    /// Reads a file of crumbs; `None` where it is none of this version, or its process has ended in order.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let words = Words::read(bytes)?;
        let at = |offset: usize| words.at(offset);
        if at(offset_of!(Layout, ended)) != 0 {
            return None;
        }
        let crash = offset_of!(Layout, crash);
        let of = |offset: usize| words.at(crash + offset);
        let has_word = of(offset_of!(Crash, state)) != 0;
        let (now_ms, ended_ms) = if has_word && of(offset_of!(Crash, at_ms)) != 0 {
            (
                of(offset_of!(Crash, monotonic_ms)),
                of(offset_of!(Crash, at_ms)),
            )
        } else {
            (
                at(offset_of!(Layout, alive_ms)),
                at(offset_of!(Layout, alive_at_ms)),
            )
        };
        let stack = offset_of!(Crash, stack);
        Some(Self {
            is_cell: false,
            pid: at(offset_of!(Layout, pid)),
            started_ms: at(offset_of!(Layout, started_ms)),
            ended_ms,
            word: has_word.then(|| last_word(&words, crash)),
            plugins: (0..SLOTS)
                .filter_map(|slot| remnant(&words, slot, now_ms))
                .collect(),
            libraries: (0..IMAGES)
                .filter_map(|image| library(&words, image))
                .collect(),
            stack: SavedStack {
                pc: of(offset_of!(Crash, pc)),
                sp: of(offset_of!(Crash, sp)),
                fp: of(offset_of!(Crash, fp)),
                lr: of(offset_of!(Crash, lr)),
                words: (0..STACK).map(|word| of(stack + 8 * word)).collect(),
            },
        })
    }

    /// The functions that the thread was in that crashed, innermost first; empty where the process was ended without a word. Functions
    /// of plugins have their names. Reads the libraries' files: some ten milliseconds.
    #[must_use]
    pub fn trace(&self) -> Vec<StackFrame> {
        if self.word.is_none() {
            return Vec::new();
        }
        let addresses = self.stack.addresses(&self.libraries);
        let mut names = Names::default();
        addresses
            .into_iter()
            .map(|address| self.frame(address, &mut names))
            .collect()
    }

    fn frame(&self, address: u64, names: &mut Names) -> StackFrame {
        let holds = |it: &&Mapped| (it.low..it.high).contains(&address);
        let Some(library) = self.libraries.iter().find(holds) else {
            return StackFrame {
                library: String::new(),
                offset: address,
                function: None,
            };
        };
        let offset = address - library.base;
        let is_plugins = self.plugins.iter().any(|it| it.file == library.path);
        StackFrame {
            library: name_of(&library.path),
            offset,
            function: is_plugins
                .then(|| names.of(&library.path, offset))
                .flatten(),
        }
    }

    /// The generation whose library holds a frame, the innermost first.
    pub(super) fn plugin_in(&self, trace: &[StackFrame]) -> Option<usize> {
        let of = |frame: &StackFrame| {
            self.plugins.iter().position(|plugin| {
                plugin
                    .file
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy() == *frame.library)
            })
        };
        trace.iter().find_map(of)
    }
}

impl Remnant {
    /// The SHA-256 of its file, in hexadecimal, and the version that the file says; to be asked before the private copies are
    /// removed.
    #[must_use]
    pub fn file_info(&self) -> Option<(String, String)> {
        let bytes = fs::read(&self.file).ok()?;
        let version = file::check(&bytes, &self.file)
            .map_or_else(|_| String::new(), |info| info.note.version);
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        Some((file::hex(&digest), version))
    }
}

/// What a library is called. The path of a program may be the system's own link to it.
fn name_of(path: &Path) -> String {
    let real = fs::read_link(path).unwrap_or_else(|_| path.to_owned());
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(" (deleted)").to_owned()
}

fn last_word(words: &Words, crash: usize) -> LastWord {
    let of = |offset: usize| words.at(crash + offset);
    let signal = of(offset_of!(Crash, signal)) as i32;
    let code = of(offset_of!(Crash, code)) as i32;
    let (address, sp) = (of(offset_of!(Crash, address)), of(offset_of!(Crash, sp)));
    // Code touches its stack page by page as it grows, so what has run out is touched near its end.
    const NEAR: u64 = 64 * 1024;
    LastWord {
        signal,
        name: platform::signals::name(signal)
            .map_or_else(|| format!("signal {signal}"), str::to_owned),
        code,
        address,
        pc: of(offset_of!(Crash, pc)),
        overflow: code > 0 && address != 0 && sp.abs_diff(address) < NEAR,
        sender: of(offset_of!(Crash, sender)),
        tid: of(offset_of!(Crash, tid)),
        thread: words.text(crash + offset_of!(Crash, thread), 2),
        owner: of(offset_of!(Crash, owner)),
    }
}

fn library(words: &Words, image: usize) -> Option<Mapped> {
    let at = offset_of!(Layout, images) + image * size_of::<Image>();
    let low = words.at(at + offset_of!(Image, low));
    (low != 0).then(|| Mapped {
        low,
        high: words.at(at + offset_of!(Image, high)),
        base: words.at(at + offset_of!(Image, base)),
        path: words.text(at + offset_of!(Image, path), 32).into(),
    })
}

fn remnant(words: &Words, slot: usize, now_ms: u64) -> Option<Remnant> {
    let at = offset_of!(Layout, slots) + slot * size_of::<Slot>();
    let of = |offset: usize| words.at(at + offset);
    let owner = of(offset_of!(Slot, owner));
    if owner == 0 {
        return None;
    }
    let crumb = offset_of!(Slot, crumb);
    let since = of(crumb + offset_of!(Crumb, since_ms));
    let polled = (since != 0).then(|| Polled {
        for_ms: now_ms.saturating_sub(since),
        what: doing(words, at, of(crumb + offset_of!(Crumb, frame))),
    });
    Some(Remnant {
        plugin: words.text(at + offset_of!(Slot, plugin), 8),
        generation: of(offset_of!(Slot, generation)),
        owner,
        tid: of(offset_of!(Slot, tid)),
        file: words.text(at + offset_of!(Slot, file), 32).into(),
        polled,
    })
}

/// What a generation was at by the frame that it polled.
fn doing(words: &Words, slot: usize, frame: u64) -> Doing {
    let named = |handler: &str| Doing {
        handler: handler.to_owned(),
        ..Doing::default()
    };
    if let Some(words) = without_frame(frame) {
        return named(words);
    }
    let places = |array: usize, count: usize| {
        (0..count).map(move |index| slot + array + index * size_of::<FrameRecord>())
    };
    let places =
        places(offset_of!(Slot, calls), CALLS).chain(places(offset_of!(Slot, events), EVENTS));
    let is_it = |place: &usize| words.at(place + offset_of!(FrameRecord, id)) == frame;
    let Some(place) = places.into_iter().find(is_it) else {
        return Doing {
            frame,
            ..named("a handler")
        };
    };
    let of = |offset: usize| words.at(place + offset);
    let kind = of(offset_of!(FrameRecord, kind)) as u16;
    let event = of(offset_of!(FrameRecord, event)) as u16;
    let name = words.text(place + offset_of!(FrameRecord, name), 8);
    Doing {
        handler: handler(kind, event, &name),
        frame,
        invocation: of(offset_of!(FrameRecord, invocation)),
        user: of(offset_of!(FrameRecord, user)),
        guild: of(offset_of!(FrameRecord, guild)),
        channel: of(offset_of!(FrameRecord, channel)),
    }
}

/// Functions by file, read once.
#[derive(Default)]
struct Names(Vec<(PathBuf, Vec<(u64, String)>)>);

impl Names {
    fn of(&mut self, file: &Path, offset: u64) -> Option<String> {
        if !self.0.iter().any(|(known, _)| known == file) {
            let bytes = fs::read(file).unwrap_or_default();
            let functions = library_files::functions(&bytes);
            let functions = functions
                .into_iter()
                .map(|(at, name)| (at, name.to_owned()));
            self.0.push((file.to_owned(), functions.collect()));
        }
        let (_, functions) = self.0.iter().find(|(known, _)| known == file)?;
        let behind = functions.partition_point(|(at, _)| *at <= offset);
        let (_, mangled) = functions.get(behind.checked_sub(1)?)?;
        Some(format!("{:#}", rustc_demangle::demangle(mangled)))
    }
}
