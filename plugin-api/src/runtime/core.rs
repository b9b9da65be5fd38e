//! Shared core of a generation's handlers: the way to the host, open calls, background tasks.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use serde::Serialize;
use serde_json::Value;
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::JoinSet,
};

use super::{
    Running,
    awaited::Awaited,
    calls::{CallReply, Calls},
    deadline::Deadlines,
    waiting::Questions,
};
use crate::{
    abi::{CallHead, FailedHead, LogHead, StartHead, message_kind},
    error::{Error, Result},
    event::EventKind,
    guard::dispose,
    manifest::{ListenerManifest, Manifest},
    raw::{FrameGuard, Link, SendError},
};

/// Parts that a generation's handlers share.
pub(crate) struct Core {
    name: String,
    link: Link,
    start: OnceCell<StartHead>,
    settings: RefCell<Rc<Value>>,
    running: RefCell<Option<Rc<dyn Running>>>,
    calls: RefCell<Calls>,
    in_flight: Cell<usize>,
    /// The last number that a handler was given.
    last_job: Cell<u64>,
    /// Whose poll this is; 0 for what does not count as running.
    polled: Cell<u64>,
    pub(super) questions: Questions,
    pub(super) awaited: Awaited,
    pub(super) deadlines: Deadlines,
    /// Events that listeners hear which are for chosen ones, by number.
    chosen: RefCell<BTreeSet<u16>>,
    /// The events that it is told of whatever their server, with all that is in them; by number.
    heard: Vec<u16>,
    event_loop: Notify,
    /// Whose turn it is to take up a file of an inbox, or to look through them.
    pub(crate) inboxes: Semaphore,
    pub(super) live: watch::Sender<bool>,
    pub(super) background: RefCell<JoinSet<()>>,
}

impl Core {
    /// Tells the host of something that has failed to which nobody waits for an answer.
    pub(super) fn failed(&self, frame: u64, failed: FailedHead) {
        let head = LogHead {
            level: "error".into(),
            target: "plugin_api::runtime".into(),
            message: format!("a handler failed: {}", failed.error),
            fields: BTreeMap::new(),
            frame: Some(frame).filter(|id| *id != 0),
            failed: Some(failed),
        };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let _ = self.link.send(message_kind::LOG, 0, 0, &head, &[]);
    }

    /// From now on listeners that are for chosen events hear these.
    pub(crate) fn choose(&self, events: BTreeSet<u16>) {
        *self.chosen.borrow_mut() = events;
    }

    /// Whether an event is chosen.
    pub(crate) fn has_chosen(&self, event: u16) -> bool {
        self.chosen.borrow().contains(&event)
    }

    pub(super) fn new(manifest: &Manifest, link: Link) -> Self {
        let whole = |listener: &&ListenerManifest| {
            listener.guild_id.is_none() && !listener.without_content && !listener.chosen
        };
        let heard = manifest.listeners.iter().filter(whole);
        Self {
            name: manifest.name.clone(),
            heard: heard
                .filter_map(|listener| EventKind::named(&listener.event))
                .map(EventKind::number)
                .collect(),
            awaited: Awaited::default(),
            deadlines: Deadlines::of(manifest),
            chosen: RefCell::default(),
            link,
            start: OnceCell::new(),
            settings: RefCell::default(),
            running: RefCell::default(),
            calls: RefCell::default(),
            in_flight: Cell::new(0),
            last_job: Cell::new(0),
            polled: Cell::new(0),
            questions: Questions::default(),
            event_loop: Notify::new(),
            inboxes: Semaphore::new(1),
            live: watch::Sender::new(false),
            background: RefCell::default(),
        }
    }

    /// Whether the host tells it of all events of this kind.
    pub(crate) fn hears(&self, kind: u16) -> bool {
        self.heard.contains(&kind)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the host said at the start.
    pub(crate) fn start(&self) -> &StartHead {
        self.start.get_or_init(StartHead::default)
    }

    pub(super) fn set_start(&self, mut head: StartHead) {
        self.set_settings(head.settings.take());
        let _ = self.start.set(head);
    }

    /// The plugin's settings, as the host told them last.
    pub(crate) fn settings(&self) -> Rc<Value> {
        Rc::clone(&self.settings.borrow())
    }

    pub(super) fn set_settings(&self, settings: Value) {
        *self.settings.borrow_mut() = Rc::new(settings);
    }

    pub(crate) fn running(&self) -> Option<Rc<dyn Running>> {
        self.running.borrow().clone()
    }

    pub(super) fn set_running(&self, running: Rc<dyn Running>) {
        *self.running.borrow_mut() = Some(running);
    }

    pub(super) fn take_running(&self) -> Option<Rc<dyn Running>> {
        self.running.borrow_mut().take()
    }

    // --- handlers that run ---

    /// Handlers that run; those that wait for a member's answer don't count.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
            .get()
            .saturating_sub(self.questions.handlers_that_wait())
    }

