//! What a sandbox can be told before it starts.

use std::time::Duration;

use crate::world::World;

/// The settings of a [`Sandbox`](crate::Sandbox).
///
/// # Examples
///
/// ```
/// let options = sandbox::Options { port: 0, ..Default::default() };
/// assert_eq!(options.token, sandbox::DEFAULT_TOKEN);
/// ```
#[derive(Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0, the default, takes a free one.
    pub port: u16,
    /// Guilds, users, channels. Default: [`World::sandbox`].
    pub world: World,
    /// The bot's token. Default: [`DEFAULT_TOKEN`].
    pub token: String,
    /// How long the waiting functions of actors wait. Default: 10 s.
    pub deadline: Duration,
    /// How long an interaction may stay unacknowledged. Default: 3 s, as Discord has it.
    pub acknowledge_within: Duration,
    /// How long an interaction's token is good for follow-ups. Default: 15 min, as Discord has it.
    pub interaction_token_life: Duration,
    /// How REST requests are limited. Default: [`RateLimits::Generous`].
    pub rate_limits: RateLimits,
}

/// A token of the right shape that is worth nothing at Discord.
pub const DEFAULT_TOKEN: &str =
    "MTAwMDAwMDAwMDAwMDAwMDAwMA.Sandbx.cogwright-sandbox-token-0000000000000";

/// How many REST requests each bucket takes before it answers 429.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RateLimits {
    /// 1,000 a second: nobody meets it by accident.
    Generous,
    /// About what Discord does: 5 requests in 5 s for each route and channel, guild or webhook.
    Strict,
    /// Any other bucket.
    Bucket {
        /// Requests in one window.
        limit: u32,
        /// The window.
        window: Duration,
    },
}

impl RateLimits {
    /// Requests in a window, and the window.
    pub(crate) const fn bucket(self) -> (u32, Duration) {
        match self {
            Self::Generous => (1000, Duration::from_secs(1)),
            Self::Strict => (5, Duration::from_secs(5)),
            Self::Bucket { limit, window } => (limit, window),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            world: World::sandbox(),
            token: DEFAULT_TOKEN.to_owned(),
            deadline: Duration::from_secs(10),
            acknowledge_within: Duration::from_secs(3),
            interaction_token_life: Duration::from_secs(15 * 60),
            rate_limits: RateLimits::Generous,
        }
    }
}
