//! Pulse: the bot's figures over the last hour, sampled each minute, and each two seconds while somebody looks.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use plugin_api::{abi::BotStatus, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{Dashboard, shell};

/// The topic that says: there is a new sample.
pub(crate) const TOPIC: &str = "pulse";

/// How long samples are kept.
const KEPT_MS: u64 = 60 * 60_000;

/// Between two samples while nobody looks: the price of an hour's line.
const SLOW: Duration = Duration::from_secs(60);

/// Between two samples while somebody does.
const FAST: Duration = Duration::from_secs(2);

/// How often in a row nobody has to look before the fast samples end: a page takes a moment from its first byte to its stream.
const PATIENCE: u32 = 5;

/// How old what was sampled last may be to be shown: more than two fast samples are apart, so that nothing looks in between. The process's share of the processor is since the last look, whoever's it was: looks
/// that are too close together would make it jump.
const FRESH: Duration = Duration::from_millis(2_500);

/// A look at the bot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sample {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) at_ms: u64,
    /// Milliseconds from a heartbeat to its answer; `None` while it is not known.
    pub(crate) latency_ms: Option<f64>,
    /// Of one processor, in percent.
    pub(crate) cpu_percent: f64,
    /// Bytes of the process in memory.
    pub(crate) memory_bytes: u64,
    /// Events of the gateway since the start.
    pub(crate) events: u64,
}

/// The samples, the oldest first, and the last look.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    samples: RefCell<VecDeque<Sample>>,
    last: RefCell<Option<(Instant, BotStatus)>>,
    fast: Cell<bool>,
}

/// Begins to sample, once the plugin serves. `host` is the one of the start.
pub(crate) fn start(host: &Host, pulse: &Rc<Pulse>) {
    let (asked, pulse) = (host.clone(), Rc::clone(pulse));
    host.every(SLOW, async move || {
        // While the operator does not grant the power, there is nothing to see, and nothing to log each minute.
        if !pulse.fast.get() {
            let _ = pulse.look(&asked).await;
        }
        Ok(())
    });
}

/// Samples fast from now on, until nobody looks any more. For routes of pages that follow [`TOPIC`].
pub(crate) fn watch(dashboard: &Dashboard) {
    let pulse = Rc::clone(&dashboard.pulse);
    if pulse.fast.replace(true) {
        return;
    }
    // The host of the start: a route's asks for somebody, and until its reply alone.
    let host = dashboard.host.clone();
    dashboard.host.spawn(async move {
        let sampled = sample_fast(&host, &pulse).await;
        pulse.fast.set(false);
        sampled
    });
}

async fn sample_fast(host: &Host, pulse: &Pulse) -> Result {
    let mut alone = 0;
    while alone < PATIENCE {
        pulse.look(host).await?;
        // Browsers hear of no event that has no data.
        match host.publish(TOPIC, now_ms().to_string()).await? {
            0 => alone += 1,
            _ => alone = 0,
        }
        tokio::time::sleep(FAST).await;
    }
    Ok(())
}

impl Pulse {
    /// How the bot is: what was seen last, where that is fresh, or a new look.
    ///
    /// # Errors
    ///
    /// The power `bot.read` is not granted.
    pub(crate) async fn status(&self, host: &Host) -> Result<BotStatus> {
        let fresh = self.last.borrow().as_ref().and_then(|(at, status)| {
            let is_fresh = at.elapsed() < FRESH;
            is_fresh.then(|| status.clone())
        });
        match fresh {
            Some(status) => Ok(status),
            None => self.look(host).await,
        }
    }

    async fn look(&self, host: &Host) -> Result<BotStatus> {
        let status = host.bot().status().await?;
        *self.last.borrow_mut() = Some((Instant::now(), status.clone()));
        self.keep(Sample {
            at_ms: now_ms(),
            latency_ms: status.latency_ms,
            cpu_percent: status.cpu_percent,
            memory_bytes: status.memory_bytes,
            events: status.events,
        });
        Ok(status)
    }

    fn keep(&self, sample: Sample) {
        let mut samples = self.samples.borrow_mut();
        samples.push_back(sample);
        let begin = sample.at_ms.saturating_sub(KEPT_MS);
        while samples.front().is_some_and(|first| first.at_ms < begin) {
            samples.pop_front();
        }
    }

