//! Adapter between the boundary's raw records and the safe runtime: all unsafe code of a plugin, and the log and the panic
//! hook, which send by it from any thread.
//!
//! [`run`] is what [`export_plugin!`](crate::export_plugin) exports. Nothing here is for authors.
#![allow(
    unsafe_code,
    reason = "turns the host's pointers into owned, checked values"
)]

mod backtrace;
mod crumb;
mod inbox;
mod link;
mod logs;
mod panics;
mod signal;
#[cfg(test)]
mod tests;

use std::fmt;

use backtrace::addresses;
pub(crate) use inbox::{FrameGuard, Inbox, Place};
pub(crate) use link::{Link, SendError};
pub(crate) use logs::{Within, set_level};
pub(crate) use signal::WakeSignal;

use crate::{
    abi::{HostHandle, MailboxHandle, run_status},
    guard::guarded,
};

/// A plugin with its types erased: what runs on its thread, between its mailbox and its host. It returns one of
/// [`run_status`].
pub struct Program(Box<dyn FnOnce(Inbox, Link) -> u32>);

impl Program {
    pub(crate) fn new(serve: impl FnOnce(Inbox, Link) -> u32 + 'static) -> Self {
        Self(Box::new(serve))
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

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
    // SAFETY: as above; `close` below takes it away again.
    unsafe { crumb::open(host) };
    // Nothing unwinds into the host, whatever the author's code does in it.
    let status = guarded(|| {
        let program = declare();
        // SAFETY: as above, and this thread is the only one to exchange.
        (program.0)(unsafe { Inbox::new(mailbox) }, link)
    });
    crumb::close();
    panics::leave();
    link::close();
    status.unwrap_or(run_status::PANICKED)
}
