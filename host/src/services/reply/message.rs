//! Answers to a message with the prefix.

use plugin_api::abi::{ReplyCall, ReplyMode};
use serde_json::json;

use super::{Replies, id_of};
use crate::services::Failure;

impl Replies {
    pub(super) async fn to_message(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        channel_id: u64,
        message_id: u64,
        user_id: u64,
    ) -> Result<Option<u64>, Failure> {
        let own = || {
            call.message_id.ok_or_else(|| {
                Failure::Refused("there is no answer yet that could be changed".into())
            })
        };
        let (method, path) = match call.mode {
            ReplyMode::Reply if call.ephemeral => {
                let channel = self
                    .discord
                    .json(
                        "POST",
                        "users/@me/channels".into(),
                        &json!({"recipient_id": user_id.to_string()}),
                        false,
                    )
                    .await?;
                let channel = channel["id"].as_str().unwrap_or_default();
                ("POST", format!("channels/{channel}/messages"))
            }
            ReplyMode::Reply => ("POST", format!("channels/{channel_id}/messages")),
            ReplyMode::Edit => (
                "PATCH",
                format!("channels/{channel_id}/messages/{}", own()?),
            ),
            ReplyMode::Delete => (
                "DELETE",
                format!("channels/{channel_id}/messages/{}", own()?),
            ),
            ReplyMode::Defer => ("POST", format!("channels/{channel_id}/typing")),
            ReplyMode::Update => {
                return Err(Failure::Refused(format!(
                    "message {message_id} is the member's own and can't be updated"
                )));
            }
            ReplyMode::Modal => {
                return Err(Failure::Refused(
                    "Discord opens modals for slash commands and components only: declare the command with `slash_only()`"
                        .into(),
                ));
            }
        };
        let sent = self
            .send(method, path, body, call.multipart_boundary, false)
            .await?;
        // A private answer is in another channel: it is not what `edit_reply` changes.
        Ok(if call.ephemeral { None } else { id_of(&sent) })
    }
}
