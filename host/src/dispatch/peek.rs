//! Partial parser of events: the few fields that routing needs, read without building the whole event.

use std::time::{SystemTime, UNIX_EPOCH};

use host_discord::lenient::{self, Faults, Field, Fields};
use host_loader::EventRecord;
use plugin_api::{
    EventKind,
    abi::{Bytes, EventHeader, event_flag},
};

/// The fields read of an event.
#[derive(Debug)]
pub struct Peeked {
    /// What plugins share.
    pub record: EventRecord,
    /// Whether it is of a server, and can't be told which: what it may do there can't be told either.
    pub is_lost: bool,
    /// What could not be read.
    pub faults: Faults,
}

/// Context for reading an event.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Which shard.
    pub shard: u16,
    /// The bot.
    pub bot_id: u64,
    /// The event's name.
    pub name: &'a str,
    /// Its kind.
    pub kind: EventKind,
    /// Its sequence number.
    pub sequence: u64,
}

/// Reads an event's fields into the record that plugins share, all but its JSON. What can't be read is as if it were not there, but for
/// the server: where that can't be read, `guild_of` a channel tells it. Without `fields` the event is no object.
#[must_use]
pub fn record(
    context: Context<'_>,
    fields: Option<&Fields<'_>>,
    guild_of: impl Fn(u64) -> Option<u64>,
) -> Peeked {
    let Context {
        name,
        kind,
        shard,
        sequence,
        bot_id,
    } = context;
    let mut faults = Faults::default();
    let none = Fields::default();
    let fields = fields.unwrap_or_else(|| {
        faults.note("d");
        &none
    });
    let mut id = |name: &str| fields.id(name).noted(&mut faults, name);
    let own_id = match fields.raw("id") {
        // Of emojis, scopes and the like: not every `id` is one of Discord's.
        Some(raw) => lenient::id(raw).unwrap_or_default(),
        None => 0,
    };
    let guild = id("guild_id");
    let channel = id("channel_id");
    let told_message = id("message_id").known();
    let told_user = id("user_id").known();
    let user = user_of(fields, &mut faults).unwrap_or_default();
    let user_id = user.id("id").noted(&mut faults, "author.id").known();
    let user_id = user_id.or(told_user).unwrap_or_default();
    let mentions = fields
        .list("mentions")
        .noted(&mut faults, "mentions")
        .known();
    let is_me =
        |user: &&str| Fields::read(user).map(|user| user.id("id")) == Some(Field::Is(bot_id));
    let content = fields
        .get("content", lenient::text)
        .noted(&mut faults, "content");
    let message = fields.object("message").known();
    let mut flags = 0;
    let is_bot = user.get("bot", lenient::flag) == Field::Is(true);
    // An edit without an author is Discord's own doing: it has unfolded a link. And whoever can't be told may be a bot.
    let is_by_nobody = matches!(name, "MESSAGE_CREATE" | "MESSAGE_UPDATE") && user_id == 0;
    if is_bot || is_by_nobody || fields.raw("webhook_id").is_some() {
        flags |= event_flag::BOT;
    }
    if user_id == bot_id && bot_id != 0 {
        flags |= event_flag::SELF | event_flag::BOT;
    }
    if mentions.iter().flatten().any(is_me) {
        flags |= event_flag::MENTIONS_ME;
    }
    // What `id` is the id of depends on the event.
    let about_message = name.starts_with("MESSAGE_") && !name.starts_with("MESSAGE_REACTION");
    let about_channel = name.starts_with("CHANNEL_") || name.starts_with("THREAD_");
    let about_guild = matches!(name, "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE");
    let message_id = match (&message, told_message) {
        (Some(message), None) => message.id("id").known().unwrap_or_default(),
        (None, None) if about_message => own_id,
        (_, message_id) => message_id.unwrap_or_default(),
    };
    let channel_id = match channel {
        Field::Is(id) => id,
        Field::Absent if about_channel => own_id,
        // Interactions have it twice.
        Field::Absent | Field::Unreadable => {
            let channel = fields.object("channel").known();
            let id = channel.and_then(|channel| channel.id("id").known());
            id.unwrap_or_default()
        }
    };
    let guild_id = if about_guild {
        Some(own_id)
    } else {
        guild
            .clone()
            .known()
            .or_else(|| guild_of(channel_id))
            .or_else(|| {
                let guild = fields.object("guild").known()?;
                guild.id("id").known()
            })
    };
    // A member is one of a server.
    let has_guild = guild == Field::Unreadable || fields.raw("member").is_some();
    let user_name = user.get("username", lenient::text).known();
    let record = EventRecord {
        header: EventHeader {
            kind: kind.number(),
            shard,
            flags,
            sequence,
            guild_id: guild_id.unwrap_or_default(),
            channel_id,
            user_id,
            message_id,
            received_at_ms: now_ms(),
            content: Bytes::EMPTY,
            user_name: Bytes::EMPTY,
        },
        content: content.known().unwrap_or_default().into_owned(),
        user_name: user_name.unwrap_or_default().into_owned(),
        json: String::new(),
    };
    Peeked {
        is_lost: has_guild && guild_id.is_none(),
        record,
        faults,
    }
}

