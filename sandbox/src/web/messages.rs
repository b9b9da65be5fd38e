//! Message list of a channel, as one user sees it.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Query, State},
};
use serde_json::{Map, Value, json};
use twilight_model::guild::Permissions;

use super::{Ask, people};
use crate::{
    context::Context,
    world::{Message, TYPING_US, World},
};

/// Messages in one answer.
const PAGE: usize = 50;

/// The newest messages of a channel, or those before one, oldest first; who types; and the names of all that is mentioned.
pub(super) async fn messages(
    State(context): State<Context>,
    Query(ask): Query<Ask>,
) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let (me, channel) = (ask.user(world), ask.channel(world));
        let needed = Permissions::VIEW_CHANNEL;
        if !world.channels.contains_key(&channel) || !world.may(me, channel, needed) {
            return json!({"items": [], "more": false, "names": {}, "typing": []});
        }
        let readable = world.may(me, channel, Permissions::READ_MESSAGE_HISTORY);
        let mut newest = world
            .visible_messages(me, channel)
            .rev()
            .filter(|message| readable || message.ephemeral_for == Some(me))
            .skip_while(|message| ask.before.is_some_and(|before| message.id >= before));
        let mut items: Vec<_> = newest
            .by_ref()
            .take(PAGE)
            .map(|message| message_json(world, message, me))
            .collect();
        let more = newest.next().is_some();
        items.reverse();
        let items = Value::Array(items);
        let names = names(world, channel, &items);
        json!({
            "items": items,
            "more": more,
            "names": names,
            "typing": typing(world, channel, me),
        })
    }))
}

/// The message object, with what only clients know.
fn message_json(world: &World, message: &Message, user: u64) -> Value {
    let mut json = world.message_json(message);
    let guild = world.guild_of(message.channel);
    let guild = guild.and_then(|guild| world.guilds.get(&guild));
    let member = guild.and_then(|guild| guild.members.get(&message.author));
    // A webhook's message shows a name of its own.
    json["page"] = json!({
        "name": (json["author"]["id"].as_str().and_then(|id| id.parse().ok()) == Some(message.author))
            .then(|| people::shown_name(world, message.author, member.as_deref())),
        "color": guild.zip(member.as_deref()).map(|(guild, member)| people::color(guild, member)),
        "for_me": message.ephemeral_for == Some(user),
        "mentions_me": mentions(world, message, user),
        "used": message.interaction.and_then(|id| world.interactions.get(&id)).map(|interaction| json!({
            "user": interaction.user.to_string(),
            "name": world.name_of(interaction.user),
            "what": interaction.title,
            "command": interaction.command.is_some(),
        })),
    });
    if let Some(poll) = &message.poll {
        json["poll"] = poll.json(user);
    }
    let reactions = json["reactions"].as_array_mut().into_iter().flatten();
    for (shown, (_, users)) in reactions.zip(&message.reactions) {
        shown["me"] = json!(users.contains(&user));
        let names = users.iter().take(10).map(|user| world.name_of(*user));
        shown["names"] = json!(names.collect::<Vec<_>>());
    }
    json
}

fn mentions(world: &World, message: &Message, user: u64) -> bool {
    let guild = world.guild_of(message.channel);
    let member = guild
        .and_then(|guild| world.guilds.get(&guild))
        .and_then(|guild| guild.members.get(&user));
    message.mention_everyone
        || message.mentions.contains(&user)
        || member.is_some_and(|member| {
            let roles = &message.mention_roles;
            member.roles.iter().any(|role| roles.contains(role))
        })
}

fn typing(world: &World, channel: u64, user: u64) -> Vec<String> {
    let now = world.clock.now_us();
    let here = world.typing.range((channel, 0)..=(channel, u64::MAX));
    here.filter(|((_, who), since)| *who != user && now - **since < TYPING_US)
        .map(|((_, who), _)| world.name_of(*who))
        .collect()
}

/// Names by id of all that is mentioned anywhere in the messages, or chosen in their menus from the start.
fn names(world: &World, channel: u64, items: &Value) -> Value {
    let guild = world
        .guild_of(channel)
        .and_then(|guild| world.guilds.get(&guild));
    let mut names = Map::new();
    let mut named = mentioned(&items.to_string());
    chosen(items, &mut named);
    for (kind, id) in named {
        let found = match kind {
            '@' => world.users.get(&id).map(|_| {
                let member = guild.and_then(|guild| guild.members.get(&id));
                json!({"name": people::shown_name(world, id, member.as_deref())})
            }),
            '&' => guild
                .and_then(|guild| guild.roles.get(&id))
                .map(|role| json!({"name": role.name, "color": role.color})),
            _ => world
                .channels
                .get(&id)
                .map(|channel| json!({"name": channel.name, "type": channel.type_number()})),
        };
        if let Some(found) = found {
            names.insert(id.to_string(), found);
        }
    }
    Value::Object(names)
}

/// `<@1>`, `<@!1>` (`'@'`), `<@&1>` (`'&'`) and `<#1>` (`'#'`) in a text.
fn mentioned(text: &str) -> BTreeSet<(char, u64)> {
    let marks = text.split('<').skip(1);
    marks
        .filter_map(|rest| {
            let (inside, _) = rest.split_once('>')?;
            let (kind, id) = match inside.strip_prefix('@') {
                Some(user) => match user.strip_prefix('&') {
                    Some(role) => ('&', role),
                    None => ('@', user.trim_start_matches('!')),
                },
                None => ('#', inside.strip_prefix('#')?),
            };
            Some((kind, id.parse().ok()?))
        })
        .collect()
}

/// The `default_values` of menus, wherever they are.
fn chosen(part: &Value, into: &mut BTreeSet<(char, u64)>) {
    match part {
        Value::Array(parts) => parts.iter().for_each(|part| chosen(part, into)),
        Value::Object(fields) => {
            for value in fields
                .get("default_values")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let kind = match value["type"].as_str() {
                    Some("role") => '&',
                    Some("channel") => '#',
                    _ => '@',
                };
                let id = value["id"].as_str().and_then(|id| id.parse().ok());
                into.extend(id.map(|id| (kind, id)));
            }
            fields.values().for_each(|part| chosen(part, into));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_mentions_are_found() {
        let found = mentioned(r#"[{"content":"<@1> <@!2> <#3> <@&4> <@x> <:a:5> <"}]"#);
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(found, [('#', 3), ('&', 4), ('@', 1), ('@', 2)]);
    }

    #[test]
    fn what_menus_begin_with_is_found_in_rows_and_containers() {
        let menu =
            |kind: &str, id: &str| json!({"type": 7, "default_values": [{"id": id, "type": kind}]});
        let items = json!([
            {"components": [{"type": 1, "components": [menu("user", "1")]}]},
            {"components": [{"type": 17, "components": [{"type": 1, "components": [menu("role", "2")]}]}]},
            {"components": [{"type": 1, "components": [menu("channel", "3")]}]},
        ]);
        let mut found = BTreeSet::new();
        chosen(&items, &mut found);
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(found, [('#', 3), ('&', 2), ('@', 1)]);
    }
}
