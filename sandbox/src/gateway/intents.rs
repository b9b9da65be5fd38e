//! Which dispatches a session gets, by its intents:
//! <https://discord.com/developers/docs/events/gateway#list-of-intents>.

use std::borrow::Cow;

use serde_json::{Value, json};
use twilight_model::gateway::Intents;

use crate::world::Event;

/// The intents of which one is needed for a dispatch; `None` if every session gets it.
fn needed(name: &str, in_guild: bool) -> Option<Intents> {
    let by_place = |guild, direct| Some(if in_guild { guild } else { direct });
    match name {
        "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE" | "GUILD_ROLE_CREATE"
        | "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" | "CHANNEL_CREATE" | "CHANNEL_UPDATE"
        | "CHANNEL_DELETE" => Some(Intents::GUILDS),
        "CHANNEL_PINS_UPDATE" => by_place(Intents::GUILDS, Intents::DIRECT_MESSAGES),
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => {
            Some(Intents::GUILD_MEMBERS)
        }
        "GUILD_BAN_ADD" | "GUILD_BAN_REMOVE" | "GUILD_AUDIT_LOG_ENTRY_CREATE" => {
            Some(Intents::GUILD_MODERATION)
        }
        "PRESENCE_UPDATE" => Some(Intents::GUILD_PRESENCES),
        "VOICE_STATE_UPDATE" => Some(Intents::GUILD_VOICE_STATES),
        "INVITE_CREATE" | "INVITE_DELETE" => Some(Intents::GUILD_INVITES),
        "WEBHOOKS_UPDATE" => Some(Intents::GUILD_WEBHOOKS),
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
            by_place(Intents::GUILD_MESSAGES, Intents::DIRECT_MESSAGES)
        }
        "MESSAGE_REACTION_ADD"
        | "MESSAGE_REACTION_REMOVE"
        | "MESSAGE_REACTION_REMOVE_ALL"
        | "MESSAGE_REACTION_REMOVE_EMOJI" => by_place(
            Intents::GUILD_MESSAGE_REACTIONS,
            Intents::DIRECT_MESSAGE_REACTIONS,
        ),
        "TYPING_START" => by_place(
            Intents::GUILD_MESSAGE_TYPING,
            Intents::DIRECT_MESSAGE_TYPING,
        ),
        _ => None,
    }
}

/// The payload as a session with these intents gets it; `None` if it gets none.
pub(crate) fn filtered<'event>(
    event: &'event Event,
    intents: Intents,
    bot: u64,
) -> Option<Cow<'event, Value>> {
    let about_self = event.name == "GUILD_MEMBER_UPDATE" && is_user(&event.data["user"], bot);
    if let Some(needed) = needed(&event.name, event.guild.is_some())
        && !intents.contains(needed)
        && !about_self
    {
        return None;
    }
    if intents.contains(Intents::MESSAGE_CONTENT)
        || !matches!(event.name.as_str(), "MESSAGE_CREATE" | "MESSAGE_UPDATE")
        || event.guild.is_none()
        || is_user(&event.data["author"], bot)
        || event.data["mentions"]
            .as_array()
            .is_some_and(|users| users.iter().any(|user| is_user(user, bot)))
    {
        return Some(Cow::Borrowed(&event.data));
    }
    let mut data = event.data.clone();
    redact(&mut data);
    if data["referenced_message"].is_object()
        && !is_user(&data["referenced_message"]["author"], bot)
    {
        redact(&mut data["referenced_message"]);
    }
    Some(Cow::Owned(data))
}

fn redact(message: &mut Value) {
    message["content"] = json!("");
    for key in ["embeds", "attachments", "components"] {
        message[key] = json!([]);
    }
}

fn is_user(user: &Value, id: u64) -> bool {
    user["id"].as_str().and_then(|text| text.parse().ok()) == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(author: u64, mentions: &[u64]) -> Event {
        let mentions: Vec<_> = mentions
            .iter()
            .map(|id| json!({"id": id.to_string()}))
            .collect();
        let data =
            json!({"author": {"id": author.to_string()}, "content": "hi", "mentions": mentions});
        Event::in_channel("MESSAGE_CREATE", Some(1), 2, data)
    }

    #[test]
    fn content_needs_its_intent() {
        let content = |event: &Event, intents| {
            filtered(event, intents, 9).map(|data| data["content"].clone())
        };
        let messages = Intents::GUILD_MESSAGES;
        assert_eq!(content(&message(5, &[]), Intents::GUILDS), None);
        assert_eq!(content(&message(5, &[]), messages), Some(json!("")));
        assert_eq!(content(&message(5, &[9]), messages), Some(json!("hi")));
        assert_eq!(content(&message(9, &[]), messages), Some(json!("hi")));
        assert_eq!(
            content(&message(5, &[]), messages | Intents::MESSAGE_CONTENT),
            Some(json!("hi"))
        );
        let direct = Event {
            guild: None,
            ..message(5, &[])
        };
        assert_eq!(content(&direct, messages), None);
        assert_eq!(
            content(&direct, Intents::DIRECT_MESSAGES),
            Some(json!("hi"))
        );
    }
}
