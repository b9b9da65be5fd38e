//! Generation: one load of one plugin, which is started, asked, saved, and stopped.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use host_base::PluginName;
use plugin_api::{
    abi::{
        ErrorHead, LimitsHead, RestoreHead, SaveHead, SaveRequestHead, StartHead, StopHead,
        frame_kind, status,
    },
    manifest::Manifest,
};
use serde::Serialize;
use tokio::{sync::oneshot, time::timeout};

use super::{
    answer::Answer,
    bridge::Bridge,
    cell::{self, Cell},
    crumbs,
    descriptors::Descriptors,
    error::LoadError,
    footprint::Unloaded,
    isolation::Home,
    libraries,
    library::{self, PinnedLibrary, PluginThread},
    mailbox::{Dropped, Mailbox, Refused},
    packet::Packet,
    signals,
    state_file::SavedState,
    states::Moment,
    unknown,
    unload::{self, GivenBack, UnloadReport},
    vitals::Vitals,
};
use crate::{
    Environment,
    platform::{Owner, process},
};

/// Frame ids are the process's: a packet keeps its id when it is carried to the next generation.
static NEXT_FRAME: AtomicU64 = AtomicU64::new(1);

/// One load of one plugin.
pub struct Generation {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Which load of it this is, counted from 1.
    pub number: u64,
    /// What it declared.
    pub manifest: Manifest,
    /// The private copy that it was loaded from.
    pub shadow: PathBuf,
    /// When it was loaded.
    pub since: Instant,
    mailbox: Arc<Mailbox>,
    bridge: Arc<Bridge>,
    thread: Mutex<Option<Running>>,
    /// The process's descriptors before the library was opened.
    descriptors: Descriptors,
    /// Whose threads, timers and signals are its own.
    owner: Owner,
    /// Whether it was told to stop: its end is no failure then.
    stopping: AtomicBool,
    /// The process that it lives in, if that is another one.
    cell: Option<Arc<Cell>>,
    /// The id that its last state is the answer to; 0 while nobody waits for it.
    last_save: AtomicU64,
}

struct Running {
    ending: oneshot::Receiver<Option<PinnedLibrary>>,
    thread: JoinHandle<()>,
}

