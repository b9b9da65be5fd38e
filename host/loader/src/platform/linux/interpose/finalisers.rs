//! Finalisers of a library, and what they must not leave behind: destructors of thread-locals.
//!
//! Destructors of a library's statics run inside of `dlclose`, when it is settled already that the library is unmapped. One
//! that touches a thread-local (a log line in a C++ destructor is enough) registers that one's own destructor for the end
//! of the thread, which lies in nothing by then. So what is registered while a library is closed is not registered at all:
//! the value is leaked.
//!
//! And what libc's lock must not hold up: registering takes the lock of the dynamic loader, which a library whose constructor
//! hangs holds for ever. Each thread of the host that then logs for the first time, say, would hang, too. The executable's own
//! destructors need no libc to keep their library in memory, so they are kept here, thread by thread, and run by a key.

use std::{
    cell::Cell,
    ffi::{c_int, c_void},
    mem, ptr,
    sync::OnceLock,
};

use super::next_symbol::{KEY_CREATE, THREAD_ATEXIT, in_executable};

type Destructor = unsafe extern "C" fn(*mut c_void);
type Register = unsafe extern "C" fn(Option<Destructor>, *mut c_void, *mut c_void) -> c_int;

thread_local! {
    // Constant and without a destructor, as in `owner.rs`.
    static CLOSING: Cell<bool> = const { Cell::new(false) };
    // The executable's destructors that this thread is to run, the last one first.
    static LAST: Cell<*mut Kept> = const { Cell::new(ptr::null_mut()) };
}

struct Kept {
    destructor: Destructor,
    object: *mut c_void,
    before: *mut Kept,
}

/// Runs what closes a library.
pub fn while_closing<T>(close: impl FnOnce() -> T) -> T {
    CLOSING.set(true);
    let result = close();
    CLOSING.set(false);
    result
}

/// libc's function.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn __cxa_thread_atexit_impl(
    destructor: Option<Destructor>,
    object: *mut c_void,
    library: *mut c_void,
) -> c_int {
    if CLOSING.get() {
        return 0;
    }
    if let Some(destructor) = destructor
        && in_executable(destructor as usize)
        && keep(destructor, object)
    {
        return 0;
    }
    let real = THREAD_ATEXIT.find();
    if real.is_null() {
        return -1;
    }
    // SAFETY: this is the type of the function of that name, and the arguments are the caller's.
    unsafe { mem::transmute::<*mut c_void, Register>(real)(destructor, object, library) }
}

/// Keeps one of the executable's for the end of this thread; false where there is no key left for it.
fn keep(destructor: Destructor, object: *mut c_void) -> bool {
    let Some(key) = *key() else {
        return false;
    };
    // Any value but null has the key's own destructor called. In a destructor that runs already it is called once more.
    // SAFETY: a key of ours.
    if unsafe { libc::pthread_setspecific(key, ptr::dangling()) } != 0 {
        return false;
    }
    let kept = Kept {
        destructor,
        object,
        before: LAST.get(),
    };
    LAST.set(Box::into_raw(Box::new(kept)));
    true
}

fn key() -> &'static Option<libc::pthread_key_t> {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    KEY.get_or_init(|| {
        type Create = unsafe extern "C" fn(*mut libc::pthread_key_t, Option<Destructor>) -> c_int;
        let real = KEY_CREATE.find();
        if real.is_null() {
            return None;
        }
        let mut key = 0;
        // SAFETY: this is the type of libc's function of that name, and the key is ours to write.
        let result =
            unsafe { mem::transmute::<*mut c_void, Create>(real)(&raw mut key, Some(run_kept)) };
        (result == 0).then_some(key)
    })
}

/// Called by libc at the end of a thread.
///
/// # Safety
///
/// The thread ends; what was kept is still there, as for libc's own.
unsafe extern "C" fn run_kept(_: *mut c_void) {
    loop {
        let last = LAST.get();
        if last.is_null() {
            return;
        }
        // SAFETY: made by `keep` on this thread, and taken out of the list here.
        let kept = unsafe { Box::from_raw(last) };
        LAST.set(kept.before);
        let (destructor, object) = (kept.destructor, kept.object);
        drop(kept);
        // SAFETY: whoever registered it said so.
        unsafe { destructor(object) };
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::RefCell,
        sync::{Arc, Mutex},
        thread,
    };

    struct Tells(Arc<Mutex<Vec<u8>>>, u8, bool);

    impl Drop for Tells {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(self.1);
            if self.2 {
                // Made while the thread's destructors run already.
                LATE.with_borrow_mut(|late| *late = Some(Tells(Arc::clone(&self.0), 3, false)));
            }
        }
    }

    thread_local! {
        static FIRST: RefCell<Option<Tells>> = const { RefCell::new(None) };
        static SECOND: RefCell<Option<Tells>> = const { RefCell::new(None) };
        static LATE: RefCell<Option<Tells>> = const { RefCell::new(None) };
    }

    #[test]
    fn what_the_executable_keeps_is_dropped_once_at_the_end_of_its_thread() {
        let dropped = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&dropped);
        thread::spawn(move || {
            FIRST.set(Some(Tells(Arc::clone(&seen), 1, true)));
            SECOND.set(Some(Tells(Arc::clone(&seen), 2, false)));
            assert!(seen.lock().unwrap().is_empty());
        })
        .join()
        .unwrap();
        assert_eq!(*dropped.lock().unwrap(), [2, 1, 3]);
        assert_eq!(Arc::strong_count(&dropped), 1);
    }
}
