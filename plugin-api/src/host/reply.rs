//! Replies to commands, components and modals: the host knows whether one is the first response, an edit or a
//! follow-up.

use super::Host;
use crate::{
    abi::{Answered, ReplyCall},
    error::Result,
};

impl Host {
    pub(crate) async fn answer(&self, call: ReplyCall, body: Vec<u8>) -> Result<Answered> {
        let reply = self.ask("reply", &call, body).await?;
        Ok(serde_json::from_slice(&reply.head).unwrap_or_default())
    }
}
