//! `guilds/{id}/auto-moderation/rules`: <https://discord.com/developers/docs/resources/auto-moderation>.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    error::FormErrors,
    guild_access::need,
    ok,
    validate::form::{Field, Kind, read, read_patch, record},
};
use crate::world::{Collection, Record, World, fields, shown};

const KEYWORD: i64 = 1;
const SPAM: i64 = 3;
const PRESET: i64 = 4;
const MENTIONS: i64 = 5;
const PROFILE: i64 = 6;
const ALERT: i64 = 2;
const TIMEOUT: i64 = 3;

const RULE: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("event_type", Kind::Choice(&[1, 2])).required(),
    Field::new(
        "trigger_type",
        Kind::Choice(&[KEYWORD, SPAM, PRESET, MENTIONS, PROFILE]),
    )
    .required(),
    Field::new("trigger_metadata", Kind::Any).nullable(),
    Field::new("actions", Kind::List(&Kind::Object(ACTION), 5)).nullable(),
    Field::new("enabled", Kind::Bool).nullable(),
    Field::new("exempt_roles", Kind::List(&Kind::Id, 20)).nullable(),
    Field::new("exempt_channels", Kind::List(&Kind::Id, 50)).nullable(),
];
const ACTION: &[Field] = &[
    Field::new("type", Kind::Choice(&[1, ALERT, TIMEOUT, 4])).required(),
    Field::new("metadata", Kind::Object(ACTION_METADATA)).nullable(),
];
const ACTION_METADATA: &[Field] = &[
    Field::new("channel_id", Kind::Id).nullable(),
    Field::new("duration_seconds", Kind::Int(0, 2_419_200)).nullable(),
    Field::new("custom_message", Kind::Text(0, 150)).nullable(),
];
const WORDS: &[Field] = &[
    Field::new("keyword_filter", Kind::List(&Kind::Text(1, 60), 1000)).nullable(),
    Field::new("regex_patterns", Kind::List(&Kind::Text(1, 260), 10)).nullable(),
    Field::new("allow_list", Kind::List(&Kind::Text(1, 60), 100)).nullable(),
];
const PRESETS: &[Field] = &[
    Field::new("presets", Kind::List(&Kind::Choice(&[1, 2, 3]), 3)).nullable(),
    Field::new("allow_list", Kind::List(&Kind::Text(1, 60), 1000)).nullable(),
];
const MENTION_LIMITS: &[Field] = &[
    Field::new("mention_total_limit", Kind::Int(0, 50)).nullable(),
    Field::new("mention_raid_protection_enabled", Kind::Bool).nullable(),
];

