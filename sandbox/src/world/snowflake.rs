//! Ids as Discord makes them, and the times that are inside them.

use serde::{Serialize, Serializer};
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
    // Until the year 9999, as `Timestamp`, which writes the same in ten times the time.
    const END: i64 = 253_402_300_800_000_000;
    if !(0..END).contains(&micros) {
        return Timestamp::from_micros(micros)
            .map(|time| time.iso_8601().to_string())
            .unwrap_or_default();
    }
    let micros = micros.unsigned_abs();
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (year, month, day) = date(seconds / 86_400);
    let mut text = *b"0000-00-00T00:00:00.000000+00:00";
    for (range, mut number) in [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, seconds / 3600 % 24),
        (14..16, seconds / 60 % 60),
        (17..19, seconds % 60),
        (20..26, micros),
    ] {
        for digit in text[range].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The date of a day since 1970: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
const fn date(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their odd day at the end.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

/// The time inside an id, in microseconds since 1970.
pub(crate) fn created_us(id: u64) -> i64 {
    i64::try_from(((id >> 22) + DISCORD_EPOCH_MS) * 1000).unwrap_or(i64::MAX)
}

/// An id, written as a string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id(pub u64);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = [0; 20];
        serializer.serialize_str(decimal(self.0, &mut digits))
    }
}

/// A number in decimal digits, without the detour over formatting: a message has a dozen of them.
fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            // Digits are text.
            return std::str::from_utf8(&digits[at..]).unwrap_or_default();
        }
    }
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

    #[test]
    fn times_are_those_of_the_calendar() {
        // A prime number of microseconds, some 40 days, so that all days and hours come by, leap years included.
        let moments = (0..).map(|step| step * 3_456_000_000_019_i64);
        let until = 253_402_300_800_000_000;
        for micros in moments.take_while(|micros| *micros < until) {
            let expected = Timestamp::from_micros(micros).unwrap();
            assert_eq!(iso(micros), expected.iso_8601().to_string());
        }
        assert_eq!(iso(until - 1), "9999-12-31T23:59:59.999999+00:00");
        assert_eq!(iso(-1), "1969-12-31T23:59:59.999999+00:00");
    }
}
