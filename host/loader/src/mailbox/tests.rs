//! The mailbox as a plugin meets it: through the vtable.

use plugin_api::abi::Record;

use super::*;

/// The plugin's end.
struct Plugin {
    mailbox: Arc<Mailbox>,
    handle: MailboxHandle,
    released: Vec<u64>,
}

/// A frame of a later version.
#[repr(C)]
#[derive(Clone, Copy)]
struct Later {
    frame: Frame,
    later: u64,
}

// SAFETY: a frame, which begins with the size, and a number.
unsafe impl Record for Later {
    const EMPTY: Self = Self {
        frame: Frame::EMPTY,
        later: 0,
    };
    const FIRST_SIZE: usize = Frame::FIRST_SIZE;
}

impl From<Frame> for Later {
    fn from(frame: Frame) -> Self {
        Self { frame, later: 9 }
    }
}

impl Plugin {
    fn of(mailbox: &Arc<Mailbox>) -> Self {
        Self {
            mailbox: Arc::clone(mailbox),
            handle: mailbox.handle(),
            released: Vec::new(),
        }
    }

    /// Gives back what it holds and takes up to `cap` frames, `work` of them work: kinds and ids.
    fn takes(&mut self, cap: usize, work: usize) -> Vec<(u16, u64)> {
        let frames = self.takes_as::<Frame>(cap, work);
        self.released = frames.iter().map(|frame| frame.token).collect();
        frames.iter().map(|frame| (frame.kind, frame.id)).collect()
    }

    /// The same by a plugin whose frames are `R`s.
    fn takes_as<R: Record>(&mut self, cap: usize, work: usize) -> Vec<R> {
        let mut frames = vec![R::EMPTY; cap];
        // SAFETY: the mailbox lives in the test, there is room for `cap` frames, and there is one thread.
        let taken = unsafe {
            self.handle.vtable.exchange()(
                self.handle.ctx,
                self.released.as_ptr(),
                self.released.len(),
                frames.as_mut_ptr().cast(),
                size_of::<R>(),
                cap,
                work,
            )
        };
        frames.truncate(taken);
        for frame in &mut frames {
            // SAFETY: the host has told how much of it there is.
            *frame = unsafe { R::read((&raw const *frame).cast()) }.unwrap();
        }
        frames
    }

    fn is_signalled(&self) -> bool {
        self.mailbox.signal.take()
    }
}

fn mailbox() -> (Arc<Mailbox>, Plugin) {
    let mailbox = Arc::new(Mailbox::new(Arc::default()).unwrap());
    let plugin = Plugin::of(&mailbox);
    (mailbox, plugin)
}

fn packet(kind: u16, id: u64) -> Packet {
    Packet::bare(kind, id)
}

const EVENT: u16 = frame_kind::EVENT;
const COMMAND: u16 = frame_kind::COMMAND;
const REPLY: u16 = frame_kind::REPLY;
const SAVE: u16 = frame_kind::SAVE;

#[test]
fn control_comes_first_and_flows_when_the_plugin_takes_no_work() {
    let (mailbox, mut plugin) = mailbox();
    for id in 1..=3 {
        mailbox.push(packet(COMMAND, id)).unwrap();
    }
    mailbox.push(packet(REPLY, 9)).unwrap();
    assert_eq!(plugin.takes(64, 0), [(REPLY, 9)]);
    assert_eq!(plugin.takes(64, 2), [(COMMAND, 1), (COMMAND, 2)]);
    assert_eq!(plugin.takes(64, 2), [(COMMAND, 3)]);
}

#[test]
fn who_waits_for_it_is_told_that_a_packet_was_taken_and_not_before() {
    let (mailbox, mut plugin) = mailbox();
    let taken = Arc::new(AtomicU64::new(0));
    for id in 1..=2 {
        let taken = Arc::clone(&taken);
        let begun = move || {
            taken.fetch_add(id, Relaxed);
        };
        mailbox.push(packet(COMMAND, id).telling(begun)).unwrap();
    }
    assert_eq!(plugin.takes(64, 0), []);
    assert_eq!(taken.load(Relaxed), 0);
    assert_eq!(plugin.takes(64, 1), [(COMMAND, 1)]);
    assert_eq!(taken.load(Relaxed), 1);
    // What waits for another generation has not begun.
    drop(mailbox.close());
    assert_eq!(taken.load(Relaxed), 1);
}

#[test]
fn only_an_idle_plugin_is_signalled_and_once() {
    let (mailbox, mut plugin) = mailbox();
    mailbox.push(packet(COMMAND, 1)).unwrap();
    assert!(!plugin.is_signalled(), "it has not said that it is idle");
    plugin.takes(64, 64);
    assert!(plugin.takes(64, 64).is_empty());
    mailbox.push(packet(COMMAND, 2)).unwrap();
    mailbox.push(packet(COMMAND, 3)).unwrap();
    assert!(plugin.is_signalled());
    assert!(!plugin.is_signalled());
    assert_eq!(plugin.takes(64, 64).len(), 2);
}

