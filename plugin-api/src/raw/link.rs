//! Sender to the host, from any thread of the plugin, for as long as `run` lasts.

use std::sync::{PoisonError, RwLock};

use crate::abi::{Bytes, HostHandle, Message, Record, send_status};

/// The host of this copy of the library; `None` before and after `run`.
///
/// A lock and not a plain static: a stray thread that logs after `run` has returned must find nothing rather than a host
/// that has moved on. Senders share it, `close` waits for them.
static HOST: RwLock<Option<HostHandle>> = RwLock::new(None);

/// A way to the host. Copies are the same way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link(());

/// Reason for which the host did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendError {
    Refused,
    Closed,
}

impl Link {
    /// # Safety
    ///
    /// `host` stays valid until [`close`] has returned.
    pub(crate) unsafe fn open(host: HostHandle) -> Self {
        *HOST.write().unwrap_or_else(PoisonError::into_inner) = Some(host);
        Self(())
    }

    /// The way to the host, if there is one right now.
    pub(crate) fn current() -> Self {
        Self(())
    }

    /// Sends one message; the host copies it before this returns.
    pub(crate) fn send(
        self,
        kind: u16,
        status: u16,
        id: u64,
        head: &[u8],
        body: &[u8],
    ) -> Result<(), SendError> {
        let host = HOST.read().unwrap_or_else(PoisonError::into_inner);
        let Some(host) = *host else {
            return Err(SendError::Closed);
        };
        let message = Message {
            id,
            kind,
            status,
            head: Bytes::of(head),
            body: Bytes::of(body),
            ..Message::EMPTY
        };
        // SAFETY: `open`'s caller keeps the handle valid until `close`, which waits for the lock we hold; the message and
        // the slices live until the call returns.
        let code = unsafe { host.vtable.send()(host.ctx, (&raw const message).cast()) };
        match code {
            send_status::TAKEN => Ok(()),
            send_status::CLOSED => Err(SendError::Closed),
            _ => Err(SendError::Refused),
        }
    }
}

/// Ends every way to the host; waits for sends that are under way.
pub(super) fn close() {
    *HOST.write().unwrap_or_else(PoisonError::into_inner) = None;
}
