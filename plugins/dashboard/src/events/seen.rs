//! Event as it is kept: where it comes from, what it is about, what is in it.

use std::rc::Rc;

/// Where an event comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// Discord.
    Gateway,
    /// A plugin; `None`: the framework.
    Hook(Option<String>),
}

/// What an event is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) guild: Option<u64>,
    pub(super) channel: Option<u64>,
    pub(super) user: Option<u64>,
}

/// An event.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) at_ms: u64,
    pub(super) source: Source,
    pub(super) kind: Rc<str>,
    pub(super) ids: Ids,
    /// What is in it, as JSON; `None`: it is too much to be kept.
    pub(super) json: Option<Box<[u8]>>,
    /// How much that was.
    pub(super) bytes: usize,
}
