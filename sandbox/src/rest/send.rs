//! `POST channels/{id}/messages`: new messages, replies and forwards.
//! <https://discord.com/developers/docs/resources/message#create-message>.

use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{
    Answer, ApiError,
    call::{Call, body_id},
    channel_access::need,
    message_view::answer,
    ok, validate,
};
use crate::world::{Channel, ChannelKind, Collection, Draft, Message, World};

/// The flags that a bot may set on a new message.
const SETTABLE: u64 = 1 << 2 | 1 << 12 | VOICE_MESSAGE | 1 << 15;
const VOICE_MESSAGE: u64 = 1 << 13;
/// Stickers in one message.
const MAX_STICKERS: usize = 3;
/// The flag of forwards.
const HAS_SNAPSHOT: u64 = 1 << 14;

/// Sends a message of the bot.
pub(super) fn create(world: &mut World, call: &Call, channel: u64) -> Answer {
    need_to_send(world, channel)?;
    let bot = world.application.bot;
    let draft = if call.body["message_reference"]["type"] == 1 {
        forward(world, call, channel)?
    } else {
        let mut draft = checked(world, call, channel, &call.body)?;
        draft.reference = reply(world, channel, &call.body)?;
        draft
    };
    if let Some(same) = same_nonce(world, channel, &draft) {
        return ok(world.message_json(same));
    }
    let message = world.post(channel, bot, draft);
    answer(world, channel, message)
}

/// A checked draft of a bot's message from a body: what it says, and what it needs permissions for.
pub(super) fn checked(
    world: &mut World,
    call: &Call,
    channel: u64,
    body: &Value,
) -> Result<Draft, ApiError> {
    let mut draft = validate::message(world, channel, body, &call.files)?;
    draft.flags = draft.flags.map(|flags| flags & SETTABLE);
    draft.stickers = stickers(world, channel, body)?;
    voice(world, channel, body, &draft)?;
    validate::not_empty(&draft)?;
    let full = |list: &Option<Vec<Value>>| list.as_ref().is_some_and(|list| !list.is_empty());
    for (used, permission) in [
        (!call.files.is_empty(), Permissions::ATTACH_FILES),
        (full(&draft.embeds), Permissions::EMBED_LINKS),
        (draft.poll.is_some(), Permissions::SEND_POLLS),
        (draft.tts, Permissions::SEND_TTS_MESSAGES),
    ] {
        if used
            && (world.guild_of(channel).is_some() || permission != Permissions::SEND_TTS_MESSAGES)
        {
            need(world, channel, permission)?;
        }
    }
    Ok(draft)
}

/// Refuses to send where the bot cannot: no permission, no text channel, no way to the user.
pub(super) fn need_to_send(world: &World, channel: u64) -> Result<(), ApiError> {
    need(world, channel, Permissions::VIEW_CHANNEL)?;
    let known = world.channels.get(&channel);
    match known.map(Channel::of) {
        Some(ChannelType::GuildForum | ChannelType::GuildMedia) => {
            return Err(ApiError::cannot_send_in_forum());
        }
        Some(ChannelType::GuildCategory) => return Err(ApiError::no_text_channel()),
        _ => {}
    }
    let bot = world.application.bot;
    if !world.may_send(bot, channel) {
        return Err(ApiError::missing_permissions());
    }
    // An archived thread comes back by itself, a locked one does not.
    let locked = known.and_then(|known| known.thread.as_ref());
    if locked.is_some_and(|thread| thread.locked)
        && !world.may(bot, channel, Permissions::MANAGE_THREADS)
    {
        return Err(ApiError::thread_locked());
    }
    if let Some(ChannelKind::Direct { user }) = world.channels.get(&channel).map(|known| known.kind)
    {
        let shared = world
            .bot_guilds()
            .any(|guild| guild.members.contains_key(&user));
        if world.refuses_messages.contains(&user) {
            return Err(ApiError::cannot_message_user());
        } else if !shared {
            return Err(ApiError::no_mutual_guilds());
        }
    }
    Ok(())
}

