//! Opened libraries: `dlopen`, by owner.
//!
//! libc looks for a file by what its caller's library says of paths, and tells the caller by the address that it returns
//! to. So ours notes the name, and then jumps to libc's with everything as it was.

use std::{
    arch::naked_asm,
    ffi::{CStr, OsString, c_char, c_int, c_void},
    os::unix::ffi::OsStringExt,
    sync::{Mutex, PoisonError},
};

use super::next_symbol::DLOPEN;
use crate::platform::Owner;

/// By owner, the names that were opened on its behalf. `dlopen` allocates and waits in any case.
static OPENED: Mutex<Vec<(Owner, OsString)>> = Mutex::new(Vec::new());

/// The names that an owner has opened libraries by. Whether they are open still, nobody knows.
#[must_use]
pub fn opened_by(owner: Owner) -> Vec<OsString> {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let names = opened.iter().filter(|(whose, _)| *whose == owner);
    names.map(|(_, name)| name.clone()).collect()
}

/// The names that anybody else has opened libraries by.
#[must_use]
pub fn opened_by_others(owner: Owner) -> Vec<OsString> {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let names = opened.iter().filter(|(whose, _)| *whose != owner);
    names.map(|(_, name)| name.clone()).collect()
}

/// Forgets what an owner has opened.
pub fn forget_opened_by(owner: Owner) {
    OPENED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|(whose, _)| *whose != owner);
}

/// libc's function, behind a note.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void {
    #[cfg(target_arch = "x86_64")]
    naked_asm!(
        "endbr64",
        "push rdi",
        "push rsi",
        "sub rsp, 8",
        "call {note}",
        "add rsp, 8",
        "pop rsi",
        "pop rdi",
        "jmp rax",
        note = sym note,
    );
    #[cfg(target_arch = "aarch64")]
    naked_asm!(
        "hint #34",
        "stp x29, x30, [sp, #-32]!",
        "stp x0, x1, [sp, #16]",
        "bl {note}",
        "mov x16, x0",
        "ldp x0, x1, [sp, #16]",
        "ldp x29, x30, [sp], #32",
        "br x16",
        note = sym note,
    );
}

/// Notes a name; where to go on.
///
/// # Safety
///
/// As libc's `dlopen`.
unsafe extern "C" fn note(file: *const c_char) -> *const c_void {
    let owner = Owner::current();
    if !owner.is_host() && !file.is_null() {
        // SAFETY: a string of the caller's.
        let name = unsafe { CStr::from_ptr(file) };
        let name = OsString::from_vec(name.to_bytes().to_vec());
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if !opened.contains(&(owner, name.clone())) {
            opened.push((owner, name));
        }
    }
    let real = DLOPEN.find();
    if real.is_null() {
        return refuse as *const c_void;
    }
    real
}

/// There is no `dlopen`, so nothing is opened.
extern "C" fn refuse(_file: *const c_char, _flags: c_int) -> *mut c_void {
    std::ptr::null_mut()
}
