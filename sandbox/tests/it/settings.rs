//! The guild's own settings, and what hangs on them.

use serde_json::{Value, json};

use crate::bot::Bot;

#[tokio::test]
async fn a_guild_is_changed() {
    let mut bot = Bot::almighty().await;
    let path = bot.in_guild("").trim_end_matches('/').to_owned();
    let changed = bot
        .done(
            "PATCH",
            &path,
            json!({"name": "New", "verification_level": 2}),
        )
        .await;
    assert_eq!(
        (&changed["name"], &changed["verification_level"]),
        (&json!("New"), &json!(2))
    );
    assert_eq!(bot.told("GUILD_UPDATE").await["name"], "New");
    let entry = bot.told("GUILD_AUDIT_LOG_ENTRY_CREATE").await;
    let change = json!({"key": "name", "old_value": "Sandbox", "new_value": "New"});
    assert!(
        entry["changes"].as_array().unwrap().contains(&change),
        "{entry}"
    );
    let wrong = json!({"name": "x", "afk_timeout": 1, "system_channel_id": "1"});
    assert_eq!(
        bot.faults("PATCH", &path, wrong).await,
        ["afk_timeout BASE_TYPE_CHOICES", "name BASE_TYPE_BAD_LENGTH"]
    );
    let wish = json!({"features": ["COMMUNITY"]});
    assert_eq!(
        bot.faults("PATCH", &path, wish).await,
        [
            "public_updates_channel_id BASE_TYPE_REQUIRED",
            "rules_channel_id BASE_TYPE_REQUIRED"
        ]
    );
    let [general, bots] =
        ["general", "bots"].map(|name| bot.sandbox.channel_id(name).unwrap().to_string());
    let community = json!({"features": ["COMMUNITY"], "rules_channel_id": general, "public_updates_channel_id": bots});
    bot.done("PATCH", &path, community).await;
    let rules = bot.in_channel("general", "");
    assert_eq!(bot.refused("DELETE", &rules, Value::Null).await, 50074);
    let bot = Bot::new().await;
    let path = bot.in_guild("").trim_end_matches('/').to_owned();
    assert_eq!(bot.refused("PATCH", &path, json!({})).await, 50013);
}

#[tokio::test]
async fn a_guild_shows_itself() {
    let bot = Bot::almighty().await;
    for path in [
        "preview",
        "vanity-url",
        "regions",
        "integrations",
        "onboarding",
    ] {
        bot.done("GET", &bot.in_guild(path), Value::Null).await;
    }
    bot.done("GET", "voice/regions", Value::Null).await;
    let widget = bot.in_guild("widget.json");
    assert_eq!(bot.refused("GET", &widget, Value::Null).await, 50004);
    bot.done("PATCH", &bot.in_guild("widget"), json!({"enabled": true}))
        .await;
    assert_eq!(
        bot.done("GET", &widget, Value::Null).await["name"],
        "Sandbox"
    );
    let welcome = bot.in_guild("welcome-screen");
    assert_eq!(bot.refused("GET", &welcome, Value::Null).await, 10069);
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let screen = json!({"enabled": true, "description": "hi", "welcome_channels": [{"channel_id": general, "description": "talk"}]});
    bot.done("PATCH", &welcome, screen).await;
    let screen = bot.done("GET", &welcome, Value::Null).await;
    assert_eq!(screen["welcome_channels"][0]["description"], "talk");
}

#[tokio::test]
async fn onboarding_has_requirements() {
    let bot = Bot::almighty().await;
    let path = bot.in_guild("onboarding");
    assert_eq!(
        bot.refused("PUT", &path, json!({"enabled": true})).await,
        350_000
    );
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let option = json!({"title": "Cogs", "channel_ids": [general]});
    let prompt = json!({"id": "1", "title": "What do you like?", "options": [option]});
    let stored = bot.done("PUT", &path, json!({"prompts": [prompt]})).await;
    assert_eq!(stored["prompts"][0]["options"][0]["title"], "Cogs");
    let wrong = json!({"prompts": [{"id": "1", "title": "", "options": [{"title": "x"}]}]});
    assert_eq!(
        bot.faults("PUT", &path, wrong).await,
        ["prompts.0.title BASE_TYPE_BAD_LENGTH"]
    );
}

#[tokio::test]
async fn incidents_stop_for_a_day_at_most() {
    let bot = Bot::almighty().await;
    let path = bot.in_guild("incident-actions");
    let far = json!({"dms_disabled_until": "2099-01-01T00:00:00Z"});
    assert_eq!(bot.faults("PUT", &path, far).await.len(), 1);
    let never = bot
        .done("PUT", &path, json!({"invites_disabled_until": null}))
        .await;
    assert_eq!(never["invites_disabled_until"], Value::Null);
}

#[tokio::test]
async fn a_template_is_one_of_a_kind() {
    let bot = Bot::almighty().await;
    let path = bot.in_guild("templates");
    assert_eq!(
        bot.faults("POST", &path, json!({})).await,
        ["name BASE_TYPE_REQUIRED"]
    );
    let made = bot.done("POST", &path, json!({"name": "Club"})).await;
    assert_eq!(
        bot.refused("POST", &path, json!({"name": "Club"})).await,
        30031
    );
    let code = made["code"].as_str().unwrap();
    let seen = bot
        .done("GET", &format!("guilds/templates/{code}"), Value::Null)
        .await;
    assert_eq!(
        seen["serialized_source_guild"]["channels"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let one = format!("{path}/{code}");
    bot.done("PUT", &one, Value::Null).await;
    bot.done("PATCH", &one, json!({"description": "for clubs"}))
        .await;
    bot.done("DELETE", &one, Value::Null).await;
    assert_eq!(
        bot.refused("GET", &format!("guilds/templates/{code}"), Value::Null)
            .await,
        10057
    );
}
