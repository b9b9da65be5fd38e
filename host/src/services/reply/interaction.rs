//! Answers to an interaction.

use std::sync::atomic::Ordering::Relaxed;

use plugin_api::abi::{ReplyCall, ReplyMode};
use serde_json::{Value, json};

use super::{Interaction, Kind, Replies, State, body};
use crate::services::Failure;

impl Replies {
    pub(super) async fn to_interaction(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        id: u64,
    ) -> Result<Option<Value>, Failure> {
        let interaction = match self.find(id) {
            Ok(interaction) => interaction,
            Err(over) => return self.after_all(call, body).await.unwrap_or(Err(over)),
        };
        let mut state = interaction.state.lock().await;
        let ephemeral = call.ephemeral || interaction.ephemeral;
        match (call.mode, *state) {
            (ReplyMode::Defer, State::Fresh) => {
                self.defer(&interaction, &mut state, ephemeral).await?;
                Ok(None)
            }
            (ReplyMode::Defer, _) => Ok(None),
            (ReplyMode::Delete, State::Fresh) => Err(no_answer()),
            (ReplyMode::Modal, State::Fresh) => {
                let mut data: Value = serde_json::from_slice(&body)?;
                if ephemeral {
                    body::keep_private(&mut data);
                }
                self.respond(&interaction, &mut state, 9, data).await
            }
            (ReplyMode::Modal, _) => Err(Failure::Refused(
                "a modal has to be the first response, within two seconds".into(),
            )),
            (ReplyMode::Reply | ReplyMode::Edit, State::Fresh)
                if call.multipart_boundary.is_none() =>
            {
                let mut data: Value = serde_json::from_slice(&body)?;
                body::set_ephemeral(&mut data, ephemeral);
                self.respond(&interaction, &mut state, 4, data).await
            }
            (ReplyMode::Update, State::Fresh) if call.multipart_boundary.is_none() => {
                if interaction.kind == Kind::Command {
                    return Err(Failure::Refused(
                        "a command has no message to update".into(),
                    ));
                }
                let data: Value = serde_json::from_slice(&body)?;
                let message = self.respond(&interaction, &mut state, 7, data).await?;
                *state = State::DeferredUpdate;
                Ok(message)
            }
            (mode, State::Fresh) => {
                // Files can't go into a first response in one piece with its type: defer, then edit.
                if mode == ReplyMode::Update {
                    self.respond(&interaction, &mut state, 6, Value::Null)
                        .await?;
                    *state = State::DeferredUpdate;
                } else {
                    self.defer(&interaction, &mut state, ephemeral).await?;
                }
                self.later(&interaction, &mut state, call, body, ephemeral)
                    .await
            }
            _ => {
                self.later(&interaction, &mut state, call, body, ephemeral)
                    .await
            }
        }
    }

    /// An answer after the first response.
    async fn later(
        &self,
        interaction: &Interaction,
        state: &mut State,
        call: ReplyCall,
        mut body: Vec<u8>,
        ephemeral: bool,
    ) -> Result<Option<Value>, Failure> {
        let webhook = format!(
            "webhooks/{}/{}",
            self.application_id.load(Relaxed),
            interaction.token
        );
        // After a deferred update the original is the message that carries the component: no answer of ours.
        let own = match (call.message_id, *state) {
            (Some(id), _) => Some(format!("{webhook}/messages/{id}")),
            (None, State::DeferredUpdate) => None,
            (None, _) => Some(format!("{webhook}/messages/@original")),
        };
        let first = matches!(call.mode, ReplyMode::Reply | ReplyMode::Edit);
        let (method, path) = match (call.mode, *state, own) {
            (_, State::Deferred { ephemeral: false }, _) if first && ephemeral => {
                // Discord would show it to everybody.
                return Err(Failure::Refused(
                    "the answer was deferred in public and can't become private: declare the command `ephemeral()`, or \
                     answer within two seconds"
                        .into(),
                ));
            }
            (ReplyMode::Reply, State::Deferred { .. }, Some(own))
            | (ReplyMode::Edit, _, Some(own)) => ("PATCH", own),
            (ReplyMode::Reply, ..) | (ReplyMode::Edit, _, None) => {
                if ephemeral {
                    body = body::make_ephemeral(body, call.multipart_boundary.as_deref())?;
                }
                ("POST", webhook)
            }
            (ReplyMode::Delete, _, Some(own)) => ("DELETE", own),
            (ReplyMode::Delete, _, None) => return Err(no_answer()),
            _ => ("PATCH", format!("{webhook}/messages/@original")),
        };
        let sent = self
            .send(method, path, body, call.multipart_boundary, true)
            .await?;
        if *state != State::DeferredUpdate {
            *state = State::Responded;
        }
        Ok(sent)
    }

    /// A message that was sent with a token whose 15 minutes are over is still the bot's: changed and deleted by its own
    /// right, where it is not for one member alone.
    async fn after_all(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
    ) -> Option<Result<Option<Value>, Failure>> {
        let method = match call.mode {
            ReplyMode::Edit => "PATCH",
            ReplyMode::Delete => "DELETE",
            _ => return None,
        };
        let path = format!(
            "channels/{}/messages/{}",
            call.channel_id?, call.message_id?
        );
        Some(
            self.send(method, path, body, call.multipart_boundary, false)
                .await,
        )
    }

    pub(super) async fn defer(
        &self,
        interaction: &Interaction,
        state: &mut State,
        ephemeral: bool,
    ) -> Result<(), Failure> {
        if interaction.kind == Kind::Component {
            self.respond(interaction, state, 6, Value::Null).await?;
            *state = State::DeferredUpdate;
        } else {
            let mut data = json!({});
            body::set_ephemeral(&mut data, ephemeral);
            self.respond(interaction, state, 5, data).await?;
            *state = State::Deferred { ephemeral };
        }
        Ok(())
    }

    /// The first response.
    pub(super) async fn respond(
        &self,
        interaction: &Interaction,
        state: &mut State,
        kind: u8,
        data: Value,
    ) -> Result<Option<Value>, Failure> {
        let path = format!(
            "interactions/{}/{}/callback?with_response=true",
            interaction.id, interaction.token
        );
        let mut body = json!({ "type": kind });
        if !data.is_null() {
            body["data"] = data;
        }
        let mut response = self.discord.json("POST", path, &body, true).await?;
        *state = State::Responded;
        Ok(Some(response["resource"]["message"].take()))
    }
}

fn no_answer() -> Failure {
    Failure::Refused("there is no answer yet that could be changed or taken away".into())
}
