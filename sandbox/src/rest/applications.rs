//! `applications/…` besides commands: the application itself, its emojis, and what linked roles ask for.
//! <https://discord.com/developers/docs/resources/application>.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    commands,
    error::FormErrors,
    hooks::picture,
    ok, shop, users,
    validate::form::{Field, Kind, read, read_patch, record},
};
use crate::world::{Record, World};

/// Emojis of an application.
const MAX_EMOJIS: usize = 2000;
/// Records of metadata for linked roles.
const MAX_CONNECTIONS: usize = 5;

const EMOJI: &[Field] = &[
    Field::new("name", Kind::Text(2, 32)).required(),
    Field::new("image", Kind::Image(256)).required(),
];
const EMOJI_PATCH: &[Field] = &[Field::new("name", Kind::Text(2, 32))];
const APPLICATION: &[Field] = &[
    Field::new("description", Kind::Any).nullable(),
    Field::new("custom_install_url", Kind::Text(0, 2048)).nullable(),
    Field::new("icon", Kind::Image(10_240)).nullable(),
    Field::new("cover_image", Kind::Image(10_240)).nullable(),
    Field::new("interactions_endpoint_url", Kind::Text(0, 2048)).nullable(),
    Field::new("role_connections_verification_url", Kind::Text(0, 2048)).nullable(),
    Field::new("tags", Kind::List(&Kind::Text(1, 20), 5)).nullable(),
    Field::new("install_params", Kind::Any).nullable(),
    Field::new("integration_types_config", Kind::Any).nullable(),
];
const CONNECTION: &[Field] = &[
    Field::new("type", Kind::Choice(&[1, 2, 3, 4, 5, 6, 7, 8])).required(),
    Field::new("key", Kind::Text(1, 50)).required(),
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("name_localizations", Kind::Any).nullable(),
    Field::new("description", Kind::Text(1, 200)).required(),
    Field::new("description_localizations", Kind::Any).nullable(),
];

/// Routes below `applications/{id}`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    application: &str,
    path: &[&str],
) -> Answer {
    let own = world.application.id;
    let application = match application {
        "@me" => own,
        other => id(other)?,
    };
    if application != own {
        return Err(ApiError::missing_access());
    }
    match (method, path) {
        ("GET", []) => ok(users::application(world)),
        ("PATCH", []) => patch(world, call),
        (method, ["emojis", rest @ ..]) => emojis(world, call, method, rest),
        ("GET", ["role-connections", "metadata"]) => ok(json!(world.store.connections)),
        ("PUT", ["role-connections", "metadata"]) => connections(world, call),
        (method, ["entitlements", rest @ ..]) => shop::entitlements(world, call, method, rest),
        ("GET", ["skus"]) => ok(world.store.skus.values().cloned().collect()),
        (method, rest) => commands::route(world, call, method, application, rest),
    }
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let mut body = read_patch(APPLICATION, &call.body)?;
    for key in ["icon", "cover_image"] {
        if let Some(data) = body.get(key).and_then(Value::as_str).map(picture) {
            body.insert(key.to_owned(), json!(data));
        }
    }
    // The description is a text, or texts by language with a usual one.
    if let Some(usual) = body
        .get("description")
        .and_then(|text| text.get("default").cloned())
    {
        body.insert("description".to_owned(), usual);
    }
    let description = body.get("description").and_then(Value::as_str);
    let mut errors = FormErrors::default();
    errors.length(
        "description",
        description.map_or(0, |text| text.chars().count()),
        0,
        400,
    );
    errors.check()?;
    world.store.changes.extend(body);
    ok(users::application(world))
}

fn emojis(world: &mut World, call: &Call, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => {
            let items = world.store.emojis.values().cloned().map(Value::Object);
            ok(json!({"items": items.collect::<Vec<_>>()}))
        }
        ("POST", []) => {
            let body = read(EMOJI, &call.body)?;
            emoji_name(&body)?;
            if world.store.emojis.len() >= MAX_EMOJIS {
                return Err(ApiError::too_many_emojis());
            }
            let id = world.snowflakes.next();
            let bot = world
                .users
                .get(&world.application.bot)
                .map(|bot| bot.json());
            let image = body
                .get("image")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let emoji = crate::world::fields(json!({
                "id": id.to_string(),
                "name": body.get("name"),
                "user": bot,
                "roles": [],
                "require_colons": true,
                "managed": false,
                "animated": image.starts_with("data:image/gif"),
                "available": true,
            }));
            world.store.emojis.insert(id, emoji.clone());
            Ok(Reply::Json(StatusCode::CREATED, Value::Object(emoji)))
        }
        (method, [emoji]) => {
            let emoji = id(emoji)?;
            let known = world.store.emojis.get_mut(&emoji);
            let known = known.ok_or_else(ApiError::unknown_app_emoji)?;
            match method {
                "GET" => ok(Value::Object(known.clone())),
                "PATCH" => {
                    let body = read_patch(EMOJI_PATCH, &call.body)?;
                    emoji_name(&body)?;
                    known.extend(body);
                    ok(Value::Object(known.clone()))
                }
                "DELETE" => {
                    world.store.emojis.remove(&emoji);
                    Ok(Reply::Empty)
                }
                _ => Err(ApiError::method_not_allowed()),
            }
        }
        _ => Err(ApiError::unknown_route()),
    }
}

/// Refuses names with anything but letters, digits and underscores.
fn emoji_name(body: &Record) -> Result<(), ApiError> {
    let name = body.get("name").and_then(Value::as_str).unwrap_or("ok");
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    let message = "String value did not match validation regex.";
    Err(ApiError::form("name", "STRING_TYPE_REGEX", message))
}

fn connections(world: &mut World, call: &Call) -> Answer {
    let Some(listed) = call.body.as_array() else {
        let message = "Only iterables may be used in a ListType";
        return Err(ApiError::form("", "LIST_TYPE_CONVERT", message));
    };
    let mut errors = FormErrors::default();
    errors.length("", listed.len(), 0, MAX_CONNECTIONS);
    let read = listed.iter().enumerate().map(|(index, one)| {
        let at = index.to_string();
        let key = one["key"].as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !key.chars().all(fits) {
            let message = "String value did not match validation regex.";
            errors.add(&format!("{at}.key"), "STRING_TYPE_REGEX", message);
        }
        Value::Object(record(CONNECTION, one, &at, true, &mut errors))
    });
    let read: Vec<_> = read.collect();
    errors.check()?;
    world.store.connections = read;
    ok(json!(world.store.connections))
}
