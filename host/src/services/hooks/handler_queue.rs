//! Event queue of one handler: one event after the other, with time-outs, breaker and counts.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use host_base::PluginName;
use host_loader::{Answer, Packet, Refused, Slot, next_id};
use host_ops::config::{self, Live};
use plugin_api::abi::{EntryKind, InvokeHead, frame_kind};
use serde::Serialize;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};
use tracing::Span;

use super::{
    HookView,
    breaker::{Breaker, Limits},
    history::{Fate, micros},
};
use host_commands::router::HookRoute;

/// What the host waits beyond a handler's deadline: the plugin ends the handler itself, unless its thread is stuck.
const GRACE: Duration = Duration::from_secs(1);

/// Settings of a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueRules {
    /// Events that may wait.
    pub(super) queue: usize,
    /// What a handler may take.
    pub(super) timeout: Duration,
    pub(super) breaker: Limits,
}

impl QueueRules {
    pub(super) fn of(settings: &config::Hooks) -> Self {
        Self {
            queue: settings.queue,
            timeout: Duration::from_millis(settings.timeout_ms),
            breaker: Limits {
                failures: settings.failures,
                within: Duration::from_secs(settings.failure_window_s),
                rest: Duration::from_secs(settings.rest_s),
            },
        }
    }
}

/// A handler at work.
struct Running {
    began: Instant,
    /// When the event was emitted, and what becomes of it.
    since: Instant,
    fate: Arc<Fate>,
    limit: Duration,
    answer: oneshot::Receiver<Answer>,
    /// Around what the host does about it; its id stands in the plugin's own lines, too.
    span: Span,
}

/// An event on its way to a handler.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) slot: Arc<Slot>,
    pub(super) payload: Arc<[u8]>,
    pub(super) from: Option<PluginName>,
    pub(super) since: Instant,
    /// The event, for a handler that is for more than one.
    pub(super) event: Option<Arc<str>>,
    pub(super) fate: Arc<Fate>,
}

/// Outcome for an event at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is handled, or waits in the queue.
    Queued,
    /// The handler is switched off, or rests.
    Skipped,
    /// There was no place for it.
    Dropped,
}

/// Answer of a queue to an offered event.
#[derive(Debug)]
pub(super) enum Offered {
    /// What became of it.
    Taken(Taken),
    /// It stands in the line for a place in the queue: to be waited for with [`HandlerQueue::placed`].
    InLine(Place),
}

/// The word that an event has left the line.
pub(super) type Place = oneshot::Receiver<Taken>;

/// An event that waits for a place.
#[derive(Debug)]
struct Waiter {
    job: Job,
    left: oneshot::Sender<Taken>,
}

/// Something that others should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alarm {
    /// The handler has failed, with this error.
    Failed(String),
    /// The breaker has opened, after this failure.
    Opened(String),
    /// An event was dropped.
    Dropped,
}

/// Counts since the host's start.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// Events that were handled, well or not.
    pub runs: u64,
    /// Of those, the ones that failed: errors, panics, time-outs.
    pub failures: u64,
    /// Events that found the queue full for too long.
    pub dropped: u64,
    /// Events that came while the handler was switched off or rested, or whose plugin was unloaded first.
    pub skipped: u64,
    /// Microseconds in the handler, in all.
    pub handled_us: u64,
    /// Microseconds of waiting, in all.
    pub waited_us: u64,
    /// Words of the last failure.
    pub last_error: Option<String>,
}

/// Callback for alarms, with the hook's id.
type Alarmed = Box<dyn Fn(&str, Alarm) + Send + Sync>;

/// One handler's queue.
pub(super) struct HandlerQueue {
    /// `plugin:event:handler`.
    pub(super) id: String,
    /// The entry's name within the plugin.
    entry: String,
    config: Live,
    state: Mutex<QueueState>,
    alarm: Alarmed,
}

#[derive(Debug, Default)]
struct QueueState {
    queue: VecDeque<Job>,
    /// Those that wait for a place in the queue, in their order: nobody overtakes them. Empty while the queue is.
    line: VecDeque<Waiter>,
    busy: bool,
    off: bool,
    breaker: Breaker,
    figures: Figures,
}

