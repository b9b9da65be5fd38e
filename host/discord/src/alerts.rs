//! Alerts to the owner, in a channel, of what should not wait until somebody reads the log.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use host_base::shown;
use host_ops::config::Live;
use plugin_api::abi::RequestCall;
use serde_json::json;
use tokio::time::Instant;

use crate::{Discord, rest::Call};

/// Different things that a plugin may raise alerts about within an hour.
pub const AN_HOUR: usize = 60;

/// Most things whose cool-down is remembered; beyond it those that are over are forgotten.
const REMEMBERED: usize = 1000;

/// What the host raises alerts about.
pub const SUBJECTS: [&str; 7] = [
    "bot", "commands", "discord", "gateway", "hooks", "plugins", "settings",
];

/// Alerts to the channel `alerts.channel_id`, or that of their subject; without one, to the log alone.
pub struct Alerts {
    discord: Arc<Discord>,
    config: Live,
    last: Mutex<Last>,
    /// What plugins have raised alerts about within the hour.
    shares: Mutex<HashMap<String, HashMap<String, Instant>>>,
}

impl Alerts {
    /// Alerts as configured.
    #[must_use]
    pub fn new(config: Live, discord: Arc<Discord>) -> Self {
        Self {
            discord,
            config,
            last: Mutex::default(),
            shares: Mutex::default(),
        }
    }

    /// Sends `text` to the channel of a `subject`, unless something was sent of it `about` the same thing within the cool-down;
    /// whether it was. Never waits.
    pub fn raise(&self, subject: &str, about: &str, text: &str) -> bool {
        let (channel, cool_down) = self.config.now().alerts.of(subject);
        let cool_down = Duration::from_secs(cool_down);
        let due = self.last().take(
            (subject.to_owned(), about.to_owned()),
            cool_down,
            Instant::now(),
        );
        if due {
            tracing::warn!(alert = subject, about, "{text}");
            self.send(channel, &marked(&shortened(text)));
        }
        due
    }

    /// Whether a plugin may raise one more, unless it is about what it has raised within the hour: each has a share.
    pub fn is_within_share(&self, plugin: &str, subject: &str, about: &str) -> bool {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, share) = (Instant::now(), shares.entry(plugin.to_owned()).or_default());
        share.retain(|_, at| now.duration_since(*at) < Duration::from_secs(3600));
        let thing = format!("{subject} {about}");
        if share.len() >= AN_HOUR && !share.contains_key(&thing) {
            return false;
        }
        share.entry(thing).or_insert(now);
        true
    }

    /// Tells what is good to know, each time. Never waits.
    pub fn note(&self, text: &str) {
        tracing::info!("{text}");
        let channel = self.config.now().alerts.channel_id;
        self.send(channel, &format!("ℹ️ {}", shortened(text)));
    }

    fn send(&self, channel: Option<u64>, text: &str) {
        let text = shown::text(text);
        let Some(channel) = channel else {
            return;
        };
        let discord = Arc::clone(&self.discord);
        let body = json!({"content": text, "allowed_mentions": {"parse": []}});
        tokio::spawn(async move {
            let path = format!("channels/{channel}/messages");
            let request = RequestCall {
                method: "POST".into(),
                path,
                ..RequestCall::default()
            };
            let call = Call {
                request,
                body: body.to_string().into_bytes(),
                is_alert: true,
                ..Call::default()
            };
            if let Err(error) = discord.send(call).await {
                tracing::error!(
                    channel,
                    "an alert could not be sent: {error}; check `[alerts]`, and that the bot may write there"
                );
            }
        });
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When what was raised last, by subject and thing: until when nothing more is said of it.
#[derive(Debug, Default)]
struct Last(HashMap<(String, String), Instant>);

impl Last {
    /// Whether it may be said again; if so, it is.
    fn take(&mut self, of: (String, String), cool_down: Duration, now: Instant) -> bool {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, until| *until > now);
        }
        let due = self.0.get(&of).is_none_or(|until| *until <= now);
        if due && self.0.len() < 10 * REMEMBERED {
            self.0.insert(of, now + cool_down);
        }
        due
    }
}

/// Discord accepts 2,000 characters.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(1900).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerts")
            .field("channel", &self.config.now().alerts.channel_id)
            .finish_non_exhaustive()
    }
}

/// With a warning sign, unless it begins with a sign of its own: that something is well again is no warning.
fn marked(text: &str) -> String {
    let is_sign = |c: char| !c.is_ascii() && !c.is_alphanumeric();
    match text.starts_with(is_sign) {
        true => text.to_owned(),
        false => format!("⚠️ {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_of_each_subject_has_its_cool_down_and_what_is_remembered_is_bounded() {
        let (began, mut last) = (Instant::now(), Last::default());
        let mut take = |subject: &str, about: &str, cool_down: u64, at: u64| {
            let of = (subject.to_owned(), about.to_owned());
            let at = began + Duration::from_secs(at);
            last.take(of, Duration::from_secs(cool_down), at)
        };
        assert!(take("hooks", "one", 5, 0) && take("hooks", "other", 5, 0));
        assert!(take("plugins", "one", 60, 0));
        assert!(!take("hooks", "one", 5, 4) && !take("plugins", "one", 60, 6));
        assert!(take("hooks", "one", 5, 6) && take("plugins", "one", 60, 61));
        for number in 0..20 * REMEMBERED {
            let _ = take("flood", &number.to_string(), 60, 70);
        }
        assert!(last.0.len() <= 10 * REMEMBERED);
    }

    #[test]
    fn what_has_a_sign_of_its_own_keeps_it() {
        assert_eq!(marked("The hook rests."), "⚠️ The hook rests.");
        assert_eq!(marked("`shop` has failed."), "⚠️ `shop` has failed.");
        assert_eq!(marked("Überlast"), "⚠️ Überlast");
        assert_eq!(marked("🟢 Well again."), "🟢 Well again.");
        assert_eq!(marked(""), "⚠️ ");
    }
}
