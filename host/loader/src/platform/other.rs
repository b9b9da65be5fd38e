//! A platform that nobody has written yet: what is not known is `None` or an error, and nothing is made up.
//!
//! A plugin's mailbox can't be made here, so no plugin is loaded.

#![allow(missing_docs, reason = "they are the others' twins")]

pub(crate) mod wake {
    use std::io;

    /// There is none.
    #[derive(Debug)]
    pub enum WakeSignal {}

    impl WakeSignal {
        pub fn new() -> io::Result<Self> {
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this platform has no mailbox signal yet",
            ))
        }

        pub fn raise(&self) {
            match *self {}
        }

        pub fn handle(&self) -> i32 {
            match *self {}
        }

        pub fn take(&self) -> bool {
            match *self {}
        }
    }
}

pub(crate) mod library_files {
    use crate::platform::{FileFault, LibraryFile};

    /// Any file may be one.
    pub const MAGIC: &[u8] = b"";

    pub fn read(_bytes: &[u8]) -> Result<LibraryFile<'_>, FileFault> {
        Err(FileFault::UnknownFormat)
    }

    pub fn functions(_bytes: &[u8]) -> Vec<(u64, &str)> {
        Vec::new()
    }
}

pub(crate) mod process {
    use std::{collections::BTreeMap, path::Path, time::Duration};

    use crate::platform::{Image, Tid};

    #[must_use]
    pub fn images() -> Vec<Image> {
        Vec::new()
    }

    #[must_use]
    pub fn mapped_bytes(_path: &Path) -> Option<u64> {
        None
    }

    #[must_use]
    pub fn open_fds() -> Option<BTreeMap<i32, String>> {
        None
    }

    #[must_use]
    pub fn descriptor_limit() -> Option<u64> {
        None
    }

    #[must_use]
    pub fn thread_count() -> Option<usize> {
        None
    }

    #[must_use]
    pub fn thread_cpu_time(_tid: Tid) -> Option<Duration> {
        None
    }

    #[must_use]
    pub fn current_thread() -> Tid {
        0
    }

    #[must_use]
    pub fn has_thread(_tid: Tid) -> Option<bool> {
        None
    }

    #[must_use]
    pub fn is_about_itself(_target: &Path) -> bool {
        false
    }

    #[must_use]
    pub fn resident_bytes() -> Option<u64> {
        None
    }
}

pub(crate) use super::finished_threads as threads;

pub(crate) mod files {
    use std::{
        fs::{File, Metadata, OpenOptions},
        io,
        path::Path,
    };

    /// One file is not told from another.
    pub fn identity(_metadata: &Metadata) -> (u64, u64) {
        (0, 0)
    }

    pub fn version(_metadata: &Metadata) -> (u64, i64, i64) {
        (0, 0, 0)
    }

    pub fn create_executable(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    pub fn is_noexec(_folder: &Path) -> bool {
        false
    }

    /// Done by nobody: not every system opens folders.
    pub fn sync_folder(_folder: &Path) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) mod child {
    use std::{
        env, io,
        path::{Path, PathBuf},
        process::{Command, ExitStatus},
        time::Duration,
    };

    pub fn this_program() -> io::Result<PathBuf> {
        env::current_exe()
    }

    pub fn command(program: &Path) -> Command {
        Command::new(program)
    }

    pub fn installed_program() -> io::Result<PathBuf> {
        env::current_exe()
    }

    pub fn take_name() {}

    /// Not done: the parent kills what hangs, while it is there.
    pub fn end_after(_deadline: Duration) {}

    pub fn was_late(_status: ExitStatus) -> bool {
        false
    }

    pub fn ending(status: ExitStatus) -> String {
        match status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => "ended".into(),
        }
    }
}

pub(crate) mod cells {
    use std::{
        ffi::OsString,
        io::{self, Read, Write},
        path::Path,
        process::ExitStatus,
        time::Duration,
    };

    use super::{crash::SharedCrumbs, wake::WakeSignal};

    /// There is none: nobody has written it yet.
    #[derive(Debug)]
    pub enum Link {}

    #[derive(Debug, Clone, Copy, Default)]
    pub struct Ready {
        pub came: bool,
        pub raised: bool,
    }

    /// As above.
    #[derive(Debug)]
    pub enum Process {}

