//! Bridge: receiver of what a plugin sends, answers, host calls, log lines. The other direction is the mailbox.

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

use host_base::{PluginName, redact};
use plugin_api::{
    abi::{
        Crumb, ErrorHead, FailedHead, HostHandle, HostVtable, HostVtable_Ref, LogHead, Message,
        PanicHead, Record, abi_stable::prefix_type::WithMetadata, message_kind, send_status,
        status,
    },
    manifest::Manifest,
};
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    answer::{Answer, Waiter},
    call_server::CallServer,
    calls::{MOST_BODY, MOST_HEAD},
    crumbs::{self, CellCrumbs, Place},
    ledger::Ledger,
    lines::{Lines, cut},
    mailbox::Mailbox,
    open_frames::{OpenFrame, OpenFrames},
    packet::Packet,
    symbols::Symbols,
    vitals::Vitals,
};
use crate::{
    Caller, Environment, Failed, PluginFigures,
    platform::{Tid, interpose},
};

/// The host as one generation sees it.
#[derive(Debug)]
pub struct Bridge {
    caller: Caller,
    environment: Arc<dyn Environment>,
    runtime: Handle,
    manifest: Mutex<Option<oneshot::Sender<Result<Manifest, String>>>>,
    frames: Arc<OpenFrames>,
    closed: AtomicBool,
    /// Its host calls.
    calls: Arc<CallServer>,
    /// What it logs.
    lines: Lines,
    vitals: Vitals,
    /// Where the library lies, once it is open.
    symbols: OnceLock<Symbols>,
    figures: Arc<PluginFigures>,
    /// The plugin's, while it runs and not a moment longer.
    ledger: Mutex<Option<Ledger>>,
    /// Bytes that the plugin held when `run` had returned.
    heap_at_end: AtomicU64,
    /// Whether its figures are given up.
    uncounted: AtomicBool,
    /// Its place in the crumbs, where there are any.
    place: OnceLock<Place>,
    /// What it polls is noted here, where it has no place.
    crumb: Crumb,
    /// What is noted of what it polls where it lives in a cell.
    in_cell: OnceLock<Option<Arc<CellCrumbs>>>,
    /// Nothing is taken from it any more, though another one is still to take over from it.
    abandoned: AtomicBool,
}

impl Bridge {
    /// A bridge, and where the manifest will come.
    #[must_use]
    pub fn new(
        plugin: &PluginName,
        generation: u64,
        mailbox: Arc<Mailbox>,
        environment: Arc<dyn Environment>,
        figures: Arc<PluginFigures>,
    ) -> (Self, oneshot::Receiver<Result<Manifest, String>>) {
        let (send, receive) = oneshot::channel();
        let caller = Caller::new(plugin, generation);
        let (known, counted) = (Arc::clone(&environment), Arc::clone(&figures));
        let frames = Arc::<OpenFrames>::default();
        let bridge = Self {
            calls: Arc::new(CallServer::new(
                caller.clone(),
                known,
                mailbox,
                counted,
                Arc::clone(&frames),
            )),
            caller,
            environment,
            runtime: Handle::current(),
            manifest: Mutex::new(Some(send)),
            frames,
            closed: AtomicBool::new(false),
            lines: Lines::new(),
            vitals: Vitals::default(),
            symbols: OnceLock::new(),
            figures,
            ledger: Mutex::default(),
            heap_at_end: AtomicU64::new(0),
            uncounted: AtomicBool::new(false),
            place: OnceLock::new(),
            crumb: crumbs::private(),
            in_cell: OnceLock::new(),
            abandoned: AtomicBool::new(false),
        };
        (bridge, receive)
    }

    /// The handle that `run` is given. It is valid for as long as the `Arc` is kept.
    #[must_use]
    pub fn handle(self: &Arc<Self>) -> HostHandle {
        const VTABLE: &WithMetadata<HostVtable> = &WithMetadata::new(HostVtable::new(send, crumb));
        HostHandle {
            ctx: Arc::as_ptr(self).cast(),
            vtable: HostVtable_Ref(VTABLE.static_as_prefix()),
        }
    }

    /// Gives the generation its place in the crumbs, on its thread and before the library is opened.
    pub fn takes_place(&self, place: Place) {
        let _ = self.place.set(place);
    }

