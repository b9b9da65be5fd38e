//! Alerts to the owner, in a channel, of what should not wait until somebody reads the log.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use host_base::shown;
use host_ops::config::Live;
use plugin_api::abi::RequestCall;
use serde_json::json;
use tokio::time::Instant;

use crate::{Discord, rest::Call};

/// Most things whose cool-down is remembered; beyond it those that are over are forgotten.
const REMEMBERED: usize = 1000;

/// Alerts to the channel `alerts.channel_id`; without one, to the log alone.
pub struct Alerts {
    discord: Arc<Discord>,
    config: Live,
    last: Mutex<HashMap<String, Instant>>,
}

impl Alerts {
    /// Alerts as configured.
    #[must_use]
    pub fn new(config: Live, discord: Arc<Discord>) -> Self {
        Self {
            discord,
            config,
            last: Mutex::default(),
        }
    }

    /// Sends `text` to the owner's channel, unless the same `subject` was sent within the cool-down. Never waits.
    pub fn raise(&self, subject: &str, text: &str) {
        if !self.is_due(subject) {
            return;
        }
        tracing::warn!(alert = subject, "{text}");
        self.send(&format!("⚠️ {}", shortened(text)));
    }

    /// Tells what is good to know, each time. Never waits.
    pub fn note(&self, text: &str) {
        tracing::info!("{text}");
        self.send(&format!("ℹ️ {}", shortened(text)));
    }

    fn send(&self, text: &str) {
        let text = shown::text(text);
        let Some(channel) = self.config.now().alerts.channel_id else {
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
                    "an alert could not be sent: {error}; check `alerts.channel_id`, and that the bot may write there"
                );
            }
        });
    }

    fn is_due(&self, subject: &str) -> bool {
        let now = Instant::now();
        let cool_down = Duration::from_secs(self.config.now().alerts.cool_down_s);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= REMEMBERED {
            last.retain(|_, at| now.duration_since(*at) < cool_down);
        }
        let due = last
            .get(subject)
            .is_none_or(|at| now.duration_since(*at) >= cool_down);
        if due {
            last.insert(subject.to_owned(), now);
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
