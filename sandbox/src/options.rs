//! Options of a sandbox, set before it starts.

use std::{fmt, str::FromStr, time::Duration};

use crate::world::World;

/// The settings of a [`Sandbox`](crate::Sandbox).
///
/// # Examples
///
/// ```
/// let options = sandbox::Options { port: 0, ..Default::default() };
/// assert_eq!(options.token, None, "it is drawn at the start");
/// ```
#[derive(Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0, the default, takes a free one.
    pub port: u16,
    /// Guilds, users, channels. Default: [`World::sandbox`].
    pub world: World,
    /// The bot's token, a made-up one. Default: drawn at the start, so that no page can know it.
    pub token: Option<String>,
    /// How long the waiting functions of actors wait. Default: 10 s.
    pub deadline: Duration,
    /// How long an interaction may stay unacknowledged. Default: 3 s, as Discord has it.
    pub acknowledge_within: Duration,
    /// How long an interaction's token is good for follow-ups. Default: 15 min, as Discord has it.
    pub interaction_token_life: Duration,
    /// How REST requests are limited. Default: [`RateLimits::Generous`].
    pub rate_limits: RateLimits,
    /// How logins are limited. Default: [`GatewayLimits::GENEROUS`].
    pub gateway_limits: GatewayLimits,
    /// Invalid requests (401, 403, 429) in 10 minutes after which Cloudflare bans for an hour. Default: 10,000,
    /// as Discord has it.
    pub invalid_requests: u32,
}

/// How many REST requests each bucket takes before it answers 429.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RateLimits {
    /// 1,000 a second for each bucket, and no global limit: nobody meets it by accident.
    Generous,
    /// 5 requests in 5 s for each route and channel, guild or webhook, and 50 a second in all.
    Strict,
    /// What is known of Discord's own: 50 a second in all, buckets that routes share, limits that no header tells,
    /// and 5 in 5 s for what nobody has measured.
    Discord,
    /// Any other bucket, without a global limit.
    Bucket {
        /// Requests in one window.
        limit: u32,
        /// The window.
        window: Duration,
    },
}

impl RateLimits {
    /// Whether all requests together are limited, too.
    pub(crate) const fn has_global(self) -> bool {
        matches!(self, Self::Strict | Self::Discord)
    }
}

impl FromStr for RateLimits {
    type Err = String;

    /// Reads `generous`, `strict` or `discord`, as command lines have it.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "generous" => Ok(Self::Generous),
            "strict" => Ok(Self::Strict),
            "discord" => Ok(Self::Discord),
            _ => Err(format!("`{name}` is none of generous, strict and discord")),
        }
    }
}

impl fmt::Display for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generous => f.write_str("generous"),
            Self::Strict => f.write_str("strict"),
            Self::Discord => f.write_str("discord"),
            Self::Bucket { limit, window } => write!(f, "{limit} in {window:?}"),
        }
    }
}

/// How a bot may log in and ask for members.
///
/// Discord's rules: <https://discord.com/developers/docs/events/gateway#session-start-limit-object>,
/// <https://discord.com/developers/docs/change-log#introducing-rate-limit-when-requesting-all-guild-members>.
///
/// # Examples
///
/// A bot that may start two shards at once, and must wait as on Discord in between:
///
/// ```
/// use sandbox::{GatewayLimits, Options};
///
/// let gateway_limits = GatewayLimits { max_concurrency: 2, ..GatewayLimits::DISCORD };
/// let options = Options { gateway_limits, ..Default::default() };
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GatewayLimits {
    /// IDENTIFYs in 24 hours. With one more, all sessions end and the token is no good any more (4004, 401).
    pub session_starts: u32,
    /// How many shards may identify at once: those with different remainders of their number by this.
    pub max_concurrency: u32,
    /// How long shards of the same remainder have to wait for each other. Who does not is sent op 9.
    pub identify_interval: Duration,
    /// How long to wait before the whole list of a guild's members is asked for again. Who does not is sent
    /// RATE_LIMITED.
    pub member_list_interval: Duration,
}

impl GatewayLimits {
    /// As Discord has it: 1,000 logins a day, one in 5 s; a list of members in 30 s.
    pub const DISCORD: Self = Self {
        session_starts: 1000,
        max_concurrency: 1,
        identify_interval: Duration::from_secs(5),
        member_list_interval: Duration::from_secs(30),
    };

    /// The same without any waiting, for tests.
    pub const GENEROUS: Self = Self {
        identify_interval: Duration::ZERO,
        member_list_interval: Duration::ZERO,
        ..Self::DISCORD
    };
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            world: World::sandbox(),
            token: None,
            deadline: Duration::from_secs(10),
            acknowledge_within: Duration::from_secs(3),
            interaction_token_life: Duration::from_secs(15 * 60),
            rate_limits: RateLimits::Generous,
            gateway_limits: GatewayLimits::GENEROUS,
            invalid_requests: 10_000,
        }
    }
}