impl Generation {
    /// Opens the library on a thread of its own and waits until it has declared itself. It serves nobody yet.
    ///
    /// # Errors
    ///
    /// The library can't be opened, its boundary does not fit, or it did not declare itself within `deadline`. Whatever
    /// was opened is closed again.
    pub async fn open(
        plugin: &PluginName,
        number: u64,
        shadow: &Path,
        home: &Home,
        environment: Arc<dyn Environment>,
        deadline: Duration,
    ) -> Result<Self, LoadError> {
        let descriptors = match home {
            // Reads some dozens of links: not on a thread that others' work waits for.
            Home::Here => tokio::task::spawn_blocking(process::open_fds)
                .await
                .ok()
                .flatten(),
            Home::Cell { .. } => None,
        };
        let descriptors = descriptors.unwrap_or_default();
        let figures = environment.figures().generation_begins(plugin);
        let counted = Arc::clone(&figures);
        let mailbox = Mailbox::new(counted).map_err(|source| LoadError::Mailbox { source });
        let mailbox =
            Arc::new(mailbox.inspect_err(|_| environment.figures().generation_ends(plugin))?);
        let (bridge, declared) =
            Bridge::new(plugin, number, Arc::clone(&mailbox), environment, figures);
        let bridge = Arc::new(bridge);
        let (thread, cell) = begin(plugin, number, shadow, home, &bridge, &mailbox)?;
        let mut generation = Self {
            plugin: plugin.clone(),
            number,
            manifest: Manifest::default(),
            shadow: shadow.to_owned(),
            since: Instant::now(),
            mailbox,
            bridge,
            thread: Mutex::new(Some(Running {
                ending: thread.ending,
                thread: thread.thread,
            })),
            descriptors,
            owner: Owner::HOST,
            stopping: AtomicBool::new(false),
            cell,
            last_save: AtomicU64::new(0),
        };
        let opened = timeout(deadline, thread.opened).await;
        if let Ok(Ok(Ok(owner))) = opened {
            generation.owner = owner;
        } else {
            // What was opened is closed as after any life: counted, or not at all.
            let report = generation.unload(Duration::ZERO).await;
            let reason = match opened {
                Ok(Ok(Err(error))) => return Err(error),
                Err(_) if report.is_some_and(|report| !report.unmapped) => format!(
                    "opening the library took longer than {deadline:?}; it stays mapped until the host restarts"
                ),
                Err(_) => format!("opening the library took longer than {deadline:?}"),
                Ok(_) => "its thread ended while the library was opened".into(),
            };
            return Err(LoadError::Declaration { reason });
        }
        match timeout(deadline, declared).await {
            Ok(Ok(Ok(manifest))) => {
                let mut manifest = manifest;
                for what in unknown::leave_out(&mut manifest) {
                    tracing::warn!(plugin = &*generation.plugin, "{what}");
                }
                generation.manifest = manifest;
                Ok(generation)
            }
            failed => {
                let reason = match failed {
                    Err(_) => format!("nothing came within {deadline:?}"),
                    Ok(Err(_)) => match generation.bridge.vitals().last_panic() {
                        Some(panic) => format!("its declaration panicked: {panic}"),
                        None => "its thread ended; the log says why".into(),
                    },
                    Ok(Ok(Err(error))) => format!("its manifest is unreadable: {error}"),
                    Ok(Ok(Ok(_))) => unreachable!("handled above"),
                };
                generation.unload(Duration::ZERO).await;
                Err(LoadError::Declaration { reason })
            }
        }
    }

    /// Whether an address lies in its code, or in that of what it is linked with or has opened.
    #[must_use]
    pub fn has_code_at(&self, address: usize) -> bool {
        let code = libraries::code_of(self.owner, &self.shadow);
        code.iter().any(|(lo, hi)| (*lo..*hi).contains(&address))
    }

    /// Starts the plugin.
    ///
    /// # Errors
    ///
    /// `start` failed, panicked, or did not return within `deadline`.
    pub async fn start(&self, head: &StartHead, deadline: Duration) -> Result<(), LoadError> {
        self.send_limits();
        let answer = self.ask(Packet::new(frame_kind::START, next_id(), head));
        let answer = timeout(deadline, answer).await;
        // By libc it would have been reported at once.
        let code = libraries::code_of(self.owner, &self.shadow);
        signals::look_for_bypasses(&self.plugin, self.owner, &code);
        match answer {
            Ok(Some(answer)) => match answer.error() {
                None => Ok(()),
                Some(error) => Err(LoadError::Start {
                    reason: match self.bridge.vitals().last_panic() {
                        Some(panic) if answer.status == status::PANICKED => {
                            format!("it panicked: {panic}")
                        }
                        _ => error.message,
                    },
                }),
            },
            Ok(None) => Err(LoadError::Start {
                reason: match self.cell.as_ref().and_then(|_| self.vitals().why_over()) {
                    Some(why) => why,
                    None => "its thread ended; the log says why".into(),
                },
            }),
            Err(_) => Err(LoadError::Deadline {
                phase: "start",
                deadline,
                setting: "start_timeout_ms",
            }),
        }
    }

    /// Holds work back and saves. Whoever calls this thaws the generation or replaces it.
    ///
    /// # Errors
    ///
    /// Saving failed, panicked, or did not return within `deadline`.
    pub async fn freeze_and_save(
        &self,
        deadline: Duration,
    ) -> Result<Option<(Moment, SavedState)>, LoadError> {
        let (id, answer) = self.expect_answer();
        self.mailbox.freeze(Packet::bare(frame_kind::SAVE, id));
        self.saved(id, answer, deadline).await
    }

