//! Welcome screen and onboarding: <https://discord.com/developers/docs/resources/guild#modify-guild-onboarding>.

use serde_json::{Value, json};
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{
    Answer, ApiError,
    call::{Call, body_id},
    error::FormErrors,
    guild_access::{known, known_mut, need},
    ok,
    validate::form::{Field, Kind, read_patch},
};
use crate::world::{Record, World, changes, fields};

/// Channels that a new member must be able to see, and how many of them to write in.
const MIN_CHANNELS: usize = 7;
const MIN_OPEN: usize = 5;

const WELCOME: &[Field] = &[
    Field::new("enabled", Kind::Bool).nullable(),
    Field::new("description", Kind::Text(0, 140)).nullable(),
    Field::new(
        "welcome_channels",
        Kind::List(&Kind::Object(WELCOME_CHANNEL), 5),
    )
    .nullable(),
];
const WELCOME_CHANNEL: &[Field] = &[
    Field::new("channel_id", Kind::Id).required(),
    Field::new("description", Kind::Text(1, 50)).required(),
    Field::new("emoji_id", Kind::Id).nullable(),
    Field::new("emoji_name", Kind::Text(1, 100)).nullable(),
];
const ONBOARDING: &[Field] = &[
    Field::new("prompts", Kind::List(&Kind::Object(PROMPT), 15)).nullable(),
    Field::new("enabled", Kind::Bool).nullable(),
    Field::new("default_channel_ids", Kind::List(&Kind::Id, 500)).nullable(),
    Field::new("mode", Kind::Choice(&[0, 1])).nullable(),
];
const PROMPT: &[Field] = &[
    Field::new("id", Kind::Id).required(),
    Field::new("title", Kind::Text(1, 100)).required(),
    Field::new("options", Kind::List(&Kind::Object(OPTION), 50)).required(),
    Field::new("single_select", Kind::Bool).nullable(),
    Field::new("required", Kind::Bool).nullable(),
    Field::new("in_onboarding", Kind::Bool).nullable(),
    Field::new("type", Kind::Choice(&[0, 1])).nullable(),
];
const OPTION: &[Field] = &[
    Field::new("id", Kind::Id).nullable(),
    Field::new("title", Kind::Text(1, 50)).required(),
    Field::new("description", Kind::Text(0, 100)).nullable(),
    Field::new("emoji_id", Kind::Id).nullable(),
    Field::new("emoji_name", Kind::Text(0, 100)).nullable(),
    Field::new("emoji_animated", Kind::Bool).nullable(),
    Field::new("role_ids", Kind::List(&Kind::Id, 50)).nullable(),
    Field::new("channel_ids", Kind::List(&Kind::Id, 50)).nullable(),
];

