//! JSON of a command, as Discord wants it
//! ([reference](https://discord.com/developers/docs/interactions/application-commands#application-command-object)).

use std::collections::BTreeMap;

use plugin_api::manifest::{CommandKind, CommandManifest, Localized, OptionKind, OptionManifest};
use serde_json::{Map, Value, json};

/// What a subcommand, and a group of them, is as an option.
const SUBCOMMAND: u8 = 1;
const GROUP: u8 = 2;

/// A command to register; `None` when nothing of it is for slash.
pub fn command(command: &CommandManifest) -> Option<Value> {
    let kind = match command.kind {
        CommandKind::User => 2,
        CommandKind::Message => 3,
        _ => 1,
    };
    let mut json = body(command, kind)?;
    if command.kind != CommandKind::Chat {
        json.remove("description");
        json.remove("description_localizations");
        json.remove("options");
    }
    if command.guild_only {
        json.insert("contexts".into(), json!([0]));
    } else if command.dm_only {
        json.insert("contexts".into(), json!([1]));
    }
    if command.age_restricted {
        json.insert("nsfw".into(), true.into());
    }
    let access = &command.access;
    let permissions = if access.owner_only || access.guild_owner_only {
        // Administrators alone see it; who may use it, the host decides.
        Some(0)
    } else {
        (access.permissions != 0).then_some(access.permissions)
    };
    if let Some(permissions) = permissions {
        json.insert(
            "default_member_permissions".into(),
            permissions.to_string().into(),
        );
    }
    Some(Value::Object(json))
}

/// A command within a group, or a group within a group.
pub fn subcommand(command: &CommandManifest) -> Option<Value> {
    let kind = if command.subcommands.is_empty() {
        SUBCOMMAND
    } else {
        GROUP
    };
    body(command, kind).map(Value::Object)
}

fn body(command: &CommandManifest, kind: u8) -> Option<Map<String, Value>> {
    if !command.slash {
        return None;
    }
    let options: Vec<Value> = if command.subcommands.is_empty() {
        command.options.iter().map(option).collect()
    } else {
        let inside: Vec<Value> = command.subcommands.iter().filter_map(subcommand).collect();
        if inside.is_empty() {
            return None;
        }
        inside
    };
    let mut json = Map::new();
    json.insert("type".into(), kind.into());
    json.insert("name".into(), (&*command.name).into());
    json.insert("description".into(), (&*command.description).into());
    json.insert("options".into(), options.into());
    localize(&mut json, &command.localized);
    Some(json)
}

fn option(option: &OptionManifest) -> Value {
    let typed = option.repeated
        || matches!(
            option.kind,
            OptionKind::String | OptionKind::Duration | OptionKind::Date
        );
    let kind = match option.kind {
        _ if typed => 3,
        OptionKind::Integer => 4,
        OptionKind::Boolean => 5,
        OptionKind::User | OptionKind::Member => 6,
        OptionKind::Channel => 7,
        OptionKind::Role => 8,
        OptionKind::Mentionable => 9,
        OptionKind::Number => 10,
        OptionKind::Attachment => 11,
        _ => 3,
    };
    let mut json = Map::new();
    json.insert("type".into(), kind.into());
    json.insert("name".into(), (&*option.name).into());
    json.insert("description".into(), (&*option.description).into());
    json.insert("required".into(), option.required.into());
    localize(&mut json, &option.localized);
    let bounds = match (option.kind, option.repeated) {
        (OptionKind::String, false) => Some(("min_length", "max_length")),
        (OptionKind::Integer | OptionKind::Number, false) => Some(("min_value", "max_value")),
        _ => None,
    };
    if let Some((least, greatest)) = bounds {
        for (key, bound) in [(least, option.min), (greatest, option.max)] {
            if let Some(bound) = bound {
                let number = if option.kind == OptionKind::Number {
                    json!(bound)
                } else {
                    json!(bound as i64)
                };
                json.insert(key.into(), number);
            }
        }
    }
    if !option.repeated && !option.choices.is_empty() {
        let choices = option.choices.iter();
        let choices = choices.map(|choice| json!({"name": choice.name, "value": choice.value}));
        json.insert("choices".into(), choices.collect());
    }
    if option.autocomplete {
        json.insert("autocomplete".into(), true.into());
    }
    if kind == 7 && !option.channel_kinds.is_empty() {
        json.insert("channel_types".into(), json!(option.channel_kinds));
    }
    Value::Object(json)
}

