//! Points in time as people are told of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .unwrap_or_default()
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX)
}

/// How long ago it was, such as "2 min ago".
pub(crate) fn ago(at_ms: u64, now: SystemTime) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(at_ms);
    let seconds = now.duration_since(at).unwrap_or_default().as_secs();
    match seconds {
        0..=59 => format!("{seconds} s ago"),
        60..=5_999 => format!("{} min ago", seconds / 60),
        6_000..=172_799 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        let told = |seconds: u64| ago(0, UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(told(59), "59 s ago");
        assert_eq!(told(5_999), "99 min ago");
        assert_eq!(told(6_000), "1 h ago");
        assert_eq!(told(172_800), "2 days ago");
        // A clock that was set back.
        assert_eq!(ago(5_000, UNIX_EPOCH), "0 s ago");
    }
}
