//! Rate limits: one bucket for each route and top-level resource, told in headers.
//! <https://discord.com/developers/docs/topics/rate-limits>.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::{call::Call, error::ApiError};
use crate::{clock::Clock, options::RateLimits};

/// The windows that are open.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    windows: HashMap<(String, String), Window>,
}

#[derive(Debug)]
struct Window {
    used: u32,
    /// By the clock, in microseconds since 1970.
    ends_us: i64,
}

/// Where a request stands in its bucket.
#[derive(Debug)]
pub(crate) struct Standing {
    bucket: String,
    limit: u32,
    remaining: u32,
    reset_after: Duration,
    /// When that is, in milliseconds since 1970.
    reset_ms: u64,
    /// Set if the request is one too many.
    pub exceeded: bool,
}

impl Buckets {
    /// Counts a request; `None` for routes that are not limited.
    pub(crate) fn count(
        &mut self,
        call: &Call,
        limits: RateLimits,
        clock: &Clock,
    ) -> Option<Standing> {
        let (route, resource) = route_of(call)?;
        let (limit, length) = limits.bucket();
        let now = clock.now_us();
        let bucket = {
            let mut hasher = DefaultHasher::new();
            route.hash(&mut hasher);
            format!("{:016x}", hasher.finish())
        };
        let fresh = Window {
            used: 0,
            ends_us: clock.after_us(length),
        };
        let window = self.windows.entry((route, resource)).or_insert(fresh);
        if window.ends_us <= now {
            *window = Window {
                used: 0,
                ends_us: clock.after_us(length),
            };
        }
        let exceeded = window.used >= limit;
        if !exceeded {
            window.used += 1;
        }
        let ends_us = window.ends_us;
        let remaining = limit - window.used;
        if self.windows.len() > 10_000 {
            self.windows.retain(|_, window| window.ends_us > now);
        }
        Some(Standing {
            bucket,
            limit,
            remaining,
            reset_after: clock.left_until(ends_us),
            reset_ms: u64::try_from(ends_us / 1000).unwrap_or(0),
            exceeded,
        })
    }
}

impl Standing {
    /// The headers of every limited route.
    pub(crate) fn headers(&self, headers: &mut HeaderMap) {
        let after = self.reset_after.as_secs_f64();
        let reset = self.reset_ms as f64 / 1000.0;
        let mut put = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("x-ratelimit-limit", self.limit.to_string());
        put("x-ratelimit-remaining", self.remaining.to_string());
        put("x-ratelimit-reset", format!("{reset:.3}"));
        put("x-ratelimit-reset-after", format!("{after:.3}"));
        put("x-ratelimit-bucket", self.bucket.clone());
        if self.exceeded {
            put("x-ratelimit-scope", "user".to_owned());
            put("retry-after", format!("{:.0}", after.ceil()));
        }
    }

    /// The answer to one request too many.
    pub(crate) fn error(&self) -> ApiError {
        let after = (self.reset_after.as_secs_f64() * 1000.0).ceil() / 1000.0;
        let body = json!({"message": "You are being rate limited.", "retry_after": after, "global": false});
        ApiError {
            status: StatusCode::TOO_MANY_REQUESTS,
            body,
            unknown_route: false,
        }
    }
}

/// The route with its ids blanked, and the channel, guild or webhook that has a bucket of its own.
fn route_of(call: &Call) -> Option<(String, String)> {
    let first = call.path.first()?;
    if first == "interactions" {
        return None;
    }
    let major = matches!(first.as_str(), "channels" | "guilds" | "webhooks");
    let mut resource = call
        .path
        .get(1)
        .filter(|_| major)
        .cloned()
        .unwrap_or_default();
    if first == "webhooks" {
        resource.push_str(call.path.get(2).map_or("", String::as_str));
    }
    let mut route = call.method.to_string();
    let mut after_reactions = false;
    for (index, segment) in call.path.iter().enumerate() {
        let blank = segment.parse::<u64>().is_ok()
            || after_reactions
            || (first == "webhooks" && index == 2);
        route.push('/');
        route.push_str(if blank { "*" } else { segment });
        after_reactions = segment == "reactions";
    }
    Some((route, resource))
}
