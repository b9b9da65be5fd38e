//! Threads by the owner on whose behalf they were created.
//!
//! Every thread that is created through libc has a slot here, the host's as well. It starts in [`begin`], which notes its
//! number and on whose behalf it runs, and goes on with its own function. When that returns, destructors of thread-locals
//! still run, which may be code of a library: so not the return, but the kernel tells whether the thread has ended.
//!
//! A thread belongs to the owner on whose behalf its creator ran, unless all of it is code of the executable. One that a
//! thread of the host's creates for a library belongs to the library in which it begins. What the kernel lists and has no
//! slot, libc or a bare system call has started: see [`unknown`].

use std::{
    arch::naked_asm,
    ffi::{c_int, c_void},
    fs,
    mem::{self, MaybeUninit},
    ops::Range,
    ptr,
    sync::atomic::{
        AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    },
    time::Duration,
};

use super::{
    next_symbol::{SpinLock, THREAD_CREATE, in_executable},
    spent,
};
use crate::platform::{Owner, Tid, UnknownThread, process::thread_cpu_time};

/// `-unwind`, as `pthread_exit` unwinds through the caller of a thread's function.
type Start = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;
type CreateThread = unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    Start,
    *mut c_void,
) -> c_int;

/// Threads that can live at a time and be known. With a thread that we do not know no library could be unmapped, so one
/// more of a library's is refused like any thread beyond the system's limit: with `EAGAIN`. The host gets its thread.
const SLOTS: usize = 4096;

static TABLE: [ThreadSlot; SLOTS] = [const { ThreadSlot::empty() }; SLOTS];

/// How many threads had a slot so far. Whoever looks through the table does it again when this has changed meanwhile: a
/// thread may have created another in a slot that was passed already, and ended before its own was reached.
static CREATED: AtomicU64 = AtomicU64::new(0);

/// Helper threads of libc's that run no code of a library, by number and beginning.
static HELPERS: [(AtomicI32, AtomicU64); 64] =
    [const { (AtomicI32::new(FREE), AtomicU64::new(0)) }; 64];
static HELPERS_LOCK: SpinLock = SpinLock::new();

/// Where the next search for a free slot begins.
static NEXT: AtomicUsize = AtomicUsize::new(0);

// What a slot's number is while it is no thread's.
const FREE: Tid = 0;
/// Being written.
const TAKEN: Tid = -1;
/// Written, and the thread has not run yet.
const STARTING: Tid = -2;

/// Space for a signal handler, where a thread's stack is large enough to spare it.
const SIGNAL_STACK: usize = 32 * 1024;
const SPARE: usize = 16 * SIGNAL_STACK;

struct ThreadSlot {
    tid: AtomicI32,
    owner: AtomicU32,
    creator: AtomicUsize,
    start: AtomicPtr<c_void>,
    argument: AtomicPtr<c_void>,
    signal_stack: AtomicBool,
    /// Whether the function returns an `int`, as `thrd_create` has it.
    c11: AtomicBool,
    /// Nanoseconds of the boot clock when the thread ran first: tells it from a later thread with the same number.
    begun: AtomicU64,
    /// Whether its processor time is among that of those that have ended.
    is_spent: AtomicBool,
}

impl ThreadSlot {
    const fn empty() -> Self {
        Self {
            tid: AtomicI32::new(FREE),
            owner: AtomicU32::new(0),
            creator: AtomicUsize::new(0),
            start: AtomicPtr::new(ptr::null_mut()),
            argument: AtomicPtr::new(ptr::null_mut()),
            signal_stack: AtomicBool::new(false),
            c11: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            is_spent: AtomicBool::new(false),
        }
    }

