//! Timers by the owner who made them: what is still armed when a library goes would signal, or call, into nowhere.
//!
//! A timer belongs to whoever's thread makes it. One with `SIGEV_THREAD` calls back on a thread that libc makes by itself,
//! whenever its helper thread gets round to it, which may be after the timer was deleted. So it calls [`expired`] of the
//! executable, which knows whether the timer is still there and makes the thread known as the library's.

use std::{
    ffi::{c_int, c_uint, c_void},
    mem, ptr,
    sync::atomic::{
        AtomicU32, AtomicU64, AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    next_symbol::{SETITIMER, SpinLock, TIMER_CREATE, TIMER_DELETE, fail, is_fork},
    threads,
};
use crate::platform::Owner;

type CreateTimer =
    unsafe extern "C" fn(libc::clockid_t, *mut libc::sigevent, *mut libc::timer_t) -> c_int;
type DeleteTimer = unsafe extern "C" fn(libc::timer_t) -> c_int;
type SetInterval =
    unsafe extern "C" fn(c_int, *const libc::itimerval, *mut libc::itimerval) -> c_int;
type Expired = unsafe extern "C-unwind" fn(*mut c_void);

/// Timers that all libraries can have at a time. One more is refused with `EAGAIN`, as the system refuses it.
const TIMERS: usize = 256;

/// How long a call that has just begun may take to make its thread known.
const GRACE: Duration = Duration::from_millis(500);

static TABLE: [TimerRecord; TIMERS] = [const { TimerRecord::empty() }; TIMERS];

/// Held across the real calls, lest a number that the kernel gives out again is forgotten with the old timer.
static LOCK: SpinLock = SpinLock::new();

static SERIAL: AtomicU64 = AtomicU64::new(1);

/// Who has set the process's three interval timers last: by `which`.
static INTERVALS: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

/// Changed under [`LOCK`] alone, but for `running`.
struct TimerRecord {
    /// Tells the timer from later ones in the same place; 0 for none.
    serial: AtomicU64,
    owner: AtomicU32,
    timer: AtomicUsize,
    function: AtomicUsize,
    value: AtomicUsize,
    /// Calls of [`expired`] that have not made their thread known, or ended.
    running: AtomicU32,
}

/// `sigevent`, as far as `SIGEV_THREAD` has it: libc's crate names its end for another use.
#[repr(C)]
struct ThreadEvent {
    value: *mut c_void,
    signal: c_int,
    notify: c_int,
    function: usize,
    attributes: *mut c_void,
}

const SIGEV_THREAD: c_int = 2;

const ITIMER_REAL: c_int = 0;

const OFF: libc::itimerval = {
    let none = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    libc::itimerval {
        it_interval: none,
        it_value: none,
    }
};

impl TimerRecord {
    const fn empty() -> Self {
        Self {
            serial: AtomicU64::new(0),
            owner: AtomicU32::new(0),
            timer: AtomicUsize::new(0),
            function: AtomicUsize::new(0),
            value: AtomicUsize::new(0),
            running: AtomicU32::new(0),
        }
    }
}

/// libc's function; notes whose timer it is.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn timer_create(
    clock: libc::clockid_t,
    event: *mut libc::sigevent,
    timer: *mut libc::timer_t,
) -> c_int {
    let real = TIMER_CREATE.find();
    if real.is_null() {
        return fail(libc::EAGAIN);
    }
    // SAFETY: this is the type of the function of that name.
    let real = unsafe { mem::transmute::<*mut c_void, CreateTimer>(real) };
    let owner = Owner::current();
    if owner.is_host() || is_fork() {
        // SAFETY: the arguments are the caller's.
        return unsafe { real(clock, event, timer) };
    }
    // SAFETY: null, or an event of the caller's.
    let calls = !event.is_null() && unsafe { (*event).sigev_notify } == SIGEV_THREAD;
    let before = if calls {
        threads::unknown()
    } else {
        Vec::new()
    };
    let made = LOCK.with(|| {
        let (index, record) = TABLE
            .iter()
            .enumerate()
            .find(|(_, record)| record.serial.load(Relaxed) == 0)?;
        let serial = SERIAL.fetch_add(1, Relaxed);
        let mut ours: libc::sigevent;
        let mut event = event;
        if calls {
            // SAFETY: the caller's event, of which the fields behind `sigev_notify` are a function and its attributes.
            unsafe {
                ours = event.read();
                let fields = (&raw mut ours).cast::<ThreadEvent>();
                record.function.store((*fields).function, Relaxed);
                record
                    .value
                    .store((*fields).value.expose_provenance(), Relaxed);
                (*fields).function = expired as *const () as usize;
                (*fields).value = ptr::without_provenance_mut(serial as usize * TIMERS + index);
            }
            event = &raw mut ours;
        }
        record.owner.store(owner.number(), Relaxed);
        record.serial.store(serial, SeqCst);
        // SAFETY: the caller's arguments, or an event of ours.
        let result = unsafe { real(clock, event, timer) };
        if result == 0 {
            // SAFETY: the real function has just written there.
            record
                .timer
                .store(unsafe { timer.read() }.expose_provenance(), Relaxed);
        } else {
            record.serial.store(0, SeqCst);
        }
        Some(result)
    });
    if calls {
        // Its helper thread, which libc starts at the first timer of the kind, and which runs no code of any library.
        threads::note_helpers(&before);
    }
    made.unwrap_or_else(|| fail(libc::EAGAIN))
}

