//! Bucket of a request, and its size.
//!
//! Discord publishes no numbers, and tells clients to read the headers instead. Those here were seen by others, and
//! each says where; every other route has [`OTHERS`].

use std::time::Duration;

use super::RequestParts;
use crate::{clock::Clock, options::RateLimits, world::snowflake::created_us};

/// What a route has that nobody has measured: 5 requests in 5 s.
pub(super) const OTHERS: (u32, Duration) = (5, Duration::from_secs(5));

/// Where a request is counted.
#[derive(Debug)]
pub(super) struct Plan {
    /// The bucket, whatever its top-level resource.
    pub bucket: String,
    /// The channel, the guild, or the webhook with its token.
    pub resource: String,
    pub limit: u32,
    pub window: Duration,
    /// A limit of the resource that the headers do not tell.
    pub hidden: Option<Hidden>,
}

/// A second limit, which answers `shared` when it is met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hidden {
    pub name: &'static str,
    pub limit: u32,
    pub window: Duration,
}

/// Whether the path holds its own authorization. These are outside of the global limit:
/// <https://discord.com/developers/docs/interactions/receiving-and-responding#endpoints>.
pub(super) fn is_by_token(request: &RequestParts<'_>) -> bool {
    matches!(
        request.path,
        ["interactions", _, _, "callback"] | ["webhooks", _, _, ..]
    )
}

/// Where a request is counted; `None` for the first responses to interactions, which are not.
pub(super) fn of(request: &RequestParts<'_>, mode: RateLimits, clock: &Clock) -> Option<Plan> {
    let first = *request.path.first()?;
    if first == "interactions" {
        return None;
    }
    let known = known(request, clock);
    let name = known.map(|(name, ..)| name);
    let (limit, window) = match (mode, known) {
        (RateLimits::Discord, Some((_, limit, ms))) => (limit, Duration::from_millis(ms)),
        (RateLimits::Discord | RateLimits::Strict, _) => OTHERS,
        (RateLimits::Generous, _) => (1000, Duration::from_secs(1)),
        (RateLimits::Bucket { limit, window }, _) => (limit, window),
    };
    Some(Plan {
        bucket: name.map_or_else(|| template(request), str::to_owned),
        resource: resource(request),
        limit,
        window,
        hidden: hidden(request).filter(|_| mode == RateLimits::Discord),
    })
}

/// Buckets whose size is known, with their limits and windows in ms, and those that are shared by routes.
fn known(request: &RequestParts<'_>, clock: &Clock) -> Option<(&'static str, u32, u64)> {
    Some(match (request.method, request.path) {
        // One bucket for both: https://github.com/discord/discord-api-docs/issues/981
        ("POST", ["channels", _, "messages"]) | ("PATCH", ["channels", _, "messages", _]) => {
            ("write message", 5, 5000)
        }
        // By age: https://github.com/discord/discord-api-docs/issues/8330,
        // https://github.com/abalabahaha/eris/pull/1173
        ("DELETE", ["channels", _, "messages", message]) => {
            let made = message.parse().map_or(0, created_us);
            match clock.elapsed_since(made).as_secs() {
                0..10 => ("delete new message", 5, 1000),
                10..1_209_600 => ("delete message", 3, 1000),
                _ => ("delete old message", 30, 120_000),
            }
        }
        // https://github.com/discord-jda/JDA/pull/1020
        ("PUT" | "DELETE", ["channels", _, "messages", _, "reactions", ..]) => ("reaction", 1, 250),
        // https://github.com/discord/discord-api-docs/issues/2208
        ("PATCH", ["channels", _]) => ("channel", 10, 15_000),
        // https://github.com/MatteZ02/discord-interactions/issues/21
        (
            "POST",
            ["applications", _, "commands"] | ["applications", _, "guilds", _, "commands"],
        ) => ("create command", 5, 20_000),
        // https://birdie0.github.io/discord-webhooks-guide/other/rate_limits.html
        ("POST", ["webhooks", _, _]) => ("execute webhook", 5, 2000),
        _ => return None,
    })
}

/// Limits that the headers keep quiet about.
fn hidden(request: &RequestParts<'_>) -> Option<Hidden> {
    let (name, limit, seconds) = match (request.method, request.path) {
        // https://github.com/discord/discord-api-docs/issues/2208, 2761
        ("PATCH", ["channels", _])
            if ["name", "topic"]
                .iter()
                .any(|key| request.body.get(key).is_some()) =>
        {
            ("name and topic", 2, 600)
        }
        // Seen by many: https://birdie0.github.io/discord-webhooks-guide/other/rate_limits.html
        ("POST", ["webhooks", _, _]) => ("webhook's minute", 30, 60),
        // "limited on a per-guild basis … the quota returned may be inaccurate"; the numbers are ours:
        // https://discord.com/developers/docs/topics/rate-limits
        ("POST" | "PATCH" | "DELETE", ["guilds", _, "emojis", ..]) => ("emojis", 50, 3600),
        _ => return None,
    };
    Some(Hidden {
        name,
        limit,
        window: Duration::from_secs(seconds),
    })
}

/// The top-level resource of a path; empty for paths without one.
fn resource(request: &RequestParts<'_>) -> String {
    match request.path {
        ["webhooks", id, token, ..] => format!("{id}/{token}"),
        ["channels" | "guilds" | "webhooks", id, ..] => (*id).to_owned(),
        _ => String::new(),
    }
}

/// The route with its ids blanked.
fn template(request: &RequestParts<'_>) -> String {
    let webhook = request
        .path
        .first()
        .is_some_and(|first| *first == "webhooks");
    let mut route = request.method.to_owned();
    let mut after_reactions = false;
    for (index, &segment) in request.path.iter().enumerate() {
        let blank = segment.parse::<u64>().is_ok() || after_reactions || (webhook && index == 2);
        route.push('/');
        route.push_str(if blank { "*" } else { segment });
        after_reactions = segment == "reactions";
    }
    route
}
