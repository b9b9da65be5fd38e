//! `guilds/{id}/messages/search`: <https://discord.com/developers/docs/resources/message#search-guild-messages>.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError,
    call::{Call, id},
    error::FormErrors,
    guild_access, ok,
};
use crate::world::{Message, World};

/// Messages on a page, and how far pages go.
const MAX_LIMIT: usize = 25;
const MAX_OFFSET: i64 = 9975;

/// What is searched for. Within one list any entry fits; all lists must fit.
struct Search {
    words: Vec<String>,
    channels: Vec<u64>,
    authors: Vec<u64>,
    mentions: Vec<u64>,
    roles: Vec<u64>,
    replied_to: Vec<u64>,
    has: Vec<String>,
    author_types: Vec<String>,
    pinned: Option<bool>,
    everyone: Option<bool>,
    min_id: u64,
    max_id: u64,
}

/// Answers a search in the channels where the bot may read older messages.
pub(super) fn search(world: &World, call: &Call, guild: u64) -> Answer {
    guild_access::need(world, guild, Permissions::READ_MESSAGE_HISTORY)?;
    let limit = call.query_limit("limit", MAX_LIMIT, MAX_LIMIT)?;
    let offset = i64::try_from(call.query_number("offset").unwrap_or(0)).unwrap_or(i64::MAX);
    let mut errors = FormErrors::default();
    errors.range("offset", offset, 0, MAX_OFFSET);
    let content = call
        .query
        .get("content")
        .map_or(0, |text| text.chars().count());
    errors.length("content", content, 0, 1024);
    errors.check()?;
    let wanted = Search::read(call)?;
    let bot = world.application.bot;
    let reads = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
    let with_nsfw = call.query_flag("include_nsfw");
    let channels = world.channels.of_guild(guild).filter(|known| {
        world.may(bot, known.id, reads)
            && (with_nsfw || !known.nsfw)
            && (wanted.channels.is_empty() || wanted.channels.contains(&known.id))
    });
    let messages = channels.flat_map(|known| known.messages.values());
    let mut found: Vec<_> = messages
        .filter(|message| message.ephemeral_for.is_none() && wanted.fits(world, message))
        .collect();
    found.sort_by_key(|message| message.id);
    if call
        .query
        .get("sort_order")
        .is_none_or(|order| order != "asc")
    {
        found.reverse();
    }
    let offset = usize::try_from(offset).unwrap_or(0);
    let page: Vec<_> = found.iter().skip(offset).take(limit).collect();
    let mut threads: Vec<u64> = page.iter().map(|message| message.channel).collect();
    threads.sort_unstable();
    threads.dedup();
    threads.retain(|id| {
        world
            .channels
            .get(id)
            .is_some_and(|known| known.is_thread())
    });
    let members = threads.iter();
    let members = members.filter_map(|id| world.thread_member_json(*id, bot, false));
    ok(json!({
        "doing_deep_historical_index": false,
        "total_results": found.len(),
        "messages": page.iter().map(|message| [hit(world, message)]).collect::<Vec<_>>(),
        "threads": threads.iter().map(|id| world.thread_json(*id)).collect::<Vec<_>>(),
        "members": members.collect::<Vec<_>>(),
    }))
}

/// A message as searches give it: without its reactions.
fn hit(world: &World, message: &Message) -> Value {
    let mut json = world.message_json(message);
    if let Some(fields) = json.as_object_mut() {
        fields.remove("reactions");
    }
    json["hit"] = json!(true);
    json
}

impl Search {
    fn read(call: &Call) -> Result<Self, ApiError> {
        let texts = |key: &str| call.query_all(key).map(str::to_owned).collect::<Vec<_>>();
        let ids = |key: &str| call.query_all(key).map(id).collect::<Result<Vec<_>, _>>();
        let flag = |key: &str| call.query.get(key).map(|_| call.query_flag(key));
        let content = call.query.get("content").map(|text| text.to_lowercase());
        let words = content.unwrap_or_default();
        Ok(Self {
            words: words.split_whitespace().map(str::to_owned).collect(),
            channels: ids("channel_id")?,
            authors: ids("author_id")?,
            mentions: ids("mentions")?,
            roles: ids("mentions_role_id")?,
            replied_to: ids("replied_to_message_id")?,
            has: texts("has"),
            author_types: texts("author_type"),
            pinned: flag("pinned"),
            everyone: flag("mention_everyone"),
            min_id: call.query_number("min_id").unwrap_or(0),
            max_id: call.query_number("max_id").unwrap_or(u64::MAX),
        })
    }

    fn fits(&self, world: &World, message: &Message) -> bool {
        let any =
            |wanted: &[u64], is: &dyn Fn(&u64) -> bool| wanted.is_empty() || wanted.iter().any(is);
        let text = message.content.to_lowercase();
        message.id > self.min_id
            && message.id < self.max_id
            && self.words.iter().all(|word| text.contains(word))
            && any(&self.authors, &|author| message.author == *author)
            && any(&self.mentions, &|user| message.mentions.contains(user))
            && any(&self.roles, &|role| message.mention_roles.contains(role))
            && any(&self.replied_to, &|id| message.reference == Some(*id))
            && self.pinned.is_none_or(|pinned| message.pinned == pinned)
            && self
                .everyone
                .is_none_or(|wanted| message.mention_everyone == wanted)
            && of_kinds(&self.has, |kind| has(message, kind))
            && of_kinds(&self.author_types, |kind| is_by(world, message, kind))
    }
}

/// Whether one of the kinds fits, and none that is ruled out with a `-`.
fn of_kinds(kinds: &[String], fits: impl Fn(&str) -> bool) -> bool {
    let (without, with): (Vec<&str>, Vec<&str>) = kinds
        .iter()
        .map(String::as_str)
        .partition(|kind| kind.starts_with('-'));
    (with.is_empty() || with.iter().any(|kind| fits(kind)))
        && !without.iter().any(|kind| fits(&kind[1..]))
}

fn has(message: &Message, kind: &str) -> bool {
    let file_of = |start: &str| {
        let mut files = message.attachments.iter();
        files.any(|file| {
            file["content_type"]
                .as_str()
                .is_some_and(|kind| kind.starts_with(start))
        })
    };
    match kind {
        "file" => !message.attachments.is_empty(),
        "image" => file_of("image/"),
        "sound" => file_of("audio/"),
        "video" => file_of("video/"),
        "embed" => !message.embeds.is_empty(),
        "sticker" => !message.stickers.is_empty(),
        "poll" => message.poll.is_some(),
        "snapshot" => !message.snapshots.is_empty(),
        "link" => message.content.contains("http://") || message.content.contains("https://"),
        _ => false,
    }
}

fn is_by(world: &World, message: &Message, kind: &str) -> bool {
    let bot = world
        .users
        .get(&message.author)
        .is_some_and(|user| user.bot);
    match kind {
        "webhook" => message.face.is_some(),
        "bot" => bot,
        "user" => message.face.is_none() && !bot,
        _ => false,
    }
}
