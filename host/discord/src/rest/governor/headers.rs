//! Rate limit headers of a response, and the wait that a 429 asks for.

use std::time::Duration;

use http::{HeaderMap, header::RETRY_AFTER};
use serde_json::Value;

/// What is waited when a page says 429 and not for how long. It is Cloudflare's, which bans addresses.
const UNKNOWN_BAN: Duration = Duration::from_secs(60);

/// The same for a 429 of Discord's own.
const UNKNOWN_WAIT: Duration = Duration::from_secs(5);

/// More is no wait.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Rate limit state in a response.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::rest) struct RateLimitInfo {
    /// HTTP status.
    pub status: u16,
    /// The bucket's name.
    pub bucket: Option<String>,
    /// How many more the bucket takes.
    pub remaining: Option<u32>,
    /// When it is full again.
    pub reset_after: Option<Duration>,
    /// For a 429: how long to wait, and with what.
    pub limited: Option<Limited>,
}

/// A 429.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::rest) struct Limited {
    pub scope: Scope,
    pub wait: Duration,
}

/// Scope of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rest) enum Scope {
    /// The route. Whether the bucket has some left is nothing to it: limits within a route (a channel's name) are not counted
    /// by the headers.
    Route,
    /// The same, and others have used it up: no fault of the bot's.
    Shared,
    /// All that the bot's token is sent with.
    Global,
    /// Everything, interactions included: the address is banned.
    Address,
}

impl RateLimitInfo {
    /// Reads an answer.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let info = Self {
            status,
            bucket: text("x-ratelimit-bucket").map(str::to_owned),
            remaining: text("x-ratelimit-remaining").and_then(|text| text.parse().ok()),
            reset_after: text("x-ratelimit-reset-after").and_then(seconds_of),
            limited: None,
        };
        if status != 429 {
            return info;
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let by_header = text(RETRY_AFTER.as_str()).and_then(seconds_of);
        let by_body = body["retry_after"].as_f64().and_then(seconds);
        let is_page = !body.is_object();
        let scope = match text("x-ratelimit-scope") {
            Some("global") => Scope::Global,
            Some("shared") => Scope::Shared,
            _ if body["global"] == true || text("x-ratelimit-global").is_some() => Scope::Global,
            // Discord's own answers to 429 are JSON. What is none comes from what stands before it.
            None if is_page => Scope::Address,
            _ => Scope::Route,
        };
        let unknown = match scope {
            Scope::Address => UNKNOWN_BAN,
            _ => info.reset_after.unwrap_or(UNKNOWN_WAIT),
        };
        let wait = match (by_header, by_body) {
            // The header is the body's number, rounded up.
            (Some(header), Some(body)) if header.abs_diff(body) <= Duration::from_secs(1) => body,
            (Some(header), Some(body)) => header.max(body),
            (one, other) => one.or(other).unwrap_or(unknown),
        };
        Self {
            limited: Some(Limited { scope, wait }),
            ..info
        }
    }

    /// Whether Discord counts it as invalid
    /// ([reference](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans)).
    pub fn is_invalid(&self) -> bool {
        match self.limited {
            Some(limited) => limited.scope != Scope::Shared,
            None => matches!(self.status, 401 | 403 | 429),
        }
    }
}

fn seconds_of(text: &str) -> Option<Duration> {
    text.trim().parse().ok().and_then(seconds)
}

fn seconds(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0)
        .then(|| Duration::try_from_secs_f64(seconds).map_or(LONGEST, |wait| wait.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let entry = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        all.iter().map(entry).collect()
    }

    #[track_caller]
    fn check(all: &[(&'static str, &'static str)], body: &str, scope: Scope, millis: u64) {
        let info = RateLimitInfo::read(429, &headers(all), body.as_bytes());
        let wait = Duration::from_millis(millis);
        assert_eq!(info.limited, Some(Limited { scope, wait }), "{body}");
    }

    #[test]
    fn each_form_of_a_429_says_what_waits_and_how_long() {
        let json = |after: &str, global: bool| {
            format!(r#"{{"message":"slow","retry_after":{after},"global":{global}}}"#)
        };
        let user = ("x-ratelimit-scope", "user");
        check(
            &[user, ("retry-after", "3")],
            &json("2.5", false),
            Scope::Route,
            2_500,
        );
        // A limit within the route: the bucket has some left, and nothing is to be had of it.
        let left = [
            user,
            ("retry-after", "600"),
            ("x-ratelimit-remaining", "8"),
            ("x-ratelimit-reset-after", "4.2"),
        ];
        check(&left, &json("599.4", false), Scope::Route, 599_400);
        check(
            &[("x-ratelimit-scope", "shared"), ("retry-after", "9")],
            &json("9", false),
            Scope::Shared,
            9_000,
        );
        check(
            &[("x-ratelimit-scope", "global"), ("retry-after", "1")],
            &json("0.7", true),
            Scope::Global,
            700,
        );
        check(&[], &json("0.7", true), Scope::Global, 700);
        check(
            &[("x-ratelimit-global", "true"), ("retry-after", "2")],
            "{}",
            Scope::Global,
            2_000,
        );
        // Without headers, and with two that differ: the longer one.
        check(&[], &json("1.5", false), Scope::Route, 1_500);
        check(
            &[user, ("retry-after", "3600")],
            &json("0", false),
            Scope::Route,
            3_600_000,
        );
        check(&[], "{}", Scope::Route, 5_000);
        check(
            &[("x-ratelimit-reset-after", "1.25")],
            "{}",
            Scope::Route,
            1_250,
        );
        // Cloudflare's page, its text, and one that says nothing.
        check(
            &[("retry-after", "3600")],
            "<html>banned</html>",
            Scope::Address,
            3_600_000,
        );
        check(
            &[("retry-after", "17")],
            "error code: 1015",
            Scope::Address,
            17_000,
        );
        check(&[], "", Scope::Address, 60_000);
        check(
            &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")],
            "",
            Scope::Address,
            60_000,
        );
    }

    #[test]
    fn odd_numbers_are_no_waits() {
        for odd in ["-1", "NaN", "inf", "soon", ""] {
            assert_eq!(seconds_of(odd), None, "{odd}");
        }
        assert_eq!(seconds_of("1e300"), Some(LONGEST));
    }

    #[test]
    fn what_counts_as_invalid() {
        let of = |status, scope: &'static str| {
            RateLimitInfo::read(status, &headers(&[("x-ratelimit-scope", scope)]), b"{}")
                .is_invalid()
        };
        assert!(of(401, "user") && of(403, "user") && of(429, "user") && of(429, "global"));
        assert!(!of(429, "shared") && !of(404, "user") && !of(200, "user"));
    }
}
