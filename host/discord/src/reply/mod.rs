//! Replies to commands, components and modals.
//!
//! The host owns an interaction, not the plugin: it knows whether the next answer is the first response, an edit of a
//! deferred one, or a follow-up; and it defers by itself before Discord's three seconds are over, also while a plugin is
//! being swapped ([reference](https://discord.com/developers/docs/interactions/receiving-and-responding)).
//!
//! | file | what it does |
//! | --- | --- |
//! | `open.rs` | the interactions whose tokens Discord honours |
//! | `state/` | how far one is answered, and what follows from what Discord says: pure |
//! | `first.rs` | the first response, sent and asked for |
//! | `interaction.rs` | answers, whichever they become |
//! | `auto_defer.rs` | what the host answers by itself |
//! | `message.rs`, `typed.rs` | answers to commands by prefix |
//! | `body.rs` | the flag that makes an answer private |

mod auto_defer;
mod body;
mod first;
mod interaction;
mod message;
mod open;
mod state;
mod typed;

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, places};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config::Live;
use plugin_api::{
    abi::{Answered, Colours, Origin, ReplyCall, ReplyMode, RequestCall, Tone},
    manifest::Manifest,
};
use serde_json::Value;

use self::open::Open;
pub use self::open::{Kind, Received};
pub use self::typed::Typed;
use crate::{
    later::{Later, Sent},
    rest::{Call, Discord},
};

/// When the host defers by itself: leaves a second of Discord's three for the way there.
pub const AUTO_DEFER: Duration = Duration::from_secs(2);

/// Answers to commands, components and modals.
#[derive(Debug)]
pub struct Replies {
    discord: Arc<Discord>,
    later: Arc<Later>,
    config: Live,
    application_id: AtomicU64,
    open: Arc<Mutex<Open>>,
    typed: typed::TypedCommands,
    answering: OnceLock<Box<dyn Answering>>,
}

/// Whoever is told of answers.
pub trait Answering: std::fmt::Debug + Send + Sync {
    /// An answer is on its way; its number, if it is the first one and has one. Discord takes one message of a number
    /// ([reference](https://docs.discord.com/developers/resources/message#create-message)).
    fn first(&self, origin: &Origin) -> Option<String>;

    /// Somebody has read an answer.
    fn given(&self, origin: &Origin);
}

impl Replies {
    /// Answers through `discord`, as configured.
    #[must_use]
    pub fn new(config: Live, discord: Arc<Discord>, later: Arc<Later>) -> Self {
        let open = Arc::<Mutex<Open>>::default();
        let known = Arc::downgrade(&open);
        discord
            .seals
            .ask(move |id| open::user_of(&*known.upgrade()?, id));
        Self {
            discord,
            later,
            config,
            application_id: AtomicU64::new(0),
            open,
            typed: typed::TypedCommands::default(),
            answering: OnceLock::new(),
        }
    }

    /// Tells of answers from now on.
    pub fn tell_of_answers(&self, answering: impl Answering + 'static) {
        let _ = self.answering.set(Box::new(answering));
    }

    /// Which application the bot is, from the moment it is known.
    pub fn set_application(&self, id: u64) {
        self.application_id.store(id, Relaxed);
    }

    /// Colours of embeds.
    #[must_use]
    pub fn colours(&self) -> Colours {
        let colours = self.config.now().answers.colours;
        Colours {
            normal: colours.normal,
            success: colours.success,
            warning: colours.warning,
            error: colours.error,
        }
    }