    fn unsupported() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "this platform has no processes of plugins yet",
        )
    }

    impl Link {
        pub fn wait(&self, _signal: &WakeSignal, _writes: bool) -> io::Result<Ready> {
            match *self {}
        }

        pub fn ends_within(&self, _patience: Duration) -> io::Result<bool> {
            match *self {}
        }

        pub const fn now(&self) -> &Self {
            self
        }

        pub const fn handle(&self) -> i32 {
            match *self {}
        }
    }

    impl Read for &Link {
        fn read(&mut self, _out: &mut [u8]) -> io::Result<usize> {
            match **self {}
        }
    }

    impl Write for &Link {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            match **self {}
        }

        fn flush(&mut self) -> io::Result<()> {
            match **self {}
        }
    }

    impl Process {
        pub const fn pid(&self) -> u32 {
            match *self {}
        }

        pub fn kill(&self) {
            match *self {}
        }

        pub fn wait(&self, _grace: Duration) -> Option<ExitStatus> {
            match *self {}
        }
    }

    pub fn start(
        _executable: &Path,
        _arguments: &[OsString],
        _crumbs: Option<&SharedCrumbs>,
    ) -> io::Result<(Link, Process)> {
        Err(unsupported())
    }

    #[must_use]
    pub fn memory_of(_pid: u32) -> Option<u64> {
        None
    }

    #[must_use]
    pub fn cpu_time_of(_pid: u32) -> Option<Duration> {
        None
    }

    pub fn enter() -> io::Result<(Link, Option<SharedCrumbs>)> {
        Err(unsupported())
    }

    pub fn limit_memory(_bytes: u64) -> io::Result<()> {
        Err(unsupported())
    }

    pub fn give_way(_niceness: u8) {}

    pub fn abort() -> ! {
        std::process::abort()
    }

    pub fn leave(code: i32) -> ! {
        std::process::exit(code)
    }
}

pub(crate) mod cgroups {
    #[derive(Debug, Clone, Copy)]
    #[allow(dead_code, reason = "nothing limits it here")]
    pub struct Share {
        pub percent: u32,
        pub memory_bytes: Option<u64>,
    }

    /// There is none.
    #[derive(Debug)]
    pub enum Cgroup {}

    impl Cgroup {
        pub fn with(_pid: u32, _share: Share) -> Result<Self, String> {
            Err("this platform has no groups of processes yet".into())
        }
    }
}

pub(crate) mod sandbox {
    use std::path::Path;

    #[must_use]
    pub fn enter(_library: &Path) -> Vec<String> {
        vec!["anything to close a process in with".into()]
    }
}

pub(crate) mod crash {
    use std::{io, path::Path};

    use crate::crumb_layout::Layout;

    /// There is none.
    #[derive(Debug)]
    pub enum SharedCrumbs {}

    fn unsupported() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "this platform has no memory that outlives a process yet",
        )
    }

    pub fn open(_path: &Path) -> io::Result<(Vec<u8>, &'static Layout)> {
        Err(unsupported())
    }

    impl SharedCrumbs {
        pub fn new() -> io::Result<Self> {
            Err(unsupported())
        }

        pub fn map(&self) -> io::Result<&'static Layout> {
            match *self {}
        }

        pub fn read(&self, _out: &mut [u8], _at: usize) -> io::Result<()> {
            match *self {}
        }
    }

    pub fn is_cell() {}

    pub fn install(_crumbs: &'static Layout) -> bool {
        false
    }

    pub fn monotonic_ms() -> u64 {
        0
    }
}

pub(crate) mod stack {
    use std::path::PathBuf;

    #[derive(Debug)]
    #[allow(dead_code, reason = "nothing unwinds it here")]
    pub struct SavedStack {
        pub pc: u64,
        pub sp: u64,
        pub fp: u64,
        pub lr: u64,
        pub words: Vec<u64>,
    }

    #[derive(Debug, Clone)]
    pub struct Mapped {
        pub low: u64,
        pub high: u64,
        pub base: u64,
        pub path: PathBuf,
    }

    impl SavedStack {
        pub fn addresses(&self, _libraries: &[Mapped]) -> Vec<u64> {
            vec![self.pc]
        }
    }
}

pub(crate) mod signals {
    pub fn name(_signal: i32) -> Option<&'static str> {
        None
    }
}

pub mod memory {
    pub fn return_large_buffers() {}

    pub fn trim() {}
}
