//! Channel settings, when one is made and afterwards:
//! <https://discord.com/developers/docs/resources/channel#modify-channel>.

use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{
    ApiError,
    call::body_id,
    error::FormErrors,
    guild_access::known as guild_of,
    validate::form::{Field, Kind},
};
use crate::world::{Channel, Overwrite, Record, World};

/// Channels in one category.
const MAX_IN_CATEGORY: usize = 50;

/// The types that can be made.
pub(super) const TYPES: &[i64] = &[0, 2, 4, 5, 13, 14, 15, 16];

pub(super) const CHANNEL: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("type", Kind::Choice(TYPES)).nullable(),
    Field::new("position", Kind::Int(0, i32::MAX as i64)).nullable(),
    Field::new("topic", Kind::Text(0, 4096)).nullable(),
    Field::new("bitrate", Kind::Int(8000, 384_000)).nullable(),
    Field::new("user_limit", Kind::Int(0, 10_000)).nullable(),
    Field::new("nsfw", Kind::Bool).nullable(),
    Field::new("rate_limit_per_user", Kind::Int(0, 21_600)).nullable(),
    Field::new("parent_id", Kind::Id).nullable(),
    Field::new(
        "permission_overwrites",
        Kind::List(&Kind::Object(OVERWRITE), 100),
    )
    .nullable(),
    Field::new("rtc_region", Kind::Text(0, 100)).nullable(),
    Field::new("video_quality_mode", Kind::Choice(&[1, 2])).nullable(),
    Field::new(
        "default_auto_archive_duration",
        Kind::Choice(&[60, 1440, 4320, 10_080]),
    )
    .nullable(),
    Field::new("default_reaction_emoji", Kind::Object(REACTION)).nullable(),
    Field::new("default_thread_rate_limit_per_user", Kind::Int(0, 21_600)).nullable(),
    Field::new("default_sort_order", Kind::Choice(&[0, 1])).nullable(),
    Field::new("default_forum_layout", Kind::Choice(&[0, 1, 2])).nullable(),
    Field::new("flags", Kind::Int(0, i32::MAX as i64)).nullable(),
    Field::new("available_tags", Kind::List(&Kind::Object(TAG), 20)).nullable(),
];
const OVERWRITE: &[Field] = &[
    Field::new("id", Kind::Id).required(),
    Field::new("type", Kind::Any).nullable(),
    Field::new("allow", Kind::Permissions).nullable(),
    Field::new("deny", Kind::Permissions).nullable(),
];
const REACTION: &[Field] = &[
    Field::new("emoji_id", Kind::Id).nullable(),
    Field::new("emoji_name", Kind::Text(1, 100)).nullable(),
];
const TAG: &[Field] = &[
    Field::new("id", Kind::Id).nullable(),
    Field::new("name", Kind::Text(0, 20)).required(),
    Field::new("moderated", Kind::Bool).nullable(),
    Field::new("emoji_id", Kind::Id).nullable(),
    Field::new("emoji_name", Kind::Text(1, 100)).nullable(),
];

/// The fields that only some types have, with the types.
const OF_SOME_TYPES: &[(&str, &[u8])] = &[
    ("bitrate", &[2, 13]),
    ("user_limit", &[2, 13]),
    ("rtc_region", &[2, 13]),
    ("video_quality_mode", &[2, 13]),
    ("default_auto_archive_duration", &[0, 5, 15, 16]),
    ("default_reaction_emoji", &[15, 16]),
    ("default_thread_rate_limit_per_user", &[0, 5, 15, 16]),
    ("default_sort_order", &[15, 16]),
    ("default_forum_layout", &[15]),
    ("available_tags", &[15, 16]),
];

/// Refuses what the bounds of the type do not allow.
pub(super) fn check(of: ChannelType, body: &Record) -> Result<(), ApiError> {
    let mut errors = FormErrors::default();
    let number = |key: &str| body.get(key).and_then(Value::as_i64);
    let is_forum = matches!(of, ChannelType::GuildForum | ChannelType::GuildMedia);
    if let Some(topic) = body.get("topic").and_then(Value::as_str) {
        let most = if is_forum { 4096 } else { 1024 };
        errors.length("topic", topic.chars().count(), 0, most);
    }
    let (bitrate, users) = match of {
        ChannelType::GuildStageVoice => (64_000, 10_000),
        _ => (96_000, 99),
    };
    if number("bitrate").is_some_and(|wish| wish > bitrate) {
        let message = format!("int value should be less than or equal to {bitrate}.");
        errors.add("bitrate", "NUMBER_TYPE_MAX", message);
    }
    if number("user_limit").is_some_and(|wish| wish > users) {
        let message = format!("int value should be less than or equal to {users}.");
        errors.add("user_limit", "NUMBER_TYPE_MAX", message);
    }
    errors.check()?;
    let tags = body.get("available_tags").and_then(Value::as_array);
    let mut names: Vec<_> = tags.into_iter().flatten().map(|tag| &tag["name"]).collect();
    names.sort_by_key(|name| name.to_string());
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(ApiError::tag_names_must_differ());
    }
    Ok(())
}

