//! Scope of a rate limit.

use serde::{Deserialize, Serialize};

/// Whose limit a 429 is about: `x-ratelimit-scope`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scope {
    /// The bot's, on this route.
    User,
    /// That of the channel, guild or webhook.
    Shared,
    /// The bot's, on all routes.
    Global,
    /// One within the route that the bucket does not tell, as of a channel's name: some remain, and none is to be had.
    Within,
    /// The address's, by a page of Cloudflare's: it has the time to wait, and nothing else.
    Page,
    /// Nobody knows whose: JSON with the time to wait, and no header that tells of limits.
    Bare,
}
