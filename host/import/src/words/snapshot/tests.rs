//! Snapshots as the source has them, with odd ones among them.

use super::*;

fn source() -> Value {
    json!({
        "version": "2.2.0", "captured_at": "2026-04-01T12:00:00.250000+00:00",
        "guild": {"id": 5, "name": "Ship", "icon_url": "https://cdn.example/icons/5/a1b2.png?size=1024", "icon_b64": "iVBORw0KGgo="},
        "roles": [
            {"id": 21, "name": "Crew", "color": 255, "hoist": true, "mentionable": false, "permissions_value": 3072, "position": 2},
            {"id": 20, "name": "Guest", "color": 0, "permissions_value": "0", "position": 1},
            {"id": 21, "name": "Twice", "position": 3}, {"id": null, "name": "None"},
        ],
        "categories": [{"id": 30, "name": "Deck", "position": 0, "overwrites": [{"target_id": 21, "target_type": "role", "allow": 1024, "deny": 0}]}],
        "text_channels": [
            {"id": 31, "name": "bridge", "topic": "Ahoy", "slowmode_delay": 5, "nsfw": false, "position": 1, "category_id": 30},
            {"id": 32, "name": "pier", "position": 2, "category_id": 99},
        ],
        "voice_channels": [{"id": 33, "name": "Engine", "bitrate": 96000, "user_limit": 4, "position": 3, "category_id": null}],
        "emojis": [{"id": 40, "name": "tea", "animated": false, "managed": false, "image_b64": "iVBORw0KGgo="}, {"id": 41, "name": "odd", "image_b64": "???"}],
        "stickers": [{"id": 50, "name": "cup", "description": "", "emoji": "☕", "image_b64": "iVBORw0KGgo="}],
        "member_roles": [{"user_id": 9, "username": "zoe", "role_ids": [21, "20"]}, {"user_id": "8", "username": "ann", "role_ids": []}, {"user_id": f64::NAN}],
        "server_settings": {"verification_level": "medium", "default_notifications": 1, "afk_timeout": 300, "system_channel_id": 32},
        "bot_settings": {"custom_prefix": "?", "mention_prefix_enabled": "1"},
    })
}

fn records(lines: &[u8]) -> Vec<Value> {
    let lines = std::str::from_utf8(lines).unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_record_is_as_the_plugin_writes_it() {
    let read = convert(&source(), 5).unwrap();
    assert_eq!(read.taken_ms, 1_775_044_800_250);
    let records = records(&read.lines);
    assert_eq!(
        records[..4],
        [
            json!({"head": {"format": "cogwright backup", "version": 1, "guild": "5", "name": "Ship", "taken_ms": 1_775_044_800_250_i64, "label": ""}}),
            json!({"server": {
                "id": "5", "fields": {"name": "Ship", "verification_level": 2, "default_message_notifications": 1},
                "channels": {"system_channel_id": "32"}, "icon": "a1b2", "picture": "data:image/png;base64,iVBORw0KGgo=",
            }}),
            json!({"role": {"id": "20", "position": 1, "fields": {"name": "Guest"}}}),
            json!({"role": {"id": "21", "position": 2, "fields": {"name": "Crew", "color": 255, "hoist": true, "permissions": "3072"}}}),
        ]
    );
    let channels: Vec<_> = records.iter().filter_map(|it| it.get("channel")).collect();
    assert_eq!(
        *channels[0],
        json!({"id": "30", "sort": 4, "position": 0, "fields": {"name": "Deck"}, "overwrites": [{"id": "21", "type": 0, "allow": "1024", "deny": "0"}]})
    );
    assert_eq!(channels[1]["parent"], "30");
    assert_eq!(
        channels[1]["fields"],
        json!({"name": "bridge", "topic": "Ahoy", "rate_limit_per_user": 5})
    );
    assert_eq!(channels[2].get("parent"), None, "its category is not there");
    assert_eq!(
        channels[3]["fields"],
        json!({"name": "Engine", "bitrate": 96_000, "user_limit": 4})
    );
    let members: Vec<_> = records.iter().filter_map(|it| it.get("member")).collect();
    assert_eq!(*members[0], json!({"id": "8", "name": "ann", "roles": []}));
    assert_eq!(
        *members[1],
        json!({"id": "9", "name": "zoe", "roles": ["21", "20"]})
    );
    assert!(records.contains(&json!({"setting": {"path": "prefix", "value": "?"}})));
    assert!(records.contains(&json!({"setting": {"path": "mention_prefix", "value": true}})));
}

#[test]
fn the_last_record_has_number_and_checksum() {
    let read = convert(&source(), 5).unwrap();
    let text = String::from_utf8(read.lines).unwrap();
    let (before, last) = text.trim_end().rsplit_once('\n').unwrap();
    let end: Value = serde_json::from_str(last).unwrap();
    assert_eq!(end["end"]["records"], before.lines().count());
    assert_eq!(end["end"]["members"], 2);
    let digest: String = Sha256::digest(format!("{before}\n"))
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect();
    assert_eq!(end["end"]["sha256"], digest);
    let told = read.left.join("\n");
    for left in [
        "`roles` has 21 twice",
        "without an id or a name",
        "category",
        "picture of \"odd\"",
        "member without an id",
    ] {
        assert!(told.contains(left), "{left} is not in {told}");
    }
}

#[test]
fn what_is_no_snapshot_is_told() {
    for (change, wanted) in [
        (json!({"guild": {"id": 6}}), "of the server 6"),
        (json!({"guild": 5}), "names no server"),
        (json!({"captured_at": "soon"}), "when it was taken"),
    ] {
        let mut value = source();
        for (key, changed) in change.as_object().unwrap() {
            value[key.as_str()] = changed.clone();
        }
        let why = convert(&value, 5).unwrap_err();
        assert!(why.contains(wanted), "{change}: {why}");
    }
    assert!(convert(&json!([1]), 5).is_err());
}

#[test]
fn points_in_time_are_read_with_an_offset_and_without() {
    for (value, wanted) in [
        (json!("2026-04-01T12:00:00Z"), Some(1_775_044_800_000)),
        (json!("2026-04-01T12:00:00.25"), Some(1_775_044_800_250)),
        (json!("2026-04-01T14:00:00+02:00"), Some(1_775_044_800_000)),
        (json!(1_775_044_800.25), Some(1_775_044_800_250)),
        (json!(null), None),
        (json!("1e9"), None),
    ] {
        assert_eq!(moment(&value), wanted, "{value}");
    }
}
