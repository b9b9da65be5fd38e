//! Guild and channel lists.

use axum::{
    Json,
    extract::{Query, State},
};
use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::Ask;
use crate::{
    context::Context,
    world::{Channel, Role, World},
};

/// Guilds in one answer.
const PAGE: usize = 50;

/// The guilds that a user is in, by id, a part at a time.
pub(super) async fn guilds(State(context): State<Context>, Query(ask): Query<Ask>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let me = ask.user(world);
        let mut guilds = world
            .guilds_of(me)
            .filter(|guild| ask.wants(&guild.name))
            .skip(ask.offset);
        let shown: Vec<_> = guilds
            .by_ref()
            .take(PAGE)
            .map(|guild| {
                json!({
                    "id": guild.id.to_string(),
                    "name": guild.name,
                    "owner": guild.owner == me,
                })
            })
            .collect();
        json!({"items": shown, "more": guilds.next().is_some()})
    }))
}

/// A guild with the channels that a user can see; `null` if the user is not in it.
pub(super) async fn guild(State(context): State<Context>, Query(ask): Query<Ask>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let me = ask.user(world);
        let guild = world
            .guilds
            .get(&ask.guild)
            .filter(|guild| guild.members.contains_key(&me));
        let Some(guild) = guild else {
            return Value::Null;
        };
        let threads = world.channels.of_guild(guild.id);
        let threads = threads.filter(|channel| {
            let thread = channel.thread.as_ref();
            thread.is_some_and(|thread| !thread.archived)
        });
        let channels = world
            .channels_of(guild.id)
            .chain(threads)
            .filter(|channel| world.may(me, channel.id, Permissions::VIEW_CHANNEL))
            .map(|channel| channel_json(world, channel, me));
        let (whole, has) = (world.guild_json(guild), world.guild_permissions(guild, me));
        json!({
            "id": guild.id.to_string(),
            "name": guild.name,
            "owner": guild.owner.to_string(),
            "channels": channels.collect::<Vec<_>>(),
            "roles": guild.roles.values().map(Role::json).collect::<Vec<_>>(),
            "emojis": whole["emojis"],
            "may": {
                "roles": has.contains(Permissions::MANAGE_ROLES),
                "nick": has.contains(Permissions::MANAGE_NICKNAMES),
                "own_nick": has.contains(Permissions::CHANGE_NICKNAME),
            },
        })
    }))
}

/// The channel object without its overwrites, and with what this user may do in it.
fn channel_json(world: &World, channel: &Channel, user: u64) -> Value {
    let mut json = world.channel_json(channel);
    if let Some(fields) = json.as_object_mut() {
        fields.remove("permission_overwrites");
    }
    let has = world.permissions(channel.id, user);
    let writing = if channel.is_thread() {
        Permissions::SEND_MESSAGES_IN_THREADS
    } else {
        Permissions::SEND_MESSAGES
    };
    json["may"] = json!({
        "write": channel.has_messages() && has.contains(writing),
        "react": has.contains(Permissions::ADD_REACTIONS),
        "manage": has.contains(Permissions::MANAGE_MESSAGES),
        "attach": has.contains(Permissions::ATTACH_FILES),
        "pin": has.contains(Permissions::PIN_MESSAGES),
        "thread": has.contains(Permissions::CREATE_PUBLIC_THREADS)
            && matches!(channel.of(), ChannelType::GuildText | ChannelType::GuildAnnouncement),
        "post": has.contains(Permissions::SEND_MESSAGES)
            && matches!(channel.of(), ChannelType::GuildForum | ChannelType::GuildMedia),
    });
    json
}
