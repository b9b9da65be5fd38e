//! Answers to a message with the prefix.

use plugin_api::abi::{ReplyCall, ReplyMode};
use serde_json::{Value, json};

use super::Replies;
use crate::services::Failure;

impl Replies {
    pub(super) async fn to_message(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        channel_id: u64,
        message_id: u64,
        user_id: u64,
    ) -> Result<Option<Value>, Failure> {
        let own = || {
            call.message_id.ok_or_else(|| {
                Failure::Refused("there is no answer yet that could be changed".into())
            })
        };
        let place = call.channel_id.unwrap_or(channel_id);
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
            ReplyMode::Edit => ("PATCH", format!("channels/{place}/messages/{}", own()?)),
            ReplyMode::Delete => ("DELETE", format!("channels/{place}/messages/{}", own()?)),
            ReplyMode::Defer => ("POST", format!("channels/{channel_id}/typing")),
            ReplyMode::Update => {
                return Err(Failure::Refused(format!(
                    "message {message_id} is the member's own and can't be updated"
                )));
            }
            // Modals; what is unknown was refused before.
            _ => {
                return Err(Failure::Refused(
                    "Discord opens modals for slash commands and components only: declare the command with `slash_only()`"
                        .into(),
                ));
            }
        };
        self.send(method, path, body, call.multipart_boundary, false)
            .await
    }
}
