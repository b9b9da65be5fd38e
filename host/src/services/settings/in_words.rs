//! Settings in words: what values one takes, and why one is out of its bounds.

use host_base::shown;
use plugin_api::manifest::{SettingKind, SettingManifest};

use crate::services::text_format;

/// Units in which a time is written, the largest first, in milliseconds.
const UNITS: [(u64, &str); 5] = [
    (86_400_000, "d"),
    (3_600_000, "h"),
    (60_000, "m"),
    (1_000, "s"),
    (1, "ms"),
];

/// What a setting takes, in words: `whole number, 1 to 10`.
pub(super) fn takes(setting: &SettingManifest) -> String {
    let format = setting.format.and_then(text_format::in_words);
    let of_list = format.map(|format| format!("list, each entry: {format}"));
    let kind = match setting.kind {
        SettingKind::String => format.unwrap_or("text"),
        SettingKind::Integer => "whole number",
        SettingKind::Number => "number",
        SettingKind::Boolean => "true or false",
        SettingKind::Duration => "time",
        SettingKind::Choice => return format!("one of {}", quoted(&setting.choices)),
        SettingKind::Channel => "channel",
        SettingKind::Role => "role",
        SettingKind::User => "user",
        SettingKind::List => match setting.items {
            SettingKind::Channel => "list of channels",
            SettingKind::Role => "list of roles",
            SettingKind::User => "list of users",
            _ => of_list.as_deref().unwrap_or("list"),
        },
        SettingKind::Secret => "name of a secret",
        _ => "?",
    };
    match bounds(setting) {
        Some(bounds) => format!("{kind}, {bounds}"),
        None => kind.to_owned(),
    }
}

/// Whether a value is within the setting's bounds. `size` is what `min` and `max` are of: the value, its length, its milliseconds.
///
/// # Errors
///
/// The bounds, and what came.
pub(super) fn within(setting: &SettingManifest, size: f64) -> Result<(), String> {
    let too_small = setting.min.is_some_and(|min| size < min);
    let too_great = setting.max.is_some_and(|max| size > max);
    match bounds(setting) {
        Some(bounds) if too_small || too_great => {
            let found = measured(setting.kind, size);
            Err(format!("expected {bounds}, found {found}"))
        }
        _ => Ok(()),
    }
}

/// `1 to 10`, `at least 1s`, `at most 100 characters`.
fn bounds(setting: &SettingManifest) -> Option<String> {
    // The number behind which it stands.
    let one = setting.max.or(setting.min) == Some(1.0);
    let unit = match (setting.kind, one) {
        (SettingKind::String, false) => " characters",
        (SettingKind::String, true) => " character",
        (SettingKind::List, false) => " entries",
        (SettingKind::List, true) => " entry",
        _ => "",
    };
    let measured = |size| measured(setting.kind, size);
    Some(match (setting.min, setting.max) {
        (None, None) => return None,
        (Some(min), None) => format!("at least {}{unit}", measured(min)),
        (None, Some(max)) => format!("at most {}{unit}", measured(max)),
        (Some(min), Some(max)) => format!("{} to {}{unit}", measured(min), measured(max)),
    })
}

/// A number as it is written: a time with its units.
fn measured(kind: SettingKind, size: f64) -> String {
    match kind {
        SettingKind::Duration => time(size as u64),
        _ => shown::number(size),
    }
}

/// Milliseconds as one writes them in the configuration: `1h 30m`.
fn time(mut ms: u64) -> String {
    let mut words = Vec::new();
    for (unit, name) in UNITS {
        if ms >= unit {
            words.push(format!("{}{name}", ms / unit));
            ms %= unit;
        }
    }
    match words.is_empty() {
        true => "0s".to_owned(),
        false => words.join(" "),
    }
}

pub(super) fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::schema::duration, *};

    fn setting(json: Value) -> SettingManifest {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn bounds_are_written_as_values_are() {
        for (of, words) in [
            (json!({"kind": "integer"}), "whole number"),
            (
                json!({"kind": "integer", "min": 1, "max": 10}),
                "whole number, 1 to 10",
            ),
            (
                json!({"kind": "integer", "min": 0, "max": 1_000_000_000}),
                "whole number, 0 to 1,000,000,000",
            ),
            (json!({"kind": "number", "max": 0.5}), "number, at most 0.5"),
            (
                json!({"kind": "string", "max": 4}),
                "text, at most 4 characters",
            ),
            (json!({"kind": "list", "min": 1}), "list, at least 1 entry"),
            (
                json!({"kind": "duration", "min": 1_500, "max": 5_400_000}),
                "time, 1s 500ms to 1h 30m",
            ),
            (json!({"kind": "duration", "min": 0}), "time, at least 0s"),
        ] {
            assert_eq!(takes(&setting(of)), words);
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for ms in [0, 1, 999, 1_000, 61_001, 5_400_000, 86_400_000, 999_999_999] {
            let read = duration(&time(ms)).unwrap();
            assert_eq!(read.as_millis(), u128::from(ms));
        }
    }
}
