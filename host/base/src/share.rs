//! Rate limit of log lines: how many one source may write at once, and per second.

use std::time::Instant;

/// Lines that may come at once.
pub const AT_ONCE: f64 = 1000.0;

/// Lines that may come for as long as it takes.
pub const A_SECOND: f64 = 100.0;

/// A share of the log: so many lines at once, and so many a second for as long as it takes.
#[derive(Debug)]
pub struct Share {
    /// Lines that may still come.
    left: f64,
    at: Instant,
    /// Lines that were left out since the last that was written.
    left_out: u64,
}

/// Decision on a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is written, behind so many that were not.
    Written(u64),
    /// It is the first of those that are left out.
    FirstOut,
    /// So is this one.
    Out,
}

impl Share {
    /// One of which nothing was taken.
    #[must_use]
    pub const fn whole(now: Instant) -> Self {
        Self {
            left: AT_ONCE,
            at: now,
            left_out: 0,
        }
    }

    /// Whether nobody has taken anything for as long as it needs to become whole.
    #[must_use]
    pub fn is_idle(&self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left_out == 0 && self.left + since * A_SECOND >= AT_ONCE
    }

    /// Takes a line's place.
    pub fn take(&mut self, now: Instant) -> Fate {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * A_SECOND).min(AT_ONCE);
        self.at = now;
        if self.left < 1.0 {
            self.left_out += 1;
            return match self.left_out {
                1 => Fate::FirstOut,
                _ => Fate::Out,
            };
        }
        self.left -= 1.0;
        Fate::Written(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_is_written_up_to_its_share_and_what_is_left_out_is_told() {
        let now = Instant::now();
        let mut share = Share::whole(now);
        assert!(share.is_idle(now));
        for line in 0..1000 {
            assert_eq!(share.take(now), Fate::Written(0), "line {line}");
        }
        assert_eq!(share.take(now), Fate::FirstOut);
        for _ in 0..49 {
            assert_eq!(share.take(now), Fate::Out);
        }
        // A hundred a second from there on, and the first of them tells of the others.
        let later = now + Duration::from_millis(20);
        assert_eq!(share.take(later), Fate::Written(50));
        assert_eq!(share.take(later), Fate::Written(0));
        assert_eq!(share.take(later), Fate::FirstOut);
        assert!(!share.is_idle(later));
        // After a rest it is whole again, and no more than whole.
        let rested = later + Duration::from_secs(3600);
        assert_eq!(share.take(rested), Fate::Written(1));
        for _ in 1..1000 {
            assert_eq!(share.take(rested), Fate::Written(0));
        }
        assert_eq!(share.take(rested), Fate::FirstOut);
    }
}
