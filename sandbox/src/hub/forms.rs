//! Encoded forms of one event on its way out: each is made and written once, however many sessions get it.

use std::{cell::OnceCell, sync::Arc};

use axum::extract::ws::Utf8Bytes;
use twilight_model::gateway::Intents;

use super::intents::{Pass, pass, redacted};
use crate::world::Event;

/// An event on its way out.
#[derive(Debug)]
pub(crate) struct Forms<'event> {
    pub name: Arc<str>,
    event: &'event Event,
    bot: u64,
    whole: OnceCell<Utf8Bytes>,
    redacted: OnceCell<Utf8Bytes>,
}

impl<'event> Forms<'event> {
    /// None is made yet.
    pub(crate) fn of(event: &'event Event, bot: u64) -> Self {
        Self {
            name: event.name.as_str().into(),
            event,
            bot,
            whole: OnceCell::new(),
            redacted: OnceCell::new(),
        }
    }

    /// The form that a session with these intents gets; `None` if it gets none.
    pub(crate) fn with(&self, intents: Intents) -> Option<&Utf8Bytes> {
        let (event, bot) = (self.event, self.bot);
        match pass(event, intents, bot) {
            Pass::Nothing => None,
            Pass::Whole => Some(self.whole.get_or_init(|| event.data.text())),
            Pass::Redacted => {
                let write = || redacted(event, bot).to_string().into();
                Some(self.redacted.get_or_init(write))
            }
        }
    }
}
