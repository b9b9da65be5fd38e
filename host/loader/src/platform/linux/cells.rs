//! Processes of cells: started with a socket as their standard input, ended with the bot, looked at by `/proc`.

use std::{
    ffi::OsString,
    fs,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{Child, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::{child, crash::SharedCrumbs, wake::WakeSignal};

/// Number of a process.
pub type Pid = u32;

/// What a cell's environment has of the bot's: nothing that is a secret.
const ENVIRONMENT: [&str; 8] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "TMPDIR",
    "TZ",
    "LANG",
    "LC_ALL",
    "HOME",
    "RUST_BACKTRACE",
];

/// How often it is looked whether a process has ended.
const LOOK: Duration = Duration::from_millis(1);

/// One end of the socket between the bot and a cell. The bot's does not block, so that it reads while the cell does not; the cell's does.
#[derive(Debug)]
pub struct Link(UnixStream);

/// What there is to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ready {
    /// Something has come, or the other side is gone.
    pub came: bool,
    /// The mailbox has raised its signal.
    pub raised: bool,
}

impl Link {
    /// Waits until something comes, the signal is raised, which is taken by it, or, for who has something to write, there is room.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn wait(&self, signal: &WakeSignal, writes: bool) -> io::Result<Ready> {
        let room = if writes { libc::POLLOUT } else { 0 };
        let mut both = [
            polled(&self.0, libc::POLLIN | room),
            polled(signal, libc::POLLIN),
        ];
        poll(&mut both, None)?;
        let raised = both[1].revents != 0;
        if raised {
            signal.take();
        }
        Ok(Ready {
            came: both[0].revents & !libc::POLLOUT != 0,
            raised,
        })
    }

    /// Sends the first byte, and with it the crumbs, where there are any: a descriptor more.
    fn send_crumbs(&self, crumbs: Option<&SharedCrumbs>) -> io::Result<()> {
        let fds: Vec<_> = crumbs.map(AsFd::as_fd).into_iter().collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut with = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() {
            with.push(SendAncillaryMessage::ScmRights(&fds));
        }
        sendmsg(
            &self.0,
            &[IoSlice::new(&[0])],
            &mut with,
            SendFlags::NOSIGNAL,
        )?;
        Ok(())
    }

    /// Receives what [`send_crumbs`](Self::send_crumbs) sends.
    fn receive_crumbs(&self) -> io::Result<Option<SharedCrumbs>> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut with = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let received = recvmsg(
            &self.0,
            &mut [IoSliceMut::new(&mut byte)],
            &mut with,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let fds = with.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        });
        Ok(fds.last().map(SharedCrumbs::from))
    }

    /// Waits so long at most for the other side's end; whether it has come. What is sent meanwhile wakes nobody here.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn ends_within(&self, patience: Duration) -> io::Result<bool> {
        let mut end = [polled(&self.0, libc::POLLRDHUP)];
        poll(&mut end, Some(patience))?;
        Ok(end[0].revents != 0)
    }

    /// Reads what there is: where that is nothing, it is [`io::ErrorKind::WouldBlock`].
    pub const fn now(&self) -> Now<'_> {
        Now(self)
    }

    /// Its descriptor.
    pub fn handle(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

fn polled(what: &impl AsRawFd, events: libc::c_short) -> libc::pollfd {
    libc::pollfd {
        fd: what.as_raw_fd(),
        events,
        revents: 0,
    }
}

fn poll(polled: &mut [libc::pollfd], patience: Option<Duration>) -> io::Result<()> {
    let patience = patience.map_or(-1, |it| it.as_millis().try_into().unwrap_or(i32::MAX));
    loop {
        // SAFETY: as many records of ours as we say.
        let count = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as _, patience) };
        if count >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// A [`Link`] that is read without waiting.
#[derive(Debug)]
pub struct Now<'a>(&'a Link);

impl io::Read for Now<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let out = (out.as_mut_ptr().cast(), out.len());
        // SAFETY: so many bytes of ours to be written.
        let came = unsafe { libc::recv(self.0.handle(), out.0, out.1, libc::MSG_DONTWAIT) };
        usize::try_from(came).map_err(|_| io::Error::last_os_error())
    }
}

impl io::Read for &Link {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(out)
    }
}

impl io::Write for &Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A cell's process, as the bot has it.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    child: Mutex<(Child, Option<ExitStatus>)>,
}

