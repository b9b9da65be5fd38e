//! Hooks: events of the framework and of plugins, emitted to every plugin that handles them.
//!
//! Which handlers there are is the routes' business (`host_commands::router`, from the manifests), so a handler ends with its
//! generation by itself. What is kept here by the handler's id outlives a reload: its queue, its breaker, its figures.

mod breaker;
mod chosen;
mod handler_queue;
mod history;
mod host_calls;
mod switched_off;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use host_base::{PluginName, nearest::nearest, shown};
use host_capability::Failure;
use host_discord::Alerts;
use host_loader::{Caller, Completion};
use host_ops::config::Live;
use host_store::Storage;
use plugin_api::{
    abi::{EmitCall, EmitHead, ErrorKind, ErrorView},
    hook::{EVERY_EVENT, FRAMEWORK_EVENTS, Hook},
};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

pub use self::{
    breaker::{Circuit, Limits},
    handler_queue::Figures,
    history::Emitted,
};
use self::{
    chosen::Chosen,
    handler_queue::{Alarm, HandlerQueue, Job, Offered, Place, Taken},
    history::{Fate, History, keys},
};
use crate::services::Errors;
use host_commands::router::{HookRoute, Routes};

/// Bytes of the name of a plugin's event.
const NAME: usize = 100;

/// Bytes that an event of a plugin's has with it: as many events as a queue takes may wait for each handler.
const PAYLOAD_BYTES: usize = 256 << 10;

/// A handler of a hook, and how it fares.
#[derive(Debug, Clone, Serialize)]
pub struct HookView {
    /// `plugin:event:handler`.
    pub id: String,
    /// The event.
    pub event: String,
    /// Its plugin.
    pub plugin: PluginName,
    /// Handlers with a higher one are called first.
    pub priority: i32,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Its breaker.
    pub circuit: Circuit,
    /// Whether it handles one.
    pub at_work: bool,
    /// Events that wait for it, or for a place in its queue.
    pub waiting: usize,
    /// Counts.
    pub figures: Figures,
}

/// The hook service.
pub struct Hooks {
    routes: Arc<Routes>,
    config: Live,
    alerts: Arc<Alerts>,
    storage: Arc<Storage>,
    errors: Arc<Errors>,
    handler_queues: Mutex<HashMap<String, Arc<HandlerQueue>>>,
    history: Mutex<History>,
    /// Events since the start.
    emissions: AtomicU64,
    chosen: Chosen,
    /// Handlers that are switched off, by their ids: also those of plugins that are away.
    off: Mutex<BTreeSet<String>>,
}

impl Hooks {
    /// A service that finds handlers in `routes`, alerts the owner through `alerts`, keeps what is switched off in `storage`, and
    /// what has failed in `errors`.
    #[must_use]
    pub fn new(
        config: Live,
        routes: Arc<Routes>,
        alerts: Arc<Alerts>,
        storage: Arc<Storage>,
        errors: Arc<Errors>,
    ) -> Self {
        Self {
            routes,
            config,
            alerts,
            storage,
            errors,
            handler_queues: Mutex::default(),
            emissions: AtomicU64::new(0),
            history: Mutex::default(),
            chosen: Chosen::default(),
            off: Mutex::default(),
        }
    }

