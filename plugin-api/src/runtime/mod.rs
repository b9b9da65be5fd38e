//! Main loop of a plugin's thread: takes frames and starts handlers.
//!
//! Nothing here is generic over the plugin: a plugin is erased into a [`Program`] first, so that this code, tokio's and
//! serde's included, is compiled once in this crate.

mod awaited;
mod calls;
mod core;
mod deadline;
mod job;
mod question;
mod wait;
mod waiting;

use std::{
    io,
    pin::{Pin, pin},
    rc::Rc,
    time::Duration,
};

use tokio::{
    runtime::Builder,
    task::{JoinSet, LocalSet, yield_now},
    time::{Instant, sleep_until},
};

pub(crate) use self::awaited::Wanted;
pub(crate) use self::calls::CallReply;
pub(crate) use self::core::Core;
pub(crate) use self::job::caught;
use self::job::{Answer, Job};
pub(crate) use self::question::{Question, Waited};
pub(crate) use self::waiting::Click;
use crate::{
    abi::{
        CommandHead, ComponentHead, EntryKind, ErrorHead, EventHeader, InvokeHead, LimitsHead,
        Origin, QUESTIONS, RestoreHead, SaveHead, SaveRequestHead, SettingsHead, StartHead,
        StopHead, frame_kind, message_kind, run_status, status,
    },
    error::{Error, Result},
    event::EventKind,
    guard::{dispose, guarded},
    manifest::{CommandKind, Handoff, Manifest},
    page::{Page, Turn},
    raw::{FrameGuard, Inbox, Link, Place, Program, WakeSignal, set_level},
    state::State,
};

/// Handlers that run at once when the manifest names no limit.
const DEFAULT_CONCURRENCY: usize = 64;

/// How long threads of `spawn_blocking` may still run when the plugin has stopped.
const BLOCKING_GRACE: Duration = Duration::from_millis(500);

/// What `on_stop` may take at least, when the handlers have used the deadline up.
const GOODBYE: Duration = Duration::from_millis(50);

pub(crate) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;
/// Calls a handler: inside of its job, by the future that this gives.
type Call<H> = fn(Rc<dyn Running>, Rc<Core>, H, FrameGuard) -> LocalFuture<Result<Answer>>;
type Start = Box<dyn FnOnce(Rc<Core>) -> LocalFuture<Result<Rc<dyn Running>>>>;

/// What a plugin has declared, and how it starts.
struct Declared {
    manifest: Manifest,
    start: Start,
}

/// A plugin that is run by the [main loop](main_loop) when it has its mailbox.
pub(crate) fn program(manifest: Manifest, start: Start) -> Program {
    Program::new(move |inbox, link| serve(Declared { manifest, start }, inbox, link))
}

/// Builds the runtime, runs the main loop in it, and takes everything down on this thread.
fn serve(declared: Declared, inbox: Inbox, link: Link) -> u32 {
    let runtime = match Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("can't start the plugin's runtime: {error}");
            return run_status::BROKEN;
        }
    };
    let local = LocalSet::new();
    let result = guarded(|| local.block_on(&runtime, main_loop(declared, inbox, link)));
    // Drop order: what still runs is dropped here, on this thread, before the runtime that it runs on.
    dispose(local);
    let _ = guarded(|| runtime.shutdown_timeout(BLOCKING_GRACE));
    match result {
        // What panicked while it was dropped has been told of; the plugin has stopped all the same.
        Ok(Ok(())) => run_status::STOPPED,
        Ok(Err(error)) => {
            tracing::error!("the plugin's main loop failed: {error}");
            run_status::BROKEN
        }
        Err(_) => run_status::PANICKED,
    }
}

