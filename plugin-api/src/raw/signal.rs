//! Wake signal of the mailbox: what the runtime waits for while there are no frames. All of the boundary that depends on the platform.
//!
//! A platform gives a type `WakeSignal` with `watch` and `wait`. On Unix the host's `MailboxHandle::signal` is a descriptor.

pub(crate) use platform::WakeSignal;

#[cfg(unix)]
mod platform {
    use std::{
        io,
        os::fd::{AsRawFd, RawFd},
    };

    use tokio::io::{Interest, unix::AsyncFd};

    use crate::raw::inbox::Inbox;

    /// The host's descriptor, borrowed: watched, never read, never closed.
    struct Borrowed(RawFd);

    impl AsRawFd for Borrowed {
        fn as_raw_fd(&self) -> RawFd {
            self.0
        }
    }

    /// The mailbox's signal, watched.
    pub(crate) struct WakeSignal(AsyncFd<Borrowed>);

    impl WakeSignal {
        /// Watches the signal of a mailbox; only inside the runtime.
        pub(crate) fn watch(inbox: &Inbox) -> io::Result<Self> {
            let signal = Borrowed(inbox.signal());
            // SAFETY: the descriptor is the host's and stays open until `run` returns, which is after the runtime (and with
            // it this registration) is gone; nobody replaces it meanwhile, says `MailboxHandle::signal`.
            unsafe { AsyncFd::register_with_interest(signal, Interest::READABLE) }
                .map(Self)
                .map_err(io::Error::from)
        }

        /// Until the host has signalled. Never reads: the reactor watches edges, and each write of the host's is one.
        pub(crate) async fn wait(&self) -> io::Result<()> {
            self.0.readable().await?.clear_ready();
            Ok(())
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{convert::Infallible, io};

    use crate::raw::inbox::Inbox;

    /// There is none: nobody has written it yet.
    pub(crate) struct WakeSignal(Infallible);

    impl WakeSignal {
        pub(crate) fn watch(_inbox: &Inbox) -> io::Result<Self> {
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this platform has no mailbox signal yet",
            ))
        }

        pub(crate) async fn wait(&self) -> io::Result<()> {
            match self.0 {}
        }
    }
}
