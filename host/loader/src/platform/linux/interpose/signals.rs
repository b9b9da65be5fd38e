//! Signal handlers by the owner who asked for them.
//!
//! A process has one disposition per signal, and no memory of the one before. So what a library sets is kept here, above
//! what the host has in force: the latest is in force, and when its owner goes, what lies below is again, in whatever order
//! they come and go. Of libraries nobody sees another's: what was there before is, to each, its own or the host's.
//!
//! A signal that the host handles or ignores (Ctrl-C, SIGTERM, SIGPIPE, std's report of a stack overflow) is not to be
//! taken. `sigaction` answers as for SIGKILL, which can't be caught either: `EINVAL`. A success that is none would leave the
//! library waiting for a signal that never comes.
//!
//! A library's handler runs on whatever thread the signal finds, the host's too. So the kernel knows [`enter`] of the
//! executable alone, which counts who is inside: nothing is unmapped below a handler.

use std::{
    arch::naked_asm,
    cell::{Cell, UnsafeCell},
    ffi::{c_int, c_void},
    mem, ptr,
    sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU32, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use super::next_symbol::{SIGACTION, SpinLock, fail, in_executable, is_fork};
use crate::platform::{Owner, TakenSignal};

type SetAction = unsafe extern "C" fn(c_int, *const libc::sigaction, *mut libc::sigaction) -> c_int;
type Handler = unsafe extern "C-unwind" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// One more than the highest signal.
const SIGNALS: usize = 65;

/// Libraries that can have the same signal at a time.
const OWNERS: usize = 32;

/// The kernel's own flag, which libc adds: the address that a handler returns to.
const SA_RESTORER: c_int = 0x0400_0000;

/// How long a handler may take that runs at the moment of an unload.
const GRACE: Duration = Duration::from_millis(500);

static TABLE: Table = Table {
    lock: SpinLock::new(),
    signals: UnsafeCell::new([const { Signal::new() }; SIGNALS]),
};

/// Whether the table knows what the host has in force.
static CAPTURED: AtomicBool = AtomicBool::new(false);

/// What [`enter`] calls for a signal.
static ACTIVE: [AtomicUsize; SIGNALS] = [const { AtomicUsize::new(libc::SIG_DFL) }; SIGNALS];

/// How many threads are inside of [`enter`] for a signal.
static RUNNING: [AtomicU32; SIGNALS] = [const { AtomicU32::new(0) }; SIGNALS];

/// Who was refused a signal at a moment when nobody could be notified.
static REFUSED: [AtomicU32; SIGNALS] = [const { AtomicU32::new(0) }; SIGNALS];

/// A `fn(Owner, c_int)` that is called at a refusal.
static ON_REFUSED: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    // Constant and without a destructor, as in `owner.rs`.
    static IN_HANDLER: Cell<u32> = const { Cell::new(0) };
}

struct Table {
    lock: SpinLock,
    signals: UnsafeCell<[Signal; SIGNALS]>,
}

// SAFETY: reached under the lock alone.
unsafe impl Sync for Table {}

struct Signal {
    /// What the host has in force.
    base: libc::sigaction,
    /// What libraries have set above it, the latest last.
    taken: [LibraryAction; OWNERS],
    count: usize,
}

#[derive(Clone, Copy)]
struct LibraryAction {
    owner: Owner,
    action: libc::sigaction,
}

const DEFAULT: libc::sigaction = libc::sigaction {
    sa_sigaction: libc::SIG_DFL,
    // SAFETY: all zero is the empty set.
    sa_mask: unsafe { mem::zeroed() },
    sa_flags: 0,
    sa_restorer: None,
};

impl Signal {
    const fn new() -> Self {
        let nobody = LibraryAction {
            owner: Owner::HOST,
            action: DEFAULT,
        };
        Self {
            base: DEFAULT,
            taken: [nobody; OWNERS],
            count: 0,
        }
    }

    fn taken(&self) -> &[LibraryAction] {
        &self.taken[..self.count]
    }

    /// What an owner believes to be in force.
    fn seen_by(&self, owner: Owner) -> libc::sigaction {
        let own = self.taken().iter().find(|taken| taken.owner == owner);
        own.map_or(self.base, |taken| taken.action)
    }