/// A started plugin with its types erased.
///
/// Invariant: what calls author's code (all but `listeners` and `listens`) is called inside of a [`Job`], since the call itself
/// may panic and not just the future that it gives.
pub(crate) trait Running {
    fn command(
        &self,
        core: &Rc<Core>,
        head: CommandHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result>;
    fn component(
        &self,
        core: &Rc<Core>,
        head: ComponentHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result>;
    /// `frame`: for whom it is shown.
    fn page(
        &self,
        core: &Rc<Core>,
        frame: u64,
        name: &str,
        turn: Turn,
    ) -> LocalFuture<Result<Page>>;
    /// How many listeners there are, and whether one of them wants an event; which are told apart by their places.
    fn listeners(&self) -> usize;
    /// What a listener declares that it may take.
    fn deadline_of(&self, listener: usize) -> Option<Duration>;
    fn listens(&self, core: &Rc<Core>, listener: usize, header: &EventHeader) -> bool;
    fn event(
        &self,
        listener: usize,
        core: &Rc<Core>,
        frame_guard: Rc<FrameGuard>,
    ) -> LocalFuture<Result>;
    fn invoke(
        &self,
        core: &Rc<Core>,
        head: InvokeHead,
        frame_guard: FrameGuard,
    ) -> LocalFuture<Result<Vec<u8>>>;
    fn save(&self) -> LocalFuture<Result<Option<State>>>;
    fn restore(&self, state: State) -> LocalFuture<Result>;
    fn stop(&self) -> LocalFuture<()>;
}

/// Runs the plugin until it is told to stop, or its host is gone.
async fn main_loop(declared: Declared, mut inbox: Inbox, link: Link) -> io::Result<()> {
    let wakes = WakeSignal::watch(&inbox)?;
    let Declared { manifest, start } = declared;
    let concurrency = manifest.concurrency;
    let concurrency = concurrency.map_or(DEFAULT_CONCURRENCY, |limit| limit.max(1) as usize);
    let core = Rc::new(Core::new(&manifest, link));
    let handoff = manifest.handoff;
    let manifest = serde_json::to_vec(&manifest)?;
    if link
        .send(message_kind::MANIFEST, status::OK, 0, &manifest, &[])
        .is_err()
    {
        return Err(io::Error::other("the host did not take the manifest"));
    }
    let mut event_loop = EventLoop {
        core: Rc::clone(&core),
        handoff,
        start: Some(start),
        jobs: JoinSet::new(),
        stop_at: None,
        last_save: None,
    };
    loop {
        let mut taken = 0;
        for frame_guard in inbox.exchange(concurrency.saturating_sub(core.in_flight())) {
            taken += 1;
            event_loop.take(frame_guard);
        }
        while event_loop.jobs.try_join_next().is_some() {}
        if taken > 0 {
            // Otherwise the handlers' tasks starve while frames keep coming.
            yield_now().await;
            continue;
        }
        match event_loop.stop_at {
            Some(_) if core.in_flight() == 0 => break,
            Some(at) => tokio::select! {
                woken = wakes.wait() => woken?,
                () = core.room_was_made() => {}
                () = sleep_until(at) => break,
            },
            None => tokio::select! {
                woken = wakes.wait() => woken?,
                () = core.room_was_made() => {}
            },
        }
    }
    event_loop.close(inbox, &wakes).await
}

/// The head of work.
trait Head: serde::de::DeserializeOwned {
    /// What a newer host says in it that can't be served without being understood.
    fn unknown(&self) -> Option<&'static str>;
    /// What its handler may take, where there is a limit.
    fn deadline(&self, core: &Core) -> Option<Duration>;
}

impl Head for CommandHead {
    fn unknown(&self) -> Option<&'static str> {
        match (self.kind, &self.origin) {
            (CommandKind::Unknown, _) => Some("commands of this kind"),
            (_, Origin::Unknown) => Some("the way by which this command came"),
            _ => None,
        }
    }

    fn deadline(&self, core: &Core) -> Option<Duration> {
        core.deadlines.of_command(self.kind, &self.command)
    }
}

impl Head for ComponentHead {
    fn unknown(&self) -> Option<&'static str> {
        matches!(self.origin, Origin::Unknown).then_some("the way by which this click came")
    }

    fn deadline(&self, core: &Core) -> Option<Duration> {
        // An answer to a question is its handler's, whose time it is.
        let is_answer = self.handler == QUESTIONS;
        core.deadlines.or_default(None).filter(|_| !is_answer)
    }
}

impl Head for InvokeHead {
    fn unknown(&self) -> Option<&'static str> {
        matches!(self.kind, EntryKind::Unknown).then_some("entries of this kind")
    }

    fn deadline(&self, core: &Core) -> Option<Duration> {
        // One that says how long it waits is not waited for any longer.
        let default = core.deadlines.or_default(None);
        default.filter(|_| self.deadline_ms.is_none())
    }
}

/// State of the loop while it runs.
struct EventLoop {
    core: Rc<Core>,
    handoff: Handoff,
    start: Option<Start>,
    jobs: JoinSet<()>,
    stop_at: Option<Instant>,
    /// The frame that the state is the answer to when all is served; `None` where nobody asks for it.
    last_save: Option<u64>,
}

