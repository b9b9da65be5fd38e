//! Streams of open pages, as [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Query, State as Extract},
    http::{HeaderName, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, stream};
use host_base::PluginName;
use host_loader::Rights;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{refusal::Refusal, visitor::Visitor};
use crate::{
    hub::Following,
    invoke::{self, About},
    state::State,
    way::Way,
};

/// Topics that one page follows at most.
const TOPICS: usize = 32;

/// How often the host looks whether there is something new, while a page follows anything.
const LOOKS: Duration = Duration::from_millis(150);

/// How often it is looked whether a page may go on to follow.
const LIFE: Duration = Duration::from_secs(60);

/// After how long a browser comes back that has lost the connection, in milliseconds.
const RETRY: Duration = Duration::from_millis(500);

/// What pages may follow of the host itself: each tells that there is something new, and no more; and the right that is needed.
const OF_HOST: [(&str, &str); 8] = [
    ("host:audit", "audit.list"),
    ("host:errors", "errors.list"),
    ("host:health", "bot.status"),
    ("host:hooks", "hooks.list"),
    ("host:log", "log.read"),
    ("host:plugins", "plugins.list"),
    ("host:sessions", "pages.sessions"),
    ("host:settings", "settings.describe"),
];

/// An open page.
struct Page {
    state: Arc<State>,
    user: u64,
    session: u64,
    way: Way,
    topics: Vec<String>,
    /// What it was allowed when it began.
    allowed: Vec<String>,
    following: Following,
    changes: watch::Receiver<u64>,
    /// When it is next looked whether it may go on, though nothing has changed: a session ends by the clock, too.
    looks: Instant,
    greeted: bool,
}

/// Follows the topics in `?topics=a,b`, as long as the session and its rights last.
pub(super) async fn follow(
    Extract(state): Extract<Arc<State>>,
    visitor: Visitor,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let topics: Vec<String> = query
        .get("topics")
        .map_or("", String::as_str)
        .split(',')
        .filter(|topic| !topic.is_empty())
        .map(str::to_owned)
        .collect();
    if topics.is_empty() || topics.len() > TOPICS {
        let text = format!("`topics` names 1 to {TOPICS} topics, with commas between them.");
        return Refusal::new(StatusCode::BAD_REQUEST, text).answer(false);
    }
    let allowed = match allowed(&state, &topics, &visitor.rights) {
        Ok(allowed) => allowed,
        Err(topic) => {
            let text = format!(
                "Your role here ({}) may not follow `{topic}`.",
                visitor.rights.role
            );
            return Refusal::new(StatusCode::FORBIDDEN, text).answer(false);
        }
    };
    let following = state
        .hub
        .follow(visitor.session.number, allowed.iter().cloned());
    let Some(following) = following else {
        let text =
            "So many pages of this session are open already. Close some, and load this one anew.";
        return Refusal::new(StatusCode::TOO_MANY_REQUESTS, text).answer(false);
    };
    let page = Page {
        user: visitor.session.user,
        session: visitor.session.number,
        way: visitor.way,
        following,
        changes: state.access.follow(),
        looks: Instant::now() + LIFE,
        greeted: false,
        topics,
        allowed,
        state,
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        // A proxy would keep events until there are enough of them.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (
        headers,
        Sse::new(page.events()).keep_alive(KeepAlive::default()),
    )
        .into_response()
}

impl Page {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut page| async move {
            let event = page.next().await?;
            Some((Ok(event), page))
        })
    }

    /// The next event; `None` ends the connection, and the browser comes back by itself where it may.
    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            return Some(Event::default().event("hello").data("").retry(RETRY));
        }
        loop {
            tokio::select! {
                event = self.following.next() => {
                    let event = event?;
                    // A carriage return would end the line for a browser.
                    let mut data = event.data.replace('\r', "");
                    // Nothing at all would be no event to a browser.
                    if data.is_empty() {
                        data.push(' ');
                    }
                    return Some(Event::default().event(&*event.topic).data(data));
                }
                changed = self.changes.changed() => {
                    if changed.is_err() || !self.goes_on() {
                        return None;
                    }
                }
                () = sleep_until(self.looks) => {
                    self.looks = Instant::now() + LIFE;
                    if !self.goes_on() {
                        return None;
                    }
                }
            }
        }
    }

    /// Whether it may still follow what it does, and no more than that.
    fn goes_on(&self) -> bool {
        let state = &self.state;
        // What comes through a relay ends with the connection.
        let is_served = matches!(self.way, Way::Remote(_)) || state.address().is_some();
        is_served
            && state.sessions.goes_on(self.session, state.lifetimes())
            && state
                .rights_through(self.user, self.way.through())
                .is_some_and(|rights| {
                    allowed(state, &self.topics, &rights).is_ok_and(|now| now == self.allowed)
                })
    }
}

/// Those of the topics that there are; an error: one that may not be followed.
fn allowed(state: &State, topics: &[String], rights: &Rights) -> Result<Vec<String>, String> {
    let mut allowed = Vec::new();
    for topic in topics {
        let may = match OF_HOST.iter().find(|(name, _)| name == topic) {
            Some((_, right)) => Some(rights.has(right) && !rights.own_servers),
            None => may_follow(state, topic, rights),
        };
        match may {
            // Its plugin is away for a moment: the page comes back when there is another one.
            None => {}
            Some(true) => allowed.push(topic.clone()),
            Some(false) => return Err(topic.clone()),
        }
    }
    Ok(allowed)
}

/// Whether somebody may follow a plugin's topic; `None`: there is no such topic.
fn may_follow(state: &State, topic: &str, rights: &Rights) -> Option<bool> {
    let (plugin, name) = topic.split_once(':')?;
    let site = &state.site;
    let generation = site.generation(&PluginName::new(plugin))?;
    let manifest = &generation.manifest;
    let topic = manifest.pages.topics.iter().find(|it| it.name == name)?;
    // A topic tells of no server.
    Some(invoke::permits(manifest, &topic.right, rights, About::Topic).is_ok())
}

/// Tells pages that follow the host when there is something new; does nothing while nobody follows anything.
pub(super) async fn tick(state: Arc<State>) {
    let mut known: HashMap<&'static str, u64> = HashMap::new();
    loop {
        if state.hub.pages() == 0 {
            known.clear();
            state.hub.followed().await;
        }
        let site = &state.site;
        // Who has come, and what has changed for those who are there.
        let sessions = *state.access.follow().borrow() + state.sessions.begun();
        let sessions = ("sessions", sessions);
        for (name, count) in site.bot.counters().into_iter().chain([sessions]) {
            if known
                .insert(name, count)
                .is_some_and(|before| before != count)
            {
                state
                    .hub
                    .publish(&format!("host:{name}"), &count.to_string());
            }
        }
        sleep(LOOKS).await;
    }
}
