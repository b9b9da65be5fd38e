//! Limit on requests: a bucket for each session or address, that fills up again within a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Buckets that are kept; full ones are forgotten first.
const KEPT: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

/// How many requests each may make.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<String, Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Limiter {
    /// Takes one of `a_minute` requests of `whose`; otherwise how long there is none.
    ///
    /// # Errors
    ///
    /// There is none left now.
    pub fn take(&self, whose: &str, a_minute: u32, now: Instant) -> Result<(), Duration> {
        let most = f64::from(a_minute.max(1));
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEPT && !buckets.contains_key(whose) {
            buckets.retain(|_, bucket| now.duration_since(bucket.at) < MINUTE);
            // A crowd of addresses pushes others out, and keeps nobody new from coming.
            let oldest = buckets.iter().min_by_key(|(_, bucket)| bucket.at);
            if let Some(oldest) = oldest
                .filter(|_| buckets.len() >= KEPT)
                .map(|(it, _)| it.clone())
            {
                buckets.remove(&oldest);
            }
        }
        let full = Bucket {
            left: most,
            at: now,
        };
        let bucket = buckets.entry(whose.to_owned()).or_insert(full);
        let since = now.duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * most / MINUTE.as_secs_f64()).min(most);
        bucket.at = now;
        if bucket.left < 1.0 {
            let wait = (1.0 - bucket.left) * MINUTE.as_secs_f64() / most;
            return Err(Duration::from_secs_f64(wait));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_bucket_of_their_own_that_fills_again() {
        let (limiter, start) = (Limiter::default(), Instant::now());
        for _ in 0..60 {
            limiter.take("a", 60, start).unwrap();
        }
        let wait = limiter.take("a", 60, start).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        limiter.take("b", 60, start).unwrap();
        limiter.take("a", 60, start + wait).unwrap();
        limiter.take("a", 60, start + wait).unwrap_err();
    }

    #[test]
    fn a_crowd_of_addresses_fills_no_memory() {
        let (limiter, start) = (Limiter::default(), Instant::now());
        for number in 0..KEPT {
            limiter.take(&number.to_string(), 60, start).unwrap();
        }
        limiter
            .take("one more", 60, start + Duration::from_millis(1))
            .unwrap();
        let kept = limiter.0.lock().unwrap();
        assert!(kept.len() == KEPT && kept.contains_key("one more"));
    }
}