/// libc's function; forgets whose timer it was.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn timer_delete(timer: libc::timer_t) -> c_int {
    let Some(real) = real_delete() else {
        return fail(libc::EINVAL);
    };
    if is_fork() {
        // SAFETY: the argument is the caller's.
        return unsafe { real(timer) };
    }
    LOCK.with(|| {
        // SAFETY: the argument is the caller's.
        let result = unsafe { real(timer) };
        let is_it = |record: &&TimerRecord| {
            record.serial.load(Relaxed) != 0 && record.timer.load(Relaxed) == timer.addr()
        };
        if result == 0
            && let Some(record) = TABLE.iter().find(is_it)
        {
            record.serial.store(0, SeqCst);
        }
        result
    })
}

/// libc's function; notes who has set the timer. Setting it to nothing is nobody's.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn setitimer(
    which: c_int,
    new: *const libc::itimerval,
    old: *mut libc::itimerval,
) -> c_int {
    let real = SETITIMER.find();
    if real.is_null() {
        return fail(libc::EINVAL);
    }
    // SAFETY: this is the type of the function of that name, and the arguments are the caller's.
    let result = unsafe { mem::transmute::<*mut c_void, SetInterval>(real)(which, new, old) };
    let interval = usize::try_from(which)
        .ok()
        .and_then(|which| INTERVALS.get(which));
    if result == 0
        && let Some(interval) = interval
        && !is_fork()
    {
        interval.store(Owner::current().number(), SeqCst);
    }
    result
}

/// libc's function, in terms of [`setitimer`].
#[unsafe(no_mangle)]
pub(super) extern "C" fn alarm(seconds: c_uint) -> c_uint {
    let mut new = OFF;
    new.it_value.tv_sec = seconds.into();
    let mut old = OFF;
    // SAFETY: times of ours.
    unsafe { setitimer(ITIMER_REAL, &raw const new, &raw mut old) };
    // What is left of the one before, and never 0 while there is one.
    let left = old.it_value;
    let up = left.tv_usec >= 500_000 || left.tv_sec == 0 && left.tv_usec > 0;
    left.tv_sec as c_uint + c_uint::from(up)
}

