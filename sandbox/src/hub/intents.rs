//! Event filter of a session, by its intents and by what the bot may see:
//! <https://discord.com/developers/docs/events/gateway#list-of-intents>.

use serde_json::{Value, json};
use twilight_model::{gateway::Intents, guild::Permissions};

use crate::world::{Event, World};

/// How a session gets an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pass {
    Nothing,
    Whole,
    /// Without what MESSAGE_CONTENT would show.
    Redacted,
}

/// The intents of which one is needed for a dispatch; `None` if every session gets it.
fn needed(name: &str, in_guild: bool) -> Option<Intents> {
    let by_place = |guild, direct| if in_guild { guild } else { direct };
    Some(match name {
        "GUILD_CREATE"
        | "GUILD_UPDATE"
        | "GUILD_DELETE"
        | "GUILD_ROLE_CREATE"
        | "GUILD_ROLE_UPDATE"
        | "GUILD_ROLE_DELETE"
        | "CHANNEL_CREATE"
        | "CHANNEL_UPDATE"
        | "CHANNEL_DELETE"
        | "THREAD_CREATE"
        | "THREAD_UPDATE"
        | "THREAD_DELETE"
        | "THREAD_LIST_SYNC"
        | "THREAD_MEMBER_UPDATE"
        | "STAGE_INSTANCE_CREATE"
        | "STAGE_INSTANCE_UPDATE"
        | "STAGE_INSTANCE_DELETE"
        | "VOICE_CHANNEL_STATUS_UPDATE"
        | "VOICE_CHANNEL_START_TIME_UPDATE" => Intents::GUILDS,
        "CHANNEL_PINS_UPDATE" => by_place(Intents::GUILDS, Intents::DIRECT_MESSAGES),
        "THREAD_MEMBERS_UPDATE" => Intents::GUILDS | Intents::GUILD_MEMBERS,
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => {
            Intents::GUILD_MEMBERS
        }
        "GUILD_BAN_ADD" | "GUILD_BAN_REMOVE" | "GUILD_AUDIT_LOG_ENTRY_CREATE" => {
            Intents::GUILD_MODERATION
        }
        // GUILD_EXPRESSIONS by its newer name.
        "GUILD_EMOJIS_UPDATE"
        | "GUILD_STICKERS_UPDATE"
        | "GUILD_SOUNDBOARD_SOUND_CREATE"
        | "GUILD_SOUNDBOARD_SOUND_UPDATE"
        | "GUILD_SOUNDBOARD_SOUND_DELETE"
        | "GUILD_SOUNDBOARD_SOUNDS_UPDATE" => Intents::GUILD_EMOJIS_AND_STICKERS,
        "GUILD_INTEGRATIONS_UPDATE"
        | "INTEGRATION_CREATE"
        | "INTEGRATION_UPDATE"
        | "INTEGRATION_DELETE" => Intents::GUILD_INTEGRATIONS,
        "WEBHOOKS_UPDATE" => Intents::GUILD_WEBHOOKS,
        "INVITE_CREATE" | "INVITE_DELETE" => Intents::GUILD_INVITES,
        "VOICE_STATE_UPDATE" | "VOICE_CHANNEL_EFFECT_SEND" => Intents::GUILD_VOICE_STATES,
        "PRESENCE_UPDATE" => Intents::GUILD_PRESENCES,
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
        "GUILD_SCHEDULED_EVENT_CREATE"
        | "GUILD_SCHEDULED_EVENT_UPDATE"
        | "GUILD_SCHEDULED_EVENT_DELETE"
        | "GUILD_SCHEDULED_EVENT_USER_ADD"
        | "GUILD_SCHEDULED_EVENT_USER_REMOVE" => Intents::GUILD_SCHEDULED_EVENTS,
        "AUTO_MODERATION_RULE_CREATE"
        | "AUTO_MODERATION_RULE_UPDATE"
        | "AUTO_MODERATION_RULE_DELETE" => Intents::AUTO_MODERATION_CONFIGURATION,
        "AUTO_MODERATION_ACTION_EXECUTION" => Intents::AUTO_MODERATION_EXECUTION,
        "MESSAGE_POLL_VOTE_ADD" | "MESSAGE_POLL_VOTE_REMOVE" => {
            by_place(Intents::GUILD_MESSAGE_POLLS, Intents::DIRECT_MESSAGE_POLLS)
        }
        _ => return None,
    })
}

