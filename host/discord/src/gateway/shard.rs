//! Task of one shard: reads its sessions until the last one closes for good.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Acquire},
    },
    task::Poll,
    time::Instant,
};

use futures_util::{StreamExt, future::join_all};
use host_base::PluginName;
use tokio::sync::{Notify, mpsc};
use twilight_gateway::{
    CloseFrame, Intents, Message, Shard, ShardId, ShardState,
    error::{ReceiveMessageError, ReceiveMessageErrorType},
};
use twilight_model::gateway::{
    payload::outgoing::{UpdatePresence, update_presence::UpdatePresencePayload},
    presence::Status,
};

use super::{
    Follow, FromShard, GatewayError, Template, goodbye,
    merge::{Merge, Side, Source},
    permits::Permits,
    renewal::{Input, Output, Renewal, Restored, SessionNumber},
    saved::{Place, SavedSession, SessionKey},
};
use crate::{figures::ShardFigures, intents};

type ReceivedFrame = Option<Result<Message, ReceiveMessageError>>;

/// Event that wakes a shard's task.
enum ShardStep {
    Session(SessionNumber, ReceivedFrame),
    IntentsChanged,
    PresenceChanged,
    Reconnect,
    Time,
    Stop,
}

/// A session, and the connection that it has or looks for.
struct Live {
    number: SessionNumber,
    shard: Shard<Permits>,
    /// What it is resumed by, once it is known.
    key: Option<Arc<SessionKey>>,
    /// The intents that it has; the shard identifies with its own.
    intents: Intents,
    /// Of the process before, and Discord has not said yet whether it goes on.
    restored: Option<SavedSession>,
    /// Whether it was allowed to identify.
    may_identify: Arc<AtomicBool>,
    /// The presence that it shows, and the one that it shows whenever it has identified.
    presence: UpdatePresencePayload,
    identified_as: UpdatePresencePayload,
    last_close: Option<CloseFrame<'static>>,
    /// Whether this connection has brought READY: also one that names no session that could be resumed.
    is_ready: bool,
    /// It is closed when nothing waits for its events any more.
    is_leaving: bool,
}

/// A shard's task: carries out what [`Renewal`] says, and passes on what [`Merge`] gives.
struct Task {
    id: ShardId,
    template: Arc<Template>,
    follow: Follow,
    sender: mpsc::Sender<FromShard>,
    sessions: Vec<Live>,
    renewal: Renewal,
    merge: Merge,
    figures: Arc<ShardFigures>,
    reconnect: Arc<Notify>,
    /// The first session is of the process before, and its servers are not known.
    is_blind: bool,
}

/// What is left of a process before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knows {
    /// The session alone.
    Nothing,
    /// What it had told of its servers, too.
    Servers,
}

/// Reads one shard until it closes for good or the bot stops.
pub(super) async fn run(
    id: ShardId,
    template: Arc<Template>,
    mut follow: Follow,
    sender: mpsc::Sender<FromShard>,
    restored: Option<(SavedSession, Knows)>,
) {
    let wanted = follow.intents.borrow_and_update().0;
    let figures = follow.shards.figures().shard(id.number());
    let reconnect = follow.shards.wish(id.number());
    let (allowance, now) = (template.allowance.clone(), Instant::now());
    let renewal = match &restored {
        None => Renewal::new(wanted, allowance, now),
        Some((saved, knows)) => {
            let restored = Restored {
                intents: saved.intents(),
                knows: *knows == Knows::Servers,
            };
            Renewal::resuming(restored, wanted, allowance, now)
        }
    };
    let mut task = Task {
        id,
        template,
        follow,
        sender,
        sessions: Vec::new(),
        renewal,
        merge: Merge::default(),
        figures,
        reconnect,
        is_blind: matches!(&restored, Some((_, Knows::Nothing))),
    };
    let (first, _) = task.renewal.current();
    task.open(first, wanted, restored.map(|(saved, _)| saved));
    task.run().await;
}

impl Task {
    async fn run(mut self) {
        loop {
            let step = self.step().await;
            let goes_on = match step {
                ShardStep::Session(number, received) => self.received(number, received).await,
                ShardStep::IntentsChanged => {
                    let wanted = self.follow.intents.borrow().0;
                    self.happened(Input::Wanted(wanted)).await
                }
                ShardStep::Time => self.happened(Input::Time).await,
                ShardStep::PresenceChanged => {
                    self.show_presence();
                    true
                }
                ShardStep::Reconnect => {
                    self.reconnect();
                    true
                }
                ShardStep::Stop => false,
            };
            // First: who reads that there is a session again asks how long there was none.
            if !(goes_on && self.note().await && self.pass_on().await) {
                break;
            }
        }
        self.leave_all().await;
    }

