//! Developer portal of the application: its emojis, what it sells, and what linked roles ask for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Event, Record, World};

/// The application's own things, as Discord's JSON.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub emojis: BTreeMap<u64, Record>,
    pub entitlements: BTreeMap<u64, Record>,
    pub skus: BTreeMap<u64, Value>,
    /// The metadata that linked roles can ask for.
    pub connections: Vec<Value>,
    /// Fields of the application that were changed.
    pub changes: Record,
}

impl World {
    /// Adds something that the application sells, a subscription for users or guilds; gives the SKU's id.
    pub fn add_sku(&mut self, name: &str) -> u64 {
        let id = self.snowflakes.next();
        let sku = json!({
            "id": id.to_string(),
            "type": 5,
            "application_id": self.application.id.to_string(),
            "name": name,
            "slug": name.to_lowercase().replace(' ', "-"),
            // Available, for guilds and users.
            "flags": 1 << 2 | 1 << 7 | 1 << 8,
        });
        self.store.skus.insert(id, sku);
        id
    }

    /// Grants something that the application sells to a guild or a user for a test, and tells it; gives its id.
    pub(crate) fn entitle(&mut self, sku: u64, guild: Option<u64>, user: u64) -> u64 {
        let id = self.snowflakes.next();
        let entitlement = super::fields(json!({
            "id": id.to_string(),
            "sku_id": sku.to_string(),
            "application_id": self.application.id.to_string(),
            "user_id": user.to_string(),
            "guild_id": guild.map(|guild| guild.to_string()),
            "type": 8,
            "deleted": false,
            "consumed": false,
            "starts_at": null,
            "ends_at": null,
        }));
        self.store.entitlements.insert(id, entitlement);
        self.tell_entitlement("ENTITLEMENT_CREATE", id);
        id
    }

    /// Tells what has happened to an entitlement.
    pub(crate) fn tell_entitlement(&mut self, event: &str, id: u64) {
        let Some(known) = self.store.entitlements.get(&id) else {
            return;
        };
        let data = Value::Object(known.clone());
        self.outbox.push(Event {
            name: event.to_owned(),
            guild: None,
            channel: None,
            data: data.into(),
        });
    }

    /// The entitlements that count where a user is, in a guild or not.
    pub(crate) fn entitlements_for(&self, user: u64, guild: Option<u64>) -> Vec<Value> {
        let (user, guild) = (
            json!(user.to_string()),
            json!(guild.map(|id| id.to_string())),
        );
        let known = self.store.entitlements.values();
        let counts = known.filter(|one| {
            let theirs = one["guild_id"].is_null() && one["user_id"] == user;
            one["deleted"] == false && (theirs || !guild.is_null() && one["guild_id"] == guild)
        });
        counts.cloned().map(Value::Object).collect()
    }
}