/// Refuses what cannot be done in a thread that is archived.
pub(super) fn need_active(world: &World, channel: u64) -> Result<(), ApiError> {
    let thread = world
        .channels
        .get(&channel)
        .and_then(|known| known.thread.as_ref());
    if thread.is_some_and(|thread| thread.archived) {
        Err(ApiError::thread_archived())
    } else {
        Ok(())
    }
}

/// The bot's recent message with the same nonce, if the draft insists on one message for each.
fn same_nonce<'a>(world: &'a World, channel: u64, draft: &Draft) -> Option<&'a Message> {
    let nonce = draft.nonce.as_ref().filter(|_| draft.enforce_nonce)?;
    let newest = world.channels.get(&channel)?.messages.values().rev();
    let newest = newest.map(Box::as_ref);
    newest.take(100).find(|message| {
        message.author == world.application.bot && message.nonce.as_ref() == Some(nonce)
    })
}

/// The message that a new one replies to.
fn reply(world: &World, channel: u64, body: &Value) -> Result<Option<u64>, ApiError> {
    let reference = &body["message_reference"];
    let Some(message) = body_id(&reference["message_id"]) else {
        return Ok(None);
    };
    let wrong = |code: &str, text: &str| Err(ApiError::form("message_reference", code, text));
    if body_id(&reference["channel_id"]).is_some_and(|other| other != channel) {
        let text = "Cannot reply to a message in a different channel";
        return wrong("REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", text);
    }
    let known = world
        .message(channel, message)
        .filter(|message| message.ephemeral_for.is_none());
    match known {
        Some(known) if !World::is_written(known) => wrong(
            "REPLIES_CANNOT_REFERENCE_SYSTEM_MESSAGE",
            "Cannot reply to a system message",
        ),
        Some(_)
            if !world.may(
                world.application.bot,
                channel,
                Permissions::READ_MESSAGE_HISTORY,
            ) =>
        {
            Err(ApiError::cannot_reply())
        }
        Some(_) => Ok(Some(message)),
        None if reference["fail_if_not_exists"] == json!(false) => Ok(None),
        None => wrong("MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message"),
    }
}

/// A draft that forwards a message:
/// <https://discord.com/developers/docs/resources/message#message-reference-types>.
fn forward(world: &World, call: &Call, channel: u64) -> Result<Draft, ApiError> {
    let body = &call.body;
    let reference = &body["message_reference"];
    let filled = |key: &&str| match &body[*key] {
        Value::Array(list) => !list.is_empty(),
        Value::String(text) => !text.is_empty(),
        other => !other.is_null(),
    };
    let more = [
        "content",
        "embeds",
        "components",
        "sticker_ids",
        "attachments",
        "poll",
    ];
    if !call.files.is_empty() || more.iter().any(filled) {
        return Err(ApiError::forward_with_content());
    }
    let required = |key: &str| {
        body_id(&reference[key]).ok_or_else(|| {
            let at = format!("message_reference.{key}");
            ApiError::form(&at, "BASE_TYPE_REQUIRED", "This field is required")
        })
    };
    let (from, id) = (required("channel_id")?, required("message_id")?);
    let bot = world.application.bot;
    if !world.may(bot, from, Permissions::VIEW_CHANNEL) {
        return Err(ApiError::missing_access());
    }
    if !world.may(bot, from, Permissions::READ_MESSAGE_HISTORY) {
        return Err(ApiError::cannot_reference());
    }
    let unknown = || {
        let code = "MESSAGE_REFERENCE_UNKNOWN_MESSAGE";
        ApiError::form("message_reference", code, "Unknown message")
    };
    let known = world
        .message(from, id)
        .filter(|known| known.ephemeral_for.is_none());
    let known = known.ok_or_else(unknown)?;
    if !World::is_written(known) || known.poll.is_some() {
        return Err(ApiError::cannot_forward());
    }
    if !world.bot_reads(known) {
        return Err(ApiError::cannot_forward_unread());
    }
    let is_nsfw = |id| world.channels.get(&id).is_some_and(|known| known.nsfw);
    if is_nsfw(from) && !is_nsfw(channel) {
        return Err(ApiError::cannot_reference_nsfw());
    }
    let mut place =
        json!({"type": 1, "channel_id": from.to_string(), "message_id": id.to_string()});
    world.add_guild_id(&mut place, from);
    // A forward of a forward carries the first one's snapshot: they nest no deeper.
    let snapshots = if known.snapshots.is_empty() {
        vec![json!({"message": world.snapshot(known)})]
    } else {
        known.snapshots.clone()
    };
    Ok(Draft {
        place: Some(place),
        snapshots,
        flags: Some(HAS_SNAPSHOT | (body["flags"].as_u64().unwrap_or(0) & 1 << 12)),
        nonce: body.get("nonce").filter(|nonce| !nonce.is_null()).cloned(),
        enforce_nonce: body["enforce_nonce"] == true,
        ..Draft::default()
    })
}