    /// What was read is passed on without waiting for anything, and the connections are closed so that the sessions can be resumed:
    /// the current one by the next process, the other one by nobody.
    async fn leave_all(mut self) {
        self.merge.end();
        self.pass_on().await;
        let shard = self.id.number();
        let _ = self.sender.send(FromShard::Left { shard }).await;
        let (current, _) = self.renewal.current();
        let closing = self.sessions.iter_mut().map(|live| {
            let frame = match live.number == current {
                true => CloseFrame::RESUME,
                false => CloseFrame::NORMAL,
            };
            goodbye::say(&mut live.shard, frame)
        });
        join_all(closing).await;
    }

    async fn step(&mut self) -> ShardStep {
        let due = [self.renewal.wakes_at(), self.merge.due()];
        let due = due.into_iter().flatten().min();
        let Follow {
            intents,
            presence,
            shutdown,
            ..
        } = &mut self.follow;
        tokio::select! {
            () = shutdown.cancelled() => ShardStep::Stop,
            (number, received) = next(&mut self.sessions) => ShardStep::Session(number, received),
            changed = intents.changed() => if changed.is_ok() { ShardStep::IntentsChanged } else { ShardStep::Stop },
            changed = presence.changed() => if changed.is_ok() { ShardStep::PresenceChanged } else { ShardStep::Stop },
            () = self.reconnect.notified() => ShardStep::Reconnect,
            () = until(due) => ShardStep::Time,
        }
    }

    /// False when the shard has ended, or nobody listens any more.
    async fn received(&mut self, number: SessionNumber, received: ReceivedFrame) -> bool {
        let Some(live) = self.sessions.iter_mut().find(|it| it.number == number) else {
            return true;
        };
        let mut is_up = live.is_up();
        let message = match received {
            Some(Ok(message)) => message,
            Some(Err(error)) => match unread(error) {
                // It is passed on: what of it can be read is the host's to say, and what it holds is not for the log.
                Ok(event) => Message::Text(event),
                Err(error) => {
                    tracing::warn!(
                        shard = self.id.number(),
                        "the gateway connection failed: {error}"
                    );
                    return self.happened(Input::Up(number, is_up)).await;
                }
            },
            None => return self.happened(Input::Closed(number)).await,
        };
        if let Message::Text(_) = &message {
            self.figures.heard();
        }
        if let Message::Close(frame) = &message {
            live.last_close.clone_from(frame);
        }
        let is_ready = is_event(&message, "READY");
        let is_resumed = is_event(&message, "RESUMED");
        // Of a connection that the bot has given up itself its end need not be heard of.
        is_up &= !is_hello(&message);
        if is_ready {
            self.figures.session_began();
            live.is_ready = true;
            // What it was identified with; there may be another one by now.
            live.presence.clone_from(&live.identified_as);
            live.began(self.id.number());
        }
        if is_resumed && live.goes_on(self.id.number()) {
            self.figures.session_began();
        }
        let input = match (is_ready, is_resumed) {
            (true, _) => Input::Ready(number),
            (_, true) => Input::Resumed(number),
            _ => Input::Up(number, is_up),
        };
        if !self.happened(input).await {
            return false;
        }
        self.take(number, message);
        if is_ready || is_resumed {
            self.show_presence();
        }
        true
    }

    fn take(&mut self, number: SessionNumber, message: Message) {
        let Some(live) = self.sessions.iter().find(|it| it.number == number) else {
            return;
        };
        let (current, _) = self.renewal.current();
        let is_coming = |it: &&Live| it.number > current;
        let coming = self.sessions.iter().find(is_coming);
        if coming.is_some_and(|it| it.may_identify.load(Acquire)) {
            self.merge.identifying();
        }
        // Until another session has taken its place, the current one is the old one.
        let side = match coming {
            Some(coming) if coming.number != number => Side::Old,
            None if live.is_leaving || self.renewal.is_old(number) => Side::Old,
            _ => Side::New,
        };
        let from = Source {
            side,
            intents: live.intents,
            place: live.place(),
        };
        self.merge.take(from, message, Instant::now());
    }

    /// Passes on what is not waited for. False when nobody listens any more.
    async fn pass_on(&mut self) -> bool {
        while let Some(passed) = self.merge.next(Instant::now()) {
            let message = FromShard::Message {
                shard: self.id.number(),
                intents: passed.intents,
                news: passed.news,
                place: passed.place,
                message: passed.message,
                at: Instant::now(),
            };
            if self.sender.send(message).await.is_err() {
                return false;
            }
        }
        if self.merge.is_empty()
            && let Some(at) = self.sessions.iter().position(|it| it.is_leaving)
        {
            self.let_go(at);
            self.merge.end();
        }
        true
    }

