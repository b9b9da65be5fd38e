//! Metrics of requests to Discord.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use host_base::{
    bounded::{Bounded, OTHER},
    timing::Timing,
};

/// Most route classes with their results that are counted apart: Discord has some 200 routes, a bot uses few.
const ROUTES: usize = 300;

/// Requests to Discord.
#[derive(Debug)]
pub struct Rest {
    /// By `route status`.
    requests: Bounded<AtomicU64>,
    /// How long they took, waiting for the rate limit included.
    pub took: Timing,
}

impl Default for Rest {
    fn default() -> Self {
        Self {
            requests: Bounded::new(ROUTES),
            took: Timing::default(),
        }
    }
}

impl Rest {
    /// A request has ended, with Discord's status; 0 when there was none.
    pub fn ended(&self, method: &str, path: &str, status: u16, took: Duration) {
        let status = match status {
            0 => "none".to_owned(),
            status => status.to_string(),
        };
        self.count(method, path, &status);
        self.took.observe(took);
    }

    /// A request has met a rate limit, and is tried again: its end is still to come.
    pub fn limited(&self, method: &str, path: &str) {
        self.count(method, path, "429");
    }

    fn count(&self, method: &str, path: &str, status: &str) {
        let key = format!("{method} {} {status}", class(path));
        self.requests.of(&key).fetch_add(1, Relaxed);
    }

    /// Counts by route class and status.
    #[must_use]
    pub fn all(&self) -> Vec<(String, String, u64)> {
        let all = self.requests.all().into_iter();
        all.map(|(key, count)| {
            let (route, status) = key.rsplit_once(' ').unwrap_or((&key, OTHER));
            (route.to_owned(), status.to_owned(), count.load(Relaxed))
        })
        .collect()
    }
}

/// A path without what it is about: ids, tokens, emojis and codes become `:x`.
pub fn class(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut class = String::new();
    for part in path.split('/') {
        let is_word = part.starts_with('@')
            || part.starts_with(|c: char| c.is_ascii_lowercase())
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-' || c == '_');
        let follows_own = class.ends_with("invites/")
            || class.ends_with("reactions/")
            || class.ends_with("templates/")
            || class.ends_with("webhooks/:x/")
            || class.ends_with("interactions/:x/");
        let is_word = is_word && part.len() <= 32 && !follows_own;
        class.push_str(if is_word { part } else { ":x" });
        class.push('/');
    }
    class.pop();
    class
}

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn routes_are_classed_without_ids_and_tokens() {
        for (path, expected) in [
            ("users/@me", "users/@me"),
            ("channels/12/messages?limit=3", "channels/:x/messages"),
            (
                "channels/12/messages/34/reactions/tea/@me",
                "channels/:x/messages/:x/reactions/:x/@me",
            ),
            (
                "interactions/12/abcdef/callback",
                "interactions/:x/:x/callback",
            ),
            (
                "webhooks/12/aW50ZXI/messages/@original",
                "webhooks/:x/:x/messages/@original",
            ),
            ("invites/tea", "invites/:x"),
            ("guilds/12/Audit-Logs", "guilds/:x/:x"),
        ] {
            assert_eq!(class(path), expected);
        }
    }
}
