//! A plugin that does what it is told, good and bad; the torture test compiles it under a dozen names.

use std::{cell::Cell, ffi::c_void, ptr, sync::atomic::{AtomicU64, Ordering::Relaxed}, time::Duration};

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Counter::default()) })
        // Without it, what a handler changes behind its `.await` would be lost by a reload, as the documentation says.
        .strict_handoff()
        .description("Does what it is told")
        .command(
            Command::new(env!("CARGO_PKG_NAME"), "Does what it is told")
                .option(CommandOption::string("what", "What to do").required())
                .option(CommandOption::integer("ms", "For how long"))
                .run(|ctx: CommandContext<Counter>| {
                    // Not in the future: in the call that makes it.
                    if ctx.option::<String>("what").is_ok_and(|what| what == "panic_early") {
                        panic!("before there is a future");
                    }
                    obey(ctx)
                }),
        )
        .on_save(|counter| State::new(1, &counter.0))
        .on_restore(|counter, state| {
            counter.0.set(state.read()?);
            Ok(())
        })
});

#[derive(Default)]
struct Counter(Cell<u64>);

async fn obey(ctx: CommandContext<Counter>) -> Result {
    let what: String = ctx.option("what")?;
    let time = Duration::from_millis(ctx.option::<Option<i64>>("ms")?.unwrap_or(0).unsigned_abs());
    match &*what {
        "add" => {}
        "sleep" => tokio::time::sleep(time).await,
        "block" => std::thread::sleep(time),
        "panic" => panic!("in the future"),
        "fail" => return Err(Error::new("as it was told")),
        "leak" => std::mem::forget(vec![1u8; 100_000]),
        "short_thread" => raw_thread(200),
        "long_thread" => raw_thread(u64::MAX),
        // Ignored by default, so that one that comes late harms nobody.
        "signal" => take_signal(SIGWINCH),
        "hosts_signal" => take_signal(SIGTERM),
        "abort" => std::process::abort(),
        // SAFETY: ends this thread, which is the plugin's own, without a word to anybody: no destructor runs.
        "exit" => unsafe {
            syscall(EXIT, 0);
        },
        other => return Err(Error::user(format!("`{other}` is not what I do"))),
    }
    let count = ctx.state().0.get() + 1;
    ctx.state().0.set(count);
    ctx.reply(format!("{} counts {count}", env!("CARGO_PKG_NAME"))).await
}

/// The system call that ends one thread.
#[cfg(target_arch = "x86_64")]
const EXIT: i64 = 60;
#[cfg(not(target_arch = "x86_64"))]
const EXIT: i64 = 93;

const SIGTERM: i32 = 15;
const SIGWINCH: i32 = 28;

unsafe extern "C" {
    fn pthread_create(
        thread: *mut usize,
        attributes: *const c_void,
        start: extern "C" fn(*mut c_void) -> *mut c_void,
        argument: *mut c_void,
    ) -> i32;
    fn pthread_detach(thread: usize) -> i32;
    fn syscall(number: i64, ...) -> i64;
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn usleep(microseconds: u32) -> i32;
}

static TICKS: AtomicU64 = AtomicU64::new(0);

/// Code of the library, run by a thread that nobody joins.
extern "C" fn tick(times: *mut c_void) -> *mut c_void {
    let mut left = times.addr() as u64;
    while left > 0 {
        left -= 1;
        TICKS.fetch_add(1, Relaxed);
        // SAFETY: no preconditions.
        unsafe { usleep(500) };
    }
    ptr::null_mut()
}

fn raw_thread(times: u64) {
    let mut thread = 0;
    // SAFETY: the function takes any number for its argument.
    unsafe {
        let failed = pthread_create(
            &raw mut thread,
            ptr::null(),
            tick,
            ptr::without_provenance_mut(times as usize),
        );
        assert_eq!(failed, 0);
        pthread_detach(thread);
    }
}

extern "C" fn count_signal(_: i32) {
    TICKS.fetch_add(1, Relaxed);
}

fn take_signal(number: i32) {
    // SAFETY: the handler does nothing that a handler may not.
    unsafe { signal(number, count_signal) };
}
