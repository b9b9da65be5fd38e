//! Event dispatch: the cache learns from an event, listeners get it, commands and components become invocations.

mod command;
mod dedup;
mod envelope;
mod flight;
mod guilds;
mod interaction;
mod invocation;
mod left;
mod menus;
mod message;
mod peek;
mod unreadable;

use std::sync::Arc;

use host_base::PluginName;
use host_discord::{
    Cache,
    gateway::News,
    lenient::{Faults, Fields},
};
use host_loader::{EventRecord, next_id};
use host_ops::config::Live;
use plugin_api::{
    EventKind,
    abi::{Origin, ReplyCall, ReplyMode},
    hook::{OwnerAction, ShardConnected, ShardResumed},
};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use twilight_gateway::{Intents, Message};
use twilight_model::id::Id;

use self::envelope::Payload;
pub use self::{
    dedup::Once, flight::Flight, guilds::Guilds, menus::OpenLists, unreadable::Unreadable,
};
use crate::{
    owner::{self, By, Owner},
    services::Services,
};
use host_commands::{Pipeline, router::Routes};

/// Dispatches the gateway's events: to listeners, commands and components.
#[derive(Debug)]
pub struct Dispatch {
    pub(crate) config: Live,
    pub(crate) services: Arc<Services>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) commands: Arc<Pipeline>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) guilds: Guilds,
    /// What the lists of context menus that members look at were opened on.
    pub(crate) listed: OpenLists,
    /// Interactions that were served.
    pub(crate) once: Once,
    /// Commands, components and modals that are under way.
    pub(crate) flight: Arc<Flight>,
    /// Cancelled when the bot stops: what was not started then is the next process's.
    pub(crate) stopping: CancellationToken,
    /// What was said lately of events that can't be read.
    pub(crate) unreadable: Unreadable,
    /// Counts up when the numbers of the status text may have changed.
    pub(crate) pulse: watch::Sender<u64>,
}

impl Dispatch {
    /// Dispatches one gateway message. Never waits: whatever takes time goes on in a task of its own.
    pub fn gateway(self: &Arc<Self>, shard: u32, intents: Intents, news: News, message: &Message) {
        let Message::Text(text) = message else { return };
        if let Some(payload) = envelope::quick(text) {
            if !self.is_wanted(&payload.name) {
                return self.unwanted(intents, news, &payload.name);
            }
            if let Some(fields) = Fields::read(payload.data) {
                return self.event(shard, intents, news, &payload, Some(&fields));
            }
        }
        match envelope::payload(text) {
            envelope::Read::Event(payload) => {
                let fields = Fields::read(payload.data);
                self.event(shard, intents, news, &payload, fields.as_ref());
            }
            envelope::Read::Other => {}
            envelope::Read::Unreadable => {
                self.services.figures.unreadable("none");
                tracing::warn!(shard, "Discord sent what is no gateway payload");
            }
        }
    }

    /// Whether anybody wants an event of this name: the host's own knowledge, a listener, or whoever may have said a command.
    fn is_wanted(&self, name: &str) -> bool {
        const OWN: [&str; 4] = ["READY", "RESUMED", "MESSAGE_CREATE", "INTERACTION_CREATE"];
        let listeners =
            || EventKind::named(name).is_some_and(|kind| self.routes.has_listeners(kind.number()));
        OWN.contains(&name) || Cache::learns_from(name) || listeners()
    }

    /// An event that nobody wants is counted, and not read.
    fn unwanted(&self, intents: Intents, news: News, name: &str) {
        self.commands.policy.heard_with(intents);
        if news != News::Repeated {
            let kind = EventKind::named(name).unwrap_or(EventKind::from_number(0));
            self.services.figures.event(kind);
        }
    }

