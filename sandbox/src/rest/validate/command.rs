//! Validation of application commands:
//! <https://discord.com/developers/docs/interactions/application-commands#application-command-object>.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::command_option::{bounds, localizations, longest, namesakes, places};
use crate::{rest::error::FormErrors, world::CommandKind};

/// Characters in all names, descriptions and values of a command.
const MAX_TOTAL: usize = 8000;

/// Checks a command's body; gives its kind and name. `at` is the path of the body in the request.
pub(in crate::rest) fn command(
    body: &Map<String, Value>,
    at: &str,
    errors: &mut FormErrors,
) -> Option<(CommandKind, String)> {
    let path = |key: &str| join(at, key);
    let number = body.get("type").and_then(Value::as_u64).unwrap_or(1);
    let Some(kind) = CommandKind::from_number(number) else {
        errors.add(
            &path("type"),
            "BASE_TYPE_CHOICES",
            "Value must be one of {1, 2, 3, 4}.",
        );
        return None;
    };
    let Some(name) = body.get("name").and_then(Value::as_str) else {
        errors.required(&path("name"));
        return None;
    };
    let description = body
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if kind == CommandKind::Slash {
        check_name(name, &path("name"), errors);
        check_description(description, &path("description"), errors);
    } else {
        errors.length(&path("name"), name.chars().count(), 1, 32);
        if !description.is_empty() {
            let message = "Context menu commands cannot have description";
            errors.add(
                &path("description"),
                "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID",
                message,
            );
        }
    }
    let options = body
        .get("options")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if kind != CommandKind::Slash && !options.is_empty() {
        let message = "Context menu commands cannot have options";
        errors.add(
            &path("options"),
            "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID",
            message,
        );
    }
    check_options(options, &path("options"), 0, errors);
    localizations(body, "name", 32, at, errors);
    localizations(body, "description", 100, at, errors);
    places(body, at, errors);
    if total(body) > MAX_TOTAL {
        let message = format!("Command exceeds maximum size ({MAX_TOTAL})");
        errors.add(at, "APPLICATION_COMMAND_TOO_LARGE", message);
    }
    Some((kind, name.to_owned()))
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() {
        key.to_owned()
    } else {
        format!("{at}.{key}")
    }
}

fn check_name(name: &str, at: &str, errors: &mut FormErrors) {
    let count = name.chars().count();
    errors.length(at, count, 1, 32);
    let fits = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'') || is_of_script(c));
    if (1..=32).contains(&count) && (!fits || name.to_lowercase() != name) {
        errors.add(
            at,
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        );
    }
}

/// Signs of Devanagari and Thai that are no letters: Discord's pattern takes both scripts whole.
fn is_of_script(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{097F}' | '\u{A8E0}'..='\u{A8FF}' | '\u{0E01}'..='\u{0E5B}')
}

fn check_description(description: &str, at: &str, errors: &mut FormErrors) {
    if description.is_empty() {
        errors.required(at);
    } else {
        errors.length(at, description.chars().count(), 1, 100);
    }
}