/// Starts the executable as a cell. It gets no descriptor of the bot's but the two for its output, and is in a process group of its
/// own: what a terminal sends to the bot does not end it before the bot has saved its state. What it is at it notes in `crumbs`.
///
/// # Errors
///
/// What the system says.
pub fn start(
    executable: &Path,
    arguments: &[OsString],
    crumbs: Option<&SharedCrumbs>,
) -> io::Result<(Link, Process)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let child = child::command(executable)
        .args(arguments)
        .env_clear()
        .envs(
            ENVIRONMENT
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .process_group(0)
        .spawn()?;
    let process = Process {
        pid: child.id(),
        child: Mutex::new((child, None)),
    };
    let link = Link(ours);
    if let Err(error) = link.send_crumbs(crumbs) {
        process.kill();
        process.wait(Duration::ZERO);
        return Err(error);
    }
    Ok((link, process))
}

impl Process {
    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// Ends it at once, if it has not ended.
    pub fn kill(&self) {
        let mut child = self.lock();
        if child.1.is_none() {
            let _ = child.0.kill();
        }
    }

    /// How it has ended. After `grace` it is killed.
    pub fn wait(&self, grace: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        let mut killed = false;
        loop {
            {
                let (child, ended) = &mut *self.lock();
                if ended.is_some() {
                    return *ended;
                }
                if let Ok(Some(status)) = child.try_wait() {
                    *ended = Some(status);
                    return Some(status);
                }
                if began.elapsed() >= grace && !killed {
                    killed = true;
                    let _ = child.kill();
                }
                // One that waits for a disk may not even be killed.
                if began.elapsed() >= grace + UNKILLABLE {
                    return None;
                }
            }
            sleep(LOOK);
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Child, Option<ExitStatus>)> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the kernel may take to end a process that was killed.
const UNKILLABLE: Duration = Duration::from_secs(5);

/// The memory of a process that is its own: neither files nor what it shares.
#[must_use]
pub fn memory_of(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The processor time of all threads of a process.
#[must_use]
pub fn cpu_time_of(pid: Pid) -> Option<Duration> {
    /// The kernel's number for "scheduled time", of a process.
    const SCHEDULED: i32 = 2;
    let clock = !i32::try_from(pid).ok()? << 3 | SCHEDULED;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is ours to write.
    let answer = unsafe { libc::clock_gettime(clock, &raw mut time) };
    (answer == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

/// The cell's own side, called first in its process: the socket, where standard input was. From here on it ends with the thread
/// that started it, lives through what ends the bot in order, and has no descriptor that it was not meant to have. With the socket comes
/// the memory for its crumbs.
///
/// # Errors
///
/// Standard input is no socket, or what the system says.
pub fn enter() -> io::Result<(Link, Option<SharedCrumbs>)> {
    child::take_name();
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // The bot tells it to stop, after it has saved its state: a terminal, or systemd, which signals all processes of the service, do not.
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: no handler, and no other thread is there.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    // SAFETY: a copy, which closes when another program begins.
    let fd = unsafe { libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a fresh descriptor that nobody else owns.
    let link = UnixStream::from(unsafe { OwnedFd::from_raw_fd(fd) });
    link.peer_addr()?;
    let nothing = fs::File::open("/dev/null")?;
    // SAFETY: two descriptors that are open. What was standard input is at `fd`.
    if unsafe { libc::dup2(nothing.as_raw_fd(), 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    drop(nothing);
    // SAFETY: nobody in this process owns one above ours yet. An older kernel does not know the call, and nothing is lost: what the
    // bot opens closes by itself.
    unsafe { libc::syscall(libc::SYS_close_range, fd + 1, libc::c_uint::MAX, 0) };
    let link = Link(link);
    let crumbs = link.receive_crumbs()?;
    Ok((link, crumbs))
}

/// Has this process get no more memory of its own than this; the next allocation fails then.
///
/// # Errors
///
/// What the system says.
pub fn limit_memory(bytes: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    Ok(setrlimit(Resource::Data, limit)?)
}

/// Has the kernel prefer others: by so much when there is too little processor time (0 to 19), and this process before the bot when it
/// has to end one for lack of memory.
pub fn give_way(niceness: u8) {
    // SAFETY: a plain system call. It can't fail: nobody needs a right to be less important.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness.into()) };
    let _ = fs::write("/proc/self/oom_score_adj", "500");
}

/// Ends this process by an abort, of which the crash handler notes where it was called.
pub fn abort() -> ! {
    // SAFETY: to this thread; where it arrives, it does not return.
    unsafe {
        libc::syscall(
            libc::SYS_tgkill,
            libc::getpid(),
            libc::gettid(),
            libc::SIGABRT,
        )
    };
    leave(134)
}

/// Ends this process without another line of anybody's code.
pub fn leave(code: i32) -> ! {
    // SAFETY: never returns.
    unsafe { libc::_exit(code) }
}
