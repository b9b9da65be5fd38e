//! Routes of the guild itself: its settings, preview, widget, incident actions, integrations.

use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::{Permissions, audit_log::AuditLogEventType},
    util::Timestamp,
};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id},
    error::FormErrors,
    guild_access::{known, known_mut, need, own_permissions},
    ok,
    validate::form::{Field, Kind, read_patch},
};
use crate::world::{Event, Guild, Record, World, changes, fields};

/// How far ahead invites and direct messages can be stopped: a day.
const MOST_AHEAD_US: i64 = 24 * 3600 * 1_000_000;

const GUILD: &[Field] = &[
    Field::new("name", Kind::Text(2, 100)),
    Field::new("description", Kind::Text(0, 300)).nullable(),
    Field::new("icon", Kind::Image(10_240)).nullable(),
    Field::new("splash", Kind::Image(10_240)).nullable(),
    Field::new("banner", Kind::Image(10_240)).nullable(),
    Field::new("discovery_splash", Kind::Image(10_240)).nullable(),
    Field::new("verification_level", Kind::Choice(&[0, 1, 2, 3, 4])).nullable(),
    Field::new("default_message_notifications", Kind::Choice(&[0, 1])).nullable(),
    Field::new("explicit_content_filter", Kind::Choice(&[0, 1, 2])).nullable(),
    Field::new("preferred_locale", Kind::Text(2, 10)).nullable(),
    Field::new("afk_timeout", Kind::Choice(&[60, 300, 900, 1800, 3600])),
    Field::new("afk_channel_id", Kind::Id).nullable(),
    Field::new("system_channel_id", Kind::Id).nullable(),
    Field::new("system_channel_flags", Kind::Int(0, 0xff)).nullable(),
    Field::new("rules_channel_id", Kind::Id).nullable(),
    Field::new("public_updates_channel_id", Kind::Id).nullable(),
    Field::new("safety_alerts_channel_id", Kind::Id).nullable(),
    Field::new("features", Kind::List(&Kind::Text(1, 100), 1521)).nullable(),
    Field::new("premium_progress_bar_enabled", Kind::Bool).nullable(),
];
const WIDGET: &[Field] = &[
    Field::new("enabled", Kind::Bool),
    Field::new("channel_id", Kind::Id).nullable(),
];
const INCIDENTS: &[Field] = &[
    Field::new("invites_disabled_until", Kind::Time).nullable(),
    Field::new("dms_disabled_until", Kind::Time).nullable(),
];

/// The features that bots can add and remove.
const MUTABLE_FEATURES: &[&str] = &[
    "COMMUNITY",
    "DISCOVERABLE",
    "INVITES_DISABLED",
    "RAID_ALERTS_DISABLED",
];

/// Answers `GET guilds/{id}`.
pub(super) fn get(world: &World, call: &Call, guild: &Guild) -> Answer {
    let mut json = world.guild_json(guild);
    if call.query_flag("with_counts") {
        json["approximate_member_count"] = json!(guild.members.len());
        json["approximate_presence_count"] = json!(guild.members.len());
    }
    ok(json)
}

/// Answers `PATCH guilds/{id}`.
pub(super) fn patch(world: &mut World, call: &Call, guild: u64) -> Answer {
    need(world, guild, Permissions::MANAGE_GUILD)?;
    let mut body = read_patch(GUILD, &call.body)?;
    check_channels(world, guild, &body)?;
    check_features(world, guild, &mut body)?;
    for key in ["icon", "splash", "banner", "discovery_splash"] {
        let Some(image) = body.get_mut(key).filter(|image| image.is_string()) else {
            continue;
        };
        if key != "icon" {
            return Err(ApiError::needs_boosts());
        }
        let id = world.snowflakes.next();
        world.keep_picture(id, image.as_str().unwrap_or_default());
        *image = json!(format!("{id:032x}"));
    }
    for key in [
        "verification_level",
        "default_message_notifications",
        "explicit_content_filter",
        "system_channel_flags",
    ] {
        if body.get(key).is_some_and(Value::is_null) {
            body.insert(key.to_owned(), json!(0));
        }
    }
    if body.get("preferred_locale").is_some_and(Value::is_null) {
        body.insert("preferred_locale".to_owned(), json!("en-US"));
    }
    amend(world, call, guild, body)?;
    ok(world.guild_json(known(world, guild)?))
}