    /// Saves while work flows: what the state is at some moment from now on, whatever handlers are at work and however its
    /// plugin hands over. One that is never without work, or that waits for Discord, has a state, too.
    ///
    /// # Errors
    ///
    /// As for [`freeze_and_save`](Self::freeze_and_save).
    pub async fn save(
        &self,
        deadline: Duration,
    ) -> Result<Option<(Moment, SavedState)>, LoadError> {
        let (id, answer) = self.expect_answer();
        let head = SaveRequestHead { as_it_is: true };
        let _ = self.mailbox.push(Packet::new(frame_kind::SAVE, id, &head));
        self.saved(id, answer, deadline).await
    }

    /// Asks for the state behind all that is still served, before the plugin says goodbye. To be called before
    /// [`unload`](Self::unload), and awaited beside it: a plugin that does not come to its end gives none.
    pub fn last_state(&self) -> impl Future<Output = Option<(Moment, SavedState)>> + use<> {
        let (id, answer) = self.expect_answer();
        self.last_save.store(id, SeqCst);
        let (plugin, moment) = (self.plugin.clone(), self.moment(id));
        async move {
            let answer = answer.await.ok()?;
            if let Some(error) = answer.error() {
                tracing::error!(
                    plugin = plugin.as_str(),
                    "what it did after its first save is not in its state: {}",
                    error.message
                );
                return None;
            }
            Some((moment, state_of(answer)?))
        }
    }

    fn expect_answer(&self) -> (u64, oneshot::Receiver<Answer>) {
        let (id, (waiter, answer)) = (next_id(), oneshot::channel());
        self.bridge.expect_answer(&Packet::bare(0, id), waiter);
        (id, answer)
    }

    fn moment(&self, save: u64) -> Moment {
        Moment {
            generation: self.number,
            save,
        }
    }

    async fn saved(
        &self,
        id: u64,
        answer: oneshot::Receiver<Answer>,
        deadline: Duration,
    ) -> Result<Option<(Moment, SavedState)>, LoadError> {
        let failed = |reason| LoadError::State {
            phase: "saved",
            reason,
        };
        match timeout(deadline, answer).await {
            Ok(Ok(answer)) => match answer.error() {
                None => Ok(state_of(answer).map(|state| (self.moment(id), state))),
                Some(error) => Err(failed(error.message)),
            },
            Ok(Err(_)) => Err(failed("its thread ended".into())),
            Err(_) => Err(LoadError::Deadline {
                phase: "save",
                deadline,
                setting: "save_timeout_ms",
            }),
        }
    }

    /// Lets work flow again after [`freeze_and_save`](Self::freeze_and_save).
    pub fn thaw(&self) {
        self.mailbox.thaw();
    }

    /// Hands the plugin a saved state. The inner error is the plugin's own words.
    ///
    /// # Errors
    ///
    /// The plugin refused the state, or did not return within `deadline`.
    pub async fn restore(&self, state: &SavedState, deadline: Duration) -> Result<(), String> {
        let head = RestoreHead {
            schema: state.schema,
        };
        let packet =
            Packet::new(frame_kind::RESTORE, next_id(), &head).with_payload(state.bytes.clone());
        match timeout(deadline, self.ask(packet)).await {
            Ok(Some(answer)) => answer.error().map_or(Ok(()), |error| Err(error.message)),
            Ok(None) => Err("its thread ended".into()),
            Err(_) => Err(format!("nothing came within {deadline:?}")),
        }
    }

    /// Tells the plugin that it serves from now on.
    pub fn go_live(&self) {
        let _ = self.mailbox.push(Packet::bare(frame_kind::LIVE, 0));
        // They may have changed since the start.
        self.send_log_level();
        self.send_limits();
    }

    /// Sends the plugin which of its lines are wanted.
    pub fn send_log_level(&self) {
        let level = self.bridge.environment().log_level(&self.plugin);
        let _ = self
            .mailbox
            .push(Packet::new(frame_kind::LOG_LEVEL, 0, &level));
    }