    /// What the kernel is to know.
    fn in_force(&self) -> libc::sigaction {
        let Some(top) = self.taken().last() else {
            return self.base;
        };
        let mut action = top.action;
        if action.sa_sigaction > libc::SIG_IGN {
            action.sa_sigaction = enter as *const () as usize;
            action.sa_flags |= libc::SA_SIGINFO;
        }
        action
    }

    fn is_hosts(&self) -> bool {
        self.base.sa_sigaction != libc::SIG_DFL
    }

    fn remove(&mut self, owner: Owner) -> bool {
        let Some(at) = self.taken().iter().position(|taken| taken.owner == owner) else {
            return false;
        };
        self.taken.copy_within(at + 1..self.count, at);
        self.count -= 1;
        true
    }

    fn push(&mut self, owner: Owner, action: libc::sigaction) -> bool {
        if self.count == OWNERS {
            return false;
        }
        self.taken[self.count] = LibraryAction { owner, action };
        self.count += 1;
        true
    }

    /// Tells the kernel. Whoever is in the old handler meanwhile goes on in it.
    fn apply(&self, number: c_int) -> c_int {
        let action = self.in_force();
        let handler = self.taken().last().map_or(0, |top| top.action.sa_sigaction);
        let active = &ACTIVE[number as usize];
        let before = active.load(SeqCst);
        if handler > libc::SIG_IGN {
            active.store(handler, SeqCst);
        }
        let result = set(number, &action);
        if result != 0 {
            active.store(before, SeqCst);
        } else if handler <= libc::SIG_IGN {
            active.store(libc::SIG_DFL, SeqCst);
        }
        result
    }
}

impl Table {
    /// Runs `section` with a signal's entry. No signal is taken meanwhile: its handler might come here, too.
    fn with<T>(&self, number: c_int, section: impl FnOnce(&mut Signal) -> T) -> T {
        // SAFETY: plain sets of this thread's, ours to write.
        unsafe {
            let (mut all, mut before) = (DEFAULT.sa_mask, DEFAULT.sa_mask);
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
            let result = self.lock.with(|| {
                // Under the lock, and `section` does not come back here.
                section(&mut (*self.signals.get())[number as usize])
            });
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
            result
        }
    }
}

/// Notes what the host has in force; from here on libraries are kept from it. Later calls change nothing.
pub fn capture_signals() {
    if CAPTURED.load(Acquire) {
        return;
    }
    for number in 1..SIGNALS as c_int {
        TABLE.with(number, |signal| {
            if signal.count == 0
                && let Some(action) = ask(number)
            {
                signal.base = action;
            }
        });
    }
    CAPTURED.store(true, Release);
}

/// Has `handler` called when a library is refused a signal, on the library's thread.
pub fn on_refused_signal(handler: fn(Owner, i32)) {
    ON_REFUSED.store(handler as *mut c_void, Release);
}

/// Looks whether somebody has gone round libc. What is the host's is put back; a handler in one of the `images` becomes
/// the owner's as if it had been set by libc. Returns what was found, and what the owner was refused in silence.
pub fn verify_signals(owner: Owner, images: &[(usize, usize)]) -> Vec<TakenSignal> {
    let mut found = Vec::new();
    for number in 1..SIGNALS as c_int {
        let was_refused = REFUSED[number as usize]
            .compare_exchange(owner.number(), 0, SeqCst, Relaxed)
            .is_ok();
        let taken = TABLE.with(number, |signal| reconcile(owner, number, signal, images));
        if was_refused || taken {
            let hosts = TABLE.with(number, |signal| signal.is_hosts());
            found.push(TakenSignal { number, hosts });
        }
    }
    found
}

/// Puts back what of the host's somebody has set by a bare system call: each signal, and the address that had been its handler.
pub fn put_back_hosts() -> Vec<(i32, usize)> {
    let put_back = |number: c_int| {
        TABLE.with(number, |signal| {
            let kernel = ask(number).filter(|_| signal.is_hosts())?;
            if same(&kernel, &signal.in_force()) {
                return None;
            }
            signal.apply(number);
            Some((number, kernel.sa_sigaction))
        })
    };
    (1..SIGNALS as c_int).filter_map(put_back).collect()
}

