//! Packet: what waits in a mailbox, one frame's worth of host memory.

use std::{fmt, sync::Arc, time::Instant};

use plugin_api::{
    EventKind,
    abi::{Bytes, EventHeader, frame_kind},
};
use serde::Serialize;

use super::{calls::Permit, event_record::EventRecord, invocation::Invocation};

/// One frame's worth of host memory.
#[derive(Debug)]
pub struct Packet {
    /// One of [`frame_kind`].
    pub kind: u16,
    /// For a reply: one of [`plugin_api::abi::status`].
    pub status: u16,
    /// What its answer is known by, and for work the log lines about it; 0 when it has neither.
    pub id: u64,
    /// JSON about it.
    pub head: Vec<u8>,
    /// The event that it is about.
    pub event: Option<Arc<EventRecord>>,
    /// The payload where there is no event.
    pub payload: Vec<u8>,
    /// The command, handler or entry that is called: what its time is counted under.
    pub name: String,
    /// When it was queued.
    pub queued: Option<Instant>,
    /// For whom it is, where that is not told by the event.
    pub invocation: Option<Arc<Invocation>>,
    /// Told when the plugin takes it.
    pub begun: Option<Begun>,
    /// For the answer to a host call: what the call takes, until the plugin has given this back.
    pub permit: Option<Permit>,
    /// Whether another plugin asks for it.
    pub is_asked: bool,
}

/// Whoever is told that the plugin has taken a packet: before any of it runs, on the plugin's thread. It must not wait.
pub struct Begun(Box<dyn FnOnce() + Send + Sync>);

impl Begun {
    pub(crate) fn tell(self) {
        (self.0)();
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begun")
    }
}

impl Packet {
    /// A packet with a JSON head.
    ///
    /// # Panics
    ///
    /// Never: heads are plain records.
    #[must_use]
    pub fn new(kind: u16, id: u64, head: &impl Serialize) -> Self {
        Self {
            kind,
            status: 0,
            id,
            head: serde_json::to_vec(head).expect("heads are plain records"),
            event: None,
            payload: Vec::new(),
            name: String::new(),
            queued: None,
            invocation: None,
            begun: None,
            permit: None,
            is_asked: false,
        }
    }

    /// A packet without a head.
    #[must_use]
    pub fn bare(kind: u16, id: u64) -> Self {
        Self {
            kind,
            status: 0,
            id,
            head: Vec::new(),
            event: None,
            payload: Vec::new(),
            name: String::new(),
            queued: None,
            invocation: None,
            begun: None,
            permit: None,
            is_asked: false,
        }
    }

    /// Calling this command, handler or entry.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// About this event.
    #[must_use]
    pub fn with_event(mut self, event: Arc<EventRecord>) -> Self {
        self.event = Some(event);
        self
    }

    /// Telling when the plugin takes it.
    #[must_use]
    pub fn telling(mut self, begun: impl FnOnce() + Send + Sync + 'static) -> Self {
        self.begun = Some(Begun(Box::new(begun)));
        self
    }

    /// For whom another plugin's work is, which has called this.
    #[must_use]
    pub fn on_behalf_of(mut self, invocation: Option<Arc<Invocation>>) -> Self {
        self.invocation = invocation;
        self
    }

    /// Asked for by another plugin.
    #[must_use]
    pub const fn asked_by_plugin(mut self) -> Self {
        self.is_asked = true;
        self
    }

    /// Carrying these bytes.
    #[must_use]
    pub fn with_payload(mut self, payload: Vec<u8>) -> Self {
        self.payload = payload;
        self
    }

    /// Whether it is work: bounded, and held back while state is handed over.
    #[must_use]
    pub fn is_work(&self) -> bool {
        matches!(
            self.kind,
            frame_kind::EVENT | frame_kind::COMMAND | frame_kind::COMPONENT | frame_kind::INVOKE
        )
    }

    /// What it is about, in words.
    #[must_use]
    pub(crate) fn in_words(&self) -> String {
        match self.kind {
            frame_kind::COMMAND => format!("command `{}`", self.name),
            frame_kind::COMPONENT => format!("component `{}`", self.name),
            frame_kind::INVOKE => format!("entry `{}`", self.name),
            frame_kind::EVENT => {
                let kind = self.event.as_ref().map_or(0, |event| event.header.kind);
                format!("listener to {}", EventKind::from_number(kind).name())
            }
            _ => "the framework".into(),
        }
    }

    /// The payload: the event's JSON where there is an event.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match &self.event {
            Some(event) => event.json.as_bytes(),
            None => &self.payload,
        }
    }

    /// The header as it crosses, pointing into the event.
    #[must_use]
    pub fn header(&self) -> EventHeader {
        match &self.event {
            Some(event) => EventHeader {
                content: Bytes::of(event.content.as_bytes()),
                user_name: Bytes::of(event.user_name.as_bytes()),
                ..event.header
            },
            None => EventHeader::EMPTY,
        }
    }
}

/// What serves a frame, in words: "command `brew`".
#[must_use]
pub fn handler(kind: u16, event: u16, name: &str) -> String {
    match kind {
        frame_kind::COMMAND => format!("command `{name}`"),
        frame_kind::COMPONENT => format!("component `{name}`"),
        frame_kind::INVOKE => format!("entry `{name}`"),
        frame_kind::EVENT => format!("listener to {}", EventKind::from_number(event).name()),
        frame_kind::START => "its start".into(),
        frame_kind::SAVE => "the saving of its state".into(),
        frame_kind::RESTORE => "the restoring of its state".into(),
        _ => "a handler".into(),
    }
}
