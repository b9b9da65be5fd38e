//! Memory of the looks: those of the last hour, and what was told, over reloads and restarts.

use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque},
    time::{SystemTime, UNIX_EPOCH},
};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    judge::{Counts, Health},
    seen::Seen,
};

/// Milliseconds of what is remembered.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// Milliseconds by which the clocks of two calls may differ.
const SLACK_MS: i64 = 3_000;

/// What a look has found, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sample {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    /// Commands since the look before, and those of them that failed.
    pub(crate) commands: u64,
    pub(crate) errors: u64,
    /// Writes of files that failed since then.
    pub(crate) failed_writes: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_percent: f64,
    pub(crate) lag_us: u64,
    /// How long the disk took at most in the last minute: for a file, and for the end of a transaction.
    pub(crate) write_us: u64,
    pub(crate) commit_us: u64,
}

/// Totals at a look.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Totals {
    /// By the system's clock.
    at_ms: i64,
    up_ms: u64,
    commands: u64,
    errors: u64,
    failed_writes: u64,
}

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Memory(RefCell<Kept>);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// Oldest first.
    samples: VecDeque<Sample>,
    totals: Option<Totals>,
    /// Shards that were away at the last look.
    away: BTreeSet<u32>,
    /// The state that was told last, and when.
    told: Health,
    told_ms: i64,
    /// What could not be written at the last look.
    trouble: Option<String>,
    /// How far the host's clock is ahead of the system's: another one runs in the sandbox.
    ahead_ms: i64,
}

impl Memory {
    /// Notes a look.
    pub(crate) fn note(&self, at_ms: i64, seen: &Seen) {
        let system = system_ms();
        let kept = &mut *self.0.borrow_mut();
        let ahead = at_ms - system;
        // Less than that is the time that a run takes to begin.
        kept.ahead_ms = if ahead.abs() > 120_000 { ahead } else { 0 };
        let sample = kept.sample(at_ms, system, seen);
        kept.totals = Some(Totals::of(system, seen));
        kept.samples.push_back(sample);
        while kept
            .samples
            .front()
            .is_some_and(|oldest| at_ms - oldest.at_ms >= HOUR_MS || oldest.at_ms > at_ms)
        {
            kept.samples.pop_front();
        }
    }

    /// Notes which shards are away, after it was judged by those that were so before.
    pub(crate) fn note_away(&self, seen: &Seen) {
        let away = seen.shards.iter().filter(|shard| !shard.connected);
        self.0.borrow_mut().away = away.map(|shard| shard.id).collect();
    }

    /// The looks of the last hour, with what has come since the last one.
    pub(crate) fn samples(&self, seen: &Seen) -> Vec<Sample> {
        let kept = self.0.borrow();
        let now = system_ms();
        let latest = kept.sample(now + kept.ahead_ms, now, seen);
        let is_recent = |sample: &&Sample| latest.at_ms - sample.at_ms < HOUR_MS;
        let mut all: Vec<Sample> = kept.samples.iter().filter(is_recent).copied().collect();
        all.push(latest);
        all
    }

    /// What counts for the state, of the looks that are given.
    pub(crate) fn counts(&self, samples: &[Sample]) -> Counts {
        let kept = self.0.borrow();
        let lately = |minutes: usize| samples.iter().rev().take(minutes);
        Counts {
            commands: samples.iter().map(|sample| sample.commands).sum(),
            errors: samples.iter().map(|sample| sample.errors).sum(),
            lag_us: lately(5).map(|sample| sample.lag_us).max().unwrap_or(0),
            failed_writes: lately(10).map(|sample| sample.failed_writes).sum(),
            write_us: lately(10).map(|sample| sample.write_us).max().unwrap_or(0),
            commit_us: lately(10).map(|sample| sample.commit_us).max().unwrap_or(0),
            away: kept.away.clone(),
            trouble: kept.trouble.clone(),
        }
    }

    /// Looks of the last hour, the last one being the latest.
    pub(crate) fn noted(&self) -> Vec<Sample> {
        self.0.borrow().samples.iter().copied().collect()
    }

    /// What could not be written, if something could not.
    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        self.0.borrow_mut().trouble = trouble;
    }

    /// The state that was told last, and when.
    pub(crate) fn told(&self) -> (Health, i64) {
        let kept = self.0.borrow();
        (kept.told, kept.told_ms)
    }

    /// It was told.
    pub(crate) fn set_told(&self, health: Health, at_ms: i64) {
        let kept = &mut *self.0.borrow_mut();
        (kept.told, kept.told_ms) = (health, at_ms);
    }

    /// The state for the next generation.
    pub(crate) fn save(&self) -> Result<State> {
        State::new(1, &*self.0.borrow())
    }

    /// Takes over what a generation before has saved.
    pub(crate) fn restore(&self, saved: State) -> Result {
        *self.0.borrow_mut() = saved.read()?;
        Ok(())
    }
}

