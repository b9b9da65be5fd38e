//! Plugin of the fault matrix: `!fault HOW` commits one fault, `!fault not` answers. Where there is a file `faulty-start` or `faulty-stop` in the
//! bot's folder, its start or its stop hangs.

use std::{fs::File, mem, path::Path, ptr, sync::Mutex, thread, time::Duration};

use plugin_api::prelude::*;

export_plugin!(|| {
    let how = CommandOption::string("how", "Which fault").required();
    let command = Command::new("fault", "Commits a fault").option(how);
    Plugin::with_state(start)
        .description("Commits faults on request")
        .command(command.run(|ctx| {
            if ctx
                .option::<String>("how")
                .is_ok_and(|how| how == "panic-early")
            {
                panic!("before there is a future");
            }
            fault(ctx)
        }))
        .on_stop(|_| async {
            if Path::new("faulty-stop").exists() {
                for_ever();
            }
        })
});

async fn start(_: Host) -> Result<()> {
    if Path::new("faulty-start").exists() {
        for_ever();
    }
    Ok(())
}

unsafe extern "C" {
    fn raise(signal: i32) -> i32;
    fn malloc(bytes: usize) -> *mut u8;
    fn free(block: *mut u8);
    fn syscall(number: i64, ...) -> i64;
}

async fn fault(ctx: CommandContext<()>) -> Result {
    let how: String = ctx.option("how")?;
    match &*how {
        "panic" => panic!("in the handler"),
        "panic-in-drop" => drop(Late),
        "double-panic" => {
            let _late = Late;
            panic!("with a destructor that panics");
        }
        "abort" => std::process::abort(),
        "raise-abort" => raise_abort(),
        "null" => write_to_nothing(),
        "null-on-a-thread" => drop(thread::spawn(write_to_nothing)),
        "stack" => drop(call_itself(1)),
        "loop" => spin(),
        "deadlock" => lock_twice(),
        "sleep" => for_ever(),
        "heap" => take_memory(),
        "descriptors" => take_descriptors(),
        "threads" => take_threads(),
        "log" => flood_the_log(&ctx),
        "requests" => flood_discord(&ctx),
        "exit" => std::process::exit(0),
        "exit-group" => exit_past_libc(),
        "corrupted-heap" => write_behind_blocks(),
        _ => return ctx.reply("still here").await,
    }
    ctx.reply(format!("done: {how}")).await
}

/// Panics in its destructor.
struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

#[inline(never)]
fn raise_abort() {
    const SIGABRT: i32 = 6;
    // SAFETY: ends the process, as asked.
    unsafe { raise(SIGABRT) };
}

#[inline(never)]
fn write_to_nothing() {
    // Not null itself, which std would look for.
    // SAFETY: none; that is the fault.
    unsafe { ptr::write_volatile(std::hint::black_box(8_usize) as *mut u32, 1) }
}

#[inline(never)]
fn call_itself(depth: u64) -> u64 {
    let block = std::hint::black_box([depth; 64]);
    if block[0] == 0 {
        0
    } else {
        call_itself(block[0] + 1) + block[63]
    }
}

fn spin() {
    loop {
        std::hint::black_box(0);
    }
}

fn lock_twice() {
    let lock = Mutex::new(());
    let first = lock.lock();
    let second = lock.lock();
    drop((first, second));
}

fn for_ever() {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

/// Takes memory and writes to it, until there is no more.
fn take_memory() {
    loop {
        mem::forget(vec![1_u8; 1 << 20]);
    }
}

/// Opens files until it may not open another one, and keeps them.
fn take_descriptors() {
    while let Ok(file) = File::open("/dev/null") {
        mem::forget(file);
    }
}

/// Starts threads that never end, until there can be no more of them; 2,000 at most, for whoever runs this without limits.
fn take_threads() {
    for _ in 0..2000 {
        if thread::Builder::new().spawn(for_ever).is_err() {
            break;
        }
    }
}

/// Logs for as long as it lives, and lets others of its handlers run in between.
fn flood_the_log(ctx: &CommandContext<()>) {
    ctx.host().spawn(async {
        loop {
            for number in 0..1000 {
                tracing::warn!(number, "once more");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

/// Writes messages into the channel, 200 requests at once, for as long as it lives.
fn flood_discord(ctx: &CommandContext<()>) {
    let channel = ctx.channel_id();
    for _ in 0..200 {
        let host = ctx.host().clone();
        ctx.host().spawn(async move {
            loop {
                let _ = host.discord().send(channel, "flood").await;
            }
        });
    }
}

#[inline(never)]
fn exit_past_libc() {
    const EXIT_GROUP: i64 = if cfg!(target_arch = "x86_64") {
        231
    } else {
        94
    };
    // SAFETY: ends the process, as asked.
    unsafe { syscall(EXIT_GROUP, 0) };
}

/// Writes behind the ends of blocks of libc's heap, where its books are, and has libc use them.
#[inline(never)]
fn write_behind_blocks() {
    // SAFETY: none; that is the fault.
    unsafe {
        let blocks: Vec<*mut u8> = (0..64).map(|_| malloc(2000)).collect();
        for block in &blocks {
            ptr::write_bytes(block.add(2000), 0xab, 64);
        }
        for block in blocks {
            free(block);
        }
        for _ in 0..64 {
            free(malloc(1500));
        }
    }
}
