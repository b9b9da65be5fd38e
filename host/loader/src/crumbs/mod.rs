//! Crumbs: what this process is at, noted in memory that outlives it, and what the last one has left there.
//!
//! A process has one file of crumbs (`run/crumbs` in the data folder), from [`begin`] on. Each generation has a place in it, where the
//! host notes the frames that it takes, and the plugin which of them it is polling. What a thread dies of, the crash handler adds
//! (`platform/linux/crash.rs`). At the next [`begin`] all of it is read as [`Remains`], unless the process has ended in
//! order ([`end_in_order`]).
//!
//! A cell has crumbs as well (`begin_in_cell`), in memory that the bot reads while it lives and when it has ended (`CellCrumbs`).
//!
//! | file | what it is |
//! | --- | --- |
//! | `cell.rs` | the crumbs of a cell, as the bot has them |
//! | `remains.rs` | the same, read after its process is gone |
//! | `verdict.rs` | whose fault it was |

mod cell;
mod remains;
mod verdict;

use std::{
    env, io,
    path::Path,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, Release, SeqCst},
            fence,
        },
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use host_base::private;
use plugin_api::abi::{Crumb, EventHeader, crumb_frame, frame_kind};

pub(crate) use self::cell::{CellCrumbs, Whose};
pub use self::{
    remains::{Doing, LastWord, Polled, Remains, Remnant, StackFrame},
    verdict::{Certainty, Verdict},
};
use crate::crumb_layout::{FrameRecord, Layout, MAGIC, Slot};
use crate::{
    invocation::Invocation,
    packet::{Packet, handler},
    platform::{
        Owner,
        crash::{self, SharedCrumbs},
        process, snapshot,
    },
};

/// The file in the folder `run`.
const FILE: &str = "crumbs";

static CRUMBS: OnceLock<&'static Layout> = OnceLock::new();

/// Whether this process is a cell.
static IN_CELL: AtomicBool = AtomicBool::new(false);

/// Begins the crumbs of this process, once, in the folder `run`, which is made; what the last process has left there, if it did not end
/// in order. From here on a crash of any thread is noted.
///
/// To be called before any plugin is opened.
///
/// # Errors
///
/// Another process has the file, there is no room for it, or this platform has no such memory. The bot does without.
pub fn begin(run: &Path) -> io::Result<Option<Remains>> {
    private::folder(run)?;
    let (left, crumbs) = crash::open(&run.join(FILE))?;
    begin_with(crumbs)?;
    Ok(Remains::read(&left))
}

/// Begins the crumbs of this process, a cell, in memory that the bot has as well.
///
/// To be called before its library is opened, and before it is closed in.
///
/// # Errors
///
/// The memory can't be mapped. The cell does without.
pub(crate) fn begin_in_cell(memory: &SharedCrumbs) -> io::Result<()> {
    IN_CELL.store(true, Relaxed);
    crash::is_cell();
    begin_with(memory.map()?)
}

fn begin_with(crumbs: &'static Layout) -> io::Result<()> {
    entitle(crumbs);
    if CRUMBS.set(crumbs).is_err() {
        return Err(io::Error::other(
            "this process has begun its crumbs already",
        ));
    }
    beat();
    note_libraries();
    crash::install(crumbs);
    Ok(())
}

/// Notes what it is, and whose.
fn entitle(crumbs: &Layout) {
    let store = |place: &AtomicU64, value: u64| place.store(value, Relaxed);
    store(&crumbs.magic, MAGIC);
    store(&crumbs.bytes, Layout::BYTES as u64);
    store(&crumbs.pid, std::process::id().into());
    store(&crumbs.started_ms, unix_ms());
}

/// Notes that what comes now is the end of this process, and in order.
pub fn end_in_order() {
    if let Some(crumbs) = CRUMBS.get() {
        crumbs.ended.store(1, SeqCst);
    }
}