/// Reads an event into the record that plugins share, its JSON included.
#[must_use]
pub fn whole(context: Context<'_>, data: &str, guild_of: impl Fn(u64) -> Option<u64>) -> Peeked {
    let mut peeked = record(context, Fields::read(data).as_ref(), guild_of);
    data.clone_into(&mut peeked.record.json);
    peeked
}

/// The user of an event: its author, its actor, or its subject.
fn user_of<'a>(fields: &Fields<'a>, faults: &mut Faults) -> Option<Fields<'a>> {
    let user = |name| fields.object(name);
    for name in ["author", "user"] {
        if let Field::Is(user) = user(name).noted(faults, name) {
            return Some(user);
        }
    }
    fields.object("member").known()?.object("user").known()
}

/// Whether a server that goes is merely out of reach for a while
/// ([reference](https://discord.com/developers/docs/events/gateway-events#guild-delete)).
#[must_use]
pub fn is_outage(data: &str) -> bool {
    let fields = Fields::read(data).unwrap_or_default();
    // What is neither true nor false is no word that it was left.
    !matches!(
        fields.get("unavailable", lenient::flag),
        Field::Is(false) | Field::Absent
    )
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peeked(name: &str, data: &str) -> Peeked {
        let context = Context {
            shard: 0,
            bot_id: 99,
            name,
            kind: EventKind::named(name).unwrap(),
            sequence: 1,
        };
        whole(context, data, |channel| (channel == 6).then_some(7))
    }

    fn peek(name: &str, data: &str) -> EventRecord {
        let peeked = peeked(name, data);
        assert_eq!(peeked.faults, Faults::default());
        peeked.record
    }

    /// A message that was taken for a direct one would need no permissions.
    #[test]
    fn a_message_whose_server_cannot_be_read_is_none_without_a_server() {
        let of = |guild: &str, channel: &str, member: &str| {
            let message = format!(
                r#"{{"id":"5",{guild}"channel_id":"{channel}",{member}"content":"x","author":{{"id":"8"}}}}"#
            );
            let peeked = peeked("MESSAGE_CREATE", &message);
            (peeked.record.header.guild_id, peeked.is_lost)
        };
        let member = r#""member":{"roles":[]},"#;
        assert_eq!(of(r#""guild_id":"7","#, "6", member), (7, false));
        assert_eq!(of("", "60", ""), (0, false), "a direct message");
        for odd in [
            r#""guild_id":{},"#,
            r#""guild_id":"x","#,
            r#""guild_id":-7,"#,
        ] {
            assert_eq!(of(odd, "6", member), (7, false), "its channel tells");
            assert_eq!(of(odd, "60", ""), (0, true));
        }
        assert_eq!(of("", "6", member), (7, false));
        assert_eq!(of("", "60", member), (0, true), "members are of servers");
    }

    #[test]
    fn an_odd_field_costs_itself_alone() {
        let peeked = peeked(
            "MESSAGE_CREATE",
            r#"{"id":"5","channel_id":"6","guild_id":"7","content":"!x","type":1e400,"mentions":[{"id":4},"x",{"id":"99"}],
                "author":{"id":"8","username":5,"bot":"maybe"},"member":[],"embeds":{},"webhook_id":null}"#,
        );
        let header = peeked.record.header;
        assert_eq!((header.user_id, &*peeked.record.content), (8, "!x"));
        assert_eq!(header.flags, event_flag::MENTIONS_ME);
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

    /// Listeners that ignore bots don't get it.
    #[test]
    fn an_edit_without_an_author_is_no_members() {
        let edit = |author: &str| {
            let json = format!(r#"{{"id":"5","channel_id":"6","guild_id":"7"{author}}}"#);
            peek("MESSAGE_UPDATE", &json).header.flags
        };
        assert_eq!(edit(""), event_flag::BOT);
        assert_eq!(edit(r#","author":null"#), event_flag::BOT);
        assert_eq!(edit(r#","author":{"id":"8"}"#), 0);
        // Nor is a message of whom it can't be told who wrote it.
        for odd in ["5", "{}", r#"{"id":"x"}"#] {
            let json = format!(r#"{{"id":"5","content":"!x","author":{odd}}}"#);
            let flags = peeked("MESSAGE_CREATE", &json).record.header.flags;
            assert_eq!(flags, event_flag::BOT, "{odd}");
        }
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