#[test]
fn each_kind_has_its_bound_and_replies_have_none() {
    let (mailbox, mut plugin) = mailbox();
    for id in 0..EVENT_LIMIT as u64 {
        mailbox.push(packet(EVENT, id)).unwrap();
    }
    assert_eq!(mailbox.push(packet(EVENT, 0)), Err(Refused::Full));
    assert_eq!(mailbox.dropped_events(), 1);
    for id in 0..CALL_LIMIT as u64 {
        mailbox.push(packet(COMMAND, id)).unwrap();
    }
    assert_eq!(mailbox.push(packet(COMMAND, 0)), Err(Refused::Full));
    for id in 0..if cfg!(miri) { 100 } else { 10_000 } {
        mailbox.push(packet(REPLY, id)).unwrap();
    }
    // What was taken makes room.
    while mailbox.depth() > 0 {
        plugin.takes(64, 64);
    }
    mailbox.push(packet(EVENT, 1)).unwrap();
    mailbox.push(packet(COMMAND, 1)).unwrap();
}

#[test]
fn after_a_save_no_work_comes_until_the_thaw() {
    let (mailbox, mut plugin) = mailbox();
    mailbox.push(packet(COMMAND, 1)).unwrap();
    mailbox.freeze(packet(SAVE, 2));
    mailbox.push(packet(COMMAND, 3)).unwrap();
    assert_eq!(plugin.takes(64, 64), [(SAVE, 2)]);
    assert!(plugin.takes(64, 64).is_empty());
    mailbox.push(packet(COMMAND, 4)).unwrap();
    assert!(!plugin.is_signalled(), "frozen work wakes nobody");
    mailbox.thaw();
    assert!(plugin.is_signalled());
    assert_eq!(
        plugin.takes(64, 64),
        [(COMMAND, 1), (COMMAND, 3), (COMMAND, 4)]
    );
}

#[test]
fn what_waits_is_carried_over_in_order() {
    let (old, _) = mailbox();
    let (new, mut plugin) = mailbox();
    for id in 1..=2 {
        old.push(packet(COMMAND, id)).unwrap();
    }
    new.adopt(old.close());
    assert_eq!(old.push(packet(COMMAND, 3)), Err(Refused::Closed));
    new.push(packet(COMMAND, 3)).unwrap();
    assert_eq!(
        plugin.takes(64, 64),
        [(COMMAND, 1), (COMMAND, 2), (COMMAND, 3)]
    );
}

#[test]
fn forged_and_repeated_tokens_are_harmless_and_memory_lives_until_it_is_given_back() {
    let (mailbox, mut plugin) = mailbox();
    mailbox
        .push(packet(COMMAND, 1).with_payload(vec![7; 1000]))
        .unwrap();
    plugin.takes(64, 64);
    let held = || mailbox.held.lock().unwrap().packets.len();
    assert_eq!(held(), 1);
    plugin.released = vec![99, 0, u64::MAX];
    plugin.takes(64, 64);
    assert_eq!(held(), 1);
    plugin.released = vec![1, 1];
    plugin.takes(0, 0);
    assert_eq!(held(), 0);
}

/// A command of somebody in that server.
fn of_server(id: u64, guild_id: u64) -> Packet {
    packet(COMMAND, id).with_event(Arc::new(crate::EventRecord {
        header: plugin_api::abi::EventHeader {
            guild_id,
            ..plugin_api::abi::EventHeader::EMPTY
        },
        content: String::new(),
        user_name: String::new(),
        json: String::new(),
    }))
}

#[test]
fn a_server_holds_half_of_the_places_until_its_handlers_end_or_rest() {
    let (mailbox, mut plugin) = mailbox();
    for id in 1..=16 {
        mailbox.push(of_server(id, 1)).unwrap();
    }
    let ids = |taken: Vec<(u16, u64)>| taken.into_iter().map(|it| it.1).collect::<Vec<_>>();
    let mut takes = |released: &[u64], free: usize| {
        plugin.released = released.to_vec();
        ids(plugin.takes(64, free))
    };
    assert_eq!(takes(&[], 8), [1, 2, 3, 4]);
    assert_eq!(takes(&[], 4), [0; 0]);
    // One that rests has no place, and may have it again; one that has ended has none.
    assert_eq!(takes(&[1 | token_mark::RESTS], 5), [5]);
    assert_eq!(takes(&[1 | token_mark::RUNS, 2], 4), [0; 0]);
    assert_eq!(takes(&[1, 3], 6), [6, 7]);
    // A mark for what is not there, or once more, changes nothing.
    let marks = [
        1 | token_mark::RESTS,
        99 | token_mark::RESTS,
        4 | token_mark::RUNS,
    ];
    assert_eq!(takes(&marks, 4), [0; 0]);
    // Another server's comes at once.
    mailbox.push(of_server(20, 2)).unwrap();
    assert_eq!(takes(&[], 4), [20]);
    drop(mailbox.close());
}

