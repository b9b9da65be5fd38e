//! JSON Schema of all settings, as config.toml has them (draft 2020-12).

use plugin_api::{
    Json,
    abi::{DescribeReply, SettingView},
};
use serde_json::{Map, json};

use crate::place::table_of;

/// The schema of a configuration with these settings. Plugins that are not loaded may have tables that it does not know.
pub(crate) fn of(all: &DescribeReply) -> Json {
    let (mut tables, mut plugins) = (Map::new(), Map::new());
    for one in &all.settings {
        let key = one.path.split_once('.').map_or("", |(_, key)| key);
        let of_tables = match &one.plugin {
            Some(_) => &mut plugins,
            None => &mut tables,
        };
        let table = of_tables.entry(table_of(one)).or_insert_with(
            || json!({"type": "object", "additionalProperties": false, "properties": {}}),
        );
        // `alerts.hooks.channel_id`: a table in a table.
        let property = setting(one);
        match key.split_once('.') {
            None => table["properties"][key] = property,
            Some((inner, key)) => {
                let inner = &mut table["properties"][inner];
                if inner.is_null() {
                    *inner =
                        json!({"type": "object", "additionalProperties": false, "properties": {}});
                }
                inner["properties"][key] = property;
            }
        }
    }
    tables.insert(
        "plugins".into(),
        json!({"type": "object", "properties": plugins, "additionalProperties": {"type": "object"}}),
    );
    tables.insert(
        "grants".into(),
        json!({"type": "object", "additionalProperties": {"type": "object"}}),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "config.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": tables,
    })
}

fn setting(one: &SettingView) -> Json {
    let mut schema = match one.kind.as_deref() {
        Some("list") => {
            let mut list = json!({"type": "array", "items": of_kind(one.items.as_deref(), one)});
            bounds(&mut list, one, ["minItems", "maxItems"]);
            list
        }
        Some(kind) => {
            let mut schema = of_kind(Some(kind), one);
            match kind {
                "string" => bounds(&mut schema, one, ["minLength", "maxLength"]),
                "integer" | "number" => bounds(&mut schema, one, ["minimum", "maximum"]),
                _ => {}
            }
            schema
        }
        None => of_value(&one.default),
    };
    schema["description"] = one.description.clone().into();
    if !one.default.is_null() {
        schema["default"] = one.default.clone();
    }
    schema
}

fn of_kind(kind: Option<&str>, one: &SettingView) -> Json {
    match kind {
        Some("integer") => json!({"type": "integer"}),
        Some("number") => json!({"type": "number"}),
        Some("boolean") => json!({"type": "boolean"}),
        Some("choice") => json!({"enum": one.choices}),
        Some("channel" | "role" | "user") => {
            json!({"type": ["integer", "string"], "pattern": "^[0-9]+$"})
        }
        Some("duration") => json!({"type": "string", "examples": ["90s", "1h 30m"]}),
        _ => of_format(one.format.as_deref()),
    }
}

/// A text of a form. Which time zones and cron expressions there are, the host knows.
fn of_format(format: Option<&str>) -> Json {
    match format {
        Some("time-zone") => json!({"type": "string", "examples": ["Europe/Berlin", "UTC"]}),
        Some("cron") => json!({"type": "string", "examples": ["0 9 * * mon"]}),
        Some("url") => json!({"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"}),
        Some("color") => json!({"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"}),
        _ => json!({"type": "string"}),
    }
}

/// Of the host's own, whose types are those of their defaults; what is unset by default may be anything.
fn of_value(default: &Json) -> Json {
    match default {
        Json::Bool(_) => json!({"type": "boolean"}),
        Json::Number(number) if number.is_f64() => json!({"type": "number"}),
        Json::Number(_) => json!({"type": "integer"}),
        Json::Array(_) => json!({"type": ["array", "string"]}),
        Json::String(_) => json!({"type": ["string", "array"]}),
        Json::Object(_) => json!({"type": "object"}),
        Json::Null => json!({}),
    }
}

fn bounds(schema: &mut Json, one: &SettingView, [least, most]: [&str; 2]) {
    for (name, bound) in [(least, one.min), (most, one.max)] {
        let Some(bound) = bound else { continue };
        // A whole number is written as one: editors are strict about lengths.
        schema[name] = match bound.fract() == 0.0 && bound.abs() < 9e15 {
            true => json!(bound as i64),
            false => json!(bound),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, plugin: Option<&str>, kind: Option<&str>, default: Json) -> SettingView {
        let mut one = SettingView::default();
        one.path = path.into();
        one.plugin = plugin.map(str::to_owned);
        one.kind = kind.map(str::to_owned);
        one.default = default;
        one
    }

    #[test]
    fn tables_plugins_types_bounds_and_defaults_are_in_it() {
        let mut limit = one("shop.limit", Some("shop"), Some("integer"), json!(3));
        (limit.min, limit.max) = (Some(1.0), Some(10.0));
        let mut door = one("shop.door", Some("shop"), Some("string"), Json::Null);
        door.format = Some("color".into());
        let mut tells = one("shop.tells", Some("shop"), Some("list"), Json::Null);
        tells.format = Some("url".into());
        let mut all = DescribeReply::default();
        all.settings = vec![
            door,
            tells,
            one("bot.prefix", None, None, json!("!")),
            one("alerts.hooks.cool_down_s", None, None, Json::Null),
            limit,
        ];
        let schema = of(&all);
        let shop = &schema["properties"]["plugins"]["properties"]["shop"]["properties"];
        assert_eq!(shop["door"]["pattern"], "^#[0-9A-Fa-f]{6}$");
        assert_eq!(
            shop["tells"]["items"]["pattern"],
            "^[Hh][Tt][Tt][Pp][Ss]?://"
        );
        assert_eq!(
            shop["limit"],
            json!({"type": "integer", "minimum": 1, "maximum": 10, "default": 3, "description": ""})
        );
        assert_eq!(
            schema["properties"]["bot"]["properties"]["prefix"]["default"],
            "!"
        );
        let hooks = &schema["properties"]["alerts"]["properties"]["hooks"];
        assert!(hooks["properties"]["cool_down_s"].is_object());
    }
}
