//! `users/…` and `applications/@me`.

use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::{Call, body_id, id},
    ok,
};
use crate::world::World;

/// Routes below `users`.
pub(super) fn route(world: &mut World, call: &Call, method: &str, path: &[&str]) -> Answer {
    let bot = world.application.bot;
    match (method, path) {
        ("GET", ["@me"]) => ok(world
            .users
            .get(&bot)
            .map(|user| user.own_json())
            .unwrap_or_default()),
        ("GET", ["@me", "guilds"]) => guilds(world, call),
        ("GET", ["@me", "guilds", guild, "member"]) => world
            .member_json(id(guild)?, bot)
            .map_or_else(|| Err(ApiError::unknown_guild()), ok),
        ("POST", ["@me", "channels"]) => open_direct(world, call),
        ("GET", [user]) => {
            let user = world
                .users
                .get(&id(user)?)
                .ok_or_else(ApiError::unknown_user)?;
            ok(user.json())
        }
        _ => Err(ApiError::unknown_route()),
    }
}

/// The application object.
pub(super) fn application(world: &World) -> Value {
    let application = &world.application;
    let (Some(bot), Some(owner)) = (
        world.users.get(&application.bot),
        world.users.get(&application.owner),
    ) else {
        return Value::Null;
    };
    application.json(&bot, &owner, world.bot_guilds().count())
}

fn guilds(world: &World, call: &Call) -> Answer {
    let bot = world.application.bot;
    let after = call.query_number("after").unwrap_or(0);
    let before = call.query_number("before").unwrap_or(u64::MAX);
    let limit = call.query_number("limit").unwrap_or(200).min(200);
    let found = world
        .bot_guilds()
        .filter(|guild| guild.id > after && guild.id < before);
    let listed = found
        .take(usize::try_from(limit).unwrap_or(200))
        .map(|guild| {
            json!({
                "id": guild.id.to_string(),
                "name": guild.name,
                "icon": null,
                "banner": null,
                "owner": guild.owner == bot,
                "permissions": world.guild_permissions(guild, bot).bits().to_string(),
                "features": [],
                "approximate_member_count": guild.members.len(),
            })
        });
    ok(listed.collect())
}

fn open_direct(world: &mut World, call: &Call) -> Answer {
    let user = body_id(&call.body["recipient_id"]).ok_or_else(|| {
        ApiError::form(
            "recipient_id",
            "BASE_TYPE_REQUIRED",
            "This field is required",
        )
    })?;
    match world.users.get(&user) {
        None => return Err(ApiError::unknown_user()),
        Some(user) if user.bot => return Err(ApiError::cannot_message_user()),
        Some(_) => {}
    }
    let channel = world.direct_channel(user);
    ok(world
        .channels
        .get(&channel)
        .map(|channel| world.channel_json(channel))
        .unwrap_or_default())
}