    /// Lets the renewal know, and does what it says. False when the shard has ended.
    async fn happened(&mut self, input: Input) -> bool {
        let before = self.renewal.current();
        for output in self.renewal.step(input, Instant::now()) {
            match output {
                Output::Open(number, intents) => {
                    let shard = self.id.number();
                    let why = match self.is_blind {
                        true => {
                            "nothing is known of the servers: opening a new session, which tells them"
                        }
                        false => "the intents have changed: opening a new session",
                    };
                    tracing::info!(shard, intents = intents::name(intents.bits()), "{why}");
                    self.end_overlap();
                    let had_session = self.session(before.0).is_some_and(Live::had_session);
                    let is_known = had_session && !self.is_blind;
                    self.merge.begin(before.1, intents, is_known);
                    self.open(number, intents, None);
                }
                Output::TakenOver { to, .. } => {
                    tracing::info!(
                        shard = self.id.number(),
                        session = to,
                        "the new session has taken over"
                    );
                    self.merge.both();
                    self.is_blind = false;
                }
                Output::Close(number) => self.leave(number),
                Output::Refused(number) => self.refused(number).await,
                Output::Ended => {
                    let (number, _) = self.renewal.current();
                    let reason = refusal(self.close_of(number), &self.follow);
                    let shard = self.id.number();
                    let _ = self.sender.send(FromShard::Closed { shard, reason }).await;
                    self.sessions.clear();
                    return false;
                }
            }
        }
        // What has ended by itself is read no more.
        if let Input::Closed(number) = input {
            self.sessions.retain(|it| it.number != number);
        }
        if self.sessions.len() < 2 {
            self.merge.end();
        }
        true
    }

    /// Discord refused or ended a session, and another one goes on.
    async fn refused(&mut self, number: SessionNumber) {
        let reason = refusal(self.close_of(number), &self.follow);
        let shard = self.id.number();
        let _ = self.sender.send(FromShard::Refused { shard, reason }).await;
    }

    fn close_of(&self, number: SessionNumber) -> Option<&CloseFrame<'static>> {
        self.session(number)?.last_close.as_ref()
    }

    fn session(&self, number: SessionNumber) -> Option<&Live> {
        self.sessions.iter().find(|it| it.number == number)
    }

    /// Opens a session with these intents, or goes on with one of the process before: it has the intents that it had.
    fn open(&mut self, number: SessionNumber, intents: Intents, restored: Option<SavedSession>) {
        let may_identify = Arc::new(AtomicBool::new(false));
        let presence = self.follow.presence.borrow().clone();
        let config = self.template.config(
            intents,
            presence.clone(),
            Arc::clone(&may_identify),
            restored.as_ref(),
        );
        let key = restored.as_ref().map(|saved| {
            Arc::new(SessionKey {
                number,
                id: saved.id.clone(),
                resume_url: saved.resume_url.clone(),
                intents: saved.intents(),
            })
        });
        let shown = match restored {
            None => presence.clone(),
            // What the process before has shown, which nobody has told this one.
            Some(_) => UpdatePresencePayload {
                activities: Vec::new(),
                afk: false,
                since: None,
                status: Status::Offline,
            },
        };
        self.sessions.push(Live {
            number,
            shard: Shard::with_config(self.id, config),
            intents: key.as_ref().map_or(intents, |key| key.intents),
            key,
            restored,
            may_identify,
            identified_as: presence,
            presence: shown,
            last_close: None,
            is_ready: false,
            is_leaving: false,
        });
    }

    /// The session that was replaced is read on until nothing waits for it; one that has never served goes at once.
    fn leave(&mut self, number: SessionNumber) {
        let (current, _) = self.renewal.current();
        let Some(at) = self.sessions.iter().position(|it| it.number == number) else {
            return;
        };
        if number < current {
            self.sessions[at].is_leaving = true;
            self.merge.ending();
        } else {
            self.let_go(at);
        }
    }

    fn end_overlap(&mut self) {
        if let Some(at) = self.sessions.iter().position(|it| it.is_leaving) {
            self.let_go(at);
            self.merge.end();
        }
    }

    fn let_go(&mut self, at: usize) {
        let mut live = self.sessions.remove(at);
        tokio::spawn(async move { goodbye::say(&mut live.shard, CloseFrame::NORMAL).await });
    }

    /// False when nobody listens any more.
    async fn note(&mut self) -> bool {
        let (number, intents) = self.renewal.current();
        let current = self.session(number);
        let latency = current.and_then(|it| it.shard.latency().recent().first().copied());
        self.figures.stand(intents, self.renewal.standing());
        if !self.figures.see(self.renewal.is_up(), latency) {
            return true;
        }
        let frame = current.and_then(|it| it.last_close.as_ref());
        let lost = FromShard::Lost {
            shard: self.id.number(),
            code: frame.map(|frame| frame.code),
            reason: frame.map_or_else(String::new, |frame| frame.reason.to_string()),
        };
        self.sender.send(lost).await.is_ok()
    }

    /// Gives the connection up for another one, with which the session goes on. One that is looked for already is not given up.
    fn reconnect(&mut self) {
        let (current, _) = self.renewal.current();
        let live = self.sessions.iter_mut().find(|it| it.number == current);
        if let Some(live) = live.filter(|it| it.shard.state().is_identified()) {
            tracing::info!(shard = self.id.number(), "connecting again, as asked for");
            live.last_close = Some(CloseFrame::RESUME);
            live.shard.close(CloseFrame::RESUME);
        }
    }

    /// Every session shows the presence that it does not show yet.
    fn show_presence(&mut self) {
        let presence = self.follow.presence.borrow_and_update().clone();
        for live in &mut self.sessions {
            if live.presence == presence || !live.shard.state().is_identified() {
                continue;
            }
            let shown = presence.clone();
            let update =
                UpdatePresence::new(shown.activities, shown.afk, shown.since, shown.status);
            if let Ok(update) = update {
                live.shard.command(&update);
                live.presence = presence.clone();
            }
        }
    }
}

