//! Outcomes of a generation's work: how much it has answered, and how much of it has failed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use plugin_api::abi::status;

use super::answer::Answer;

/// How much a generation has had to do, and how much of it has failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// What it was given: events, commands, components, and other things that are answered.
    pub handled: u64,
    /// How much of that has failed. What a member was told the reason of, and what was stopped with the plugin, has not.
    pub failed: u64,
}

impl Tally {
    /// What has come since `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            handled: self.handled.saturating_sub(earlier.handled),
            failed: self.failed.saturating_sub(earlier.failed),
        }
    }
}

/// Counts of the outcomes.
#[derive(Debug, Default)]
pub struct Outcomes {
    handled: AtomicU64,
    failed: AtomicU64,
}

impl Outcomes {
    /// Counts an answer.
    pub fn answered(&self, answer: &Answer) {
        self.handled.fetch_add(1, Relaxed);
        if answer.status != status::OK && is_failure(answer) {
            self.failed.fetch_add(1, Relaxed);
        }
    }

    /// Counts an event, which nothing answers.
    pub fn given_event(&self) {
        self.handled.fetch_add(1, Relaxed);
    }

    /// Counts what has failed without an answer: a listener, a task in the background.
    pub fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    /// All so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally {
            failed: self.failed.load(Relaxed),
            handled: self.handled.load(Relaxed),
        }
    }
}

fn is_failure(answer: &Answer) -> bool {
    let is_told = answer.error().is_some_and(|it| it.user_message.is_some());
    !matches!(answer.status, status::CANCELLED | status::UNSUPPORTED) && !is_told
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::ErrorHead;

    use super::*;

    #[test]
    fn what_failed_is_told_from_what_a_member_was_told_and_from_what_was_stopped() {
        let outcomes = Outcomes::default();
        let answer = |status, user_message: Option<&str>| {
            let error = ErrorHead {
                message: "no tea".into(),
                user_message: user_message.map(str::to_owned),
                ..ErrorHead::default()
            };
            Answer {
                status,
                ..Answer::failed(&error)
            }
        };
        for (status, user_message, failed) in [
            (status::OK, None, 0),
            (status::FAILED, Some("We have no tea."), 0),
            (status::CANCELLED, None, 0),
            (status::FAILED, None, 1),
            (status::PANICKED, None, 2),
            (status::LATE, None, 3),
        ] {
            outcomes.answered(&answer(status, user_message));
            assert_eq!(outcomes.tally().failed, failed, "{status}");
        }
        outcomes.given_event();
        outcomes.failed();
        let (now, earlier) = (
            outcomes.tally(),
            Tally {
                handled: 6,
                failed: 3,
            },
        );
        assert_eq!(
            now.since(earlier),
            Tally {
                handled: 1,
                failed: 1
            }
        );
    }
}
