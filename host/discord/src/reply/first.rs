//! First response to an interaction: sent, looked up when it was lost, sent once more.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use host_base::error_id;
use host_capability::{
    ALREADY_ACKNOWLEDGED, Failure, UNKNOWN_INTERACTION, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK,
};
use host_loader::host_call;
use plugin_api::abi::RequestCall;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    AUTO_DEFER, Replies,
    open::Interaction,
    state::{First, Heard, Original, Progress, Step, Why},
};
use crate::{
    later::Sent,
    rest::{Call, EPHEMERAL},
};

/// How long Discord is waited for. It wants the response within three seconds: of a later answer there is nothing left to do, and a
/// connection that is dead without saying so is best not waited for.
const ANSWER: Duration = Duration::from_secs(2);

/// Message flag: "is thinking…"
/// ([reference](https://discord.com/developers/docs/resources/message#message-object-message-flags)).
const LOADING: u64 = 128;

/// Outcome of a first response.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Discord has taken it; its message, where it has one.
    Given(Option<Value>),
    /// The interaction has had another one: the answer goes on by an edit or a follow-up.
    GoOn,
}

impl Replies {
    /// Gives the first response, if it is still due.
    pub(super) async fn first(
        &self,
        interaction: &Interaction,
        progress: &mut Progress,
        first: First,
        data: Value,
    ) -> Result<Outcome, Failure> {
        let mut body = json!({ "type": first.number() });
        if !data.is_null() {
            body["data"] = data;
        }
        let body = serde_json::to_vec(&body)?;
        let (mut attempt, mut step) = progress.begin(first);
        let (mut message, mut trouble) = (None, None);
        loop {
            step = match step {
                Step::Send => match self.callback(interaction, body.clone()).await {
                    Ok(taken) => {
                        message = taken;
                        progress.heard(&mut attempt, Heard::Taken)
                    }
                    Err(failure) => {
                        let heard = heard(&failure);
                        trouble = Some(failure);
                        progress.heard(&mut attempt, heard)
                    }
                },
                Step::Ask => match self.original(interaction).await {
                    Ok((original, found)) => {
                        message = found;
                        progress.asked(&attempt, original)
                    }
                    Err(failure) => {
                        trouble = Some(failure);
                        progress.asked(&attempt, Original::Untold)
                    }
                },
                Step::Given => return Ok(Outcome::Given(message)),
                Step::GoOn => {
                    tracing::debug!(
                        interaction = interaction.id,
                        "somebody else has answered first: this goes by an edit or a follow-up"
                    );
                    return Ok(Outcome::GoOn);
                }
                Step::Fail(why) => return Err(why_not(interaction, first, why, trouble)),
            };
        }
    }

    /// Sends a first response; the message that it has become, where it has.
    async fn callback(
        &self,
        interaction: &Interaction,
        body: Vec<u8>,
    ) -> Result<Option<Value>, Failure> {
        let path = format!(
            "interactions/{}/{}/callback?with_response=true",
            interaction.id, interaction.token
        );
        let response = self.by_token("POST", path, body).await?;
        Ok(message_in(&response))
    }

    /// Asks what `@original` is.
    async fn original(
        &self,
        interaction: &Interaction,
    ) -> Result<(Original, Option<Value>), Failure> {
        let path = format!("{}/messages/@original", self.webhook(interaction));
        let message = match self.by_token("GET", path, Vec::new()).await {
            Ok(message) => message,
            Err(failure) if failure.is(UNKNOWN_MESSAGE) => return Ok((Original::Gone, None)),
            // An interaction has no webhook before it has had a first response.
            Err(failure) if failure.is(UNKNOWN_WEBHOOK) => return Ok((Original::NotThere, None)),
            Err(failure) => return Err(failure),
        };
        let message: Value = serde_json::from_slice(&message).unwrap_or_default();
        let id: Option<u64> = message["id"].as_str().and_then(|id| id.parse().ok());
        let flags = match message.get("flags") {
            Some(flags) => flags.as_u64(),
            None => Some(0),
        };
        let Some(flags) = flags.filter(|_| id.is_some()) else {
            // Whether it is "is thinking…", and who sees that, is not guessed.
            return Err(Failure::Lost(
                "the message that Discord has for it can't be read".into(),
            ));
        };
        let original = match flags & LOADING {
            0 if id == interaction.source => Original::OfComponent,
            0 => Original::Message,
            _ => Original::Thinking {
                ephemeral: flags & EPHEMERAL != 0,
            },
        };
        Ok((original, Some(message)))
    }

