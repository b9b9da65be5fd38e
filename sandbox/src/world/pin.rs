//! Pinned messages.

use serde_json::{Value, json};

use super::{Channel, Draft, World, snowflake::iso};

/// The type of the message that tells of a pin.
const PIN_ADDED: u8 = 6;

impl Channel {
    /// When a message was last pinned here, among those that still are; `null` if there is none.
    pub(crate) fn last_pin_json(&self) -> Value {
        let pins = self.messages.values().filter(|message| message.pinned);
        let newest = pins.filter_map(|message| message.pinned_us).max();
        json!(newest.map(iso))
    }
}

impl World {
    /// Pins a message or takes it down, and tells everybody.
    pub(crate) fn pin(&mut self, channel: u64, message: u64, user: u64, pinned: bool) {
        let now_us = self.clock.now_us();
        let Some(found) = self.message_mut(channel, message) else {
            return;
        };
        found.pinned = pinned;
        found.pinned_us = pinned.then_some(now_us);
        self.tell_edit(channel, message);
        let last = self.channels.get(&channel).map(Channel::last_pin_json);
        let mut data = json!({"channel_id": channel.to_string(), "last_pin_timestamp": last});
        self.add_guild_id(&mut data, channel);
        self.tell("CHANNEL_PINS_UPDATE", channel, data);
        if pinned {
            let mut place = json!({"type": 0, "channel_id": channel.to_string(), "message_id": message.to_string()});
            self.add_guild_id(&mut place, channel);
            let draft = Draft {
                kind: PIN_ADDED,
                place: Some(place),
                ..Draft::default()
            };
            self.post(channel, user, draft);
        }
    }
}
