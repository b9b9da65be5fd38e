//! Samples of what each plugin uses over the last hour: taken each minute, and with each look at a plugin's page.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use plugin_api::{abi::PluginUsage, prelude::*};
use serde::{Deserialize, Serialize};

use crate::pulse::now_ms;

/// How long samples are kept.
pub(crate) const KEPT_MS: u64 = 60 * 60_000;

/// Between two samples of all plugins.
const EVERY: Duration = Duration::from_secs(60);

/// Two samples of one plugin that are closer together say no more than one.
const APART_MS: u64 = 4_000;

/// Plugins that are sampled: an hour of one takes 3 kB.
const MOST: usize = 200;

/// A look at what a plugin has used up to then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sample {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) at_ms: u64,
    /// Microseconds of processor.
    pub(crate) cpu_us: u64,
    /// Bytes of memory; `None` while that is not known.
    pub(crate) heap_bytes: Option<u64>,
    /// Pieces of work that it has taken.
    pub(crate) served: u64,
    /// Handlers that ended badly.
    pub(crate) failed: u64,
}

impl Sample {
    fn of(usage: &PluginUsage) -> Self {
        Self {
            at_ms: now_ms(),
            cpu_us: usage.cpu_us,
            heap_bytes: usage.heap_bytes,
            served: usage.served,
            failed: usage.failed,
        }
    }
}

/// The samples of all plugins, of each the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Samples(RefCell<BTreeMap<String, VecDeque<Sample>>>);

/// Begins to sample, once the plugin serves. `host` is the one of the start.
pub(crate) fn start(host: &Host, samples: &Rc<Samples>) {
    let (asked, samples) = (host.clone(), Rc::clone(samples));
    host.every(EVERY, async move || {
        // While the operator does not grant the power, there is nothing to see, and nothing to log each minute.
        let _ = samples.look_at_all(&asked).await;
        Ok(())
    });
}

impl Samples {
    async fn look_at_all(&self, host: &Host) -> Result {
        let plugins = host.plugins().all().await?;
        let serving = plugins.iter().filter(|plugin| super::serves(plugin));
        for plugin in serving.take(MOST) {
            // One that goes meanwhile has nothing to tell.
            if let Ok(usage) = host.plugins().usage(&plugin.name).await {
                self.keep(&plugin.name, Sample::of(&usage));
            }
        }
        self.forget(now_ms());
        Ok(())
    }

    /// Keeps what somebody has just looked at.
    pub(super) fn saw(&self, usage: &PluginUsage) {
        self.keep(&usage.name, Sample::of(usage));
    }

    fn keep(&self, plugin: &str, sample: Sample) {
        let mut all = self.0.borrow_mut();
        if !all.contains_key(plugin) && all.len() >= MOST {
            return;
        }
        let samples = all.entry(plugin.to_owned()).or_default();
        let newest = samples.back().map_or(0, |newest| newest.at_ms);
        if newest > 0 && sample.at_ms < newest + APART_MS {
            return;
        }
        samples.push_back(sample);
        let begin = sample.at_ms.saturating_sub(KEPT_MS);
        while samples.front().is_some_and(|first| first.at_ms < begin) {
            samples.pop_front();
        }
    }

    /// Drops plugins of which nothing has been seen for as long as samples are kept.
    fn forget(&self, now_ms: u64) {
        let begin = now_ms.saturating_sub(KEPT_MS);
        let mut all = self.0.borrow_mut();
        all.retain(|_, samples| samples.back().is_some_and(|newest| newest.at_ms >= begin));
    }

    /// All samples, for the next generation.
    pub(crate) fn kept(&self) -> BTreeMap<String, Vec<Sample>> {
        let all = self.0.borrow();
        let owned = |(name, samples): (&String, &VecDeque<Sample>)| {
            (name.clone(), Vec::from_iter(samples.iter().copied()))
        };
        all.iter().map(owned).collect()
    }

    /// What the last generation has seen.
    pub(crate) fn restore(&self, kept: BTreeMap<String, Vec<Sample>>) {
        for (plugin, samples) in kept {
            for sample in samples {
                self.keep(&plugin, sample);
            }
        }
    }

    /// The lines of a plugin over the last hour.
    pub(super) fn lines(&self, plugin: &str, now_ms: u64) -> Lines {
        let all = self.0.borrow();
        let samples: Vec<Sample> = all.get(plugin).into_iter().flatten().copied().collect();
        Lines::of(&samples, now_ms)
    }
}

/// What a plugin has used, by minute of the last hour; `None` where nothing is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lines {
    /// Of one processor, in percent.
    pub(super) cpu_percent: Vec<Option<f64>>,
    /// Bytes.
    pub(super) heap_bytes: Vec<Option<f64>>,
    /// Pieces of work a minute.
    pub(super) served: Vec<Option<f64>>,
    /// Failures a minute.
    pub(super) failed: Vec<Option<f64>>,
}

