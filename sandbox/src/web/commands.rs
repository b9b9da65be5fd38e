//! Command list of the page: what a user can use in a channel, and what can be put into the options.

use axum::{
    Json,
    extract::{Query, State},
};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{Ask, people};
use crate::{actor::offered, context::Context, world::World};

/// Names that are offered at once.
const OFFERED: usize = 25;

/// Members that are looked at for them: the page must not hold up the bot.
const SEARCHED: usize = 20_000;

/// The commands of all kinds that Discord's client would offer here, by name.
pub(super) async fn commands(
    State(context): State<Context>,
    Query(ask): Query<Ask>,
) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let (me, channel) = (ask.user(world), ask.channel(world));
        let application = &world.application;
        let mut commands = offered(world, me, channel);
        commands.sort_by(|one, other| one.name.cmp(&other.name));
        let commands: Vec<_> = commands
            .iter()
            .map(|command| command.json(application.id))
            .collect();
        json!({"application": application.name, "items": commands})
    }))
}

/// Users, roles or channels by name, for options and select menus.
pub(super) async fn find(State(context): State<Context>, Query(ask): Query<Ask>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let channel = ask.channel(world);
        let mut found = Vec::new();
        if matches!(ask.kind.as_str(), "user" | "mentionable") {
            found.extend(users(world, channel, &ask));
        }
        if matches!(ask.kind.as_str(), "role" | "mentionable") {
            found.extend(roles(world, channel, &ask));
        }
        if ask.kind == "channel" {
            found.extend(channels(world, channel, &ask));
        }
        json!({"items": found})
    }))
}

fn users(world: &World, channel: u64, ask: &Ask) -> Vec<Value> {
    let guild = world
        .guild_of(channel)
        .and_then(|guild| world.guilds.get(&guild));
    let entry = |user: u64| {
        let member = guild.and_then(|guild| guild.members.get(&user));
        let shown = people::shown_name(world, user, member.as_deref());
        let name = world.name_of(user);
        (ask.wants(&shown) || ask.wants(&name))
            .then(|| json!({"id": user.to_string(), "kind": "user", "label": shown, "hint": name}))
    };
    match guild {
        Some(guild) => guild
            .members
            .keys()
            .take(SEARCHED)
            .filter_map(entry)
            .take(OFFERED)
            .collect(),
        None => [ask.user(world), world.application.bot]
            .into_iter()
            .filter_map(entry)
            .collect(),
    }
}

fn roles(world: &World, channel: u64, ask: &Ask) -> Vec<Value> {
    let guild = world
        .guild_of(channel)
        .and_then(|guild| world.guilds.get(&guild));
    let mut roles: Vec<_> = guild
        .into_iter()
        .flat_map(|guild| guild.roles.values())
        .filter(|role| ask.wants(&role.name))
        .collect();
    roles.sort_by_key(|role| -role.position);
    roles
        .into_iter()
        .take(OFFERED)
        .map(|role| {
            json!({"id": role.id.to_string(), "kind": "role", "label": role.name, "color": role.color})
        })
        .collect()
}

fn channels(world: &World, channel: u64, ask: &Ask) -> Vec<Value> {
    let types: Vec<u8> = ask
        .types
        .split(',')
        .filter_map(|number| number.parse().ok())
        .collect();
    let me = ask.user(world);
    world
        .guild_of(channel)
        .into_iter()
        .flat_map(|guild| world.channels_of(guild))
        .filter(|found| types.is_empty() || types.contains(&found.type_number()))
        .filter(|found| {
            ask.wants(&found.name) && world.may(me, found.id, Permissions::VIEW_CHANNEL)
        })
        .take(OFFERED)
        .map(|found| {
            json!({
                "id": found.id.to_string(),
                "kind": "channel",
                "label": found.name,
                "type": found.type_number(),
            })
        })
        .collect()
}
