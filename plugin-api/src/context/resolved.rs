//! Resolved data of an interaction, each part read alone: whatever else is odd in it (the message that was clicked,
//! say) costs nothing.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use twilight_model::{
    application::interaction::InteractionChannel,
    channel::{Attachment, Message},
    guild::Role,
    user::User,
};

use crate::error::{Error, Result};

/// The parts of an interaction that are read.
#[derive(Default, Deserialize)]
struct Interaction {
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    resolved: Option<Resolved>,
}

#[derive(Default, Deserialize)]
struct Resolved {
    #[serde(default)]
    users: Value,
    #[serde(default)]
    roles: Value,
    #[serde(default)]
    channels: Value,
    #[serde(default)]
    attachments: Value,
    #[serde(default)]
    messages: Value,
}

#[inline(never)]
pub(super) fn users(json: &[u8], ids: &[u64]) -> Result<Vec<User>> {
    picked("a user", read(json)?.users, ids)
}

#[inline(never)]
pub(super) fn roles(json: &[u8], ids: &[u64]) -> Result<Vec<Role>> {
    picked("a role", read(json)?.roles, ids)
}

#[inline(never)]
pub(super) fn channels(json: &[u8], ids: &[u64]) -> Result<Vec<InteractionChannel>> {
    let mut channels = read(json)?.channels;
    // Some have no name.
    for channel in channels.as_object_mut().into_iter().flatten() {
        if let Some(fields) = channel.1.as_object_mut() {
            let name = fields.entry("name").or_insert(Value::Null);
            if name.is_null() {
                *name = "".into();
            }
        }
    }
    picked("a channel", channels, ids)
}

#[inline(never)]
pub(super) fn attachments(json: &[u8], ids: &[u64]) -> Result<Vec<Attachment>> {
    picked("a file", read(json)?.attachments, ids)
}

#[inline(never)]
pub(super) fn message(json: &[u8], id: u64) -> Result<Box<Message>> {
    let mut found = picked("the message", read(json)?.messages, &[id])?;
    let message = found.pop().map(Box::new);
    message.ok_or_else(|| Error::new(format!("Discord did not send message {id} along")))
}

fn read(json: &[u8]) -> Result<Resolved> {
    let interaction: Interaction = serde_json::from_slice(json)
        .map_err(|error| Error::unreadable("the interaction", &error))?;
    let resolved = interaction.data.and_then(|data| data.resolved);
    Ok(resolved.unwrap_or_default())
}

/// Those of these ids that are there, in order.
fn picked<T: DeserializeOwned>(what: &str, mut all: Value, ids: &[u64]) -> Result<Vec<T>> {
    let all = all.as_object_mut();
    let mut take = all.map(|all| |id: &u64| all.remove(&id.to_string()));
    let found = ids.iter().filter_map(|id| take.as_mut()?(id));
    found
        .map(|one| serde_json::from_value(one).map_err(|error| Error::unreadable(what, &error)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &[u8] = br#"{
        "type": "odd", "message": {"embeds": [{"author": {}}], "n": 1e400, "half": "\ud800"}, "member": 5, "data": {
            "component_type": 99, "values": {}, "resolved": {
                "users": {"5": {"id": "5", "username": "ann", "discriminator": "0"}, "6": {"id": "odd"}},
                "roles": 5, "channels": {"7": {"id": "7", "type": 0, "permissions": "0"}}
            }
        }
    }"#;

    #[test]
    fn what_was_picked_is_read_whatever_else_is_odd() {
        assert_eq!(users(ODD, &[5]).unwrap()[0].name, "ann");
        assert_eq!(users(ODD, &[8]).unwrap(), [], "Discord did not tell of it");
        assert_eq!(channels(ODD, &[7]).unwrap()[0].name, "");
        assert!(roles(ODD, &[5]).unwrap().is_empty());
        assert!(attachments(ODD, &[5]).unwrap().is_empty());
        let error = users(ODD, &[5, 6]).unwrap_err().to_string();
        assert!(error.starts_with("can't read a user: "), "{error}");
        let error = message(ODD, 9).unwrap_err().to_string();
        assert_eq!(error, "Discord did not send message 9 along");
    }
}
