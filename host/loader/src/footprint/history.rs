//! History of what a plugin takes: a sample a minute, for a day.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Samples that are kept: a day of minutes, some 60 kB.
const KEPT: usize = 24 * 60;

const MINUTE_MS: u64 = 60_000;

/// What a plugin takes at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Bytes of its heap; `None` when that is not known.
    pub heap_bytes: Option<u64>,
    /// Processor time of its threads so far, which only grows while its figures are there.
    pub cpu: Duration,
    /// Its threads, those that it has started with them.
    pub threads: u32,
}

/// What was found within a minute, or within several that follow each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// When it begins, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Bytes of heap at the last look.
    pub heap_bytes: Option<u64>,
    /// The most that a look has found.
    pub heap_peak_bytes: Option<u64>,
    /// Processor time that was used.
    pub cpu: Duration,
    /// The most threads.
    pub threads: u32,
}

/// The samples of one plugin.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Oldest first; the last one grows until its minute is over.
    samples: VecDeque<Sample>,
    heap_peak_bytes: Option<u64>,
    /// Processor time at the last look.
    cpu: Duration,
}

impl History {
    /// Notes what it takes now.
    pub(super) fn observe(&mut self, now: SystemTime, reading: Reading) {
        let now_ms = now
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let at_ms = u64::try_from(now_ms).unwrap_or(u64::MAX) / MINUTE_MS * MINUTE_MS;
        // A clock that was set back begins no new past.
        if self.samples.back().is_none_or(|last| last.at_ms < at_ms) {
            if self.samples.len() == KEPT {
                self.samples.pop_front();
            }
            self.samples.push_back(Sample {
                at_ms,
                ..Sample::default()
            });
        }
        let used = reading.cpu.saturating_sub(self.cpu);
        self.cpu = self.cpu.max(reading.cpu);
        self.heap_peak_bytes = self.heap_peak_bytes.max(reading.heap_bytes);
        if let Some(last) = self.samples.back_mut() {
            last.take(&Sample {
                at_ms,
                heap_bytes: reading.heap_bytes,
                heap_peak_bytes: reading.heap_bytes,
                cpu: used,
                threads: reading.threads,
            });
        }
    }

    /// The figures that processor time is read from begin at nothing again.
    pub(super) fn cpu_begins_anew(&mut self) {
        self.cpu = Duration::ZERO;
    }

    pub(super) fn heap_peak_bytes(&self) -> Option<u64> {
        self.heap_peak_bytes
    }

    /// All of it in so many samples at most, each of equally many minutes.
    pub(super) fn coarse(&self, most: usize) -> Vec<Sample> {
        let each = self.samples.len().div_ceil(most.max(1)).max(1);
        let mut coarse: Vec<Sample> = Vec::new();
        for (at, sample) in self.samples.iter().enumerate() {
            match coarse.last_mut() {
                Some(last) if at % each != 0 => last.take(sample),
                _ => coarse.push(*sample),
            }
        }
        coarse
    }
}

impl Sample {
    /// Takes in what was found later.
    fn take(&mut self, later: &Self) {
        self.heap_bytes = later.heap_bytes.or(self.heap_bytes);
        self.heap_peak_bytes = self.heap_peak_bytes.max(later.heap_peak_bytes);
        self.cpu += later.cpu;
        self.threads = self.threads.max(later.threads);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn reading(heap: u64, cpu: u64) -> Reading {
        Reading {
            heap_bytes: Some(heap),
            cpu: Duration::from_secs(cpu),
            threads: 1,
        }
    }

    #[test]
    fn a_minute_has_its_last_and_its_highest_heap_and_the_time_that_was_used_in_it() {
        let mut history = History::default();
        history.observe(at(60), reading(5, 1));
        history.observe(at(70), reading(9, 2));
        history.observe(at(119), reading(7, 4));
        history.observe(at(120), reading(3, 5));
        let all = history.coarse(100);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].at_ms, all[0].heap_bytes), (60_000, Some(7)));
        assert_eq!((all[0].heap_peak_bytes, all[0].cpu.as_secs()), (Some(9), 4));
        assert_eq!((all[1].heap_bytes, all[1].cpu.as_secs()), (Some(3), 1));
        // After an unload its figures begin anew.
        history.cpu_begins_anew();
        history.observe(at(180), reading(1, 2));
        assert_eq!(history.coarse(100)[2].cpu.as_secs(), 2);
        assert_eq!(history.heap_peak_bytes(), Some(9));
        // A clock that is set back changes nothing of the past.
        history.observe(at(30), reading(2, 2));
        assert_eq!(history.coarse(100).len(), 3);
    }

    #[test]
    fn a_day_is_kept_and_shown_as_coarsely_as_is_asked_for() {
        let mut history = History::default();
        for minute in 0..3 * KEPT as u64 {
            history.observe(at(minute * 60), reading(minute, minute));
        }
        assert_eq!(history.samples.len(), KEPT);
        let hours = history.coarse(24);
        assert_eq!(hours.len(), 24);
        assert!(hours.iter().all(|hour| hour.cpu.as_secs() == 60));
        assert_eq!(hours[23].heap_peak_bytes, Some(3 * KEPT as u64 - 1));
        assert_eq!(history.coarse(0).len(), 1);
    }
}