/// Notes that the process lives: from time to time.
pub(crate) fn beat() {
    if let Some(crumbs) = CRUMBS.get() {
        crumbs.alive_ms.store(crash::monotonic_ms(), Relaxed);
        crumbs.alive_at_ms.store(unix_ms(), Relaxed);
    }
}

/// Notes which libraries are mapped, and where.
pub(crate) fn note_libraries() {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let Some(crumbs) = CRUMBS.get() else { return };
    let _inside = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let images = snapshot::images();
    let is_mapped = |low: u64| images.iter().any(|image| image.lo as u64 == low);
    for known in &crumbs.images {
        if !is_mapped(known.low.load(Relaxed)) {
            known.low.store(0, Relaxed);
        }
    }
    for image in &images {
        let low = image.lo as u64;
        if crumbs
            .images
            .iter()
            .any(|known| known.low.load(Relaxed) == low)
        {
            continue;
        }
        let free = crumbs
            .images
            .iter()
            .find(|known| known.low.load(Relaxed) == 0);
        let Some(free) = free else { return };
        // The program itself. A cell's is the bot's, which knows how to read it.
        let path = match image.path.as_os_str().is_empty() && !IN_CELL.load(Relaxed) {
            true => env::current_exe().unwrap_or_default(),
            false => image.path.clone(),
        };
        free.path.set(path.as_os_str().as_encoded_bytes());
        free.base.store(image.base as u64, Relaxed);
        free.high.store(image.hi as u64, Relaxed);
        free.low.store(low, SeqCst);
    }
}

/// What a thread polls right now, by its crumb: the frame, and for how long; `None` while it polls nothing, or that can't be known.
pub(crate) fn polled(crumb: &Crumb) -> Option<(u64, Duration)> {
    lasting(crumb.frame.load(Relaxed), crumb.since_ms.load(Relaxed))
}

/// A frame that is polled since then, and for how long.
fn lasting(frame: u64, since_ms: u64) -> Option<(u64, Duration)> {
    // Without a clock, plugins write 1.
    (since_ms > 1).then(|| {
        let lasts = crash::monotonic_ms().saturating_sub(since_ms);
        (frame, Duration::from_millis(lasts))
    })
}

/// What is polled, in words, where that is no frame that was taken.
pub(crate) const fn without_frame(frame: u64) -> Option<&'static str> {
    match frame {
        crumb_frame::BACKGROUND => Some("a task in the background"),
        crumb_frame::OPENING => Some("the opening of its library"),
        _ => None,
    }
}

/// A crumb that is kept in this process alone, for a generation that has no [`Place`].
pub(crate) fn private() -> Crumb {
    let crumb = Crumb::default();
    crumb.bytes.store(size_of::<Crumb>() as u64, Relaxed);
    crumb
}

