//! Tests with a plugin alone on a fake host: what crosses, record by record. They run under Miri.

use std::{
    collections::{HashSet, VecDeque},
    ffi::c_void,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    thread,
};

use abi_stable::prefix_type::WithMetadata;

use super::{Program, run};
use crate::{
    abi::{
        Bytes, CommandHead, Crumb, EventHeader, Frame, HostHandle, HostVtable, HostVtable_Ref,
        MailboxHandle, MailboxVtable, MailboxVtable_Ref, Message, Origin, Record, StartHead,
        StopHead, frame_kind, message_kind, run_status, send_status, status, token_mark,
    },
    manifest::{Manifest, Package},
    prelude::*,
};

/// The tests share the one way to the host that a library has.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A host that hands out what it is told to, and remembers what comes.
#[derive(Default)]
struct FakeHost {
    state: Mutex<State>,
    signal: i32,
    age: Age,
    crumb: Crumb,
}

/// Which version of the boundary's records the host has.
#[derive(Debug, Clone, Copy, Default)]
enum Age {
    /// The first one there was.
    First,
    #[default]
    Same,
    /// One with a field more.
    Newer,
}

/// A record of a newer host's.
#[repr(C)]
#[derive(Clone, Copy)]
struct Newer<R> {
    record: R,
    more: u64,
}

// SAFETY: two records' fields, the first of which begins with the size.
unsafe impl<R: Record> Record for Newer<R> {
    const EMPTY: Self = Self {
        record: R::EMPTY,
        more: 0,
    };
    const FIRST_SIZE: usize = R::FIRST_SIZE;
}

#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    held: Vec<(u64, Arc<Queued>)>,
    idle: bool,
    last_token: u64,
    given_back: HashSet<u64>,
    said: Vec<Said>,
    stop_after_answers: usize,
}

struct Queued {
    kind: u16,
    id: u64,
    status: u16,
    head: Vec<u8>,
    body: Vec<u8>,
    header: EventHeader,
}

#[derive(Debug, Clone)]
struct Said {
    kind: u16,
    id: u64,
    status: u16,
    head: String,
}

impl FakeHost {
    fn new(stop_after_answers: usize) -> Self {
        // SAFETY: plain system call.
        let signal = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        assert!(signal >= 0);
        let state = State {
            stop_after_answers,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            signal,
            age: Age::Same,
            crumb: Crumb {
                bytes: Crumb::FIRST_BYTES.into(),
                ..Crumb::default()
            },
        }
    }

    fn of(age: Age, stop_after_answers: usize) -> Self {
        let mut host = Self::new(stop_after_answers);
        host.age = age;
        host
    }

    fn push(&self, kind: u16, id: u64, head: &impl serde::Serialize) {
        let mut state = self.state.lock().unwrap();
        state.queue.push_back(Queued {
            kind,
            id,
            status: 0,
            head: serde_json::to_vec(head).unwrap(),
            body: b"{}".to_vec(),
            header: EventHeader {
                user_id: 7,
                channel_id: 8,
                ..EventHeader::EMPTY
            },
        });
        if std::mem::take(&mut state.idle) {
            let one = 1u64.to_ne_bytes();
            // SAFETY: eight bytes of ours to a descriptor of ours.
            unsafe { libc::write(self.signal, one.as_ptr().cast(), 8) };
        }
    }

    fn command(&self, id: u64, name: &str) {
        let head = CommandHead {
            kind: crate::manifest::CommandKind::Chat,
            command: name.into(),
            origin: Origin::Message {
                channel_id: 8,
                message_id: 9,
                user_id: 7,
            },
            options: Default::default(),
            ephemeral: false,
            typed: String::new(),
            checked: false,
        };
        self.push(frame_kind::COMMAND, id, &head);
    }

    fn stop(&self) {
        self.push(
            frame_kind::STOP,
            0,
            &StopHead {
                deadline_ms: 50,
                ..StopHead::default()
            },
        );
    }

    /// Runs a plugin on a thread of its own, as the host does; what it said.
    fn run(&self, declare: fn() -> Program) -> (u32, Vec<Said>) {
        let _alone = ONE_AT_A_TIME
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let status = thread::scope(|scope| {
            scope
                .spawn(|| {
                    const HOST: &WithMetadata<HostVtable> =
                        &WithMetadata::new(HostVtable::new(send, crumb));
                    const MAILBOX: &WithMetadata<MailboxVtable> =
                        &WithMetadata::new(MailboxVtable::new(exchange));
                    let ctx: *const c_void = std::ptr::from_ref(self).cast();
                    let host = HostHandle {
                        ctx,
                        vtable: HostVtable_Ref(HOST.static_as_prefix()),
                    };
                    let mailbox = MailboxHandle {
                        ctx,
                        vtable: MailboxVtable_Ref(MAILBOX.static_as_prefix()),
                        signal: self.signal,
                    };
                    // SAFETY: once, on this thread; `self` outlives the scope.
                    unsafe { run(host, mailbox, declare) }
                })
                .join()
                .unwrap()
        });
        let state = self.state.lock().unwrap();
        assert!(
            state.held.is_empty(),
            "frames that were never given back: {}",
            state.held.len()
        );
        assert_eq!(state.given_back.len() as u64, state.last_token);
        // What was polled last is noted where the host has a place for it, and nothing is polled any more.
        let noted = self.crumb.frame.load(Relaxed) != 0;
        assert!(!noted || !matches!(self.age, Age::First));
        assert_eq!(self.crumb.since_ms.load(Relaxed), 0);
        (status, state.said.clone())
    }
}

