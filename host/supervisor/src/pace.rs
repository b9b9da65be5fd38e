//! Pauses between restarts: none, then some that grow, until all has been quiet for a while.

use std::time::Duration;

/// How restarts are slowed. Default: at once, 1 s, 2 s, 4 s … 60 s; five quiet minutes begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The pause before the second restart in a row; each further one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// A bot that has lived so long has ended on its own account.
    pub quiet: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            quiet: Duration::from_secs(300),
        }
    }
}

/// Ends in a row.
#[derive(Debug)]
pub(crate) struct Row {
    pace: Pace,
    count: u32,
}

impl Row {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, count: 0 }
    }

    /// One more has ended, that had lived so long: how many are in a row now, and how long to wait.
    pub(crate) fn another(&mut self, lived: Duration) -> (u32, Duration) {
        if lived >= self.pace.quiet {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        let pause = match self.count {
            1 => Duration::ZERO,
            count => {
                let times = 1_u32.checked_shl(count - 2).unwrap_or(u32::MAX);
                self.pace.first.saturating_mul(times).min(self.pace.longest)
            }
        };
        (self.count, pause)
    }

    /// What comes next is not in this row.
    pub(crate) fn begin_anew(&mut self) {
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_minute_and_begin_anew_when_it_was_quiet() {
        let mut row = Row::new(Pace::default());
        let soon = Duration::from_secs(299);
        let mut pauses = |times: usize, lived| -> Vec<u64> {
            (0..times).map(|_| row.another(lived).1.as_secs()).collect()
        };
        assert_eq!(pauses(9, soon), [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses(60, soon), [60; 60]);
        assert_eq!(pauses(1, Duration::from_secs(300)), [0]);
        assert_eq!(pauses(2, soon), [1, 2]);
        assert_eq!(row.another(soon).0, 4);
        row.begin_anew();
        assert_eq!(row.another(soon), (1, Duration::ZERO));
    }
}