    /// Notes where the library lies, for the names in a panic, on which thread it runs, and where its ledger is.
    pub fn opened(&self, symbols: Symbols, thread: Tid, ledger: Ledger) {
        let _ = self.symbols.set(symbols);
        self.figures.thread_begins(thread);
        self.vitals.thread_begins(thread);
        // SAFETY: this thread keeps the bridge until it ends, and `run_ended` takes the flag away before.
        unsafe { interpose::report_exit(self.vitals.ended_by()) };
        *self.ledger() = Some(ledger);
    }

    /// Notes that it lives in a cell, with these crumbs, if with any.
    pub(crate) fn lives_in_cell(&self, crumbs: Option<Arc<CellCrumbs>>) {
        let _ = self.in_cell.set(crumbs);
    }

    /// Notes where the library lies in its cell, which is this process.
    pub(crate) fn opened_in_cell(&self, symbols: Symbols, cell: u32) {
        let _ = self.symbols.set(symbols);
        self.figures.cell_begins(cell);
    }

    /// Notes that a cell is about to end.
    pub(crate) fn run_ended_in_cell(&self, cell: u32) {
        self.figures.cell_ends(cell);
    }

    /// The plugin's name.
    pub(crate) const fn plugin(&self) -> &PluginName {
        &self.caller.plugin
    }

    /// Notes that `run` has returned, on the plugin's thread.
    pub fn run_ended(&self, thread: Tid) {
        self.is_at_nothing();
        self.heap_at_end
            .store(self.heap().unwrap_or_default(), Relaxed);
        self.ledger().take();
        self.figures.thread_ends(thread);
        self.vitals.run_ended();
        // SAFETY: null asks for nothing.
        unsafe { interpose::report_exit(std::ptr::null()) };
    }

    /// Bytes that the plugin holds; `None` when it does not run, or keeps its ledger in another way.
    #[must_use]
    pub fn heap(&self) -> Option<u64> {
        // Under the lock: the ledger is there as long as the plugin runs.
        let ledger = self.ledger();
        let (bytes, _) = ledger.as_ref().and_then(Ledger::live)?;
        Some(bytes)
    }

    /// Bytes that the plugin holds, or held when `run` had returned: of a library that stays mapped nobody frees them.
    #[must_use]
    pub fn heap_or_last(&self) -> u64 {
        self.heap()
            .unwrap_or_else(|| self.heap_at_end.load(Relaxed))
    }

    fn ledger(&self) -> MutexGuard<'_, Option<Ledger>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its figures go with the last generation of the plugin.
    fn give_up_figures(&self) {
        if !self.uncounted.swap(true, SeqCst) {
            self.environment
                .figures()
                .generation_ends(&self.caller.plugin);
        }
    }

    /// Waits for the answer to frame `id`; when the generation is over, whoever waits learns so at once.
    pub fn expect(&self, id: u64, frame: OpenFrame) {
        let mut frames = self.frames.lock();
        // Under the lock that `close` takes after it has set this: nobody is left waiting.
        if !self.closed.load(SeqCst) {
            frames.insert(id, frame);
        }
    }

    /// Waits for the answer to a packet that is about to be queued.
    pub fn expect_answer(&self, packet: &Packet, waiter: Waiter) {
        let frame = OpenFrames::frame(&self.caller.plugin, packet, waiter);
        self.expect(packet.id, frame);
    }

    /// Takes the frame `id` out of those that are open.
    pub fn take_frame(&self, id: u64) -> Option<OpenFrame> {
        self.frames.lock().remove(&id)
    }

    /// Ends the generation: whoever still waits learns that nothing comes, and its host calls are given up.
    pub fn close(&self) {
        self.closed.store(true, SeqCst);
        self.is_at_nothing();
        self.vitals.over(|| match self.vitals.last_panic() {
            Some(panic) => format!("its thread has ended; the last panic was: {panic}"),
            None => "its thread has ended".into(),
        });
        self.calls.close();
        self.frames.lock().clear();
        self.manifest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.environment.generation_ended(&self.caller);
        self.give_up_figures();
    }

    /// What its thread is at is of no interest any more, whether or not it ever comes to an end.
    pub fn is_at_nothing(&self) {
        self.crumb().end();
    }

    /// What its thread polls: the frame, and for how long; `None` while it polls nothing.
    pub fn polled(&self) -> Option<(u64, Duration)> {
        match self.in_cell.get() {
            Some(crumbs) => crumbs.as_ref()?.polled(),
            None => crumbs::polled(self.crumb()),
        }
    }

