//! Options of a command: read from text, checked against what is registered, and resolved.

use serde_json::{Map, Value, json};
use twilight_model::guild::Permissions;

use crate::{
    error::{Error, listing},
    world::{Command, World},
};

/// Splits `group sub text:hi more:"two words"` into the command's words and its options.
pub(crate) fn split_line(line: &str) -> Result<(String, Vec<(String, String)>), Error> {
    let mut words: Vec<String> = Vec::new();
    let mut options = Vec::new();
    let mut rest = line.trim().trim_start_matches('/');
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c.is_whitespace() || c == ':')
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix(':') else {
            if !options.is_empty() {
                let hint = format!(
                    "`{word}` is no `option:value`; values with blanks stand in double quotes"
                );
                return Err(Error::Refused(hint));
            }
            words.push(word.to_owned());
            rest = after.trim_start();
            continue;
        };
        let (value, after) = value(after)?;
        options.push((word.to_owned(), value));
        rest = after.trim_start();
    }
    Ok((words.join(" "), options))
}

/// A value up to the next blank, or in double quotes with `\"` and `\\` inside.
pub(crate) fn value(text: &str) -> Result<(String, &str), Error> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, other)) => value.push(other),
                None => {}
            },
            other => value.push(other),
        }
    }
    Err(Error::Refused(format!("the quotes in `{text}` do not end")))
}