    /// All samples, for the next generation.
    pub(crate) fn kept(&self) -> Vec<Sample> {
        self.samples.borrow().iter().copied().collect()
    }

    /// What the last generation has seen.
    pub(crate) fn restore(&self, samples: Vec<Sample>) {
        for sample in samples {
            self.keep(sample);
        }
    }

    /// The last hour in `count` equal pieces up to now, each the mean of `of` over its samples. Where none falls into one, the one before
    /// goes on for as long as two slow samples are apart; else it is a gap.
    pub(crate) fn line(
        &self,
        count: usize,
        now_ms: u64,
        of: impl Fn(&Sample) -> Option<f64>,
    ) -> Vec<Option<f64>> {
        let begin = now_ms.saturating_sub(KEPT_MS);
        let piece = (KEPT_MS / count.max(1) as u64).max(1);
        let mut sums = vec![(0.0, 0_u32); count];
        for sample in self.samples.borrow().iter() {
            let at = sample.at_ms.saturating_sub(begin) / piece;
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            let within = sample.at_ms >= begin;
            if let (true, Some((sum, n)), Some(value)) = (within, sums.get_mut(at), of(sample)) {
                (*sum, *n) = (*sum + value, *n + 1);
            }
        }
        let carried = 2 * SLOW.as_millis() as u64 / piece;
        let mut last: Option<(u64, f64)> = None;
        let mut at = 0;
        let mut means = Vec::with_capacity(count);
        for (sum, n) in sums {
            at += 1;
            if n > 0 {
                last = Some((at, sum / f64::from(n)));
            }
            let known = last.filter(|(seen, _)| at - seen <= carried);
            means.push(known.map(|(_, value)| value));
        }
        means
    }
}

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Declares the topic: who may see the figures may follow them.
pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin.topic(TOPIC, shell::FIGURES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: f64, cpu_percent: f64) -> Sample {
        Sample {
            at_ms: KEPT_MS + (minute * 60_000.0) as u64,
            cpu_percent,
            ..Sample::default()
        }
    }

    fn line(samples: &[Sample], count: usize, minute: u64) -> Vec<Option<f64>> {
        let pulse = Pulse::default();
        pulse.restore(samples.to_vec());
        let cpu = |sample: &Sample| Some(sample.cpu_percent);
        pulse.line(count, KEPT_MS + minute * 60_000, cpu)
    }

    #[test]
    fn a_piece_of_the_hour_is_the_mean_of_its_samples() {
        let samples = [at(0.5, 10.0), at(1.0, 20.0), at(30.5, 4.0)];
        assert_eq!(line(&samples, 2, 60), [Some(15.0), Some(4.0)]);
    }

    #[test]
    fn minutes_between_two_slow_samples_are_no_gap_and_more_are_one() {
        let drawn = line(&[at(0.1, 1.0), at(10.1, 2.0)], 120, 60);
        // Half a minute each: what was seen holds for two minutes.
        assert_eq!(
            drawn[..6],
            [Some(1.0), Some(1.0), Some(1.0), Some(1.0), Some(1.0), None]
        );
        assert_eq!((drawn[19], drawn[20]), (None, Some(2.0)));
    }

    #[test]
    fn samples_are_kept_for_an_hour() {
        let pulse = Pulse::default();
        pulse.restore(vec![at(0.0, 1.0), at(30.0, 2.0), at(60.5, 3.0)]);
        let kept: Vec<f64> = pulse.kept().iter().map(|it| it.cpu_percent).collect();
        assert_eq!(kept, [2.0, 3.0]);
    }

    #[test]
    fn what_is_not_known_is_left_out_of_the_mean() {
        let pulse = Pulse::default();
        pulse.keep(Sample {
            latency_ms: Some(40.0),
            ..at(1.0, 0.0)
        });
        pulse.keep(at(1.1, 0.0));
        let latency = pulse.line(1, KEPT_MS + 60 * 60_000, |it| it.latency_ms);
        assert_eq!(latency, [Some(40.0)]);
        assert_eq!(
            Pulse::default().line(3, KEPT_MS, |it| it.latency_ms),
            [None; 3]
        );
    }
}
