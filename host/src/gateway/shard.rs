//! One shard: read until it closes for good.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use twilight_gateway::{
    CloseFrame, Message, Shard, ShardId, error::ReceiveMessageError, queue::InMemoryQueue,
};
use twilight_model::gateway::payload::outgoing::UpdatePresence;

use super::{
    Follow, FromShard, GatewayError, Template,
    renewal::{Renewal, Side},
};
use crate::{intents, metrics::ShardFigures};

type OurShard = Shard<InMemoryQueue>;
type Received = Result<Message, ReceiveMessageError>;

/// What can wake a shard's task.
enum Step {
    Current(Option<Received>),
    Next(Option<Received>),
    Old(Option<Received>),
    OverlapOver,
    IntentsChanged,
    PresenceChanged,
    Stop,
}

/// A shard's task.
struct Task {
    id: ShardId,
    template: Arc<Template>,
    follow: Follow,
    sender: mpsc::Sender<FromShard>,
    current: OurShard,
    /// A session with other intents, on its way to replace the current one.
    next: Option<OurShard>,
    /// The session that was replaced, while it is still read.
    old: Option<OurShard>,
    renewal: Renewal,
    last_close: Option<CloseFrame<'static>>,
    figures: Arc<ShardFigures>,
}

/// Reads one shard until it closes for good or the bot stops.
pub(super) async fn run(
    id: ShardId,
    template: Arc<Template>,
    mut follow: Follow,
    sender: mpsc::Sender<FromShard>,
) {
    let current = open(id, &template, &mut follow);
    let figures = follow.figures.shard(id.number());
    let task = Task {
        id,
        template,
        follow,
        sender,
        current,
        next: None,
        old: None,
        renewal: Renewal::default(),
        last_close: None,
        figures,
    };
    task.run().await;
}

fn open(id: ShardId, template: &Template, follow: &mut Follow) -> OurShard {
    let intents = follow.intents.borrow_and_update().0;
    let presence = follow.presence.borrow_and_update().clone();
    OurShard::with_config(id, template.config(intents, presence))
}

