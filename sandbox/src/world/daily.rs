//! Daily limit on command creation:
//! <https://discord.com/developers/docs/interactions/application-commands#registering-a-command>.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use crate::clock::Clock;

/// Creates in a day, for each guild and globally.
const A_DAY: usize = 200;

/// When commands were created, by guild; `None` for global ones.
#[derive(Debug, Default)]
pub(crate) struct DailyCreates {
    times_us: BTreeMap<Option<u64>, VecDeque<i64>>,
}

impl DailyCreates {
    /// Whether so many more can be created now.
    pub(crate) fn have_room(&mut self, guild: Option<u64>, more: usize, clock: &Clock) -> bool {
        let times = self.times_us.entry(guild).or_default();
        while let Some(first) = times.front()
            && clock.elapsed_since(*first) >= Duration::from_secs(24 * 60 * 60)
        {
            times.pop_front();
        }
        times.len() + more <= A_DAY
    }

    /// Counts one that was created.
    pub(super) fn count(&mut self, guild: Option<u64>, clock: &Clock) {
        self.times_us
            .entry(guild)
            .or_default()
            .push_back(clock.now_us());
    }
}