/// The `data` of the interaction: the options typed, nested and resolved. `focused` is set for autocompletion.
pub(super) fn data(
    world: &World,
    channel: u64,
    command: &Command,
    path: &[String],
    given: &[(&str, Value)],
    focused: Option<&str>,
) -> Result<Value, Error> {
    let mut registered = command.options();
    let mut kinds = Vec::new();
    for word in path {
        let found = registered
            .iter()
            .find(|option| option["name"] == word.as_str() && is_nested(option));
        let found = found.ok_or_else(|| Error::UnknownCommand {
            name: format!("{} {}", command.name, path.join(" ")),
            known: listing(
                registered
                    .iter()
                    .filter(|option| is_nested(option))
                    .filter_map(|option| option["name"].as_str()),
            ),
        })?;
        kinds.push(found["type"].clone());
        registered = found["options"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
    }
    if registered.iter().any(is_nested) {
        let known = listing(
            registered
                .iter()
                .filter_map(|option| option["name"].as_str()),
        );
        return Err(Error::Refused(format!(
            "/{} needs a subcommand: {known}",
            command.name
        )));
    }
    let mut resolved = Map::new();
    let mut options = typed(
        world,
        channel,
        command,
        registered,
        given,
        focused,
        &mut resolved,
    )?;
    for (word, kind) in path.iter().zip(kinds).rev() {
        options = vec![json!({"name": word, "type": kind, "options": options})];
    }
    let mut data = json!({"id": command.id.to_string(), "name": command.name, "type": 1});
    if !options.is_empty() {
        data["options"] = json!(options);
    }
    if !resolved.is_empty() {
        data["resolved"] = Value::Object(resolved);
    }
    if let Some(guild) = command.guild {
        data["guild_id"] = json!(guild.to_string());
    }
    Ok(data)
}

fn is_nested(option: &Value) -> bool {
    matches!(option["type"].as_u64(), Some(1 | 2))
}

fn typed(
    world: &World,
    channel: u64,
    command: &Command,
    registered: &[Value],
    given: &[(&str, Value)],
    focused: Option<&str>,
    resolved: &mut Map<String, Value>,
) -> Result<Vec<Value>, Error> {
    let refuse = |text: String| Err(Error::Refused(format!("/{}: {text}", command.name)));
    let mut options = Vec::new();
    for (name, value) in given {
        let Some(option) = registered.iter().find(|option| option["name"] == *name) else {
            let known = listing(
                registered
                    .iter()
                    .filter_map(|option| option["name"].as_str()),
            );
            return refuse(format!("there is no option `{name}`; there are {known}"));
        };
        if focused == Some(name) {
            if option["autocomplete"] != true {
                return refuse(format!("`{name}` does not complete itself"));
            }
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            options.push(
                json!({"name": name, "type": option["type"], "value": text, "focused": true}),
            );
            continue;
        }
        match fit(world, channel, option, value, resolved) {
            Ok(value) => {
                options.push(json!({"name": name, "type": option["type"], "value": value}))
            }
            Err(why) => return refuse(format!("`{name}` {why}")),
        }
    }
    if let Some(focused) = focused.filter(|focused| given.iter().all(|(name, _)| name != focused)) {
        return refuse(format!(
            "the focused option `{focused}` needs a value, an empty one perhaps"
        ));
    }
    let missing = registered
        .iter()
        .filter(|option| option["required"] == true);
    let missing = missing.filter_map(|option| option["name"].as_str());
    let missing: Vec<_> = missing
        .filter(|name| given.iter().all(|(known, _)| known != name))
        .collect();
    if focused.is_none() && !missing.is_empty() {
        return refuse(format!("{} must be given", listing(missing)));
    }
    Ok(options)
}

/// A value as the registered option wants it, or why it does not fit.
pub(super) fn fit(
    world: &World,
    channel: u64,
    option: &Value,
    value: &Value,
    resolved: &mut Map<String, Value>,
) -> Result<Value, String> {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let kind = option["type"].as_u64().unwrap_or(0);
    let choices = option["choices"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let chosen = choices.iter().find(|choice| {
        let number = choice["value"]
            .as_f64()
            .filter(|_| choice["value"].is_number());
        let same_number = number.is_some_and(|number| text.parse() == Ok(number));
        choice["name"] == *value || choice["value"] == *value || same_number
    });
    if let Some(chosen) = chosen {
        return Ok(chosen["value"].clone());
    }
    if !choices.is_empty() {
        let known = listing(choices.iter().filter_map(|choice| choice["name"].as_str()));
        return Err(format!("is not one of {known}"));
    }
    match kind {
        3 => string(option, &text),
        4 => {
            let number: i64 = text
                .parse()
                .map_err(|_| format!("is not a whole number: `{text}`"))?;
            bounds(option, number as f64)?;
            Ok(json!(number))
        }
        5 => match text.to_lowercase().as_str() {
            "true" => Ok(json!(true)),
            "false" => Ok(json!(false)),
            _ => Err(format!("is not true or false: `{text}`")),
        },
        10 => {
            let number: f64 = text
                .parse()
                .map_err(|_| format!("is not a number: `{text}`"))?;
            bounds(option, number)?;
            Ok(json!(number))
        }
        6 | 9 if user(world, &text).is_some() => {
            let id = user(world, &text).unwrap_or(0);
            resolve_user(world, channel, id, resolved);
            Ok(json!(id.to_string()))
        }
        6 => Err(format!("is nobody's name or id: `{text}`")),
        8 | 9 => {
            let guild = world
                .guild_of(channel)
                .and_then(|guild| world.guilds.get(&guild));
            let wanted = bare(&text);
            let found = guild.and_then(|guild| {
                guild.roles.values().find(|role| {
                    role.name == wanted || wanted.parse() == Ok(role.id) || role.name == text
                })
            });
            let role = found.ok_or_else(|| format!("is no role: `{text}`"))?;
            insert(resolved, "roles", role.id, role.json());
            Ok(json!(role.id.to_string()))
        }
        7 => {
            let wanted = bare(&text);
            let guild = world.guild_of(channel);
            let mut siblings = guild.into_iter().flat_map(|id| world.channels_of(id));
            let found =
                siblings.find(|other| other.name == wanted || wanted.parse() == Ok(other.id));
            let found = found.ok_or_else(|| format!("is no channel: `{text}`"))?;
            let types = option["channel_types"].as_array();
            if types.is_some_and(|types| {
                !types.is_empty() && !types.iter().any(|kind| *kind == found.type_number())
            }) {
                return Err(format!("takes no channel like `{text}`"));
            }
            let mut json = world.channel_json(found);
            json["permissions"] = json!(
                world
                    .permissions(found.id, world.application.bot)
                    .bits()
                    .to_string()
            );
            insert(resolved, "channels", found.id, json);
            Ok(json!(found.id.to_string()))
        }
        11 => uploaded(world, channel, &text, resolved),
        other => Err(format!("has an unknown type: {other}")),
    }
}

/// A file that `Actor::uploads` has given, by its id or by its name; the newest of that name.
pub(super) fn uploaded(
    world: &World,
    channel: u64,
    id: &str,
    resolved: &mut Map<String, Value>,
) -> Result<Value, String> {
    let named = || {
        let mut files = world.files.iter().rev();
        files
            .find(|(_, file)| file.filename == id)
            .map(|(id, _)| *id)
    };
    let file = id.parse().ok().or_else(named).and_then(|id| {
        let file = world.attachment_json(channel, id, &Value::Null)?;
        Some((id, file))
    });
    let (id, mut file) =
        file.ok_or_else(|| format!("is no file: `{id}`; `uploads` gives what stands for one"))?;
    file["ephemeral"] = json!(true);
    insert(resolved, "attachments", id, file);
    Ok(json!(id.to_string()))
}

fn string(option: &Value, text: &str) -> Result<Value, String> {
    let length = text.chars().count() as u64;
    let (min, max) = (
        option["min_length"].as_u64().unwrap_or(0),
        option["max_length"].as_u64().unwrap_or(6000),
    );
    if length < min || length > max {
        return Err(format!("has {length} characters, not {min} to {max}"));
    }
    Ok(json!(text))
}

fn bounds(option: &Value, number: f64) -> Result<(), String> {
    if option["min_value"].as_f64().is_some_and(|min| number < min) {
        return Err(format!("is less than {}", option["min_value"]));
    }
    if option["max_value"].as_f64().is_some_and(|max| number > max) {
        return Err(format!("is more than {}", option["max_value"]));
    }
    Ok(())
}

/// Takes `@`, `#` and `<@…>` away.
fn bare(text: &str) -> &str {
    text.trim_start_matches(['<', '@', '#', '&', '!'])
        .trim_end_matches('>')
}

/// A user by name, `@name`, `<@id>` or id.
pub(super) fn user(world: &World, text: &str) -> Option<u64> {
    let wanted = bare(text);
    world.user_named(wanted).or_else(|| {
        wanted
            .parse()
            .ok()
            .filter(|id| world.users.contains_key(id))
    })
}

/// Puts a user, and their membership, into `resolved`.
pub(super) fn resolve_user(
    world: &World,
    channel: u64,
    user: u64,
    resolved: &mut Map<String, Value>,
) {
    let Some(json) = world.users.get(&user).map(|user| user.json()) else {
        return;
    };
    insert(resolved, "users", user, json);
    let guild = world
        .guild_of(channel)
        .and_then(|guild| world.guilds.get(&guild));
    let Some(guild) = guild else { return };
    if let Some(member) = guild.members.get(&user) {
        let mut json = member.partial_json();
        json["permissions"] = json!(
            world
                .permissions(channel, user)
                .union(Permissions::empty())
                .bits()
                .to_string()
        );
        if let Some(fields) = json.as_object_mut() {
            fields.remove("deaf");
            fields.remove("mute");
        }
        insert(resolved, "members", user, json);
    }
}

/// Puts a role or a channel into `resolved`.
pub(super) fn insert(resolved: &mut Map<String, Value>, list: &str, id: u64, json: Value) {
    resolved.entry(list).or_insert_with(|| json!({}))[id.to_string()] = json;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split() {
        let (command, options) = split_line(r#"/tag set name:x text:"two \"words\"" n:3"#).unwrap();
        assert_eq!(command, "tag set");
        let options: Vec<_> = options
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            options,
            [("name", "x"), ("text", "two \"words\""), ("n", "3")]
        );
        assert!(split_line("/echo text:hello world").is_err());
        assert!(split_line("/echo text:\"hello").is_err());
    }
}
