//! Histogram of durations.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds of the buckets, in microseconds: from what an idle plugin takes to what ends by a time-out.
const BOUNDS_US: [u64; 12] = [
    100, 250, 1_000, 2_500, 10_000, 25_000, 100_000, 250_000, 1_000_000, 2_500_000, 10_000_000,
    30_000_000,
];

/// A histogram of durations. Costs two atomic additions each.
#[derive(Debug, Default)]
pub struct Timing {
    /// One more than bounds: the last is for what took longer.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Timing {
    /// Counts one.
    pub fn observe(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < us);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(us, Relaxed);
    }

    /// How many there were, and their sum.
    #[must_use]
    pub fn total(&self) -> (u64, Duration) {
        let count = self.buckets.iter().map(|count| count.load(Relaxed)).sum();
        (count, Duration::from_micros(self.sum_us.load(Relaxed)))
    }

    /// Sum in seconds, count, and each bucket's upper bound in seconds with its own count.
    #[must_use]
    pub fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let bounds = BOUNDS_US
            .iter()
            .map(|us| Duration::from_micros(*us).as_secs_f64());
        let buckets: Vec<(f64, u64)> = bounds
            .chain([f64::INFINITY])
            .zip(self.buckets.iter().map(|count| count.load(Relaxed)))
            .collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_micros(self.sum_us.load(Relaxed)).as_secs_f64();
        (sum, count, buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let timing = Timing::default();
        for us in [0, 100, 101, 30_000_000, 30_000_001] {
            timing.observe(Duration::from_micros(us));
        }
        let (sum, count, buckets) = timing.read();
        assert_eq!((count, buckets[0]), (5, (0.0001, 2)));
        assert_eq!((buckets[1].1, buckets[11].1, buckets[12].1), (1, 1, 1));
        assert!((sum - 60.000_202).abs() < 1e-6, "{sum}");
    }
}