    fn crumb(&self) -> &Crumb {
        self.place.get().map_or(&self.crumb, Place::crumb)
    }

    /// The thread on which it runs, while it does.
    pub fn thread(&self) -> Option<Tid> {
        self.vitals.thread()
    }

    /// Writes the generation off, before another one takes over from it: whoever waits for one of `begun`, which it has taken, learns
    /// that nothing comes; the others wait on. Nothing is taken from it any more.
    pub fn abandon(&self, begun: &[u64]) {
        self.abandoned.store(true, SeqCst);
        self.is_at_nothing();
        self.calls.close();
        let mut frames = self.frames.lock();
        let lost: Vec<_> = begun.iter().filter_map(|id| frames.remove(id)).collect();
        drop(frames);
        drop(lost);
        self.environment.generation_ended(&self.caller);
    }

    /// Who it is.
    pub(crate) const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The program that it is loaded into.
    #[must_use]
    pub fn environment(&self) -> &dyn Environment {
        &*self.environment
    }

    /// How many host calls this generation has made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.count()
    }

    /// How this generation is.
    #[must_use]
    pub const fn vitals(&self) -> &Vitals {
        &self.vitals
    }

    /// Takes what a plugin has sent; one of [`send_status`]. Never unwinds.
    pub(crate) fn take(&self, message: &Message, head: &[u8], body: &[u8]) -> u32 {
        catch_unwind(AssertUnwindSafe(|| self.receive(message, head, body)))
            .unwrap_or(send_status::REFUSED)
    }

    fn receive(&self, message: &Message, head: &[u8], body: &[u8]) -> u32 {
        if self.closed.load(Relaxed) || self.abandoned.load(Relaxed) {
            return send_status::CLOSED;
        }
        if head.len() > MOST_HEAD && message.kind != message_kind::ANSWER {
            return match message.kind {
                message_kind::CALL => self.calls.take(message.id, head, body),
                _ => send_status::REFUSED,
            };
        }
        // What people may read: errors, log lines, panics. Escaped secrets are found as well, so the JSON stays whole.
        let clean = match message.kind {
            message_kind::ANSWER | message_kind::LOG | message_kind::PANIC => {
                redact::bytes(head.to_vec())
            }
            _ => Vec::new(),
        };
        let head = if clean.is_empty() { head } else { &clean };
        match message.kind {
            message_kind::MANIFEST => self.manifest(head),
            message_kind::ANSWER => {
                if let Some(frame) = self.take_frame(message.id) {
                    self.figures.answered(message.status);
                    let answer = answer(message.status, head, body);
                    self.vitals.outcomes().answered(&answer);
                    let _ = frame.waiter.send(answer);
                }
            }
            message_kind::CALL => return self.calls.take(message.id, head, body),
            message_kind::LOG => self.log(head),
            message_kind::PANIC => self.panicked(head),
            _ => return send_status::REFUSED,
        }
        send_status::TAKEN
    }

    fn manifest(&self, head: &[u8]) {
        let waiting = self
            .manifest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(waiting) = waiting {
            let _ = waiting.send(serde_json::from_slice(head).map_err(|error| error.to_string()));
        }
    }

    fn log(&self, head: &[u8]) {
        if let Ok(log) = serde_json::from_slice::<LogHead>(head) {
            let plugin = &self.caller.plugin;
            let wanted = |level| self.environment.wants_log_line(plugin, level);
            let a_second = self.environment.limits().lines_per_second;
            self.lines
                .write(plugin, &self.figures, wanted, a_second, &log);
            if let Some(FailedHead { event, mut error }) = log.failed {
                cut(&mut error);
                self.vitals.outcomes().failed();
                let failed = match event {
                    Some(event) => Failed::Listener { event, error },
                    None => Failed::Task(error),
                };
                // This is the plugin's thread.
                let _within = self.runtime.enter();
                self.environment.failed(&self.caller, failed);
            }
        }
    }

    fn panicked(&self, head: &[u8]) {
        self.figures.panics.fetch_add(1, Relaxed);
        let mut head: PanicHead = serde_json::from_slice(head).unwrap_or_default();
        for text in [&mut head.message, &mut head.location, &mut head.thread] {
            cut(text);
        }
        self.vitals.panicked(&head.message, &head.location);
        if head.ends_plugin {
            // Its thread stays where it is for good: nobody is to wait for it.
            self.vitals.over(|| {
                format!(
                    "a panic that can't be caught: {}, at {}",
                    head.message, head.location
                )
            });
            self.close();
        }
        let caller = self.caller.clone();
        let symbols = self.symbols.get().cloned();
        let environment = Arc::clone(&self.environment);
        // Off the plugin's thread: names are looked up in its file.
        self.runtime.spawn_blocking(move || {
            let names = symbols.map_or_else(Vec::new, |symbols| symbols.names(&head.frames));
            let within = if names.is_empty() {
                String::new()
            } else {
                format!("; in {}", names.join(", called by "))
            };
            tracing::error!(
                target: "plugin",
                plugin = &*caller.plugin,
                generation = caller.generation,
                thread = &*head.thread,
                at = &*head.location,
                "panicked: {}{within}",
                head.message
            );
            let failed = Failed::Panic {
                message: head.message,
                at: head.location,
                trace: names,
                ends_plugin: head.ends_plugin,
            };
            environment.failed(&caller, failed);
        });
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // A generation whose thread never began is closed by nobody.
        self.calls.close();
        self.give_up_figures();
    }
}

