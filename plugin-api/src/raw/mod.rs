//! Adapter between the boundary's raw records and the safe runtime: all unsafe code of a plugin.
//!
//! [`run`] is what [`export_plugin!`](crate::export_plugin) exports. Nothing here is for authors.
#![allow(
    unsafe_code,
    reason = "turns the host's pointers into owned, checked values"
)]

mod backtrace;
mod inbox;
mod link;
mod signal;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::{runtime::Builder, task::LocalSet};

pub(crate) use backtrace::addresses;
pub(crate) use inbox::{FrameGuard, Inbox};
pub(crate) use link::{Link, SendError};
pub(crate) use signal::WakeSignal;

use crate::{
    abi::{HostHandle, MailboxHandle, run_status},
    guard::{dispose, guarded},
    runtime::{self, Program, logs, panics},
};

/// How long threads of `spawn_blocking` may still run when the plugin has stopped.
const BLOCKING_GRACE: Duration = Duration::from_millis(500);

/// Runs a plugin until the host tells it to stop; returns one of [`run_status`].
///
/// # Safety
///
/// Called by the host as [`PluginModule::run`](crate::abi::PluginModule::run) says: once a generation, on its own thread,
/// with handles that stay valid until this returns.
pub unsafe fn run(host: HostHandle, mailbox: MailboxHandle, declare: fn() -> Program) -> u32 {
    // SAFETY: the caller keeps the handle valid until we return; `close` below ends every use of it before that.
    let link = unsafe { Link::open(host) };
    logs::install();
    panics::install();
    // Nothing unwinds into the host, whatever the author's code does in it.
    let status = guarded(|| {
        let program = declare();
        // SAFETY: as above, and this thread is the only one to exchange.
        serve(program, unsafe { Inbox::new(mailbox) }, link)
    });
    panics::leave();
    link::close();
    status.unwrap_or(run_status::PANICKED)
}

/// Builds the runtime, runs the main loop in it, and takes everything down on this thread.
fn serve(program: Program, inbox: Inbox, link: Link) -> u32 {
    let runtime = match Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("can't start the plugin's runtime: {error}");
            return run_status::BROKEN;
        }
    };
    let local = LocalSet::new();
    let result = guarded(|| local.block_on(&runtime, runtime::main_loop(program, inbox, link)));
    // Drop order: what still runs is dropped here, on this thread, before the runtime that it runs on.
    dispose(local);
    let _ = guarded(|| runtime.shutdown_timeout(BLOCKING_GRACE));
    match result {
        // What panicked while it was dropped has been told of; the plugin has stopped all the same.
        Ok(Ok(())) => run_status::STOPPED,
        Ok(Err(error)) => {
            tracing::error!("the plugin's main loop failed: {error}");
            run_status::BROKEN
        }
        Err(_) => run_status::PANICKED,
    }
}