    /// Sends the plugin what its handlers may take.
    pub fn send_limits(&self) {
        let limits = self.bridge.environment().limits();
        let head = LimitsHead {
            handler_deadline_ms: limits
                .handler_deadline
                .map(|deadline| deadline.as_millis().try_into().unwrap_or(u64::MAX)),
        };
        let _ = self.mailbox.push(Packet::new(frame_kind::LIMITS, 0, &head));
    }

    /// Queues an event.
    ///
    /// # Errors
    ///
    /// The queue is full or closed.
    pub fn send(&self, packet: Packet) -> Result<(), Refused> {
        self.offer(packet)
    }

    /// Queues a packet; whoever waits for one that makes room for it learns so.
    fn offer(&self, packet: Packet) -> Result<(), Refused> {
        let displaced = self.mailbox.offer(packet)?;
        if let Some(frame) = displaced.and_then(|it| self.bridge.take_frame(it.id)) {
            let _ = frame.waiter.send(Answer::failed(&crowded_out()));
        }
        Ok(())
    }

    /// Queues a command or component; its answer comes to `waiter`.
    ///
    /// # Errors
    ///
    /// The queue is full or closed.
    pub fn invoke(&self, packet: Packet, waiter: oneshot::Sender<Answer>) -> Result<(), Refused> {
        let id = packet.id;
        self.bridge.expect_answer(&packet, waiter);
        self.offer(packet).inspect_err(|_| {
            self.bridge.take_frame(id);
        })
    }

    /// Carries the work that waits, and those who wait for it, over to `next`; takes no work any more.
    pub fn hand_over_to(&self, next: &Self) {
        let mut packets = self.mailbox.close();
        packets.retain(|packet| match self.bridge.take_frame(packet.id) {
            Some(frame) => {
                next.bridge.expect(packet.id, frame);
                true
            }
            // Who waited has learnt that it had failed, when the generation's thread ended.
            None => packet.kind == frame_kind::EVENT,
        });
        next.mailbox.adopt(packets);
    }

    /// Tells the plugin to stop, and waits (a moment at most) until its background tasks have ended: those of the next
    /// generation begin then. [`unload`](Self::unload) does the rest.
    pub async fn begin_to_stop(&self, deadline: Duration) {
        self.stopping.store(true, SeqCst);
        let head = StopHead {
            deadline_ms: deadline.as_millis().try_into().unwrap_or(u64::MAX),
            ..StopHead::default()
        };
        let _ = self.mailbox.push(Packet::new(frame_kind::STOP, 0, &head));
        // Control is taken in order: whoever answers this has seen the STOP.
        let seen = self.ask(Packet::bare(frame_kind::PING, next_id()));
        if timeout(BACKGROUND_GRACE, seen).await.is_err() {
            tracing::warn!(
                plugin = &*self.plugin,
                generation = self.number,
                "the old generation is busy: its background tasks may overlap the new one's"
            );
        }
    }

    /// Numbers for `extensions` and the log.
    #[must_use]
    pub fn load(&self) -> Workload {
        Workload {
            depth: self.mailbox.depth(),
            dropped_events: self.mailbox.dropped_events(),
            calls: self.bridge.calls(),
            panics: self.bridge.vitals().panics(),
        }
    }

    /// Bytes that it holds; `None` when that can't be known.
    #[must_use]
    pub fn heap(&self) -> Option<u64> {
        match &self.cell {
            Some(cell) => cell.memory(),
            None => self.bridge.heap(),
        }
    }

    /// The process that it lives in, if that is another one.
    #[must_use]
    pub const fn cell(&self) -> Option<&Arc<Cell>> {
        self.cell.as_ref()
    }