/// Minutes of a line.
const MINUTES: usize = 60;

impl Lines {
    fn of(samples: &[Sample], now_ms: u64) -> Self {
        let rate = |counted: fn(&Sample) -> u64, factor: f64| {
            spread(samples, now_ms, |before, after| {
                let ms = after.at_ms.saturating_sub(before.at_ms).max(1) as f64;
                // What is less than it was is counted anew: since when, nobody knows.
                let more = counted(after).checked_sub(counted(before))?;
                Some(more as f64 / ms * factor)
            })
        };
        Self {
            cpu_percent: rate(|it| it.cpu_us, 0.1),
            heap_bytes: spread(samples, now_ms, |_, after| {
                after.heap_bytes.map(|bytes| bytes as f64)
            }),
            served: rate(|it| it.served, 60_000.0),
            failed: rate(|it| it.failed, 60_000.0),
        }
    }
}

/// What holds between two samples, for each minute that is between them: the mean, where several are in one.
fn spread(
    samples: &[Sample],
    now_ms: u64,
    of: impl Fn(&Sample, &Sample) -> Option<f64>,
) -> Vec<Option<f64>> {
    let begin = now_ms.saturating_sub(KEPT_MS);
    let minute = |at_ms: u64| (at_ms.saturating_sub(begin) / 60_000) as usize;
    let mut sums = vec![(0.0, 0_u32); MINUTES];
    for pair in samples.windows(2) {
        let [before, after] = pair else { continue };
        // Nobody has looked for minutes: the plugin, or this one, was not there.
        let apart = after.at_ms.saturating_sub(before.at_ms);
        if after.at_ms < begin || apart > 3 * 60_000 {
            continue;
        }
        let Some(value) = of(before, after) else {
            continue;
        };
        let last = minute(after.at_ms);
        let first = (minute(before.at_ms) + 1).min(last);
        for (sum, n) in sums.iter_mut().take(last + 1).skip(first) {
            (*sum, *n) = (*sum + value, *n + 1);
        }
    }
    let mean = |(sum, n): (f64, u32)| (n > 0).then(|| sum / f64::from(n));
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: f64, cpu_us: u64, served: u64) -> Sample {
        Sample {
            at_ms: KEPT_MS + (minute * 60_000.0) as u64,
            cpu_us,
            served,
            heap_bytes: Some(served * 10),
            failed: 0,
        }
    }

    fn lines(samples: &[Sample]) -> Lines {
        let all = Samples::default();
        all.restore([("tea".to_owned(), samples.to_vec())].into());
        // Now is an hour after the first moment that samples are of.
        all.lines("tea", 2 * KEPT_MS)
    }

    #[test]
    fn counts_become_rates_by_minute() {
        let drawn = lines(&[
            at(0.0, 0, 0),
            at(1.0, 600_000, 30),
            at(2.0, 600_000, 30),
            at(3.5, 1_500_000, 75),
        ]);
        let cpu = &drawn.cpu_percent;
        assert_eq!((cpu[0], cpu[1], cpu[2]), (None, Some(1.0), Some(0.0)));
        // A minute and a half with 0.9 s of processor.
        assert_eq!((cpu[3], cpu[4]), (Some(1.0), None));
        assert_eq!((drawn.served[1], drawn.served[3]), (Some(30.0), Some(30.0)));
        assert_eq!(drawn.heap_bytes[1], Some(300.0));
        assert_eq!(drawn.failed[1], Some(0.0));
    }

    #[test]
    fn counts_that_begin_anew_and_times_without_a_look_are_gaps() {
        let drawn = lines(&[at(0.0, 500, 9), at(1.0, 100, 2), at(10.0, 900, 5)]);
        assert_eq!(drawn.served[1], None);
        assert_eq!(drawn.heap_bytes[1], Some(20.0));
        assert!(drawn.served[2..].iter().all(Option::is_none));
    }

    #[test]
    fn looks_that_are_close_together_are_one_and_plugins_that_are_gone_are_forgotten() {
        let all = Samples::default();
        all.keep("tea", at(0.0, 0, 0));
        all.keep("tea", at(0.01, 1, 1));
        all.keep("old", at(0.0, 0, 0));
        all.keep("tea", at(30.0, 2, 2));
        assert_eq!(all.kept()["tea"].len(), 2);
        all.forget(KEPT_MS + 61 * 60_000);
        assert_eq!(Vec::from_iter(all.kept().into_keys()), ["tea"]);
        assert_eq!(all.lines("absent", 0).cpu_percent, [None; MINUTES]);
    }

    #[test]
    fn no_more_plugins_are_kept_than_there_is_room_for() {
        let all = Samples::default();
        for number in 0..MOST + 5 {
            all.keep(&format!("p{number}"), at(0.0, 0, 0));
        }
        assert_eq!(all.kept().len(), MOST);
    }
}
