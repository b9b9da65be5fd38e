//! Unreadable events: counted by kind, and logged without what stood in them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use host_discord::{figures::Figures, lenient::Faults};

/// The same place of the same kind of event is logged once in this time: Discord changes something for everybody at once.
const QUIET: Duration = Duration::from_secs(60);

/// Most places that are remembered.
const REMEMBERED: usize = 1_000;

/// Recently logged places.
#[derive(Debug, Default)]
pub struct Unreadable {
    told: Mutex<HashMap<String, Instant>>,
}

impl Unreadable {
    /// Something of an event could not be read.
    pub(super) fn note(
        &self,
        figures: &Figures,
        event: &str,
        shard: u32,
        guild: u64,
        faults: &Faults,
    ) {
        figures.unreadable(event);
        let at = faults.to_string();
        // The names of kinds and fields alone; whatever Discord sends, a line stays a line.
        let event: String = event
            .chars()
            .take(64)
            .map(|it| if it.is_control() { ' ' } else { it })
            .collect();
        if self.is_new(&event, &at) {
            tracing::warn!(
                shard,
                guild,
                event,
                "part of an event can't be read, and is as if unknown: {at}"
            );
        } else {
            tracing::debug!(shard, guild, event, "part of an event can't be read: {at}");
        }
    }

    fn is_new(&self, event: &str, at: &str) -> bool {
        // The third role is no other place than the fourth.
        let place: String = at.chars().filter(|it| !it.is_ascii_digit()).collect();
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= REMEMBERED {
            told.retain(|_, at| now.duration_since(*at) < QUIET);
        }
        let key = format!("{event} {place}");
        let is_new = told
            .get(&key)
            .is_none_or(|at| now.duration_since(*at) >= QUIET);
        if is_new && told.len() < REMEMBERED {
            told.insert(key, now);
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_is_told_once_in_a_while() {
        let unreadable = Unreadable::default();
        assert!(unreadable.is_new("GUILD_CREATE", "roles[3].permissions"));
        assert!(!unreadable.is_new("GUILD_CREATE", "roles[14].permissions"));
        assert!(unreadable.is_new("GUILD_CREATE", "roles[3].id"));
        assert!(unreadable.is_new("GUILD_UPDATE", "roles[3].id"));
    }
}
