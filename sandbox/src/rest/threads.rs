//! Threads: `channels/{id}/threads…`, `…/messages/{id}/threads`, `…/thread-members…`, `guilds/{id}/threads/active`,
//! and PATCH and DELETE of a thread. <https://discord.com/developers/docs/resources/channel>.

use axum::http::StatusCode;
use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    channel_access::need,
    message_view::{json_of as message_of, visible},
    ok, send,
    validate::form::{Field, Kind, read},
};
use crate::world::{Channel, NewThread, Record, World};

/// The flag of a forum whose posts need a tag.
const REQUIRE_TAG: u64 = 1 << 4;
/// Minutes of quiet after which a thread can be archived.
pub(super) const ARCHIVE_AFTER: &[i64] = &[60, 1440, 4320, 10080];
/// Tags on a post.
pub(super) const MAX_TAGS: usize = 5;

const FROM_MESSAGE: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("auto_archive_duration", Kind::Choice(ARCHIVE_AFTER)).nullable(),
    Field::new("rate_limit_per_user", Kind::Int(0, 21_600)).nullable(),
];
const WITHOUT_MESSAGE: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("auto_archive_duration", Kind::Choice(ARCHIVE_AFTER)).nullable(),
    Field::new("rate_limit_per_user", Kind::Int(0, 21_600)).nullable(),
    Field::new("type", Kind::Choice(&[10, 11, 12])).nullable(),
    Field::new("invitable", Kind::Bool).nullable(),
];
const POST: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("auto_archive_duration", Kind::Choice(ARCHIVE_AFTER)).nullable(),
    Field::new("rate_limit_per_user", Kind::Int(0, 21_600)).nullable(),
    Field::new("applied_tags", Kind::List(&Kind::Id, MAX_TAGS)).nullable(),
    Field::new("message", Kind::Any).required(),
];

/// Starts a thread from a message.
pub(super) fn from_message(world: &mut World, call: &Call, channel: u64, message: u64) -> Answer {
    let of = match of(world, channel) {
        Some(ChannelType::GuildText) => ChannelType::PublicThread,
        Some(ChannelType::GuildAnnouncement) => ChannelType::AnnouncementThread,
        _ => return Err(ApiError::wrong_channel_type()),
    };
    need(
        world,
        channel,
        Permissions::CREATE_PUBLIC_THREADS | Permissions::READ_MESSAGE_HISTORY,
    )?;
    let known = visible(world, channel, message)?;
    if !World::is_written(known) {
        return Err(ApiError::on_a_system_message());
    }
    if world.channels.contains_key(&message) {
        return Err(ApiError::thread_exists());
    }
    let body = read(FROM_MESSAGE, &call.body)?;
    let new = new_thread(world, channel, of, &body);
    let thread = world.start_thread(new, Some(message));
    created(world.thread_json(thread))
}

/// Starts a thread without a message, or a post in a forum.
pub(super) fn start(world: &mut World, call: &Call, channel: u64) -> Answer {
    let public = Permissions::CREATE_PUBLIC_THREADS;
    let (of, permission) = match of(world, channel) {
        Some(ChannelType::GuildForum | ChannelType::GuildMedia) => {
            return start_post(world, call, channel);
        }
        Some(ChannelType::GuildAnnouncement) => (ChannelType::AnnouncementThread, public),
        Some(ChannelType::GuildText) => match call.body["type"].as_u64() {
            Some(11) => (ChannelType::PublicThread, public),
            Some(10) => return Err(ApiError::wrong_channel_type()),
            // Discord's default, for as long as there is API v10.
            _ => (
                ChannelType::PrivateThread,
                Permissions::CREATE_PRIVATE_THREADS,
            ),
        },
        _ => return Err(ApiError::wrong_channel_type()),
    };
    let body = read(WITHOUT_MESSAGE, &call.body)?;
    need(world, channel, permission)?;
    let new = new_thread(world, channel, of, &body);
    let thread = world.start_thread(new, None);
    created(world.thread_json(thread))
}

