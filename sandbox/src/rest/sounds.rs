//! `guilds/{id}/soundboard-sounds` and `soundboard-default-sounds`:
//! <https://discord.com/developers/docs/resources/soundboard>.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Answer, ApiError, Reply,
    call::Call,
    expressions::{Sort, may_create},
    ok,
    validate::form::{Field, Kind, read},
};
use crate::world::{Collection, Record, World};

/// Sounds that a guild without boosts holds.
const MAX_SOUNDS: usize = 8;

const SOUND: &[Field] = &[
    Field::new("name", Kind::Text(2, 32)).required(),
    Field::new("sound", Kind::Image(512)).required(),
    Field::new("volume", Kind::Float(0.0, 1.0)).nullable(),
    Field::new("emoji_id", Kind::Id).nullable(),
    Field::new("emoji_name", Kind::Text(1, 32)).nullable(),
];
const CHANGE: &[Field] = &[
    Field::new("name", Kind::Text(2, 32)),
    Field::new("volume", Kind::Float(0.0, 1.0)).nullable(),
    Field::new("emoji_id", Kind::Id).nullable(),
    Field::new("emoji_name", Kind::Text(1, 32)).nullable(),
];

const SOUNDS: Sort = Sort {
    collection: Collection::Sounds,
    change: CHANGE,
    settle: |body| Ok(with_volume(body)),
    listed: |sounds| json!({"items": sounds}),
    unknown: ApiError::unknown_sound,
};

/// Routes below `guilds/{id}/soundboard-sounds`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("POST", []) => create(world, call, guild),
        _ => SOUNDS.route(world, call, method, guild, path),
    }
}

/// The sounds that every guild has.
pub(super) fn defaults() -> Answer {
    let named = [
        ("quack", "🦆"),
        ("airhorn", "🔊"),
        ("cricket", "🦗"),
        ("golf clap", "👏"),
        ("sad horn", "🎺"),
        ("ba dum tss", "🥁"),
    ];
    let sounds = (1..).zip(named).map(|(id, (name, emoji))| {
        json!({
            "sound_id": id.to_string(),
            "name": name,
            "volume": 1.0,
            "emoji_id": null,
            "emoji_name": emoji,
            "available": true,
        })
    });
    ok(sounds.collect())
}

/// A volume that is `null` is the full one.
fn with_volume(mut body: Record) -> Record {
    if body.get("volume").is_some_and(Value::is_null) {
        body.insert("volume".to_owned(), json!(1.0));
    }
    body
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    may_create(world, guild)?;
    let mut body = with_volume(read(SOUND, &call.body)?);
    let uri = body.remove("sound").unwrap_or_default();
    let uri = uri.as_str().unwrap_or_default();
    if !["data:audio/mp3", "data:audio/mpeg", "data:audio/ogg"]
        .iter()
        .any(|kind| uri.starts_with(kind))
    {
        return Err(ApiError::invalid_file_type());
    }
    if world.collection(guild, Collection::Sounds).count() >= MAX_SOUNDS {
        return Err(ApiError::too_many_sounds());
    }
    let bot = world.application.bot;
    let (sound, mut record) = world.new_sound(guild, "", bot);
    record.extend(body);
    world.put(
        guild,
        Collection::Sounds,
        sound,
        record.clone(),
        call.by(world),
    );
    Ok(Reply::Json(StatusCode::CREATED, Value::Object(record)))
}