    /// A slot that is free, or whose thread has ended; it is the caller's, as [`TAKEN`].
    fn take() -> Option<&'static Self> {
        let from = NEXT.fetch_add(1, Relaxed);
        (0..SLOTS)
            .map(|i| &TABLE[from.wrapping_add(i) % SLOTS])
            .find(|slot| {
                let tid = slot.tid.load(Acquire);
                (tid == FREE || tid > 0 && !exists(tid))
                    && slot
                        .tid
                        .compare_exchange(tid, TAKEN, AcqRel, Relaxed)
                        .is_ok()
            })
    }

    fn belongs_to(&self, owner: Owner, code: &Range<usize>) -> bool {
        let whose = Owner::of(self.owner.load(Relaxed));
        whose == owner
            || whose.is_host()
                && (code.contains(&self.creator.load(Relaxed))
                    || code.contains(&self.start.load(Relaxed).addr()))
    }

    /// Makes it the calling thread's.
    fn occupy(&self) {
        self.begun.store(now(), Relaxed);
        self.is_spent.store(false, Relaxed);
        // SAFETY: no preconditions.
        self.tid
            .store(unsafe { libc::syscall(libc::SYS_gettid) } as Tid, Release);
    }
}

/// The living threads of an owner, and those that the host created for code in `lo..hi`; 0 stands for one that has not run
/// yet.
///
/// A thread stays for a moment after it was joined, until the kernel is done with it. Ask again before you believe it.
#[must_use]
pub fn threads_of(owner: Owner, lo: usize, hi: usize) -> Vec<Tid> {
    loop {
        let created = CREATED.load(SeqCst);
        let threads = look_through(owner, &(lo..hi));
        if !threads.is_empty() || CREATED.load(SeqCst) == created {
            return threads;
        }
    }
}

fn look_through(owner: Owner, code: &Range<usize>) -> Vec<Tid> {
    let mut threads = Vec::new();
    for slot in &TABLE {
        let tid = slot.tid.load(Acquire);
        if matches!(tid, FREE | TAKEN) || !slot.belongs_to(owner, code) {
            continue;
        }
        if tid == STARTING {
            threads.push(0);
        } else if lives(tid, slot.begun.load(Relaxed)) {
            threads.push(tid);
        } else {
            // Fails when a new thread has taken the slot meanwhile, which is as well.
            let _ = slot.tid.compare_exchange(tid, FREE, AcqRel, Relaxed);
        }
    }
    threads
}

/// Processor time of the threads that were created on an owner's behalf, those that have ended among them, and how many live. What one
/// has used that was ended by `pthread_exit` goes with it.
#[must_use]
pub fn used_by(owner: Owner) -> (Duration, usize) {
    let (mut used, mut threads) = (spent::by_ended(owner), 0);
    for slot in &TABLE {
        let tid = slot.tid.load(Acquire);
        if tid <= FREE || slot.owner.load(Relaxed) != owner.number() {
            continue;
        }
        if lives(tid, slot.begun.load(Relaxed)) && !slot.is_spent.load(Acquire) {
            threads += 1;
            used += thread_cpu_time(tid).unwrap_or_default();
        }
    }
    (used, threads)
}

/// The process's threads that nobody has created through a function that we know: helpers that libc starts by itself (for
/// `mq_notify`, `getaddrinfo_a`, `aio_read`), and those of bare system calls.
///
/// One that has just been created is listed as well, until it has run. Ask again before you believe it.
#[must_use]
pub fn unknown() -> Vec<UnknownThread> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    // Listed first: whoever is created later has a slot when it is looked for.
    let tids: Vec<Tid> = tasks
        .flatten()
        .filter_map(|task| task.file_name().to_str()?.parse().ok())
        .collect();
    // SAFETY: no preconditions.
    let main = unsafe { libc::getpid() };
    tids.into_iter()
        .filter(|tid| *tid != main && !has_slot(*tid))
        .filter_map(|tid| {
            let thread = UnknownThread {
                tid,
                started: started(tid)?,
            };
            (!is_helper(thread)).then_some(thread)
        })
        .collect()
}

