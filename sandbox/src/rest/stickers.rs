//! `guilds/{id}/stickers`, `stickers/{id}` and `sticker-packs`: <https://discord.com/developers/docs/resources/sticker>.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    expressions::{Sort, may_create},
    ok,
    validate::form::{Field, Kind, read},
};
use crate::world::{Collection, World, shown};

/// Stickers that a guild without boosts holds.
const MAX_STICKERS: usize = 5;
/// The largest file of a sticker, in bytes.
const MAX_BYTES: usize = 512 * 1024;

const STICKER: &[Field] = &[
    Field::new("name", Kind::Text(2, 30)).required(),
    Field::new("tags", Kind::Text(1, 200)).required(),
    Field::new("description", Kind::Text(0, 100)).nullable(),
];

const STICKERS: Sort = Sort {
    collection: Collection::Stickers,
    change: STICKER,
    settle: Ok,
    listed: Value::from,
    unknown: ApiError::unknown_sticker,
};

/// Routes below `guilds/{id}/stickers`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("POST", []) => create(world, call, guild),
        _ => STICKERS.route(world, call, method, guild, path),
    }
}

/// Answers `GET stickers/{id}`.
pub(super) fn any(world: &World, sticker: u64) -> Answer {
    let found = world.shelved_anywhere(Collection::Stickers, sticker);
    let (_, record) = found.ok_or_else(ApiError::unknown_sticker)?;
    let mut json = shown(record);
    json["user"].take();
    if let Some(fields) = json.as_object_mut() {
        fields.remove("user");
    }
    ok(json)
}

/// Routes below `sticker-packs`: the sandbox sells none.
pub(super) fn packs(method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => ok(json!({"sticker_packs": []})),
        ("GET", [pack]) => id(pack).and(Err(ApiError::unknown_sticker_pack())),
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    may_create(world, guild)?;
    let form = Value::Object(call.form.clone());
    let body = read(STICKER, &form)?;
    let file = call.files.first().map(|(_, file)| file);
    let file =
        file.ok_or_else(|| ApiError::form("file", "BASE_TYPE_REQUIRED", "This field is required"))?;
    let format = format_of(&file.bytes).ok_or_else(ApiError::invalid_asset)?;
    if file.bytes.len() > MAX_BYTES {
        return Err(ApiError::asset_too_large());
    }
    if world.collection(guild, Collection::Stickers).count() >= MAX_STICKERS {
        return Err(ApiError::too_many_stickers());
    }
    let description = body.get("description").cloned();
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    let (sticker, mut record) = world.new_sticker(
        guild,
        text("name"),
        text("tags"),
        format,
        world.application.bot,
    );
    world.keep_picture_file(sticker, &file.bytes);
    let description = description.unwrap_or(Value::Null);
    record.insert("description".to_owned(), description);
    world.put(
        guild,
        Collection::Stickers,
        sticker,
        record.clone(),
        call.by(world),
    );
    Ok(Reply::Json(StatusCode::CREATED, Value::Object(record)))
}

/// What a file is, by its first bytes: PNG, APNG, Lottie or GIF. Discord does not look at what it is called.
fn format_of(bytes: &[u8]) -> Option<u8> {
    let moves = || bytes.windows(4).take(1024).any(|part| part == b"acTL");
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some(if moves() { 2 } else { 1 }),
        [b'{', ..] => Some(3),
        [b'G', b'I', b'F', b'8', ..] => Some(4),
        _ => None,
    }
}