#[test]
fn what_is_in_hand_is_named_once_the_longest_first_and_only_a_few() {
    let (mailbox, mut plugin) = mailbox();
    for (id, name) in (1..).zip(["tea", "tea", "milk", "tea", "cake", "jam"]) {
        mailbox.push(packet(COMMAND, id).named(name)).unwrap();
    }
    assert_eq!(mailbox.in_hand(), [""; 0]);
    plugin.takes(64, 64);
    let words = ["command `tea`", "command `milk`", "command `cake`"];
    assert_eq!(mailbox.in_hand(), words);
}

#[test]
fn a_newer_plugin_reads_what_an_older_host_has_not_got_as_absent() {
    let (mailbox, mut plugin) = mailbox();
    for id in 1..=3 {
        mailbox.push(packet(COMMAND, id)).unwrap();
    }
    let frames = plugin.takes_as::<Later>(64, 64);
    let read: Vec<_> = frames.iter().map(|r| (r.frame.id, r.later)).collect();
    assert_eq!(read, [(1, 0), (2, 0), (3, 0)]);
}

#[test]
fn an_older_plugin_gets_from_a_newer_host_what_it_knows_and_no_byte_more() {
    const NEWER: &WithMetadata<MailboxVtable> =
        &WithMetadata::new(MailboxVtable::new(exchange::<Mailbox, Later>));
    let (mailbox, mut plugin) = mailbox();
    plugin.handle.vtable = MailboxVtable_Ref(NEWER.static_as_prefix());
    for id in 1..=3 {
        mailbox.push(packet(COMMAND, id)).unwrap();
    }
    // Neighbours in one buffer: a byte too much of one would be in the next.
    assert_eq!(plugin.takes(2, 64), [(COMMAND, 1), (COMMAND, 2)]);
    let newer = plugin.takes_as::<Later>(2, 64);
    assert_eq!((newer[0].frame.id, newer[0].later), (3, 9));
}

#[test]
fn a_stride_that_fits_no_frame_takes_none_and_loses_none() {
    /// What no version ever had.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Small(u16);
    // SAFETY: a size and nothing else.
    unsafe impl Record for Small {
        const EMPTY: Self = Self(2);
        const FIRST_SIZE: usize = 2;
    }
    let (mailbox, mut plugin) = mailbox();
    mailbox.push(packet(COMMAND, 1)).unwrap();
    assert!(plugin.takes_as::<Small>(64, 64).is_empty());
    assert_eq!(plugin.takes(64, 64), [(COMMAND, 1)]);
}

#[test]
fn an_exchange_that_panics_keeps_what_it_gave_and_leaves_no_plugin_asleep() {
    /// A frame that can't be made of the second packet.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Panicky(Frame);
    // SAFETY: a frame, which begins with the size.
    unsafe impl Record for Panicky {
        const EMPTY: Self = Self(Frame::EMPTY);
        const FIRST_SIZE: usize = Frame::FIRST_SIZE;
    }
    impl From<Frame> for Panicky {
        fn from(frame: Frame) -> Self {
            assert!(frame.id != 2, "the second one");
            Self(frame)
        }
    }
    const PANICKY: &WithMetadata<MailboxVtable> =
        &WithMetadata::new(MailboxVtable::new(exchange::<Mailbox, Panicky>));
    let (mailbox, mut plugin) = mailbox();
    plugin.handle.vtable = MailboxVtable_Ref(PANICKY.static_as_prefix());
    for id in 1..=3 {
        mailbox.push(packet(COMMAND, id)).unwrap();
    }
    assert_eq!(plugin.takes(64, 64), [(COMMAND, 1)]);
    assert_eq!(plugin.takes(64, 64), [(COMMAND, 3)]);
    // Nothing was given: the plugin goes to sleep, and is woken for what waits and for what comes.
    for id in 2..=3 {
        mailbox.push(packet(COMMAND, id)).unwrap();
    }
    assert!(!plugin.is_signalled());
    assert_eq!(plugin.takes(64, 64), []);
    assert!(plugin.is_signalled());
    assert_eq!(plugin.takes(64, 64), [(COMMAND, 3)]);
    mailbox.push(packet(COMMAND, 2)).unwrap();
    assert_eq!(plugin.takes(64, 64), []);
    mailbox.push(packet(COMMAND, 4)).unwrap();
    assert!(plugin.is_signalled());
}