/// What a plugin has answered, if it can be kept.
fn answer(status: u16, head: &[u8], body: &[u8]) -> Answer {
    if head.len() <= MOST_HEAD && body.len() <= MOST_BODY {
        return Answer {
            status,
            head: head.to_vec(),
            body: body.to_vec(),
        };
    }
    let error = ErrorHead {
        message: format!(
            "the plugin's answer has {} bytes, and {MOST_BODY} are the most",
            head.len() + body.len()
        ),
        ..ErrorHead::default()
    };
    Answer {
        status: status::FAILED,
        head: serde_json::to_vec(&error).unwrap_or_default(),
        body: Vec::new(),
    }
}

/// [`HostVtable::crumb`].
unsafe extern "C" fn crumb(ctx: *const c_void) -> *const c_void {
    // SAFETY: `ctx` is `Arc::as_ptr` of a bridge that the generation keeps alive until `run` has returned.
    let bridge = unsafe { &*ctx.cast::<Bridge>() };
    std::ptr::from_ref(bridge.crumb()).cast()
}

/// [`HostVtable::send`].
unsafe extern "C" fn send(ctx: *const c_void, message: *const c_void) -> u32 {
    // SAFETY: `ctx` is `Arc::as_ptr` of a bridge that the generation keeps alive until `run` has returned.
    let bridge = unsafe { &*ctx.cast::<Bridge>() };
    // SAFETY: the plugin's message lives until we return and tells its size, says the contract.
    let Some(message) = (unsafe { Message::read(message) }) else {
        return send_status::REFUSED;
    };
    // SAFETY: so do the slices.
    let (head, body) = unsafe { (message.head.get(), message.body.get()) };
    bridge.take(&message, head, body)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::program::Nobody;

    /// Sends what a broken plugin might.
    fn sends(bridge: &Arc<Bridge>, kind: u16, id: u64, head: &[u8]) -> u32 {
        let message = Message {
            id,
            kind,
            status: 77,
            head: plugin_api::abi::Bytes::of(head),
            ..Message::EMPTY
        };
        let handle = bridge.handle();
        // SAFETY: the bridge and the message live until the call returns.
        unsafe { handle.vtable.send()(handle.ctx, (&raw const message).cast()) }
    }

    #[tokio::test]
    async fn a_message_is_read_as_far_as_it_goes_and_this_host_knows_it() {
        let mailbox = Arc::new(Mailbox::new(Arc::default()).unwrap());
        let nobody = Arc::new(Nobody::default());
        let (bridge, _manifest) = Bridge::new(&"fake".into(), 1, mailbox, nobody, Arc::default());
        let bridge = Arc::new(bridge);
        let handle = bridge.handle();
        // A message, and what a later version has behind it.
        let mut place = [Message::EMPTY; 2];
        let first = Message::FIRST_SIZE as u16;
        for (size, code) in [
            (0, send_status::REFUSED),
            (first - 1, send_status::REFUSED),
            (first, send_status::TAKEN),
            (first + 40, send_status::TAKEN),
        ] {
            place[0] = Message {
                size,
                id: u64::from(size),
                kind: message_kind::ANSWER,
                ..Message::EMPTY
            };
            let (waiter, mut answer) = oneshot::channel();
            bridge.expect_answer(&Packet::bare(0, size.into()), waiter);
            // SAFETY: the bridge lives, and there are as many bytes as the message tells.
            let said = unsafe { handle.vtable.send()(handle.ctx, place.as_ptr().cast()) };
            assert_eq!(said, code, "{size} bytes");
            assert_eq!(answer.try_recv().is_ok(), code == send_status::TAKEN);
        }
        // SAFETY: null is allowed.
        let said = unsafe { handle.vtable.send()(handle.ctx, std::ptr::null()) };
        assert_eq!(said, send_status::REFUSED);
    }

    #[tokio::test]
    async fn hostile_messages_are_refused_or_ignored_and_answers_come_once() {
        let mailbox = Arc::new(Mailbox::new(Arc::default()).unwrap());
        let nobody = Arc::new(Nobody::default());
        let (bridge, manifest) = Bridge::new(&"fake".into(), 1, mailbox, nobody, Arc::default());
        let bridge = Arc::new(bridge);
        for kind in 0..=u16::MAX {
            for head in [
                &b""[..],
                b"\xFF\xFE",
                b"{",
                b"[1,2",
                b"null",
                b"{\"call\":7}",
            ] {
                let code = sends(&bridge, kind, u64::from(kind), head);
                assert!(
                    code == send_status::TAKEN || code == send_status::REFUSED,
                    "kind {kind}: {code}"
                );
            }
        }
        assert!(manifest.await.unwrap().is_err(), "no manifest was readable");
        let (waiter, answer) = oneshot::channel();
        bridge.expect_answer(&Packet::bare(0, 5), waiter);
        sends(&bridge, message_kind::ANSWER, 4, b"");
        sends(&bridge, message_kind::ANSWER, 5, b"");
        sends(&bridge, message_kind::ANSWER, 5, b"again");
        let answer = answer.await.unwrap();
        // A status that this host does not know is a failure.
        assert_eq!(
            answer.error().unwrap().message,
            "the plugin answered with status 77"
        );
        bridge.close();
        assert_eq!(
            sends(&bridge, message_kind::LOG, 0, b"{}"),
            send_status::CLOSED
        );
    }

    /// What is no JSON, or none that can be read: what `tests/it/calls.rs` asks a plugin to send is whole.
    #[tokio::test]
    async fn a_call_with_a_head_that_can_not_be_read_is_answered() {
        let mailbox = Arc::new(Mailbox::new(Arc::default()).unwrap());
        let nobody = Arc::new(Nobody::default());
        let (bridge, _manifest) = Bridge::new(
            &"fake".into(),
            1,
            Arc::clone(&mailbox),
            nobody,
            Arc::default(),
        );
        let bridge = Arc::new(bridge);
        let mut sent = 0;
        for call in ["reply", "storage.query"] {
            let whole =
                format!("{{\"call\":\"{call}\",\"params\":{{\"name\":\"a\",\"path\":\"b\"}}}}");
            let params =
                |params: &str| format!("{{\"call\":\"{call}\",\"params\":{params}}}").into_bytes();
            let mut heads: Vec<Vec<u8>> = (0..whole.len())
                .map(|end| whole.as_bytes()[..end].to_vec())
                .collect();
            heads.extend([
                params(&"[".repeat(100_000)),
                params(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
                params(&"{\"a\":".repeat(100_000)),
                params("\"\\ud800\""),
                params("{\"name\":\"\\udc00\\ud800\"}"),
                params("NaN"),
                params("{\"value\":1e999}"),
                params("{\"value\":-Infinity}"),
                params("{\"name\":\"a\",\"name\":7,\"name\":null}"),
                params("{\"name\":\"\u{0}\"}"),
                [&b"{\"call\":\""[..], b"\xff\xfe\x80"].concat(),
                vec![b' '; MOST_HEAD + 1],
            ]);
            for head in heads {
                sent += 1;
                assert_eq!(
                    sends(&bridge, message_kind::CALL, sent, &head),
                    send_status::TAKEN
                );
            }
        }
        // Nobody takes the answers: each stays.
        let answered = async {
            while (mailbox.depth() as u64) < sent {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), answered).await;
        assert!(waited.is_ok(), "{} of {sent} are answered", mailbox.depth());
        assert_eq!(mailbox.depth() as u64, sent);
    }
}
