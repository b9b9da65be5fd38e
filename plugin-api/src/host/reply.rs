//! Answers to commands, components and modals: the host knows whether one is the first response, an edit or a follow-up.

use serde::Deserialize;

use super::Host;
use crate::{
    abi::{CallHead, Origin, ReplyCall, ReplyMode},
    error::Result,
};

/// What the host tells of an answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answered {
    /// The message that carries it, where there is one.
    #[serde(default)]
    pub(crate) message_id: Option<u64>,
}

impl Host {
    pub(crate) async fn answer(&self, call: ReplyCall, body: Vec<u8>) -> Result<Answered> {
        let head = CallHead {
            call: "reply".into(),
            params: serde_json::to_value(call)?,
        };
        let reply = self.0.call(head, body).await?;
        Ok(serde_json::from_slice(&reply.head).unwrap_or_default())
    }
}

/// An answer of `mode` to `origin`, without a body.
pub(crate) fn plain(origin: &Origin, mode: ReplyMode) -> ReplyCall {
    ReplyCall {
        origin: origin.clone(),
        mode,
        ephemeral: false,
        multipart_boundary: None,
        message_id: None,
    }
}
