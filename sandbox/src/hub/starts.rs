//! Session start limit, the number of times a bot may identify:
//! <https://discord.com/developers/docs/events/gateway#session-start-limit-object>.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::options::GatewayLimits;

/// What the limit counts over.
const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// How much earlier than Discord's interval an IDENTIFY may come: a client waits from sending to sending, and the
/// network does not take equally long each time.
const TOLERANCE: Duration = Duration::from_millis(100);

/// The IDENTIFYs of the present day.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    /// When the first of them came, in microseconds since 1970.
    day_began_us: Option<i64>,
    used: u32,
    /// When the last one of each rate limit key came.
    last_us: BTreeMap<u64, i64>,
    /// Set when the limit was hit: Discord resets the token then.
    pub token_is_reset: bool,
}

/// How a wish to start a session ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Start {
    Granted,
    /// Another shard of the same key has just identified.
    TooSoon,
    /// No more today; the token is reset.
    UsedUp,
}

impl Starts {
    /// Counts an IDENTIFY.
    pub(crate) fn count(&mut self, limits: &GatewayLimits, shard: u64, now_us: i64) -> Start {
        if self.left_us(now_us) == 0 {
            self.day_began_us = Some(now_us);
            self.used = 0;
        }
        if self.used >= limits.session_starts {
            self.token_is_reset = true;
            return Start::UsedUp;
        }
        self.used += 1;
        let key = shard % u64::from(limits.max_concurrency.max(1));
        let wait_us = micros(limits.identify_interval.saturating_sub(TOLERANCE));
        match self.last_us.get(&key) {
            Some(last_us) if now_us.saturating_sub(*last_us) < wait_us => Start::TooSoon,
            _ => {
                self.last_us.insert(key, now_us);
                Start::Granted
            }
        }
    }

    /// The session start limit object.
    pub(crate) fn json(&self, limits: &GatewayLimits, now_us: i64) -> Value {
        let left_us = self.left_us(now_us);
        let used = if left_us == 0 { 0 } else { self.used };
        json!({
            "total": limits.session_starts,
            "remaining": limits.session_starts.saturating_sub(used),
            "reset_after": left_us / 1000,
            "max_concurrency": limits.max_concurrency.max(1),
        })
    }

    /// How long the day still lasts; 0 before the first IDENTIFY.
    fn left_us(&self, now_us: i64) -> i64 {
        let began_us = self.day_began_us.unwrap_or(i64::MIN);
        began_us
            .saturating_add(DAY_US)
            .saturating_sub(now_us)
            .max(0)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    #[test]
    fn one_shard_of_a_key_in_five_seconds() {
        let mut starts = Starts::default();
        let limits = GatewayLimits {
            max_concurrency: 2,
            ..GatewayLimits::DISCORD
        };
        let mut count = |shard, second| starts.count(&limits, shard, second * SECOND_US);
        assert_eq!(count(0, 0), Start::Granted);
        assert_eq!(count(1, 0), Start::Granted, "the other key");
        assert_eq!(count(2, 4), Start::TooSoon);
        assert_eq!(count(2, 5), Start::Granted, "a refusal does not count");
        assert_eq!(count(0, 9), Start::TooSoon);
    }

    #[test]
    fn a_day_has_so_many_starts() {
        let mut starts = Starts::default();
        let limits = GatewayLimits {
            session_starts: 2,
            ..GatewayLimits::DISCORD
        };
        assert_eq!(starts.json(&limits, 0)["remaining"], 2);
        assert_eq!(starts.count(&limits, 0, 0), Start::Granted);
        assert_eq!(starts.count(&limits, 0, SECOND_US), Start::TooSoon);
        let object = starts.json(&limits, SECOND_US);
        assert_eq!(
            (&object["total"], &object["remaining"]),
            (&json!(2), &json!(0))
        );
        assert_eq!(object["reset_after"], (24 * 3600 - 1) * 1000);
        let next_day = DAY_US + SECOND_US;
        assert_eq!(starts.json(&limits, next_day)["remaining"], 2);
        assert_eq!(starts.count(&limits, 0, next_day), Start::Granted);
        assert_eq!(
            starts.count(&limits, 0, next_day + 6 * SECOND_US),
            Start::Granted
        );
        assert!(!starts.token_is_reset);
        assert_eq!(
            starts.count(&limits, 0, next_day + 12 * SECOND_US),
            Start::UsedUp
        );
        assert!(starts.token_is_reset);
    }
}