impl Kept {
    fn sample(&self, at_ms: i64, system_ms: i64, seen: &Seen) -> Sample {
        let now = Totals::of(system_ms, seen);
        let since = now.since(self.totals.as_ref());
        Sample {
            at_ms,
            commands: since.commands,
            errors: since.errors,
            failed_writes: since.failed_writes,
            memory_bytes: seen.bot.memory_bytes,
            cpu_percent: seen.bot.cpu_percent,
            lag_us: seen.lag_us(),
            write_us: seen.files.slowest_write_us,
            commit_us: seen.files.slowest_commit_us,
        }
    }
}

impl Totals {
    fn of(system_ms: i64, seen: &Seen) -> Self {
        Self {
            at_ms: system_ms,
            up_ms: seen.bot.up_ms,
            commands: seen.bot.commands_used,
            errors: seen.bot.commands_failed,
            failed_writes: seen.files.write_failures,
        }
    }

    /// What has come since an earlier look. The bot counts from zero when it starts.
    fn since(&self, before: Option<&Self>) -> Self {
        let (mut since, up_ms) = (*self, i64::try_from(self.up_ms).unwrap_or(i64::MAX));
        match before {
            Some(before) if self.goes_on_from(before) => {
                since.commands -= before.commands;
                since.errors -= before.errors;
                since.failed_writes -= before.failed_writes;
            }
            _ if up_ms < HOUR_MS => {}
            // When that was, nobody knows.
            _ => (since.commands, since.errors, since.failed_writes) = (0, 0, 0),
        }
        since
    }

    fn goes_on_from(&self, before: &Self) -> bool {
        let grew = i64::try_from(self.up_ms).unwrap_or(i64::MAX)
            - i64::try_from(before.up_ms).unwrap_or(i64::MAX);
        grew >= 0
            && grew + SLACK_MS >= self.at_ms - before.at_ms
            && self.commands >= before.commands
            && self.errors >= before.errors
            && self.failed_writes >= before.failed_writes
    }
}

/// Milliseconds since the Unix epoch, by the system's clock.
fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(at_s: i64, up_s: u64, commands: u64, errors: u64) -> Totals {
        Totals {
            at_ms: at_s * 1_000,
            up_ms: up_s * 1_000,
            commands,
            errors,
            failed_writes: 0,
        }
    }

    fn since(now: Totals, before: Option<Totals>) -> (u64, u64) {
        let since = now.since(before.as_ref());
        (since.commands, since.errors)
    }

    #[test]
    fn what_was_counted_before_a_restart_is_not_taken_off() {
        let before = totals(1_000, 30, 10, 2);
        assert_eq!(since(totals(1_060, 90, 14, 3), Some(before)), (4, 1));
        // Restarted: it counts from zero, whether there are more by now or fewer.
        assert_eq!(since(totals(1_060, 50, 14, 3), Some(before)), (14, 3));
        assert_eq!(since(totals(1_060, 90, 9, 2), Some(before)), (9, 2));
    }

    #[test]
    fn a_first_look_at_a_bot_that_runs_for_hours_knows_nothing_of_the_last_one() {
        assert_eq!(since(totals(9_000, 3_599, 10, 2), None), (10, 2));
        assert_eq!(since(totals(9_000, 3_600, 10, 2), None), (0, 0));
    }

    #[test]
    fn an_hour_is_remembered_and_the_rest_forgotten() {
        let memory = Memory::default();
        let mut seen = Seen::default();
        for minute in 0..100 {
            seen.bot.commands_used += 1;
            memory.note(minute * 60_000, &seen);
        }
        let noted = memory.noted();
        assert_eq!((noted.len(), noted[0].at_ms), (60, 40 * 60_000));
        assert_eq!(memory.counts(&noted).commands, 60);
        // A clock that was set back begins anew, and does not wait for the time that was.
        memory.note(0, &seen);
        assert_eq!(memory.noted().len(), 1);
    }

    #[test]
    fn a_slow_write_counts_for_ten_looks() {
        let memory = Memory::default();
        let mut seen = Seen::default();
        (seen.files.slowest_write_us, seen.files.slowest_commit_us) = (9, 5);
        memory.note(0, &seen);
        (seen.files.slowest_write_us, seen.files.slowest_commit_us) = (1, 2);
        let mut slowest = Vec::new();
        for minute in 1..=10 {
            memory.note(minute * 60_000, &seen);
            let counts = memory.counts(&memory.noted());
            slowest.push((counts.write_us, counts.commit_us));
        }
        assert_eq!(slowest[..9], [(9, 5); 9]);
        assert_eq!(slowest[9], (1, 2));
    }

    #[test]
    fn all_of_it_is_there_for_the_next_generation() {
        let (memory, next) = (Memory::default(), Memory::default());
        let mut seen = Seen::default();
        seen.bot.commands_used = 7;
        memory.note(60_000, &seen);
        memory.set_told(Health::Critical, 60_000);
        memory.set_trouble(Some("full".into()));
        next.restore(memory.save().unwrap()).unwrap();
        assert_eq!(next.noted(), memory.noted());
        assert_eq!(next.told(), (Health::Critical, 60_000));
        let counts = next.counts(&next.noted());
        assert_eq!(
            (counts.commands, counts.trouble.as_deref()),
            (7, Some("full"))
        );
    }
}