/// `depth` 0 is the command, 1 a group or subcommand, 2 a subcommand in a group.
fn check_options(options: &[Value], at: &str, depth: u8, errors: &mut FormErrors) {
    errors.length(at, options.len(), 0, 25);
    let mut names = HashSet::new();
    let mut optional_before = false;
    let fields: Vec<_> = options.iter().filter_map(Value::as_object).collect();
    for (index, locale) in namesakes(&fields) {
        errors.add(
            &format!("{at}.{index}.name_localizations.{locale}"),
            "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
            "Option names must be unique",
        );
    }
    let nested = |option: &Value| matches!(option["type"].as_u64(), Some(1 | 2));
    let mixes = options.iter().any(nested) && !options.iter().all(nested);
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.{index}");
        let kind = option["type"].as_u64().unwrap_or(0);
        match option["name"].as_str() {
            None => errors.required(&join(&at, "name")),
            Some(name) => {
                check_name(name, &join(&at, "name"), errors);
                if !names.insert(name.to_owned()) {
                    let message = "Option names must be unique";
                    errors.add(
                        &join(&at, "name"),
                        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                        message,
                    );
                }
            }
        }
        if let Some(option) = option.as_object() {
            localizations(option, "name", 32, &at, errors);
            localizations(option, "description", 100, &at, errors);
        }
        check_description(
            option["description"].as_str().unwrap_or_default(),
            &join(&at, "description"),
            errors,
        );
        let type_fits = match kind {
            1 => depth < 2,
            2 => depth == 0,
            3..=11 => !mixes,
            _ => false,
        };
        if !type_fits {
            let message = "Sub-command and sub-command group option types are mutually exclusive to other types";
            errors.add(
                &join(&at, "type"),
                "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                message,
            );
        }
        if matches!(kind, 1 | 2) {
            let inner = option["options"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            if kind == 2 && inner.is_empty() {
                errors.required(&join(&at, "options"));
            }
            check_options(
                inner,
                &join(&at, "options"),
                if kind == 2 { 1 } else { 2 },
                errors,
            );
            continue;
        }
        let required = option["required"] == true;
        if required && optional_before {
            let message = "Required options must be placed before non-required options";
            errors.add(&at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
        }
        optional_before |= !required;
        bounds(option, kind, &at, errors);
        check_choices(option, kind, &at, errors);
    }
}

fn check_choices(option: &Value, kind: u64, at: &str, errors: &mut FormErrors) {
    let choices = option["choices"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    errors.length(&join(at, "choices"), choices.len(), 0, 25);
    if !choices.is_empty() && option["autocomplete"] == true {
        let message = "Options cannot have both choices and autocomplete";
        errors.add(
            at,
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            message,
        );
    }
    let mut names = HashSet::new();
    for (index, choice) in choices.iter().enumerate() {
        let at = format!("{at}.choices.{index}");
        let name = choice["name"].as_str().unwrap_or_default();
        errors.length(&join(&at, "name"), name.chars().count(), 1, 100);
        let fits = match kind {
            3 => choice["value"]
                .as_str()
                .is_some_and(|value| value.chars().count() <= 100),
            4 => choice["value"].is_i64() || choice["value"].is_u64(),
            10 => choice["value"].is_number(),
            _ => false,
        };
        if !fits {
            let message = "The value does not fit the type of the option";
            errors.add(
                &join(&at, "value"),
                "APPLICATION_COMMAND_OPTIONS_CHOICE_VALUE_TYPE",
                message,
            );
        }
        if !names.insert(name) {
            let message = "Choice names must be unique";
            errors.add(
                &join(&at, "name"),
                "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
                message,
            );
        }
    }
}

/// All characters of names, descriptions and values, of each translation the longest.
fn total(thing: &Map<String, Value>) -> usize {
    let value = thing.get("value").and_then(Value::as_str);
    let value = value.map_or(0, |text| text.chars().count());
    let inner = ["options", "choices"].into_iter();
    let inner = inner.filter_map(|key| thing.get(key)?.as_array()).flatten();
    let inner = inner.filter_map(Value::as_object);
    value + longest(thing, "name") + longest(thing, "description") + inner.map(total).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(body: Value) -> Vec<String> {
        let mut errors = FormErrors::default();
        command(body.as_object().unwrap(), "", &mut errors);
        let Err(error) = errors.check() else {
            return Vec::new();
        };
        let text = error.body["errors"].to_string();
        text.split("\"code\":\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn commands_are_checked() {
        let slash = |name: &str, options: Value| json!({"name": name, "description": "d", "options": options});
        let text = |name: &str, required: bool| json!({"type": 3, "name": name, "description": "d", "required": required});
        assert!(
            faults(slash(
                "echo",
                json!([text("text", true), text("more", false)])
            ))
            .is_empty()
        );
        assert!(faults(slash("größe", json!([]))).is_empty());
        assert_eq!(
            faults(slash("Echo", json!([]))),
            ["APPLICATION_COMMAND_INVALID_NAME"]
        );
        assert_eq!(
            faults(slash("a b", json!([]))),
            ["APPLICATION_COMMAND_INVALID_NAME"]
        );
        assert_eq!(faults(slash("", json!([]))), ["BASE_TYPE_BAD_LENGTH"]);
        assert_eq!(faults(json!({"name": "echo"})), ["BASE_TYPE_REQUIRED"]);
        let wrong_order = slash("echo", json!([text("a", false), text("b", true)]));
        assert_eq!(
            faults(wrong_order),
            ["APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"]
        );
        let twice = slash("echo", json!([text("a", false), text("a", false)]));
        assert_eq!(
            faults(twice),
            ["APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"]
        );
        assert!(faults(json!({"type": 2, "name": "Show Avatar"})).is_empty());
        let number = |more: Value| {
            let mut option = json!({"type": 4, "name": "n", "description": "d"});
            option
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            faults(slash("add", json!([option])))
        };
        assert!(number(json!({"min_value": 1, "max_value": 3, "autocomplete": true})).is_empty());
        let bad = "APPLICATION_COMMAND_OPTIONS_MIN_MAX_VALUE_INVALID";
        assert_eq!(number(json!({"min_value": 0.5})), [bad]);
        assert_eq!(number(json!({"channel_types": [0]})), ["BASE_TYPE_CHOICES"]);
        let mut twins = [text("a", false), text("b", false)];
        twins[0]["name_localizations"] = json!({"de": "b", "fr": "b"});
        twins[1]["name_localizations"] = json!({"fr": "a"});
        assert_eq!(
            faults(slash("echo", json!(twins))),
            ["APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"]
        );
        let mut translated = slash("echo", json!([]));
        translated["name_localizations"] = json!({"de": "hall", "xx": "x"});
        translated["contexts"] = json!([0, 0]);
        assert_eq!(
            faults(translated),
            ["SET_TYPE_ALREADY_CONTAINS_VALUE", "BASE_TYPE_CHOICES"]
        );
    }
}