    pub(super) fn end_questions(&self) {
        self.awaited.close();
        self.questions.close();
    }

    /// Counts a handler as running; its number.
    pub(super) fn enter(&self) -> u64 {
        self.in_flight.set(self.in_flight.get() + 1);
        self.last_job.set(self.last_job.get() + 1);
        self.last_job.get()
    }

    /// Polls a handler, which is the one that is polled meanwhile. `poll` does not unwind.
    pub(super) fn turn<T>(&self, job: u64, poll: impl FnOnce() -> T) -> T {
        let before = self.polled.replace(job);
        let result = poll();
        self.polled.set(before);
        result
    }

    /// The handler that is being polled; 0 for what does not count as running, a background task say.
    pub(super) fn polled(&self) -> u64 {
        self.polled.get()
    }

    pub(super) fn leave(&self) {
        self.in_flight.set(self.in_flight.get() - 1);
        self.tell_of_room();
    }

    pub(super) fn tell_of_room(&self) {
        self.event_loop.notify_waiters();
        self.event_loop.notify_one();
    }

    /// Until a handler has ended.
    pub(super) async fn room_was_made(&self) {
        self.event_loop.notified().await;
    }

    // --- answers and calls ---

    pub(super) fn answer(&self, id: u64, status: u16, head: &impl Serialize, body: &[u8]) {
        self.answer_raw(
            id,
            status,
            &serde_json::to_vec(head).unwrap_or_default(),
            body,
        );
    }

    pub(super) fn answer_raw(&self, id: u64, status: u16, head: &[u8], body: &[u8]) {
        if id != 0 {
            // A host that is gone waits for no answer.
            let _ = self.link.send(message_kind::ANSWER, status, id, head, body);
        }
    }

    pub(super) fn complete(&self, frame_guard: &FrameGuard) {
        self.calls.borrow_mut().complete(frame_guard);
    }

    /// Asks the host for something that it does not answer.
    pub(crate) fn tell(&self, head: &CallHead) {
        if let Ok(head) = serde_json::to_vec(head) {
            // Without a host there is nobody to be told.
            let _ = self.link.send(message_kind::CALL, 0, 0, &head, &[]);
        }
    }

    /// Asks the host, and waits for its answer.
    pub(crate) async fn call(self: &Rc<Self>, head: CallHead, body: Vec<u8>) -> Result<CallReply> {
        let (id, answer) = self.calls.borrow_mut().open();
        // Gives the id up when whoever asked stops waiting.
        let _open = Open {
            core: Rc::clone(self),
            id,
        };
        let sent = self.link.send(
            message_kind::CALL,
            0,
            id,
            &serde_json::to_vec(&head)?,
            &body,
        );
        drop(body);
        match sent {
            Ok(()) => {}
            Err(SendError::Closed) => {
                return Err(Error::new(format!(
                    "`{}`: the plugin is being unloaded",
                    head.call
                )));
            }
            Err(SendError::Refused) => {
                return Err(Error::new(format!(
                    "`{}`: the host refused the call",
                    head.call
                )));
            }
        }
        match answer.await {
            Ok(result) => result.map_err(|error| error.context(format_args!("`{}`", head.call))),
            Err(_) => Err(Error::new(format!(
                "`{}`: the plugin is being unloaded",
                head.call
            ))),
        }
    }

    // --- background tasks ---

    pub(super) fn go_live(&self) {
        self.live.send_replace(true);
    }

    pub(super) fn end_background(&self) {
        self.background.borrow_mut().abort_all();
    }

    /// Breaks the circles: handlers hold the core, and the core holds the plugin.
    pub(super) fn close(&self) {
        dispose(self.background.take());
        dispose(self.take_running());
        dispose(self.calls.take());
    }
}

struct Open {
    core: Rc<Core>,
    id: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.core.calls.borrow_mut().close(self.id);
    }
}