/// Takes settings over, tells GUILD_UPDATE and notes what has changed.
fn amend(world: &mut World, call: &Call, guild: u64, body: Record) -> Result<(), ApiError> {
    let before = fields(world.guild_json(known(world, guild)?));
    let known_guild = known_mut(world, guild)?;
    for (key, value) in body {
        if key == "name" {
            known_guild.name = value.as_str().unwrap_or_default().to_owned();
        } else {
            known_guild.settings.insert(key, value);
        }
    }
    let json = world.guild_json(known(world, guild)?);
    let differences = changes(&before, &fields(json.clone()));
    if !differences.is_empty() {
        world
            .outbox
            .push(Event::of_guild("GUILD_UPDATE", guild, json));
        let (bot, action) = (world.application.bot, AuditLogEventType::GuildUpdate);
        let reason = call.reason.as_deref();
        world.audit(guild, bot, action, Some(guild), differences, reason);
    }
    Ok(())
}

fn check_channels(world: &World, guild: u64, body: &Record) -> Result<(), ApiError> {
    let mut errors = FormErrors::default();
    for (key, of) in [
        ("afk_channel_id", ChannelType::GuildVoice),
        ("system_channel_id", ChannelType::GuildText),
        ("rules_channel_id", ChannelType::GuildText),
        ("public_updates_channel_id", ChannelType::GuildText),
        ("safety_alerts_channel_id", ChannelType::GuildText),
    ] {
        let Some(channel) = body.get(key).and_then(body_id) else {
            continue;
        };
        let found = world.channels.get(&channel);
        if found.is_none_or(|channel| channel.guild() != Some(guild) || channel.of() != of) {
            errors.add(key, "CHANNEL_INVALID", "The channel is invalid.");
        }
    }
    errors.check()
}

/// Only some features are the members' to change, and COMMUNITY needs an administrator, rules and updates.
fn check_features(world: &World, guild: u64, body: &mut Record) -> Result<(), ApiError> {
    let Some(Value::Array(wished)) = body.get("features") else {
        body.remove("features");
        return Ok(());
    };
    let known = known(world, guild)?;
    let before = known.settings.get("features").and_then(Value::as_array);
    let before = before.cloned().unwrap_or_default();
    let differing = |feature: &&Value| before.contains(feature) != wished.contains(feature);
    let mut changed = before.iter().chain(wished).filter(differing);
    let is_mutable = |feature: &Value| MUTABLE_FEATURES.iter().any(|known| feature == known);
    if !changed.clone().all(is_mutable) {
        let message = "Features that are not mutable cannot be changed.";
        return Err(ApiError::form(
            "features",
            "GUILD_FEATURES_IMMUTABLE",
            message,
        ));
    }
    if !changed.any(|feature| feature == "COMMUNITY") {
        return Ok(());
    }
    if !own_permissions(world, guild)?.contains(Permissions::ADMINISTRATOR) {
        return Err(ApiError::missing_permissions());
    }
    let mut errors = FormErrors::default();
    if wished.iter().any(|feature| feature == "COMMUNITY") {
        for key in ["rules_channel_id", "public_updates_channel_id"] {
            let set = body.get(key).or_else(|| known.settings.get(key));
            if set.is_none_or(Value::is_null) {
                errors.required(key);
            }
        }
    }
    errors.check()
}

/// Answers `GET guilds/{id}/preview`.
pub(super) fn preview(world: &World, guild: u64) -> Answer {
    let known = known(world, guild)?;
    let all = world.guild_json(known);
    let mut preview = json!({
        "approximate_member_count": known.members.len(),
        "approximate_presence_count": known.members.len(),
    });
    for key in [
        "id",
        "name",
        "icon",
        "description",
        "home_header",
        "splash",
        "discovery_splash",
        "features",
        "emojis",
        "stickers",
    ] {
        preview[key] = all[key].clone();
    }
    ok(preview)
}

/// Answers `GET` and `PATCH guilds/{id}/widget`.
pub(super) fn widget(world: &mut World, call: &Call, method: &str, guild: u64) -> Answer {
    need(world, guild, Permissions::MANAGE_GUILD)?;
    if method == "PATCH" {
        let body = read_patch(WIDGET, &call.body)?;
        let channel = body.get("channel_id").and_then(body_id);
        if channel.is_some_and(|channel| world.guild_of(channel) != Some(guild)) {
            return Err(ApiError::unknown_channel());
        }
        let settings = body.into_iter();
        let settings = settings.map(|(key, value)| (format!("widget_{key}"), value));
        let settings = settings.collect();
        amend(world, call, guild, settings)?;
    }
    let json = world.guild_json(known(world, guild)?);
    ok(json!({"enabled": json["widget_enabled"], "channel_id": json["widget_channel_id"]}))
}

