//! Arrival of a guild: the GUILD_CREATE that follows READY.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use twilight_model::gateway::Intents;

use super::login::Login;
use crate::world::{Guild, World};

/// From how many members on GUILD_CREATE brings none but the bot and those in voice channels.
const TOO_MANY_MEMBERS: usize = 75_000;

/// GUILD_CREATE, with the members that
/// <https://discord.com/developers/docs/events/gateway-events#request-guild-members> tells of.
pub(super) fn arrival_json(world: &World, guild: &Guild, login: &Login) -> Value {
    let bot = world.application.bot;
    let size = guild.members.len();
    let is_large = size > login.large_threshold;
    let with_presences =
        login.intents.contains(Intents::GUILD_PRESENCES) && size <= TOO_MANY_MEMBERS;
    let mut arrival = world.guild_create_json(guild, false);
    arrival["large"] = json!(is_large);
    arrival["voice_states"] = json!(world.voice_states_json(guild.id));
    if with_presences {
        let is_told = |user: &u64| !is_large || *user == bot || world.stands_out(guild, *user);
        let told: Vec<u64> = guild.members.keys().filter(is_told).collect();
        let members = told.iter();
        arrival["members"] = members
            .filter_map(|user| world.member_json(guild.id, *user))
            .collect();
        let present = told.iter().copied();
        let present = present.filter(|user| !is_large || world.is_online(*user));
        arrival["presences"] = present.map(|user| world.presence_json(user)).collect();
    } else {
        let told = world.seen_in_voice(guild.id).chain([bot]);
        let told: BTreeSet<u64> = told.collect();
        let members = told.into_iter();
        arrival["members"] = members
            .filter_map(|user| world.member_json(guild.id, user))
            .collect();
    }
    arrival
}
