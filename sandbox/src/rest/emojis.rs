//! `guilds/{id}/emojis`: <https://discord.com/developers/docs/resources/emoji>.

use serde_json::{Value, json};

use super::{
    Answer, ApiError, Reply,
    call::Call,
    expressions::{Sort, may_create},
    validate::form::{Field, Kind, read},
};
use crate::world::{Collection, Record, World};
use axum::http::StatusCode;

/// Emojis of each sort, plain and animated, that a guild without boosts holds.
const MAX_EMOJIS: usize = 50;

const EMOJI: &[Field] = &[
    Field::new("name", Kind::Text(2, 32)).required(),
    Field::new("image", Kind::Image(256)).required(),
    Field::new("roles", Kind::List(&Kind::Id, 1521)).nullable(),
];
const CHANGE: &[Field] = &[
    Field::new("name", Kind::Text(2, 32)),
    Field::new("roles", Kind::List(&Kind::Id, 1521)).nullable(),
];

const EMOJIS: Sort = Sort {
    collection: Collection::Emojis,
    change: CHANGE,
    settle: |body| {
        check_name(&body)?;
        let all = body.into_iter();
        Ok(all.map(with_roles).collect())
    },
    listed: Value::from,
    unknown: ApiError::no_such_emoji,
};

/// Routes below `guilds/{id}/emojis`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("POST", []) => create(world, call, guild),
        _ => EMOJIS.route(world, call, method, guild, path),
    }
}

/// Roles that are `null` are none in particular.
fn with_roles((key, value): (String, Value)) -> (String, Value) {
    let value = if value.is_null() { json!([]) } else { value };
    (key, value)
}

fn check_name(body: &Record) -> Result<(), ApiError> {
    let name = body.get("name").and_then(Value::as_str).unwrap_or("ok");
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.chars().all(fits) {
        Ok(())
    } else {
        let message = "String value did not match validation regex.";
        Err(ApiError::form("name", "STRING_TYPE_REGEX", message))
    }
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    may_create(world, guild)?;
    let body = read(EMOJI, &call.body)?;
    check_name(&body)?;
    let image = body["image"].as_str().unwrap_or_default();
    let animated = image.starts_with("data:image/gif");
    let same = |emoji: &&Record| emoji.get("animated") == Some(&json!(animated));
    if world
        .collection(guild, Collection::Emojis)
        .filter(same)
        .count()
        >= MAX_EMOJIS
    {
        return Err(if animated {
            ApiError::too_many_animated_emojis()
        } else {
            ApiError::too_many_guild_emojis()
        });
    }
    let emoji = world.new_emoji(
        body["name"].as_str().unwrap_or_default(),
        animated,
        world.application.bot,
    );
    let (emoji, mut record) = emoji;
    world.keep_picture(emoji, image);
    if let Some(roles) = body.get("roles").filter(|roles| roles.is_array()) {
        record.insert("roles".to_owned(), roles.clone());
    }
    world.put(
        guild,
        Collection::Emojis,
        emoji,
        record.clone(),
        call.by(world),
    );
    Ok(Reply::Json(StatusCode::CREATED, Value::Object(record)))
}
