//! Host call on its way: whose it is, and what ends it.
//!
//! A call ends with the generation that made it. Whatever it waits for then (a rate limit, a retry, a place in a queue, an
//! answer) is given up at once, and what has not begun does not begin. One exception: what changes something elsewhere and
//! has left the host ([`on_the_wire`]) is waited for, so that the log can say what became of it.

use std::{
    fmt,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
};

use plugin_api::abi::{ErrorHead, status};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::Caller;

tokio::task_local! {
    /// The call that the running task serves. The host's own work has none.
    static CURRENT: Arc<Current>;
}

/// How a host call ended.
#[derive(Debug, Default)]
pub struct Completion {
    /// One of [`status`].
    pub status: u16,
    /// JSON, or empty.
    pub head: Vec<u8>,
    /// The payload.
    pub body: Vec<u8>,
}

impl Completion {
    /// What a call is answered that went well.
    #[must_use]
    pub fn json(reply: &impl Serialize) -> Self {
        Self {
            head: serde_json::to_vec(reply).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// What a call is answered that failed.
    #[must_use]
    pub fn failed(error: &ErrorHead) -> Self {
        Self::error(status::FAILED, error)
    }

    /// What a call is answered that the program does not know.
    #[must_use]
    pub fn unknown(call: &str) -> Self {
        let message = format!(
            "this host ({}) does not know the host call `{call:.100}`: update the host",
            env!("CARGO_PKG_VERSION")
        );
        let error = ErrorHead {
            message,
            ..ErrorHead::default()
        };
        Self::error(status::UNSUPPORTED, &error)
    }

    fn error(status: u16, error: &ErrorHead) -> Self {
        Self {
            status,
            head: serde_json::to_vec(error).unwrap_or_default(),
            body: Vec::new(),
        }
    }
}

/// What is known of a call while it is served.
#[derive(Debug)]
struct Current {
    caller: Caller,
    /// Cancelled when its generation is over.
    over: CancellationToken,
    /// How many things of its are on the wire.
    on_the_wire: AtomicUsize,
    /// The last of them, for the log.
    what: Mutex<String>,
}

/// Serves a call until its generation is `over`; `None` when it was given up.
pub async fn serve(
    caller: &Caller,
    over: &CancellationToken,
    serving: impl Future<Output = Completion>,
) -> Option<Completion> {
    let current = Arc::new(Current {
        caller: caller.clone(),
        over: over.clone(),
        on_the_wire: AtomicUsize::new(0),
        what: Mutex::default(),
    });
    let mut ending = pin!(over.cancelled());
    let mut is_over = false;
    let mut serving = pin!(CURRENT.scope(Arc::clone(&current), serving));
    let completion = std::future::poll_fn(|cx| {
        is_over = is_over || ending.as_mut().poll(cx).is_ready();
        let waits = || current.on_the_wire.load(SeqCst) == 0;
        // Asked before and after: nothing new begins, and what has come back from the wire waits for nothing else.
        if is_over && waits() {
            return Poll::Ready(None);
        }
        match serving.as_mut().poll(cx) {
            Poll::Ready(completion) => Poll::Ready(Some(completion)),
            Poll::Pending if is_over && waits() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    if is_over {
        current.log(completion.as_ref());
    }
    completion
}

impl Current {
    /// Says what became of a call whose generation was over first.
    fn log(&self, completion: Option<&Completion>) {
        let what = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        let (plugin, generation) = (&*self.caller.plugin, self.caller.generation);
        if what.is_empty() {
            tracing::debug!(plugin, generation, "a call ended with its generation");
        } else {
            let status = completion.map(|completion| completion.status);
            tracing::info!(
                plugin,
                generation,
                status,
                "the plugin was gone when this came back: {what}"
            );
        }
    }
}

/// Something that changes the world is on its way, until this is dropped.
#[derive(Debug)]
#[must_use = "it is on the wire until this is dropped"]
pub struct OnTheWire(Option<Arc<Current>>);

/// Tells that the call being served has something on its way that can't be called back: `what` of it, for the log.
pub fn on_the_wire(what: impl fmt::Display) -> OnTheWire {
    let current = CURRENT.try_with(Arc::clone).ok();
    if let Some(current) = &current {
        current.on_the_wire.fetch_add(1, SeqCst);
        *current.what.lock().unwrap_or_else(PoisonError::into_inner) = what.to_string();
    }
    OnTheWire(current)
}

impl OnTheWire {
    /// It has come back, and this is how.
    pub fn came_back(self, how: impl fmt::Display) {
        if let Some(current) = &self.0 {
            use fmt::Write;
            let mut what = current.what.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = write!(what, ": {how}");
        }
    }
}

impl Drop for OnTheWire {
    fn drop(&mut self) {
        if let Some(current) = &self.0 {
            current.on_the_wire.fetch_sub(1, SeqCst);
        }
    }
}

/// What is cancelled when the generation is over whose call is served; `None` for the host's own work.
#[must_use]
pub fn over() -> Option<CancellationToken> {
    CURRENT.try_with(|current| current.over.clone()).ok()
}

/// Whose call is served; `None` for the host's own work.
#[must_use]
pub fn caller() -> Option<Caller> {
    CURRENT.try_with(|current| current.caller.clone()).ok()
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::pending};

    use tokio::sync::oneshot;

    use super::*;

    fn caller_of(name: &str) -> Caller {
        Caller::new(name, 1)
    }

    #[tokio::test]
    async fn a_call_that_waits_ends_with_its_generation() {
        let (caller, token) = (caller_of("a"), CancellationToken::new());
        let waiting = serve(&caller, &token, async {
            token.cancel();
            pending().await
        });
        assert!(waiting.await.is_none());
        // And none begins.
        let begun = serve(&caller, &token, async { unreachable!() });
        assert!(begun.await.is_none());
    }

    #[tokio::test]
    async fn what_is_on_the_wire_comes_back_and_nothing_begins_behind_it() {
        let (caller, token) = (caller_of("a"), CancellationToken::new());
        let (sent, is_sent) = oneshot::channel::<()>();
        let (back, comes_back) = oneshot::channel::<()>();
        let seen = RefCell::new(Vec::new());
        let serving = serve(&caller, &token, async {
            let wire = on_the_wire("POST something");
            seen.borrow_mut().push("sent");
            sent.send(()).unwrap();
            comes_back.await.unwrap();
            wire.came_back(200);
            seen.borrow_mut().push("noted");
            pending().await
        });
        let end = async {
            is_sent.await.unwrap();
            token.cancel();
            // However often it is looked at, it is waited for.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            assert_eq!(*seen.borrow(), ["sent"]);
            back.send(()).unwrap();
        };
        let (completion, ()) = tokio::join!(serving, end);
        assert!(completion.is_none());
        assert_eq!(*seen.borrow(), ["sent", "noted"]);
    }

    #[tokio::test]
    async fn a_call_knows_whose_it_is_and_the_hosts_own_work_is_nobodys() {
        assert_eq!(caller(), None);
        drop(on_the_wire("of the host"));
        let (me, its) = (caller_of("b"), CancellationToken::new());
        let served = serve(&me, &its, async {
            assert_eq!(caller(), Some(caller_of("b")));
            assert!(!over().unwrap().is_cancelled());
            Completion::default()
        });
        assert!(served.await.is_some());
    }
}
