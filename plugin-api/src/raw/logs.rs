//! Subscriber of `tracing` in a plugin: events go to the host's log, under the plugin's name.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
};

use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::Interest,
};

use super::{Link, crumb::Poll};
use crate::abi::{LogHead, message_kind};

/// The host's log as a subscriber. Spans are accepted and not followed: a plugin's events carry their own fields.
struct HostLog;

const INFO: u8 = 3;

/// Most verbose level that is sent.
static LEVEL: AtomicU8 = AtomicU8::new(INFO);
static NEXT_SPAN: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The frame whose handler is being polled on this thread; 0 for none.
    static FRAME: Cell<u64> = const { Cell::new(0) };
}

/// For as long as it lives, log lines of this thread belong to a frame, and its crumb says that this is what it is at.
pub(crate) struct Within {
    before: u64,
    _poll: Poll,
}

impl Within {
    pub(crate) fn frame(id: u64) -> Self {
        Self {
            before: FRAME.replace(id),
            _poll: Poll::of(id),
        }
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        FRAME.set(self.before);
    }
}

/// Makes it this library's subscriber, on all its threads. The some hundred bytes that tracing keeps for it stay with the
/// library; the host frees them with its ledger.
pub(super) fn install() {
    let _ = tracing::dispatcher::set_global_default(Dispatch::new(HostLog));
}

/// Sets the most verbose level that is sent. A word that is none changes nothing.
pub(crate) fn set_level(level: &str) {
    let number = match level {
        "off" => 0,
        "error" => 1,
        "warn" => 2,
        "info" => INFO,
        "debug" => 4,
        "trace" => 5,
        _ => return,
    };
    LEVEL.store(number, Relaxed);
}

fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => INFO,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

impl Subscriber for HostLog {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // The level may change at any time: ask every time.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && number(*metadata.level()) <= LEVEL.load(Relaxed)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(NEXT_SPAN.fetch_add(1, Relaxed))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = LogFields::default();
        event.record(&mut fields);
        let head = LogHead {
            level: event.metadata().level().as_str().to_ascii_lowercase(),
            target: event.metadata().target().to_owned(),
            message: fields.message,
            fields: fields.others,
            frame: Some(FRAME.get()).filter(|id| *id != 0),
            failed: None,
        };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        // A log line of a stray thread after the end has nowhere to go.
        let _ = Link::current().send(message_kind::LOG, 0, 0, &head, &[]);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct LogFields {
    message: String,
    others: BTreeMap<String, String>,
}

impl Visit for LogFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

impl LogFields {
    fn put(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.others.insert(field.name().to_owned(), text);
        }
    }
}
