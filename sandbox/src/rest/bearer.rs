//! Requests with a user's access token instead of the bot's: `users/@me` and what lies below it, `oauth2/@me`.
//!
//! A scope that was not granted is answered as no authorization at all, as Discord does
//! (<https://github.com/reboxer/discord-oauth2/issues/4>, <https://github.com/adonisjs/ally/pull/128>).

use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::{Call, id},
    ok, users,
};
use crate::world::{Tokens, World, snowflake::iso};

/// Fields of an application that anybody may know: what `oauth2/@me` has of it.
const PUBLIC: [&str; 11] = [
    "id",
    "name",
    "icon",
    "description",
    "type",
    "bot_public",
    "bot_require_code_grant",
    "verify_key",
    "flags",
    "flags_new",
    "tags",
];

/// All routes that an access token is good for here.
pub(super) fn route(
    world: &World,
    call: &Call,
    method: &str,
    path: &[&str],
    token: &str,
) -> Answer {
    let known = world.oauth.bearer(token, world.clock.now_us());
    let tokens = known.ok_or_else(ApiError::unauthorized)?;
    let user = tokens.grant.user;
    let has = |scope| tokens.grant.scopes.has(scope);
    match (method, path) {
        ("GET", ["users", "@me"]) if has("identify") => account(world, tokens),
        ("GET", ["users", "@me", "guilds"]) if has("guilds") => users::guilds(world, call, user),
        ("GET", ["users", "@me", "guilds", guild, "member"]) if has("guilds.members.read") => world
            .member_json(id(guild)?, user)
            .map_or_else(|| Err(ApiError::unknown_guild()), ok),
        // Nobody has an account elsewhere.
        ("GET", ["users", "@me", "connections"]) if has("connections") => ok(json!([])),
        ("GET", ["oauth2", "@me"]) => authorization(world, tokens),
        _ => Err(ApiError::unauthorized()),
    }
}

/// The user's account; with an address only for whom it was granted to.
fn account(world: &World, tokens: &Tokens) -> Answer {
    let user = world.users.get(&tokens.grant.user);
    let user = user.ok_or_else(ApiError::unauthorized)?;
    let mut json = user.own_json();
    if tokens.grant.scopes.has("email") {
        // Reserved for examples: nobody has it.
        json["email"] = json!(format!("{}@example.com", user.id));
    } else if let Some(fields) = json.as_object_mut() {
        fields.remove("email");
        fields.remove("verified");
    }
    ok(json)
}

/// What was granted: <https://discord.com/developers/docs/topics/oauth2#get-current-authorization-information>.
fn authorization(world: &World, tokens: &Tokens) -> Answer {
    let scopes = &tokens.grant.scopes;
    let application = users::application(world);
    let public = PUBLIC.map(|field| (field.to_owned(), application[field].clone()));
    let mut json = json!({
        "application": Value::Object(public.into_iter().collect()),
        "scopes": scopes.iter().collect::<Vec<_>>(),
        "expires": iso(tokens.expires_us),
    });
    if scopes.has("identify") {
        let user = world.users.get(&tokens.grant.user);
        json["user"] = user.map(|user| user.json()).unwrap_or_default();
    }
    ok(json)
}
