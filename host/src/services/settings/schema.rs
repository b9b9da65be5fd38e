//! Schema of a declared setting: its value is checked as it is written in config.toml, and crosses as the plugin reads
//! it.

use std::{collections::HashSet, time::Duration};

use host_ops::config::secret_name;
use plugin_api::manifest::{Manifest, SettingFormat, SettingKind, SettingManifest};
use serde_json::{Value, json};

use super::in_words::{quoted, within};
use crate::services::text_format::{self, shortened};

/// Most settings of a plugin.
const MOST: usize = 100;

/// A written value as it crosses to the plugin: times as seconds and nanoseconds, ids as numbers.
///
/// # Errors
///
/// What was expected, and what came.
pub(super) fn check(setting: &SettingManifest, written: &Value) -> Result<Value, String> {
    match setting.kind {
        SettingKind::String => {
            let text = string(written)?;
            within(setting, text.chars().count() as f64)?;
            formed(setting, text)?;
            Ok(text.into())
        }
        SettingKind::Integer => {
            let number = written
                .as_i64()
                .ok_or_else(|| expected("a whole number", written))?;
            within(setting, number as f64)?;
            Ok(number.into())
        }
        SettingKind::Number => {
            let number = written
                .as_f64()
                .ok_or_else(|| expected("a number", written))?;
            within(setting, number)?;
            Ok(number.into())
        }
        SettingKind::Boolean => match written {
            Value::Bool(_) => Ok(written.clone()),
            other => Err(expected("true or false", other)),
        },
        SettingKind::Duration => {
            let time = written.as_str().and_then(duration).ok_or_else(|| {
                expected("a time with its unit, such as `90s` or `1h 30m`", written)
            })?;
            within(setting, time.as_millis() as f64)?;
            Ok(json!({"secs": time.as_secs(), "nanos": time.subsec_nanos()}))
        }
        SettingKind::Choice => {
            let text = string(written)?;
            if setting.choices.iter().any(|choice| choice == text) {
                return Ok(text.into());
            }
            Err(format!(
                "expected one of {}, found `{text}`",
                quoted(&setting.choices)
            ))
        }
        SettingKind::Channel | SettingKind::Role | SettingKind::User => {
            entry(setting.kind, written)
        }
        SettingKind::List => {
            let items = written
                .as_array()
                .ok_or_else(|| expected("a list", written))?;
            within(setting, items.len() as f64)?;
            if setting.items == SettingKind::String {
                for text in items.iter().filter_map(Value::as_str) {
                    formed(setting, text)?;
                }
            }
            items
                .iter()
                .map(|item| entry(setting.items, item))
                .collect()
        }
        SettingKind::Secret => {
            let name = string(written)?;
            secret_name(name)?;
            Ok(name.into())
        }
        _ => Err("this host does not know this type of setting: update the host".into()),
    }
}

/// Whether a text has the form that the setting asks for.
fn formed(setting: &SettingManifest, text: &str) -> Result<(), String> {
    let format = setting.format;
    format.map_or(Ok(()), |format| text_format::check(format, text))
}

/// Whether it is a text, or a list of some.
fn is_of_texts(setting: &SettingManifest) -> bool {
    use SettingKind::{List, String};
    setting.kind == String || (setting.kind, setting.items) == (List, String)
}

/// A channel, a role, a user or a text, alone or in a list.
fn entry(kind: SettingKind, written: &Value) -> Result<Value, String> {
    match kind {
        SettingKind::Channel => id(written, "channel", &["<#"]),
        SettingKind::Role => id(written, "role", &["<@&"]),
        SettingKind::User => id(written, "user", &["<@!", "<@"]),
        _ => Ok(string(written)?.into()),
    }
}

/// The kind of what has an id in a setting, and each of what somebody typed for it.
pub(crate) fn typed_ids<'a>(
    setting: &SettingManifest,
    text: &'a str,
) -> Option<(SettingKind, Vec<&'a str>)> {
    let (kind, texts) = match setting.kind {
        SettingKind::List => (setting.items, listed(text)),
        kind => (kind, vec![unquoted(text.trim())]),
    };
    let has_id = matches!(
        kind,
        SettingKind::Channel | SettingKind::Role | SettingKind::User
    );
    has_id.then_some((kind, texts))
}

/// Entries with commas in between, or mentions with nothing but blanks.
fn listed(text: &str) -> Vec<&str> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let are_mentions = |word: &str| word.starts_with('<') && word.ends_with('>');
    let entries: Vec<&str> = if text.split_whitespace().all(are_mentions) {
        text.split_whitespace().collect()
    } else {
        text.split(',').collect()
    };
    let entries = entries.into_iter().map(|entry| unquoted(entry.trim()));
    entries.filter(|entry| !entry.is_empty()).collect()
}