impl EventLoop {
    fn take(&mut self, frame_guard: FrameGuard) {
        let id = frame_guard.id();
        match frame_guard.kind() {
            frame_kind::REPLY => self.core.complete(&frame_guard),
            frame_kind::EVENT => self.event(frame_guard),
            frame_kind::COMMAND => {
                self.work(id, frame_guard, |running, core, head, frame_guard| {
                    Box::pin(async move {
                        running.command(&core, head, frame_guard).await?;
                        Ok(Answer::None)
                    })
                })
            }
            frame_kind::COMPONENT => {
                self.work(id, frame_guard, |running, core, head, frame_guard| {
                    Box::pin(async move {
                        running.component(&core, head, frame_guard).await?;
                        Ok(Answer::None)
                    })
                })
            }
            frame_kind::INVOKE => self.work(
                id,
                frame_guard,
                |running, core, head: InvokeHead, frame_guard| {
                    Box::pin(async move {
                        let deadline_ms = head.deadline_ms;
                        let entry = running.invoke(&core, head, frame_guard);
                        within(deadline_ms, entry).await.map(Answer::Result)
                    })
                },
            ),
            frame_kind::PING => self.answer(id, &Ok(Answer::None)),
            frame_kind::START => self.start(id, &frame_guard),
            frame_kind::RESTORE => self.restore(id, &frame_guard),
            frame_kind::SAVE => self.save(id, frame_guard.head()),
            frame_kind::LIVE => self.core.go_live(),
            frame_kind::STOP => self.stop(&frame_guard),
            frame_kind::LOG_LEVEL => {
                if let Ok(level) = serde_json::from_slice::<String>(frame_guard.head()) {
                    set_level(&level);
                }
            }
            frame_kind::LIMITS => {
                if let Ok(head) = serde_json::from_slice::<LimitsHead>(frame_guard.head()) {
                    let default = head.handler_deadline_ms.map(Duration::from_millis);
                    self.core.deadlines.set_default(default);
                }
            }
            frame_kind::SETTINGS => {
                if let Ok(head) = serde_json::from_slice::<SettingsHead>(frame_guard.head()) {
                    self.core.set_settings(head.settings);
                }
            }
            unknown if id != 0 => self.unsupported(id, &format!("frames of kind {unknown}")),
            _ => {}
        }
    }

    fn unsupported(&self, id: u64, what: &str) {
        let head = ErrorHead {
            message: format!(
                "this plugin was built with plugin-api {}, which does not know {what}: build it with the host's",
                crate::abi::API_VERSION
            ),
            ..ErrorHead::default()
        };
        self.core.answer(id, status::UNSUPPORTED, &head, &[]);
    }

    fn start(&mut self, id: u64, frame_guard: &FrameGuard) {
        let head: StartHead = match serde_json::from_slice(frame_guard.head()) {
            Ok(head) => head,
            Err(error) => return self.answer(id, &Err(error.into())),
        };
        set_level(&head.log_level);
        crate::message::set_colours(head.colours);
        self.core.set_start(head);
        let Some(start) = self.start.take() else {
            return self.answer(id, &Err(Error::new("the plugin was started already")));
        };
        let core = Rc::clone(&self.core);
        let started = async move {
            let running = start(Rc::clone(&core)).await?;
            core.set_running(running);
            Ok(Answer::None)
        };
        self.spawn(id, false, Box::pin(started));
    }

    fn event(&mut self, frame_guard: FrameGuard) {
        let Some(running) = self.core.running() else {
            return;
        };
        let (frame, header) = (frame_guard.id(), frame_guard.header().header);
        // Of the frame until all handlers have begun; dropped after our guard, so that it is not told of when nobody has kept the event.
        let place = Place::of(&frame_guard);
        let frame_guard = Rc::new(frame_guard);
        self.core.tell_waiting(&header, &frame_guard);
        for listener in 0..running.listeners() {
            if !running.listens(&self.core, listener, &header) {
                continue;
            }
            let deadline = self
                .core
                .deadlines
                .or_default(running.deadline_of(listener));
            let core = Rc::clone(&self.core);
            let own = Place::of(&frame_guard);
            let (running, frame_guard) = (Rc::clone(&running), Rc::clone(&frame_guard));
            let handler = async move {
                running.event(listener, &core, frame_guard).await?;
                Ok(Answer::None)
            };
            let job = Job::new(Rc::clone(&self.core), 0, true, Box::pin(handler)).within(deadline);
            let event = EventKind::from_number(header.kind).name();
            self.begin(job.of_event(frame, event).at(own));
        }
        drop(frame_guard);
        drop(place);
    }

    fn work<H: Head>(&mut self, id: u64, frame_guard: FrameGuard, call: Call<H>) {
        let head: H = match serde_json::from_slice(frame_guard.head()) {
            Ok(head) => head,
            Err(error) => return self.answer(id, &Err(error.into())),
        };
        if let Some(what) = head.unknown() {
            return self.unsupported(id, what);
        }
        let Some(running) = self.core.running() else {
            return self.answer(id, &Err(Error::new("the plugin has not started")));
        };
        let core = Rc::clone(&self.core);
        let deadline = head.deadline(&core);
        let place = Place::of(&frame_guard);
        let handler = call(running, Rc::clone(&core), head, frame_guard);
        let job = Job::new(core, id, true, handler).within(deadline);
        self.begin(job.at(place));
    }

