//! Hourly counts: messages, commands and errors of each of the last 24 hours, and of all hours together.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Hours that are kept.
const HOURS: usize = 24;
const HOUR: Duration = Duration::from_secs(3600);

/// What was counted within an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// When it began, since the Unix epoch.
    pub began: Duration,
    /// Messages that the bot has seen.
    pub messages: u64,
    /// Commands that were used.
    pub commands: u64,
    /// Commands that failed.
    pub errors: u64,
}

/// Counts of the hours since the start.
#[derive(Debug, Default)]
pub struct Hourly(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: Hour,
    /// The latest one last.
    hours: Vec<Hour>,
}

impl Hourly {
    /// Counts a message.
    pub fn message(&self) {
        self.count(|hour| hour.messages += 1);
    }

    /// Counts a use of a command.
    pub fn command(&self, failed: bool) {
        self.count(|hour| {
            hour.commands += 1;
            hour.errors += u64::from(failed);
        });
    }

    /// All hours together, and each of the last ones, the latest last. Hours in which nothing came are left out.
    #[must_use]
    pub fn read(&self) -> (Hour, Vec<Hour>) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (counts.total, counts.hours.clone())
    }

    fn count(&self, add: impl Fn(&mut Hour)) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .count(now, add);
    }
}

impl Counts {
    fn count(&mut self, now: Duration, add: impl Fn(&mut Hour)) {
        let began = Duration::from_secs(now.as_secs() / HOUR.as_secs() * HOUR.as_secs());
        // A clock that was set back counts on in the hour that there is.
        if self.hours.last().is_none_or(|hour| hour.began < began) {
            if self.hours.len() == HOURS {
                self.hours.remove(0);
            }
            self.hours.push(Hour {
                began,
                ..Hour::default()
            });
        }
        add(&mut self.total);
        if let Some(hour) = self.hours.last_mut() {
            add(hour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_by_the_hour_and_all_of_it_is_counted() {
        let mut counts = Counts::default();
        for hour in 0..30 {
            for _ in 0..=hour {
                counts.count(HOUR * hour + Duration::from_secs(59), |it| it.messages += 1);
            }
        }
        assert_eq!(counts.hours.len(), 24);
        assert_eq!(
            (counts.hours[0].began, counts.hours[0].messages),
            (HOUR * 6, 7)
        );
        assert_eq!(counts.hours[23].messages, 30);
        counts.count(HOUR * 3, |it| it.errors += 1);
        assert_eq!(counts.hours[23].errors, 1, "the clock was set back");
        assert_eq!(counts.total.messages, 30 * 31 / 2);
    }
}