fn has_slot(tid: Tid) -> bool {
    TABLE
        .iter()
        .any(|slot| slot.tid.load(Acquire) == tid && lives(tid, slot.begun.load(Relaxed)))
}

fn is_helper(thread: UnknownThread) -> bool {
    HELPERS.iter().any(|(tid, started)| {
        tid.load(Acquire) == thread.tid && started.load(Relaxed) == thread.started
    })
}

/// Notes that what is unknown now and was not `before` are helpers of libc's that run no code of a library.
pub(super) fn note_helpers(before: &[UnknownThread]) {
    for thread in unknown() {
        if before.contains(&thread) {
            continue;
        }
        HELPERS_LOCK.with(|| {
            let free = HELPERS.iter().find(|(tid, _)| {
                let tid = tid.load(Relaxed);
                tid == FREE || !exists(tid)
            });
            // Without a place it stays unknown, which keeps libraries mapped and no more.
            if let Some((tid, started)) = free {
                started.store(thread.started, Relaxed);
                tid.store(thread.tid, Release);
            }
        });
    }
}

/// Makes the calling thread, which libc has created by itself, known as the owner's; false when there is no slot for it.
pub(super) fn adopt(owner: Owner) -> bool {
    let Some(slot) = ThreadSlot::take() else {
        return false;
    };
    slot.owner.store(owner.number(), Relaxed);
    slot.creator.store(0, Relaxed);
    slot.start.store(ptr::null_mut(), Relaxed);
    slot.occupy();
    CREATED.fetch_add(1, SeqCst);
    owner.enter();
    true
}

/// libc's function, with the caller noted; see `pthread_key_create`.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov r8, [rsp]", "jmp {create}", create = sym create_posix);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x4, x30", "b {create}", create = sym create_posix);
}

/// C11's function, which in libc comes by no other function of ours.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn thrd_create(
    thread: *mut libc::pthread_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov rcx, [rsp]", "jmp {create}", create = sym create_c11);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x3, x30", "b {create}", create = sym create_c11);
}

/// # Safety
///
/// As libc's `pthread_create`.
unsafe extern "C" fn create_posix(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
    caller: usize,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe { create(thread, attributes, start, argument, caller, false) }
}

/// # Safety
///
/// As libc's `thrd_create`.
unsafe extern "C" fn create_c11(
    thread: *mut libc::pthread_t,
    start: Start,
    argument: *mut c_void,
    caller: usize,
) -> c_int {
    // What `threads.h` says of a thread that was created, of memory, and of all else.
    const SUCCESS: c_int = 0;
    const ERROR: c_int = 2;
    const NO_MEMORY: c_int = 3;
    // SAFETY: the arguments are the caller's. In glibc a `thrd_t` is a `pthread_t`.
    match unsafe { create(thread, ptr::null(), start, argument, caller, true) } {
        0 => SUCCESS,
        libc::ENOMEM => NO_MEMORY,
        _ => ERROR,
    }
}

/// # Safety
///
/// As libc's `pthread_create`.
unsafe extern "C" fn create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
    caller: usize,
    c11: bool,
) -> c_int {
    let real = THREAD_CREATE.find();
    if real.is_null() {
        return libc::EAGAIN;
    }
    // SAFETY: this is the type of the function of that name.
    let real = unsafe { mem::transmute::<*mut c_void, CreateThread>(real) };
    let code = start as *mut c_void;
    // The host's own code may create threads while it runs on a plugin's thread: its pools are nobody else's.
    let hosts = in_executable(caller) && in_executable(code.addr());
    let owner = if hosts { Owner::HOST } else { Owner::current() };
    let Some(slot) = ThreadSlot::take() else {
        return if hosts {
            // SAFETY: the arguments are the caller's.
            unsafe { real(thread, attributes, start, argument) }
        } else {
            libc::EAGAIN
        };
    };
    slot.owner.store(owner.number(), Relaxed);
    slot.c11.store(c11, Relaxed);
    slot.creator.store(caller, Relaxed);
    slot.start.store(code, Relaxed);
    slot.argument.store(argument, Relaxed);
    // SAFETY: null, or attributes as the caller promises.
    slot.signal_stack.store(
        !hosts && unsafe { stack_bytes(attributes) } >= SPARE,
        Relaxed,
    );
    slot.tid.store(STARTING, Release);
    CREATED.fetch_add(1, SeqCst);
    // SAFETY: the caller's arguments, but for the function, which calls the caller's; a slot lives for ever.
    let result = unsafe {
        real(
            thread,
            attributes,
            begin,
            ptr::from_ref(slot).cast_mut().cast(),
        )
    };
    if result != 0 {
        slot.tid.store(FREE, Release);
    }
    result
}

