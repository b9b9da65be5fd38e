//! Voices: who is in which voice channel, as far as it was heard.

use std::{cell::RefCell, collections::HashMap};

use crate::model::{Channel, Guild, User};

/// What was last known of a member's voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) channel: Option<Channel>,
    pub(crate) is_muted: bool,
}

/// Where members were, as far as it was heard.
#[derive(Debug, Default)]
pub(crate) struct Voices(RefCell<HashMap<(Guild, User), Voice>>);

/// Most members who are remembered; nobody in a voice channel is more than Discord lets be.
const MEMBERS: usize = 100_000;

impl Voices {
    /// Where somebody is now; where they were before.
    pub(crate) fn put(&self, guild: Guild, user: User, now: Voice) -> Option<Voice> {
        let mut all = self.0.borrow_mut();
        if all.len() >= MEMBERS {
            all.clear();
        }
        match now.channel {
            Some(_) => all.insert((guild, user), now),
            None => all.remove(&(guild, user)),
        }
    }

    pub(crate) fn forget(&self, user: User) {
        self.0.borrow_mut().retain(|(_, it), _| *it != user);
    }

    /// Whether anybody is known to be in a channel.
    pub(crate) fn is_empty(&self, guild: Guild, channel: Channel) -> bool {
        !self
            .0
            .borrow()
            .iter()
            .any(|((of, _), it)| *of == guild && it.channel == Some(channel))
    }

    /// Who was there before anything was heard.
    pub(crate) fn seen(&self, guild: Guild, user: User, channel: Option<Channel>, is_muted: bool) {
        let mut all = self.0.borrow_mut();
        if let (Some(_), false) = (channel, all.contains_key(&(guild, user))) {
            all.insert((guild, user), Voice { channel, is_muted });
        }
    }
}