/// Answers `GET guilds/{id}/widget.json`: open to everybody, if it is on.
pub(super) fn widget_json(world: &World, guild: u64) -> Answer {
    let known = known(world, guild)?;
    if known.settings.get("widget_enabled") != Some(&json!(true)) {
        return Err(ApiError::widget_disabled());
    }
    let open = |channel: &&crate::world::Channel| {
        let everyone = channel
            .overwrites
            .iter()
            .find(|overwrite| overwrite.id == guild);
        let denied = everyone.is_some_and(|of| of.deny.contains(Permissions::VIEW_CHANNEL));
        channel.of() == ChannelType::GuildVoice && !denied
    };
    let channels = world.channels_of(guild).filter(open).map(|channel| {
        json!({"id": channel.id.to_string(), "name": channel.name, "position": channel.position})
    });
    let to = known.settings.get("widget_channel_id").and_then(body_id);
    let mut invites = world.invites.values();
    let invite =
        invites.find(|invite| Some(invite.channel) == to && invite.is_alive(world.clock.now_us()));
    ok(json!({
        "id": guild.to_string(),
        "name": known.name,
        "instant_invite": invite.map(|invite| format!("https://discord.com/invite/{}", invite.code)),
        "channels": channels.collect::<Vec<_>>(),
        "members": [],
        "presence_count": known.members.len(),
    }))
}

/// Answers `PUT guilds/{id}/incident-actions`.
pub(super) fn incidents(world: &mut World, call: &Call, guild: u64) -> Answer {
    need(world, guild, Permissions::MANAGE_GUILD)?;
    let body = read_patch(INCIDENTS, &call.body)?;
    let mut errors = FormErrors::default();
    for (key, value) in &body {
        let until = value.as_str().and_then(|text| Timestamp::parse(text).ok());
        if until.is_some_and(|until| until.as_micros() > world.clock.now_us() + MOST_AHEAD_US) {
            let message = "Cannot be more than 24 hours into the future.";
            errors.add(key, "INCIDENT_ACTIONS_TOO_FAR_AHEAD", message);
        }
    }
    errors.check()?;
    let before = known(world, guild)?.settings.get("incidents_data").cloned();
    let mut incidents = fields(json!({"invites_disabled_until": null, "dms_disabled_until": null}));
    incidents.extend(fields(before.unwrap_or_default()));
    incidents.extend(body);
    let incidents = Value::Object(incidents);
    let settings = fields(json!({"incidents_data": incidents}));
    amend(world, call, guild, settings)?;
    ok(incidents)
}

/// Answers `GET guilds/{id}/vanity-url`.
pub(super) fn vanity(world: &World, guild: u64) -> Answer {
    need(world, guild, Permissions::MANAGE_GUILD)?;
    let code = known(world, guild)?.settings.get("vanity_url_code");
    ok(json!({"code": code, "uses": 0}))
}

/// Answers `GET voice/regions` and `GET guilds/{id}/regions`.
pub(super) fn regions() -> Answer {
    let named = [
        ("brazil", "Brazil"),
        ("hongkong", "Hong Kong"),
        ("india", "India"),
        ("japan", "Japan"),
        ("rotterdam", "Rotterdam"),
        ("singapore", "Singapore"),
        ("southafrica", "South Africa"),
        ("sydney", "Sydney"),
        ("us-central", "US Central"),
        ("us-east", "US East"),
        ("us-south", "US South"),
        ("us-west", "US West"),
    ];
    let regions = named.map(|(id, name)| {
        let optimal = id == "rotterdam";
        json!({"id": id, "name": name, "custom": false, "deprecated": false, "optimal": optimal})
    });
    ok(json!(regions))
}

/// Answers `GET guilds/{id}/integrations` and `DELETE …/{integration}`: the bot's own is the only one.
pub(super) fn integrations(world: &mut World, method: &str, guild: u64, path: &[&str]) -> Answer {
    need(world, guild, Permissions::MANAGE_GUILD)?;
    let application = &world.application;
    let own = application.id;
    match (method, path) {
        ("GET", []) => ok(json!([{
            "id": own.to_string(),
            "name": application.name,
            "type": "discord",
            "enabled": true,
            "account": {"id": own.to_string(), "name": application.name},
            "scopes": ["applications.commands", "bot"],
            "application": {
                "id": own.to_string(),
                "name": application.name,
                "icon": null,
                "description": "",
                "type": null,
                "bot": world.user_json(application.bot),
            },
        }])),
        ("DELETE", [integration]) => {
            if super::call::id(integration)? != own {
                return Err(ApiError::unknown_integration());
            }
            let data = json!({
                "id": own.to_string(),
                "guild_id": guild.to_string(),
                "application_id": own.to_string(),
            });
            world
                .outbox
                .push(Event::of_guild("INTEGRATION_DELETE", guild, data));
            let bot = world.application.bot;
            world.outbox.push(Event::of_guild(
                "GUILD_DELETE",
                guild,
                json!({"id": guild.to_string()}),
            ));
            if let Ok(known) = known_mut(world, guild) {
                known.members.remove(&bot);
            }
            Ok(Reply::Empty)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}
