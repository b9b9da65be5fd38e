//! Rate limits: a bucket for each route and top-level resource, the global one, and the ban of who asks for it.
//! <https://discord.com/developers/docs/topics/rate-limits>.

mod invalid;
mod plan;
mod scope;
mod standing;

use std::{collections::HashMap, time::Duration};

use serde_json::Value;

pub use self::scope::Scope;
pub(crate) use self::standing::{BANNED, Refusal, Standing};
use self::{invalid::Invalid, plan::Plan};
use crate::{clock::Clock, options::RateLimits};

/// Requests in a second, of whatever kind:
/// <https://discord.com/developers/docs/topics/rate-limits#global-rate-limit>.
const GLOBAL: (u32, Duration) = (50, Duration::from_secs(1));

/// Windows that are remembered before those that are over are forgotten.
const KEPT_WINDOWS: usize = 10_000;

/// All limits of the bot, and how much of them is used.
#[derive(Debug)]
pub(crate) struct Limits {
    mode: RateLimits,
    /// How it was at the start.
    first: RateLimits,
    clock: Clock,
    /// By bucket and top-level resource.
    windows: HashMap<(String, String), Window>,
    global: Window,
    invalid: Invalid,
}

/// A request, as far as the limits look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestParts<'a> {
    pub method: &'a str,
    /// Its path in segments.
    pub path: &'a [&'a str],
    pub body: &'a Value,
}

/// Requests since a first one, until a time by the clock.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    used: u32,
    ends_us: i64,
}

impl Window {
    /// Counts a request; `false` if it is one too many.
    fn take(&mut self, limit: u32, length: Duration, clock: &Clock) -> bool {
        if self.ends_us <= clock.now_us() {
            *self = Self {
                used: 0,
                ends_us: clock.after_us(length),
            };
        }
        let room = self.used < limit;
        if room {
            self.used += 1;
        }
        room
    }
}

impl Limits {
    /// Nothing used yet; after so many invalid requests the bot is banned.
    pub(crate) fn new(mode: RateLimits, invalid_requests: u32, clock: Clock) -> Self {
        Self {
            mode,
            first: mode,
            clock,
            windows: HashMap::new(),
            global: Window::default(),
            invalid: Invalid::new(invalid_requests),
        }
    }

    /// Limits in another way from now on; what was used and who was banned is forgotten.
    pub(crate) fn set(&mut self, mode: RateLimits) {
        *self = Self {
            first: self.first,
            ..Self::new(mode, self.invalid.limit(), self.clock.clone())
        };
    }

    /// Limits as at the start, with nothing used.
    pub(crate) fn reset(&mut self) {
        self.set(self.first);
    }

    /// How requests are limited.
    pub(crate) fn mode(&self) -> RateLimits {
        self.mode
    }

    /// Counts a request that is about to be handled; `None` for routes that have no bucket.
    pub(crate) fn take(
        &mut self,
        request: &RequestParts<'_>,
        authorized: bool,
    ) -> Result<Option<Standing>, Refusal> {
        if let Some(left) = self.invalid.banned_for(&self.clock) {
            return Err(Refusal::Banned(left));
        }
        let by_token = plan::is_by_token(request);
        let global = !by_token && self.mode.has_global();
        if global && !self.global.take(GLOBAL.0, GLOBAL.1, &self.clock) {
            let left = self.clock.left_until(self.global.ends_us);
            return Err(Refusal::Global(left));
        }
        if !authorized && !by_token {
            return Ok(None);
        }
        let Some(plan) = plan::of(request, self.mode, &self.clock) else {
            return Ok(None);
        };
        self.take_bucket(plan).map(Some)
    }

    /// Counts what has become of a request.
    pub(crate) fn note(&mut self, status: u16) {
        if matches!(status, 401 | 403 | 429) {
            self.invalid.count(&self.clock);
        }
    }

    fn take_bucket(&mut self, plan: Plan) -> Result<Standing, Refusal> {
        let now = self.clock.now_us();
        if self.windows.len() > KEPT_WINDOWS {
            self.windows.retain(|_, window| window.ends_us > now);
        }
        let key = (plan.bucket, plan.resource);
        let window = self.windows.entry(key.clone()).or_default();
        let room = window.take(plan.limit, plan.window, &self.clock);
        let standing = Standing::new(&key.0, plan.limit, *window, &self.clock);
        if !room {
            return Err(Refusal::User(standing));
        }
        if let Some(hidden) = plan.hidden {
            let window = self.windows.entry((hidden.name.to_owned(), key.1));
            let window = window.or_default();
            if !window.take(hidden.limit, hidden.window, &self.clock) {
                let left = self.clock.left_until(window.ends_us);
                return Err(Refusal::Shared(standing, left));
            }
        }
        Ok(standing)
    }
}