    /// The host call `hooks.emit`.
    ///
    /// # Errors
    ///
    /// The event is not the caller's to emit.
    pub async fn serve(
        &self,
        caller: &Caller,
        params: Value,
        body: Vec<u8>,
    ) -> Result<Completion, Failure> {
        let EmitCall { event } = serde_json::from_value(params)?;
        if event.len() > NAME || event.contains(char::is_control) {
            return Err(Failure::Refused(format!(
                "the name of an event is one line of {NAME} bytes at most"
            )));
        }
        let own = event
            .strip_prefix(&*caller.plugin)
            .is_some_and(|rest| rest.len() > 1 && rest.starts_with('.'));
        if !own {
            let hint = if FRAMEWORK_EVENTS.contains(&&*event) {
                "that event is the framework's own"
            } else {
                "the name of a plugin's event begins with its plugin's"
            };
            return Err(Failure::Refused(format!(
                "can't emit `{event}`: {hint}; call yours `{}.something`",
                caller.plugin
            )));
        }
        if body.len() > PAYLOAD_BYTES {
            return Err(Failure::Refused(format!(
                "`{event}` has {} bytes with it, and {PAYLOAD_BYTES} are the most: say where the rest is",
                body.len()
            )));
        }
        let mut emitted = EmitHead::default();
        let (patience, fate) = (self.patience(), Arc::default());
        // One that can't be read would count as a failure of each handler of every event.
        let keys = keys(&body)
            .ok_or_else(|| Failure::Refused(format!("what `{event}` has with it is no JSON")))?;
        let event_of = Event {
            name: &event,
            from: Some(&caller.plugin),
            payload: body.into(),
            fate: &fate,
        };
        let in_line = self.offer(&event_of, &mut emitted);
        let in_line = in_line
            .into_iter()
            .map(
                |(handler_queue, place)| async move { handler_queue.placed(place, patience).await },
            );
        for taken in futures_util::future::join_all(in_line).await {
            count(&mut emitted, taken);
        }
        self.note(&event, Some(&caller.plugin), &emitted, keys, fate);
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&emitted)?,
            body: Vec::new(),
        })
    }

    /// Tells one of the framework's own events. Never waits: a handler that is too far behind gets it within the time of
    /// back-pressure, or not at all.
    pub fn emit<H: Hook>(&self, payload: &H) {
        let json = match serde_json::to_vec(payload) {
            Ok(json) => json,
            Err(error) => {
                return tracing::error!(event = H::EVENT, "the event is no JSON: {error}");
            }
        };
        let (mut emitted, fate) = (EmitHead::default(), Arc::default());
        let keys = keys(&json).unwrap_or_default();
        let event = Event {
            name: H::EVENT,
            from: None,
            payload: json.into(),
            fate: &fate,
        };
        for (handler_queue, place) in self.offer(&event, &mut emitted) {
            emitted.queued += 1;
            let patience = self.patience();
            tokio::spawn(async move { handler_queue.placed(place, patience).await });
        }
        self.note(H::EVENT, None, &emitted, keys, fate);
    }

    /// All handlers, by event, those that are called first first.
    #[must_use]
    pub fn list(&self) -> Vec<HookView> {
        let routes = self.routes.all_hooks();
        let view = |route| self.handler_queue(route).view(route);
        routes.iter().map(view).collect()
    }

    /// The latest events, newest first; 100 are kept, 20 of one name.
    #[must_use]
    pub fn history(&self, limit: usize) -> Vec<Emitted> {
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .latest(limit)
    }

    /// Closes a handler's breaker.
    ///
    /// # Errors
    ///
    /// No plugin that is loaded has such a handler.
    pub fn reset(&self, id: &str) -> Result<(), Failure> {
        self.known(id)?.reset();
        Ok(())
    }

    /// Forgets the queues of handlers that are gone.
    pub fn prune(&self) {
        let routes = self.routes.all_hooks();
        self.handler_queues()
            .retain(|id, _| routes.iter().any(|route| route.id == *id));
    }

    /// How many queues there are: one for each handler that was ever asked for.
    #[must_use]
    pub fn queue_count(&self) -> usize {
        self.handler_queues().len()
    }

    /// Offers an event to all its handlers. What stands in the line at those that are behind comes back.
    fn offer(&self, event: &Event<'_>, emitted: &mut EmitHead) -> Vec<(Arc<HandlerQueue>, Place)> {
        let since = Instant::now();
        let mut in_line = Vec::new();
        for route in self.routes_of(event).iter() {
            let handler_queue = self.handler_queue(route);
            let job = Job {
                slot: Arc::clone(&route.slot),
                payload: Arc::clone(&event.payload),
                from: event.from.cloned(),
                since,
                event: (route.event == EVERY_EVENT).then(|| event.name.into()),
                fate: Arc::clone(event.fate),
            };
            match handler_queue.offer(job) {
                Offered::Taken(taken) => count(emitted, taken),
                Offered::InLine(place) => in_line.push((handler_queue, place)),
            }
        }
        in_line
    }

    /// The handlers of an event, those that are called first first.
    fn routes_of(&self, event: &Event<'_>) -> Arc<[HookRoute]> {
        let own = self.routes.hooks(event.name).unwrap_or_default();
        let Some(of_every) = self.routes.hooks(EVERY_EVENT) else {
            return own;
        };
        let wants = |route: &&HookRoute| {
            // Nobody is told what it has told itself: it would have no end.
            event.from != Some(&route.plugin)
                && (!route.chosen || self.chosen.has(route, event.name))
        };
        let of_every = of_every.iter().filter(wants);
        let mut all: Vec<HookRoute> = own.iter().chain(of_every).cloned().collect();
        all.sort_by_key(|route| std::cmp::Reverse(route.priority));
        all.into()
    }

    fn handler_queue(&self, route: &HookRoute) -> Arc<HandlerQueue> {
        let mut handler_queues = self.handler_queues();
        if let Some(handler_queue) = handler_queues.get(&route.id) {
            return Arc::clone(handler_queue);
        }
        let (alerts, config) = (Arc::clone(&self.alerts), self.config.clone());
        let errors = Arc::clone(&self.errors);
        let alarm = move |id: &str, alarm: Alarm| {
            let rest = Duration::from_secs(config.now().hooks.rest_s);
            match alarm {
                Alarm::Failed(text) => {
                    let mut error = ErrorView::default();
                    error.kind = ErrorKind::Hook;
                    let plugin = id.split_once(':').map_or(id, |(plugin, _)| plugin);
                    (error.plugin, error.what, error.text) =
                        (plugin.to_owned(), id.to_owned(), text);
                    errors.note(error);
                }
                Alarm::Opened(error) => {
                    let text = format!(
                        "The hook `{id}` failed too often and rests for {rest:?}. Its last failure: {}",
                        shown::said(&error)
                    );
                    alerts.raise("hooks", &format!("{id} opened"), &text);
                }
                Alarm::Dropped => {
                    let text =
                        format!("The hook `{id}` is too far behind: events for it are dropped.");
                    alerts.raise("hooks", &format!("{id} dropped"), &text);
                }
            }
        };
        let entry = format!("{}:{}", route.event, route.handler);
        let handler_queue = Arc::new(HandlerQueue::new(
            route.id.clone(),
            entry,
            self.is_off(&route.id),
            self.config.clone(),
            alarm,
        ));
        handler_queues.insert(route.id.clone(), Arc::clone(&handler_queue));
        handler_queue
    }

    fn known(&self, id: &str) -> Result<Arc<HandlerQueue>, Failure> {
        let routes = self.routes.all_hooks();
        match routes.iter().find(|route| route.id == id) {
            Some(route) => Ok(self.handler_queue(route)),
            None => {
                let hint = match nearest(id, routes.iter().map(|route| &*route.id)) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None if routes.is_empty() => "no loaded plugin has hooks".to_owned(),
                    None => "`cogwright hooks` lists them".to_owned(),
                };
                Err(Failure::Unfit(format!("there is no hook `{id}`; {hint}")))
            }
        }
    }

    fn note(
        &self,
        event: &str,
        from: Option<&PluginName>,
        emitted: &EmitHead,
        keys: Vec<String>,
        fate: Arc<Fate>,
    ) {
        self.emissions.fetch_add(1, Relaxed);
        let emitted = Emitted {
            at: SystemTime::now(),
            event: event.into(),
            from: from.cloned(),
            queued: emitted.queued,
            dropped: emitted.dropped,
            skipped: emitted.skipped,
            handled: 0,
            errors: 0,
            took_us: 0,
            queue_delay_us: 0,
            keys,
        };
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(emitted, fate);
    }

    /// How many events there were since the start.
    pub fn emissions(&self) -> u64 {
        self.emissions.load(Relaxed)
    }

    /// How long an event waits for a place.
    fn patience(&self) -> Duration {
        Duration::from_millis(self.config.now().hooks.push_timeout_ms)
    }

    fn handler_queues(&self) -> MutexGuard<'_, HashMap<String, Arc<HandlerQueue>>> {
        self.handler_queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event on its way to all its handlers.
struct Event<'a> {
    name: &'a str,
    from: Option<&'a PluginName>,
    payload: Arc<[u8]>,
    fate: &'a Arc<Fate>,
}

fn count(emitted: &mut EmitHead, taken: Taken) {
    *(match taken {
        Taken::Queued => &mut emitted.queued,
        Taken::Skipped => &mut emitted.skipped,
        Taken::Dropped => &mut emitted.dropped,
    }) += 1;
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("rules", &self.config.now().hooks)
            .finish_non_exhaustive()
    }
}
