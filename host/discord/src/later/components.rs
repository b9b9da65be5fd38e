//! Expiry of components: those that can be used for a while, and are disabled then.
//!
//! How long, and by whom, stands in their custom ids. So a click on what is over is refused also when this forgot the
//! message: after a restart, or because there were too many.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plugin_api::abi::CustomId;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Clock, Later, Sent, Token};

/// Most messages that are watched at once; each takes its components' JSON. Of more the click tells.
const MOST: usize = 20_000;

/// Longest time that is kept: whatever a custom id says, a clock can be that far ahead.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Milliseconds between 1970 and the first second of Discord's ids
/// ([reference](https://discord.com/developers/docs/reference#snowflakes)).
const EPOCH_MS: u64 = 1_420_070_400_000;

/// A message whose components will be disabled.
#[derive(Debug)]
pub(super) struct Watched {
    sent: Sent,
    token: Option<Token>,
    timeout: Duration,
    until: Instant,
    components: Vec<Value>,
}

impl Later {
    /// Takes note of a message as it is now: its components are disabled when their time is over.
    pub fn watch(self: &Arc<Self>, message: &Value, token: Option<Token>) {
        let Some(sent) = Sent::read(message) else {
            return;
        };
        let components = message["components"].as_array().cloned();
        let components = components.unwrap_or_default();
        let id = sent.message_id;
        let mut watched = self.watched();
        let Some(timeout) = timeout(&components) else {
            watched.remove(&id);
            return;
        };
        let entry = Watched {
            sent,
            token,
            timeout,
            until: Instant::now() + timeout,
            components,
        };
        if let Some(known) = watched.get_mut(&id) {
            let token = entry.token.or(known.token.take());
            *known = Watched { token, ..entry };
        } else if watched.len() < MOST {
            let until = entry.until;
            watched.insert(id, entry);
            drop(watched);
            self.disable_at(id, until);
        }
    }

    /// Whether a component of this message can still be used; counts its time anew.
    pub fn is_in_time(self: &Arc<Self>, message: &Value, timeout_s: u64, token: Token) -> bool {
        let Some(sent) = Sent::read(message) else {
            // A modal that a command has opened.
            return true;
        };
        if let Some(known) = self.watched().get_mut(&sent.message_id) {
            known.until = Instant::now() + known.timeout;
            known.token = Some(token);
            return true;
        }
        if timeout_s == 0 {
            return true;
        }
        let now_ms = self.clock.get_or_init(Clock::default).now_ms();
        let now = Duration::from_millis(now_ms.try_into().unwrap_or_default());
        if now.saturating_sub(changed_at(message)) < Duration::from_secs(timeout_s) {
            self.watch(message, Some(token));
            return true;
        }
        let components = message["components"].as_array().cloned();
        let later = Arc::clone(self);
        tokio::spawn(async move {
            later
                .disable(&sent, Some(&token), components.unwrap_or_default())
                .await;
        });
        false
    }

    fn disable_at(self: &Arc<Self>, id: u64, mut until: Instant) {
        let later = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                if !later.until(until).await {
                    return;
                }
                let entry = {
                    let mut watched = later.watched();
                    match watched.get(&id) {
                        Some(entry) if entry.until > Instant::now() => {
                            until = entry.until;
                            continue;
                        }
                        Some(_) => watched.remove(&id),
                        None => None,
                    }
                };
                let Some(entry) = entry else { return };
                return later
                    .disable(&entry.sent, entry.token.as_ref(), entry.components)
                    .await;
            }
        });
    }

    async fn disable(&self, sent: &Sent, token: Option<&Token>, mut components: Vec<Value>) {
        disable(&mut components);
        let body = json!({ "components": components });
        // Who clicks on what could not be disabled is told that its time is over.
        let _ = self.request("PATCH", sent, token, body).await;
    }
}

