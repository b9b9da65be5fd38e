//! Tests of each head, and of the manifest, as another version may write it: with a field more, a field less, a word
//! that is not known.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::*;
use crate::{hook, manifest::Manifest};

/// What is known of a head.
#[derive(Default)]
struct Known {
    /// Fields that its first version had and that are never left out.
    required: &'static [&'static str],
    /// Where words stand.
    words: &'static [&'static str],
    /// Objects with keys of the author's own.
    maps: &'static [&'static str],
}

/// Checks a `T` of which `full` has all fields. Paths are as in `commands/0/kind`.
fn check<T: Serialize + DeserializeOwned + Debug>(full: Value, known: &Known) {
    let what = std::any::type_name::<T>();
    let read = |value: &Value| serde_json::from_str::<T>(&value.to_string());
    let written = |value: &Value| serde_json::to_value(read(value).unwrap()).unwrap();
    assert_eq!(
        written(&full),
        full,
        "{what}: not what it was, or not all its fields"
    );
    for path in objects(&full) {
        let mut more = full.clone();
        if !known.maps.contains(&&*path) {
            at(&mut more, &path)["of_a_later_version"] = json!({"kind": ["x"], "n": 1});
            assert_eq!(written(&more), full, "{what}: a field more at `{path}`");
        }
        for key in keys(&full, &path) {
            let place = join(&path, &key);
            let mut less = full.clone();
            at(&mut less, &path).as_object_mut().unwrap().remove(&key);
            let required = known.required.contains(&&*place);
            assert_eq!(read(&less).is_err(), required, "{what}: without `{place}`");
        }
    }
    for path in known.words {
        for word in [
            json!("of_a_later_version"),
            json!({"later": [7]}),
            json!(["x"]),
            json!(7),
        ] {
            let mut other = full.clone();
            *at(&mut other, path) = word.clone();
            let read = read(&other);
            assert!(read.is_ok(), "{what}: {word} at `{path}`: {read:?}");
            assert!(
                format!("{read:?}").contains("Unknown"),
                "{what}: {word} at `{path}`"
            );
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}/{key}")
    }
}

fn at<'v>(value: &'v mut Value, path: &str) -> &'v mut Value {
    if path.is_empty() {
        return value;
    }
    value.pointer_mut(&format!("/{path}")).unwrap()
}

