//! Plugin that takes of the process whatever a plugin may, and leaves most of it behind: for 10,000 reloads.
//!
//! It has a tokio runtime of its own with two threads, a thread of std's, one of C++ (`foreign.cpp`), open files and a socket, thread-locals with
//! destructors on its thread and on others, statics that leak, a timer that calls back, a key and a signal that it does not give back.
//! What it ends at its stop is what no host can end for it: its threads, and its descriptors.

use std::{
    cell::RefCell,
    collections::HashMap,
    fs::{self, File},
    net::TcpListener,
    sync::{
        Mutex, OnceLock,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::with_state(|host| async move { Held::take(&host) })
        .description("Takes of the process whatever a plugin may")
        .command(Command::new("work", "Uses all of it").run(work))
        .on_save(|held| State::new(1, &*held.counted.borrow()))
        .on_restore(|held, state| {
            *held.counted.borrow_mut() = state.read()?;
            Ok(())
        })
});

unsafe extern "C" {
    /// Starts a thread, a timer, makes a key and takes a signal; below 0 it failed.
    fn foreign_start() -> i32;
    /// Ends the thread, and nothing else.
    fn foreign_stop();
    /// How often the thread has run.
    fn foreign_turns() -> i32;
}

/// With a destructor: what keeps a library mapped when it is run on a thread of the host's.
struct Noisy(Vec<u64>);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.clear();
    }
}

thread_local! {
    static SEEN: RefCell<HashMap<String, Noisy>> = RefCell::new(HashMap::new());
}

static WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LEAK: OnceLock<Vec<Box<[u8]>>> = OnceLock::new();

/// What it holds for as long as it lives.
struct Held {
    counted: RefCell<u64>,
    runtime: Option<tokio::runtime::Runtime>,
    worker: Option<(Sender<u64>, JoinHandle<()>)>,
    _files: Vec<File>,
    _socket: TcpListener,
}

impl Held {
    fn take(host: &Host) -> Result<Self> {
        // SAFETY: once a generation; `Drop` is its counterpart.
        let started = unsafe { foreign_start() };
        if started < 0 {
            return Err(Error::new(format!("C++ could not start: {started}")));
        }
        LEAK.get_or_init(|| (0..500).map(|_| vec![7; 128].into_boxed_slice()).collect());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()?;
        runtime.spawn(async {
            loop {
                note("tokio");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let (tell, told) = channel();
        let worker = thread::spawn(move || {
            for number in told {
                note("thread");
                WORDS.lock().unwrap().push(format!("{number} words"));
            }
        });
        host.every(Duration::from_millis(5), || async { Ok(()) });
        let files = (0..8)
            .map(|_| File::open("/proc/self/exe"))
            .collect::<std::io::Result<_>>();
        Ok(Self {
            counted: RefCell::new(0),
            runtime: Some(runtime),
            worker: Some((tell, worker)),
            _files: files?,
            _socket: TcpListener::bind("127.0.0.1:0")?,
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Not waited for: its threads end by themselves, as many a plugin's do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if let Some((tell, worker)) = self.worker.take() {
            drop(tell);
            let _ = worker.join();
        }
        // SAFETY: the counterpart of `foreign_start`.
        unsafe { foreign_stop() };
    }
}

fn note(who: &str) {
    SEEN.with_borrow_mut(|seen| {
        let noisy = seen
            .entry(who.to_owned())
            .or_insert_with(|| Noisy(Vec::new()));
        noisy.0.push(1);
        noisy.0.truncate(64);
    });
}

async fn work(ctx: CommandContext<Held>) -> Result {
    note("handler");
    let held = ctx.state();
    *held.counted.borrow_mut() += 1;
    if let Some((tell, _)) = &held.worker {
        tell.send(*held.counted.borrow())
            .map_err(|_| Error::new("the thread is gone"))?;
    }
    let path = std::env::temp_dir().join(format!("hostile-{}", std::process::id()));
    fs::write(&path, "some words")?;
    let size = tokio::task::spawn_blocking(move || {
        note("blocking");
        fs::read(&path).map(|bytes| bytes.len())
    });
    let size = size.await??;
    tracing::debug!(size, "worked");
    let late = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
    debug_assert!(late.is_err());
    // SAFETY: reads a counter.
    let turns = unsafe { foreign_turns() };
    ctx.reply(format!("worked {size} {}", turns >= 0)).await
}
