//! Table of host calls that wait for their completion.

use std::collections::HashMap;

use tokio::sync::oneshot;

use crate::{
    abi::{ErrorHead, status},
    error::{Error, Result},
    raw::FrameGuard,
};

/// The completion of a host call.
#[derive(Debug, Default)]
pub(crate) struct CallReply {
    /// JSON, or empty.
    pub(crate) head: Vec<u8>,
    /// The payload.
    pub(crate) body: Vec<u8>,
}

/// Host calls that wait for their completion.
#[derive(Default)]
pub(super) struct Calls {
    last: u64,
    open: HashMap<u64, oneshot::Sender<Result<CallReply>>>,
}

impl Calls {
    /// A new call's id, never used before in this generation, and where its completion comes.
    pub(super) fn open(&mut self) -> (u64, oneshot::Receiver<Result<CallReply>>) {
        self.last += 1;
        let (send, receive) = oneshot::channel();
        self.open.insert(self.last, send);
        (self.last, receive)
    }

    pub(super) fn close(&mut self, id: u64) {
        self.open.remove(&id);
    }

    /// Completes a call. An id that is not open (given up, or made up) is ignored.
    pub(super) fn complete(&mut self, frame_guard: &FrameGuard) {
        let Some(waiting) = self.open.remove(&frame_guard.id()) else {
            return;
        };
        let result = if frame_guard.status() == status::OK {
            Ok(CallReply {
                head: frame_guard.head().to_vec(),
                body: frame_guard.body().to_vec(),
            })
        } else {
            let head = serde_json::from_slice(frame_guard.head()).unwrap_or_else(|_| ErrorHead {
                message: format!("the host failed with status {}", frame_guard.status()),
                ..ErrorHead::default()
            });
            Err(Error::from_head(head))
        };
        let _ = waiting.send(result);
    }
}