/// Answers `GET` and `PATCH guilds/{id}/welcome-screen`.
pub(super) fn welcome(world: &mut World, call: &Call, method: &str, guild: u64) -> Answer {
    let stored = known(world, guild)?
        .documents
        .get("welcome_screen")
        .cloned();
    match method {
        "GET" => {
            let enabled = stored.as_ref().and_then(|screen| screen.get("enabled"));
            if enabled != Some(&json!(true)) {
                need(world, guild, Permissions::MANAGE_GUILD)?;
            }
            let screen = stored.ok_or_else(ApiError::unknown_welcome_screen)?;
            ok(welcome_json(&screen))
        }
        "PATCH" => {
            need(world, guild, Permissions::MANAGE_GUILD)?;
            let body = read_patch(WELCOME, &call.body)?;
            let channels = body.get("welcome_channels").and_then(Value::as_array);
            for channel in channels.into_iter().flatten() {
                need_channel(world, guild, &channel["channel_id"])?;
            }
            let mut screen = stored.unwrap_or_else(|| {
                fields(json!({"enabled": false, "description": null, "welcome_channels": []}))
            });
            screen.extend(body);
            let json = welcome_json(&screen);
            known_mut(world, guild)?
                .documents
                .insert("welcome_screen", screen);
            ok(json)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn welcome_json(screen: &Record) -> Value {
    let channels = screen.get("welcome_channels").and_then(Value::as_array);
    let channels = channels.into_iter().flatten().map(|channel| {
        json!({
            "channel_id": channel["channel_id"],
            "description": channel["description"],
            "emoji_id": channel["emoji_id"],
            "emoji_name": channel["emoji_name"],
        })
    });
    json!({"description": screen.get("description"), "welcome_channels": channels.collect::<Vec<_>>()})
}

/// Answers `GET` and `PUT guilds/{id}/onboarding`.
pub(super) fn onboarding(world: &mut World, call: &Call, method: &str, guild: u64) -> Answer {
    let stored = known(world, guild)?.documents.get("onboarding").cloned();
    let before = stored.unwrap_or_else(|| {
        fields(json!({
            "guild_id": guild.to_string(),
            "prompts": [],
            "default_channel_ids": [],
            "enabled": false,
            "mode": 0,
        }))
    });
    match method {
        "GET" => ok(Value::Object(before)),
        "PUT" => {
            need(
                world,
                guild,
                Permissions::MANAGE_GUILD | Permissions::MANAGE_ROLES,
            )?;
            let mut body = read_patch(ONBOARDING, &call.body)?;
            body.retain(|_, value| !value.is_null());
            if let Some(prompts) = body.get("prompts") {
                let prompts = prompts_json(world, guild, prompts)?;
                body.insert("prompts".to_owned(), prompts);
            }
            let mut after = before.clone();
            after.extend(body);
            check_enabled(world, guild, &after)?;
            let differences = changes(&before, &after);
            known_mut(world, guild)?
                .documents
                .insert("onboarding", after.clone());
            if !differences.is_empty() {
                let (bot, reason) = (world.application.bot, call.reason.as_deref());
                let action = AuditLogEventType::from(ONBOARDING_UPDATE);
                world.audit(guild, bot, action, None, differences, reason);
            }
            ok(Value::Object(after))
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// The audit log's number, which the enumeration that we use does not know yet.
const ONBOARDING_UPDATE: u16 = 167;

fn need_channel(world: &World, guild: u64, channel: &Value) -> Result<(), ApiError> {
    let channel = body_id(channel).unwrap_or(0);
    if world.guild_of(channel) == Some(guild) {
        Ok(())
    } else {
        Err(ApiError::unknown_channel())
    }
}

/// The prompts with ids and emojis as objects; an option must lead somewhere.
fn prompts_json(world: &mut World, guild: u64, prompts: &Value) -> Result<Value, ApiError> {
    let mut errors = FormErrors::default();
    let mut all = Vec::new();
    for (number, prompt) in prompts.as_array().into_iter().flatten().enumerate() {
        let mut options = Vec::new();
        for (index, option) in prompt["options"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let list = |key: &str| option[key].as_array().cloned().unwrap_or_default();
            let (roles, channels) = (list("role_ids"), list("channel_ids"));
            if roles.is_empty() && channels.is_empty() {
                errors.required(&format!("prompts.{number}.options.{index}"));
            }
            for channel in &channels {
                need_channel(world, guild, channel)?;
            }
            let roles_known = roles.iter().filter_map(body_id);
            for role in roles_known {
                if !known(world, guild)?.roles.contains_key(&role) {
                    return Err(ApiError::unknown_role());
                }
            }
            let id = body_id(&option["id"]).unwrap_or_else(|| world.snowflakes.next());
            options.push(json!({
                "id": id.to_string(),
                "title": option["title"],
                "description": option["description"].as_str().unwrap_or_default(),
                "emoji": {
                    "id": option["emoji_id"],
                    "name": option["emoji_name"],
                    "animated": option["emoji_animated"] == true,
                },
                "role_ids": roles,
                "channel_ids": channels,
            }));
        }
        let id = body_id(&prompt["id"]).filter(|id| *id > 0xffff);
        let id = id.unwrap_or_else(|| world.snowflakes.next());
        all.push(json!({
            "id": id.to_string(),
            "title": prompt["title"],
            "options": options,
            "single_select": prompt["single_select"] == true,
            "required": prompt["required"] == true,
            "in_onboarding": prompt["in_onboarding"] != false,
            "type": prompt["type"].as_u64().unwrap_or(0),
        }));
    }
    errors.check()?;
    Ok(json!(all))
}

/// Onboarding that is on needs seven default channels, five of them open to everybody's words.
fn check_enabled(world: &World, guild: u64, onboarding: &Record) -> Result<(), ApiError> {
    if onboarding.get("enabled") != Some(&json!(true)) {
        return Ok(());
    }
    let known = known(world, guild)?;
    let everyone = known.roles.get(&guild).map(|role| role.permissions);
    let everyone = everyone.unwrap_or(Permissions::empty());
    let defaults = onboarding
        .get("default_channel_ids")
        .and_then(Value::as_array);
    let channels = defaults.into_iter().flatten().filter_map(body_id);
    let channels: Vec<_> = channels.filter_map(|id| world.channels.get(&id)).collect();
    let writable = channels.iter().filter(|channel| {
        let denied = channel
            .overwrites
            .iter()
            .find(|overwrite| overwrite.id == guild);
        let denied = denied.map_or(Permissions::empty(), |overwrite| overwrite.deny);
        (everyone - denied).contains(Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES)
    });
    if known.has_feature("COMMUNITY")
        && channels.len() >= MIN_CHANNELS
        && writable.count() >= MIN_OPEN
    {
        Ok(())
    } else {
        Err(ApiError::onboarding_requirements())
    }
}