impl Drop for FakeHost {
    fn drop(&mut self) {
        // SAFETY: ours, and the plugin is gone.
        unsafe { libc::close(self.signal) };
    }
}

/// An older host has no crumbs.
unsafe extern "C" fn crumb(ctx: *const c_void) -> *const c_void {
    // SAFETY: as the contract of `HostVtable::crumb` says.
    let host = unsafe { &*ctx.cast::<FakeHost>() };
    match host.age {
        Age::First => std::ptr::null(),
        _ => (&raw const host.crumb).cast(),
    }
}

unsafe extern "C" fn send(ctx: *const c_void, message: *const c_void) -> u32 {
    // SAFETY: as the contract of `HostVtable::send` says.
    let (host, message) = unsafe { (&*ctx.cast::<FakeHost>(), &*message.cast::<Message>()) };
    let message = match host.age {
        Age::Same => *message,
        // SAFETY: the plugin tells its size.
        Age::Newer => unsafe { Newer::<Message>::read((&raw const *message).cast()) }
            .map(|read| {
                assert_eq!(read.more, 0, "an older plugin has no such field");
                read.record
            })
            .unwrap(),
        Age::First => {
            let mut first = Message::EMPTY;
            // SAFETY: there is room, and the plugin tells its size.
            unsafe {
                assert!(message.write((&raw mut first).cast(), Message::FIRST_SIZE));
                Message::read((&raw const first).cast()).unwrap()
            }
        }
    };
    // SAFETY: the plugin's slices live until we return.
    let head = unsafe { message.head.get() };
    let said = Said {
        kind: message.kind,
        id: message.id,
        status: message.status,
        head: String::from_utf8(head.to_vec()).unwrap(),
    };
    let mut state = host.state.lock().unwrap();
    if message.kind == message_kind::CALL {
        state.queue.push_back(Queued {
            kind: frame_kind::REPLY,
            id: message.id,
            status: status::OK,
            head: b"{\"message_id\":5}".to_vec(),
            body: Vec::new(),
            header: EventHeader::EMPTY,
        });
    }
    state.said.push(said);
    let answers = state
        .said
        .iter()
        .filter(|said| said.kind == message_kind::ANSWER)
        .count();
    let stop = answers == state.stop_after_answers && message.kind == message_kind::ANSWER;
    drop(state);
    if stop {
        host.stop();
    }
    send_status::TAKEN
}

unsafe extern "C" fn exchange(
    ctx: *const c_void,
    released: *const u64,
    released_len: usize,
    out: *mut c_void,
    stride: usize,
    cap: usize,
    _work: usize,
) -> usize {
    // SAFETY: as the contract of `MailboxVtable::exchange` says.
    let (host, released) = unsafe {
        let released = if released_len == 0 {
            &[][..]
        } else {
            std::slice::from_raw_parts(released, released_len)
        };
        (&*ctx.cast::<FakeHost>(), released)
    };
    let mut state = host.state.lock().unwrap();
    let is_mark = |token: &u64| token & (token_mark::RESTS | token_mark::RUNS) != 0;
    for token in released.iter().filter(|token| !is_mark(token)) {
        assert!(
            state.given_back.insert(*token),
            "token {token} was given back twice"
        );
        state.held.retain(|(held, _)| held != token);
    }
    let mut taken = 0;
    while taken < cap
        && let Some(queued) = state.queue.pop_front()
    {
        state.last_token += 1;
        let token = state.last_token;
        let queued = Arc::new(queued);
        let frame = Frame {
            token,
            id: queued.id,
            kind: queued.kind,
            status: queued.status,
            header_bytes: size_of::<EventHeader>() as u16,
            header: (&raw const queued.header).cast(),
            head: Bytes::of(&queued.head),
            body: Bytes::of(&queued.body),
            ..Frame::EMPTY
        };
        state.held.push((token, queued));
        // SAFETY: there is room for `cap` frames, so far apart.
        let written = unsafe {
            let place = out.byte_add(taken * stride);
            match host.age {
                Age::First => frame.write(place, stride.min(Frame::FIRST_SIZE)),
                Age::Same => frame.write(place, stride),
                Age::Newer => Newer {
                    record: frame,
                    more: u64::MAX,
                }
                .write(place, stride),
            }
        };
        assert!(written, "the plugin's frames are {stride} bytes");
        taken += 1;
    }
    if cap > 0 {
        state.idle = taken == 0;
    }
    taken
}

