//! The few fields of an event that routing needs, read without building the whole event.

use std::{
    borrow::Cow,
    time::{SystemTime, UNIX_EPOCH},
};

use plugin_api::{
    EventKind,
    abi::{Bytes, EventHeader, event_flag},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::plugin::EventRecord;

/// A gateway payload ([reference](https://discord.com/developers/docs/events/gateway-events#payload-structure)).
#[derive(Debug, Deserialize)]
pub struct Payload<'a> {
    /// Opcode; 0 is an event.
    pub op: u8,
    /// Sequence number.
    pub s: Option<u64>,
    /// The event's name.
    #[serde(borrow)]
    pub t: Option<Cow<'a, str>>,
    /// The event's data.
    #[serde(borrow)]
    pub d: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Peek<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    guild_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    channel_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    webhook_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow)]
    author: Option<User<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow)]
    member: Option<Member<'a>>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    mentions: Vec<User<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    username: Cow<'a, str>,
    bot: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Member<'a> {
    #[serde(borrow)]
    user: Option<User<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// Reads an event into the record that plugins share.
///
/// # Errors
///
/// The data is no object.
pub fn record(
    name: &str,
    kind: EventKind,
    shard: u16,
    sequence: u64,
    data: &str,
    bot_id: u64,
) -> Result<EventRecord, serde_json::Error> {
    let peek: Peek<'_> = serde_json::from_str(data)?;
    let id = |text: &Option<Cow<'_, str>>| text.as_deref().map_or(0, snowflake);
    let own_id = id(&peek.id);
    let user = peek
        .author
        .as_ref()
        .or(peek.user.as_ref())
        .or(peek.member.as_ref().and_then(|member| member.user.as_ref()));
    let user_id = user.map_or_else(|| id(&peek.user_id), |user| snowflake(&user.id));
    let mut flags = 0;
    if user.is_some_and(|user| user.bot) || peek.webhook_id.is_some() {
        flags |= event_flag::BOT;
    }
    if user_id == bot_id && bot_id != 0 {
        flags |= event_flag::SELF | event_flag::BOT;
    }
    if peek
        .mentions
        .iter()
        .any(|user| snowflake(&user.id) == bot_id)
    {
        flags |= event_flag::MENTIONS_ME;
    }
    // What `id` is the id of depends on the event.
    let about_message = name.starts_with("MESSAGE_") && !name.starts_with("MESSAGE_REACTION");
    let about_channel = name.starts_with("CHANNEL_") || name.starts_with("THREAD_");
    let about_guild = matches!(name, "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE");
    let message_id = match (&peek.message, id(&peek.message_id)) {
        (Some(message), 0) => snowflake(&message.id),
        (_, 0) if about_message => own_id,
        (_, message_id) => message_id,
    };
    Ok(EventRecord {
        header: EventHeader {
            kind: kind.number(),
            shard,
            flags,
            sequence,
            guild_id: if about_guild {
                own_id
            } else {
                id(&peek.guild_id)
            },
            channel_id: if about_channel && peek.channel_id.is_none() {
                own_id
            } else {
                id(&peek.channel_id)
            },
            user_id,
            message_id,
            received_at_ms: now_ms(),
            content: Bytes::EMPTY,
            user_name: Bytes::EMPTY,
        },
        content: peek.content.unwrap_or_default().into_owned(),
        user_name: user
            .map(|user| user.username.to_string())
            .unwrap_or_default(),
        json: data.to_owned(),
    })
}

/// Whether a server that goes is merely out of reach for a while
/// ([reference](https://discord.com/developers/docs/events/gateway-events#guild-delete)).
#[must_use]
pub fn is_outage(data: &str) -> bool {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Deleted {
        unavailable: bool,
    }
    serde_json::from_str::<Deleted>(data).is_ok_and(|deleted| deleted.unavailable)
}

/// A snowflake's number; 0 for what is none.
#[must_use]
pub fn snowflake(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peek(name: &str, data: &str) -> EventRecord {
        record(name, EventKind::named(name).unwrap(), 0, 1, data, 99).unwrap()
    }

    #[test]
    fn a_message_tells_who_where_and_what() {
        let event = peek(
            "MESSAGE_CREATE",
            r#"{"id":"5","channel_id":"6","guild_id":"7","content":"a \"b\" \u00e9",
                "author":{"id":"8","username":"ann","discriminator":"0"},"mentions":[{"id":"99"}]}"#,
        );
        let header = event.header;
        assert_eq!(
            (
                header.message_id,
                header.channel_id,
                header.guild_id,
                header.user_id
            ),
            (5, 6, 7, 8)
        );
        assert_eq!(header.flags, event_flag::MENTIONS_ME);
        assert_eq!((&*event.content, &*event.user_name), ("a \"b\" é", "ann"));
    }

    #[test]
    fn the_bots_own_message_is_a_bots() {
        let event = peek(
            "MESSAGE_CREATE",
            r#"{"id":"5","author":{"id":"99","username":"me","bot":true}}"#,
        );
        assert_eq!(event.header.flags, event_flag::BOT | event_flag::SELF);
    }

    #[test]
    fn a_server_out_of_reach_was_not_left() {
        assert!(is_outage(r#"{"id":"5","unavailable":true}"#));
        assert!(!is_outage(r#"{"id":"5","unavailable":false}"#));
        assert!(!is_outage(r#"{"id":"5"}"#));
    }

    #[test]
    fn ids_depend_on_the_event() {
        assert_eq!(peek("GUILD_CREATE", r#"{"id":"5"}"#).header.guild_id, 5);
        assert_eq!(
            peek("CHANNEL_CREATE", r#"{"id":"5","guild_id":"6"}"#)
                .header
                .channel_id,
            5
        );
        let reaction = peek(
            "MESSAGE_REACTION_ADD",
            r#"{"user_id":"3","message_id":"4","channel_id":"5"}"#,
        );
        assert_eq!(
            (reaction.header.user_id, reaction.header.message_id),
            (3, 4)
        );
        let joined = peek(
            "GUILD_MEMBER_ADD",
            r#"{"guild_id":"1","user":{"id":"2","username":"x"}}"#,
        );
        assert_eq!((joined.header.guild_id, joined.header.user_id), (1, 2));
    }
}