fn reconcile(owner: Owner, number: c_int, signal: &mut Signal, images: &[(usize, usize)]) -> bool {
    let Some(kernel) = ask(number) else {
        return false;
    };
    if same(&kernel, &signal.in_force()) {
        return false;
    }
    let used_up = kernel.sa_sigaction == libc::SIG_DFL
        && signal
            .taken()
            .last()
            .is_some_and(|top| top.action.sa_flags & libc::SA_RESETHAND != 0);
    if used_up {
        signal.count -= 1;
        signal.apply(number);
        return false;
    }
    if signal.is_hosts() {
        signal.apply(number);
        return true;
    }
    let handler = kernel.sa_sigaction;
    let is_owners = images.iter().any(|(lo, hi)| (*lo..*hi).contains(&handler));
    if is_owners {
        signal.remove(owner);
        if signal.push(owner, kernel) {
            signal.apply(number);
        }
    }
    is_owners
}

/// Gives an owner's signals back: what lay below is in force. Returns which they were, or `None` when one of the handlers
/// did not return.
///
/// The owner's threads have ended: it takes no more.
pub fn release_signals_of(owner: Owner) -> Option<Vec<i32>> {
    let released: Vec<i32> = (1..SIGNALS as c_int)
        .filter(|number| {
            TABLE.with(*number, |signal| {
                let had = signal.remove(owner);
                if had && signal.in_force().sa_sigaction == libc::SIG_DFL {
                    // What was sent to the owner and has not arrived would end the process now. To ignore a signal is to
                    // drop those that wait.
                    let mut ignored = DEFAULT;
                    ignored.sa_sigaction = libc::SIG_IGN;
                    set(*number, &ignored);
                }
                if had {
                    signal.apply(*number);
                }
                had
            })
        })
        .collect();
    let began = Instant::now();
    let runs = |number: &i32| RUNNING[*number as usize].load(SeqCst) != 0;
    while released.iter().any(runs) {
        if began.elapsed() > GRACE {
            return None;
        }
        sleep(Duration::from_millis(1));
    }
    Some(released)
}

/// What the kernel calls for every handler of a library.
unsafe extern "C-unwind" fn enter(number: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let (running, active) = (&RUNNING[number as usize], &ACTIVE[number as usize]);
    // From here on an unload waits for us, or we see that the handler is gone.
    running.fetch_add(1, SeqCst);
    IN_HANDLER.set(IN_HANDLER.get() + 1);
    let handler = active.load(SeqCst);
    if handler > libc::SIG_IGN {
        // SAFETY: a handler that its library has set, which stays mapped while we are counted. One that takes the number
        // alone does not look at the rest.
        unsafe { mem::transmute::<usize, Handler>(handler)(number, info, context) };
    }
    IN_HANDLER.set(IN_HANDLER.get() - 1);
    running.fetch_sub(1, SeqCst);
}

/// libc's function, with the caller noted; see `pthread_key_create`.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sigaction(
    number: c_int,
    action: *const libc::sigaction,
    old: *mut libc::sigaction,
) -> c_int {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov rcx, [rsp]", "jmp {called}", called = sym sigaction_called);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x3, x30", "b {called}", called = sym sigaction_called);
}

/// # Safety
///
/// As libc's `sigaction`.
unsafe extern "C" fn sigaction_called(
    number: c_int,
    action: *const libc::sigaction,
    old: *mut libc::sigaction,
    caller: usize,
) -> c_int {
    // SAFETY: the arguments are the caller's.
    unsafe { set_as(owner_of(caller), number, action, old) }
}

/// On whose behalf a call is made. The host's own code runs on a plugin's thread as well: std's report of a fault there sets
/// the signal back to its default, and would be called for ever if it was refused.
fn owner_of(caller: usize) -> Owner {
    if in_executable(caller) {
        Owner::HOST
    } else {
        Owner::current()
    }
}

