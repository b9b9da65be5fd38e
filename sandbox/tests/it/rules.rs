//! Auto moderation.

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
