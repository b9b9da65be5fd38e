//! Notices that the bot's main loop does not go on, though its process runs.
//!
//! It has no clock and no thread: it is told, at each look, when the main loop has answered last and whether somebody holds the process.

use std::{
    fs,
    time::{Duration, Instant, SystemTime},
};

/// How often the bot is looked at, by how long it may be silent: some times until then.
pub(crate) fn pause(limit: Duration) -> Duration {
    (limit / 6).clamp(Duration::from_millis(50), Duration::from_secs(10))
}

/// What one look sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) now: Instant,
    /// When the main loop has answered last; `None` before it has for the first time, and on its way down.
    pub(crate) beaten: Option<SystemTime>,
    /// Somebody has stopped the process, or looks into it.
    pub(crate) is_held: bool,
}

/// What was seen of one bot.
#[derive(Debug, Default)]
pub(crate) struct Hang {
    last: Option<Instant>,
    beaten: Option<SystemTime>,
    silent: Duration,
}

impl Hang {
    /// Takes a look; for how long the main loop has been silent, as soon as that is as long as it may be.
    ///
    /// A look counts for two pauses at most, and never by the time of day: when this process stood still as well, with the machine say, nobody
    /// was silent meanwhile.
    pub(crate) fn look(&mut self, look: Look, limit: Duration) -> Option<Duration> {
        let since = self.last.replace(look.now);
        let since = since.map_or(Duration::ZERO, |last| {
            look.now.saturating_duration_since(last)
        });
        let has_answered = self.beaten != look.beaten;
        self.beaten = look.beaten;
        if has_answered || look.beaten.is_none() || look.is_held {
            self.silent = Duration::ZERO;
            return None;
        }
        self.silent += since.min(2 * pause(limit));
        (self.silent >= limit).then_some(self.silent)
    }
}

/// Whether a process is stopped, by a signal or a debugger, or one looks into it. Without /proc nobody knows.
pub(crate) fn is_held(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| says_held(&status))
}

fn says_held(status: &str) -> bool {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).unwrap_or_default()
    };
    field("State:").starts_with(['T', 't']) || !matches!(field("TracerPid:"), "" | "0")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::process::Command;

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Looks at a bot: so many seconds after the first look, the answer's number, and whether it is held.
    fn hangs_at(looks: &[(u64, Option<u64>, bool)]) -> Vec<u64> {
        let (mut hang, began) = (Hang::default(), Instant::now());
        let looks = looks.iter().filter_map(|(at, beat, is_held)| {
            let look = Look {
                now: began + Duration::from_secs(*at),
                beaten: beat.map(|beat| SystemTime::UNIX_EPOCH + Duration::from_secs(beat)),
                is_held: *is_held,
            };
            hang.look(look, LIMIT).map(|silent| {
                assert!(silent >= LIMIT);
                *at
            })
        });
        looks.collect()
    }

    #[test]
    fn one_that_has_answered_and_does_so_no_more_hangs_when_its_time_is_over() {
        let looks: Vec<_> = (0..9).map(|n| (10 * n, Some(1), false)).collect();
        assert_eq!(hangs_at(&looks), [60, 70, 80]);
        // It starts, and has not answered yet; it answers, also with a clock that was set back.
        let looks: Vec<_> = (0..99).map(|n| (10 * n, None, false)).collect();
        assert_eq!(hangs_at(&looks), [0; 0]);
        let looks: Vec<_> = (0..99)
            .map(|n| (10 * n, Some(1_000 - n / 5), false))
            .collect();
        assert_eq!(hangs_at(&looks), [0; 0]);
    }

    #[test]
    fn one_that_is_held_or_that_nobody_could_look_at_does_not() {
        // A debugger for a day; then it goes on, and has its time from there on.
        let mut looks: Vec<_> = (0..8_640).map(|n| (10 * n, Some(1), true)).collect();
        looks.extend((8_640..8_646).map(|n| (10 * n, Some(1), false)));
        assert_eq!(hangs_at(&looks), [86_450]);
        // This process was not there for an hour, and nor was anything else.
        let looks = [
            (0, Some(1), false),
            (10, Some(1), false),
            (3_610, Some(1), false),
            (3_620, Some(2), false),
        ];
        assert_eq!(hangs_at(&looks), [0; 0]);
    }

    #[test]
    fn what_the_kernel_says_of_a_process_that_is_held() {
        for (status, is_held) in [
            ("Name:\tsh\nState:\tS (sleeping)\nTracerPid:\t0\n", false),
            ("Name:\tT\nState:\tR (running)\nTracerPid:\t0\n", false),
            ("State:\tT (stopped)\nTracerPid:\t0\n", true),
            ("State:\tt (tracing stop)\nTracerPid:\t9\n", true),
            ("State:\tS (sleeping)\nTracerPid:\t9\n", true),
            ("", false),
        ] {
            assert_eq!(says_held(status), is_held, "{status:?}");
        }
    }

    #[test]
    fn a_process_that_was_stopped_is_held() {
        let mut sleeper = Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = Pid::from_child(&sleeper);
        assert!(!is_held(sleeper.id()));
        kill_process(pid, Signal::STOP).unwrap();
        // It is on its way there.
        while !is_held(sleeper.id()) {
            assert!(sleeper.try_wait().unwrap().is_none());
            std::thread::yield_now();
        }
        kill_process(pid, Signal::KILL).unwrap();
        sleeper.wait().unwrap();
    }
}
