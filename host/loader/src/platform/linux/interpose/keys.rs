//! Thread-specific data keys of the process, by the code that made them.

use std::{
    arch::naked_asm,
    ffi::{c_int, c_void},
    mem,
    ops::Range,
    sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use super::next_symbol::{KEY_CREATE, KEY_DELETE, SpinLock, is_fork};
use crate::platform::Owner;

type KeyDestructor = unsafe extern "C" fn(*mut c_void);
type CreateKey = unsafe extern "C" fn(*mut libc::pthread_key_t, Option<KeyDestructor>) -> c_int;
type DeleteKey = unsafe extern "C" fn(libc::pthread_key_t) -> c_int;

/// glibc numbers its 1,024 keys from 0, so a key is an index here. One beyond the table would go unrecorded.
const KEYS: usize = 2048;

static TABLE: [KeyRecord; KEYS] = [const { KeyRecord::empty() }; KEYS];

/// Held across the real call. Otherwise a key that one thread deletes and another receives at once could be recorded and
/// forgotten in the wrong order, and we would delete a key of somebody else (std deletes key 0 whenever it gets it).
static LOCK: SpinLock = SpinLock::new();

static SERIAL: AtomicU64 = AtomicU64::new(1);

/// Who made a key. Changed under [`LOCK`] alone.
struct KeyRecord {
    /// Tells the key from later ones of the same number; 0 for a key that does not exist.
    serial: AtomicU64,
    owner: AtomicU32,
    /// The address behind the call that made it.
    creator: AtomicUsize,
    destructor: AtomicUsize,
}

impl KeyRecord {
    const fn empty() -> Self {
        Self {
            serial: AtomicU64::new(0),
            owner: AtomicU32::new(0),
            creator: AtomicUsize::new(0),
            destructor: AtomicUsize::new(0),
        }
    }

    fn set(&self, owner: Owner, creator: usize, destructor: usize) {
        self.serial.store(SERIAL.fetch_add(1, Relaxed), Relaxed);
        self.owner.store(owner.number(), Relaxed);
        self.creator.store(creator, Relaxed);
        self.destructor.store(destructor, Relaxed);
    }

    fn forget(&self) {
        self.serial.store(0, Relaxed);
    }

    fn exists(&self) -> bool {
        self.serial.load(Relaxed) != 0
    }

    fn lies_in(&self, code: &Range<usize>) -> bool {
        self.exists()
            && (code.contains(&self.creator.load(Relaxed))
                || code.contains(&self.destructor.load(Relaxed)))
    }
}

/// A key, and which of those that have its number.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    number: usize,
    serial: u64,
}

/// The keys that were made by code in `lo..hi`, or have their destructor there.
///
/// The host asks before it closes the library: by the time it deletes them, something else may lie at these addresses.
#[must_use]
pub fn keys_of(lo: usize, hi: usize) -> Vec<Key> {
    // Found first: nothing is to be allocated under the lock.
    let mut keys = Vec::with_capacity(KEYS);
    LOCK.with(|| {
        for (number, record) in TABLE.iter().enumerate() {
            if record.lies_in(&(lo..hi)) {
                let serial = record.serial.load(Relaxed);
                keys.push(Key { number, serial });
            }
        }
    });
    keys
}

/// Deletes these keys, and those that the finalisers of a library have made for its `owner` meanwhile, in `lo..hi`; returns
/// how many they were. A key that the library has deleted itself is another's by now, and is left alone.
///
/// The host calls this when the library is unmapped.
///
/// # Safety
///
/// No thread lives that has run code of the library: it would go on to use a key that by then is another's.
pub unsafe fn reap_keys(keys: &[Key], owner: Owner, lo: usize, hi: usize) -> usize {
    let Some(delete) = real_delete() else {
        return 0;
    };
    LOCK.with(|| {
        let mut reaped = 0;
        for (number, record) in TABLE.iter().enumerate() {
            let serial = record.serial.load(Relaxed);
            let noted = |key: &Key| key.number == number && key.serial == serial;
            let of_finalisers =
                record.owner.load(Relaxed) == owner.number() && record.lies_in(&(lo..hi));
            if !record.exists() || !(of_finalisers || keys.iter().any(noted)) {
                continue;
            }
            record.forget();
            // SAFETY: a key that exists, whose users are gone.
            if unsafe { delete(number as libc::pthread_key_t) } == 0 {
                reaped += 1;
            }
        }
        reaped
    })
}

/// libc's function, with the caller noted. The caller's address is on the stack or in a register only at the very first
/// instruction, so it is handed on from there.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pthread_key_create(
    key: *mut libc::pthread_key_t,
    destructor: Option<KeyDestructor>,
) -> c_int {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov rdx, [rsp]", "jmp {create}", create = sym create);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x2, x30", "b {create}", create = sym create);
}

/// C11's function, which in libc comes by no other function of ours.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn tss_create(
    key: *mut libc::pthread_key_t,
    destructor: Option<KeyDestructor>,
) -> c_int {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov rdx, [rsp]", "jmp {create}", create = sym create_c11);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x2, x30", "b {create}", create = sym create_c11);
}

/// # Safety
///
/// As libc's `tss_create`.
unsafe extern "C" fn create_c11(
    key: *mut libc::pthread_key_t,
    destructor: Option<KeyDestructor>,
    caller: usize,
) -> c_int {
    /// What `threads.h` says of all that went wrong.
    const ERROR: c_int = 2;
    // SAFETY: the arguments are the caller's. In glibc a `tss_t` is a `pthread_key_t`.
    match unsafe { create(key, destructor, caller) } {
        0 => 0,
        _ => ERROR,
    }
}

