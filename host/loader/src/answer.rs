//! Answer of a plugin to a frame, and whoever waits for it.

use plugin_api::abi::{ErrorHead, status};
use tokio::sync::oneshot;

use super::lines::cut;

/// The answer to a frame.
#[derive(Debug)]
pub struct Answer {
    /// One of [`status`].
    pub status: u16,
    /// JSON, or empty.
    pub head: Vec<u8>,
    /// The payload.
    pub body: Vec<u8>,
}

impl Answer {
    /// One that says what went wrong.
    #[must_use]
    pub fn failed(error: &ErrorHead) -> Self {
        Self {
            status: status::FAILED,
            head: serde_json::to_vec(error).unwrap_or_default(),
            body: Vec::new(),
        }
    }

    /// What went wrong, unless all is well: no longer than a line of the log may be, where it is logged.
    #[must_use]
    pub fn error(&self) -> Option<ErrorHead> {
        (self.status != status::OK).then(|| {
            let read = serde_json::from_slice(&self.head);
            let mut error: ErrorHead = read.unwrap_or_else(|_| ErrorHead {
                message: format!("the plugin answered with status {}", self.status),
                ..ErrorHead::default()
            });
            cut(&mut error.message);
            if let Some(words) = &mut error.user_message {
                cut(words);
            }
            error
        })
    }
}

/// Who waits for an answer.
pub type Waiter = oneshot::Sender<Answer>;