fn localize(json: &mut Map<String, Value>, localized: &BTreeMap<String, Localized>) {
    let texts = |text: fn(&Localized) -> Option<&str>| -> Map<String, Value> {
        let there = localized.iter();
        there
            .filter_map(|(locale, it)| Some((locale.clone(), text(it)?.into())))
            .collect()
    };
    for (key, texts) in [
        ("name_localizations", texts(|it| it.name.as_deref())),
        (
            "description_localizations",
            texts(|it| it.description.as_deref()),
        ),
    ] {
        if !texts.is_empty() {
            json.insert(key.into(), texts.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(manifest: Value) -> Value {
        let manifest: CommandManifest = serde_json::from_value(manifest).unwrap();
        command(&manifest).unwrap_or_default()
    }

    #[test]
    fn bounds_are_lengths_for_text_and_values_for_numbers() {
        let json = shape(
            json!({"name": "a", "description": "b", "slash": true, "options": [
                {"name": "t", "description": "d", "kind": "string", "required": true, "max": 10.0},
                {"name": "n", "description": "d", "kind": "number", "min": 0.5},
                {"name": "c", "description": "d", "kind": "string", "choices": ["x"]},
                {"name": "i", "description": "d", "kind": "integer", "choices": [{"name": "one", "value": 1}]},
                {"name": "w", "description": "d", "kind": "duration", "min": 60.0},
                {"name": "v", "description": "d", "kind": "channel", "channel_kinds": [2]},
                {"name": "u", "description": "d", "kind": "user", "repeated": true},
            ]}),
        );
        assert_eq!(json["options"][0]["max_length"], 10);
        assert_eq!(
            json["options"][1],
            json!({"type": 10, "name": "n", "description": "d", "required": false, "min_value": 0.5})
        );
        assert_eq!(json["options"][2]["choices"][0]["value"], "x");
        assert_eq!(json["options"][3]["choices"][0]["value"], 1);
        assert_eq!(
            json["options"][4],
            json!({"type": 3, "name": "w", "description": "d", "required": false})
        );
        assert_eq!(json["options"][5]["channel_types"], json!([2]));
        assert_eq!(json["options"][6]["type"], 3);
    }

    #[test]
    fn groups_menus_languages_and_who_sees_it() {
        let json = shape(
            json!({"name": "tag", "description": "d", "slash": true, "guild_only": true,
                "access": {"permissions": 8},
                "localized": {"de": {"name": "schild"}},
                "subcommands": [
                    {"name": "add", "description": "d", "slash": true},
                    {"name": "typed", "description": "d", "prefix": true},
                    {"name": "sub", "description": "d", "slash": true, "subcommands": [
                        {"name": "x", "description": "d", "slash": true}]},
            ]}),
        );
        assert_eq!(json["contexts"], json!([0]));
        assert_eq!(json["default_member_permissions"], "8");
        assert_eq!(json["name_localizations"], json!({"de": "schild"}));
        assert_eq!(json["description_localizations"], Value::Null);
        assert_eq!(json["options"].as_array().unwrap().len(), 2);
        assert_eq!(json["options"][1]["type"], 2);
        assert_eq!(json["options"][1]["options"][0]["type"], 1);
        let menu = shape(json!({"kind": "user", "name": "Wave at", "slash": true}));
        assert_eq!(menu, json!({"type": 2, "name": "Wave at"}));
        assert_eq!(
            shape(json!({"name": "x", "description": "d", "prefix": true})),
            Value::Null
        );
    }
}
