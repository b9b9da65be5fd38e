//! User lists: all users, and the members of a channel's guild.

use std::borrow::Cow;

use axum::{
    Json,
    extract::{Query, State},
};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::Ask;
use crate::{
    context::Context,
    state::State as All,
    world::{Guild, Member, Role, User, World},
};

/// People in one answer.
const PAGE: usize = 50;

/// Guilds up to this size are listed by rank; larger ones by age, so that a page of them costs a page.
const SORTED: usize = 1000;

/// Members of a large guild that a search looks at: the page must not hold up the bot.
const SEARCHED: usize = 20_000;

/// Those who were made one by one, by age, a part at a time; one of the crowd is found by the whole name.
pub(super) async fn users(State(context): State<Context>, Query(ask): Query<Ask>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let listed = |id: &u64| humans(world).any(|user| user.id == *id);
        let exact = world.user_named(&ask.find);
        let of_crowd = exact.filter(|id| !listed(id) && *id != world.application.bot);
        let named = humans(world).filter(|user| ask.wants(&user.name));
        let mut users = of_crowd
            .into_iter()
            .chain(named.map(|user| user.id))
            .skip(ask.offset);
        let shown: Vec<_> = users
            .by_ref()
            .take(PAGE)
            .map(|user| person(world, user))
            .collect();
        json!({"items": shown, "more": users.next().is_some()})
    }))
}

/// Who is no bot.
pub(super) fn humans(world: &World) -> impl Iterator<Item = &User> {
    world.users.cast().filter(|user| !user.bot)
}

/// A user, and what they are in their oldest guild: its owner, or somebody with a role.
pub(super) fn person(world: &World, user: u64) -> Value {
    let guild = world.guilds_of(user).next();
    let title = guild.and_then(|guild| {
        if guild.owner == user {
            return Some("owner".to_owned());
        }
        let member = guild.members.get(&user)?;
        let role = ranked(guild, &member).next();
        Some(role.map_or_else(|| "member".to_owned(), |role| role.name.clone()))
    });
    let shown = world
        .users
        .get(&user)
        .and_then(|user| user.display_name.clone());
    json!({
        "id": user.to_string(),
        "name": world.name_of(user),
        "display": shown.unwrap_or_else(|| world.name_of(user)),
        "title": title.unwrap_or_default(),
    })
}

/// The members who can see a channel, a part at a time.
pub(super) async fn members(State(context): State<Context>, Query(ask): Query<Ask>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let channel = ask.channel(world);
        let visible = world.may(ask.user(world), channel, Permissions::VIEW_CHANNEL);
        let guild = world
            .guild_of(channel)
            .and_then(|guild| world.guilds.get(&guild));
        let Some(guild) = guild.filter(|_| visible) else {
            return json!({"items": [], "more": false, "total": 0});
        };
        let large = guild.members.len() > SORTED;
        let mut seen: Vec<(u64, Cow<'_, Member>)> = Vec::new();
        let seen_here = guild
            .members
            .iter()
            .take(if large { SEARCHED } else { SORTED })
            .filter(|(user, member)| {
                ask.wants(&shown_name(world, *user, Some(member)))
                    && world.may(*user, channel, Permissions::VIEW_CHANNEL)
            });
        if large {
            // The next one tells whether there are more.
            seen.extend(seen_here.take(ask.offset + PAGE + 1));
        } else {
            seen.extend(seen_here);
            seen.sort_by_cached_key(|(user, member)| {
                let top = ranked(guild, member).next().map_or(0, |role| role.position);
                let name = shown_name(world, *user, Some(member));
                (-top, name.to_lowercase())
            });
        }
        let mut seen = seen.into_iter().skip(ask.offset);
        let shown: Vec<_> = seen
            .by_ref()
            .take(PAGE)
            .map(|(user, member)| member_json(state, guild, user, &member))
            .collect();
        json!({"items": shown, "more": seen.next().is_some(), "total": guild.members.len()})
    }))
}

fn member_json(state: &All, guild: &Guild, user: u64, member: &Member) -> Value {
    let world = &state.world;
    let presence = world.presence_json(user);
    let gone = user == world.application.bot && !state.hub.is_ready();
    let status = if gone {
        json!("offline")
    } else {
        presence["status"].clone()
    };
    let roles: Vec<_> = ranked(guild, member)
        .map(|role| json!({"id": role.id.to_string(), "name": role.name, "color": role.color}))
        .collect();
    json!({
        "id": user.to_string(),
        "name": world.name_of(user),
        "display": shown_name(world, user, Some(member)),
        "nick": member.nick,
        "bot": world.users.get(&user).is_some_and(|user| user.bot),
        "owner": guild.owner == user,
        "color": color(guild, member),
        "roles": roles,
        "status": status,
        "activity": Some(&presence["activities"][0]).filter(|_| !gone),
        "timed_out": member.is_timed_out(world.clock.now_us()),
    })
}

/// How a user is called in a guild: the nickname, the display name, or the name.
pub(super) fn shown_name(world: &World, user: u64, member: Option<&Member>) -> String {
    let nick = member.and_then(|member| member.nick.clone());
    let known = world.users.get(&user);
    nick.or_else(|| known.and_then(|user| user.display_name.clone()))
        .unwrap_or_else(|| world.name_of(user))
}

/// A member's colour: that of the highest role that has one; 0 without.
pub(super) fn color(guild: &Guild, member: &Member) -> u32 {
    ranked(guild, member)
        .map(|role| role.color)
        .find(|color| *color != 0)
        .unwrap_or(0)
}

/// A member's roles, highest first.
fn ranked<'a>(guild: &'a Guild, member: &Member) -> impl Iterator<Item = &'a Role> {
    let roles = member.roles.iter().filter_map(|id| guild.roles.get(id));
    let mut roles: Vec<_> = roles.collect();
    roles.sort_by_key(|role| (-role.position, role.id));
    roles.into_iter()
}
