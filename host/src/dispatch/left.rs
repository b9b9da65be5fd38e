//! Work in the journal: how each command, component and modal is entered, and what becomes of what another process has left.

use std::sync::Arc;

use host_loader::EventRecord;
use plugin_api::{EventKind, abi::Origin};

use super::{
    Dispatch, Flight,
    flight::{Answering, Came, Left, Stage, id_of},
    peek,
};

/// What is told to whoever used something that was under way when the bot was restarted.
const APOLOGY: &str = "I was restarted while I was at this. Please try again.";

/// An entry of the journal, by whoever serves it.
#[derive(Debug)]
pub(crate) struct Work {
    flight: Arc<Flight>,
    id: u64,
}

impl Work {
    /// To be called when its plugin takes it.
    pub(super) fn begun(&self) -> impl FnOnce() + Send + Sync + 'static {
        let (flight, id) = (Arc::clone(&self.flight), self.id);
        move || flight.reached(id, Stage::Started)
    }

    /// Whether nothing of it was done.
    pub(super) fn is_untouched(&self) -> bool {
        self.flight.stage(self.id) == Some(Stage::Received)
    }

    /// Whether nobody has read anything.
    pub(super) fn is_unanswered(&self) -> bool {
        self.flight.stage(self.id) < Some(Stage::Answered)
    }

    /// Nothing of it is left to do.
    pub(super) fn finish(self) {
        self.flight.over(self.id);
    }

    /// It is the next process's.
    pub(super) fn leave(self) {
        tracing::debug!(id = self.id, "left to the next process");
    }
}

impl Dispatch {
    /// Enters something that is to be served.
    pub(super) fn under_way(&self, origin: &Origin, event: &EventRecord) -> Work {
        let id = id_of(origin).unwrap_or_default();
        self.flight.received(id, event);
        Work {
            flight: Arc::clone(&self.flight),
            id,
        }
    }

    /// Takes up what the process before has left: what was never started runs now, and whoever waits for the rest reads an apology.
    /// To be called before anything else is dispatched.
    pub(crate) fn take_up(self: &Arc<Self>) {
        let answering = Answering(Arc::clone(&self.flight));
        self.services.replies.tell_of_answers(answering);
        let left = self.flight.take_left();
        if left.is_empty() {
            return;
        }
        let count = |stage| left.iter().filter(|it| it.stage == stage).count();
        tracing::info!(
            run = count(Stage::Received),
            apologies = count(Stage::Started),
            "the process before has left work behind"
        );
        for Left { stage, came } in left {
            let peek::Peeked {
                record, is_lost, ..
            } = self.read_again(&came);
            let event = Arc::new(record);
            match (&*came.name, stage) {
                ("INTERACTION_CREATE", _) => self.interaction_again(&event, is_lost, stage),
                (_, Stage::Received) => self.message_again(event),
                _ => self.apologise_for(message_origin(&event), stage),
            }
        }
    }

    fn read_again(&self, came: &Came) -> peek::Peeked {
        let context = peek::Context {
            shard: came.shard,
            bot_id: self.services.bot_id(),
            name: &came.name,
            kind: EventKind::named(&came.name).unwrap_or(EventKind::from_number(0)),
            sequence: 0,
        };
        let guild_of = |channel| self.services.cache.guild_of(channel);
        peek::whole(context, &came.data, guild_of)
    }

    /// Tells, once, that it was cut short; or nothing, where an answer was read.
    pub(super) fn apologise_for(self: &Arc<Self>, origin: Origin, stage: Stage) {
        let Some(id) = id_of(&origin) else { return };
        if stage == Stage::Answered {
            return self.flight.over(id);
        }
        let dispatch = Arc::clone(self);
        tokio::spawn(async move {
            dispatch.say(origin, APOLOGY).await;
            dispatch.flight.over(id);
        });
    }

    /// Has interactions that nobody has answered wait for the next process: Discord wants to hear something within three seconds.
    pub(crate) async fn keep_waiting(&self) {
        let open = self.flight.open_interactions().into_iter();
        let deferring = open.map(|id| self.services.replies.defer_if_fresh(id));
        futures_util::future::join_all(deferring).await;
    }
}

/// Where a message came from.
pub(super) fn message_origin(event: &EventRecord) -> Origin {
    Origin::Message {
        channel_id: event.header.channel_id,
        message_id: event.header.message_id,
        user_id: event.header.user_id,
    }
}