fn keys(value: &Value, path: &str) -> Vec<String> {
    let mut value = value.clone();
    at(&mut value, path)
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

/// The paths of all objects in it.
fn objects(value: &Value) -> Vec<String> {
    fn look(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.push(path.clone());
                for (key, inner) in fields {
                    look(inner, join(&path, key), found);
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    look(inner, join(&path, &index.to_string()), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    look(value, String::new(), &mut found);
    found
}

#[test]
fn the_manifest() {
    let command = json!({
        "kind": "chat", "name": "buy", "aliases": ["b"], "description": "d", "help": "h",
        "localized": {"de": {"name": "kaufen", "description": "k"}},
        "options": [{
            "name": "what", "description": "d", "localized": {}, "kind": "string", "required": true, "default": "tea",
            "choices": [{"name": "Tea", "value": "tea"}], "min": 1.0, "max": 2.0, "channel_kinds": [0], "rest": true,
            "repeated": true, "autocomplete": true,
        }],
        "subcommands": [], "prefix": true, "slash": true, "ephemeral": true, "typed_openly": true,
        "guild_only": true, "dm_only": true, "age_restricted": true,
        "access": {
            "owner_only": true, "guild_owner_only": true, "permissions": "18446744073709551615", "bot_permissions": "8",
            "any_role": ["x"], "checked": true,
        },
        "cooldown": {"uses": 1, "period_ms": 2, "per": "member"},
        "concurrency": {"uses": 1, "per": "guild"}, "examples": ["buy tea"], "hidden": true,
        "guilds": ["9007199254740993"], "runs": true,
    });
    let full = json!({
        "name": "shop", "version": "1.0.0", "description": "d", "commands": [command], "components": ["buy"],
        "listeners": [{"event": "READY", "guild_id": "9007199254740993", "ignore_bots": true, "without_content": true}],
        "intents": 1, "dependencies": [{"name": "bank", "version": "^1"}], "conflicts": ["x"], "requires": ["reply"], "powers": ["log.read"],
        "keeps_state": true, "erases": true, "handoff": "strict", "concurrency": 3,
        "hooks": [{"event": "bot_ready", "handler": "greet", "priority": 1, "chosen": true}],
        "functions": [{"name": "f", "version": 1}],
        "migrations": [{"number": 1, "scope": "bot", "sql": "s"}],
        "shares": [{"table": "t", "writes": true}], "uses_tables": [{"table": "t", "writes": false}],
        "subjects": [{"table": "t", "column": "c"}], "web_hosts": ["example.com"],
        "schedules": [{
            "name": "s", "every_ms": 1, "cron": "* * * * *", "zone": "UTC", "skip_missed": true, "at_least_once": true,
            "retries": 1, "deadline_ms": 1,
        }],
        "settings": [{
            "name": "s", "description": "d", "kind": "string", "default": "x", "choices": ["x"], "min": 1.0, "max": 2.0,
            "per_guild": true, "items": "role",
        }],
        "authors": ["Ann"], "homepage": "https://example.com", "license": "MIT", "category": "Shops", "icon": "🍵",
        "optional_dependencies": ["calendar"], "tells": ["shop.sold"], "powers": ["plugins.read"],
        "provides": [{"name": "economy", "version": "1.2"}], "conflict_versions": [{"name": "bank", "version": "<2"}],
    });
    let known = Known {
        words: &[
            "commands/0/kind",
            "commands/0/options/0/kind",
            "commands/0/cooldown/per",
            "commands/0/concurrency/per",
            "handoff",
            "migrations/0/scope",
            "settings/0/kind",
            "settings/0/items",
        ],
        required: &[
            "commands/0/options/0/choices/0/name",
            "commands/0/options/0/choices/0/value",
        ],
        maps: &["commands/0/localized", "commands/0/options/0/localized"],
    };
    check::<Manifest>(full, &known);
}

#[test]
fn heads_of_frames() {
    let interaction = json!({"via": "interaction", "id": "5", "token": "t"});
    let message = json!({"via": "message", "channel_id": "1", "message_id": "2", "user_id": "3"});
    let start = json!({
        "host_version": "1", "generation": 1, "calls": ["reply"], "settings": {"a": 1}, "log_level": "info",
        "bot_id": "5", "application_id": "6", "component_timeout_s": 7,
        "colours": {"normal": 1, "success": 2, "warning": 3, "error": 4},
    });
    check::<StartHead>(
        start,
        &Known {
            required: &["host_version", "generation"],
            maps: &["settings"],
            ..Known::default()
        },
    );
    let required = |required| Known {
        required,
        ..Known::default()
    };
    check::<RestoreHead>(json!({"schema": 1}), &required(&["schema"]));
    check::<SaveHead>(json!({"schema": 1}), &Known::default());
    check::<SaveRequestHead>(json!({"as_it_is": true}), &Known::default());
    check::<StopHead>(
        json!({"deadline_ms": 1, "save_id": 2}),
        &required(&["deadline_ms"]),
    );
    let options = json!({
        "a": {"type": "string", "value": "x"},
        "b": {"type": "list", "value": [{"type": "user", "value": "9007199254740993"}]},
    });
    let command = json!({
        "kind": "chat", "command": "buy", "origin": interaction, "ephemeral": true, "typed": "/buy", "options": options,
        "checked": true,
    });
    const OF_COMMAND: Known = Known {
        required: &[
            "command",
            "origin",
            "origin/via",
            "origin/id",
            "origin/token",
            "options/a/type",
            "options/a/value",
            "options/b/type",
            "options/b/value",
            "options/b/value/0/type",
            "options/b/value/0/value",
        ],
        words: &["kind"],
        maps: &["options"],
    };
    check::<CommandHead>(command, &OF_COMMAND);
    let component = json!({
        "handler": "buy", "argument": "7", "origin": message, "owner": "5", "timeout_s": 6, "values": ["v"],
        "fields": {"f": "x"}, "picked": {"p": ["y"]},
    });
    check::<ComponentHead>(
        component,
        &Known {
            required: &[
                "handler",
                "origin",
                "origin/via",
                "origin/channel_id",
                "origin/message_id",
                "origin/user_id",
            ],
            maps: &["fields", "picked"],
            words: &[],
        },
    );
    check::<InvokeHead>(
        json!({"kind": "hook", "entry": "e", "from": "shop", "deadline_ms": 1}),
        &Known {
            required: &["entry", "kind"],
            words: &["kind"],
            maps: &[],
        },
    );
    let autocomplete = json!({
        "command": "buy", "option": "what", "typed": "te", "options": {}, "user_id": "1", "guild_id": "2",
        "channel_id": "3", "locale": "de",
    });
    let options = Known {
        maps: &["options"],
        ..Known::default()
    };
    check::<AutocompleteCall>(autocomplete, &options);
    let asked = json!({"command": "buy", "user_id": "1", "guild_id": "2", "channel_id": "3"});
    check::<CheckCall>(asked, &Known::default());
    let run = json!({
        "due_ms": 1, "caught_up": true, "missed": 2, "attempt": 3, "id": 4, "guild_id": "5", "payload": {"a": 1},
    });
    let payload = Known {
        maps: &["payload"],
        ..Known::default()
    };
    check::<ScheduleRun>(run, &payload);
    let settings = Known {
        required: &["settings"],
        maps: &["settings"],
        words: &[],
    };
    check::<SettingsHead>(json!({"settings": {"a": 1}}), &settings);
}

#[test]
fn heads_of_messages_and_what_is_answered() {
    let all = Known::default;
    let required = |required| Known {
        required,
        ..Known::default()
    };
    check::<CheckReply>(json!({"refusal": "no"}), &all());
    check::<CallHead>(
        json!({"call": "reply", "params": {"a": 1}}),
        &Known {
            required: &["call"],
            maps: &["params"],
            words: &[],
        },
    );
    check::<LogHead>(
        json!({"level": "info", "target": "t", "message": "m", "fields": {"a": "b"}, "frame": 7}),
        &Known {
            required: &["level", "target", "message"],
            maps: &["fields"],
            words: &[],
        },
    );
    check::<PanicHead>(
        json!({"message": "m", "location": "l", "thread": "t", "frames": [1], "ends_plugin": true}),
        &required(&["message", "location", "thread"]),
    );
    check::<ErrorHead>(
        json!({"message": "m", "user_message": "u", "http_status": 404, "discord_code": 10007}),
        &required(&["message"]),
    );
    check::<EmitCall>(json!({"event": "e"}), &required(&["event"]));
    check::<EmitHead>(
        json!({"queued": 1, "dropped": 2, "skipped": 3}),
        &required(&["queued", "dropped", "skipped"]),
    );
    check::<FunctionCall>(
        json!({"plugin": "p", "function": "f", "version": 1, "deadline_ms": 2}),
        &required(&["plugin", "function", "version"]),
    );
    check::<FileCall>(json!({"path": "p", "folder": "f"}), &required(&["path"]));
    let request = json!({
        "method": "GET", "path": "p", "multipart_boundary": "b", "reason": "r", "delete_after_ms": 1,
    });
    check::<RequestCall>(request, &required(&["method", "path"]));
    check::<ResponseHead>(json!({"status": 200}), &required(&["status"]));
    let reply = json!({
        "origin": {"via": "interaction", "id": "5", "token": "t"}, "mode": "reply", "ephemeral": true,
        "multipart_boundary": "b", "message_id": "1", "channel_id": "2", "tone": "success", "delete_after_ms": 3,
    });
    check::<ReplyCall>(
        reply,
        &Known {
            required: &["origin", "origin/via", "origin/id", "origin/token", "mode"],
            words: &["mode", "tone"],
            maps: &[],
        },
    );
    check::<Answered>(json!({"message_id": "1", "channel_id": "2"}), &all());
    check::<CacheCall>(
        json!({"guild_id": "1", "channel_id": "2", "role_id": "3", "user_id": "4", "fetch": true}),
        &all(),
    );
    check::<CacheReply>(json!({"known": true, "why": "w"}), &all());
    let metric = json!({
        "name": "n", "kind": "gauge", "help": "h", "labels": [["a", "b"]], "value": 1.5, "add": true, "buckets": [1.0],
    });
    check::<MetricCall>(
        metric,
        &Known {
            required: &["name", "value"],
            words: &["kind"],
            maps: &[],
        },
    );
    let setting = json!({"guild_id": "1", "name": "n"});
    check::<SettingCall>(setting, &required(&["guild_id", "name"]));
    check::<SettingReply>(json!({"value": 1}), &all());
    check::<SecretCall>(json!({"name": "n"}), &required(&["name"]));
    let web = json!({
        "method": "GET", "url": "u", "query": [["a", "b"]], "headers": [["a", "b"]], "timeout_ms": 1, "max_bytes": 2,
    });
    check::<WebCall>(web, &all());
    check::<WebReply>(
        json!({"status": 200, "url": "u", "headers": [["a", "b"]]}),
        &all(),
    );
}

#[test]
fn heads_of_commands_and_schedules() {
    let all = Known::default;
    let asked = json!({
        "guild_id": "1", "channel_id": "2", "user_id": "3", "command": "buy", "roles": ["x"], "prefix": "!",
        "mention_prefix": true, "since": "2026-11-22", "of_plugin": "shop", "refused": true, "offset": 1, "limit": 2,
    });
    check::<CommandsCall>(asked, &all());
    let view = json!({
        "path": "buy", "kind": "user", "plugin": "shop", "description": "d", "help": "h", "aliases": ["b"], "usage": "u",
        "typed": ["!buy"], "reached": "hybrid", "prefix": true, "slash": true, "owner_only": true,
        "roles": ["9007199254740993"], "uses": 1, "errors": 2, "mean_us": 3,
        "options": [{
            "name": "n", "description": "d", "localized": {}, "kind": "role", "required": true, "default": "x",
            "choices": [], "min": 1.5, "max": 2.5, "channel_kinds": [2], "rest": true, "repeated": true, "autocomplete": true,
        }],
        "access": {
            "owner_only": true, "guild_owner_only": true, "permissions": "8", "bot_permissions": "16", "any_role": ["r"],
            "checked": true,
        },
        "guild_only": true, "dm_only": true, "age_restricted": true, "ephemeral": true,
        "cooldown": {"uses": 1, "period_ms": 2, "per": "guild"}, "max_concurrency": {"uses": 1, "per": "channel"},
        "localized": {"de": {"name": "n", "description": "d"}}, "hidden": true, "examples": ["buy 1"], "category": "c",
        "icon": "i", "rule": "roles", "guilds": ["9007199254740993"],
    });
    let kind = Known {
        words: &[
            "kind",
            "options/0/kind",
            "cooldown/per",
            "max_concurrency/per",
        ],
        maps: &["localized", "options/0/localized"],
        ..Known::default()
    };
    check::<crate::CommandView>(view, &kind);
    check::<crate::UsableReply>(json!({"commands": [], "total": 3}), &all());
    let usage = json!({
        "day": "2026-11-22", "command": "buy", "plugin": "shop", "uses": 1, "errors": 2, "took_us": 3,
    });
    check::<UsageView>(usage, &all());
    let why = json!({"command": "buy", "rule": "roles", "text": "t", "typed": ["!buy"]});
    check::<WhyReply>(why, &all());
    let required = json!({"command": "buy", "roles": ["1"], "before": ["2"]});
    check::<RequireReply>(required, &all());
    let prefix = json!({"prefix": "!", "mention_prefix": true, "own": true});
    check::<PrefixReply>(prefix, &all());
    let create = json!({"name": "n", "at_ms": 1, "after_ms": 2, "guild_id": "3", "subject": "4"});
    check::<ScheduleCreate>(create, &all());
    check::<ScheduleCancel>(json!({"name": "n", "id": 1}), &all());
    check::<ScheduleList>(
        json!({"name": "n", "guild_id": "1", "subject": "2"}),
        &all(),
    );
    let entry = json!({
        "id": 1, "at_ms": 2, "guild_id": "3", "subject": "4", "payload": 5, "name": "n", "every_ms": 6, "cron": "c", "zone": "z",
        "max_runs": 7, "off": true, "running": true, "runs": 8, "failed": 9, "missed": 10, "skipped": 11, "last_ms": 12,
        "last_result": "ok",
    });
    check::<ScheduleReply>(json!({"done": true, "entries": [entry]}), &all());
}

#[test]
fn heads_of_storage() {
    let expect = json!({"changed": 1, "holds": true, "refusal": "no"});
    let values = json!([null, 1, 1.5, "t", {"blob": [0, 1]}, {"real": "inf"}]);
    let call =
        json!({"guild_id": "1", "steps": [{"sql": "s", "params": values, "expect": expect}]});
    check::<StorageCall>(
        call,
        &Known {
            required: &["steps", "steps/0/sql"],
            words: &[],
            // An object that has less or more is another value, and none that is known.
            maps: &["steps/0/params/4", "steps/0/params/5"],
        },
    );
    let result = json!({"columns": ["a"], "rows": [[1]], "changed": 1, "inserted_id": 2});
    check::<StorageReply>(
        json!({"results": [result]}),
        &Known {
            required: &["results"],
            ..Known::default()
        },
    );
    let kv_store = json!({"guild_id": "1", "shelf": "s", "subject": "2", "key": "k", "version": 3});
    check::<KvCall>(
        kv_store,
        &Known {
            required: &["shelf"],
            ..Known::default()
        },
    );
    check::<KvReply>(
        json!({"done": true, "version": 1, "keys": ["k"]}),
        &Known::default(),
    );
}

#[test]
fn payloads_of_the_frameworks_hooks() {
    let all = Known::default;
    let ready = json!({"user_id": "1", "shard": 2, "guilds": 3});
    check::<hook::BotReady>(ready, &all());
    let joined = json!({"guild_id": "1", "name": "n", "members": 2});
    check::<hook::GuildJoined>(joined, &all());
    check::<hook::GuildLeft>(json!({"guild_id": "1"}), &all());
    let executed = json!({
        "command": "buy", "plugin": "shop", "user_id": "1", "guild_id": "2", "channel_id": "3", "slash": true, "took_us": 4,
    });
    check::<hook::CommandExecuted>(executed, &all());
    let failed = json!({
        "command": "buy", "plugin": "shop", "user_id": "1", "guild_id": "2", "channel_id": "3", "error": "e",
        "error_id": "i",
    });
    check::<hook::CommandError>(failed, &all());
    let changed = json!({"plugin": "shop", "name": "n", "guild_id": "1"});
    check::<hook::SettingChanged>(changed, &all());
}

#[test]
fn values_of_options_cross_as_they_are() {
    let emoji = |id, name: &str| OptionValue::Emoji {
        id,
        name: name.into(),
        animated: id != 0,
    };
    let (channel, message) = (9_007_199_254_740_993, 4);
    let link = OptionValue::MessageLink { channel, message };
    for value in [emoji(0, "👏"), emoji(5, "tea"), link] {
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<OptionValue>(&json).unwrap(), value);
    }
}

#[test]
fn heads_of_what_the_host_knows() {
    let all = Known::default;
    let shard = json!({
        "id": 1, "of": 2, "connected": true, "latency_us": 3, "reconnects": 4, "resumes": 5, "events": 6, "guilds": 7,
        "last_event_ms": 8, "session_since_ms": 9, "counted_since_ms": 10,
    });
    let starts = json!({"total": 1000, "remaining": 1, "resets_ms": 2});
    check::<ShardsReply>(
        json!({"shards": [shard], "starts": starts, "reconnecting": true}),
        &all(),
    );
    check::<ShardsCall>(json!({"shard": 1}), &all());
    let hook = json!({
        "id": "shop:shop.sold:count", "event": "shop.sold", "plugin": "shop", "priority": 1, "enabled": true,
        "circuit": "half_open", "at_work": true, "waiting": 1, "runs": 2, "failures": 3, "dropped": 4, "skipped": 5,
        "handled_us": 6, "waited_us": 7, "last_error": "e",
    });
    let words = Known {
        words: &["hooks/0/circuit"],
        ..all()
    };
    check::<HooksReply>(json!({"hooks": [hook], "next": "n", "emitted": 8}), &words);
    let event = json!({
        "at_ms": 1, "event": "shop.sold", "from": "shop", "queued": 2, "dropped": 3, "skipped": 4, "handled": 5, "errors": 6,
        "took_us": 7, "queue_delay_us": 8, "keys": ["cups"],
    });
    check::<HookHistory>(json!({"events": [event]}), &all());
    let wanted = json!({"plugin": "shop", "event": "shop.sold", "after": "a", "limit": 1});
    check::<HooksCall>(wanted, &all());
    check::<HookSwitch>(json!({"id": "a:b:c", "on": true}), &all());
    let line = json!({
        "number": 1, "at_ms": 2, "level": "warn", "target": "t", "plugin": "shop", "text": "x",
    });
    check::<LogReply>(json!({"lines": [line], "next": 1, "lost": 2}), &all());
    let wanted = json!({"level": "warn", "plugin": "shop", "since": 1, "limit": 2});
    check::<LogCall>(wanted, &all());
    check::<LevelCall>(
        json!({"plugin": "shop", "target": "t", "level": "warn"}),
        &all(),
    );
    let maps = Known {
        maps: &["plugins"],
        ..all()
    };
    check::<LevelsReply>(
        json!({"level": "info", "plugins": {"shop": "debug"}}),
        &maps,
    );
    let error = json!({
        "number": 1, "at_ms": 2, "kind": "listener", "plugin": "shop", "what": "w", "error_id": "i", "text": "t", "trace": "f",
        "guild_id": "1", "channel_id": "2", "user_id": "3",
    });
    let words = Known {
        words: &["errors/0/kind"],
        ..all()
    };
    check::<ErrorsReply>(json!({"errors": [error], "next": 1, "total": 2}), &words);
    check::<AlertCall>(json!({"subject": "s", "about": "a", "text": "t"}), &all());
    check::<AlertReply>(json!({"raised": true}), &all());
    let lag = json!({"last_us": 1, "minute_max_us": 2, "p99_us": 3, "count": 4});
    check::<LagReply>(json!({"runtime": lag, "main_loop": lag}), &all());
    let stat = json!({"found": true, "folder": true, "bytes": 1, "modified_ms": 2});
    check::<FileStat>(stat, &all());
    let info = json!({
        "plugin": "shop", "name": "n", "id": 1, "when": "w", "next_ms": 2, "running": true, "paused": true, "last_ms": 3,
        "last_result": "ok", "runs": 4, "failed": 5, "missed": 6, "skipped": 7, "waiting": 8, "max_runs": 9,
        "guild_id": "1", "subject": "2",
    });
    check::<SchedulesReply>(json!({"schedules": [info], "next": "#1"}), &all());
    check::<ScheduleSteer>(
        json!({"plugin": "shop", "name": "n", "id": 1, "guild_id": "2"}),
        &all(),
    );
    check::<hook::ShardDisconnected>(json!({"shard": 1, "code": 4000, "reason": "r"}), &all());
    check::<hook::OwnerAction>(
        json!({"command": "load", "user_id": "1", "guild_id": "2", "slash": true}),
        &all(),
    );
}

#[test]
fn an_origin_and_values_that_are_not_known_spoil_nothing() {
    let head: CommandHead = serde_json::from_value(json!({
        "command": "buy", "origin": {"via": "voice", "channel": {"id": 7}},
        "options": {"how": {"type": "colour", "value": {"r": 1}}, "what": {"type": "string", "value": "tea"}},
    }))
    .unwrap();
    assert!(matches!(head.origin, Origin::Unknown));
    assert_eq!(head.options["what"], OptionValue::String("tea".into()));
    let (kind, value) = ("colour".to_owned(), json!({"r": 1}));
    assert_eq!(head.options["how"], OptionValue::Unknown { kind, value });
    // As it came, it goes.
    let again = serde_json::to_value(&head.options["how"]).unwrap();
    assert_eq!(again, json!({"type": "colour", "value": {"r": 1}}));
    let values = json!([true, {"vector": [1]}, [1]]);
    let read: Vec<StorageValue> = serde_json::from_value(values.clone()).unwrap();
    assert!(
        read.iter()
            .all(|value| matches!(value, StorageValue::Unknown(_))),
        "{read:?}"
    );
    assert_eq!(serde_json::to_value(read).unwrap(), values);
}

#[test]
fn each_word_is_written_as_it_is_read() {
    macro_rules! each {
        ($($ty:ty),*) => {$(
            for known in <$ty>::ALL {
                let word = serde_json::to_value(known).unwrap();
                assert_eq!(word, json!(known.word()));
                assert_eq!(serde_json::from_value::<$ty>(word).unwrap(), *known);
            }
        )*};
    }
    use crate::manifest::{CommandKind, Handoff, OptionKind, Per, Scope, SettingKind};
    each!(
        CommandKind,
        Handoff,
        OptionKind,
        Per,
        Scope,
        SettingKind,
        EntryKind,
        MetricKind,
        ReplyMode,
        Tone
    );
}