fn plugin() -> Program {
    Plugin::new()
        .command(Command::new("hello", "a").run(|ctx| async move {
            assert_eq!((ctx.user().id.get(), ctx.channel_id().get()), (7, 8));
            ctx.reply("hi").await
        }))
        .command(Command::new("panic", "b").run(|_ctx| async { panic!("no tea") }))
        .command(Command::new("yield", "c").run(|_ctx| async {
            tokio::task::yield_now().await;
            tokio::task::spawn_local(async {}).await?;
            Err(Error::user("as you wish"))
        }))
        .command(Command::new("never", "d").run(|_ctx| std::future::pending()))
        .into_program(Package::new("fake", "1.2.3"))
}

fn answers(said: &[Said]) -> Vec<(u64, u16)> {
    let mut answers: Vec<_> = said
        .iter()
        .filter(|said| said.kind == message_kind::ANSWER)
        .map(|said| (said.id, said.status))
        .collect();
    answers.sort_unstable();
    answers
}

fn check(host: &FakeHost, expected: &[(u64, u16)]) -> Vec<Said> {
    let (code, said) = host.run(plugin);
    assert_eq!(code, run_status::STOPPED);
    assert_eq!(answers(&said), expected, "{said:#?}");
    said
}

#[test]
fn handlers_answer_panic_fail_and_are_cancelled() {
    // Four answers, then STOP, which cancels the one that never ends.
    let host = FakeHost::new(4);
    host.push(frame_kind::START, 1, &StartHead::default());
    host.command(2, "hello");
    host.command(3, "panic");
    host.command(4, "yield");
    host.command(5, "never");
    let said = check(
        &host,
        &[
            (1, status::OK),
            (2, status::OK),
            (3, status::PANICKED),
            (4, status::FAILED),
            (5, status::CANCELLED),
        ],
    );
    let manifest: Manifest = serde_json::from_str(&said[0].head).unwrap();
    assert_eq!(
        (said[0].kind, &*manifest.name, &*manifest.version),
        (message_kind::MANIFEST, "fake", "1.2.3")
    );
    let panic = said
        .iter()
        .find(|said| said.kind == message_kind::PANIC)
        .unwrap();
    assert!(
        panic.head.contains("no tea") && panic.head.contains("tests.rs"),
        "{}",
        panic.head
    );
    let wish = said.iter().find(|said| said.id == 4).unwrap();
    assert!(wish.head.contains("as you wish"), "{}", wish.head);
}

#[test]
fn a_host_of_any_version_is_served() {
    // With the feature `later-boundary-fixture` the plugin is newer than the first of these.
    for age in [Age::First, Age::Same, Age::Newer] {
        // More frames than one exchange takes: a stride that is not kept to would show. Miri is too slow for so many.
        let last = if cfg!(miri) { 5 } else { 101 };
        let host = FakeHost::of(age, last as usize);
        host.push(frame_kind::START, 1, &StartHead::default());
        let mut expected = vec![(1, status::OK)];
        for id in 2..=last {
            host.command(id, "hello");
            expected.push((id, status::OK));
        }
        check(&host, &expected);
    }
}

#[test]
fn what_is_out_of_turn_or_unknown_is_answered_and_not_done() {
    let host = FakeHost::new(6);
    host.command(1, "hello");
    host.push(frame_kind::PING, 2, &());
    host.push(frame_kind::START, 3, &StartHead::default());
    host.push(frame_kind::START, 4, &StartHead::default());
    host.push(999, 5, &());
    host.push(frame_kind::COMMAND, 6, &"no command at all");
    // Unknown, and no answer due: ignored.
    host.push(998, 0, &());
    check(
        &host,
        &[
            (1, status::FAILED),
            (2, status::OK),
            (3, status::OK),
            (4, status::FAILED),
            (5, status::UNSUPPORTED),
            (6, status::FAILED),
        ],
    );
}

#[test]
fn a_declaration_that_panics_ends_the_run() {
    let host = FakeHost::new(1);
    let (code, said) = host.run(|| {
        Plugin::new()
            .command(Command::new("x", "y"))
            .into_program(Package::new("fake", "1.0.0"))
    });
    assert_eq!(code, run_status::PANICKED);
    assert!(
        said.iter().all(|said| said.kind == message_kind::PANIC),
        "{said:?}"
    );
}
