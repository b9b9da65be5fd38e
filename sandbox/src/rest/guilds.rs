//! Router below `guilds/…`.

use super::{
    Answer, ApiError, audit, bans, call::Call, community, emojis, events, guild,
    guild_access::known, hooks, invites, members, places, prune, roles, rules, search, sounds,
    stickers, templates, threads, voice,
};
use crate::world::World;

/// Routes below `guilds/{id}`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    let known = known(world, guild)?;
    if !known.members.contains_key(&world.application.bot) {
        return Err(ApiError::missing_access());
    }
    match path {
        [] => match method {
            "GET" => guild::get(world, call, known),
            "PATCH" => guild::patch(world, call, guild),
            _ => Err(ApiError::method_not_allowed()),
        },
        ["auto-moderation", "rules", rest @ ..] => rules::route(world, call, method, guild, rest),
        ["bans", rest @ ..] => bans::route(world, call, method, guild, rest),
        ["channels"] => places::route(world, call, method, guild),
        ["emojis", rest @ ..] => emojis::route(world, call, method, guild, rest),
        ["integrations", rest @ ..] => guild::integrations(world, method, guild, rest),
        ["members", rest @ ..] => members::route(world, call, method, guild, rest),
        ["onboarding"] => community::onboarding(world, call, method, guild),
        ["prune"] => prune::route(world, call, method, guild),
        ["roles", rest @ ..] => roles::route(world, call, method, guild, rest),
        ["scheduled-events", rest @ ..] => events::route(world, call, method, guild, rest),
        ["soundboard-sounds", rest @ ..] => sounds::route(world, call, method, guild, rest),
        ["stickers", rest @ ..] => stickers::route(world, call, method, guild, rest),
        ["templates", rest @ ..] => templates::route(world, call, method, guild, rest),
        ["voice-states", rest @ ..] => voice::states(world, call, method, guild, rest),
        ["welcome-screen"] => community::welcome(world, call, method, guild),
        ["widget"] => guild::widget(world, call, method, guild),
        _ => single(world, call, method, guild, path),
    }
}

/// Routes with one method and nothing below them.
fn single(world: &mut World, call: &Call, method: &str, guild: u64, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", ["messages", "search"]) => search::search(world, call, guild),
        ("GET", ["webhooks"]) => hooks::of_guild(world, guild),
        ("GET", ["threads", "active"]) => threads::active(world, guild),
        ("GET", ["audit-logs"]) => audit::list(world, call, guild),
        ("POST", ["bulk-ban"]) => bans::bulk(world, call, guild),
        ("PUT", ["incident-actions"]) => guild::incidents(world, call, guild),
        ("GET", ["invites"]) => invites::of_guild(world, guild),
        ("GET", ["preview"]) => guild::preview(world, guild),
        ("GET", ["regions"]) => guild::regions(),
        ("GET", ["vanity-url"]) => guild::vanity(world, guild),
        _ => Err(ApiError::unknown_route()),
    }
}