    fn restore(&mut self, id: u64, frame_guard: &FrameGuard) {
        let schema = serde_json::from_slice::<RestoreHead>(frame_guard.head())
            .unwrap_or_default()
            .schema;
        let state = State::from_bytes(schema, frame_guard.body().to_vec());
        let Some(running) = self.core.running() else {
            return self.answer(id, &Err(Error::new("the plugin has not started")));
        };
        let restored = async move { running.restore(state).await.map(|()| Answer::None) };
        self.spawn(id, false, Box::pin(restored));
    }

    fn save(&mut self, id: u64, head: &[u8]) {
        let Some(running) = self.core.running() else {
            return self.answer(id, &Err(Error::new("the plugin has not started")));
        };
        let core = Rc::clone(&self.core);
        let head: SaveRequestHead = serde_json::from_slice(head).unwrap_or_default();
        let strict = self.handoff == Handoff::Strict && !head.as_it_is;
        let saved = async move {
            while strict && core.in_flight() > 0 {
                core.room_was_made().await;
            }
            Ok(running.save().await?.map_or(Answer::None, Answer::State))
        };
        self.spawn(id, false, Box::pin(saved));
    }

    fn stop(&mut self, frame_guard: &FrameGuard) {
        let head: StopHead = serde_json::from_slice(frame_guard.head()).unwrap_or_default();
        self.stop_at = Some(Instant::now() + Duration::from_millis(head.deadline_ms));
        self.last_save = head.save_id;
        self.core.end_background();
        self.core.end_questions();
    }

    /// Starts a handler. Its first poll is here: most handlers end in it and never become a task, and what they change
    /// before their first `.await` is changed before the next frame is looked at (a SAVE, say).
    fn spawn(&mut self, id: u64, work: bool, handler: LocalFuture<Result<Answer>>) {
        let job = Job::new(Rc::clone(&self.core), id, work, handler);
        self.begin(job);
    }

    fn begin(&mut self, job: Job) {
        if let Some(job) = job.first_poll() {
            self.jobs.spawn_local(job);
        }
    }

    fn answer(&self, id: u64, result: &Result<Answer>) {
        job::send_answer(&self.core, id, result);
    }

    /// Ends what still runs, lets the plugin say goodbye, and drops it.
    async fn close(mut self, mut inbox: Inbox, wakes: &WakeSignal) -> io::Result<()> {
        self.jobs.shutdown().await;
        dispose(self.start.take());
        if let Some(id) = self.last_save.take() {
            // What was answered is in it: no handler runs any more, and `on_stop` has not begun.
            self.save(id, &[]);
        }
        if let Some(running) = self.core.take_running() {
            let least = Instant::now() + GOODBYE;
            let until = self.stop_at.map_or(least, |at| at.max(least));
            let mut goodbye = pin!(caught(async move { running.stop().await }));
            loop {
                // Host calls of the goodbye are still completed.
                for frame_guard in inbox.exchange(0) {
                    if frame_guard.kind() == frame_kind::REPLY {
                        self.core.complete(&frame_guard);
                    }
                }
                tokio::select! {
                    biased;
                    _ = &mut goodbye => break,
                    woken = wakes.wait() => woken?,
                    () = sleep_until(until) => {
                        tracing::warn!("on_stop took longer than the deadline and was dropped");
                        break;
                    }
                }
            }
        }
        self.core.close();
        Ok(())
    }
}

/// Drops a handler that takes longer, where there is a limit.
async fn within<T>(deadline_ms: Option<u64>, handler: LocalFuture<Result<T>>) -> Result<T> {
    let Some(deadline_ms) = deadline_ms else {
        return handler.await;
    };
    tokio::time::timeout(Duration::from_millis(deadline_ms), handler)
        .await
        .unwrap_or_else(|_| Err(Error::new(format!("it took longer than {deadline_ms} ms"))))
}

impl Answer {
    fn parts(&self) -> (Vec<u8>, &[u8]) {
        match self {
            Self::None => (Vec::new(), &[]),
            Self::Result(json) => (Vec::new(), json),
            Self::State(state) => {
                let head = SaveHead {
                    schema: Some(state.schema()),
                };
                (serde_json::to_vec(&head).unwrap_or_default(), state.bytes())
            }
        }
    }
}