/// A generation's place in the crumbs, until this is dropped.
#[derive(Debug)]
pub(crate) struct Place(&'static Slot);

impl Place {
    /// A place for a generation whose own thread calls this; `None` where there are no crumbs, or too many generations.
    pub(crate) fn take(owner: Owner, plugin: &str, generation: u64, file: &Path) -> Option<Self> {
        Self::take_in(CRUMBS.get()?, owner, plugin, generation, file)
    }

    fn take_in(
        crumbs: &'static Layout,
        owner: Owner,
        plugin: &str,
        generation: u64,
        file: &Path,
    ) -> Option<Self> {
        let owner = u64::from(owner.number());
        let slot = crumbs.slots.iter().find(|slot| {
            let taken = slot.owner.compare_exchange(0, owner, SeqCst, Relaxed);
            taken.is_ok()
        })?;
        slot.crumb.bytes.store(size_of::<Crumb>() as u64, Relaxed);
        slot.crumb
            .begin(crumb_frame::OPENING, crash::monotonic_ms().max(1));
        slot.generation.store(generation, Relaxed);
        slot.tid.store(process::current_thread() as u64, Relaxed);
        slot.plugin.set(plugin.as_bytes());
        slot.file.set(file.as_os_str().as_encoded_bytes());
        for frame in slot.calls.iter().chain(&slot.events) {
            frame.id.store(0, Relaxed);
        }
        Some(Self(slot))
    }

    /// Where the plugin notes what it polls.
    pub(crate) fn crumb(&self) -> &Crumb {
        &self.0.crumb
    }

    /// Notes that it is at nothing: its thread waits, or has ended, or will never go on.
    pub(crate) fn idle(&self) {
        self.0.crumb.end();
    }

    /// Where the frames are noted that it takes.
    pub(crate) fn frames(&self) -> Frames {
        Frames(self.0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.idle();
        self.0.owner.store(0, SeqCst);
    }
}

/// Where the frames are noted that a generation takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frames(&'static Slot);

impl Frames {
    /// Notes a frame that the generation takes, on its thread, in place of the oldest.
    pub(crate) fn note(self, packet: &Packet) {
        let place = match packet.kind {
            _ if packet.id == 0 => return,
            frame_kind::REPLY | frame_kind::PING | frame_kind::LOG_LEVEL | frame_kind::SETTINGS => {
                return;
            }
            frame_kind::EVENT => oldest(&self.0.events, packet.id),
            _ => oldest(&self.0.calls, packet.id),
        };
        place.id.store(0, Relaxed);
        // Nothing of the new one is there while the old one's id is, and all of it is there when its own is.
        fence(Release);
        write(place, packet);
        place.id.store(packet.id, Release);
    }
}

/// Ids count up over all plugins, so that those of one are spread over its places well enough.
fn oldest<const COUNT: usize>(frames: &[FrameRecord; COUNT], id: u64) -> &FrameRecord {
    &frames[(id % COUNT as u64) as usize]
}

/// For whom a packet is, and the event that it goes back to.
fn cause(packet: &Packet) -> (Option<&Invocation>, Option<&EventHeader>) {
    let invocation = packet.invocation.as_deref();
    let event = packet.event.as_ref().or(invocation.map(|it| &it.event));
    (invocation, event.map(|event| &event.header))
}

/// What a generation is at that polls this packet.
pub(crate) fn doing(packet: &Packet) -> Doing {
    let (invocation, header) = cause(packet);
    let header = header.unwrap_or(&EventHeader::EMPTY);
    Doing {
        handler: handler(packet.kind, header.kind, &packet.name),
        frame: packet.id,
        invocation: invocation.map_or(packet.id, |it| it.id),
        user: header.user_id,
        guild: header.guild_id,
        channel: header.channel_id,
    }
}

fn write(place: &FrameRecord, packet: &Packet) {
    let (invocation, header) = cause(packet);
    let of = |value: Option<u64>| value.unwrap_or_default();
    place.kind.store(packet.kind.into(), Relaxed);
    place
        .event
        .store(of(header.map(|it| it.kind.into())), Relaxed);
    place.user.store(of(header.map(|it| it.user_id)), Relaxed);
    place.guild.store(of(header.map(|it| it.guild_id)), Relaxed);
    place
        .channel
        .store(of(header.map(|it| it.channel_id)), Relaxed);
    place
        .invocation
        .store(invocation.map_or(packet.id, |it| it.id), Relaxed);
    place.at_ms.store(crash::monotonic_ms(), Relaxed);
    place.name.set(packet.name.as_bytes());
}

fn unix_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use plugin_api::abi::EventHeader;

    use super::*;
    use crate::EventRecord;

    /// Crumbs in memory that nobody else has.
    fn crumbs() -> &'static Layout {
        // SAFETY: words, which zeros are; never freed.
        let crumbs = Box::leak(unsafe { Box::<Layout>::new_zeroed().assume_init() });
        entitle(crumbs);
        crumbs
    }

    /// What the next process would read.
    fn left(crumbs: &Layout) -> Option<Remains> {
        let first = std::ptr::from_ref(crumbs).cast::<u8>();
        // SAFETY: all of it, which nobody writes meanwhile.
        Remains::read(unsafe { std::slice::from_raw_parts(first, Layout::BYTES) })
    }

    fn event() -> Arc<EventRecord> {
        Arc::new(EventRecord {
            header: EventHeader {
                kind: 3,
                user_id: 5,
                guild_id: 6,
                channel_id: 7,
                ..EventHeader::EMPTY
            },
            content: String::new(),
            user_name: String::new(),
            json: "{}".into(),
        })
    }

    fn command(id: u64) -> Packet {
        let packet = Packet::bare(frame_kind::COMMAND, id).named("brew");
        packet.with_event(event())
    }

    #[test]
    fn what_is_noted_is_read_after_the_process_unless_it_has_ended_in_order() {
        let crumbs = crumbs();
        let take = |plugin: &str| {
            Place::take_in(crumbs, Owner::next(), plugin, 3, Path::new("/s/tea-3.so"))
        };
        let (tea, pot) = (take("tea").unwrap(), take("pot").unwrap());
        pot.idle();
        let opening = left(crumbs).unwrap();
        let polled = opening.plugins[0].polled.as_ref().unwrap();
        assert_eq!(polled.what.handler, "the opening of its library");
        tea.frames().note(&command(9));
        tea.frames()
            .note(&Packet::bare(frame_kind::EVENT, 10).with_event(event()));
        let reads = |frame: u64| {
            crumbs.slots[0].crumb.begin(frame, 1);
            let left = left(crumbs).unwrap();
            assert_eq!(
                (left.plugins.len(), left.pid),
                (2, std::process::id().into())
            );
            assert_eq!(
                (&*left.plugins[0].plugin, left.plugins[0].generation),
                ("tea", 3)
            );
            assert!(left.plugins[1].polled.is_none() && left.word.is_none());
            left.plugins[0].polled.clone().unwrap().what
        };
        let brew = reads(9);
        assert_eq!((&*brew.handler, brew.invocation), ("command `brew`", 9));
        assert_eq!((brew.user, brew.guild, brew.channel), (5, 6, 7));
        assert_eq!(reads(10).handler, "listener to MESSAGE_CREATE");
        assert_eq!(
            reads(crumb_frame::BACKGROUND).handler,
            "a task in the background"
        );
        assert_eq!(reads(11).handler, "a handler");
        // Its place is another's by now.
        tea.frames()
            .note(&command(9 + crate::crumb_layout::CALLS as u64));
        assert_eq!(reads(9).handler, "a handler");
        drop(pot);
        assert_eq!(left(crumbs).unwrap().plugins.len(), 1);
        crumbs.ended.store(1, Relaxed);
        assert!(left(crumbs).is_none());
    }

    #[test]
    fn one_generation_too_many_has_no_place_and_a_place_is_given_back() {
        let crumbs = crumbs();
        let take = || Place::take_in(crumbs, Owner::next(), "tea", 1, Path::new(""));
        let mut places: Vec<Place> = std::iter::from_fn(take).collect();
        assert_eq!(places.len(), crate::crumb_layout::SLOTS);
        places.pop();
        assert!(take().is_some());
    }

    /// What a frame pays for being noted.
    #[test]
    #[ignore = "a measurement"]
    fn cost_of_a_noted_frame() {
        let place = Place::take_in(crumbs(), Owner::next(), "tea", 1, Path::new("")).unwrap();
        let (mut packet, began) = (command(1), Instant::now());
        const FRAMES: u64 = 5_000_000;
        for id in 1..=FRAMES {
            packet.id = id;
            place.frames().note(std::hint::black_box(&packet));
        }
        println!(
            "{:.1} ns a frame",
            began.elapsed().as_secs_f64() * 1e9 / FRAMES as f64
        );
    }
}