/// Where a thread begins.
///
/// # Safety
///
/// Called by the real `pthread_create`, with a slot that [`create`] filled.
unsafe extern "C-unwind" fn begin(slot: *mut c_void) -> *mut c_void {
    // SAFETY: a slot of the table.
    let slot = unsafe { &*slot.cast::<ThreadSlot>() };
    // SAFETY: `create` put a function of that type there.
    let start = unsafe { mem::transmute::<*mut c_void, Start>(slot.start.load(Relaxed)) };
    let argument = slot.argument.load(Relaxed);
    let (signal_stack, c11) = (slot.signal_stack.load(Relaxed), slot.c11.load(Relaxed));
    let owner = Owner::of(slot.owner.load(Relaxed));
    owner.enter();
    slot.occupy();
    // From here on the slot is the table's.
    // SAFETY: the function and its argument are the creator's.
    let result = unsafe {
        if signal_stack {
            with_signal_stack(start, argument)
        } else {
            start(argument)
        }
    };
    if !owner.is_host() {
        // The slot is this thread's until the kernel is done with it.
        slot.is_spent.store(true, Release);
        spent::add_this_thread(owner);
    }
    if c11 {
        // The function returned an `int`: of the register, the upper half is nobody's.
        return ptr::without_provenance_mut(result.addr() as u32 as usize);
    }
    result
}

/// Runs a thread's function with a stack for signal handlers. Threads of the host's std have one and threads of a plugin's
/// std do not, but a stack that has overflowed leaves no room to report it. The space lies at the old end of the thread's
/// own stack: nothing to allocate, and nothing to free at a time when nobody runs our code.
///
/// # Safety
///
/// As the function's; the stack has room.
#[inline(never)]
unsafe extern "C-unwind" fn with_signal_stack(start: Start, argument: *mut c_void) -> *mut c_void {
    let mut space = MaybeUninit::<[u8; SIGNAL_STACK]>::uninit();
    let mut stack = libc::stack_t {
        ss_sp: space.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: SIGNAL_STACK,
    };
    // SAFETY: the space outlives its use as a signal stack: it is given up below. A function that ends its thread by
    // `pthread_exit` never comes back, and takes all of the stack with it.
    unsafe {
        libc::sigaltstack(&raw const stack, ptr::null_mut());
        let result = start(argument);
        stack.ss_flags = libc::SS_DISABLE;
        libc::sigaltstack(&raw const stack, ptr::null_mut());
        result
    }
}

/// The stack that a thread with these attributes gets; 0 when the caller left it to the system, as C code does.
///
/// # Safety
///
/// `attributes` is null or leads to attributes.
unsafe fn stack_bytes(attributes: *const libc::pthread_attr_t) -> usize {
    let mut bytes = 0;
    if !attributes.is_null() {
        // SAFETY: attributes, and a number of ours.
        unsafe { libc::pthread_attr_getstacksize(attributes, &raw mut bytes) };
    }
    bytes
}

/// Whether the process has a thread of this number. Leaves `errno` alone, as callers of `pthread_create` expect.
fn exists(tid: Tid) -> bool {
    // SAFETY: signal 0 is not sent, and errno is this thread's.
    unsafe {
        let errno = libc::__errno_location();
        let before = errno.read();
        let answer = libc::syscall(libc::SYS_tgkill, libc::getpid(), tid, 0);
        errno.write(before);
        answer == 0
    }
}