/// The permissions of which the bot needs one to hear of something, as the page of each event says.
fn permissions_needed(name: &str) -> Option<Permissions> {
    Some(match name {
        "AUTO_MODERATION_RULE_CREATE"
        | "AUTO_MODERATION_RULE_UPDATE"
        | "AUTO_MODERATION_RULE_DELETE"
        | "AUTO_MODERATION_ACTION_EXECUTION" => Permissions::MANAGE_GUILD,
        "GUILD_AUDIT_LOG_ENTRY_CREATE" => Permissions::VIEW_AUDIT_LOG,
        "GUILD_BAN_ADD" | "GUILD_BAN_REMOVE" => {
            Permissions::BAN_MEMBERS | Permissions::VIEW_AUDIT_LOG
        }
        "INVITE_CREATE" | "INVITE_DELETE" => Permissions::MANAGE_CHANNELS,
        _ => return None,
    })
}

/// Whether the bot is told of something at all: it is in the guild, sees the channel, and has the permission.
pub(crate) fn reaches_bot(world: &World, event: &Event) -> bool {
    let bot = world.application.bot;
    if let Some(channel) = event.channel.filter(|id| world.channels.contains_key(id)) {
        let permissions = world.permissions(channel, bot);
        return permissions.contains(Permissions::VIEW_CHANNEL)
            && permissions_needed(&event.name).is_none_or(|any| permissions.intersects(any));
    }
    let Some(guild) = event.guild.and_then(|id| world.guilds.get(&id)) else {
        return true;
    };
    if !guild.members.contains_key(&bot) {
        return event.name == "GUILD_DELETE";
    }
    permissions_needed(&event.name)
        .is_none_or(|any| world.guild_permissions(guild, bot).intersects(any))
}

/// How a session with these intents gets an event.
pub(crate) fn pass(event: &Event, intents: Intents, bot: u64) -> Pass {
    let name = event.name.as_str();
    if let Some(needed) = needed(name, event.guild.is_some())
        && !intents.intersects(needed)
        && !(name == "GUILD_MEMBER_UPDATE" && is_user(&event.data.tree()["user"], bot))
    {
        return Pass::Nothing;
    }
    match name {
        "THREAD_MEMBERS_UPDATE" if !intents.contains(Intents::GUILD_MEMBERS) => {
            if joins_or_leaves(&event.data.tree(), bot) {
                Pass::Whole
            } else {
                Pass::Nothing
            }
        }
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "AUTO_MODERATION_ACTION_EXECUTION"
            if !intents.contains(Intents::MESSAGE_CONTENT) =>
        {
            if event.guild.is_none() || is_for(&event.data.tree(), bot) {
                Pass::Whole
            } else {
                Pass::Redacted
            }
        }
        _ => Pass::Whole,
    }
}

/// The payload without what MESSAGE_CONTENT would show:
/// <https://discord.com/developers/docs/events/gateway#message-content-intent>.
pub(crate) fn redacted(event: &Event, bot: u64) -> Value {
    let whole = event.data.tree().into_owned();
    let mut data = whole.clone();
    if event.name == "AUTO_MODERATION_ACTION_EXECUTION" {
        data["content"] = json!("");
        data["matched_content"] = json!("");
        return data;
    }
    redact(&mut data);
    let referenced = &mut data["referenced_message"];
    if referenced.is_object() && !is_for(referenced, bot) {
        redact(referenced);
    }
    for snapshot in data["message_snapshots"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        redact(&mut snapshot["message"]);
    }
    // Looking for what is not there has written it.
    if let Some(fields) = data.as_object_mut() {
        for key in ["referenced_message", "message_snapshots"] {
            if whole.get(key).is_none() {
                fields.remove(key);
            }
        }
    }
    data
}

fn redact(message: &mut Value) {
    message["content"] = json!("");
    for key in ["embeds", "attachments", "components"] {
        message[key] = json!([]);
    }
    if let Some(fields) = message.as_object_mut() {
        fields.remove("poll");
    }
}

