//! Formats of the framework's small files: the channels of alerts, and what the registry of plugins enforced.

use serde_json::{Value, json};

use super::json_of;
use crate::{
    Found, Kind, Setting, Source,
    value::{flag, id, short, whole},
};

/// Files, the keys in them, and the settings here.
const CHANNELS: [(&str, &str, &str); 3] = [
    (
        "plugin_registry_config.json",
        "alert_channel_id",
        "alerts.plugins.channel_id",
    ),
    (
        "event_hooks_config.json",
        "alert_channel",
        "alerts.hooks.channel_id",
    ),
    (
        "framework_diagnostics_config.json",
        "alert_channel_id",
        "alerts.health.channel_id",
    ),
];

const ENFORCED: [(&str, &str); 2] = [
    ("enforce_dependencies", "extensions.enforce_dependencies"),
    ("enforce_conflicts", "extensions.enforce_conflicts"),
];

pub(super) fn read(source: &Source, data: &str, found: &mut Found) {
    for (file, key, path) in CHANNELS {
        let file = format!("{data}/{file}");
        let Some(value) = json_of(source, &file, found) else {
            continue;
        };
        // As text: readers of TOML elsewhere lose digits of such numbers.
        let read = |raw: &Value| id(raw).map(|id| json!(id.to_string()));
        put(found, &file, key, path, &value[key], read);
        for (key, path) in ENFORCED {
            put(found, &file, key, path, &value[key], |raw| {
                flag(raw).map(Value::from)
            });
        }
    }
    let file = format!("{data}/shard_monitor/alert_config.json");
    if let Some(value) = json_of(source, &file, found)
        && let Some(channel) = id(&value["alert_channel_id"])
    {
        let checks =
            whole(&value["alert_threshold"]).map_or_else(String::new, |it| format!(" {it}"));
        found.report.left(
            Kind::Setting,
            None,
            "the channel of alerts about shards",
            &file,
            format!(
                "the plugin `shards` keeps it by itself: `shardalerts <#{channel}>{checks}` sets it"
            ),
        );
    }
}

fn put(
    found: &mut Found,
    file: &str,
    key: &str,
    path: &'static str,
    raw: &Value,
    read: impl Fn(&Value) -> Option<Value>,
) {
    if raw.is_null() {
        return;
    }
    let place = format!("{file}, {key}");
    match read(raw) {
        Some(value) => found.settings.push(Setting { path, value, place }),
        None => {
            let why = format!("`{}` is no value of it", short(raw));
            found.report.left(Kind::Setting, None, path, &place, why);
        }
    }
}
