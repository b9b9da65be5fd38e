//! Tests of plugins that live in processes of their own.

mod crashes;
mod ends;
mod folders;
mod harm;
mod life;
mod share;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use host_loader::cell::Cell;
use tokio::time::{sleep, timeout};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// All in cells.
const IN_CELLS: &str = "[isolation]\ndefault = \"process\"";

/// The cell of a plugin that serves.
fn cell(bot: &Fixture, plugin: &str) -> Option<Arc<Cell>> {
    let all = bot.plugins().status();
    let status = all.into_iter().find(|status| status.plugin.is(plugin))?;
    status.serving?.cell
}

/// Whether there is a process of that number that has not ended.
fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z" && state != "X")
}

/// A process's state and its parent, as the kernel tells them.
fn stat(pid: u32) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may have anything in it.
    let mut words = stat[stat.rfind(')')? + 1..].split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}

/// The cells of a bot in a process of its own.
fn cells_of(bot: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|it| it.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, parent)| parent == bot))
        .filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).nth(1) == Some(b"cell")
        })
        .collect()
}

/// Waits until these processes are gone.
async fn have_ended(cells: &[u32]) {
    let ended = async {
        while cells.iter().any(|pid| is_alive(*pid)) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
}

/// Ends a process as nothing can catch.
fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// A plugin that does what a cell keeps to itself.
fn rascal() -> PathBuf {
    static RASCAL: OnceLock<PathBuf> = OnceLock::new();
    RASCAL
        .get_or_init(|| fixtures::plugin("rascal", "cells", "0.8.8", "", RASCAL_SOURCE))
        .clone()
}

const RASCAL_SOURCE: &str = r#"//! Does what a process keeps to itself.
use std::{cell::Cell, rc::Rc, time::Duration};

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("spin", "Never comes back").run(spin))
        .command(Command::new("leak", "Takes all there is").run(leak))
        .command(Command::new("crash", "Writes to nowhere").run(crash))
        .command(Command::new("overflow", "Calls itself").run(overflow))
        .command(Command::new("brood", "Blocks behind its answer").run(brood))
        .command(Command::new("quit", "Ends the process").run(quit))
        .command(Command::new("tries", "Tries what a sandbox refuses").run(tries))
        .command(Command::new("keeps", "Keeps a file by host call").run(keeps))
        .command(Command::new("heaps", "Keeps heaps of them at once").run(heaps))
});

async fn spin(_ctx: CommandContext) -> Result {
    loop {
        std::hint::spin_loop();
    }
}

async fn leak(_ctx: CommandContext) -> Result {
    loop {
        std::mem::forget(vec![1_u8; 1 << 20]);
    }
}

async fn crash(_ctx: CommandContext) -> Result {
    // SAFETY: none: this is what is to be seen.
    unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
    Ok(())
}

async fn overflow(_ctx: CommandContext) -> Result {
    std::hint::black_box(deeper(1));
    Ok(())
}

fn deeper(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    1 + deeper(room[7] + 1)
}

async fn brood(ctx: CommandContext) -> Result {
    ctx.host().spawn(async {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        std::thread::sleep(std::time::Duration::from_secs(3600));
        Ok(())
    });
    ctx.reply("broods").await
}

async fn quit(_ctx: CommandContext) -> Result {
    std::process::exit(3)
}

async fn tries(ctx: CommandContext) -> Result {
    let folder = std::env::temp_dir().join("rascal-was-here");
    let tried = [
        ("reads", std::fs::read("/etc/passwd").is_ok()),
        ("lists", std::fs::read_dir("/").is_ok()),
        ("writes", std::fs::write(&folder, "tea").is_ok()),
        ("listens", std::net::TcpListener::bind("127.0.0.1:0").is_ok()),
        ("sends", std::net::UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("starts", std::process::Command::new("/bin/true").spawn().is_ok()),
        ("threads", std::thread::spawn(|| 7).join().is_ok()),
    ];
    let _ = std::fs::remove_file(folder);
    let did: Vec<&str> = tried.iter().filter(|it| it.1).map(|it| it.0).collect();
    ctx.reply(did.join(", ")).await
}

async fn keeps(ctx: CommandContext) -> Result {
    let files = ctx.host().files();
    files.write("tea.txt", "kept").await?;
    let text = files.read_text("tea.txt").await?.unwrap_or_default();
    ctx.reply(text).await
}

async fn heaps(ctx: CommandContext) -> Result {
    const HEAPS: u8 = 16;
    let kept = Rc::new(Cell::new(0));
    for heap in 0..HEAPS {
        let (files, kept) = (ctx.host().files(), Rc::clone(&kept));
        ctx.host().spawn(async move {
            let (name, bytes) = (format!("heap-{heap}"), vec![heap; 2 << 20]);
            for _ in 0..3 {
                files.write(&name, bytes.clone()).await?;
                assert!(files.read(&name).await?.is_some_and(|read| read == bytes));
            }
            kept.set(kept.get() + 1);
            Ok(())
        });
    }
    while kept.get() < HEAPS {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ctx.reply(format!("{HEAPS} kept")).await
}
"#;
