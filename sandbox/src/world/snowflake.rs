//! Ids as Discord makes them, and the times that are inside them.

use std::time::{SystemTime, UNIX_EPOCH};

use twilight_model::util::Timestamp;

/// 1 January 2015, in milliseconds since 1970: where Discord's ids begin.
pub(super) const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// Makes ids that only grow, whatever the clock does.
#[derive(Debug, Default)]
pub(crate) struct Snowflakes {
    last: u64,
    /// Set if all ids are to be of one moment.
    of_moment: bool,
}

impl Snowflakes {
    /// Makes ids of one moment, in milliseconds since 1970, for what is older than the sandbox.
    pub(super) fn of_moment(ms: u64) -> Self {
        Self {
            last: ms.saturating_sub(DISCORD_EPOCH_MS) << 22,
            of_moment: true,
        }
    }

    /// The next id, holding the present time.
    pub(crate) fn next(&mut self) -> u64 {
        if self.of_moment {
            self.last += 1;
            return self.last;
        }
        let fresh = (now_ms().saturating_sub(DISCORD_EPOCH_MS)) << 22;
        self.last = fresh.max(self.last + 1);
        self.last
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// Microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
        })
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
        let mut ids = Snowflakes::default();
        let many: Vec<_> = (0..5000).map(|_| ids.next()).collect();
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
        let age_us = now_us() - created_us(many[0]);
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