/// What somebody typed as it is written in config.toml: checked.
///
/// # Errors
///
/// As for [`check`].
pub(super) fn of_text(setting: &SettingManifest, text: &str) -> Result<Value, String> {
    let text = text.trim();
    let bare = unquoted(text);
    let written = match setting.kind {
        SettingKind::Integer => text
            .parse::<i64>()
            .map_or_else(|_| bare.into(), Value::from),
        SettingKind::Number => text
            .replace(',', ".")
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map_or_else(|| bare.into(), Value::from),
        SettingKind::Boolean => match &*text.to_lowercase() {
            "true" | "yes" | "y" | "on" | "1" => true.into(),
            "false" | "no" | "n" | "off" | "0" => false.into(),
            _ => bare.into(),
        },
        SettingKind::List if setting.items != SettingKind::String => {
            // As one id: without the mentions' brackets.
            let items = listed(text).into_iter().map(Value::from).collect();
            return check(setting, &Value::Array(items));
        }
        SettingKind::List => match serde_json::from_str(text) {
            Ok(Value::Array(items)) => Value::Array(items),
            _ if text.is_empty() || text == "[]" => json!([]),
            _ => text
                .split(',')
                .map(|item| Value::from(unquoted(item.trim())))
                .collect(),
        },
        SettingKind::Channel | SettingKind::Role | SettingKind::User => {
            // Without the mention's brackets: that is how config.toml has it.
            return check(setting, &bare.into());
        }
        _ => bare.into(),
    };
    check(setting, &written).map(|_| written)
}

/// A value as a plugin has it, or as somebody types it, as it is written in config.toml: checked.
///
/// # Errors
///
/// As for [`check`].
pub(super) fn of_value(setting: &SettingManifest, value: &Value) -> Result<Value, String> {
    use SettingKind::{Channel, Choice, Duration, Role, Secret, String, User};
    match (setting.kind, value) {
        (String | Choice | Secret, _) => check(setting, value).map(|_| value.clone()),
        (Duration, Value::Object(time)) => {
            let part = |name| time.get(name).and_then(Value::as_u64).unwrap_or_default();
            let ms = part("nanos").div_ceil(1_000_000);
            match (part("secs"), ms) {
                (secs, 0) => of_text(setting, &format!("{secs}s")),
                (secs, ms) => of_text(
                    setting,
                    &format!("{}ms", secs.saturating_mul(1_000).saturating_add(ms)),
                ),
            }
        }
        (_, Value::String(text)) => of_text(setting, text),
        (Channel | Role | User, _) => check(setting, value),
        _ => check(setting, value).map(|_| value.clone()),
    }
}

/// All that is wrong with a manifest's settings.
pub(crate) fn problems(manifest: &Manifest, problems: &mut Vec<String>) {
    if manifest.settings.len() > MOST {
        problems.push(format!(
            "a plugin has {MOST} settings at most, this one has {}",
            manifest.settings.len()
        ));
    }
    let mut names = HashSet::new();
    for setting in &manifest.settings {
        let name = &setting.name;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !(1..=32).contains(&name.len()) || !name.chars().all(fits) {
            problems.push(format!(
                "setting `{name}`: a name has 1 to 32 lower-case letters, digits and `_`"
            ));
        }
        if !names.insert(name) {
            problems.push(format!("setting `{name}` is declared twice"));
        }
        if !(1..=200).contains(&setting.description.chars().count()) {
            problems.push(format!(
                "setting `{name}`: a description has 1 to 200 characters"
            ));
        }
        if setting.kind == SettingKind::Choice && setting.choices.is_empty() {
            problems.push(format!("setting `{name}` has nothing to choose from"));
        }
        let has_format = setting
            .format
            .is_some_and(|it| it != SettingFormat::Unknown);
        if has_format && !is_of_texts(setting) {
            problems.push(format!(
                "setting `{name}`: a format is for a text or a list of texts"
            ));
        }
        if let (Some(min), Some(max)) = (setting.min, setting.max)
            && min > max
        {
            problems.push(format!(
                "setting `{name}`: its least value, {min}, is greater than its greatest, {max}"
            ));
        }
        if !setting.default.is_null()
            && let Err(why) = check(setting, &setting.default)
        {
            problems.push(format!("setting `{name}`: its default does not fit: {why}"));
        }
    }
}

fn string(written: &Value) -> Result<&str, String> {
    written
        .as_str()
        .ok_or_else(|| expected("a string", written))
}

/// An id: a number, digits, or a mention.
fn id(written: &Value, what: &str, mentions: &[&str]) -> Result<Value, String> {
    let id = match written {
        Value::String(text) => {
            let inside = mentions
                .iter()
                .find_map(|start| text.strip_prefix(start)?.strip_suffix('>'));
            inside.unwrap_or(text).parse().ok()
        }
        other => other.as_u64(),
    };
    match id {
        Some(id) if id != 0 && i64::try_from(id).is_ok() => Ok(id.into()),
        _ => Err(expected(
            &format!("a {what}'s id, which is a number of 17 to 20 digits"),
            written,
        )),
    }
}

