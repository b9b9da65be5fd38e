//! Memory of malloc: large buffers go back to the system as soon as they are freed.

/// Above this, glibc's malloc asks the system for each block, and gives it back when it is freed.
#[cfg(target_env = "gnu")]
const LARGE_BYTES: libc::c_int = 1024 * 1024;

/// Keeps the memory of the process flat over reloads: by default glibc's threshold grows to the largest block that was ever
/// freed, and from then on a plugin file's buffer (15 MB with debug information) stays in the heap. To be called once, at the
/// start of the process.
pub fn return_large_buffers() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a parameter of malloc's; the values are within the bounds of mallopt(3).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
    }
}

/// Gives what malloc holds free back to the system: to be called before memory is measured, so that the figure is what is in
/// use, and not what once was.
pub fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc's own function; it frees nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
