//! Replies to a message with the prefix.

use host_capability::Failure;
use plugin_api::abi::{ReplyCall, ReplyMode};
use serde_json::{Value, json};

use super::Replies;

impl Replies {
    pub(super) async fn to_message(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        number: Option<String>,
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
                return self
                    .in_private(call, body, number, user_id)
                    .await
                    .map_err(|failure| match failure.is_closed() {
                        true => Failure::DirectMessagesClosed {
                            sentence: self.typed.closed_sentence(message_id),
                        },
                        false => failure,
                    });
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
        // Of a new message alone.
        let number = number.filter(|_| call.mode == ReplyMode::Reply);
        self.send(method, path, body, call.multipart_boundary, number, false)
            .await
    }

    /// By a direct message.
    async fn in_private(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        number: Option<String>,
        user_id: u64,
    ) -> Result<Option<Value>, Failure> {
        let recipient = json!({"recipient_id": user_id.to_string()});
        let path = "users/@me/channels".into();
        let channel = self.discord.json("POST", path, &recipient, false).await?;
        let channel = channel["id"].as_str().unwrap_or_default();
        let path = format!("channels/{channel}/messages");
        self.send("POST", path, body, call.multipart_boundary, number, false)
            .await
    }
}
