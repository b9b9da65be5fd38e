//! Cost of standing in front of libc's functions: `just costs`.

use std::{
    ffi::{c_int, c_void},
    mem, ptr,
    time::Instant,
};

use super::next_symbol::{
    KEY_CREATE, KEY_DELETE, SIGACTION, THREAD_CREATE, TIMER_CREATE, TIMER_DELETE,
};
use crate::platform::Owner;

const ROUNDS: u32 = 5_000;

/// Nanoseconds of one round, the best of five runs of each of the two, in turn.
fn beside(mut ours: impl FnMut(), mut libcs: impl FnMut()) -> (u128, u128) {
    let time = |work: &mut dyn FnMut()| {
        let began = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        began.elapsed().as_nanos() / u128::from(ROUNDS)
    };
    let mut best = (u128::MAX, u128::MAX);
    for _ in 0..5 {
        best = (best.0.min(time(&mut ours)), best.1.min(time(&mut libcs)));
    }
    best
}

fn show(what: &str, (ours, libcs): (u128, u128)) {
    println!("{what:<32} {ours:>7} ns, libc's own {libcs:>7} ns");
    assert!(
        ours < 3 * libcs + 20_000,
        "{what}: {ours} ns beside {libcs} ns"
    );
}

extern "C" fn nothing(_: *mut c_void) -> *mut c_void {
    ptr::null_mut()
}

extern "C" fn on_signal(_: c_int) {}

type CreateThread = unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    extern "C" fn(*mut c_void) -> *mut c_void,
    *mut c_void,
) -> c_int;
type KeyCreate = unsafe extern "C" fn(
    *mut libc::pthread_key_t,
    Option<unsafe extern "C" fn(*mut c_void)>,
) -> c_int;
type KeyDelete = unsafe extern "C" fn(libc::pthread_key_t) -> c_int;
type Action = unsafe extern "C" fn(c_int, *const libc::sigaction, *mut libc::sigaction) -> c_int;
type TimerCreate =
    unsafe extern "C" fn(libc::clockid_t, *mut libc::sigevent, *mut libc::timer_t) -> c_int;
type TimerDelete = unsafe extern "C" fn(libc::timer_t) -> c_int;

/// A measurement: run it on a quiet machine, in a release build.
#[test]
#[ignore = "a measurement"]
fn beside_libc() {
    super::install();
    // SAFETY: each real function has the type of its name; threads are joined, keys and timers deleted, and the handler does
    // nothing.
    unsafe {
        let real = mem::transmute::<*mut c_void, CreateThread>(THREAD_CREATE.find());
        let thread = |create: CreateThread| {
            let mut thread = 0;
            assert_eq!(
                create(&raw mut thread, ptr::null(), nothing, ptr::null_mut()),
                0
            );
            libc::pthread_join(thread, ptr::null_mut());
        };
        show(
            "a thread, created and joined",
            beside(|| thread(libc::pthread_create), || thread(real)),
        );
        Owner::next().enter();
        let (create, delete) = (
            mem::transmute::<*mut c_void, KeyCreate>(KEY_CREATE.find()),
            mem::transmute::<*mut c_void, KeyDelete>(KEY_DELETE.find()),
        );
        let key = |create: KeyCreate, delete: KeyDelete| {
            let mut key = 0;
            assert_eq!(create(&raw mut key, None), 0);
            delete(key);
        };
        show(
            "a key, made and deleted",
            beside(
                || key(libc::pthread_key_create, libc::pthread_key_delete),
                || key(create, delete),
            ),
        );
        let (create, delete) = (
            mem::transmute::<*mut c_void, TimerCreate>(TIMER_CREATE.find()),
            mem::transmute::<*mut c_void, TimerDelete>(TIMER_DELETE.find()),
        );
        let timer = |create: TimerCreate, delete: TimerDelete| {
            let mut timer = ptr::null_mut();
            assert_eq!(
                create(libc::CLOCK_MONOTONIC, ptr::null_mut(), &raw mut timer),
                0
            );
            delete(timer);
        };
        show(
            "a timer, made and deleted",
            beside(
                || timer(libc::timer_create, libc::timer_delete),
                || timer(create, delete),
            ),
        );
        let real = mem::transmute::<*mut c_void, Action>(SIGACTION.find());
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        let default: libc::sigaction = mem::zeroed();
        let signal = |set: Action| {
            set(libc::SIGUSR2, &raw const action, ptr::null_mut());
            set(libc::SIGUSR2, &raw const default, ptr::null_mut());
        };
        show(
            "a signal, taken and given back",
            beside(|| signal(libc::sigaction), || signal(real)),
        );
        Owner::HOST.enter();
    }
}
