//! Auto moderation.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bot::Bot;

#[tokio::test]
async fn rules_are_kept_and_checked() {
    let mut bot = Bot::almighty().await;
    let path = bot.in_guild("auto-moderation/rules");
    let rule = json!({"name": "words", "event_type": 1, "trigger_type": 1, "trigger_metadata": {"keyword_filter": ["bad"]}, "actions": [{"type": 1}]});
    let made = bot.done("POST", &path, rule).await;
    assert_eq!(
        bot.told("AUTO_MODERATION_RULE_CREATE").await["name"],
        "words"
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let changed = bot.done("PATCH", &one, json!({"enabled": true})).await;
    assert_eq!(
        changed["trigger_metadata"]["keyword_filter"],
        json!(["bad"])
    );
    assert_eq!(
        bot.done("GET", &path, Value::Null)
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    bot.done("DELETE", &one, Value::Null).await;
    bot.told("AUTO_MODERATION_RULE_DELETE").await;
    assert_eq!(bot.refused("GET", &one, Value::Null).await, 10090);
    let wrong = json!({"name": "", "event_type": 9, "trigger_type": 1, "actions": [{"type": 2}]});
    assert_eq!(
        bot.faults("POST", &path, wrong).await,
        ["event_type BASE_TYPE_CHOICES", "name BASE_TYPE_BAD_LENGTH"]
    );
    let mentions = json!({"name": "m", "event_type": 1, "trigger_type": 5, "trigger_metadata": {"mention_total_limit": 51}, "actions": [{"type": 2}]});
    assert_eq!(
        bot.faults("POST", &path, mentions).await,
        [
            "actions.0.metadata.channel_id BASE_TYPE_REQUIRED",
            "trigger_metadata.mention_total_limit NUMBER_TYPE_MAX"
        ]
    );
    let bot = Bot::new().await;
    let path = bot.in_guild("auto-moderation/rules");
    assert_eq!(bot.refused("GET", &path, Value::Null).await, 50013);
}

#[tokio::test]
async fn what_members_write_is_moderated() {
    let mut bot = Bot::almighty().await;
    let path = bot.in_guild("auto-moderation/rules");
    let bots = bot.sandbox.channel_id("bots").unwrap().to_string();
    let actions = json!([
        {"type": 1, "metadata": {"custom_message": "mind your words"}},
        {"type": 2, "metadata": {"channel_id": bots}},
        {"type": 3, "metadata": {"duration_seconds": 60}},
    ]);
    let rule = json!({"name": "words", "event_type": 1, "trigger_type": 1, "enabled": true, "trigger_metadata": {"keyword_filter": ["dam*"]}, "actions": actions});
    bot.done("POST", &path, rule).await;
    let owner = bot.sandbox.actor("owner").unwrap();
    owner.says("general", "the damage").await.unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let refused = member.says("general", "Damage!").await.unwrap_err();
    assert!(refused.to_string().contains("mind your words"), "{refused}");
    let done = bot.told("AUTO_MODERATION_ACTION_EXECUTION").await;
    assert_eq!(done["action"]["type"], 1);
    assert_eq!(
        (&done["matched_keyword"], &done["matched_content"]),
        (&json!("dam*"), &json!("dam"))
    );
    let alert = bot.told("MESSAGE_CREATE").await;
    assert_eq!(
        (&alert["type"], &alert["channel_id"]),
        (&json!(24), &json!(bots))
    );
    assert!(member.says("general", "hm").await.is_err(), "timed out");
    bot.sandbox.clock().advance(Duration::from_secs(61));
    member.says("general", "the madam").await.unwrap();
}

#[tokio::test]
async fn many_mentions_are_moderated() {
    let mut bot = Bot::almighty().await;
    let path = bot.in_guild("auto-moderation/rules");
    let rule = json!({"name": "mentions", "event_type": 1, "trigger_type": 5, "enabled": true, "trigger_metadata": {"mention_total_limit": 1}, "actions": [{"type": 1}]});
    bot.done("POST", &path, rule).await;
    let member = bot.sandbox.actor("member").unwrap();
    member.says("general", "@owner @owner").await.unwrap();
    assert!(member.says("general", "@owner @mod").await.is_err());
    let done = bot.told("AUTO_MODERATION_ACTION_EXECUTION").await;
    assert_eq!(done["rule_trigger_type"], 5);
}