/// `sigaction`, by owner.
///
/// # Safety
///
/// As libc's.
unsafe fn set_as(
    owner: Owner,
    number: c_int,
    action: *const libc::sigaction,
    old: *mut libc::sigaction,
) -> c_int {
    let known = CAPTURED.load(Acquire) && (1..SIGNALS as c_int).contains(&number) && !is_fork();
    if !known {
        // SAFETY: the arguments are the caller's.
        return real().map_or_else(
            || fail(libc::EINVAL),
            |real| unsafe { real(number, action, old) },
        );
    }
    if ask(number).is_none() {
        // libc keeps it for itself.
        return fail(libc::EINVAL);
    }
    // SAFETY: null, or an action of the caller's.
    let action = (!action.is_null()).then(|| unsafe { action.read() });
    let answer = TABLE.with(number, |signal| {
        let seen = signal.seen_by(owner);
        let Some(action) = action else {
            return Ok(seen);
        };
        let result = if owner.is_host() {
            host_sets(number, signal, action)
        } else {
            library_sets(owner, number, signal, action)
        };
        result.map(|()| seen)
    });
    match answer {
        Ok(seen) => {
            if !old.is_null() {
                // SAFETY: the caller's, to be written.
                unsafe { old.write(seen) };
            }
            0
        }
        Err(SignalRefusal::Hosts) => {
            refused(owner, number);
            fail(libc::EINVAL)
        }
        Err(SignalRefusal::System(error)) => fail(error),
    }
}

enum SignalRefusal {
    /// The signal is the host's.
    Hosts,
    /// What the system says.
    System(c_int),
}

/// The host's word goes before anybody else's.
fn host_sets(
    number: c_int,
    signal: &mut Signal,
    action: libc::sigaction,
) -> Result<(), SignalRefusal> {
    let (base, count) = (signal.base, signal.count);
    (signal.base, signal.count) = (action, 0);
    if signal.apply(number) != 0 {
        (signal.base, signal.count) = (base, count);
        return Err(SignalRefusal::System(libc::EINVAL));
    }
    Ok(())
}

fn library_sets(
    owner: Owner,
    number: c_int,
    signal: &mut Signal,
    action: libc::sigaction,
) -> Result<(), SignalRefusal> {
    if signal.is_hosts() {
        // Many libraries ignore SIGPIPE, as std does: nothing is to be changed for that.
        let agrees = action.sa_sigaction == signal.base.sa_sigaction;
        return if agrees {
            Ok(())
        } else {
            Err(SignalRefusal::Hosts)
        };
    }
    let before = signal.seen_by(owner);
    let had = signal.remove(owner);
    // What it believes to be below it is the default: it gives the signal back.
    let wants = action.sa_sigaction != libc::SIG_DFL;
    if wants && !signal.push(owner, action) {
        return Err(SignalRefusal::System(libc::ENOMEM));
    }
    if (wants || had) && signal.apply(number) != 0 {
        signal.remove(owner);
        if had {
            signal.push(owner, before);
        }
        return Err(SignalRefusal::System(libc::EINVAL));
    }
    Ok(())
}

fn refused(owner: Owner, number: c_int) {
    let handler = ON_REFUSED.load(Acquire);
    // A signal handler may have interrupted the one that logs.
    if handler.is_null() || IN_HANDLER.get() > 0 {
        REFUSED[number as usize].store(owner.number(), SeqCst);
        return;
    }
    // SAFETY: `on_refused_signal` put a function of that type there.
    unsafe { mem::transmute::<*mut c_void, fn(Owner, i32)>(handler)(owner, number) };
}

/// libc's function, with the caller noted.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn signal(number: c_int, handler: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov rdx, [rsp]", "jmp {called}", called = sym signal_called);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x2, x30", "b {called}", called = sym signal_called);
}

/// # Safety
///
/// As libc's `signal`.
unsafe extern "C" fn signal_called(number: c_int, handler: usize, caller: usize) -> usize {
    // SAFETY: the handler is the caller's.
    unsafe { simple(owner_of(caller), number, handler, libc::SA_RESTART, true) }
}

/// Another name of [`signal`].
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn ssignal(number: c_int, handler: usize) -> usize {
    // SAFETY: the handler is the caller's.
    unsafe { simple(Owner::current(), number, handler, libc::SA_RESTART, true) }
}

/// Another name of [`__sysv_signal`].
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sysv_signal(number: c_int, handler: usize) -> usize {
    // SAFETY: the handler is the caller's.
    unsafe { __sysv_signal(number, handler) }
}

/// System V's `signal`: the handler is used once.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn __sysv_signal(number: c_int, handler: usize) -> usize {
    // SAFETY: the handler is the caller's.
    unsafe {
        let flags = libc::SA_RESETHAND | libc::SA_NODEFER;
        simple(Owner::current(), number, handler, flags, false)
    }
}

