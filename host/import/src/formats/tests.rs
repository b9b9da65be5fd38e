//! Each format, sound and odd.

use serde_json::{Value, json};

use crate::{Found, Rule, testing::Installation};

fn setting<'a>(found: &'a Found, path: &str) -> Option<&'a Value> {
    found
        .settings
        .iter()
        .find(|it| it.path == path)
        .map(|it| &it.value)
}

fn says(found: &Found, what: &str, why: &str) {
    let left = found.left();
    assert!(
        left.iter()
            .any(|(of, told)| of == what && told.contains(why)),
        "{what}: {why} is not in {left:#?}"
    );
}

#[test]
fn settings_come_from_the_configuration() {
    let config = json!({
        "prefix": "?", "allow_mention_prefix": false, "owner_ids": [5], "auto_reload": true,
        "status": {"statuses": [{"type": "Watching", "text": "{guilds} servers"}, "tea"], "interval": 20, "presence": "idle"},
        "extensions": {"auto_load": false, "blacklist": ["old"]},
        "logging": {}, "mystery": 1, "_comment": "hello",
        "database": {"base_path": "./store/"},
    });
    let found = Installation::new()
        .file("config.json", config.to_string())
        .database("store/7/guild.db", "CREATE TABLE guild_settings (key, value); INSERT INTO guild_settings VALUES ('prefix', '$')")
        .read();
    for (path, wanted) in [
        ("bot.prefix", json!("?")),
        ("bot.mention_prefix", json!(false)),
        ("extensions.auto_reload", json!(true)),
        ("extensions.auto_load", json!(false)),
        ("status.text", json!(["{guilds} servers", "tea"])),
        ("status.kind", json!("watching")),
        ("status.presence", json!("idle")),
        ("status.interval_s", json!(20)),
        ("bot.owner_ids", Value::Null),
    ] {
        assert_eq!(
            setting(&found, path).unwrap_or(&Value::Null),
            &wanted,
            "{path}"
        );
    }
    let told = found.report.to_string();
    for line in [
        "config.json, owner_ids: it gave no rights",
        "config.json, mystery: it is not known",
        "extensions.blacklist",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    assert!(!told.contains("_comment"));
    assert_eq!(
        found.rules.len(),
        1,
        "the data lies where the configuration says"
    );
}

#[test]
fn odd_settings_are_told_and_left() {
    for (config, what) in [
        (json!({"prefix": 5}), "bot.prefix"),
        (
            json!({"allow_mention_prefix": "perhaps"}),
            "bot.mention_prefix",
        ),
        (
            json!({"status": {"type": "streaming", "text": "x"}}),
            "status.kind",
        ),
        (json!({"status": {"interval": 5}}), "status.interval_s"),
    ] {
        let found = Installation::new()
            .file("config.json", config.to_string())
            .read();
        says(&found, what, "no value of it");
    }
    for (config, why) in [
        ("{\"prefix\": ", "line 1"),
        ("[]", "no JSON object"),
        ("\u{0}", "line 1"),
    ] {
        let found = Installation::new().file("config.json", config).read();
        assert!(found.is_unread("config.json", why), "{config}");
    }
    for path in ["../elsewhere", "/etc"] {
        let config = json!({"database": {"base_path": path}});
        let found = Installation::new()
            .file("config.json", config.to_string())
            .read();
        assert!(
            found.is_unread("config.json, database.base_path", "leads out"),
            "{path}"
        );
    }
}

#[test]
fn alerts_have_their_channels() {
    let found = Installation::new()
        .file(
            "data/plugin_registry_config.json",
            r#"{"alert_channel_id": 5, "enforce_dependencies": false, "enforce_conflicts": null}"#,
        )
        .file("data/event_hooks_config.json", r#"{"alert_channel": null}"#)
        .file(
            "data/framework_diagnostics_config.json",
            r#"{"alert_channel_id": NaN}"#,
        )
        .file(
            "data/shard_monitor/alert_config.json",
            r#"{"alert_channel_id": 6, "alert_threshold": 3}"#,
        )
        .read();
    assert_eq!(
        setting(&found, "alerts.plugins.channel_id"),
        Some(&json!("5"))
    );
    assert_eq!(
        setting(&found, "extensions.enforce_dependencies"),
        Some(&json!(false))
    );
    assert_eq!(found.settings.len(), 2);
    says(
        &found,
        "the channel of alerts about shards",
        "`shardalerts <#6> 3`",
    );
}

#[test]
fn servers_have_their_prefixes_and_bad_databases_are_named() {
    let table = "CREATE TABLE guild_settings (key TEXT PRIMARY KEY, value TEXT, updated_at);";
    let found = Installation::new()
        .database("data/7/guild.db", &format!("{table} INSERT INTO guild_settings VALUES ('prefix', '?', 0), ('mention_prefix_enabled', '0', 0)"))
        .database("data/8/guild.db", &format!("{table} INSERT INTO guild_settings VALUES ('prefix', NULL, 0), (NULL, 'x', 0), ('theme', 'x', 0)"))
        .database("data/9/guild.db", "CREATE VIEW guild_settings AS SELECT 'prefix' AS key, '!' AS value")
        .file("data/10/guild.db", "no database, and long enough to be looked at as one")
        .file("data/010/guild.db", "")
        .file("data/11/guild.db/inside", "")
        .file("data/12/other.txt", "")
        .read();
    let rules: Vec<_> = found
        .rules
        .iter()
        .map(|it| (it.server, it.rule.clone()))
        .collect();
    assert_eq!(
        rules,
        [
            (7, Rule::Prefix("?".into())),
            (7, Rule::MentionPrefix(false))
        ]
    );
    says(&found, "prefix", "no value of it");
    for (path, why) in [
        ("data/9/guild.db", "no table"),
        ("data/10/guild.db", "not a database"),
        ("data/010", "no server's id"),
        ("data/11/guild.db", "no file"),
    ] {
        assert!(
            found.is_unread(path, why),
            "{path}: {:?}",
            found.report.unreadable()
        );
    }
}

const TASKS: &str = "CREATE TABLE scheduled_tasks (task_id, guild_id, channel_id, creator_id, task_name, task_type, cron_expression, payload,
    enabled, last_run, next_run, run_count, max_runs, created_at, updated_at);";

fn task(of: &str) -> String {
    format!(
        "INSERT INTO scheduled_tasks (task_id, guild_id, channel_id, creator_id, task_name, task_type, cron_expression, payload, enabled, run_count, max_runs) VALUES ({of});"
    )
}

#[test]
fn schedules_come_with_their_days_and_their_rest_of_runs() {
    let message = r#"'{"content": "Tea!"}'"#;
    let rows = [
        format!("'a1', 7, 70, 5, 'tea', 'message', '0 9 * * 0', {message}, 1, 3, 10"),
        format!("'b2', '7', '70', '5', 'TEA', 'message', '0 9 * * *', {message}, 0, 0, NULL"),
        "3, 7, 70, 5, '42', 'message', '0 9 * * *', '{\"embed\": {\"title\": \"T\", \"description\": \"D\"}}', 1, 0, 0".to_owned(),
        format!("4, NULL, 70, 5, 'bot', 'message', '0 9 * * *', {message}, 1, 0, 0"),
        format!("5, 7, NULL, 5, 'nowhere', 'message', '0 9 * * *', {message}, 1, 0, 0"),
        format!("6, 7, 70, NULL, 'nobody', 'message', '0 9 * * *', {message}, 1, 0, 0"),
        format!("7, 7, 70, 5, 'over', 'message', '0 9 * * *', {message}, 1, 5, 5"),
        format!("8, 7, 70, 5, 'thirteenth', 'message', '0 9 13 * 4', {message}, 1, 0, 0"),
        "9, 7, 70, 5, 'hook', 'hook', '0 9 * * *', '{\"hook_name\": \"x\"}', 1, 0, 0".to_owned(),
        "10, 7, 70, 5, 'cut', 'message', '0 9 * * *', '{\"content\": ', 1, 0, 0".to_owned(),
        "11, 7, 70, 5, 'log', 'log', '*/5 * * * *', '{\"message\": \"tick\"}', 1, 0, 0".to_owned(),
    ];
    let sql = TASKS.to_owned() + &rows.map(|row| task(&row)).concat();
    let found = Installation::new().database("data/main.db", &sql).read();
    let first = &found.items[0];
    assert_eq!(
        (first.plugin, first.server, &*first.title),
        ("scheduler", 7, "tea")
    );
    let written: Value = serde_json::from_slice(&first.json()).unwrap();
    assert_eq!(
        written,
        json!({
            "guild": "7", "maker": "5", "name": "tea", "kind": "message", "channel": "70", "text": "Tea!", "cron": "0 9 * * mon",
            "zone": "Europe/Berlin", "runs": 7, "on": true,
        })
    );
    let named: Vec<_> = found
        .items
        .iter()
        .map(|it| it.json["name"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["tea", "TEA b2", "task 42", "log"]);
    assert_eq!(found.items[2].json["text"], "**T**\nD");
    assert_eq!(found.items[3].json["channel"], Value::Null);
    for (what, why) in [
        ("bot", "no server"),
        ("nowhere", "no channel"),
        ("nobody", "who has made it"),
        ("over", "as often as"),
        ("thirteenth", "both had to fit"),
        ("hook", "event of the framework"),
        ("cut", "no JSON"),
    ] {
        says(&found, what, why);
    }
}

#[test]
fn automations_come_for_their_servers_and_their_makers() {
    let hook = |id: &str, more: Value| {
        let mut hook = json!({
            "hook_id": id, "template_id": "goodbye_system", "template_name": "Goodbye", "guild_id": 7, "enabled": true, "created_by": 5,
            "params": {"goodbye_channel_id": 70, "goodbye_message": "Bye {username}"},
        });
        for (key, value) in more.as_object().unwrap() {
            hook[key.as_str()] = value.clone();
        }
        hook
    };
    let hooks = json!([
        hook("adv_goodbye_system_00112233aabbccdd", json!({})),
        hook("adv_goodbye_system_00112233aabbccdd", json!({})),
        hook(
            "adv_goodbye_system_ffff000011112222",
            json!({"created_by": "dashboard", "actions": [{"type": "delay"}]})
        ),
        hook("x1", json!({"guild_id": "abc", "template_name": "stray"})),
        hook(
            "x2",
            json!({"template_id": "ticket_system", "template_name": "Tickets"})
        ),
        hook(
            "x3",
            json!({"conditions": {"rules": [{"type": "moon"}]}, "template_name": "Moon"})
        ),
        5,
    ]);
    let found = Installation::new()
        .file("data/event_hooks_creater.json", hooks.to_string())
        .read();
    let items: Vec<_> = found.items.iter().map(|it| it.json.clone()).collect();
    assert_eq!(
        items,
        [
            json!({"guild": "7", "maker": "5", "on": true, "definition": {
                "name": "goodbye bbccdd", "template": "goodbye", "parameters": {"channel": "70", "message": "Bye {username}", "card": true},
            }}),
            json!({"guild": "7", "maker": null, "on": false, "definition": {
                "name": "goodbye 112222", "template": "goodbye", "parameters": {"channel": "70", "message": "Bye {username}", "card": true},
            }}),
        ]
    );
    for (what, why) in [
        ("Goodbye", "there twice"),
        ("stray", "no server"),
        ("Tickets", "in which channel"),
        ("Moon", "can't be read"),
        ("without a template", "no server"),
    ] {
        says(&found, what, why);
    }
    assert!(found.report.to_string().contains("they never ran there"));
    let found = Installation::new()
        .file("data/event_hooks_creater.json", "{}")
        .read();
    assert!(found.is_unread("data/event_hooks_creater.json", "no JSON list"));
}

fn snapshot(server: u64, taken: &str) -> String {
    json!({
        "captured_at": taken, "guild": {"id": server, "name": "Ship"},
        "roles": [{"id": server * 10, "name": "Crew", "permissions_value": 0, "position": 1}],
    })
    .to_string()
}

#[test]
fn snapshots_come_the_oldest_first_and_their_roles_tell_whose_rules_are_whose() {
    let found = Installation::new()
        .file("config.json", r#"{"command_permissions": {"Help": [70, 80, 99], "stats": "x", "": [70]}}"#)
        .file("data/backups/7/aaa.json", snapshot(7, "2026-04-02T00:00:00Z"))
        .file("data/backups/7/bbb.json", snapshot(7, "2026-04-01T00:00:00Z"))
        .file("data/backups/7/ccc.json", "{\"cut\": ")
        .file("data/backups/7/ddd.json", snapshot(8, "2026-04-01T00:00:00Z"))
        .file("data/backups/7/index.json", r#"[{"id": "aaa", "label": "before\u0007", "pinned": true, "notes": "n", "author_id": 5}, {"id": "../../gone"}]"#)
        .file("data/backups/7/schedule.json", r#"{"enabled": true, "interval_hours": 12, "retention_days": 30}"#)
        .file("data/backups/8/eee.json", snapshot(8, "2026-04-01T00:00:00Z"))
        .file("data/backups/8/schedule.json", r#"{"enabled": true, "interval_hours": 0}"#)
        .read();
    let titles: Vec<_> = found
        .items
        .iter()
        .map(|it| (it.server, &*it.title))
        .collect();
    assert_eq!(
        titles,
        [
            (7, "bbb"),
            (7, "aaa (before)"),
            (7, "snapshots by themselves, every 12 h"),
            (8, "eee")
        ]
    );
    let json = &found.items[1].json;
    assert_eq!(
        (&json["pinned"], &json["note"], &json["author"]),
        (&json!(true), &json!("n"), &json!("5"))
    );
    assert!(found.is_unread("data/backups/7/ccc.json", "line 1"));
    assert!(found.is_unread("data/backups/7/ddd.json", "of the server 8"));
    says(&found, "../../gone", "not there");
    says(&found, "snapshots by themselves", "1 to 168");
    let rules: Vec<_> = found
        .rules
        .iter()
        .map(|it| (it.server, it.rule.clone()))
        .collect();
    let roles = |role| Rule::Roles {
        command: "help".into(),
        roles: vec![role],
    };
    assert_eq!(rules, [(7, roles(70)), (8, roles(80))]);
    says(&found, "roles for `Help`", "the role 99");
    says(&found, "roles for `stats`", "`x` is no id");
    says(&found, "roles for ``", "no command's name");
}

#[test]
fn what_is_read_again_has_the_same_name() {
    let of = |text: &str| {
        let found = Installation::new()
            .file("data/backups/7/aaa.json", text)
            .read();
        found.items[0].name()
    };
    let first = snapshot(7, "2026-04-01T00:00:00Z");
    assert_eq!(of(&first), of(&first));
    assert_ne!(of(&first), of(&snapshot(7, "2026-04-02T00:00:00Z")));
}

#[test]
fn what_never_comes_over_is_named_and_secrets_are_not_told() {
    let found = Installation::new()
        .file(
            "data/live_monitor_config.json",
            r#"{"secret_token": "s3cr3t"}"#,
        )
        .file(
            "data/plugin_registry.json",
            r#"{"plugins": {"shop": {}, "dice": {}}}"#,
        )
        .file(".env", "DISCORD_TOKEN=s3cr3t")
        .file("extensions/shop.py", "")
        .read();
    let told = found.report.to_string();
    for line in [
        "data/live_monitor_config.json",
        "2 plugins: they are Python, and are to be found or written anew: dice, shop",
        "extensions: Python",
        "DISCORD_TOKEN",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    assert!(!told.contains("s3cr3t"));
}
