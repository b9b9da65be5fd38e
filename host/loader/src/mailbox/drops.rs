//! Count of work that found no room in a mailbox, by whose it was.

use std::collections::HashMap;

use super::fair_queue::Lane;

/// What was dropped, or refused, since it was last asked.
#[derive(Debug, Default)]
pub(super) struct Drops {
    events: u64,
    calls: u64,
    lanes: HashMap<Lane, u64>,
}

/// Work that found no room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Events that the plugin never hears of.
    pub events: u64,
    /// Commands, components and entries; whoever waits for one was told.
    pub calls: u64,
    /// Of whom most of it was, and how much.
    pub most_of: (Lane, u64),
}

impl Drops {
    /// Counts one.
    pub(super) fn note(&mut self, lane: Lane, is_event: bool) {
        match is_event {
            true => self.events += 1,
            false => self.calls += 1,
        }
        *self.lanes.entry(lane).or_default() += 1;
    }

    /// What was counted, and begins anew.
    pub(super) fn take(&mut self) -> Option<Dropped> {
        let all = std::mem::take(self);
        let most_of = all.lanes.into_iter().max_by_key(|(_, count)| *count)?;
        Some(Dropped {
            events: all.events,
            calls: all.calls,
            most_of,
        })
    }
}

impl Dropped {
    /// Such as "12 events were dropped and 3 commands refused, 14 of them of the server 123".
    #[must_use]
    pub fn in_words(&self) -> String {
        let parts = [
            (self.events, "event(s) were dropped"),
            (self.calls, "command(s) and the like were refused"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let (lane, count) = self.most_of;
        let whose = match lane {
            Lane::Guild(id) => format!("of the server {id}"),
            Lane::Direct(id) => format!("of direct messages in the channel {id}"),
            Lane::Asked(0) => "asked for by other plugins".to_owned(),
            Lane::Asked(id) => format!("asked for by other plugins in the server {id}"),
            Lane::Bot => "of the bot's own".to_owned(),
        };
        format!("{}, {count} of them {whose}", parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_most_of_it_was_is_told_once() {
        let mut drops = Drops::default();
        assert_eq!(drops.take(), None);
        for _ in 0..3 {
            drops.note(Lane::Guild(7), true);
        }
        drops.note(Lane::Direct(8), false);
        let words = drops.take().unwrap().in_words();
        assert_eq!(
            words,
            "3 event(s) were dropped and 1 command(s) and the like were refused, 3 of them of the server 7"
        );
        assert_eq!(drops.take(), None);
    }
}