/// System V's `signal` that stays; a handler of 2 only blocks the signal.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sigset(number: c_int, handler: usize) -> usize {
    const SIG_HOLD: usize = 2;
    let owner = Owner::current();
    // SAFETY: sets of ours, and a handler of the caller's.
    unsafe {
        let (mut this, mut before) = (DEFAULT.sa_mask, DEFAULT.sa_mask);
        if libc::sigaddset(&raw mut this, number) != 0 {
            return libc::SIG_ERR;
        }
        let how = if handler == SIG_HOLD {
            libc::SIG_BLOCK
        } else {
            libc::SIG_UNBLOCK
        };
        let mut seen = DEFAULT;
        if set_as(owner, number, ptr::null(), &raw mut seen) != 0 {
            return libc::SIG_ERR;
        }
        if handler != SIG_HOLD && simple(owner, number, handler, 0, false) == libc::SIG_ERR {
            return libc::SIG_ERR;
        }
        libc::pthread_sigmask(how, &raw const this, &raw mut before);
        if libc::sigismember(&raw const before, number) == 1 {
            SIG_HOLD
        } else {
            seen.sa_sigaction
        }
    }
}

/// Ignores a signal.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn sigignore(number: c_int) -> c_int {
    // SAFETY: no handler at all.
    let before = unsafe { simple(Owner::current(), number, libc::SIG_IGN, 0, false) };
    if before == libc::SIG_ERR { -1 } else { 0 }
}

/// Whether system calls go on after a handler.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn siginterrupt(number: c_int, interrupt: c_int) -> c_int {
    let (owner, mut action) = (Owner::current(), DEFAULT);
    // SAFETY: an action of ours.
    unsafe {
        if set_as(owner, number, ptr::null(), &raw mut action) != 0 {
            return -1;
        }
        if interrupt == 0 {
            action.sa_flags |= libc::SA_RESTART;
        } else {
            action.sa_flags &= !libc::SA_RESTART;
        }
        set_as(owner, number, &raw const action, ptr::null_mut())
    }
}

/// # Safety
///
/// The handler is one for this signal.
unsafe fn simple(
    owner: Owner,
    number: c_int,
    handler: usize,
    flags: c_int,
    mask_itself: bool,
) -> usize {
    let (mut action, mut before) = (DEFAULT, DEFAULT);
    (action.sa_sigaction, action.sa_flags) = (handler, flags);
    // SAFETY: sets and actions of ours.
    unsafe {
        if mask_itself {
            libc::sigaddset(&raw mut action.sa_mask, number);
        }
        match set_as(owner, number, &raw const action, &raw mut before) {
            0 => before.sa_sigaction,
            _ => libc::SIG_ERR,
        }
    }
}

fn real() -> Option<SetAction> {
    let real = SIGACTION.find();
    // SAFETY: null is no function; any other address is the function of that name, which has this type.
    unsafe { mem::transmute::<*mut c_void, Option<SetAction>>(real) }
}

fn set(number: c_int, action: &libc::sigaction) -> c_int {
    // SAFETY: an action whose handler is one of the executable, or was the kernel's already.
    real().map_or(-1, |real| unsafe { real(number, action, ptr::null_mut()) })
}

/// What the kernel knows; `None` for a signal that libc keeps for itself.
fn ask(number: c_int) -> Option<libc::sigaction> {
    let mut action = DEFAULT;
    // SAFETY: an action of ours, to be written.
    let result = real().map_or(-1, |real| unsafe {
        real(number, ptr::null(), &raw mut action)
    });
    (result == 0).then_some(action)
}

fn same(one: &libc::sigaction, other: &libc::sigaction) -> bool {
    if one.sa_sigaction != other.sa_sigaction {
        return false;
    }
    if one.sa_sigaction <= libc::SIG_IGN {
        return true;
    }
    let has = |action: &libc::sigaction, number| {
        // SAFETY: a set.
        unsafe { libc::sigismember(&raw const action.sa_mask, number) == 1 }
    };
    one.sa_flags & !SA_RESTORER == other.sa_flags & !SA_RESTORER
        && (1..SIGNALS as c_int)
            // The kernel takes these two out of every mask, and libc its own.
            .filter(|number| !matches!(*number, libc::SIGKILL | libc::SIGSTOP | 32 | 33))
            .all(|number| has(one, number) == has(other, number))
}
