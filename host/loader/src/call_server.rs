//! Server of a generation's host calls: admits them, serves them in turn, and puts the answers into the plugin's mailbox.
//! Which of them wait is decided in `calls.rs`, what the answers are in the program.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use host_base::{bounded::OTHER, share::Bucket, shown};
use plugin_api::abi::{CallHead, ErrorHead, frame_kind, send_status, status};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    calls::{Admission, Call, CallQueues, Permit},
    mailbox::Mailbox,
    open_frames::OpenFrames,
    packet::Packet,
};
use crate::{Caller, Completion, Environment, PluginFigures, host_call};

/// Serves the host calls of one generation.
#[derive(Debug)]
pub struct CallServer {
    caller: Caller,
    environment: Arc<dyn Environment>,
    mailbox: Arc<Mailbox>,
    figures: Arc<PluginFigures>,
    runtime: Handle,
    /// Calls end with it.
    over: CancellationToken,
    calls: Arc<CallQueues>,
    /// The frames for which calls may be made.
    frames: Arc<OpenFrames>,
    /// How many there were.
    count: AtomicU64,
    /// How many there were lately.
    rate: Mutex<Bucket>,
    /// Whether the log has one that this host does not know.
    unknown: AtomicBool,
}

impl CallServer {
    /// Serves `caller`, and answers into `mailbox`. CallQueues are served on the runtime that this is made on.
    #[must_use]
    pub fn new(
        caller: Caller,
        environment: Arc<dyn Environment>,
        mailbox: Arc<Mailbox>,
        figures: Arc<PluginFigures>,
        frames: Arc<OpenFrames>,
    ) -> Self {
        Self {
            caller,
            environment,
            mailbox,
            figures,
            runtime: Handle::current(),
            over: CancellationToken::new(),
            calls: Arc::default(),
            frames,
            count: AtomicU64::new(0),
            rate: Mutex::new(Bucket::whole(Instant::now())),
            unknown: AtomicBool::new(false),
        }
    }

    /// Takes a call; one of [`send_status`].
    pub fn take(self: &Arc<Self>, id: u64, head: &[u8], body: &[u8]) -> u32 {
        self.count.fetch_add(1, Relaxed);
        let began = Instant::now();
        let permit = match self.calls.admit(head.len(), body.len()) {
            Admission::Admitted(permit) => permit,
            Admission::Refused(permit, why) => {
                self.log_refusal(&why);
                return self.refuse(id, permit, why);
            }
            Admission::Full => return send_status::REFUSED,
        };
        if let Some(why) = self.is_too_often(began) {
            self.log_refusal(&why);
            return self.refuse(id, permit, why);
        }
        let head = match serde_json::from_slice::<CallHead>(head) {
            Ok(head) => head,
            Err(error) => {
                let why = format!("the call's parameters can't be read: {error}");
                return self.refuse(id, permit, why);
            }
        };
        let name = head.call.clone();
        let head = match self.environment.call_at_once(&self.caller, head) {
            Ok(completion) => {
                let well = completion.status == status::OK;
                self.figures.called(&name, began.elapsed(), well);
                self.complete(id, permit, completion);
                return send_status::TAKEN;
            }
            Err(head) => head,
        };
        let call = Call {
            id,
            behalf: self.frames.behalf(head.for_frame),
            head,
            body: body.to_vec(),
            places: self.environment.places(&name),
            began,
            permit,
        };
        if let Some(call) = self.calls.enter(call) {
            self.runtime.spawn(Arc::clone(self).serve(call));
        }
        send_status::TAKEN
    }

    /// How many calls there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// Ends it: calls that are served or wait are given up.
    pub fn close(&self) {
        self.over.cancel();
        self.calls.close();
    }

    /// This call, and those that waited for its place.
    async fn serve(self: Arc<Self>, mut call: Call) {
        loop {
            self.calls.capacity().await;
            let (name, places) = (call.head.call.clone(), call.places);
            let plugin = &*self.caller.plugin;
            let span = tracing::debug_span!("host_call", plugin, call = &*name, id = call.id);
            self.serve_one(&name, call).instrument(span).await;
            let Some(next) = self.calls.next(places) else {
                return;
            };
            call = next;
            // Behind whoever else has something to do.
            tokio::task::yield_now().await;
        }
    }

    async fn serve_one(&self, name: &str, call: Call) {
        let Call {
            id,
            behalf,
            head,
            body,
            began,
            permit,
            ..
        } = call;
        let serving = self.environment.call(&self.caller, behalf, head, body);
        let completion = host_call::serve(&self.caller, &self.over, serving).await;
        let Some(completion) = completion else {
            return self.figures.called(name, began.elapsed(), false);
        };
        let well = completion.status == status::OK;
        // A name that the host does not know is the plugin's own invention.
        let known = completion.status != status::UNSUPPORTED;
        if !known && !self.unknown.swap(true, Relaxed) {
            let (plugin, call) = (&*self.caller.plugin, shown::line(name));
            tracing::warn!(
                plugin,
                "an unknown host call, `{call:.100}`; further ones are not logged"
            );
        }
        let name = if known { name } else { OTHER };
        let took = began.elapsed();
        self.figures.called(name, took, well);
        tracing::debug!(status = completion.status, ?took, "answered");
        self.complete(id, permit, completion);
    }

    /// Answers a call that is not served.
    fn refuse(&self, id: u64, permit: Permit, why: String) -> u32 {
        self.figures.called(OTHER, Duration::ZERO, false);
        let error = ErrorHead {
            message: why,
            ..ErrorHead::default()
        };
        self.complete(id, permit, Completion::failed(&error));
        send_status::TAKEN
    }

    /// Answers a call, unless nobody waits for it.
    fn complete(&self, id: u64, mut permit: Permit, completion: Completion) {
        if id == 0 {
            return;
        }
        permit.answered(completion.head.len() + completion.body.len());
        let answer = Packet {
            status: completion.status,
            head: completion.head,
            permit: Some(permit),
            ..Packet::bare(frame_kind::REPLY, id)
        };
        let _ = self.mailbox.push(answer.with_payload(completion.body));
    }

    /// Why there have been too many calls lately, in words.
    fn is_too_often(&self, now: Instant) -> Option<String> {
        let most = self.environment.limits().calls_per_second?;
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        (!rate.take(now, most)).then(|| {
            format!(
                "the plugin makes more than {most} host calls a second (`limits.host_calls_per_second`): make fewer, or pause between them"
            )
        })
    }

    fn log_refusal(&self, why: &str) {
        if self.calls.is_first_refusal() {
            let (plugin, generation) = (&*self.caller.plugin, self.caller.generation);
            tracing::warn!(plugin, generation, "host calls are refused: {why}");
        }
    }
}
