//! Tests of managed members: changed, timed out, kicked, pruned.

use std::time::Duration;

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::bot::Bot;

#[tokio::test]
async fn roles_of_members_are_noted() {
    let mut bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let role = bot.sandbox.change_world(|world| {
        let role = world.add_role(guild, "Red", Permissions::empty());
        world.raise_bot(guild);
        role
    });
    let member = bot.sandbox.actor("member").unwrap().id();
    let path = bot.in_guild(&format!("members/{member}"));
    bot.done("PUT", &format!("{path}/roles/{role}"), Value::Null)
        .await;
    bot.told("GUILD_MEMBER_UPDATE").await;
    let entry = bot.told("GUILD_AUDIT_LOG_ENTRY_CREATE").await;
    assert_eq!(
        entry["changes"],
        json!([{"key": "$add", "new_value": [{"id": role.to_string(), "name": "Red"}]}])
    );
    bot.done("PATCH", &path, json!({"roles": [], "nick": "Mem"}))
        .await;
    let query = bot.in_guild(&format!(
        "audit-logs?user_id={}&limit=2",
        bot.sandbox.application_id()
    ));
    let log = bot.done("GET", &query, Value::Null).await;
    let kinds: Vec<_> = log["audit_log_entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["action_type"])
        .collect();
    assert_eq!(kinds, [25, 24]);
    assert_eq!(
        bot.refused("PATCH", &path, json!({"roles": ["1"]})).await,
        10011
    );
    let own = bot.done("GET", &bot.in_guild("roles"), Value::Null).await;
    let own = own
        .as_array()
        .unwrap()
        .iter()
        .find(|role| role["managed"] == true)
        .unwrap()["id"]
        .clone();
    let guilds_own = bot.refused("PATCH", &path, json!({"roles": [own]})).await;
    assert!([50013, 50028].contains(&guilds_own), "{guilds_own}");
}

#[tokio::test]
async fn timeouts_have_an_end() {
    let bot = Bot::almighty().await;
    let member = bot.sandbox.actor("member").unwrap().id();
    let path = bot.in_guild(&format!("members/{member}"));
    let far = json!({"communication_disabled_until": "2099-01-01T00:00:00Z"});
    assert_eq!(
        bot.faults("PATCH", &path, far).await,
        ["communication_disabled_until INVALID_COMMUNICATION_DISABLED_TIMESTAMP"]
    );
    let wrong = json!({"nick": "x".repeat(33), "mute": 1});
    assert_eq!(
        bot.faults("PATCH", &path, wrong).await,
        ["mute BOOLEAN_TYPE_CONVERT", "nick BASE_TYPE_MAX_LENGTH"]
    );
    assert_eq!(
        bot.refused("PATCH", &path, json!({"mute": true})).await,
        40032
    );
    let state = bot.in_guild(&format!("voice-states/{member}"));
    assert_eq!(bot.refused("GET", &state, Value::Null).await, 10065);
    let token = json!({"access_token": "x"});
    let stranger = bot.sandbox.change_world(|world| world.add_user("stranger"));
    let stranger = bot.in_guild(&format!("members/{stranger}"));
    assert_eq!(bot.refused("PUT", &stranger, token).await, 50025);
}

#[tokio::test]
async fn idle_members_are_pruned() {
    let mut bot = Bot::almighty().await;
    let path = bot.in_guild("prune");
    assert_eq!(bot.done("GET", &path, Value::Null).await["pruned"], 0);
    bot.sandbox.clock().advance(Duration::from_secs(8 * 86_400));
    assert_eq!(
        bot.done("GET", &path, Value::Null).await["pruned"],
        1,
        "mod has a role"
    );
    let pruned = bot.done("POST", &path, json!({"days": 7})).await;
    assert_eq!(pruned["pruned"], 1);
    bot.told("GUILD_MEMBER_REMOVE").await;
    let entry = bot.told("GUILD_AUDIT_LOG_ENTRY_CREATE").await;
    assert_eq!(
        entry["options"],
        json!({"delete_member_days": "7", "members_removed": "1"})
    );
    assert_eq!(
        bot.faults("GET", &format!("{path}?days=31"), Value::Null)
            .await,
        ["days NUMBER_TYPE_MAX"]
    );
    let bot = Bot::new().await;
    assert_eq!(
        bot.refused("POST", &bot.in_guild("prune"), json!({})).await,
        50013
    );
}

#[tokio::test]
async fn members_are_moved_and_muted_in_voice() {
    let mut bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let [hall, cell] = bot
        .sandbox
        .change_world(|world| ["hall", "cell"].map(|name| world.add_voice_channel(guild, name)));
    let member = bot.sandbox.actor("member").unwrap();
    member.joins_voice("hall").await.unwrap();
    let path = bot.in_guild(&format!("members/{}", member.id()));
    let state = bot.in_guild(&format!("voice-states/{}", member.id()));
    let seen = bot.done("GET", &state, Value::Null).await;
    assert_eq!(seen["channel_id"], hall.to_string());
    let moved = json!({"channel_id": cell.to_string(), "mute": true});
    assert_eq!(bot.done("PATCH", &path, moved).await["mute"], true);
    let seen = bot.done("GET", &state, Value::Null).await;
    assert_eq!(
        (&seen["channel_id"], &seen["mute"]),
        (&json!(cell.to_string()), &json!(true))
    );
    assert_eq!(
        bot.told("GUILD_AUDIT_LOG_ENTRY_CREATE").await["action_type"],
        26
    );
    assert_eq!(
        bot.refused("PATCH", &state, json!({"suppress": true}))
            .await,
        50024,
        "no stage"
    );
    bot.done("PATCH", &path, json!({"channel_id": null})).await;
    assert_eq!(bot.refused("GET", &state, Value::Null).await, 10065);
}