    async fn by_token(
        &self,
        method: &str,
        path: String,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let call = Call {
            request: RequestCall {
                method: method.to_owned(),
                path,
                ..RequestCall::default()
            },
            // Asking is worth its time.
            answer_within: (method == "POST").then_some(ANSWER),
            body,
            without_token: true,
            ..Call::default()
        };
        let (_, body) = self.discord.send(call).await?;
        Ok(body)
    }

    /// The path of an interaction's later answers.
    pub(super) fn webhook(&self, interaction: &Interaction) -> String {
        let application = self.application_id.load(Relaxed);
        format!("webhooks/{application}/{}", interaction.token)
    }
}

/// What a failure says of the interaction.
fn heard(failure: &Failure) -> Heard {
    if failure.is(ALREADY_ACKNOWLEDGED) {
        Heard::AlreadyAcknowledged
    } else if failure.is(UNKNOWN_INTERACTION) {
        Heard::TooLate
    } else if failure.is_lost() {
        Heard::Lost
    } else {
        Heard::Refused
    }
}

/// In words; and in the log, once, that an interaction is over.
fn why_not(interaction: &Interaction, first: First, why: Why, trouble: Option<Failure>) -> Failure {
    match (why, trouble) {
        (Why::TooLate, _) => too_late(interaction, first),
        (Why::NotFirst, _) if first == First::Modal => Failure::Refused(format!(
            "a modal has to be the first response, within {} seconds",
            AUTO_DEFER.as_secs()
        )),
        (Why::NotFirst, _) => Failure::Refused(
            "somebody else has answered the click already, and the component's message can't be updated any more".into(),
        ),
        (_, Some(trouble)) => trouble,
        (_, None) => Failure::Lost("two first responses were".into()),
    }
}

fn too_late(interaction: &Interaction, first: First) -> Failure {
    let after = interaction.since.elapsed();
    let error_id = interaction.over.get_or_init(|| {
        let error_id: Arc<str> = error_id::new().into();
        // Whoever types on has no use for choices any more.
        if first != First::Choices {
            let caller = host_call::caller();
            tracing::warn!(
                interaction = interaction.id,
                plugin = caller.as_ref().map(|caller| &*caller.plugin),
                error_id = &*error_id,
                "Discord does not know this interaction any more: the first response came {after:.1?} after it had come here, and \
                 has to be there within 3 s; nothing more is sent, the member reads that the application did not respond"
            );
        }
        error_id
    });
    Failure::TooLate {
        error_id: Arc::clone(error_id),
        after,
    }
}

/// The message in what Discord says of a first response. Taken is taken, whatever it tells of it
/// ([reference](https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback-interaction-callback-response-object)).
fn message_in(response: &[u8]) -> Option<Value> {
    #[derive(Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        resource: Resource<'a>,
    }
    #[derive(Deserialize)]
    struct Resource<'a> {
        #[serde(borrow)]
        message: &'a RawValue,
    }
    let response: Response<'_> = serde_json::from_slice(response).ok()?;
    Sent::part(response.resource.message.get().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_response_its_message_is_kept_as_far_as_it_is_of_use() {
        let message = r#"{"id":"5","channel_id":"6","flags":64,"content":"long","components":[{"type":1}],"author":{"id":"9"}}"#;
        let response = format!(
            r#"{{"interaction":{{"id":"1"}},"resource":{{"type":4,"message":{message}}}}}"#
        );
        let kept = message_in(response.as_bytes()).unwrap();
        let wanted =
            json!({"id": "5", "channel_id": "6", "flags": 64, "components": [{"type": 1}]});
        assert_eq!(kept, wanted);
        let sent = Sent::read(&kept).unwrap();
        assert!(sent.message_id == 5 && sent.channel_id == 6 && sent.ephemeral);
        for none in [
            "",
            "[]",
            "{}",
            r#"{"resource":{"type":5}}"#,
            r#"{"resource":{"type":5,"message":null}}"#,
            r#"{"resource":"of tomorrow"}"#,
        ] {
            assert_eq!(message_in(none.as_bytes()), None, "{none}");
        }
    }
}
