//! `applications/{id}/commands` and `applications/{id}/guilds/{id}/commands`.

use std::collections::{BTreeSet, HashSet};

use axum::http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    error::FormErrors,
    ok, validate,
};
use crate::world::{Command, CommandKind, World};

/// Chat-input commands that an application has, globally and in each guild.
const MAX_SLASH: usize = 100;
/// Commands of each menu.
const MAX_MENU: usize = 15;
/// Code and message where two commands are called the same.
const DUPLICATE: (&str, &str) = (
    "APPLICATION_COMMANDS_DUPLICATE_NAME",
    "Application command names must be unique",
);

/// Routes below `applications/{id}`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    application: u64,
    path: &[&str],
) -> Answer {
    if application != world.application.id {
        return Err(ApiError::missing_access());
    }
    match path {
        ["commands", rest @ ..] => scoped(world, call, method, None, rest),
        ["guilds", guild, "commands", rest @ ..] => {
            let guild = id(guild)?;
            if !world.bot_is_in(guild) {
                return Err(ApiError::missing_access());
            }
            match (method, rest) {
                (method, ["permissions"]) => all_overrides(world, method, guild),
                (method, [command, "permissions"]) => overrides(world, method, guild, id(command)?),
                _ => scoped(world, call, method, Some(guild), rest),
            }
        }
        _ => Err(ApiError::unknown_route()),
    }
}

fn scoped(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: Option<u64>,
    path: &[&str],
) -> Answer {
    let application = world.application.id;
    world.commands_touched = Some(Instant::now());
    match (method, path) {
        ("GET", []) => {
            let commands = world
                .commands
                .values()
                .filter(|command| command.guild == guild);
            let whole = call.query_flag("with_localizations");
            let listed = commands.map(|command| match whole {
                true => command.json(application),
                false => command.localized_json(application, call.locale.as_deref()),
            });
            ok(listed.collect())
        }
        ("POST", []) => {
            let body = object(&call.body)?;
            let mut errors = FormErrors::default();
            let named = validate::command(&body, "", &mut errors);
            if let Some((kind, name)) = &named {
                refuse_namesakes(world, guild, *kind, name, &body, &mut errors);
            }
            errors.check()?;
            let (kind, name) = named.ok_or_else(ApiError::invalid_json)?;
            let same = |command: &Command| command.guild == guild && command.kind == kind;
            let others = world
                .commands
                .values()
                .filter(|command| same(command) && command.name != name)
                .count();
            if others >= most(kind) {
                return Err(ApiError::too_many_commands());
            }
            need_creates(world, guild, [(kind, name.as_str())])?;
            let (command, new) = world.register(guild, kind, &name, body);
            let status = if new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            Ok(Reply::Json(status, json_of(world, command)))
        }
        ("PUT", []) => overwrite(world, call, guild),
        (method, [command]) => {
            let command = id(command)?;
            let known = world
                .commands
                .get(&command)
                .filter(|known| known.guild == guild);
            let known = known.ok_or_else(ApiError::unknown_command)?.clone();
            match method {
                "GET" => ok(known.json(application)),
                "PATCH" => patch(world, call, known),
                "DELETE" => {
                    world.commands.remove(&command);
                    Ok(Reply::Empty)
                }
                _ => Err(ApiError::method_not_allowed()),
            }
        }
        _ => Err(ApiError::unknown_route()),
    }
}

/// Refuses a command that is called like another one in a language. `name` is that of the command that it replaces, if any.
fn refuse_namesakes(
    world: &World,
    guild: Option<u64>,
    kind: CommandKind,
    name: &str,
    body: &Map<String, Value>,
    errors: &mut FormErrors,
) {
    let others = world
        .commands
        .values()
        .filter(|known| known.guild == guild && known.kind == kind && known.name != name);
    let all: Vec<_> = others.map(|known| &known.body).chain([body]).collect();
    for (twin, locale) in validate::namesakes(&all) {
        if twin + 1 == all.len() {
            let at = format!("name_localizations.{locale}");
            errors.add(&at, DUPLICATE.0, DUPLICATE.1);
        }
    }
}

/// Refuses more creates than a day has; to change a command of the same name is none.
fn need_creates<'a>(
    world: &mut World,
    guild: Option<u64>,
    named: impl IntoIterator<Item = (CommandKind, &'a str)>,
) -> Result<(), ApiError> {
    let is_new = |(kind, name): &(CommandKind, &str)| {
        let mut known = world.commands.values();
        !known.any(|known| known.guild == guild && known.kind == *kind && known.name == *name)
    };
    let more = named.into_iter().filter(is_new).count();
    if more > 0 && !world.daily_creates.have_room(guild, more, &world.clock) {
        return Err(ApiError::too_many_creates());
    }
    Ok(())
}

/// The overrides of all commands of a guild.
fn all_overrides(world: &World, method: &str, guild: u64) -> Answer {
    if method != "GET" {
        return Err(ApiError::method_not_allowed());
    }
    let targets = world.command_overrides.keys();
    let targets = targets.filter(|(known, _)| *known == guild);
    ok(targets
        .filter_map(|(_, target)| world.command_overrides_json(guild, *target))
        .collect())
}