impl Task {
    async fn run(mut self) {
        loop {
            let goes_on = match self.step().await {
                Step::Current(Some(received)) => self.received(received).await,
                Step::Current(None) => {
                    let reason = refusal(self.last_close.as_ref(), &self.follow);
                    let shard = self.id.number();
                    let _ = self.sender.send(FromShard::Closed { shard, reason }).await;
                    false
                }
                Step::Next(received) => self.next_received(received).await,
                Step::Old(Some(Ok(message))) => self.pass_on(Side::Old, message).await,
                Step::Old(Some(Err(_)) | None) => {
                    self.old = None;
                    true
                }
                Step::OverlapOver => {
                    self.renewal.end();
                    if let Some(mut old) = self.old.take() {
                        tokio::spawn(async move { close(&mut old).await });
                    }
                    true
                }
                Step::IntentsChanged => {
                    let wanted = self.follow.intents.borrow().0;
                    if self.current.config().intents() != wanted {
                        tracing::info!(
                            shard = self.id.number(),
                            "the intents have changed: opening a new session"
                        );
                        // A third session is one too many.
                        drop(self.old.take());
                        self.renewal.begin();
                        self.next = Some(open(self.id, &self.template, &mut self.follow));
                    }
                    true
                }
                Step::PresenceChanged => {
                    self.show_presence();
                    true
                }
                Step::Stop => {
                    close(&mut self.current).await;
                    false
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn step(&mut self) -> Step {
        let Follow {
            intents,
            presence,
            stop,
            ..
        } = &mut self.follow;
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Step::Stop,
            message = self.current.next() => Step::Current(message),
            message = read(&mut self.next) => Step::Next(message),
            message = read(&mut self.old) => Step::Old(message),
            () = self.renewal.over() => Step::OverlapOver,
            changed = intents.changed() => if changed.is_ok() { Step::IntentsChanged } else { Step::Stop },
            changed = presence.changed() => if changed.is_ok() { Step::PresenceChanged } else { Step::Stop },
        }
    }

    async fn received(&mut self, received: Received) -> bool {
        self.note();
        match received {
            Ok(message) => {
                if let Message::Close(frame) = &message {
                    self.last_close.clone_from(frame);
                }
                // Until another session has taken its place, it is the old one.
                let side = if self.next.is_some() {
                    Side::Old
                } else {
                    Side::New
                };
                self.pass_on(side, message).await
            }
            Err(error) => {
                tracing::warn!(
                    shard = self.id.number(),
                    "the gateway connection failed: {}",
                    chain(&error)
                );
                true
            }
        }
    }

    async fn next_received(&mut self, received: Option<Received>) -> bool {
        let shard = self.id.number();
        match received {
            Some(Ok(message)) => {
                if Renewal::is_ready(&message)
                    && let Some(next) = self.next.take()
                {
                    // The new session has everything from here on. The old one may still hold what came before: both are
                    // read for a while, and what both bring is passed on once.
                    self.old = Some(std::mem::replace(&mut self.current, next));
                    self.renewal.overlap();
                    self.note();
                }
                if let Message::Close(Some(frame)) = &message {
                    let reason = refusal(Some(frame), &self.follow);
                    tracing::error!(shard, "the intents stay as they are: {reason}");
                }
                self.pass_on(Side::New, message).await
            }
            Some(Err(error)) => {
                tracing::warn!(shard, "the new session failed: {}", chain(&error));
                true
            }
            // The current session goes on with the intents that it has.
            None => {
                self.next = None;
                self.renewal.end();
                true
            }
        }
    }

    /// False when nobody listens any more.
    async fn pass_on(&mut self, side: Side, message: Message) -> bool {
        if !self.renewal.is_new(side, &message) {
            return true;
        }
        let shard = self.id.number();
        self.sender
            .send(FromShard::Message {
                shard,
                intents: self.current.config().intents(),
                message,
            })
            .await
            .is_ok()
    }

    fn note(&self) {
        let latency = self.current.latency().recent().first().copied();
        self.figures
            .see(self.current.state().is_identified(), latency);
    }

    fn show_presence(&mut self) {
        let presence = self.follow.presence.borrow_and_update().clone();
        let update = UpdatePresence::new(
            presence.activities,
            presence.afk,
            presence.since,
            presence.status,
        );
        if self.current.state().is_identified()
            && let Ok(update) = update
        {
            self.current.command(&update);
        }
    }
}

/// The next message of a shard that may not be there.
async fn read(shard: &mut Option<OurShard>) -> Option<Received> {
    match shard {
        Some(shard) => shard.next().await,
        None => std::future::pending().await,
    }
}

/// Closes a session in an orderly way: Discord shows the bot as gone at once.
async fn close(shard: &mut OurShard) {
    shard.close(CloseFrame::NORMAL);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), async {
        while let Some(message) = shard.next().await {
            if matches!(message, Ok(Message::Close(_)) | Err(_)) {
                break;
            }
        }
    })
    .await;
}

/// Discord's close codes in words that tell what to do
/// ([reference](https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes)).
fn refusal(frame: Option<&CloseFrame<'static>>, follow: &Follow) -> GatewayError {
    let text = match frame.map(|frame| frame.code) {
        Some(4004) => "Discord does not know the token: copy it anew from the Developer Portal > your application > Bot > \
                       Reset Token, and put it into DISCORD_TOKEN"
            .into(),
        Some(4010) => "Discord refuses the shard: check SHARD_COUNT and SHARD_IDS".into(),
        Some(4011) => "the bot is in too many servers for one shard: remove SHARD_COUNT, or raise it".into(),
        Some(4013) => "Discord does not know one of the intents".into(),
        Some(4014) => {
            let (all, reasons) = &*follow.intents.borrow();
            let named: Vec<String> = (*all & intents::PRIVILEGED)
                .iter()
                .map(|intent| {
                    let plugins = reasons.get(&intent.bits()).map(|names| names.join(", ")).unwrap_or_default();
                    format!("{} (for {plugins})", intents::name(intent.bits()))
                })
                .collect();
            format!(
                "Discord refuses privileged intents: switch on {} in the Developer Portal > your application > Bot > \
                 Privileged Gateway Intents, or unload these plugins",
                named.join(", ")
            )
        }
        Some(code) => format!(
            "Discord has closed the gateway for good with code {code}: {}",
            frame.map(|frame| frame.reason.to_string()).unwrap_or_default()
        ),
        None => "Discord has closed the gateway for good, without a reason".into(),
    };
    GatewayError::Refused(text)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
