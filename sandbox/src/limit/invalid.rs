//! Ban by Cloudflare of who keeps sending what cannot succeed:
//! <https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans>.

use std::{collections::VecDeque, time::Duration};

use crate::clock::Clock;

/// Invalid requests are counted over this time.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// How long the ban lasts. Discord does not say; an hour was seen in
/// <https://github.com/discord/discord-api-docs/issues/5385>.
const BAN: Duration = Duration::from_secs(60 * 60);

/// The invalid requests of the last while.
#[derive(Debug)]
pub(super) struct Invalid {
    limit: u32,
    times_us: VecDeque<i64>,
    banned_until_us: i64,
}

impl Invalid {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            times_us: VecDeque::new(),
            banned_until_us: 0,
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// Counts one; with the last of them the ban begins.
    pub(super) fn count(&mut self, clock: &Clock) {
        self.times_us.push_back(clock.now_us());
        while let Some(first) = self.times_us.front()
            && clock.elapsed_since(*first) > WINDOW
        {
            self.times_us.pop_front();
        }
        if u32::try_from(self.times_us.len()).is_ok_and(|count| count >= self.limit) {
            self.times_us.clear();
            self.banned_until_us = clock.after_us(BAN);
        }
    }

    /// How long the ban will last; `None` if there is none.
    pub(super) fn banned_for(&self, clock: &Clock) -> Option<Duration> {
        let left = clock.left_until(self.banned_until_us);
        (!left.is_zero()).then_some(left)
    }
}