/// The shortest time that one of the components names that can be used.
fn timeout(components: &[Value]) -> Option<Duration> {
    let own = |component: &Value| {
        let id = CustomId::parse(component["custom_id"].as_str()?)?;
        let usable = component["disabled"] != true;
        let timeout = id.timeout_s.filter(|_| usable)?;
        Some(Duration::from_secs(timeout).min(LONGEST))
    };
    let inner = |component: &Value| {
        let parts = component["components"].as_array();
        let parts = parts.and_then(|parts| timeout(parts));
        let accessory = component.get("accessory");
        let accessory = accessory.and_then(|one| timeout(std::slice::from_ref(one)));
        parts.into_iter().chain(accessory).min()
    };
    components
        .iter()
        .flat_map(|component| own(component).into_iter().chain(inner(component)))
        .min()
}

/// Disables those whose time is limited. What can be used for ever, and links, stay.
fn disable(components: &mut [Value]) {
    for component in components {
        let id = component["custom_id"].as_str().and_then(CustomId::parse);
        if id.is_some_and(|id| id.timeout_s.is_some()) {
            component["disabled"] = true.into();
        }
        // Sent back as it may be sent, and not as it came.
        if component["type"] == 13
            && let Some(name) = component["name"].as_str()
        {
            component["file"] = json!({"url": format!("attachment://{name}")});
        }
        if let Some(parts) = component["components"].as_array_mut() {
            disable(parts);
        }
        if let Some(accessory) = component.get_mut("accessory") {
            disable(std::slice::from_mut(accessory));
        }
    }
}

/// When the message was sent or edited last, since 1970.
fn changed_at(message: &Value) -> Duration {
    let id: u64 = message["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .unwrap_or_default();
    let sent = Duration::from_millis((id >> 22) + EPOCH_MS);
    let edited = message["edited_timestamp"]
        .as_str()
        .and_then(|text| twilight_model::util::Timestamp::parse(text).ok())
        .and_then(|at| u64::try_from(at.as_micros()).ok())
        .map(Duration::from_micros);
    sent.max(edited.unwrap_or_default()).min(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_time_counts_and_only_what_is_limited_is_disabled() {
        let mut components = vec![
            json!({"type": 1, "components": [
                {"type": 2, "custom_id": "cw1:a:hd9m1~1~8c:x"}, {"type": 2, "custom_id": "cw1:a:hd9m1:y"}, {"type": 2, "url": "u"},
            ]}),
            json!({"type": 17, "components": [
                {"type": 9, "accessory": {"type": 2, "custom_id": "cw1:a:hd9m1~0~1:z"}},
                {"type": 13, "name": "a.txt", "file": {"url": "https://cdn"}},
            ]}),
        ];
        assert_eq!(timeout(&components), Some(Duration::from_secs(1)));
        assert_eq!(timeout(&components[..1]), Some(Duration::from_secs(300)));
        assert_eq!(
            timeout(&[json!({"type": 2, "custom_id": "cw1:a:hd9m1:y"})]),
            None
        );
        let endless = CustomId {
            timeout_s: Some(u64::MAX),
            ..CustomId::parse("cw1:a:hd9m1~1~1:x").unwrap()
        };
        let endless = json!({"type": 2, "custom_id": endless.to_string()});
        // A moment that no clock reaches was a panic.
        let until = timeout(&[endless]).map(|timeout| Instant::now() + timeout);
        assert!(until.is_some());
        disable(&mut components);
        assert_eq!(timeout(&components), None, "there is nothing left to do");
        assert_eq!(components[0]["components"][0]["disabled"], true);
        assert!(components[0]["components"][1]["disabled"].is_null());
        assert!(components[0]["components"][2]["disabled"].is_null());
        let inner = &components[1]["components"];
        assert_eq!(inner[0]["accessory"]["disabled"], true);
        assert_eq!(inner[1]["file"]["url"], "attachment://a.txt");
    }

    #[test]
    fn a_message_is_as_old_as_its_last_change() {
        let message = json!({"id": "175928847299117063", "edited_timestamp": null});
        assert_eq!(changed_at(&message).as_millis(), 1_462_015_105_796);
        let message =
            json!({"id": "175928847299117063", "edited_timestamp": "2020-01-01T00:00:00+00:00"});
        assert_eq!(changed_at(&message).as_secs(), 1_577_836_800);
    }
}
