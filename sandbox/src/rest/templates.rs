//! `guilds/{id}/templates` and `guilds/templates/{code}`:
//! <https://discord.com/developers/docs/resources/guild-template>.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{
    Answer, ApiError,
    call::Call,
    guild_access::{known, known_mut, need},
    ok,
    validate::form::{Field, Kind, read, read_patch},
};
use crate::world::{Channel, Record, Role, World, fields, snowflake::iso};

const TEMPLATE: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("description", Kind::Text(0, 120)).nullable(),
];

/// Answers `GET guilds/templates/{code}`.
pub(super) fn by_code(world: &World, code: &str) -> Answer {
    let templates = world
        .guilds
        .values()
        .filter_map(|guild| guild.template.as_ref());
    let mut named = templates.filter(|template| template["code"] == code);
    let template = named.next().ok_or_else(ApiError::unknown_template)?;
    ok(Value::Object(template.clone()))
}

/// Routes below `guilds/{id}/templates`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    need(world, guild, Permissions::MANAGE_GUILD)?;
    let stored = known(world, guild)?.template.clone();
    if path.is_empty() {
        return match method {
            "GET" => ok(stored.into_iter().map(Value::Object).collect()),
            "POST" if stored.is_some() => Err(ApiError::has_a_template()),
            "POST" => create(world, call, guild),
            _ => Err(ApiError::method_not_allowed()),
        };
    }
    let [code] = path else {
        return Err(ApiError::unknown_route());
    };
    let template = stored.filter(|template| template["code"] == *code);
    let mut template = template.ok_or_else(ApiError::unknown_template)?;
    match method {
        "PUT" => {
            template.insert(
                "serialized_source_guild".to_owned(),
                snapshot(world, guild)?,
            );
            template.insert("is_dirty".to_owned(), Value::Null);
        }
        "PATCH" => template.extend(read_patch(TEMPLATE, &call.body)?),
        "DELETE" => {
            known_mut(world, guild)?.template = None;
            return ok(Value::Object(template));
        }
        _ => return Err(ApiError::method_not_allowed()),
    }
    template.insert("updated_at".to_owned(), json!(iso(world.clock.now_us())));
    known_mut(world, guild)?.template = Some(template.clone());
    ok(Value::Object(template))
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    let body = read(TEMPLATE, &call.body)?;
    let bot = world.application.bot;
    let now = iso(world.clock.now_us());
    let mut template: Record = fields(json!({
        "code": format!("{:x}", world.snowflakes.next()),
        "description": null,
        "usage_count": 0,
        "creator_id": bot.to_string(),
        "creator": world.user_json(bot),
        "created_at": now,
        "updated_at": now,
        "source_guild_id": guild.to_string(),
        "serialized_source_guild": snapshot(world, guild)?,
        "is_dirty": null,
    }));
    template.extend(body);
    known_mut(world, guild)?.template = Some(template.clone());
    ok(Value::Object(template))
}

/// The guild as a template keeps it: ids are small numbers, in the order of the guild's own.
fn snapshot(world: &World, guild: u64) -> Result<Value, ApiError> {
    let known = known(world, guild)?;
    let all = world.guild_json(known);
    let roles: BTreeMap<u64, usize> = known.roles.keys().copied().zip(0..).collect();
    let channels: Vec<_> = world.channels_of(guild).collect();
    let numbers = channels.iter().map(|channel| channel.id).zip(1..);
    let numbers: BTreeMap<u64, usize> = numbers.collect();
    let mut json = json!({
        "roles": known.roles.values().map(|role| role_json(role, roles[&role.id])).collect::<Vec<_>>(),
        "channels": channels.iter().map(|channel| channel_json(channel, &numbers, &roles)).collect::<Vec<_>>(),
    });
    for key in [
        "name",
        "description",
        "region",
        "verification_level",
        "default_message_notifications",
        "explicit_content_filter",
        "preferred_locale",
        "afk_timeout",
        "system_channel_flags",
    ] {
        json[key] = all[key].clone();
    }
    for key in ["afk_channel_id", "system_channel_id"] {
        let channel = all[key].as_str().and_then(|id| id.parse().ok());
        let number = channel.and_then(|id: u64| numbers.get(&id));
        json[key] = json!(number.map(usize::to_string));
    }
    Ok(json)
}

fn role_json(role: &Role, number: usize) -> Value {
    let mut json = json!({"id": number, "icon": null, "unicode_emoji": null});
    let all = role.json();
    for key in [
        "name",
        "permissions",
        "color",
        "colors",
        "hoist",
        "mentionable",
    ] {
        json[key] = all[key].clone();
    }
    json
}

/// Templates know no types that need a community. What becomes of these is not documented; here the nearest kind.
fn plain_type(channel: &Channel) -> u8 {
    match channel.of() {
        ChannelType::GuildAnnouncement => ChannelType::GuildText.into(),
        ChannelType::GuildStageVoice => ChannelType::GuildVoice.into(),
        ChannelType::GuildMedia => ChannelType::GuildForum.into(),
        other => other.into(),
    }
}

fn channel_json(
    channel: &Channel,
    numbers: &BTreeMap<u64, usize>,
    roles: &BTreeMap<u64, usize>,
) -> Value {
    let setting = |key: &str| channel.settings.get(key).cloned().unwrap_or_default();
    let of_roles = channel
        .overwrites
        .iter()
        .filter(|overwrite| overwrite.of_role);
    let overwrites = of_roles.filter_map(|overwrite| {
        let mut json = overwrite.json();
        json["id"] = json!(roles.get(&overwrite.id)?.to_string());
        Some(json)
    });
    json!({
        "id": numbers[&channel.id],
        "type": plain_type(channel),
        "name": channel.name,
        "position": channel.position,
        "topic": channel.topic,
        "bitrate": setting("bitrate").as_u64().unwrap_or(64_000),
        "user_limit": setting("user_limit").as_u64().unwrap_or(0),
        "nsfw": channel.nsfw,
        "rate_limit_per_user": channel.rate_limit_per_user,
        "parent_id": channel.parent.and_then(|id| numbers.get(&id)).map(usize::to_string),
        "default_auto_archive_duration": setting("default_auto_archive_duration"),
        "permission_overwrites": overwrites.collect::<Vec<_>>(),
        "available_tags": setting("available_tags"),
        "template": "",
        "default_reaction_emoji": setting("default_reaction_emoji"),
        "default_thread_rate_limit_per_user": setting("default_thread_rate_limit_per_user"),
        "default_sort_order": setting("default_sort_order"),
        "default_forum_layout": setting("default_forum_layout"),
        "default_tag_setting": null,
        "theme_color": null,
    })
}