impl QueueState {
    fn line_up(&mut self, job: Job) -> Place {
        let (left, place) = oneshot::channel();
        self.line.push_back(Waiter { job, left });
        place
    }

    /// Those who wait take the places that have become free, first come, first served.
    fn move_up(&mut self, limit: usize) {
        while self.queue.len() < limit
            && let Some(waiter) = self.line.pop_front()
        {
            match waiter.left.send(Taken::Queued) {
                Ok(()) => self.queue.push_back(waiter.job),
                // Whoever told the event has gone: it was not told.
                Err(_) => self.figures.skipped += 1,
            }
        }
    }
}

impl HandlerQueue {
    pub(super) fn new(
        id: String,
        entry: String,
        is_off: bool,
        config: Live,
        alarm: impl Fn(&str, Alarm) + Send + Sync + 'static,
    ) -> Self {
        Self {
            id,
            entry,
            config,
            state: Mutex::new(QueueState {
                off: is_off,
                ..QueueState::default()
            }),
            alarm: Box::new(alarm),
        }
    }

    /// Takes an event: to the handler at once when it is idle, so that handlers begin in the order of their priorities.
    pub(super) fn offer(self: &Arc<Self>, job: Job) -> Offered {
        let limit = self.rules().queue;
        let mut state = self.state();
        if state.off || state.breaker.is_resting(Instant::now()) {
            state.figures.skipped += 1;
            return Offered::Taken(Taken::Skipped);
        }
        if state.busy && (state.queue.len() >= limit || !state.line.is_empty()) {
            return match state.line.len() {
                // As many may wait for a place as fit into the queue.
                waiting if waiting < limit => Offered::InLine(state.line_up(job)),
                _ => {
                    self.drop_one(&mut state);
                    Offered::Taken(Taken::Dropped)
                }
            };
        }
        if state.busy {
            state.queue.push_back(job);
            return Offered::Taken(Taken::Queued);
        }
        // Idle, so nothing waits either: what the breaker or the plugin does not take now is not taken at all.
        match self.begin(&mut state, job) {
            Ok(running) => {
                state.busy = true;
                drop(state);
                tokio::spawn(Arc::clone(self).work(running));
                Offered::Taken(Taken::Queued)
            }
            Err(why) => Offered::Taken(why),
        }
    }

    /// Waits until an event has left the line; who has not done so in time is dropped. An event that nobody waits for any
    /// more loses its place: its plugin is gone.
    pub(super) async fn placed(&self, mut place: Place, patience: Duration) -> Taken {
        if let Ok(left) = timeout(patience, &mut place).await {
            return left.unwrap_or(Taken::Skipped);
        }
        // Words are sent under the lock: after this, none is.
        let mut state = self.state();
        place.close();
        if let Ok(left) = place.try_recv() {
            return left;
        }
        let before = state.line.len();
        state.line.retain(|waiter| !waiter.left.is_closed());
        // With this one go those whom nobody waits for any more.
        let others = before - state.line.len() - 1;
        state.figures.skipped += others as u64;
        self.drop_one(&mut state);
        Taken::Dropped
    }

    /// Counts an event that is dropped.
    fn drop_one(&self, state: &mut QueueState) {
        state.figures.dropped += 1;
        (self.alarm)(&self.id, Alarm::Dropped);
    }

    pub(super) fn switch(&self, on: bool) {
        let mut state = self.state();
        state.off = !on;
        if !on {
            let skipped = state.queue.len() + state.line.len();
            state.figures.skipped += skipped as u64;
            state.queue.clear();
            for waiter in state.line.drain(..) {
                let _ = waiter.left.send(Taken::Skipped);
            }
        }
    }

    /// Closes the breaker.
    pub(super) fn reset(&self) {
        self.state().breaker = Breaker::default();
    }

