//! A plugin that crashes the bot on request, in the ways that its host can't prevent.

use plugin_api::prelude::*;

export_plugin!(|| {
    let how = CommandOption::string("how", "How to fall").required();
    Plugin::with_state(start)
        .description("Crashes the bot on request")
        .command(Command::new("fall", "Falls").option(how).run(fall))
});

/// Where there is a file of this name, it crashes the bot as soon as it starts, and on a thread of the host's.
async fn start(_: Host) -> Result<()> {
    if std::path::Path::new("doomed").exists() {
        crash_elsewhere();
    }
    Ok(())
}

unsafe extern "C" {
    fn getpid() -> i32;
    fn raise(signal: i32) -> i32;
    fn free(block: *mut u8);
    fn syscall(number: i64, ...) -> i64;
}

async fn fall(ctx: CommandContext<()>) -> Result {
    let how: String = ctx.option("how")?;
    match &*how {
        "null" => touch_nothing(),
        "overflow" => drop(call_itself(1)),
        "jump" => jump_nowhere(),
        "abort" => raise_abort(),
        "heap" => free_what_is_none(),
        "exit" => exit_past_libc(),
        "thread" => drop(std::thread::Builder::new().name("digger".into()).spawn(touch_nothing)),
        "thread-overflow" => drop(std::thread::spawn(|| call_itself(1))),
        "later" => {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            touch_nothing();
        }
        "wait" => {}
        _ => return ctx.reply("still here").await,
    }
    // A thread may take its time.
    std::future::pending().await
}

#[inline(never)]
fn touch_nothing() {
    // Not null itself, which std would look for.
    unsafe { std::ptr::write_volatile(std::hint::black_box(8_usize) as *mut u32, 1) }
}

#[inline(never)]
fn call_itself(depth: u64) -> u64 {
    let block = std::hint::black_box([depth; 64]);
    if block[0] == 0 { 0 } else { call_itself(block[0] + 1) + block[63] }
}

#[inline(never)]
fn jump_nowhere() {
    let nowhere: fn() = unsafe { std::mem::transmute(std::hint::black_box(16_usize)) };
    nowhere();
}

#[inline(never)]
fn raise_abort() {
    const SIGABRT: i32 = 6;
    unsafe { raise(SIGABRT) };
}

#[inline(never)]
fn free_what_is_none() {
    let mut block = [7_u64; 16];
    unsafe { free(std::hint::black_box(block.as_mut_ptr()).cast::<u8>().add(16)) };
}

/// The process's first thread has its number, and runs nothing of a plugin's.
fn crash_elsewhere() {
    const TGKILL: i64 = if cfg!(target_arch = "x86_64") { 234 } else { 131 };
    const SIGSEGV: i64 = 11;
    unsafe {
        let process = i64::from(getpid());
        syscall(TGKILL, process, process, SIGSEGV);
    }
    loop {
        std::thread::park();
    }
}

#[inline(never)]
fn exit_past_libc() {
    const EXIT_GROUP: i64 = if cfg!(target_arch = "x86_64") { 231 } else { 94 };
    unsafe { syscall(EXIT_GROUP, 0) };
}
