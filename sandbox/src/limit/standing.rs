//! Rate limit headers of a response, and the answers to one request too many.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::{Scope, Window, plan::OTHERS};
use crate::clock::Clock;

/// The headers of every limited route.
static FIELDS: [HeaderName; 5] = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("x-ratelimit-reset-after"),
    HeaderName::from_static("x-ratelimit-bucket"),
];

/// Where a request stands in its bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// The hash of the bucket's name.
    bucket: u64,
    limit: u32,
    remaining: u32,
    reset_after: Duration,
    /// When that is, in milliseconds since 1970.
    reset_ms: i64,
}

/// Why a request is not handled.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The bucket is used up.
    User(Standing),
    /// The resource has had enough, whatever the bucket says.
    Shared(Standing, Duration),
    /// The bot has had enough of something within the route, whatever the bucket says.
    Within(Standing, Duration),
    /// All buckets together are used up.
    Global(Duration),
    /// The body alone says so.
    Bare(Duration),
    /// Too many invalid requests: the API is not even reached.
    Banned(Duration),
}

impl Standing {
    pub(super) fn new(bucket: &str, limit: u32, window: Window, clock: &Clock) -> Self {
        let mut hasher = DefaultHasher::new();
        bucket.hash(&mut hasher);
        Self {
            bucket: hasher.finish(),
            limit,
            remaining: limit.saturating_sub(window.used),
            reset_after: clock.left_until(window.ends_us),
            reset_ms: window.ends_us / 1000,
        }
    }

    /// The headers of every limited route:
    /// <https://discord.com/developers/docs/topics/rate-limits#header-format>.
    pub(crate) fn headers(&self, headers: &mut HeaderMap) {
        headers.reserve(FIELDS.len());
        for (name, value) in FIELDS.iter().zip(self.values()) {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name.clone(), value);
            }
        }
    }

    /// The same as texts.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        let names = FIELDS.iter().map(|name| name.as_str().to_owned());
        names.zip(self.values()).collect()
    }

    /// What the headers say, in the order of [`FIELDS`].
    fn values(&self) -> [String; 5] {
        let reset_ms = u64::try_from(self.reset_ms).unwrap_or(0);
        let after_ms = (self.reset_after.as_micros() + 500) / 1000;
        [
            self.limit.to_string(),
            self.remaining.to_string(),
            format!("{}.{:03}", reset_ms / 1000, reset_ms % 1000),
            format!("{}.{:03}", after_ms / 1000, after_ms % 1000),
            format!("{:016x}", self.bucket),
        ]
    }
}

impl Refusal {
    /// A refusal that was asked for, on a path of a bucket that is used up.
    pub(crate) fn on_request(scope: Scope, path: &str, left: Duration, clock: &Clock) -> Self {
        let window = Window {
            used: OTHERS.0,
            ends_us: clock.after_us(left),
        };
        match scope {
            Scope::User => Self::User(Standing::new(path, OTHERS.0, window, clock)),
            Scope::Shared => Self::Shared(Standing::new(path, OTHERS.0, window, clock), left),
            Scope::Within => {
                let some = Window {
                    used: 1,
                    ends_us: clock.after_us(OTHERS.1),
                };
                Self::Within(Standing::new(path, OTHERS.0, some, clock), left)
            }
            Scope::Global => Self::Global(left),
            Scope::Page => Self::Banned(left),
            Scope::Bare => Self::Bare(left),
        }
    }

    /// How long to wait.
    fn retry_after(&self) -> Duration {
        match self {
            Self::User(standing) => standing.reset_after,
            Self::Shared(_, left)
            | Self::Within(_, left)
            | Self::Global(left)
            | Self::Bare(left)
            | Self::Banned(left) => *left,
        }
    }

    /// Whether the bot itself is to blame: 429s of the scope `shared` are not counted as invalid.
    pub(crate) fn counts_as_invalid(&self) -> bool {
        matches!(
            self,
            Self::User(_) | Self::Within(..) | Self::Global(_) | Self::Bare(_)
        )
    }

    /// The headers of the 429.
    pub(crate) fn headers(&self, headers: &mut HeaderMap) {
        if !matches!(self, Self::Bare(_)) {
            let seconds = self.retry_after().as_secs_f64().ceil();
            put(headers, "retry-after", &format!("{seconds:.0}"));
        }
        match self {
            Self::Bare(_) => {}
            Self::User(standing) | Self::Within(standing, _) => {
                standing.headers(headers);
                put(headers, "x-ratelimit-scope", "user");
            }
            Self::Shared(standing, _) => {
                standing.headers(headers);
                put(headers, "x-ratelimit-scope", "shared");
            }
            Self::Global(_) => {
                put(headers, "x-ratelimit-global", "true");
                put(headers, "x-ratelimit-scope", "global");
            }
            Self::Banned(_) => put(headers, "server", "cloudflare"),
        }
    }

    /// The JSON body of the 429; `None` if Cloudflare answers, in plain text:
    /// <https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit>.
    ///
    /// The documents have `code` "for some limits", openapi.json requires it: so 0, as for other plain errors.
    pub(crate) fn body(&self) -> Option<Value> {
        let message = match self {
            Self::Banned(_) => return None,
            Self::Shared(..) => "The resource is being rate limited.",
            Self::User(_) | Self::Within(..) | Self::Global(_) | Self::Bare(_) => {
                "You are being rate limited."
            }
        };
        let after = (self.retry_after().as_secs_f64() * 1000.0).ceil() / 1000.0;
        let global = matches!(self, Self::Global(_));
        Some(json!({"message": message, "retry_after": after, "global": global, "code": 0}))
    }
}

/// What Cloudflare writes to who is banned: <https://github.com/discord/discord-api-docs/issues/5385>.
pub(crate) const BANNED: &str = "error code: 1015";

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