/// Whether the thread of this number is still the one that ran first at `begun`. The kernel gives numbers out again.
fn lives(tid: Tid, begun: u64) -> bool {
    exists(tid) && started(tid).is_none_or(|started| started <= begun)
}

/// When a thread was created, in nanoseconds of the boot clock, rounded down to the kernel's tick.
fn started(tid: Tid) -> Option<u64> {
    let stat = fs::read(format!("/proc/self/task/{tid}/stat")).ok()?;
    // The name is the second field, in brackets, and may be anything; the time is the 22nd.
    let behind_name = stat.iter().rposition(|byte| *byte == b')')? + 2;
    let field = stat
        .get(behind_name..)?
        .split(|byte| *byte == b' ')
        .nth(19)?;
    let ticks: u64 = str::from_utf8(field).ok()?.parse().ok()?;
    // SAFETY: no preconditions.
    let per_second = u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) })
        .ok()
        .filter(|hz| *hz > 0)?;
    Some(ticks * (1_000_000_000 / per_second))
}

fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is ours to write.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Receiver, channel},
        thread,
        time::Instant,
    };

    use super::*;

    /// Waits for a word from the test, and ends.
    unsafe extern "C-unwind" fn wait(word: *mut c_void) -> *mut c_void {
        // SAFETY: the test made it by `into_raw`.
        let word = unsafe { Box::from_raw(word.cast::<Receiver<()>>()) };
        let _ = word.recv();
        0x5a as *mut c_void
    }

    fn start(caller: usize, word: Receiver<()>) -> libc::pthread_t {
        let mut thread = 0;
        let word = Box::into_raw(Box::new(word)).cast();
        // SAFETY: the function and its argument fit.
        let result = unsafe { create(&raw mut thread, ptr::null(), wait, word, caller, false) };
        assert_eq!(result, 0);
        thread
    }

    /// Nobody's threads but the address's.
    fn threads_at(lo: usize, hi: usize) -> Vec<Tid> {
        threads_of(Owner::next(), lo, hi)
    }

    fn join(thread: libc::pthread_t) {
        let mut result = ptr::null_mut();
        // SAFETY: a thread of ours, joined once.
        assert_eq!(unsafe { libc::pthread_join(thread, &raw mut result) }, 0);
        assert_eq!(result.addr(), 0x5a);
    }

    fn eventually(what: &str, mut done: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
            thread::yield_now();
        }
    }

    #[test]
    fn a_thread_is_listed_while_it_lives() {
        let (words, threads): (Vec<_>, Vec<_>) = (0..3)
            .map(|_| {
                let (word, receiver) = channel();
                (word, start(0x1000, receiver))
            })
            .unzip();
        assert_eq!(threads_at(0x1000, 0x1001).len(), 3, "known before they run");
        eventually("all have run", || {
            threads_at(0x1000, 0x1001).iter().all(|tid| *tid > 0)
        });
        for tid in threads_at(0x1000, 0x1001) {
            assert!(fs::exists(format!("/proc/self/task/{tid}")).unwrap());
        }
        assert!(threads_at(0x1001, 0x2000).is_empty());
        drop(words);
        threads.into_iter().for_each(join);
        eventually("none is left", || threads_at(0x1000, 0x1001).is_empty());
    }

    #[test]
    fn finished_threads_do_not_fill_the_table() {
        for _ in 0..SLOTS + 500 {
            // The other end is dropped at once, so the thread ends at once.
            let (_, receiver) = channel();
            join(start(0x3000, receiver));
        }
        eventually("none is left", || threads_at(0x3000, 0x3001).is_empty());
        assert!(
            TABLE
                .iter()
                .all(|slot| !slot.belongs_to(Owner::next(), &(0x3000..0x3001))
                    || slot.tid.load(Acquire) == FREE)
        );
    }

    #[test]
    fn a_number_that_was_given_out_again_is_another_thread() {
        // SAFETY: no preconditions.
        let tid = unsafe { libc::syscall(libc::SYS_gettid) } as Tid;
        assert!(lives(tid, now()));
        let before_us = started(tid).unwrap() - 1;
        assert!(exists(tid) && !lives(tid, before_us));
        assert!(!exists(Tid::MAX));
    }

    #[test]
    fn a_thread_is_its_creators_and_so_are_its_own() {
        let owner = Owner::next();
        let mine = || threads_of(owner, 0, 0).len();
        let (word, receiver) = channel();
        let (inner_word, inner_receiver) = channel();
        let (tell, told) = channel();
        let outer = thread::spawn(move || {
            owner.enter();
            // As C++'s runtime would: neither caller nor function lie in the library.
            let inner = start(0x5000, inner_receiver);
            tell.send(inner).unwrap();
            let _: Result<(), _> = receiver.recv();
        });
        let inner = told.recv().unwrap();
        assert_eq!(
            mine(),
            1,
            "the outer one is the host's: all of it is the executable's code"
        );
        drop(word);
        outer.join().unwrap();
        assert_eq!(mine(), 1);
        drop(inner_word);
        join(inner);
        eventually("it has ended", || mine() == 0);
    }

    #[test]
    fn processor_time_of_threads_that_have_ended_stays_with_their_owner() {
        unsafe extern "C-unwind" fn works(_: *mut c_void) -> *mut c_void {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(30) {
                std::hint::black_box(0);
            }
            0x5a as *mut c_void
        }
        let owner = Owner::next();
        let creator = thread::spawn(move || {
            owner.enter();
            let mut thread = 0;
            // SAFETY: the function takes anything.
            let result = unsafe {
                create(
                    &raw mut thread,
                    ptr::null(),
                    works,
                    ptr::null_mut(),
                    0x9000,
                    false,
                )
            };
            assert_eq!(result, 0);
            join(thread);
        });
        creator.join().unwrap();
        let (used, threads) = used_by(owner);
        // Other tests compete for the processor, so it may have had less than it wanted, and never more.
        assert!(
            used > Duration::ZERO && used < Duration::from_secs(5),
            "{used:?}"
        );
        assert_eq!((threads, used_by(owner).0), (0, used));
    }

    #[test]
    fn threads_that_create_threads_and_end_are_never_all_missed() {
        static RAN: AtomicU64 = AtomicU64::new(0);
        unsafe extern "C-unwind" fn link(left: *mut c_void) -> *mut c_void {
            RAN.fetch_add(1, SeqCst);
            if !left.is_null() {
                begin_at(left.addr() - 1);
            }
            ptr::null_mut()
        }
        fn begin_at(left: usize) {
            let (mut thread, left) = (0, ptr::without_provenance_mut(left));
            // SAFETY: the function takes a number, and the thread is ours to detach.
            unsafe {
                assert_eq!(
                    create(&raw mut thread, ptr::null(), link, left, 0x7000, false),
                    0
                );
                libc::pthread_detach(thread);
            }
        }
        begin_at(1999);
        // One of them lives until the last has ended: that none is left means that all have run.
        while !threads_at(0x7000, 0x7001).is_empty() {
            thread::yield_now();
        }
        assert_eq!(RAN.load(SeqCst), 2000);
    }

    #[test]
    fn every_thread_that_is_created_is_known_and_a_bare_one_is_not() {
        let (word, receiver) = channel::<()>();
        let host = thread::spawn(move || receiver.recv().is_ok());
        // SAFETY: no preconditions.
        let me = unsafe { libc::syscall(libc::SYS_gettid) } as Tid;
        eventually("all are known", || unknown().is_empty());
        assert!(has_slot(me), "this test's thread is one of std's");
        drop(word);
        host.join().unwrap();
    }
}
