//! Watchdog of a generation: notices that its thread does not go on, and whether it waits or spins.
//!
//! It has no clock and no thread: it is told, at each look, for how long the thread has been at one thing and what processor time it has
//! used.

use std::time::{Duration, Instant};

/// How long a plugin's thread may work on one thing before the owner is told: what waits for it waits, members' commands among it.
pub(super) const BLOCKED: Duration = Duration::from_secs(5);

/// What a look counts at most: a process that was stopped for a minute, by a debugger say, has had no plugin that was stuck for one.
const LOOK_AT_MOST: Duration = Duration::from_secs(2);

/// From this part of a processor on a thread is said to spin: one that waits uses none.
const SPINS: u32 = 5;

/// What one look sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) now: Instant,
    /// For how long the thread has been at one thing; `None` while it is at nothing, or about to stop.
    pub(super) busy: Option<Duration>,
    /// Processor time of the thread, as far as that is known.
    pub(super) cpu: Option<Duration>,
}

/// A thread that does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stall {
    /// For how long.
    pub(super) lasts: Duration,
    /// Which part of a processor it has used meanwhile, in percent; `None` where that can't be known.
    pub(super) cpu_percent: Option<u32>,
}

/// What a look has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing, or nothing new.
    Well,
    /// It has been at one thing for long enough to be told of.
    Blocked(Stall),
    /// It has had its time.
    Stuck(Stall),
}

/// What was seen of one generation.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    last: Option<Instant>,
    stretch: Option<Stretch>,
}

/// A time in which the thread was at one thing.
#[derive(Debug)]
struct Stretch {
    lasts: Duration,
    /// Since the first look that saw it.
    seen: Duration,
    cpu: Option<Duration>,
    is_told: bool,
}

impl Stall {
    /// Whether it uses the processor; `None` where that can't be known.
    pub(super) fn spins(self) -> Option<bool> {
        self.cpu_percent.map(|percent| percent >= SPINS)
    }

    /// Such as "it spins: 98 % of a processor".
    pub(super) fn pace(self) -> String {
        match (self.spins(), self.cpu_percent) {
            (Some(true), Some(percent)) => format!("it spins: {percent} % of a processor"),
            (Some(false), _) => "it is blocked: it uses no processor time".to_owned(),
            _ => "whether it is blocked or spins can't be known here".to_owned(),
        }
    }
}

impl Watchdog {
    /// Takes a look; `limit` is how long a thread may be at one thing, where there is one.
    pub(super) fn look(&mut self, look: Look, limit: Option<Duration>) -> Finding {
        let since = self.last.replace(look.now);
        let since = since.map_or(Duration::ZERO, |last| {
            look.now.saturating_duration_since(last)
        });
        let Some(busy) = look.busy else {
            self.stretch = None;
            return Finding::Well;
        };
        let counted = since.min(LOOK_AT_MOST);
        let stretch = match &mut self.stretch {
            // It was at the same thing all the time.
            Some(stretch) if busy >= since => {
                stretch.lasts += counted;
                stretch.seen += counted;
                stretch
            }
            stretch => stretch.insert(Stretch {
                lasts: busy.min(LOOK_AT_MOST),
                seen: Duration::ZERO,
                cpu: look.cpu,
                is_told: false,
            }),
        };
        let used = look.cpu.zip(stretch.cpu);
        let stall = Stall {
            lasts: stretch.lasts,
            cpu_percent: used
                .filter(|_| !stretch.seen.is_zero())
                .map(|(now, then)| percent(now.saturating_sub(then), stretch.seen)),
        };
        if limit.is_some_and(|limit| stretch.lasts >= limit) {
            return Finding::Stuck(stall);
        }
        if stretch.lasts >= BLOCKED && !std::mem::replace(&mut stretch.is_told, true) {
            return Finding::Blocked(stall);
        }
        Finding::Well
    }
}

fn percent(part: Duration, whole: Duration) -> u32 {
    let percent = 100.0 * part.as_secs_f64() / whole.as_secs_f64();
    percent.round().clamp(0.0, 999.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

    /// A watchdog that looks each second, and what it finds: busy for so many seconds, having used so many milliseconds each.
    fn finds(looks: &[(Option<u64>, u64)], limit: Option<Duration>) -> Vec<Finding> {
        let (mut watchdog, mut now, mut cpu) =
            (Watchdog::default(), Instant::now(), Duration::ZERO);
        let findings = looks.iter().map(|(busy, ms)| {
            now += SECOND;
            cpu += Duration::from_millis(*ms);
            let busy = busy.map(Duration::from_secs);
            let look = Look {
                now,
                busy,
                cpu: Some(cpu),
            };
            watchdog.look(look, limit)
        });
        findings
            .filter(|finding| *finding != Finding::Well)
            .collect()
    }

    fn stall(seconds: u64, percent: u32) -> Stall {
        Stall {
            lasts: Duration::from_secs(seconds),
            cpu_percent: Some(percent),
        }
    }

    #[test]
    fn one_that_waits_and_one_that_spins_are_told_of_once_and_then_have_had_their_time() {
        let looks = |ms| {
            (1..=10)
                .map(move |busy| (Some(busy), ms))
                .collect::<Vec<_>>()
        };
        for (ms, percent, words) in [
            (0, 0, "it is blocked: it uses no processor time"),
            (980, 98, "it spins: 98 % of a processor"),
        ] {
            let found = finds(&looks(ms), LIMIT);
            assert_eq!(
                found,
                [
                    Finding::Blocked(stall(5, percent)),
                    Finding::Stuck(stall(10, percent))
                ]
            );
            assert_eq!(stall(10, percent).pace(), words);
        }
        assert_eq!(finds(&looks(0), None), [Finding::Blocked(stall(5, 0))]);
    }

    #[test]
    fn one_that_goes_on_in_between_begins_anew() {
        let mut looks: Vec<(Option<u64>, u64)> = (1..=9).map(|busy| (Some(busy), 0)).collect();
        looks.push((Some(0), 0));
        looks.extend((1..=9).map(|busy| (Some(busy), 0)));
        looks.push((None, 0));
        looks.extend((1..=4).map(|busy| (Some(busy), 0)));
        let found = finds(&looks, LIMIT);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|it| matches!(it, Finding::Blocked(_))));
    }

    #[test]
    fn a_process_that_stood_still_has_no_plugin_that_was_stuck_for_so_long() {
        let (mut watchdog, began) = (Watchdog::default(), Instant::now());
        let mut look = |at: u64, busy: u64| {
            let look = Look {
                now: began + Duration::from_secs(at),
                busy: Some(Duration::from_secs(busy)),
                cpu: None,
            };
            watchdog.look(look, LIMIT)
        };
        assert_eq!(look(1, 1), Finding::Well);
        assert_eq!(look(3_601, 3_601), Finding::Well);
        let stall = Stall {
            lasts: 5 * SECOND,
            cpu_percent: None,
        };
        assert_eq!(look(3_603, 3_603), Finding::Blocked(stall));
        assert!(stall.pace().contains("can't be known"));
    }
}