impl Live {
    fn is_up(&mut self) -> bool {
        let state = self.shard.state();
        self.is_ready &= !matches!(state, ShardState::Disconnected { .. });
        self.is_ready || state.is_identified()
    }

    fn had_session(&self) -> bool {
        self.shard.session().is_some()
    }

    /// Discord has begun a session.
    fn began(&mut self, shard: u32) {
        let was = self.restored.take();
        self.intents = self.shard.config().intents();
        self.key = self.shard.session().map(|session| {
            Arc::new(SessionKey {
                number: self.number,
                id: session.id().to_owned(),
                resume_url: self.shard.resume_url().map(str::to_owned),
                intents: self.intents,
            })
        });
        if let Some(was) = was {
            tracing::warn!(
                shard,
                "Discord does not go on with the session of before the restart, which was heard of {:.0?} ago: it is a new one, and what \
                 happened meanwhile is lost",
                was.age()
            );
        }
    }

    /// Discord goes on with a session; whether it is one of the process before.
    fn goes_on(&mut self, shard: u32) -> bool {
        let Some(was) = self.restored.take() else {
            return false;
        };
        tracing::info!(
            shard,
            "the session goes on that was there before the restart, {:.1?} ago",
            was.age()
        );
        true
    }

    /// Where the session stands with the message that was read last.
    fn place(&self) -> Option<Place> {
        let sequence = self.shard.session()?.sequence();
        let session = Arc::clone(self.key.as_ref()?);
        Some(Place { session, sequence })
    }
}

/// What the next session brings that has something. They take turns at being asked first: a busy one silences none.
async fn next(sessions: &mut [Live]) -> (SessionNumber, ReceivedFrame) {
    std::future::poll_fn(|context| {
        for at in 0..sessions.len() {
            let live = &mut sessions[at];
            if let Poll::Ready(received) = live.shard.poll_next_unpin(context) {
                let number = live.number;
                sessions.rotate_left(at + 1);
                return Poll::Ready((number, received));
            }
        }
        Poll::Pending
    })
    .await
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Whether a message is the event of this name.
fn is_event(message: &Message, name: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Event<'a> {
        op: u64,
        #[serde(borrow)]
        t: Option<std::borrow::Cow<'a, str>>,
    }
    // What is another one is nearly always told by its text alone.
    let Message::Text(text) = message else {
        return false;
    };
    text.contains(name)
        && serde_json::from_str(text)
            .is_ok_and(|event: Event<'_>| event.op == 0 && event.t.as_deref() == Some(name))
}

/// Whether a message is the first of a connection.
fn is_hello(message: &Message) -> bool {
    #[derive(serde::Deserialize)]
    struct Payload {
        op: u64,
    }
    /// More than it has ever had.
    const LONGEST: usize = 1_000;
    let Message::Text(text) = message else {
        return false;
    };
    text.len() < LONGEST
        && text.contains("heartbeat_interval")
        && serde_json::from_str(text).is_ok_and(|payload: Payload| payload.op == 10)
}

/// Discord's close codes in words that say what to do
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
                    let plugins = reasons.get(&intent.bits()).map_or_else(String::new, |names| PluginName::list(names));
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
    GatewayError::Refused {
        code: frame.map(|frame| frame.code),
        words: text,
    }
}

/// The text of an event that twilight can't read, or why the connection failed.
fn unread(error: ReceiveMessageError) -> Result<String, String> {
    let text = match error.kind() {
        ReceiveMessageErrorType::Deserializing { .. } => String::new(),
        _ => chain(&error),
    };
    match error.into_parts().0 {
        ReceiveMessageErrorType::Deserializing { event } => Ok(event),
        _ => Err(text),
    }
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