/// The overrides of one command, or of the application. Setting them needs a user's own token.
fn overrides(world: &World, method: &str, guild: u64, target: u64) -> Answer {
    let known = world.commands.get(&target);
    let known = known.filter(|known| known.guild.is_none_or(|known| known == guild));
    if known.is_none() && target != world.application.id {
        return Err(ApiError::unknown_command());
    }
    match method {
        "GET" => world
            .command_overrides_json(guild, target)
            .map_or_else(|| Err(ApiError::unknown_command_permissions()), ok),
        "PUT" => Err(ApiError::not_for_bots()),
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn most(kind: CommandKind) -> usize {
    if kind == CommandKind::Slash {
        MAX_SLASH
    } else {
        MAX_MENU
    }
}

fn object(body: &Value) -> Result<Map<String, Value>, ApiError> {
    let wrong = || {
        ApiError::form(
            "",
            "MODEL_TYPE_CONVERT",
            "Only dictionaries may be used in a ModelType",
        )
    };
    body.as_object().cloned().ok_or_else(wrong)
}

fn json_of(world: &World, command: u64) -> Value {
    world
        .commands
        .get(&command)
        .map(|command| command.json(world.application.id))
        .unwrap_or_default()
}

/// Commands that passed: kind, name, body.
type Checked<'a> = Vec<(CommandKind, String, &'a Map<String, Value>)>;

/// Checks all commands of a scope, as they would be registered together.
pub(crate) fn check<'a>(
    bodies: impl IntoIterator<Item = &'a Value>,
) -> Result<Checked<'a>, ApiError> {
    let mut errors = FormErrors::default();
    let mut names = HashSet::new();
    let mut commands = Vec::new();
    for (index, body) in bodies.into_iter().enumerate() {
        let at = index.to_string();
        let Some(body) = body.as_object() else {
            errors.add(
                &at,
                "MODEL_TYPE_CONVERT",
                "Only dictionaries may be used in a ModelType",
            );
            continue;
        };
        if let Some((kind, name)) = validate::command(body, &at, &mut errors) {
            if !names.insert((kind.number(), name.clone())) {
                errors.add(&at, DUPLICATE.0, DUPLICATE.1);
            }
            commands.push((kind, name, body));
        }
    }
    for kind in [CommandKind::Slash, CommandKind::User, CommandKind::Message] {
        let of_kind = commands.iter().enumerate();
        let of_kind: Vec<_> = of_kind.filter(|(_, (known, ..))| *known == kind).collect();
        let bodies: Vec<_> = of_kind.iter().map(|(_, (.., body))| *body).collect();
        for (twin, locale) in validate::namesakes(&bodies) {
            let at = format!("{}.name_localizations.{locale}", of_kind[twin].0);
            errors.add(&at, DUPLICATE.0, DUPLICATE.1);
        }
    }
    errors.check()?;
    for kind in [CommandKind::Slash, CommandKind::User, CommandKind::Message] {
        if commands.iter().filter(|(known, ..)| *known == kind).count() > most(kind) {
            return Err(ApiError::too_many_commands());
        }
    }
    Ok(commands)
}

/// Replaces all commands of a scope, or none if one of them is wrong.
fn overwrite(world: &mut World, call: &Call, guild: Option<u64>) -> Answer {
    let wrong = || {
        ApiError::form(
            "",
            "LIST_TYPE_CONVERT",
            "Only iterables may be used in a ListType",
        )
    };
    let commands = check(call.body.as_array().ok_or_else(wrong)?)?;
    let named = commands
        .iter()
        .map(|(kind, name, _)| (*kind, name.as_str()));
    need_creates(world, guild, named)?;
    let ids: Vec<u64> = commands
        .into_iter()
        .map(|(kind, name, body)| world.register(guild, kind, &name, body.clone()).0)
        .collect();
    let kept: BTreeSet<_> = ids.iter().copied().collect();
    world
        .commands
        .retain(|id, command| command.guild != guild || kept.contains(id));
    ok(ids.into_iter().map(|id| json_of(world, id)).collect())
}

fn patch(world: &mut World, call: &Call, known: Command) -> Answer {
    let mut body = known.body.clone();
    body.extend(object(&call.body)?);
    body.insert("type".to_owned(), Value::from(known.kind.number()));
    let mut errors = FormErrors::default();
    let named = validate::command(&body, "", &mut errors);
    if let Some((_, name)) = &named {
        let taken = world.command_named(known.guild, known.kind, name);
        if taken.is_some_and(|taken| taken.id != known.id && taken.guild == known.guild) {
            errors.add("name", DUPLICATE.0, DUPLICATE.1);
        }
        refuse_namesakes(
            world,
            known.guild,
            known.kind,
            &known.name,
            &body,
            &mut errors,
        );
    }
    errors.check()?;
    let (_, name) = named.ok_or_else(ApiError::invalid_json)?;
    let version = world.snowflakes.next();
    world.commands.insert(
        known.id,
        Command {
            version,
            name,
            body,
            ..known
        },
    );
    ok(json_of(world, known.id))
}