/// Puts a checked body into a channel; parents and overwrites have rules of their own.
pub(super) fn apply(world: &mut World, channel: &mut Channel, body: &Record) {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let number = |key: &str| body.get(key).and_then(Value::as_i64);
    if let Some(name) = text("name") {
        channel.name = as_named(channel.of(), name);
    }
    if body.contains_key("topic") && channel.of() != ChannelType::GuildCategory {
        channel.topic = text("topic")
            .filter(|topic| !topic.is_empty())
            .map(str::to_owned);
    }
    if let Some(position) = number("position") {
        channel.position = i32::try_from(position).unwrap_or(i32::MAX);
    }
    if let Some(nsfw) = body.get("nsfw") {
        channel.nsfw = nsfw == &json!(true);
    }
    if body.contains_key("rate_limit_per_user") {
        let slow = number("rate_limit_per_user").unwrap_or(0);
        channel.rate_limit_per_user = u16::try_from(slow).unwrap_or(0);
    }
    if let Some(flags) = number("flags") {
        // REQUIRE_TAG and HIDE_MEDIA_DOWNLOAD_OPTIONS; the others are Discord's to set.
        let settable = (1 << 4) | (1 << 15);
        let wished = u64::try_from(flags).unwrap_or(0) & settable;
        channel.flags = (channel.flags & !settable) | wished;
    }
    let kind = channel.type_number();
    for (key, kinds) in OF_SOME_TYPES {
        let Some(value) = body.get(*key).filter(|_| kinds.contains(&kind)) else {
            continue;
        };
        let value = match *key {
            "available_tags" => tags(world, value),
            "default_reaction_emoji" if value.is_object() => {
                json!({"emoji_id": value["emoji_id"], "emoji_name": value["emoji_name"]})
            }
            _ => value.clone(),
        };
        let may_be_null = matches!(
            *key,
            "rtc_region" | "default_reaction_emoji" | "default_sort_order"
        );
        if value.is_null() && !may_be_null {
            channel.settings.remove(*key);
        } else {
            channel.settings.insert((*key).to_owned(), value);
        }
    }
}

/// Tags with ids: known ones keep theirs.
fn tags(world: &mut World, given: &Value) -> Value {
    let tags = given.as_array().into_iter().flatten();
    tags.map(|tag| {
        let id = body_id(&tag["id"]).unwrap_or_else(|| world.snowflakes.next());
        json!({
            "id": id.to_string(),
            "name": tag["name"],
            "moderated": tag["moderated"] == true,
            "emoji_id": tag["emoji_id"],
            "emoji_name": tag["emoji_name"],
        })
    })
    .collect()
}

/// A name as Discord writes it: small letters and hyphens where people write.
fn as_named(of: ChannelType, name: &str) -> String {
    if matches!(
        of,
        ChannelType::GuildVoice | ChannelType::GuildStageVoice | ChannelType::GuildCategory
    ) || of.is_thread()
    {
        return name.to_owned();
    }
    let words: Vec<_> = name
        .split([' ', '-'])
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-").to_lowercase()
}

/// The category that a body asks for; an error if there is none, or it is full.
pub(super) fn parent(
    world: &World,
    guild: u64,
    of: ChannelType,
    wish: &Value,
) -> Result<Option<u64>, ApiError> {
    let Some(parent) = body_id(wish) else {
        return Ok(None);
    };
    let refuse = |code: &str, message: &str| Err(ApiError::form("parent_id", code, message));
    let found = world.channels.get(&parent);
    let found = found.filter(|channel| channel.guild() == Some(guild));
    if found.is_none_or(|channel| channel.of() != ChannelType::GuildCategory) {
        return refuse("CHANNEL_PARENT_INVALID", "Category does not exist");
    }
    if of == ChannelType::GuildCategory {
        let message = "Cannot have a category within a category";
        return refuse("CHANNEL_PARENT_INVALID_TYPE", message);
    }
    let inside = world.channels_of(guild);
    if inside
        .filter(|channel| channel.parent == Some(parent))
        .count()
        >= MAX_IN_CATEGORY
    {
        let message = "Maximum number of channels in category reached (50)";
        return refuse("CHANNEL_PARENT_MAX_CHANNELS", message);
    }
    Ok(Some(parent))
}

/// The overwrites of a body. Only what the bot may do itself can be allowed or denied, and only administrators may
/// touch MANAGE_ROLES; `known` ones may stay as they are.
pub(super) fn overwrites(
    world: &World,
    guild: u64,
    own: Permissions,
    wish: &Value,
    known: &[Overwrite],
) -> Result<Vec<Overwrite>, ApiError> {
    let wishes = wish.as_array().into_iter().flatten();
    let read: Vec<_> = wishes
        .map(|wish| overwrite(world, guild, wish))
        .collect::<Result<_, _>>()?;
    for overwrite in &read {
        if !known.contains(overwrite) {
            let before = known.iter().find(|before| before.id == overwrite.id);
            may_set(own, overwrite, before)?;
        }
    }
    Ok(read)
}

/// Refuses bits that the bot may not hand out.
pub(super) fn may_set(
    own: Permissions,
    overwrite: &Overwrite,
    before: Option<&Overwrite>,
) -> Result<(), ApiError> {
    let none = Permissions::empty();
    let (allow, deny) = before.map_or((none, none), |before| (before.allow, before.deny));
    let changed = (overwrite.allow ^ allow) | (overwrite.deny ^ deny);
    let administrator = own.contains(Permissions::ADMINISTRATOR);
    if administrator || (own.contains(changed) && !changed.contains(Permissions::MANAGE_ROLES)) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

fn overwrite(world: &World, guild: u64, wish: &Value) -> Result<Overwrite, ApiError> {
    let id = body_id(&wish["id"]).unwrap_or(0);
    let of_role = match &wish["type"] {
        Value::Null => guild_of(world, guild)?.roles.contains_key(&id),
        kind => kind == &json!(0) || kind == "0" || kind == "role",
    };
    let exists = if of_role {
        guild_of(world, guild)?.roles.contains_key(&id)
    } else {
        world.users.contains_key(&id)
    };
    if !exists {
        return Err(ApiError::unknown_overwrite());
    }
    let bits = |key: &str| Permissions::from_bits_truncate(body_id(&wish[key]).unwrap_or(0));
    Ok(Overwrite {
        id,
        of_role,
        allow: bits("allow"),
        deny: bits("deny"),
    })
}