    /// Stops the plugin, giving its handlers `deadline` to end, and closes the library. What waits in the mailbox is still
    /// served, unless it was handed over. A plugin that does not stop is abandoned: reported, and never unmapped.
    pub async fn unload(&self, deadline: Duration) -> Option<UnloadReport> {
        let Running { mut ending, thread } = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        let began = Instant::now();
        self.stopping.store(true, SeqCst);
        self.mailbox.close_behind();
        self.mailbox.thaw();
        let head = StopHead {
            deadline_ms: deadline.as_millis().try_into().unwrap_or(u64::MAX),
            save_id: Some(self.last_save.load(SeqCst)).filter(|id| *id != 0),
        };
        let _ = self.mailbox.push(Packet::new(frame_kind::STOP, 0, &head));
        let mut ended = timeout(deadline + STOP_GRACE, &mut ending).await;
        if let (Err(_), Some(cell)) = (&ended, &self.cell) {
            cell.kill(&format!(
                "it did not stop within {:?}",
                deadline + STOP_GRACE
            ));
            ended = timeout(KILL_GRACE, ending).await;
        }
        let Ok(ended) = ended else {
            self.bridge.close();
            let report = UnloadReport::abandoned(&self.plugin, self.number, began.elapsed());
            report.log();
            self.note_unload(&report).await;
            return Some(report);
        };
        self.bridge.close();
        if let Some(cell) = &self.cell {
            // Its thread has nothing of the plugin's, and ends by itself.
            let report = cell.report(&self.plugin, self.number, began.elapsed());
            report.log();
            self.note_unload(&report).await;
            return Some(report);
        }
        let options = self.bridge.environment().options();
        let context = unload::Context {
            plugin: self.plugin.clone(),
            generation: self.number,
            shadow: self.shadow.clone(),
            began,
            descriptors: self.descriptors.clone(),
            own_files: options.own_files,
            extensions: options.extensions,
        };
        // Without a value the thread has lost the library to a panic of the host's: it stays mapped.
        let given_back = ended.map_or(GivenBack::Lost, |library| {
            library.map_or(GivenBack::Nothing, GivenBack::Library)
        });
        let report = unload::close(context, thread, given_back).await;
        self.note_unload(&report).await;
        Some(report)
    }

    /// Keeps what an unload came to beyond this generation.
    async fn note_unload(&self, report: &UnloadReport) {
        let mut unloaded = Unloaded {
            generation: self.number,
            at: SystemTime::now(),
            returned_bytes: report.returned_bytes,
            pinned_bytes: None,
            stayed: report.stayed.clone(),
        };
        if !report.unmapped {
            let shadow = self.shadow.clone();
            // Reads the process's list of mappings.
            let mapped = tokio::task::spawn_blocking(move || process::mapped_bytes(&shadow)).await;
            let mapped = mapped.ok().flatten().unwrap_or_default();
            unloaded.pinned_bytes = Some(mapped + self.bridge.heap_or_last());
        }
        let figures = self.bridge.environment().figures();
        figures.footprints.unloaded(&self.plugin, unloaded);
    }

    /// For how long its thread has worked on one thing, whether or not more waits.
    #[must_use]
    pub fn busy_for(&self) -> Option<Duration> {
        let polls = self.bridge.polled().map(|(_, lasts)| lasts);
        self.mailbox.busy_for().max(polls)
    }

    /// What its thread is at, in words: "command `brew`".
    #[must_use]
    pub fn doing(&self) -> String {
        let polled = self.bridge.polled().map(|(frame, _)| frame);
        match polled {
            Some(frame) => match crumbs::without_frame(frame) {
                Some(words) => words.to_owned(),
                None => self
                    .mailbox
                    .handler_of(frame)
                    .unwrap_or_else(|| "a handler".into()),
            },
            // A cell without crumbs does not tell what is being polled; of what it has in hand it is one.
            None => match self.mailbox.in_hand() {
                at_work if self.cell.is_some() && !at_work.is_empty() => at_work.join(", "),
                _ => "something outside of its handlers".into(),
            },
        }
    }