fn start_post(world: &mut World, call: &Call, forum: u64) -> Answer {
    let body = read(POST, &call.body)?;
    need(world, forum, Permissions::SEND_MESSAGES)?;
    let mut new = new_thread(world, forum, ChannelType::PublicThread, &body);
    new.applied_tags = tags(
        world,
        forum,
        &call.body["applied_tags"],
        world.application.bot,
    )?;
    let draft = send::checked(world, call, forum, &call.body["message"])?;
    let bot = world.application.bot;
    let thread = world.start_post(new, draft, bot);
    let mut json = world.thread_json(thread);
    json["message"] = message_of(world, thread, thread);
    created(json)
}

/// The tags of a post, if the forum has them, needs them, and lets this user use them.
pub(super) fn tags(
    world: &World,
    forum: u64,
    wanted: &Value,
    user: u64,
) -> Result<Vec<u64>, ApiError> {
    let Some(known) = world.channels.get(&forum) else {
        return Ok(Vec::new());
    };
    let wanted: Vec<u64> = wanted
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(super::call::body_id)
        .collect();
    let available = known.settings.get("available_tags");
    let available = available
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let moderates = world.may(user, forum, Permissions::MANAGE_THREADS);
    for tag in &wanted {
        let text = tag.to_string();
        let found = available.iter().find(|known| known["id"] == text.as_str());
        let found = found.ok_or_else(ApiError::unknown_tag)?;
        if found["moderated"] == true && !moderates {
            return Err(ApiError::missing_permissions());
        }
    }
    if wanted.is_empty() && known.flags & REQUIRE_TAG != 0 {
        return Err(ApiError::tag_required());
    }
    Ok(wanted)
}

/// A thread of the bot from a body that was read, with the parent's defaults.
pub(super) fn new_thread(world: &World, parent: u64, of: ChannelType, body: &Record) -> NewThread {
    let known = world.channels.get(&parent);
    let setting = |key: &str| known.and_then(|known| known.settings.get(key)?.as_u64());
    let number = |key: &str| body.get(key).and_then(Value::as_u64);
    let small = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    NewThread {
        parent,
        of,
        name: text("name").unwrap_or_default(),
        owner: world.application.bot,
        auto_archive_minutes: small(
            number("auto_archive_duration")
                .or_else(|| setting("default_auto_archive_duration"))
                .unwrap_or(4320),
        ),
        rate_limit_per_user: small(
            number("rate_limit_per_user")
                .or_else(|| setting("default_thread_rate_limit_per_user"))
                .unwrap_or(0),
        ),
        invitable: body.get("invitable") != Some(&json!(false)),
        applied_tags: Vec::new(),
    }
}

pub(super) fn of(world: &World, channel: u64) -> Option<ChannelType> {
    world.channels.get(&channel).map(Channel::of)
}

fn created(body: Value) -> Answer {
    Ok(Reply::Json(StatusCode::CREATED, body))
}

/// Routes below `channels/{id}/thread-members`.
pub(super) fn members(
    world: &mut World,
    call: &Call,
    method: &str,
    thread: u64,
    path: &[&str],
) -> Answer {
    let bot = world.application.bot;
    let known = world
        .channels
        .get(&thread)
        .and_then(|known| known.thread.as_ref());
    let (archived, owner) = match known {
        Some(known) => (known.archived, known.owner),
        None => return Err(ApiError::wrong_channel_type()),
    };
    let with_member = call.query_flag("with_member");
    let user = match path {
        [] => 0,
        ["@me"] => bot,
        [user] => id(user)?,
        _ => return Err(ApiError::unknown_route()),
    };
    match (method, path) {
        ("GET", []) => return list_members(world, call, thread, with_member),
        ("GET", _) => {
            let member = world.thread_member_json(thread, user, with_member);
            return member.map_or_else(|| Err(ApiError::unknown_member()), ok);
        }
        _ if archived => return Err(ApiError::thread_archived()),
        _ => {}
    }
    let private = of(world, thread) == Some(ChannelType::PrivateThread);
    match method {
        "PUT" => {
            if user != bot {
                send::need_to_send(world, thread)?;
                addable(world, thread, user)?;
            }
            world.join_thread(thread, user, bot);
        }
        "DELETE" => {
            if user != bot && !(private && owner == bot) {
                need(world, thread, Permissions::MANAGE_THREADS)?;
            }
            world.leave_thread(thread, user, bot);
        }
        _ => return Err(ApiError::method_not_allowed()),
    }
    Ok(Reply::Empty)
}