/// The stickers that a message is to show: of this guild, or of another one that the bot is in, with the permission.
fn stickers(world: &World, channel: u64, body: &Value) -> Result<Vec<Value>, ApiError> {
    let ids = body["sticker_ids"].as_array().map(Vec::as_slice);
    let ids = ids.unwrap_or_default();
    if ids.len() > MAX_STICKERS {
        let message = format!("Must be {MAX_STICKERS} or fewer in length.");
        return Err(ApiError::form(
            "sticker_ids",
            "BASE_TYPE_MAX_LENGTH",
            message,
        ));
    }
    let here = world.guild_of(channel);
    let found = ids.iter().map(|sticker| {
        let known =
            body_id(sticker).and_then(|id| world.shelved_anywhere(Collection::Stickers, id));
        let known = known.filter(|(guild, _)| world.bot_guilds().any(|own| own.id == *guild));
        let (guild, record) = known.ok_or_else(ApiError::invalid_sticker)?;
        if here.is_some_and(|here| here != guild) {
            need(world, channel, Permissions::USE_EXTERNAL_STICKERS)?;
        }
        let item = ["id", "name", "format_type"].map(|key| (key.to_owned(), record[key].clone()));
        Ok(Value::Object(item.into_iter().collect()))
    });
    found.collect()
}

/// Checks a voice message: one audio file with its length and waveform, and nothing else.
/// <https://discord.com/developers/docs/resources/message#message-reference-content-attribution-voice-messages>.
fn voice(world: &World, channel: u64, body: &Value, draft: &Draft) -> Result<(), ApiError> {
    if draft.flags.unwrap_or(0) & VOICE_MESSAGE == 0 {
        return Ok(());
    }
    let full = |list: &Option<Vec<Value>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let texts = draft.content.as_ref().is_some_and(|text| !text.is_empty());
    if texts || full(&draft.embeds) || full(&draft.components) || draft.poll.is_some() {
        return Err(ApiError::voice_with_content());
    }
    let files = draft.attachments.as_deref().unwrap_or_default();
    let is_audio = |file: &Value| {
        let kind = file["content_type"].as_str();
        kind.is_some_and(|kind| kind.starts_with("audio/"))
    };
    match files {
        [file] if is_audio(file) => {}
        _ => return Err(ApiError::voice_needs_audio()),
    }
    let told = &body["attachments"][0];
    if !told["duration_secs"].is_number() || !told["waveform"].is_string() {
        return Err(ApiError::voice_needs_metadata());
    }
    if world.may(
        world.application.bot,
        channel,
        Permissions::SEND_VOICE_MESSAGES,
    ) {
        Ok(())
    } else {
        Err(ApiError::no_voice_here())
    }
}
