//! The latest messages of channels that somebody looks at: fetched once, and kept up to date by events for as long as somebody does.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    time::{Duration, Instant},
};

use plugin_api::{Json, prelude::*, twilight_model::id::marker::ChannelMarker};
use tokio::{sync::Notify, time::timeout};

use super::READS;
use crate::Dashboard;

/// The topic that says: something was written where somebody looks.
pub(super) const TOPIC: &str = "chat";

/// Messages of a channel that are shown and kept.
pub(super) const SHOWN: usize = 50;

/// Channels that are kept at once; the one that was not looked at the longest goes.
const ROOMS: usize = 64;

/// Deleted messages that are remembered of one, until it is fetched anew.
const GONE: usize = 400;

/// After how long Discord is asked again: reactions, and what was missed while the gateway was away.
const FRESH: Duration = Duration::from_secs(60);

/// Between two words to pages: what is written is there within a quarter of a second.
const APART: Duration = Duration::from_millis(60);

/// How often it is asked who looks, where nothing is written.
const LOOKS: Duration = Duration::from_secs(2);

/// How long nobody has to look before it ends: a page takes a moment from its first byte to its stream.
const PATIENCE: Duration = Duration::from_secs(10);

/// As the tab is called among those that want events.
const TAB: &str = "chat";

/// Events that change what is shown.
const EVENTS: [&str; 3] = ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"];

/// Channels that somebody looks at.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    rooms: RefCell<HashMap<u64, Room>>,
    news: Notify,
    watching: Cell<bool>,
}

/// A channel's latest messages, by id.
#[derive(Debug)]
struct Room {
    messages: BTreeMap<u64, Json>,
    /// Deleted since it was fetched: an answer that was on its way may still have them.
    gone: BTreeSet<u64>,
    fetched: Option<Instant>,
    used: Instant,
}

impl Room {
    fn new() -> Self {
        Self {
            messages: BTreeMap::new(),
            gone: BTreeSet::new(),
            fetched: None,
            used: Instant::now(),
        }
    }

    /// Takes what Discord has answered: events that came meanwhile are newer than that.
    fn take(&mut self, page: Vec<Json>) {
        let page: BTreeMap<u64, Json> = page
            .into_iter()
            .filter_map(|message| Some((id(&message)?, message)))
            .filter(|(id, _)| !self.gone.contains(id))
            .collect();
        let newest = page.keys().next_back().copied().unwrap_or_default();
        let newer = self.messages.split_off(&(newest + 1));
        self.messages = page;
        self.messages.extend(newer);
        self.gone.clear();
        self.fetched = Some(Instant::now());
        self.shorten();
    }

    fn shorten(&mut self) {
        while self.messages.len() > SHOWN {
            self.messages.pop_first();
        }
    }

    fn written(&mut self, message: Json) {
        if let Some(id) = id(&message) {
            self.messages.insert(id, message);
            self.shorten();
        }
    }

    /// A change has those fields alone that changed, or all of them.
    fn changed(&mut self, change: Json) {
        let found = id(&change).and_then(|id| self.messages.get_mut(&id));
        if let (Some(Json::Object(known)), Json::Object(change)) = (found, change) {
            known.extend(change);
        }
    }

    fn deleted(&mut self, id: u64) {
        self.messages.remove(&id);
        self.gone.insert(id);
        while self.gone.len() > GONE {
            self.gone.pop_first();
        }
    }
}

/// A message's id.
pub(super) fn id(message: &Json) -> Option<u64> {
    message["id"].as_str()?.parse().ok()
}

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    // What stands in messages is a privileged intent: a page that is open now and then is no reason to ask for it.
    let listener = || Listener::new().chosen().without_content();
    plugin
        .topic(TOPIC, READS)
        .listen(
            listener(),
            async |ctx: EventContext<MessageCreate, Dashboard>| {
                heard(&ctx, |room, message| room.written(message))
            },
        )
        .listen(
            listener(),
            async |ctx: EventContext<MessageUpdate, Dashboard>| {
                heard(&ctx, |room, message| room.changed(message))
            },
        )
        .listen(
            listener(),
            async |ctx: EventContext<MessageDelete, Dashboard>| {
                heard(&ctx, |room, message| {
                    if let Some(id) = id(&message) {
                        room.deleted(id);
                    }
                })
            },
        )
}

fn heard<E: plugin_api::Event>(
    ctx: &EventContext<E, Dashboard>,
    change: impl FnOnce(&mut Room, Json),
) -> Result {
    let latest = &ctx.state().chat;
    let mut rooms = latest.rooms.borrow_mut();
    // Most of what is written is written where nobody looks: nothing is read of it.
    let Some(room) = ctx.channel_id().and_then(|id| rooms.get_mut(&id.get())) else {
        return Ok(());
    };
    change(room, serde_json::from_slice(ctx.raw())?);
    latest.news.notify_one();
    Ok(())
}