/// Refuses users that cannot be added: strangers, those who do not see the parent, and one too many.
fn addable(world: &World, thread: u64, user: u64) -> Result<(), ApiError> {
    let guild = world
        .guild_of(thread)
        .and_then(|guild| world.guilds.get(&guild));
    if guild.is_none_or(|guild| !guild.members.contains_key(&user)) {
        return Err(ApiError::unknown_member());
    }
    let known = world.channels.get(&thread);
    let parent = known.and_then(|known| known.parent).unwrap_or(thread);
    if !world.may(user, parent, Permissions::VIEW_CHANNEL) {
        return Err(ApiError::missing_access());
    }
    let members = known.and_then(|known| known.thread.as_ref());
    if members.is_some_and(|thread| thread.members.len() >= crate::world::MAX_THREAD_MEMBERS) {
        return Err(ApiError::too_many_in_thread());
    }
    Ok(())
}

fn list_members(world: &World, call: &Call, thread: u64, with_member: bool) -> Answer {
    let known = world
        .channels
        .get(&thread)
        .and_then(|known| known.thread.as_ref());
    let users = known.map(|known| known.members.keys().copied());
    let users = users.into_iter().flatten();
    let json = |user| world.thread_member_json(thread, user, with_member);
    if !with_member {
        return ok(users.filter_map(json).collect());
    }
    // Only with `with_member` does API v10 page.
    let limit = call.query_limit("limit", 100, 100)?;
    let after = call.query_number("after").unwrap_or(0);
    let page = users.filter(|user| *user > after).take(limit);
    ok(page.filter_map(json).collect())
}

/// The active threads of a guild that the bot can see.
pub(super) fn active(world: &World, guild: u64) -> Answer {
    let bot = world.application.bot;
    let mut threads = world.active_threads_of(guild, bot);
    threads.reverse();
    let mut json = listing(world, &threads);
    // All of them are there, always.
    json["has_more"] = json!(false);
    ok(json)
}

fn listing(world: &World, threads: &[u64]) -> Value {
    let bot = world.application.bot;
    let members = threads.iter();
    let members = members.filter_map(|id| world.thread_member_json(*id, bot, false));
    json!({
        "threads": threads.iter().map(|id| world.thread_json(*id)).collect::<Vec<_>>(),
        "members": members.collect::<Vec<_>>(),
    })
}

/// Which archived threads are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Archived {
    Public,
    Private,
    /// Private ones that the bot follows.
    Joined,
}

/// Lists archived threads of a channel, page by page.
pub(super) fn archived(world: &World, call: &Call, channel: u64, which: Archived) -> Answer {
    let mut needed = Permissions::READ_MESSAGE_HISTORY;
    if which == Archived::Private {
        needed |= Permissions::MANAGE_THREADS;
    }
    need(world, channel, needed)?;
    let bot = world.application.bot;
    let limit = call.query_limit("limit", 50, 100)?;
    let private = which != Archived::Public;
    let threads = world.threads_in(channel).filter(|(known, thread)| {
        thread.archived
            && (known.of() == ChannelType::PrivateThread) == private
            && (which != Archived::Joined || thread.members.contains_key(&bot))
    });
    // Joined ones go by id, the others by the time of their archiving; the newest is first.
    let mut threads: Vec<(i128, u64)> = threads
        .map(|(known, thread)| match which {
            Archived::Joined => (i128::from(known.id), known.id),
            _ => (i128::from(thread.archive_us), known.id),
        })
        .collect();
    threads.sort_unstable_by(|one, other| other.cmp(one));
    let before = match call.query.get("before") {
        None => i128::MAX,
        Some(text) if which == Archived::Joined => i128::from(id(text)?),
        Some(text) => i128::from(super::call::query_time("before", text)?),
    };
    threads.retain(|(at, _)| *at < before);
    let has_more = threads.len() > limit;
    let page: Vec<_> = threads.into_iter().take(limit).map(|(_, id)| id).collect();
    let mut json = listing(world, &page);
    json["has_more"] = json!(has_more);
    ok(json)
}
