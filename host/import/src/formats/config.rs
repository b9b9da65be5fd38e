//! Format of `config.json`: settings of the bot, and the roles that commands need.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json_of;
use crate::{
    Found, Kind, Rule, ServerRule, Setting, Source,
    value::{flag, ids, short, text, whole},
};

const FILE: &str = "config.json";

/// Where data lies, unless the configuration says so.
const DATA: &str = "data";

/// Keys that had no effect there, or are about what is otherwise here.
const ASIDE: [(&str, &str); 7] = [
    (
        "owner_ids",
        "it gave no rights there; `[bot] owner_ids` would here",
    ),
    (
        "logging",
        "it had no effect there; `[log]` has what there is here",
    ),
    (
        "cooldowns",
        "it had no effect there; `[commands]` has a cooldown for commands that declare none",
    ),
    (
        "slash_limiter",
        "it had no effect there; here slash commands are fitted by themselves",
    ),
    (
        "framework",
        "it chose parts of the framework; here they are plugins in the extensions folder",
    ),
    ("database", "databases lie in `[data] folder`"),
    (
        "token",
        "it was not read; the token stands in DISCORD_TOKEN",
    ),
];

/// What is read of it beside the settings.
pub(super) struct Read {
    /// The folder of the data.
    pub(super) data: String,
    /// Roles of which a command needs one, by the command; of all servers together.
    pub(super) permissions: BTreeMap<String, Value>,
}

pub(super) fn read(source: &Source, found: &mut Found) -> Read {
    let mut read = Read {
        data: DATA.to_owned(),
        permissions: BTreeMap::new(),
    };
    let config = match json_of(source, FILE, found) {
        Some(Value::Object(config)) => config,
        Some(_) => {
            found.report.unread(FILE, "it is no JSON object");
            return read;
        }
        None => return read,
    };
    for (key, value) in &config {
        match &**key {
            "prefix" => setting(
                found,
                "bot.prefix",
                key,
                text(value).map(Value::from),
                value,
            ),
            "allow_mention_prefix" => switch(found, "bot.mention_prefix", key, value),
            "auto_reload" => switch(found, "extensions.auto_reload", key, value),
            "extensions" => extensions(value, found),
            "status" => status(value, found),
            "command_permissions" => match value {
                Value::Object(map) => read.permissions = map.clone().into_iter().collect(),
                Value::Null => {}
                _ => found
                    .report
                    .unread(format!("{FILE}, {key}"), "it is no JSON object"),
            },
            key => match ASIDE.iter().find(|(known, _)| *known == key) {
                Some((_, why)) => found.report.aside(format!("{FILE}, {key}"), *why),
                None if key.starts_with("_comment") => {}
                None => found
                    .report
                    .aside(format!("{FILE}, {key}"), "it is not known"),
            },
        }
    }
    if let Some(path) = config.get("database").and_then(|it| text(&it["base_path"])) {
        let plain = path.trim_start_matches("./").trim_end_matches('/');
        let is_inside = !plain.is_empty()
            && !path.starts_with('/')
            && !plain.split(['/', '\\']).any(|part| part == "..");
        match is_inside {
            true => read.data = plain.to_owned(),
            false => found.report.unread(
                format!("{FILE}, database.base_path"),
                "it leads out of the folder; `data` is looked at instead",
            ),
        }
    }
    read
}

/// A value that was read, or that is none.
fn setting(found: &mut Found, path: &'static str, key: &str, value: Option<Value>, raw: &Value) {
    let place = format!("{FILE}, {key}");
    match value {
        Some(value) => found.settings.push(Setting { path, value, place }),
        None => found.report.left(
            Kind::Setting,
            None,
            path,
            &place,
            format!("`{}` is no value of it", short(raw)),
        ),
    }
}

fn switch(found: &mut Found, path: &'static str, key: &str, raw: &Value) {
    setting(found, path, key, flag(raw).map(Value::from), raw);
}

fn extensions(value: &Value, found: &mut Found) {
    if let Some(raw) = value.get("auto_load") {
        switch(found, "extensions.auto_load", "extensions.auto_load", raw);
    }
    if value["blacklist"]
        .as_array()
        .is_some_and(|all| !all.is_empty())
    {
        found.report.aside(
            format!("{FILE}, extensions.blacklist"),
            "its names are those of Python files; `[extensions] blacklist` has those of plugins",
        );
    }
}

fn status(value: &Value, found: &mut Found) {
    let all: Vec<&Value> = match value["statuses"].as_array() {
        Some(all) if !all.is_empty() => all.iter().collect(),
        _ => vec![value],
    };
    let said = |it: &&Value| it.as_str().or_else(|| text(&it["text"])).map(str::to_owned);
    let texts: Vec<String> = all.iter().filter_map(said).collect();
    if !texts.is_empty() {
        setting(found, "status.text", "status", Some(json!(texts)), value);
    }
    let kind = all.iter().chain([&value]).find_map(|it| text(&it["type"]));
    if let Some(kind) = kind.map(str::to_lowercase) {
        let known = ["playing", "watching", "listening", "competing", "custom"];
        let kind = known.contains(&&*kind).then(|| Value::from(kind));
        setting(found, "status.kind", "status.type", kind, &value["type"]);
    }
    if let Some(presence) = text(&value["presence"]).map(str::to_lowercase) {
        let known = ["online", "idle", "dnd", "invisible"];
        let presence = known.contains(&&*presence).then(|| Value::from(presence));
        setting(
            found,
            "status.presence",
            "status.presence",
            presence,
            &value["presence"],
        );
    }
    if let Some(raw) = value.get("interval") {
        let seconds = whole(raw).filter(|it| (15..=86_400).contains(it));
        setting(
            found,
            "status.interval_s",
            "status.interval",
            seconds.map(Value::from),
            raw,
        );
    }
}

/// Rules of commands. There they were one list for all servers: each role goes to the server that it is known to belong to.
pub(super) fn rules(permissions: &BTreeMap<String, Value>, found: &mut Found) {
    for (command, value) in permissions {
        let place = format!("{FILE}, command_permissions.{command}");
        let what = format!("roles for `{command}`");
        let roles = match ids(value) {
            Ok(roles) => roles,
            Err(why) => {
                found
                    .report
                    .left(Kind::CommandRule, None, &what, &place, why);
                continue;
            }
        };
        let words = command
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        if words.is_empty() || words.len() > 100 {
            found.report.left(
                Kind::CommandRule,
                None,
                &what,
                &place,
                "that is no command's name",
            );
            continue;
        }
        let mut by_server: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for role in roles {
            match found.roles.get(&role) {
                Some(server) => by_server.entry(*server).or_default().push(role),
                None => found.report.left(
                    Kind::CommandRule,
                    None,
                    &what,
                    &place,
                    format!(
                        "nothing tells of which server the role {role} is (no snapshot has it); there, `config {words} add @ROLE` sets it"
                    ),
                ),
            }
        }
        for (server, roles) in by_server {
            let command = words.clone();
            found.rules.push(ServerRule {
                server,
                rule: Rule::Roles { command, roles },
                place: place.clone(),
            });
        }
    }
}