    /// Processor time of its thread, or of its cell, as far as that is known.
    #[must_use]
    pub fn cpu(&self) -> Option<Duration> {
        if let Some(cell) = self.cell() {
            return cell.cpu();
        }
        process::thread_cpu_time(self.bridge.thread()?)
    }

    /// What found no room in its mailbox since this was last asked.
    #[must_use]
    pub fn take_drops(&self) -> Option<Dropped> {
        self.mailbox.take_drops()
    }

    /// Writes it off, for this reason: whoever waits for what it has begun learns so at once, and it gets no more work. What it has not
    /// begun, and what still comes, waits for whoever takes over.
    pub fn abandon(&self, why: &str) {
        self.vitals().over(|| why.to_owned());
        self.mailbox.seal();
        self.bridge.abandon(&self.mailbox.held_work());
    }

    /// How it is.
    #[must_use]
    pub fn vitals(&self) -> &Vitals {
        self.bridge.vitals()
    }

    /// Whether it was told to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(SeqCst)
    }

    /// For one that is over: it takes no work any more, and all who wait for it learn so at once.
    pub fn close(&self) {
        self.mailbox.close_behind();
        self.bridge.close();
    }

    async fn ask(&self, packet: Packet) -> Option<Answer> {
        let (waiter, answer) = oneshot::channel();
        self.invoke(packet, waiter).ok()?;
        answer.await.ok()
    }
}

impl std::fmt::Debug for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.plugin, self.number)
    }
}

/// How much a plugin has to do.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Workload {
    /// Packets that wait.
    pub depth: usize,
    /// Events dropped because it was too far behind.
    pub dropped_events: u64,
    /// Host calls made.
    pub calls: u64,
    /// Panics.
    pub panics: u64,
}

/// How long the next generation's background tasks wait for the end of the last one's.
const BACKGROUND_GRACE: Duration = Duration::from_millis(500);

/// What a plugin's thread may take beyond the deadline to drop its runtime: tokio waits 500 ms for blocking threads.
const STOP_GRACE: Duration = Duration::from_millis(1500);

/// What the kernel may take to end a process that was killed, and its thread here to see that.
const KILL_GRACE: Duration = Duration::from_secs(10);

fn begin(
    plugin: &PluginName,
    number: u64,
    shadow: &Path,
    home: &Home,
    bridge: &Arc<Bridge>,
    mailbox: &Arc<Mailbox>,
) -> Result<(PluginThread, Option<Arc<Cell>>), LoadError> {
    let (bridge, mailbox) = (Arc::clone(bridge), Arc::clone(mailbox));
    match home {
        Home::Here => {
            library::start(plugin, number, shadow.to_owned(), bridge, mailbox).map(|it| (it, None))
        }
        Home::Cell { executable, limits } => {
            let from = (&**executable, *limits);
            let (thread, cell) = cell::start(number, shadow.to_owned(), from, bridge, mailbox)?;
            Ok((thread, Some(cell)))
        }
    }
}

/// A new frame id.
#[must_use]
pub fn next_id() -> u64 {
    NEXT_FRAME.fetch_add(1, Relaxed)
}

fn state_of(answer: Answer) -> Option<SavedState> {
    let head: SaveHead = serde_json::from_slice(&answer.head).unwrap_or_default();
    head.schema.map(|schema| SavedState {
        schema,
        bytes: answer.body,
    })
}

/// The error that a member's invocation ends with which has made room for another server's.
fn crowded_out() -> ErrorHead {
    ErrorHead {
        message: "too much waits for the plugin, most of it from this server".into(),
        user_message: Some("This command is busy right now. Please try again in a minute.".into()),
        ..ErrorHead::default()
    }
}

/// The error that a member's invocation ends with when its plugin went away.
#[must_use]
pub fn interrupted() -> ErrorHead {
    ErrorHead {
        message: "the plugin was unloaded, or its thread ended, before it had answered".into(),
        ..ErrorHead::default()
    }
}