/// Routes below `guilds/{id}/auto-moderation/rules`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    need(world, guild, Permissions::MANAGE_GUILD)?;
    match (method, path) {
        ("GET", []) => ok(world.shelf_json(guild, Collection::Rules)),
        ("POST", []) => create(world, call, guild),
        ("GET", [rule]) => ok(shown(known(world, guild, id(rule)?)?)),
        ("PATCH", [rule]) => patch(world, call, guild, id(rule)?),
        ("DELETE", [rule]) => {
            let rule = id(rule)?;
            known(world, guild, rule)?;
            world.take(guild, Collection::Rules, rule, call.by(world));
            Ok(Reply::Empty)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn known(world: &World, guild: u64, rule: u64) -> Result<&Record, ApiError> {
    world
        .record_of(guild, Collection::Rules, rule)
        .ok_or_else(ApiError::unknown_rule)
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    let mut body = read(RULE, &call.body)?;
    let kind = body["trigger_type"].as_i64().unwrap_or(0);
    check(world, guild, kind, &mut body)?;
    let most = if kind == KEYWORD { 6 } else { 1 };
    let same = |rule: &&Record| rule.get("trigger_type") == Some(&json!(kind));
    if world
        .collection(guild, Collection::Rules)
        .filter(same)
        .count()
        >= most
    {
        let message = format!("Maximum number of rules of this type reached ({most})");
        let code = "AUTO_MODERATION_MAX_RULES_OF_TYPE_EXCEEDED";
        return Err(ApiError::form("trigger_type", code, message));
    }
    let rule = world.snowflakes.next();
    let mut record = fields(json!({
        "id": rule.to_string(),
        "guild_id": guild.to_string(),
        "creator_id": world.application.bot.to_string(),
        "trigger_metadata": {},
        "actions": [{"type": 1, "metadata": {}}],
        "enabled": false,
        "exempt_roles": [],
        "exempt_channels": [],
    }));
    body.retain(|_, value| !value.is_null());
    record.extend(body);
    world.put(
        guild,
        Collection::Rules,
        rule,
        record.clone(),
        call.by(world),
    );
    ok(Value::Object(record))
}

fn patch(world: &mut World, call: &Call, guild: u64, rule: u64) -> Answer {
    let mut record = known(world, guild, rule)?.clone();
    let mut body = read_patch(RULE, &call.body)?;
    body.remove("trigger_type");
    let kind = record["trigger_type"].as_i64().unwrap_or(0);
    check(world, guild, kind, &mut body)?;
    body.retain(|_, value| !value.is_null());
    record.extend(body);
    world.put(
        guild,
        Collection::Rules,
        rule,
        record.clone(),
        call.by(world),
    );
    ok(Value::Object(record))
}

/// Reads what belongs to the type of the rule, and refuses actions that do not go with it.
fn check(world: &World, guild: u64, kind: i64, body: &mut Record) -> Result<(), ApiError> {
    let mut errors = FormErrors::default();
    if let Some(given) = body
        .get("trigger_metadata")
        .filter(|given| !given.is_null())
    {
        let (table, defaults) = match kind {
            KEYWORD | PROFILE => (
                WORDS,
                json!({"keyword_filter": [], "regex_patterns": [], "allow_list": []}),
            ),
            PRESET => (PRESETS, json!({"presets": [], "allow_list": []})),
            MENTIONS => (
                MENTION_LIMITS,
                json!({"mention_total_limit": 0, "mention_raid_protection_enabled": false}),
            ),
            _ => (&[] as &[Field], json!({})),
        };
        let mut read = record(table, given, "trigger_metadata", true, &mut errors);
        read.retain(|_, value| !value.is_null());
        let mut metadata = fields(defaults);
        metadata.extend(read);
        body.insert("trigger_metadata".to_owned(), Value::Object(metadata));
    } else if matches!(kind, PRESET | PROFILE) && body.contains_key("trigger_type") {
        errors.required("trigger_metadata");
    }
    let mut times_out = false;
    let actions = body.get_mut("actions").and_then(Value::as_array_mut);
    for (index, action) in actions.into_iter().flatten().enumerate() {
        let at = format!("actions.{index}");
        match action["type"].as_i64() {
            Some(ALERT) => {
                let channel = body_id(&action["metadata"]["channel_id"]);
                let known = channel.and_then(|channel| world.channels.get(&channel));
                match (channel, known) {
                    (None, _) => errors.required(&format!("{at}.metadata.channel_id")),
                    (_, Some(known)) if known.guild() == Some(guild) => {}
                    _ => return Err(ApiError::unknown_channel()),
                }
            }
            Some(TIMEOUT) if !matches!(kind, KEYWORD | MENTIONS) => {
                let code = "AUTO_MODERATION_INVALID_ACTION_TYPE";
                errors.add(&at, code, "This rule type cannot time members out.");
            }
            Some(TIMEOUT) => times_out = true,
            _ => {}
        }
        if action["metadata"].is_null() {
            action["metadata"] = json!({});
        }
    }
    errors.check()?;
    if times_out {
        need(world, guild, Permissions::MODERATE_MEMBERS)?;
    }
    Ok(())
}
