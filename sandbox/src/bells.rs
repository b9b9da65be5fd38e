//! Notifiers of those who wait for what the bot shows: hundreds of users may wait, and each message concerns few of
//! them.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::Notify;

use crate::world::Sighting;

/// Bells beyond which those are looked for that nobody listens to.
const MANY: usize = 1000;

/// What somebody waits for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Awaited {
    /// Anything of the bot in this channel.
    Channel(u64),
    /// A message of the bot that replies to this one.
    ReplyTo(u64),
}

/// A bell for everything that somebody waits for.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    hung: HashMap<Awaited, Arc<Notify>>,
}

impl Bells {
    /// The bell that rings when this may have happened.
    pub(crate) fn hang(&mut self, awaited: Awaited) -> Arc<Notify> {
        if self.hung.len() >= MANY && !self.hung.contains_key(&awaited) {
            self.hung.retain(|_, bell| Arc::strong_count(bell) > 1);
        }
        Arc::clone(self.hung.entry(awaited).or_default())
    }

    /// Wakes those who may have waited for this.
    pub(crate) fn ring(&self, sighting: &Sighting) {
        let reply = sighting.view.reply_to.map(Awaited::ReplyTo);
        for awaited in reply
            .into_iter()
            .chain([Awaited::Channel(sighting.channel)])
        {
            if let Some(bell) = self.hung.get(&awaited) {
                bell.notify_waiters();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgotten_bells_are_taken_down() {
        let mut bells = Bells::default();
        let kept = bells.hang(Awaited::Channel(0));
        for message in 0..10 * MANY as u64 {
            bells.hang(Awaited::ReplyTo(message));
        }
        assert!(bells.hung.len() <= MANY + 1);
        assert!(Arc::ptr_eq(&kept, &bells.hang(Awaited::Channel(0))));
    }
}