/// `1h 30m`, `90s`, `500ms`: numbers with their units, each unit once at most, in any order.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut seen = HashSet::new();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let behind = rest[digits..].trim_start();
        let letters = behind
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(behind.len());
        let unit = match &behind[..letters] {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" | "min" => Duration::from_secs(60),
            "h" => Duration::from_secs(3_600),
            "d" => Duration::from_secs(86_400),
            _ => return None,
        };
        if !seen.insert(unit) {
            return None;
        }
        total = total.checked_add(unit.checked_mul(u32::try_from(number).ok()?)?)?;
        rest = behind[letters..].trim_start();
    }
    (!seen.is_empty()).then_some(total)
}

fn expected(what: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "nothing".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("`{}`", shortened(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a table".to_owned(),
    };
    format!("expected {what}, found {found}")
}

/// The text without the quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    let inside = |quote| {
        text.strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
    };
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{super::in_words::takes, *};

    fn setting(json: Value) -> SettingManifest {
        serde_json::from_value(json).unwrap()
    }

    #[track_caller]
    fn check_all(of: Value, good: &[(&str, Value)], bad: &[(&str, &str)]) {
        let setting = setting(of);
        for (text, crosses) in good {
            let written = of_text(&setting, text).unwrap();
            assert_eq!(check(&setting, &written).unwrap(), *crosses, "{text}");
        }
        for (text, words) in bad {
            let error = of_text(&setting, text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn each_kind_takes_what_it_should() {
        check_all(
            json!({"kind": "string", "min": 2, "max": 4}),
            &[
                ("tea", json!("tea")),
                ("\"t a\"", json!("t a")),
                ("'12'", json!("12")),
                ("12", json!("12")),
            ],
            &[
                ("t", "expected 2 to 4 characters, found 1"),
                ("coffee", "found 6"),
            ],
        );
        check_all(
            json!({"kind": "integer", "min": 1}),
            &[("3", json!(3))],
            &[
                ("0", "at least 1, found 0"),
                ("tea", "a whole number, found `tea`"),
                ("1.5", "a whole number"),
                ("99999999999999999999", "a whole number"),
            ],
        );
        check_all(
            json!({"kind": "number", "max": 1}),
            &[("0,5", json!(0.5))],
            &[("2", "at most 1"), ("inf", "a number"), ("NaN", "a number")],
        );
        check_all(
            json!({"kind": "boolean"}),
            &[("on", json!(true)), ("No", json!(false))],
            &[("maybe", "true or false")],
        );
        check_all(
            json!({"kind": "duration", "min": 1000}),
            &[
                ("1h 30m", json!({"secs": 5400, "nanos": 0})),
                ("1500ms", json!({"secs": 1, "nanos": 500_000_000})),
            ],
            &[
                ("90", "with its unit"),
                ("5m 5m", "with its unit"),
                ("500ms", "at least 1s, found 500ms"),
                ("", "with its unit"),
                ("99999999999d", "with its unit"),
            ],
        );
        check_all(
            json!({"kind": "choice", "choices": ["cup", "pot"]}),
            &[("pot", json!("pot"))],
            &[("jug", "one of `cup`, `pot`, found `jug`")],
        );
        check_all(
            json!({"kind": "channel"}),
            &[("<#12>", json!(12)), ("12", json!(12))],
            &[
                ("<@12>", "a channel's id"),
                ("0", "a channel's id"),
                ("-1", "a channel's id"),
            ],
        );
        check_all(
            json!({"kind": "role"}),
            &[("<@&12>", json!(12))],
            &[("<@12>", "a role's id")],
        );
        check_all(
            json!({"kind": "user"}),
            &[("<@!12>", json!(12)), ("<@12>", json!(12))],
            &[("<@&12>", "a user's id")],
        );
        check_all(
            json!({"kind": "list", "max": 2}),
            &[
                ("a, b", json!(["a", "b"])),
                ("[\"a,b\"]", json!(["a,b"])),
                ("[]", json!([])),
            ],
            &[("a,b,c", "at most 2 entries"), ("[1]", "a string, found 1")],
        );
        check_all(
            json!({"kind": "list", "items": "role", "max": 2}),
            &[
                ("<@&1> <@&2>", json!([1, 2])),
                ("<@&1>,2", json!([1, 2])),
                ("[1, '2']", json!([1, 2])),
                ("", json!([])),
            ],
            &[
                ("1, 2, 3", "at most 2 entries"),
                ("<@1>", "a role's id"),
                ("Staff", "a role's id"),
            ],
        );
        check_all(
            json!({"kind": "secret"}),
            &[("weather_key", json!("weather_key"))],
            &[("../x", "no name of a secret")],
        );
    }

    #[test]
    fn a_text_has_the_form_that_is_asked_for() {
        check_all(
            json!({"kind": "string", "format": "time-zone"}),
            &[("Europe/Berlin", json!("Europe/Berlin"))],
            &[("Mars/Olympus", "there is no time zone `Mars/Olympus`")],
        );
        check_all(
            json!({"kind": "list", "format": "url", "max": 2}),
            &[
                (
                    "https://a.example, http://b.example",
                    json!(["https://a.example", "http://b.example"]),
                ),
                ("", json!([])),
            ],
            &[
                ("https://a.example, b.example", "found `b.example`"),
                ("[\"https://a.example\", 3]", "a string, found 3"),
            ],
        );
        // A later version's: not checked, whatever it is a form of.
        check_all(
            json!({"kind": "string", "format": "phone-number"}),
            &[("tea", json!("tea"))],
            &[],
        );
        for (of, words) in [
            (
                json!({"kind": "string", "format": "color", "max": 7}),
                "colour, such as `#5865f2`, at most 7 characters",
            ),
            (
                json!({"kind": "list", "format": "cron"}),
                "list, each entry: cron expression, such as `0 9 * * mon`",
            ),
            (json!({"kind": "string", "format": "phone-number"}), "text"),
        ] {
            assert_eq!(takes(&setting(of)), words);
        }
    }

    #[test]
    fn a_value_that_a_plugin_has_is_written_as_config_toml_has_it() {
        for (of, value, written) in [
            (json!({"kind": "string"}), json!("\"t\" "), json!("\"t\" ")),
            (json!({"kind": "integer"}), json!(3), json!(3)),
            (json!({"kind": "integer"}), json!("3"), json!(3)),
            (json!({"kind": "boolean"}), json!("on"), json!(true)),
            (json!({"kind": "number"}), json!(0.5), json!(0.5)),
            (
                json!({"kind": "duration"}),
                json!({"secs": 90, "nanos": 0}),
                json!("90s"),
            ),
            (
                json!({"kind": "duration"}),
                json!({"secs": 1, "nanos": 500_000_000}),
                json!("1500ms"),
            ),
            (json!({"kind": "duration"}), json!("5m"), json!("5m")),
            (json!({"kind": "channel"}), json!("<#12>"), json!(12)),
            (json!({"kind": "role"}), json!("12"), json!(12)),
            (json!({"kind": "user"}), json!(12), json!(12)),
            (json!({"kind": "list"}), json!(["a"]), json!(["a"])),
        ] {
            let of = setting(of);
            assert_eq!(of_value(&of, &value).unwrap(), written, "{value}");
        }
        for (of, value) in [
            (json!({"kind": "string"}), json!(3)),
            (json!({"kind": "integer"}), json!(3.5)),
            (json!({"kind": "integer", "max": 3}), json!(4)),
            (json!({"kind": "boolean"}), json!(1)),
            (json!({"kind": "duration"}), json!(5)),
            (
                json!({"kind": "duration", "max": 1000}),
                json!({"secs": u64::MAX, "nanos": 1}),
            ),
            (json!({"kind": "list"}), json!([1])),
            (json!({"kind": "channel"}), json!({})),
            (json!({"kind": "integer"}), json!(null)),
        ] {
            let of = setting(of);
            assert!(of_value(&of, &value).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_declaration_is_told() {
        let manifest: Manifest = serde_json::from_value(json!({"settings": [
            {"name": "Limit", "description": "x"},
            {"name": "a", "description": ""},
            {"name": "a", "description": "x", "kind": "integer", "min": 3, "max": 1},
            {"name": "b", "description": "x", "kind": "choice"},
            {"name": "c", "description": "x", "kind": "duration", "default": 5},
            {"name": "d", "description": "x", "format": "time-zone", "default": "Mars/Olympus"},
            {"name": "e", "description": "x", "kind": "integer", "format": "url"},
            {"name": "f", "description": "x", "kind": "integer", "format": "phone-number"},
        ]}))
        .unwrap();
        let mut found = Vec::new();
        problems(&manifest, &mut found);
        for words in [
            "`Limit`: a name has",
            "`a`: a description",
            "`a` is declared twice",
            "greater than",
            "nothing to choose",
            "`c`: its default does not fit: expected a time",
            "`d`: its default does not fit: there is no time zone `Mars/Olympus`",
            "`e`: a format is for a text or a list of texts",
        ] {
            assert!(
                found.iter().any(|problem| problem.contains(words)),
                "{words}: {found:?}"
            );
        }
        assert!(!found.iter().any(|it| it.contains("`f`")), "{found:?}");
    }
}
