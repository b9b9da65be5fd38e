//! Validation of a command's options, languages and places.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use crate::rest::error::FormErrors;

/// The languages that have words of their own: <https://discord.com/developers/docs/reference#locales>.
const LOCALES: [&str; 34] = [
    "ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he",
    "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE",
    "th", "tr", "uk", "vi", "zh-CN", "zh-TW",
];
/// Types of channels that an option can be for.
const CHANNEL_TYPES: [u64; 13] = [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16];

fn join(at: &str, key: &str) -> String {
    if at.is_empty() {
        key.to_owned()
    } else {
        format!("{at}.{key}")
    }
}

/// The characters of a text, or of its longest translation.
pub(super) fn longest(thing: &Map<String, Value>, key: &str) -> usize {
    let count = |text: &Value| text.as_str().map_or(0, |text| text.chars().count());
    let words = thing.get(&format!("{key}_localizations"));
    let words = words.and_then(Value::as_object).into_iter();
    let words = words.flat_map(Map::values).chain(thing.get(key));
    words.map(count).max().unwrap_or(0)
}

/// Checks the translations of a name or description: known languages, texts of a length that fits.
pub(super) fn localizations(
    thing: &Map<String, Value>,
    key: &str,
    max: usize,
    at: &str,
    errors: &mut FormErrors,
) {
    let name = format!("{key}_localizations");
    let Some(words) = thing.get(&name).and_then(Value::as_object) else {
        return;
    };
    for (locale, text) in words {
        let at = join(&join(at, &name), locale);
        if !LOCALES.contains(&locale.as_str()) {
            let message = format!("Value must be one of {LOCALES:?}.");
            errors.add(&at, "BASE_TYPE_CHOICES", message);
        }
        match text.as_str() {
            Some(text) => errors.length(&at, text.chars().count(), 1, max),
            None if text.is_null() => {}
            None => errors.add(&at, "BASE_TYPE_STRING", "Must be a string."),
        }
    }
}

/// Those that are called like one before them in a language: their places in the list, and the language. In a language that
/// has no name for something its own name counts.
pub(in crate::rest) fn namesakes(all: &[&Map<String, Value>]) -> Vec<(usize, String)> {
    let localized =
        |one: &Map<String, Value>| Some(one.get("name_localizations")?.as_object()?.clone());
    let locales: BTreeSet<String> = all
        .iter()
        .filter_map(|one| localized(one))
        .flat_map(|names| names.into_iter().map(|(locale, _)| locale))
        .collect();
    let mut found = Vec::new();
    for locale in locales {
        let mut seen = HashSet::new();
        for (index, one) in all.iter().enumerate() {
            let own = one.get("name").and_then(Value::as_str);
            let here = one
                .get("name_localizations")
                .and_then(|names| names.get(&locale)?.as_str());
            if here.or(own).is_some_and(|name| !seen.insert(name)) {
                found.push((index, locale.clone()));
            }
        }
    }
    found
}

/// Checks where a command can be installed and used, and what its users need.
pub(super) fn places(body: &Map<String, Value>, at: &str, errors: &mut FormErrors) {
    for (key, most) in [("contexts", 2), ("integration_types", 1)] {
        let listed = body.get(key).and_then(Value::as_array);
        for (index, value) in listed.into_iter().flatten().enumerate() {
            let at = join(at, &format!("{key}.{index}"));
            if value.as_u64().is_none_or(|value| value > most) {
                let known: Vec<_> = (0..=most).map(|one| one.to_string()).collect();
                let message = format!("Value must be one of {{{}}}.", known.join(", "));
                errors.add(&at, "BASE_TYPE_CHOICES", message);
            }
        }
        if let Some(listed) = listed {
            let twice = (1..listed.len()).any(|index| listed[..index].contains(&listed[index]));
            if twice {
                let message = "The values provided must be unique.";
                errors.add(&join(at, key), "SET_TYPE_ALREADY_CONTAINS_VALUE", message);
            }
        }
    }
    let key = "default_member_permissions";
    if let Some(bits) = body.get(key).filter(|bits| !bits.is_null()) {
        let read = bits.as_u64().or_else(|| bits.as_str()?.parse().ok());
        if read.is_none() {
            let message = format!("Value {bits} is not int.");
            errors.add(&join(at, key), "NUMBER_TYPE_COERCE", message);
        }
    }
}

/// Checks the bounds of an option of this type, and what only some types can have.
pub(super) fn bounds(option: &Value, kind: u64, at: &str, errors: &mut FormErrors) {
    let numeric = matches!(kind, 4 | 10);
    for key in ["min_value", "max_value"] {
        let value = &option[key];
        let fits = match kind {
            4 => value.is_i64() || value.is_u64(),
            _ => value.is_number(),
        };
        if !(value.is_null() || numeric && fits) {
            let message = "Only options of type integer or number can have bounds of that type";
            errors.add(
                &join(at, key),
                "APPLICATION_COMMAND_OPTIONS_MIN_MAX_VALUE_INVALID",
                message,
            );
        }
    }
    let ordered = |low: &str, high: &str| {
        let both = option[low].as_f64().zip(option[high].as_f64());
        both.is_none_or(|(low, high)| low <= high)
    };
    if !ordered("min_value", "max_value") || !ordered("min_length", "max_length") {
        let message = "The minimum is more than the maximum";
        errors.add(at, "APPLICATION_COMMAND_OPTIONS_MIN_MAX_INVALID", message);
    }
    for (key, least) in [("min_length", 0), ("max_length", 1)] {
        let Some(length) = option[key].as_i64() else {
            continue;
        };
        if kind == 3 {
            errors.range(&join(at, key), length, least, 6000);
        } else {
            let message = "Only options of type string have a length";
            errors.add(
                &join(at, key),
                "APPLICATION_COMMAND_OPTIONS_LENGTH_INVALID",
                message,
            );
        }
    }
    let types = option["channel_types"].as_array();
    for (index, value) in types.into_iter().flatten().enumerate() {
        if kind != 7
            || !value
                .as_u64()
                .is_some_and(|value| CHANNEL_TYPES.contains(&value))
        {
            let message = format!("Value must be one of {CHANNEL_TYPES:?}.");
            errors.add(
                &join(at, &format!("channel_types.{index}")),
                "BASE_TYPE_CHOICES",
                message,
            );
        }
    }
    if option["autocomplete"] == true && !matches!(kind, 3 | 4 | 10) {
        let message = "Only options of type string, integer or number complete themselves";
        errors.add(
            &join(at, "autocomplete"),
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
            message,
        );
    }
}
