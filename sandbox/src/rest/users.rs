//! `users/…` and `applications/@me`.

use serde_json::{Value, json};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    error::FormErrors,
    hooks::picture,
    ok,
    reserved_name::check_name,
    validate::form::{Field, Kind, read_patch},
};
use crate::world::{Event, World};

/// Routes below `users`.
pub(super) fn route(world: &mut World, call: &Call, method: &str, path: &[&str]) -> Answer {
    let bot = world.application.bot;
    match (method, path) {
        ("GET", ["@me"]) => ok(world
            .users
            .get(&bot)
            .map(|user| user.own_json())
            .unwrap_or_default()),
        ("GET", ["@me", "guilds"]) => guilds(world, call, bot),
        ("GET", ["@me", "guilds", guild, "member"]) => world
            .member_json(id(guild)?, bot)
            .map_or_else(|| Err(ApiError::unknown_guild()), ok),
        ("PATCH", ["@me"]) => patch(world, call),
        ("DELETE", ["@me", "guilds", guild]) => leave(world, id(guild)?),
        (_, ["@me", "connections"]) => Err(ApiError::not_for_bots()),
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
    let mut json = application.json(&bot, &owner, world.bot_guilds().count());
    json["redirect_uris"] = json!(world.oauth.redirect_uris);
    for (key, value) in &world.store.changes {
        json[key] = value.clone();
    }
    json
}

const ACCOUNT: &[Field] = &[
    Field::new("username", Kind::Text(2, 32)),
    Field::new("avatar", Kind::Image(10_240)).nullable(),
    Field::new("banner", Kind::Image(10_240)).nullable(),
];

/// Changes the bot's account: <https://discord.com/developers/docs/resources/user#modify-current-user>.
fn patch(world: &mut World, call: &Call) -> Answer {
    let body = read_patch(ACCOUNT, &call.body)?;
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let mut errors = FormErrors::default();
    if let Some(name) = text("username") {
        check_name(name, "username", &mut errors);
    }
    errors.check()?;
    let bot = world.application.bot;
    let known = world.users.get(&bot).ok_or_else(ApiError::unknown_user)?;
    let mut changed = known.into_owned();
    if let Some(name) = text("username") {
        changed.name = name.to_owned();
    }
    if body.contains_key("avatar") {
        changed.avatar = text("avatar").map(picture);
    }
    let json = changed.own_json();
    world.users.insert(bot, changed);
    world.outbox.push(Event {
        name: "USER_UPDATE".to_owned(),
        guild: None,
        channel: None,
        data: json.clone().into(),
    });
    ok(json)
}

/// Takes the bot out of a guild; it is told so with the guild's end, and nothing else.
fn leave(world: &mut World, guild: u64) -> Answer {
    let bot = world.application.bot;
    let known = world.guilds.get(&guild);
    let known = known.filter(|known| known.members.contains_key(&bot));
    let known = known.ok_or_else(ApiError::unknown_guild)?;
    if known.owner == bot {
        return Err(ApiError::owns_guild());
    }
    let data = json!({"id": guild.to_string()});
    world
        .outbox
        .push(Event::of_guild("GUILD_DELETE", guild, data));
    world.remove_member(guild, bot);
    Ok(Reply::Empty)
}

/// The guilds that the bot or a user is in, a part at a time.
pub(super) fn guilds(world: &World, call: &Call, user: u64) -> Answer {
    let after = call.query_number("after").unwrap_or(0);
    let before = call.query_number("before").unwrap_or(u64::MAX);
    let limit = call.query_limit("limit", 200, 200)?;
    let counts = call.query_flag("with_counts");
    let found = world
        .guilds_of(user)
        .filter(|guild| guild.id > after && guild.id < before);
    let mut found: Vec<_> = found.collect();
    // With `before`, the page ends there.
    if call.query.contains_key("before") && found.len() > limit {
        found.drain(..found.len() - limit);
    }
    let listed = found.into_iter().take(limit).map(|guild| {
        let mut json = json!({
            "id": guild.id.to_string(),
            "name": guild.name,
            "icon": null,
            "banner": null,
            "owner": guild.owner == user,
            "permissions": world.guild_permissions(guild, user).bits().to_string(),
            "features": [],
        });
        if counts {
            json["approximate_member_count"] = json!(guild.members.len());
            json["approximate_presence_count"] = json!(guild.members.len());
        }
        json
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
