//! Backtrace of a panic as bare addresses, which the host turns into names.
//!
//! Deliberately not `std::backtrace`: it reads the library's debug information into statics, 31 MB a generation.

#[cfg(all(unix, not(miri)))]
pub(crate) use unwinder::addresses;

/// Nothing is known here.
#[cfg(not(all(unix, not(miri))))]
pub(crate) fn addresses() -> Vec<u64> {
    Vec::new()
}

#[cfg(all(unix, not(miri)))]
mod unwinder {
    use std::ffi::{c_int, c_void};

    /// Most frames that are sent.
    const FRAMES: usize = 48;

    /// The return addresses of this thread's stack, innermost first.
    pub(crate) fn addresses() -> Vec<u64> {
        let mut addresses: Vec<u64> = Vec::with_capacity(FRAMES);
        // SAFETY: the unwinder that std itself panics with; `note` gets the vector that lives until the call returns.
        unsafe { _Unwind_Backtrace(note, (&raw mut addresses).cast()) };
        addresses
    }

    extern "C" fn note(context: *mut c_void, addresses: *mut c_void) -> c_int {
        const GO_ON: c_int = 0;
        const END_OF_STACK: c_int = 5;
        // SAFETY: `addresses` is the vector of the call below us, and nobody else uses it meanwhile.
        let addresses = unsafe { &mut *addresses.cast::<Vec<u64>>() };
        if addresses.len() == FRAMES {
            return END_OF_STACK;
        }
        // SAFETY: the unwinder's own context.
        addresses.push(unsafe { _Unwind_GetIP(context) } as u64);
        GO_ON
    }

    // The Itanium C++ ABI's unwinder, which std links (https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html).
    unsafe extern "C" {
        fn _Unwind_Backtrace(
            note: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
            argument: *mut c_void,
        ) -> c_int;
        fn _Unwind_GetIP(context: *mut c_void) -> usize;
    }
}
