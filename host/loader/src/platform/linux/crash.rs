//! Crash handler: notes in the crumbs what a thread has died of, and lets it die.
//!
//! It runs on a thread that may have broken anything. So it calls what is async-signal-safe alone (`man 7 signal-safety`), takes no
//! lock, allocates nothing, and reads the stack by a system call that fails where a plain read would crash once more. It
//! follows no frames: it keeps registers and stack, and the next process unwinds them (`stack.rs`).

use std::{
    ffi::{c_int, c_void},
    fs::{File, OpenOptions},
    io::{self, Read},
    mem,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::fs::{FileExt, OpenOptionsExt},
    },
    path::Path,
    ptr,
    sync::atomic::{
        AtomicBool, AtomicPtr,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::fs::{
    FlockOperation, MemfdFlags, SealFlags, fcntl_add_seals, flock, ftruncate, memfd_create,
};

use crate::{
    crumb_layout::{Image, Layout, STACK},
    platform::Owner,
};

/// What a plugin's faults arrive as.
const SIGNALS: [c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGABRT,
];

/// How long a child of the dead process that has not begun its own program yet may hold the file.
const HELD: Duration = Duration::from_millis(500);

/// Whether this process is a cell: the bot itself tells of its end.
static IS_CELL: AtomicBool = AtomicBool::new(false);

/// The crumbs of this process.
static CRUMBS: AtomicPtr<Layout> = AtomicPtr::new(ptr::null_mut());

/// Opens the file of crumbs for this process alone, for as long as it lives: what the last process has left in it, and the
/// memory that it is from now on, all zeros.
///
/// # Errors
///
/// Another process has it, or it can't be made at its full size: without that, a full disk would end the process at a write
/// to this memory.
pub fn open(path: &Path) -> io::Result<(Vec<u8>, &'static Layout)> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    lock(&file)?;
    let mut left = Vec::new();
    Read::by_ref(&mut file)
        .take(2 * Layout::BYTES as u64)
        .read_to_end(&mut left)?;
    file.set_len(0)?;
    // SAFETY: a descriptor of ours; the answer is an error's number.
    let made = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, Layout::BYTES as libc::off_t) };
    if made != 0 {
        return Err(io::Error::from_raw_os_error(made));
    }
    let crumbs = map(file.as_fd())?;
    // Kept until the process ends, and with it the lock.
    mem::forget(file);
    Ok((left, crumbs))
}

/// The memory behind a file of this size, for as long as the process lives. It is all zeros, or of this layout, and is never shortened.
fn map(file: BorrowedFd<'_>) -> io::Result<&'static Layout> {
    // SAFETY: a mapping of a new place.
    let place = unsafe {
        libc::mmap(
            ptr::null_mut(),
            Layout::BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    if place == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as large as a layout, aligned to a page, never unmapped, and words, which may be anything.
    Ok(unsafe { &*place.cast::<Layout>() })
}

/// Crumbs of a cell, in memory that has no name: the cell maps them, the bot reads them as a file. So a cell that writes into them what it
/// likes, or has them shortened, which is sealed, costs the bot nothing.
#[derive(Debug)]
pub struct SharedCrumbs(File);

impl SharedCrumbs {
    /// New ones, all zeros.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let memory = memfd_create("crumbs", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&memory, Layout::BYTES as u64)?;
        fcntl_add_seals(
            &memory,
            SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
        )?;
        Ok(Self(memory.into()))
    }

    /// The memory, for the process that it is about.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn map(&self) -> io::Result<&'static Layout> {
        map(self.0.as_fd())
    }

    /// As much as fits of what lies there, from an offset in bytes on.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn read(&self, out: &mut [u8], at: usize) -> io::Result<()> {
        self.0.read_exact_at(out, at as u64)
    }
}

impl AsFd for SharedCrumbs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for SharedCrumbs {
    fn from(memory: OwnedFd) -> Self {
        Self(memory.into())
    }
}

fn lock(file: &File) -> io::Result<()> {
    let began = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(error) if began.elapsed() > HELD => return Err(error.into()),
            Err(_) => sleep(Duration::from_millis(5)),
        }
    }
}

/// From here on the crash of any thread is noted in these crumbs; false where a sanitizer reports crashes itself.
///
/// To be called before any plugin is opened: what is in force then, no plugin can take.
pub fn install(crumbs: &'static Layout) -> bool {
    CRUMBS.store(ptr::from_ref(crumbs).cast_mut(), Release);
    if cfg!(sanitized) {
        return false;
    }
    for signal in SIGNALS {
        // SAFETY: all zeros is an action without flags, and the handler has the signature that `SA_SIGINFO` asks for.
        unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            action.sa_sigaction = crashed as *const () as usize;
            // On a stack of its own, as the thread's may be what has run out. Once: what comes next has the default's end.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND;
            libc::sigfillset(&raw mut action.sa_mask);
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
    }
    true
}

/// This process is a cell: what is said on standard error at its crash is said of that.
pub fn is_cell() {
    IS_CELL.store(true, Relaxed);
}

/// Milliseconds of the monotonic clock, as plugins write them into their crumbs.
pub fn monotonic_ms() -> u64 {
    clock(libc::CLOCK_MONOTONIC_COARSE)
}

fn clock(which: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is ours to write.
    unsafe { libc::clock_gettime(which, &raw mut time) };
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
}

