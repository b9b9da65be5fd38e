//! Rate limits of one source: how much of something it may do at once, and per second; and of its log lines, what is left out of them.

use std::time::Instant;

/// Lines that may come in a second for as long as it takes, where nobody says otherwise.
pub const A_SECOND: u32 = 100;

/// How many seconds' worth may come at once.
pub const AT_ONCE: u32 = 10;

/// A token bucket: so much in a second for as long as it takes, and ten seconds' worth at once.
#[derive(Debug)]
pub struct Bucket {
    /// What was taken and has not come back yet.
    taken: f64,
    at: Instant,
}

impl Bucket {
    /// One of which nothing was taken.
    #[must_use]
    pub const fn whole(now: Instant) -> Self {
        Self {
            taken: 0.0,
            at: now,
        }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: Instant, a_second: u32) -> bool {
        self.taken = self.taken_by(now, a_second);
        self.at = now;
        let has_one = self.taken + 1.0 <= f64::from(a_second) * f64::from(AT_ONCE);
        if has_one {
            self.taken += 1.0;
        }
        has_one
    }

    fn taken_by(&self, now: Instant, a_second: u32) -> f64 {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        (self.taken - since * f64::from(a_second)).max(0.0)
    }
}

/// A share of the log: so many lines in a second for as long as it takes, and ten seconds' worth at once.
#[derive(Debug)]
pub struct Share {
    bucket: Bucket,
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
            bucket: Bucket::whole(now),
            left_out: 0,
        }
    }

    /// Whether nobody has taken anything for as long as it needs to become whole.
    #[must_use]
    pub fn is_idle(&self, now: Instant) -> bool {
        self.left_out == 0 && self.bucket.taken_by(now, A_SECOND) <= 0.0
    }

    /// Takes a line's place.
    pub fn take(&mut self, now: Instant, a_second: u32) -> Fate {
        if !self.bucket.take(now, a_second) {
            self.left_out += 1;
            return match self.left_out {
                1 => Fate::FirstOut,
                _ => Fate::Out,
            };
        }
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
            assert_eq!(share.take(now, A_SECOND), Fate::Written(0), "line {line}");
        }
        assert_eq!(share.take(now, A_SECOND), Fate::FirstOut);
        for _ in 0..49 {
            assert_eq!(share.take(now, A_SECOND), Fate::Out);
        }
        // A hundred a second from there on, and the first of them tells of the others.
        let later = now + Duration::from_millis(20);
        assert_eq!(share.take(later, A_SECOND), Fate::Written(50));
        assert_eq!(share.take(later, A_SECOND), Fate::Written(0));
        assert_eq!(share.take(later, A_SECOND), Fate::FirstOut);
        assert!(!share.is_idle(later));
        // After a rest it is whole again, and no more than whole.
        let rested = later + Duration::from_secs(3600);
        assert_eq!(share.take(rested, A_SECOND), Fate::Written(1));
        for _ in 1..1000 {
            assert_eq!(share.take(rested, A_SECOND), Fate::Written(0));
        }
        assert_eq!(share.take(rested, A_SECOND), Fate::FirstOut);
    }

    #[test]
    fn a_bucket_is_whole_after_ten_seconds_and_never_more_than_whole() {
        let now = Instant::now();
        let mut bucket = Bucket::whole(now);
        let takes = |bucket: &mut Bucket, at| (0..100).filter(|_| bucket.take(at, 2)).count();
        assert_eq!(takes(&mut bucket, now), 20);
        assert_eq!(takes(&mut bucket, now + Duration::from_secs(3)), 6);
        assert_eq!(takes(&mut bucket, now + Duration::from_secs(3_600)), 20);
        // Nothing is allowed any more at once when the limit is set lower.
        assert!(!bucket.take(now + Duration::from_secs(3_600), 1));
    }
}