/// Whether a message is the bot's own or mentions it.
fn is_for(message: &Value, bot: u64) -> bool {
    let mut mentions = message["mentions"].as_array().into_iter().flatten();
    is_user(&message["author"], bot) || mentions.any(|user| is_user(user, bot))
}

fn joins_or_leaves(data: &Value, user: u64) -> bool {
    let mut added = data["added_members"].as_array().into_iter().flatten();
    let mut removed = data["removed_member_ids"].as_array().into_iter().flatten();
    added.any(|member| is_id(&member["user_id"], user)) || removed.any(|id| is_id(id, user))
}

fn is_user(user: &Value, id: u64) -> bool {
    is_id(&user["id"], id)
}

fn is_id(value: &Value, id: u64) -> bool {
    value.as_str().and_then(|text| text.parse().ok()) == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: u64 = 9;

    fn message(author: u64, mentions: &[u64]) -> Event {
        let mentions = mentions.iter().map(|id| json!({"id": id.to_string()}));
        let data = json!({
            "author": {"id": author.to_string()},
            "content": "hi",
            "poll": {"answers": []},
            "mentions": mentions.collect::<Vec<_>>(),
        });
        Event::in_channel("MESSAGE_CREATE", Some(1), 2, data)
    }

    #[test]
    fn content_needs_its_intent() {
        let messages = Intents::GUILD_MESSAGES;
        let check = |event: &Event, intents| pass(event, intents, BOT);
        assert_eq!(check(&message(5, &[]), Intents::GUILDS), Pass::Nothing);
        assert_eq!(check(&message(5, &[]), messages), Pass::Redacted);
        assert_eq!(check(&message(5, &[BOT]), messages), Pass::Whole);
        assert_eq!(check(&message(BOT, &[]), messages), Pass::Whole);
        let both = messages | Intents::MESSAGE_CONTENT;
        assert_eq!(check(&message(5, &[]), both), Pass::Whole);
        let direct = Event {
            guild: None,
            ..message(5, &[])
        };
        assert_eq!(check(&direct, messages), Pass::Nothing);
        assert_eq!(check(&direct, Intents::DIRECT_MESSAGES), Pass::Whole);
    }

    #[test]
    fn what_is_hidden() {
        let mut event = message(5, &[]);
        let mut whole = event.data.tree().into_owned();
        whole["referenced_message"] =
            json!({"author": {"id": "6"}, "content": "hm", "embeds": [{}]});
        whole["message_snapshots"] = json!([{"message": {"content": "ha"}}]);
        event.data = whole.clone().into();
        let data = redacted(&event, BOT);
        assert_eq!(data["content"], "");
        assert!(data.get("poll").is_none());
        assert_eq!(data["attachments"], json!([]));
        assert_eq!(data["referenced_message"]["content"], "");
        assert_eq!(data["referenced_message"]["embeds"], json!([]));
        assert_eq!(data["message_snapshots"][0]["message"]["content"], "");
        whole["referenced_message"]["author"]["id"] = json!("9");
        // However it comes.
        event.data = whole.to_string().into();
        assert_eq!(redacted(&event, BOT)["referenced_message"]["content"], "hm");
        let plain = redacted(&message(5, &[]), BOT);
        assert!(plain.get("referenced_message").is_none());
        assert!(plain.get("message_snapshots").is_none());
    }

    #[test]
    fn threads_tell_of_others_with_guild_members_only() {
        let event = |user: &str| {
            let data = json!({"added_members": [{"user_id": user}], "removed_member_ids": []});
            Event::of_guild("THREAD_MEMBERS_UPDATE", 1, data)
        };
        assert_eq!(pass(&event("5"), Intents::GUILDS, BOT), Pass::Nothing);
        assert_eq!(pass(&event("9"), Intents::GUILDS, BOT), Pass::Whole);
        assert_eq!(pass(&event("5"), Intents::GUILD_MEMBERS, BOT), Pass::Whole);
        assert_eq!(
            pass(&event("9"), Intents::GUILD_MESSAGES, BOT),
            Pass::Nothing
        );
    }
}