    /// The host call `reply`.
    ///
    /// # Errors
    ///
    /// The answer is not possible any more, or Discord refused it.
    pub async fn serve(&self, params: Value, body: Vec<u8>) -> Result<Completion, Failure> {
        let call: ReplyCall = serde_json::from_value(params)?;
        if call.delete_after_ms.is_some() {
            self.later.may_delete()?;
        }
        let answered = self.answer(call, body).await?;
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&answered)?,
            body: Vec::new(),
        })
    }

    /// Gives an answer; the message that carries it, where there is one.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Self::serve).
    pub async fn answer(&self, call: ReplyCall, body: Vec<u8>) -> Result<Answered, Failure> {
        self.give(call, body, Privacy::Kept).await
    }

    /// The same for what everybody may read, if it can't be private any more.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Self::serve).
    pub async fn answer_openly(&self, call: ReplyCall, body: Vec<u8>) -> Result<Answered, Failure> {
        self.give(call, body, Privacy::IfPossible).await
    }

    async fn give(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        privacy: Privacy,
    ) -> Result<Answered, Failure> {
        let Some(answering) = self.answering.get().filter(|_| is_answer(call.mode)) else {
            return self.deliver(call, body, None, privacy).await;
        };
        let origin = call.origin.clone();
        let number = answering.first(&origin);
        let answered = self.deliver(call, body, number, privacy).await?;
        answering.given(&origin);
        Ok(answered)
    }

    async fn deliver(
        &self,
        call: ReplyCall,
        body: Vec<u8>,
        number: Option<String>,
        privacy: Privacy,
    ) -> Result<Answered, Failure> {
        if call.mode == ReplyMode::Unknown {
            return Err(unknown("this way to answer"));
        }
        let origin = call.origin.clone();
        let stay = self.stay(&call);
        let message = match &origin {
            Origin::Message {
                channel_id,
                message_id,
                user_id,
            } => {
                // Files are sent without.
                let number = number.filter(|_| call.multipart_boundary.is_none());
                self.to_message(call, body, number, *channel_id, *message_id, *user_id)
                    .await?
            }
            Origin::Interaction { id, .. } => self.to_interaction(call, body, *id, privacy).await?,
            _ => return Err(unknown("the way by which it came")),
        };
        let Some(message) = message else {
            return Ok(Answered::default());
        };
        let Some(sent) = Sent::read(&message) else {
            return Ok(Answered::default());
        };
        self.later.watch(&message, self.token(&origin));
        let answered = Answered {
            message_id: Some(sent.message_id),
            channel_id: Some(sent.channel_id),
        };
        if let Some(after) = stay.filter(|stay| stay.always || !sent.ephemeral) {
            self.later.delete(sent, self.token(&origin), after.time);
        }
        Ok(answered)
    }

    /// How long the answer stays, unless it stays for ever.
    fn stay(&self, call: &ReplyCall) -> Option<Stay> {
        if let Some(milliseconds) = call.delete_after_ms {
            let time = Duration::from_millis(milliseconds);
            return Some(Stay { time, always: true });
        }
        let seconds = match (call.mode, call.tone) {
            (ReplyMode::Reply | ReplyMode::Edit, Some(Tone::Success)) => {
                self.config.now().answers.delete_success_after_s
            }
            (ReplyMode::Reply | ReplyMode::Edit, Some(Tone::Error)) => {
                self.config.now().answers.delete_error_after_s
            }
            _ => 0,
        };
        (seconds > 0).then(|| Stay {
            time: Duration::from_secs(seconds),
            always: false,
        })
    }

    async fn send(
        &self,
        method: &str,
        path: String,
        body: Vec<u8>,
        multipart_boundary: Option<String>,
        number: Option<String>,
        without_token: bool,
    ) -> Result<Option<Value>, Failure> {
        let request = RequestCall {
            method: method.to_owned(),
            path,
            multipart_boundary,
            ..RequestCall::default()
        };
        let call = Call {
            request,
            body,
            number,
            without_token,
            ..Call::default()
        };
        let (_, response) = self.discord.send(call).await?;
        Ok(Sent::part(&response))
    }
}

/// Whether somebody reads something by it.
fn is_answer(mode: ReplyMode) -> bool {
    !matches!(mode, ReplyMode::Defer | ReplyMode::Delete)
}

/// Choice whether a private answer is given at all where everybody would see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privacy {
    Kept,
    IfPossible,
}

/// Lifetime of an answer.
#[derive(Debug, Clone, Copy)]
struct Stay {
    time: Duration,
    /// Also where one member alone sees it.
    always: bool,
}

/// What a newer plugin asks for.
fn unknown(what: &str) -> Failure {
    Failure::Refused(format!(
        "this host ({}) does not know {what}: update the host",
        env!("CARGO_PKG_VERSION")
    ))
}

#[cfg(test)]
mod tests;

impl<P: Sync> Capability<P> for Replies {
    const CALLS: &'static [CallRule] = &[CallRule::free("reply")];
    const PLACES: Places = places("answers", 256);
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &P, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        Self::serve(self, call.params, call.body).await
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![("interactions, open", self.open_count())]
    }
}
