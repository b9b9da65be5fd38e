//! Replies to an interaction.

use host_capability::{Failure, UNKNOWN_MESSAGE};
use plugin_api::abi::{ReplyCall, ReplyMode};
use serde_json::Value;

use super::{
    Kind, Privacy, Replies, body,
    first::Outcome,
    open::Interaction,
    state::{First, Own, Progress, State, Way},
};
use crate::later::Sent;

impl Replies {
    pub(super) async fn to_interaction(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        id: u64,
        privacy: Privacy,
    ) -> Result<Option<Value>, Failure> {
        let interaction = match self.find(id) {
            Ok(interaction) => interaction,
            Err(over) => return self.after_all(call, body).await.unwrap_or(Err(over)),
        };
        let mut progress = interaction.progress.lock().await;
        let ephemeral = call.ephemeral || interaction.ephemeral;
        let first = self.as_first(&interaction, &mut progress, &call, &body, ephemeral);
        match first.await? {
            Outcome::Given(message) => Ok(message),
            Outcome::GoOn => {
                let is_public = progress.state() == State::Deferred { ephemeral: false };
                let says = matches!(call.mode, ReplyMode::Reply | ReplyMode::Edit);
                if is_public && says && ephemeral && privacy == Privacy::Kept {
                    // Discord would show it to everybody.
                    return Err(Failure::DeferredInPublic);
                }
                self.later(&interaction, &mut progress, call, body, ephemeral)
                    .await
            }
        }
    }

    /// Gives an answer as the first response, if that is still due.
    async fn as_first(
        &self,
        interaction: &Interaction,
        progress: &mut Progress,
        call: &ReplyCall,
        body: &[u8],
        ephemeral: bool,
    ) -> Result<Outcome, Failure> {
        let is_first = progress.is_open() || progress.state() == State::Over;
        let (first, data) = match call.mode {
            ReplyMode::Defer => {
                self.defer(interaction, progress, ephemeral).await?;
                return Ok(Outcome::Given(None));
            }
            ReplyMode::Modal => {
                let mut data: Value = serde_json::from_slice(body)?;
                if ephemeral {
                    body::keep_private(&mut data);
                }
                (First::Modal, data)
            }
            _ if !is_first => return Ok(Outcome::GoOn),
            ReplyMode::Delete => return Err(no_answer()),
            ReplyMode::Update if interaction.kind == Kind::Command => {
                return Err(Failure::Refused(
                    "a command has no message to update".into(),
                ));
            }
            // Files can't go into a first response in one piece with its type: defer, then edit.
            ReplyMode::Update if call.multipart_boundary.is_some() => {
                let first = First::DeferredUpdate;
                self.first(interaction, progress, first, Value::Null)
                    .await?;
                return Ok(Outcome::GoOn);
            }
            _ if call.multipart_boundary.is_some() => {
                self.defer(interaction, progress, ephemeral).await?;
                return Ok(Outcome::GoOn);
            }
            ReplyMode::Update => (First::Update, serde_json::from_slice(body)?),
            _ => {
                let mut data: Value = serde_json::from_slice(body)?;
                body::set_ephemeral(&mut data, ephemeral);
                (First::Message, data)
            }
        };
        self.first(interaction, progress, first, data).await
    }

    /// An answer after the first response.
    async fn later(
        &self,
        interaction: &Interaction,
        progress: &mut Progress,
        call: ReplyCall,
        body: Vec<u8>,
        mut ephemeral: bool,
    ) -> Result<Option<Value>, Failure> {
        let mut way = progress
            .way(call.mode, call.message_id)
            .ok_or_else(no_answer)?;
        let deferred = match progress.state() {
            State::Deferred { ephemeral } => Some(ephemeral),
            _ => None,
        };
        let says = matches!(call.mode, ReplyMode::Reply | ReplyMode::Edit);
        let in_place = deferred.is_some() && way != Way::FollowUp;
        // A second body is only made where a second way may be needed.
        let again = in_place.then(|| body.clone());
        let boundary = call.multipart_boundary;
        let sending = self.by(interaction, way, body, boundary.clone(), ephemeral);
        let sent = match (sending.await, again) {
            // Somebody has deleted "is thinking…", which is what was to be deleted, or to become the answer.
            (Err(gone), Some(body)) if gone.is(UNKNOWN_MESSAGE) => {
                progress.lost_its_place();
                if !says {
                    return match call.mode {
                        ReplyMode::Delete => Ok(None),
                        _ => Err(gone),
                    };
                }
                way = Way::FollowUp;
                ephemeral |= deferred == Some(true);
                self.by(interaction, way, body, boundary, ephemeral).await?
            }
            (sent, _) => sent?,
        };
        let id = sent
            .as_ref()
            .and_then(Sent::read)
            .map(|sent| sent.message_id);
        progress.given(way, id);
        Ok(sent)
    }

    /// Puts something in the place of "is thinking…".
    pub(super) async fn settle(
        &self,
        interaction: &Interaction,
        progress: &mut Progress,
        body: Vec<u8>,
    ) -> Result<(), Failure> {
        let way = Way::Edit(Own::Original);
        let sent = self.by(interaction, way, body, None, false).await?;
        let id = sent.as_ref().and_then(Sent::read).map(|it| it.message_id);
        progress.given(way, id);
        Ok(())
    }

    async fn by(
        &self,
        interaction: &Interaction,
        way: Way,
        mut body: Vec<u8>,
        boundary: Option<String>,
        ephemeral: bool,
    ) -> Result<Option<Value>, Failure> {
        let mut path = self.webhook(interaction);
        let method = match way {
            Way::Edit(_) => "PATCH",
            Way::Delete(_) => "DELETE",
            Way::FollowUp => "POST",
        };
        match way {
            Way::Edit(Own::Original) | Way::Delete(Own::Original) => {
                path.push_str("/messages/@original");
            }
            Way::Edit(Own::Message(id)) | Way::Delete(Own::Message(id)) => {
                path.push_str(&format!("/messages/{id}"));
            }
            Way::FollowUp if ephemeral => {
                body = body::make_ephemeral(body, boundary.as_deref())?;
            }
            Way::FollowUp => {}
        }
        self.send(method, path, body, boundary, None, true).await
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
            self.send(method, path, body, call.multipart_boundary, None, false)
                .await,
        )
    }
}

fn no_answer() -> Failure {
    Failure::Refused("there is no answer yet that could be changed or taken away".into())
}