/// libc's function, in terms of [`setitimer`]. Both times are microseconds.
#[unsafe(no_mangle)]
pub(super) extern "C" fn ualarm(value: c_uint, interval: c_uint) -> c_uint {
    let time = |microseconds: c_uint| libc::timeval {
        tv_sec: (microseconds / 1_000_000).into(),
        tv_usec: (microseconds % 1_000_000).into(),
    };
    let new = libc::itimerval {
        it_value: time(value),
        it_interval: time(interval),
    };
    let mut old = OFF;
    // SAFETY: times of ours.
    unsafe { setitimer(ITIMER_REAL, &raw const new, &raw mut old) };
    let left = old.it_value;
    (left.tv_sec * 1_000_000 + left.tv_usec)
        .try_into()
        .unwrap_or(c_uint::MAX)
}

/// Turns off the interval timers that an owner has set, and returns how many of them ran.
fn stop_intervals_of(owner: Owner) -> usize {
    let which = INTERVALS.iter().zip(0..);
    which
        .filter(|(interval, _)| {
            interval
                .compare_exchange(owner.number(), 0, SeqCst, Relaxed)
                .is_ok()
        })
        .filter(|(_, which)| {
            let (off, mut old) = (OFF, OFF);
            // SAFETY: times of ours.
            unsafe { setitimer(*which, &raw const off, &raw mut old) };
            // One that has gone off is set anew when its signal is taken, and shows nothing but its interval until then.
            let is_set = |time: libc::timeval| time.tv_sec != 0 || time.tv_usec != 0;
            is_set(old.it_value) || is_set(old.it_interval)
        })
        .count()
}

/// Deletes the timers of an owner, and returns how many they were; `None` when one was calling back and did not make its
/// thread known. Once its threads have ended there is none any more.
pub fn delete_timers_of(owner: Owner) -> Option<usize> {
    let stopped = stop_intervals_of(owner);
    let Some(real) = real_delete() else {
        return Some(stopped);
    };
    let deleted = LOCK.with(|| {
        let of_owner = |record: &&TimerRecord| {
            record.serial.load(Relaxed) != 0 && record.owner.load(Relaxed) == owner.number()
        };
        let records = TABLE.iter().filter(of_owner);
        records
            .map(|record| {
                let timer = ptr::with_exposed_provenance_mut(record.timer.load(Relaxed));
                record.serial.store(0, SeqCst);
                // SAFETY: a timer that exists: a deleted one is in no record.
                unsafe { real(timer) };
            })
            .count()
    });
    let began = Instant::now();
    while TABLE.iter().any(|record| {
        record.running.load(SeqCst) != 0 && record.owner.load(Relaxed) == owner.number()
    }) {
        if began.elapsed() > GRACE {
            return None;
        }
        sleep(Duration::from_millis(1));
    }
    Some(stopped + deleted)
}

/// What a timer with `SIGEV_THREAD` calls, on a thread of libc's making.
unsafe extern "C-unwind" fn expired(value: *mut c_void) {
    let (index, serial) = (value.addr() % TIMERS, (value.addr() / TIMERS) as u64);
    let record = &TABLE[index];
    // From here on a deletion waits for us, or we see that it has been.
    record.running.fetch_add(1, SeqCst);
    let (function, value) = (record.function.load(Relaxed), record.value.load(Relaxed));
    let owner = Owner::of(record.owner.load(Relaxed));
    // A thread that can't be made known must not run what may be unmapped below it.
    let known = record.serial.load(SeqCst) == serial && threads::adopt(owner);
    record.running.fetch_sub(1, SeqCst);
    if !known || function == 0 {
        return;
    }
    // SAFETY: the function and value that the timer was made with; its library stays mapped while its threads live.
    unsafe {
        let function = mem::transmute::<usize, Expired>(function);
        function(ptr::with_exposed_provenance_mut(value));
    }
}

fn real_delete() -> Option<DeleteTimer> {
    let real = TIMER_DELETE.find();
    // SAFETY: null is no function; any other address is the function of that name, which has this type.
    unsafe { mem::transmute::<*mut c_void, Option<DeleteTimer>>(real) }
}