/// The latest messages of a channel, the oldest first; from now on they are kept up to date for as long as somebody looks.
///
/// # Errors
///
/// Discord refuses, or is out of reach.
pub(super) async fn messages(
    dashboard: &Dashboard,
    host: &Host,
    channel: Id<ChannelMarker>,
) -> Result<Vec<Json>> {
    watch(dashboard).await?;
    let latest = &dashboard.chat;
    if let Some(known) = latest.known(channel) {
        return Ok(known);
    }
    let page = fetch(host, channel, None).await?;
    let mut rooms = latest.rooms.borrow_mut();
    let room = rooms.entry(channel.get()).or_insert_with(Room::new);
    room.take(page);
    Ok(room.messages.values().cloned().collect())
}

/// Messages of a channel from Discord, the newest first: the latest, or those before one.
pub(super) async fn fetch(
    host: &Host,
    channel: Id<ChannelMarker>,
    before: Option<u64>,
) -> Result<Vec<Json>> {
    let mut path = format!("channels/{channel}/messages?limit={SHOWN}");
    if let Some(before) = before {
        path.push_str(&format!("&before={before}"));
    }
    let asked = host.discord().request(Method::Get, path).send().await;
    let asked = asked.map_err(|error| match error.http_status() {
        Some(403) => Error::user(
            "The bot may not read this channel: it needs View Channel and Read Message History there.",
        ),
        Some(404) => Error::user("There is no such channel any more."),
        _ => error,
    });
    asked?.json()
}

impl Latest {
    /// What is known of a channel and fresh; where it is not, a place for what is written meanwhile is made.
    fn known(&self, channel: Id<ChannelMarker>) -> Option<Vec<Json>> {
        let mut rooms = self.rooms.borrow_mut();
        let room = rooms.entry(channel.get()).or_insert_with(Room::new);
        room.used = Instant::now();
        let is_fresh = room.fetched.is_some_and(|at| at.elapsed() < FRESH);
        let known = is_fresh.then(|| room.messages.values().cloned().collect());
        while rooms.len() > ROOMS {
            let oldest = rooms.iter().min_by_key(|(_, room)| room.used);
            let Some(oldest) = oldest.map(|(id, _)| *id) else {
                break;
            };
            rooms.remove(&oldest);
        }
        known
    }
}

/// Listens from now on, until nobody looks: before Discord is asked, so that nothing is missed between.
async fn watch(dashboard: &Dashboard) -> Result {
    let latest = Rc::clone(&dashboard.chat);
    if latest.watching.replace(true) {
        return Ok(());
    }
    let wanted = Rc::clone(&dashboard.wanted);
    // The host of the start: a route's asks for somebody, and until its reply alone.
    let host = dashboard.host.clone();
    if let Err(error) = wanted.set(&host, TAB, &EVENTS).await {
        latest.watching.set(false);
        return Err(error);
    }
    dashboard.host.spawn(async move {
        let told = tell(&host, &latest).await;
        let ended = wanted.set(&host, TAB, &[]).await;
        // Nothing is heard any more: what is known would be old.
        latest.rooms.borrow_mut().clear();
        latest.watching.set(false);
        told.and(ended)
    });
    Ok(())
}

async fn tell(host: &Host, latest: &Latest) -> Result {
    let mut seen = Instant::now();
    while seen.elapsed() < PATIENCE {
        let is_news = timeout(LOOKS, latest.news.notified()).await.is_ok();
        let watchers = match is_news {
            // A bare word: each page asks for what its own role may see.
            true => host.publish(TOPIC, "").await?,
            false => host.watchers(TOPIC).await?,
        };
        if watchers > 0 {
            seen = Instant::now();
        }
        if is_news {
            tokio::time::sleep(APART).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(id: u64, content: &str) -> Json {
        json!({"id": id.to_string(), "content": content})
    }

    fn shown(room: &Room) -> Vec<String> {
        let messages = room.messages.values();
        messages
            .map(|it| it["content"].as_str().unwrap_or("?").to_owned())
            .collect()
    }

    #[test]
    fn what_happens_while_discord_is_asked_is_newer_than_its_answer() {
        let mut room = Room::new();
        room.written(said(5, "five"));
        room.deleted(2);
        room.take(vec![said(4, "four"), said(2, "two"), said(1, "one")]);
        assert_eq!(shown(&room), ["one", "four", "five"]);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let mut room = Room::new();
        room.take(vec![json!({"id": "1", "content": "a", "pinned": true})]);
        room.changed(said(1, "b"));
        room.changed(said(9, "never seen"));
        assert_eq!(shown(&room), ["b"]);
        assert_eq!(room.messages[&1]["pinned"], json!(true));
    }

    #[test]
    fn the_latest_are_kept_and_what_has_no_id_is_left_out() {
        let mut room = Room::new();
        for id in 1..=60 {
            room.written(said(id, &id.to_string()));
        }
        room.written(json!({"content": "no id"}));
        assert_eq!(room.messages.len(), SHOWN);
        assert_eq!(shown(&room)[0], "11");
    }

    #[test]
    fn what_discord_does_not_have_any_more_goes() {
        let mut room = Room::new();
        room.take(vec![said(1, "one"), said(2, "two")]);
        room.take(vec![said(2, "two")]);
        assert_eq!(shown(&room), ["two"]);
    }
}
