//! Tests of plugins that live in processes of their own.

mod life;

use std::sync::Arc;

use host_loader::cell::Cell;

use crate::support::Fixture;

/// All in cells.
const IN_CELLS: &str = "[isolation]\ndefault = \"process\"";

/// The cell of a plugin that serves.
fn cell(bot: &Fixture, plugin: &str) -> Option<Arc<Cell>> {
    let all = bot.plugins().status();
    let status = all.into_iter().find(|status| status.plugin.is(plugin))?;
    status.serving?.cell
}

/// Whether there is a process of that number.
fn is_alive(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

/// Ends a process as nothing can catch.
fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