/// The signal handler. When it returns, the faulting instruction is run once more and ends the process by the signal's default:
/// the parent sees the true signal.
///
/// # Safety
///
/// Called by the kernel.
unsafe extern "C" fn crashed(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: `install` put it there for ever.
    let crumbs = unsafe { CRUMBS.load(Acquire).as_ref() };
    // SAFETY: no preconditions. A child between `fork` and its own program shares this memory, and is not the bot.
    let pid = unsafe { libc::getpid() } as u64;
    // SAFETY: the kernel's.
    let (info, context) = unsafe { (&*info, &*context.cast::<libc::ucontext_t>()) };
    if let Some(crumbs) = crumbs.filter(|crumbs| crumbs.pid.load(Relaxed) == pid)
        && crumbs
            .crash
            .state
            .compare_exchange(0, 1, AcqRel, Relaxed)
            .is_ok()
    {
        note(crumbs, signal, info, context);
    }
    // A signal that somebody has sent does not come again by itself.
    if info.si_code <= 0 {
        // SAFETY: to this thread; it arrives when we return, and finds the default.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::gettid(), signal) };
    }
}

fn note(crumbs: &Layout, signal: c_int, info: &libc::siginfo_t, context: &libc::ucontext_t) {
    let crash = &crumbs.crash;
    let registers = Registers::of(context);
    // What tells most comes first: the end may come from another thread meanwhile.
    crash.owner.store(Owner::current().number().into(), Relaxed);
    crash.signal.store(signal as u64, Relaxed);
    crash.code.store(i64::from(info.si_code) as u64, Relaxed);
    // SAFETY: no preconditions.
    crash.tid.store(unsafe { libc::gettid() } as u64, Relaxed);
    crash.pc.store(registers.pc, Relaxed);
    crash.sp.store(registers.sp, Relaxed);
    crash.fp.store(registers.fp, Relaxed);
    crash.lr.store(registers.lr, Relaxed);
    // SAFETY: which of the two is there is told by the code.
    unsafe {
        if info.si_code <= 0 {
            crash.sender.store(info.si_pid() as u64, Relaxed);
        } else {
            crash.address.store(info.si_addr().addr() as u64, Relaxed);
        }
    }
    crash.monotonic_ms.store(monotonic_ms(), Relaxed);
    crash.at_ms.store(clock(libc::CLOCK_REALTIME), Relaxed);
    let mut name = [0_u8; 16];
    // SAFETY: the kernel writes 16 bytes at most.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    let length = name.iter().position(|byte| *byte == 0).unwrap_or(16);
    crash.thread.set(&name[..length]);
    keep_stack(crumbs, registers.sp);
    crash.state.store(2, Release);
    say(signal, &name[..length]);
}

/// Copies the stack into the crumbs, and leaves nothing of it but addresses.
fn keep_stack(crumbs: &Layout, sp: u64) {
    const PAGE: u64 = 4096;
    let bytes = 8 * STACK as u64;
    let stack = crumbs.crash.stack.as_ptr().cast_mut();
    let end = sp.saturating_add(bytes);
    let mut at = sp;
    while at < end {
        // Page by page: the stack may end below.
        let next = (at / PAGE * PAGE + PAGE).min(end);
        let from = libc::iovec {
            iov_base: ptr::without_provenance_mut(at as usize),
            iov_len: (next - at) as usize,
        };
        let to = libc::iovec {
            iov_base: stack.wrapping_byte_add((at - sp) as usize).cast(),
            ..from
        };
        // SAFETY: the kernel reads what is there, and fails where nothing is, as at the first page of a stack that has
        // overflowed. There is room for all of it, and nobody else writes there.
        unsafe { libc::process_vm_readv(libc::getpid(), &raw const to, 1, &raw const from, 1, 0) };
        at = next;
    }
    for word in &crumbs.crash.stack {
        let value = word.load(Relaxed);
        let is_address =
            (sp..end).contains(&value) || crumbs.images.iter().any(|it| is_in(it, value));
        if !is_address {
            word.store(0, Relaxed);
        }
    }
}

fn is_in(image: &Image, address: u64) -> bool {
    (image.low.load(Relaxed)..image.high.load(Relaxed)).contains(&address)
}

/// The registers that a stack is unwound from.
struct Registers {
    pc: u64,
    sp: u64,
    fp: u64,
    lr: u64,
}

impl Registers {
    #[cfg(target_arch = "x86_64")]
    fn of(context: &libc::ucontext_t) -> Self {
        let of = |register: c_int| context.uc_mcontext.gregs[register as usize] as u64;
        Self {
            pc: of(libc::REG_RIP),
            sp: of(libc::REG_RSP),
            fp: of(libc::REG_RBP),
            lr: 0,
        }
    }

    #[cfg(target_arch = "aarch64")]
    fn of(context: &libc::ucontext_t) -> Self {
        let machine = &context.uc_mcontext;
        Self {
            pc: machine.pc,
            sp: machine.sp,
            fp: machine.regs[29],
            lr: machine.regs[30],
        }
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn of(_: &libc::ucontext_t) -> Self {
        Self {
            pc: 0,
            sp: 0,
            fp: 0,
            lr: 0,
        }
    }
}

/// A line on standard error: the log has no time left.
fn say(signal: c_int, thread: &[u8]) {
    let name = super::signals::name(signal).unwrap_or("a signal");
    let whose: &[u8] = match IS_CELL.load(Relaxed) {
        true => b"`: a plugin's cell has crashed; the bot goes on, and tells of it\n",
        false => b"`: the bot has crashed; its next start tells whose fault it was\n",
    };
    for part in [
        &b"cogwright: "[..],
        name.as_bytes(),
        b" on the thread `",
        thread,
        whose,
    ] {
        // SAFETY: bytes that live until the call returns.
        unsafe { libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len()) };
    }
}
