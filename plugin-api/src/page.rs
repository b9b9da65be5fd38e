//! Pages of an answer, and requests for one of them.

use twilight_model::id::{
    Id,
    marker::{GuildMarker, UserMarker},
};

use crate::message::NewMessage;

/// A page, and how many there are: what a [pages](crate::Plugin::pages) function gives.
#[derive(Debug, Clone)]
pub struct Page {
    pub(crate) message: NewMessage,
    pub(crate) count: usize,
}

impl Page {
    /// A page of `count`.
    #[must_use]
    pub fn new(message: impl Into<NewMessage>, count: usize) -> Self {
        Self {
            message: message.into(),
            count,
        }
    }
}

/// Request for a page: which, by which user.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) index: usize,
    pub(crate) argument: String,
    pub(crate) user: Id<UserMarker>,
    pub(crate) guild: Option<Id<GuildMarker>>,
}
