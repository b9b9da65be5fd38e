//! Ids as Discord makes them, and the times that are inside them.

use twilight_model::util::Timestamp;

use crate::clock::Clock;

/// 1 January 2015, in milliseconds since 1970: where Discord's ids begin.
pub(super) const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// Makes ids that only grow, whatever the clock does.
#[derive(Debug)]
pub(crate) struct Snowflakes {
    /// `None` if all ids are to be of one moment.
    clock: Option<Clock>,
    last: u64,
}

impl Snowflakes {
    /// Ids that hold the time of this clock.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock: Some(clock),
            last: 0,
        }
    }

    /// Makes ids of one moment, in milliseconds since 1970, for what is older than the sandbox.
    pub(super) fn of_moment(ms: u64) -> Self {
        Self {
            clock: None,
            last: ms.saturating_sub(DISCORD_EPOCH_MS) << 22,
        }
    }

    /// The id that was made last.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// The next id, holding the present time.
    pub(crate) fn next(&mut self) -> u64 {
        let now_ms = self.clock.as_ref().map_or(0, Clock::now_ms);
        let fresh = now_ms.saturating_sub(DISCORD_EPOCH_MS) << 22;
        self.last = fresh.max(self.last + 1);
        self.last
    }
}

/// A time in the words of Discord's JSON: `2026-01-02T03:04:05.678000+00:00`.
pub(crate) fn iso(micros: i64) -> String {
    Timestamp::from_micros(micros)
        .map(|time| time.iso_8601().to_string())
        .unwrap_or_default()
}

/// The time inside an id, in microseconds since 1970.
pub(crate) fn created_us(id: u64) -> i64 {
    i64::try_from(((id >> 22) + DISCORD_EPOCH_MS) * 1000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_hold_the_time() {
        let clock = Clock::running();
        let mut ids = Snowflakes::new(clock.clone());
        let many: Vec<_> = (0..5000).map(|_| ids.next()).collect();
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
        let age_us = clock.now_us() - created_us(many[0]);
        assert!((0..60_000_000).contains(&age_us), "{age_us}");
    }

    #[test]
    fn times_read_as_discord_writes_them() {
        assert_eq!(
            iso(1_580_608_922_020_000),
            "2020-02-02T02:02:02.020000+00:00"
        );
    }
}