    /// The handler as people see it.
    pub(super) fn view(&self, route: &HookRoute) -> HookView {
        let state = self.state();
        HookView {
            id: route.id.clone(),
            event: route.event.clone(),
            plugin: route.plugin.clone(),
            priority: route.priority,
            enabled: !state.off,
            circuit: state.breaker.circuit(),
            at_work: state.busy,
            waiting: state.queue.len() + state.line.len(),
            figures: state.figures.clone(),
        }
    }

    /// Hands the next event that waits to the plugin; `None` when none is left.
    fn next(&self, state: &mut QueueState) -> Option<Running> {
        while let Some(job) = state.queue.pop_front() {
            state.move_up(self.rules().queue);
            if let Ok(running) = self.begin(state, job) {
                return Some(running);
            }
        }
        None
    }

    /// Hands an event to the plugin; what becomes of it when that is not possible.
    fn begin(&self, state: &mut QueueState, job: Job) -> Result<Running, Taken> {
        let now = Instant::now();
        if !state.breaker.admit(now) {
            state.figures.skipped += 1;
            return Err(Taken::Skipped);
        }
        let limit = self.rules().timeout;
        let head = InvokeHead {
            kind: EntryKind::Hook,
            entry: self.entry.clone(),
            from: job.from.as_ref().map(ToString::to_string),
            deadline_ms: Some(limit.as_millis().try_into().unwrap_or(u64::MAX)),
            event: job.event.as_deref().map(str::to_owned),
        };
        let id = next_id();
        let packet = Packet::new(frame_kind::INVOKE, id, &head)
            .with_payload(job.payload.to_vec())
            .named(&self.entry);
        match job.slot.invoke(packet) {
            Ok(answer) => {
                let waited = job.since.elapsed();
                state.figures.waited_us += micros(waited);
                job.fate.begins(waited);
                Ok(Running {
                    began: now,
                    since: job.since,
                    fate: job.fate,
                    limit,
                    answer,
                    span: tracing::info_span!(parent: None, "hook", id, hook = &*self.id, from = job.from.as_deref()),
                })
            }
            // It is being unloaded: nobody's fault.
            Err(Refused::Closed) => {
                state.breaker.given_up();
                state.figures.skipped += 1;
                Err(Taken::Skipped)
            }
            Err(Refused::Full) => {
                state.figures.runs += 1;
                job.fate.ends(job.since.elapsed(), true);
                self.failed(state, "the plugin is busy".into());
                Err(Taken::Dropped)
            }
        }
    }

    /// Works until nothing is left.
    async fn work(self: Arc<Self>, mut running: Running) {
        loop {
            let Running {
                began,
                since,
                fate,
                limit,
                answer,
                span,
            } = running;
            let ended = timeout(limit + GRACE, answer).await;
            let _within = span.entered();
            tracing::debug!(took = ?began.elapsed(), "handled");
            let mut state = self.state();
            state.figures.runs += 1;
            state.figures.handled_us += micros(began.elapsed());
            let error = match ended {
                Ok(Ok(answer)) => answer.error().map(|error| error.message),
                Ok(Err(_)) => Some("the plugin ended".into()),
                Err(_) => Some(format!(
                    "it took longer than {limit:?}, and its thread is stuck"
                )),
            };
            fate.ends(since.elapsed(), error.is_some());
            match error {
                None => state.breaker.succeeded(),
                Some(error) => self.failed(&mut state, error),
            }
            match self.next(&mut state) {
                Some(next) => running = next,
                None => {
                    state.busy = false;
                    return;
                }
            }
        }
    }

    fn failed(&self, state: &mut QueueState, error: String) {
        state.figures.failures += 1;
        let (plugin, _) = self.id.split_once(':').unwrap_or((&self.id, ""));
        tracing::warn!(
            plugin,
            hook = &*self.id,
            "the hook's handler failed: {error}"
        );
        (self.alarm)(&self.id, Alarm::Failed(error.clone()));
        if state.breaker.failed(Instant::now(), self.rules().breaker) {
            (self.alarm)(&self.id, Alarm::Opened(error.clone()));
        }
        state.figures.last_error = Some(error);
    }

    fn rules(&self) -> QueueRules {
        QueueRules::of(&self.config.now().hooks)
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
