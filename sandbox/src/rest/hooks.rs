//! Webhooks of channels: `channels/{id}/webhooks`, `guilds/{id}/webhooks`, `webhooks/{id}[/{token}]`.
//! What they post is in [`super::execute`]. <https://discord.com/developers/docs/resources/webhook>.

use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::{Permissions, audit_log::AuditLogEventType},
};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id},
    channel_access::need,
    error::FormErrors,
    execute, guild_access, ok,
    reserved_name::check_name,
    threads,
    validate::form::{Field, Kind, read, read_patch},
};
use crate::world::{Record, Webhook, WebhookKind, World};

/// Webhooks of a channel.
const MAX_WEBHOOKS: usize = 15;
/// KiB of a picture.
const MAX_PICTURE: usize = 10_240;

const CREATE: &[Field] = &[
    Field::new("name", Kind::Text(1, 80)).required(),
    Field::new("avatar", Kind::Image(MAX_PICTURE)).nullable(),
];
const MODIFY: &[Field] = &[
    Field::new("name", Kind::Text(1, 80)),
    Field::new("avatar", Kind::Image(MAX_PICTURE)).nullable(),
    Field::new("channel_id", Kind::Id).nullable(),
];

/// `channels/{id}/webhooks`.
pub(super) fn of_channel(world: &mut World, call: &Call, method: &str, channel: u64) -> Answer {
    need(world, channel, Permissions::MANAGE_WEBHOOKS)?;
    match method {
        "GET" => ok(list(world, |webhook| webhook.channel == channel)),
        "POST" => create(world, call, channel),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// `guilds/{id}/webhooks`.
pub(super) fn of_guild(world: &World, guild: u64) -> Answer {
    guild_access::need(world, guild, Permissions::MANAGE_WEBHOOKS)?;
    ok(list(world, |webhook| {
        world.guild_of(webhook.channel) == Some(guild)
    }))
}

fn list(world: &World, fits: impl Fn(&Webhook) -> bool) -> Value {
    let webhooks = world.webhooks.values().filter(|webhook| fits(webhook));
    webhooks.map(|webhook| webhook.json(world, true)).collect()
}

fn checked(body: Record) -> Result<Record, ApiError> {
    let mut errors = FormErrors::default();
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        check_name(name, "name", &mut errors);
    }
    errors.check().map(|()| body)
}

/// Refuses channels that cannot have webhooks: threads and categories.
pub(super) fn takes_webhooks(world: &World, channel: u64) -> Result<(), ApiError> {
    let of = threads::of(world, channel).ok_or_else(ApiError::unknown_channel)?;
    if of.is_thread() || matches!(of, ChannelType::GuildCategory | ChannelType::Private) {
        return Err(ApiError::wrong_channel_type());
    }
    let held = world
        .webhooks
        .values()
        .filter(|known| known.channel == channel);
    if held.count() >= MAX_WEBHOOKS {
        return Err(ApiError::too_many_webhooks());
    }
    Ok(())
}

fn create(world: &mut World, call: &Call, channel: u64) -> Answer {
    let body = checked(read(CREATE, &call.body)?)?;
    takes_webhooks(world, channel)?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    let avatar = body.get("avatar").and_then(Value::as_str).map(picture);
    let (bot, application) = (world.application.bot, world.application.id);
    let kind = WebhookKind::Incoming;
    let id = world.make_webhook(kind, channel, name, avatar, bot, Some(application));
    world.tell_webhooks(channel);
    note(world, call, channel, AuditLogEventType::WebhookCreate, id);
    ok(json_of(world, id, true))
}

/// `webhooks/{id}`, for the bot.
pub(super) fn owned(world: &mut World, call: &Call, method: &str, id: u64) -> Answer {
    let known = world
        .webhooks
        .get(&id)
        .ok_or_else(ApiError::unknown_webhook)?;
    let (channel, owned) = (
        known.channel,
        known.application == Some(world.application.id),
    );
    if !(owned && method == "GET") {
        need(world, channel, Permissions::MANAGE_WEBHOOKS)?;
    }
    match method {
        "GET" => ok(json_of(world, id, true)),
        "PATCH" => {
            let body = checked(read_patch(MODIFY, &call.body)?)?;
            if let Some(target) = body.get("channel_id").and_then(body_id) {
                need(world, target, Permissions::MANAGE_WEBHOOKS)?;
                if world.guild_of(target) != world.guild_of(channel) {
                    return Err(ApiError::unknown_channel());
                }
                takes_webhooks(world, target)?;
            }
            change(world, id, &body);
            note(world, call, channel, AuditLogEventType::WebhookUpdate, id);
            ok(json_of(world, id, true))
        }
        "DELETE" => {
            delete(world, id);
            note(world, call, channel, AuditLogEventType::WebhookDelete, id);
            Ok(Reply::Empty)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// `webhooks/{id}/{token}`, for everybody who has the token.
pub(super) fn by_token(
    world: &mut World,
    call: &Call,
    method: &str,
    id: u64,
    token: &str,
    path: &[&str],
) -> Answer {
    let known = world
        .webhooks
        .get(&id)
        .ok_or_else(ApiError::unknown_webhook)?;
    if known.token != token || known.kind != WebhookKind::Incoming {
        return Err(ApiError::invalid_webhook_token());
    }
    let known = known.clone();
    match (method, path) {
        ("GET", []) => ok(json_of(world, id, false)),
        ("PATCH", []) => {
            let body = checked(read_patch(&MODIFY[..2], &call.body)?)?;
            change(world, id, &body);
            ok(json_of(world, id, false))
        }
        ("DELETE", []) => {
            delete(world, id);
            Ok(Reply::Empty)
        }
        (method, path) => execute::route(world, call, method, &known, path),
    }
}

fn change(world: &mut World, id: u64, body: &Record) {
    let Some(known) = world.webhooks.get_mut(&id) else {
        return;
    };
    let before = known.channel;
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        known.name = name.to_owned();
    }
    if let Some(avatar) = body.get("avatar") {
        known.avatar = avatar.as_str().map(picture);
    }
    if let Some(channel) = body.get("channel_id").and_then(body_id) {
        known.channel = channel;
    }
    let after = known.channel;
    world.tell_webhooks(before);
    if after != before {
        world.tell_webhooks(after);
    }
}

fn delete(world: &mut World, id: u64) {
    if let Some(gone) = world.webhooks.remove(&id) {
        world.tell_webhooks(gone.channel);
    }
}

fn note(world: &mut World, call: &Call, channel: u64, action: AuditLogEventType, id: u64) {
    if let Some(guild) = world.guild_of(channel) {
        let (bot, reason) = (world.application.bot, call.reason.as_deref());
        world.audit(guild, bot, action, Some(id), Vec::new(), reason);
    }
}

fn json_of(world: &World, id: u64, with_user: bool) -> Value {
    let known = world.webhooks.get(&id);
    known.map_or(json!(null), |known| known.json(world, with_user))
}

/// The hash by which Discord names a picture; the sandbox serves none, so it only has to differ.
pub(super) fn picture(data: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, data).hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}