/// C11's function.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn tss_delete(key: libc::pthread_key_t) {
    // SAFETY: the argument is the caller's.
    unsafe { pthread_key_delete(key) };
}

/// # Safety
///
/// As libc's `pthread_key_create`.
unsafe extern "C" fn create(
    key: *mut libc::pthread_key_t,
    destructor: Option<KeyDestructor>,
    caller: usize,
) -> c_int {
    let real = KEY_CREATE.find();
    if real.is_null() {
        return libc::EAGAIN;
    }
    // SAFETY: this is the type of the function of that name.
    let real = unsafe { mem::transmute::<*mut c_void, CreateKey>(real) };
    if is_fork() {
        // The lock may be held by a thread that is not there.
        // SAFETY: the arguments are the caller's.
        return unsafe { real(key, destructor) };
    }
    LOCK.with(|| {
        // SAFETY: the arguments are the caller's.
        let result = unsafe { real(key, destructor) };
        if result == 0 {
            // SAFETY: the real function has just written there.
            let key = unsafe { key.read() };
            if let Some(record) = TABLE.get(key as usize) {
                let destructor = destructor.map_or(0, |function| function as usize);
                record.set(Owner::current(), caller, destructor);
            }
        }
        result
    })
}

/// libc's function; forgets the key's creator.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pthread_key_delete(key: libc::pthread_key_t) -> c_int {
    let Some(delete) = real_delete() else {
        return libc::EINVAL;
    };
    if is_fork() {
        // SAFETY: the argument is the caller's.
        return unsafe { delete(key) };
    }
    LOCK.with(|| {
        // SAFETY: the argument is the caller's.
        let result = unsafe { delete(key) };
        if result == 0
            && let Some(record) = TABLE.get(key as usize)
        {
            record.forget();
        }
        result
    })
}

fn real_delete() -> Option<DeleteKey> {
    let real = KEY_DELETE.find();
    // SAFETY: null is no function; any other address is the function of that name, which has this type.
    unsafe { mem::transmute::<*mut c_void, Option<DeleteKey>>(real) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that no code has: each test is a library of its own.
    fn make(caller: usize) -> libc::pthread_key_t {
        let mut key = libc::pthread_key_t::MAX;
        // SAFETY: the key is ours to write.
        let result = unsafe { create(&raw mut key, None, caller) };
        assert_eq!(result, 0);
        key
    }

    /// Nobody uses the keys of these tests.
    fn reap(lo: usize, hi: usize) -> usize {
        let keys = keys_of(lo, hi);
        // SAFETY: see above.
        unsafe { reap_keys(&keys, Owner::next(), 0, 0) }
    }

    fn exists(key: libc::pthread_key_t) -> bool {
        // SAFETY: a key that does not exist is an error, not a mistake.
        unsafe { libc::pthread_setspecific(key, std::ptr::null()) == 0 }
    }

    #[test]
    fn a_range_loses_its_keys_and_no_others() {
        let (mine, other) = ([make(0x100), make(0x1ff)], make(0x200));
        assert_eq!(keys_of(0x100, 0x200).len(), 2);
        assert_eq!(reap(0x100, 0x200), 2);
        assert!(mine.iter().all(|key| !exists(*key)) && exists(other));
        assert_eq!((reap(0x100, 0x200), reap(0x200, 0x201)), (0, 1));
    }

    #[test]
    fn the_symbol_is_ours_and_the_destructor_tells_whose_key_it_is() {
        unsafe extern "C" fn destructor(_: *mut c_void) {
            std::hint::black_box("a body of its own, lest it be folded into another");
        }
        let (mut key, at) = (0, destructor as *const () as usize);
        // SAFETY: the key is ours to write.
        let made = unsafe { libc::pthread_key_create(&raw mut key, Some(destructor)) };
        assert_eq!((made, keys_of(at, at + 1).len()), (0, 1));
        // SAFETY: our key.
        let deleted = unsafe { libc::pthread_key_delete(key) };
        assert_eq!((deleted, keys_of(at, at + 1).len()), (0, 0));
    }

    #[test]
    fn an_error_of_libc_is_passed_on() {
        // SAFETY: no key of that number exists, which libc reports.
        let result = unsafe { libc::pthread_key_delete(libc::pthread_key_t::MAX) };
        assert_eq!(result, libc::EINVAL);
    }

    #[test]
    fn a_deleted_key_that_another_receives_is_the_others() {
        let first = make(0x300);
        // SAFETY: our key.
        assert_eq!(unsafe { pthread_key_delete(first) }, 0);
        // Other tests make keys as well; with this many, one of them has the first one's number again.
        let others: Vec<_> = (0..50).map(|_| make(0x400)).collect();
        assert_eq!(reap(0x300, 0x301), 0);
        assert!(others.iter().all(|key| exists(*key)));
        assert_eq!(reap(0x400, 0x401), 50);
    }

    #[test]
    fn a_key_that_finalisers_make_goes_with_their_library_and_no_other_at_its_address() {
        let (owner, other) = (Owner::next(), Owner::next());
        let of = |owner: Owner| {
            owner.enter();
            let key = make(0x600);
            Owner::HOST.enter();
            key
        };
        let (before, noted) = (of(owner), keys_of(0x600, 0x601));
        // SAFETY: our key. The library deletes it itself, and another gets its number.
        unsafe { pthread_key_delete(before) };
        let others: Vec<_> = (0..50).map(|_| of(other)).collect();
        let late = of(owner);
        // SAFETY: nobody uses them.
        assert_eq!(unsafe { reap_keys(&noted, owner, 0x600, 0x601) }, 1);
        assert!(!exists(late) && others.iter().all(|key| exists(*key)));
        assert_eq!(reap(0x600, 0x601), 50);
    }
}