    fn event(
        self: &Arc<Self>,
        shard: u32,
        intents: Intents,
        news: News,
        payload: &Payload<'_>,
        fields: Option<&Fields<'_>>,
    ) {
        let (name, data) = (&*payload.name, payload.data);
        self.commands.policy.heard_with(intents);
        let cache = &self.services.cache;
        let mut faults = match news {
            News::Late => Faults::default(),
            News::Whole | News::Repeated => cache.learn(intents, name, data),
        };
        self.guilds.learn(&self.services, shard, news, name, data);
        let kind = EventKind::named(name);
        let context = peek::Context {
            shard: u16::try_from(shard).unwrap_or(u16::MAX),
            bot_id: self.services.bot_id(),
            name,
            kind: kind.unwrap_or(EventKind::from_number(0)),
            sequence: payload.sequence,
        };
        let peeked = peek::record(context, fields, |channel| cache.guild_of(channel));
        faults.add(peeked.faults);
        if !faults.is_empty() {
            let guild = peeked.record.header.guild_id;
            self.unreadable
                .note(&self.services.figures, name, shard, guild, &faults);
        }
        if news == News::Repeated {
            return;
        }
        self.services.figures.event(context.kind);
        if matches!(name, "READY" | "RESUMED") {
            self.connected(shard, name == "RESUMED");
        }
        if kind.is_none() {
            tracing::debug!(shard, event = name, "an event that this host does not know");
            return;
        }
        let is_lost = peeked.is_lost;
        let id = next_id();
        let header = peeked.record.header;
        let _span = tracing::debug_span!(
            "event",
            id,
            event = name,
            shard,
            guild = header.guild_id,
            channel = header.channel_id,
            user = header.user_id
        )
        .entered();
        // What somebody may do in a server that can't be told can't be told either.
        if name == "MESSAGE_CREATE" && !is_lost {
            return self.message(peeked.record, data, id);
        }
        let record = Arc::new(EventRecord {
            json: data.to_owned(),
            ..peeked.record
        });
        match name {
            // Nobody runs one twice, be it a command's plugin or a listener.
            "INTERACTION_CREATE" if !self.interaction(&record, is_lost) => return,
            "GUILD_CREATE" | "GUILD_UPDATE" => self.pulse.send_modify(|pulse| *pulse += 1),
            "GUILD_DELETE" => {
                self.pulse.send_modify(|pulse| *pulse += 1);
                if !peek::is_outage(data) {
                    self.services.storage.guild_left(record.header.guild_id);
                }
            }
            _ => {}
        }
        self.routes.deliver(&record, id);
    }
}

/// Delivers an event's data to one plugin's listeners alone, and learns nothing from it: it was learnt from before.
pub fn replay(
    services: &Services,
    plugin: &PluginName,
    kind: EventKind,
    name: &str,
    data: &str,
) -> Option<bool> {
    let context = peek::Context {
        shard: 0,
        bot_id: services.bot_id(),
        name,
        kind,
        sequence: 0,
    };
    let peeked = peek::whole(context, data, |channel| services.cache.guild_of(channel));
    let id = next_id();
    tracing::debug!(id, event = name, %plugin, "an event is heard once more");
    let routes = services.routes();
    routes.deliver_to(plugin, &Arc::new(peeked.record), id)
}

impl Dispatch {
    /// Whoever reads that a connection was lost reads as well that it is there again.
    fn connected(&self, shard: u32, resumed: bool) {
        let figures = self.services.figures.shard(shard);
        let outage = figures.take_outage();
        let outage_ms = outage.map(|outage| outage.as_millis().try_into().unwrap_or(u64::MAX));
        if resumed {
            // Going on after a restart makes good no loss of this process.
            if outage.is_some() {
                figures.resumed();
            }
            let resumed = ShardResumed { shard, outage_ms };
            self.services.hooks.emit(&resumed);
            self.guilds.resumed(&self.services, shard);
        } else {
            let connected = ShardConnected { shard, outage_ms };
            self.services.hooks.emit(&connected);
        }
        if let Some(outage) = outage {
            let how = match resumed {
                true => "the session goes on, and what happened meanwhile comes now",
                false => "with a new session: what happened meanwhile is lost",
            };
            tracing::info!(shard, "connected again after {outage:.1?}, {how}");
        }
        self.pulse.send_modify(|pulse| *pulse += 1);
    }

    /// Runs an owner command in a task of its own. If this process is killed meanwhile, the next one doesn't run it again, and says so.
    fn owner_command(
        self: &Arc<Self>,
        event: &EventRecord,
        origin: Origin,
        name: &str,
        line: &str,
    ) {
        let by = By::of(event, &origin);
        let (dispatch, name, line) = (Arc::clone(self), name.to_owned(), line.to_owned());
        self.services.hooks.emit(&OwnerAction {
            command: name.clone(),
            user_id: event.header.user_id,
            guild_id: event.header.guild().map(Id::get),
            slash: matches!(origin, Origin::Interaction { .. }),
        });
        let work = self.under_way(&origin, event);
        work.begun()();
        tokio::spawn(async move {
            let message = dispatch.owner.run(&by, &name, &line).await;
            dispatch.answer_owner(origin, message).await;
            work.finish();
        });
    }

    async fn answer_owner(&self, origin: Origin, mut message: Value) {
        if let Origin::Message { message_id, .. } = &origin {
            message["message_reference"] =
                json!({"message_id": message_id.to_string(), "fail_if_not_exists": false});
        }
        let mut call = ReplyCall::new(origin, ReplyMode::Reply);
        call.tone = owner::paint(&mut message, self.services.replies.colours());
        let body = serde_json::to_vec(&message).unwrap_or_default();
        if let Err(failure) = self.services.replies.answer(call, body).await
            && !failure.is_logged()
        {
            tracing::warn!("the owner could not be answered: {failure}");
        }
    }
}
