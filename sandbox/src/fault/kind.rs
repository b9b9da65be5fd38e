//! Kinds of faults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{hub::Order, limit::Scope};

/// Something that goes wrong. In JSON, `kind` names it: `{"kind": "refuse-resumes"}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case"
)]
#[non_exhaustive]
pub enum Fault {
    /// REST requests.
    Request {
        /// Method and path below `/api/v10`: `POST /channels/*/messages`. `*` is any method or any one segment, and
        /// `**` at the end any rest.
        route: String,
        /// What becomes of them.
        effect: Effect,
    },
    /// Dispatches of this name (`MESSAGE_CREATE`) reach no session.
    LoseDispatch {
        /// The dispatch's name.
        event: String,
    },
    /// Dispatches of this name reach each session twice, with two sequence numbers.
    DoubleDispatch {
        /// The dispatch's name.
        event: String,
    },
    /// Heartbeats are not acknowledged: a zombie connection.
    IgnoreHeartbeats,
    /// New connections to the gateway are refused with 503, also to the resume address.
    RefuseConnections,
    /// New connections to the resume address alone are refused with 503.
    RefuseResumes,
    /// Every connection is sent op 7 again and again, by the sandbox's clock.
    ReconnectStorm {
        /// Milliseconds from one wave to the next.
        every_ms: u64,
    },
    /// Every session is ended by op 9 again and again, by the sandbox's clock.
    InvalidateStorm {
        /// Milliseconds from one wave to the next.
        every_ms: u64,
    },
}

/// What becomes of a REST request. In JSON, `kind` names it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case"
)]
#[non_exhaustive]
pub enum Effect {
    /// 429, with the headers that its scope has; the request is not executed.
    RateLimit {
        /// Whose limit it is.
        scope: Scope,
        /// Milliseconds to wait.
        retry_after_ms: u64,
    },
    /// Any status; the request is not executed.
    Status {
        /// 500, 502, 503, …
        status: u16,
        /// What comes with it.
        #[serde(default)]
        body: ErrorBody,
    },
    /// 200 with any body: what Discord may say one day. The request is not executed.
    Answer {
        /// The body, JSON or not.
        body: String,
    },
    /// It takes this much longer, then goes on.
    Delay {
        /// Milliseconds.
        ms: u64,
        /// By the sandbox's clock instead of real time.
        #[serde(default)]
        by_clock: bool,
    },
    /// It is executed, but the connection is reset before the answer.
    LoseAnswer,
    /// It is executed, but answered as if it had failed: a gateway in front of the API has lost patience.
    FailAnswer {
        /// 500, 502, 503, …
        status: u16,
        /// What comes with it.
        #[serde(default)]
        body: ErrorBody,
    },
    /// Refused as Discord refuses, with its status and its words for this code; the request is not executed.
    Refuse {
        /// One that the sandbox knows: 10062, 40060, 50013, …
        code: u32,
    },
    /// An interaction's first response finds that somebody else with the bot's token was faster; then it goes on, and is
    /// refused (40060). For `POST /interactions/*/*/callback`.
    Forestall {
        /// What the other one has answered.
        by: Forestaller,
    },
    /// The connection is reset, and nothing is executed.
    LoseRequest,
}

/// What somebody else's first response to an interaction is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Forestaller {
    /// "Is thinking…".
    Thinking,
    /// The same, for the invoker alone.
    PrivateThinking,
    /// A message.
    Message,
    /// A component's message stays as it is.
    Update,
}

/// What comes with an error's status.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorBody {
    /// Discord's `{"message", "code"}`.
    #[default]
    Json,
    /// Nothing.
    Empty,
    /// A page as Cloudflare puts in front of an API that is down.
    Html,
}

impl Fault {
    /// A fault of REST requests.
    #[must_use]
    pub fn request(route: &str, effect: Effect) -> Self {
        Self::Request {
            route: route.to_owned(),
            effect,
        }
    }

    /// A storm's pace, and what each wave orders.
    pub(crate) fn storm(&self) -> Option<(Duration, Order)> {
        match self {
            Self::ReconnectStorm { every_ms } => {
                Some((Duration::from_millis(*every_ms), Order::Reconnect))
            }
            Self::InvalidateStorm { every_ms } => {
                Some((Duration::from_millis(*every_ms), Order::Invalidate))
            }
            _ => None,
        }
    }
}
