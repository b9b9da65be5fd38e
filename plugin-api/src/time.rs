//! Points in time, as Discord has them.

use std::time::{Duration, SystemTime};

use twilight_model::util::Timestamp;

/// The point in time that is so far ahead; `None` beyond the year 9999.
pub(crate) fn after(time: Duration) -> Option<Timestamp> {
    let then = SystemTime::now().checked_add(time)?;
    let since = then.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let micros = i64::try_from(since.as_micros()).ok()?;
    Timestamp::from_micros(micros).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_from_now_on_is_that_much_later() {
        let left = |until: Timestamp| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            until.as_secs() - now.unwrap().as_secs() as i64
        };
        let until = after(Duration::from_secs(3_600)).unwrap();
        assert!((3_500..=3_600).contains(&left(until)));
        assert_eq!(after(Duration::from_secs(1 << 52)), None);
    }
}
