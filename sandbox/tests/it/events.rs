//! Scheduled events and stages.

use serde_json::{Value, json};

use crate::bot::Bot;

fn outside(name: &str) -> Value {
    json!({
        "name": name,
        "privacy_level": 2,
        "entity_type": 3,
        "scheduled_start_time": "2099-01-01T10:00:00Z",
        "scheduled_end_time": "2099-01-01T12:00:00Z",
        "entity_metadata": {"location": "the park"},
    })
}

#[tokio::test]
async fn events_take_their_course() {
    let mut bot = Bot::almighty().await;
    let path = bot.in_guild("scheduled-events");
    let made = bot.done("POST", &path, outside("Picnic")).await;
    assert_eq!(
        bot.told("GUILD_SCHEDULED_EVENT_CREATE").await["name"],
        "Picnic"
    );
    let member = bot.sandbox.actor("member").unwrap();
    member.is_interested("Picnic", true).await.unwrap();
    bot.told("GUILD_SCHEDULED_EVENT_USER_ADD").await;
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let users = bot
        .done("GET", &format!("{one}/users?with_member=true"), Value::Null)
        .await;
    assert_eq!(users[0]["user_id"], member.id().to_string());
    let counted = bot
        .done("GET", &format!("{one}?with_user_count=true"), Value::Null)
        .await;
    assert_eq!(counted["user_count"], 1);
    let status = |status: u8| json!({"status": status});
    assert_eq!(
        bot.faults("PATCH", &one, status(3)).await,
        ["status GUILD_SCHEDULED_EVENT_INVALID_STATUS_TRANSITION"]
    );
    bot.done("PATCH", &one, status(2)).await;
    bot.done("PATCH", &one, status(3)).await;
    assert_eq!(
        bot.refused("PATCH", &one, json!({"name": "x"})).await,
        180_000
    );
    bot.done("DELETE", &one, Value::Null).await;
    assert_eq!(bot.refused("GET", &one, Value::Null).await, 10070);
}

#[tokio::test]
async fn events_are_checked() {
    let bot = Bot::almighty().await;
    let path = bot.in_guild("scheduled-events");
    let mut event = outside("Picnic");
    event["scheduled_start_time"] = json!("2015-01-01T00:00:00Z");
    event["entity_metadata"] = Value::Null;
    assert_eq!(
        bot.faults("POST", &path, event).await,
        [
            "entity_metadata.location BASE_TYPE_REQUIRED",
            "scheduled_start_time GUILD_SCHEDULED_EVENT_SCHEDULE_PAST"
        ]
    );
    let mut event = outside("Talk");
    event["entity_type"] = json!(2);
    assert_eq!(
        bot.faults("POST", &path, event).await,
        ["channel_id BASE_TYPE_REQUIRED"]
    );
    let bot = Bot::new().await;
    let path = bot.in_guild("scheduled-events");
    assert_eq!(bot.refused("POST", &path, outside("Picnic")).await, 50013);
}

#[tokio::test]
async fn stages_open_and_close() {
    let mut bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let stage = bot
        .sandbox
        .change_world(|world| world.add_stage_channel(guild, "Stage"));
    let open = json!({"channel_id": stage.to_string(), "topic": "Cogs"});
    bot.done("POST", "stage-instances", open.clone()).await;
    assert_eq!(bot.told("STAGE_INSTANCE_CREATE").await["topic"], "Cogs");
    assert_eq!(bot.refused("POST", "stage-instances", open).await, 150_006);
    let path = format!("stage-instances/{stage}");
    bot.done("PATCH", &path, json!({"topic": "Wheels"})).await;
    assert_eq!(bot.done("GET", &path, Value::Null).await["topic"], "Wheels");
    bot.done("DELETE", &path, Value::Null).await;
    bot.told("STAGE_INSTANCE_DELETE").await;
    assert_eq!(bot.refused("GET", &path, Value::Null).await, 10067);
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let wrong = json!({"channel_id": general, "topic": "x"});
    assert_eq!(bot.refused("POST", "stage-instances", wrong).await, 50024);
    assert_eq!(
        bot.faults("POST", "stage-instances", json!({})).await,
        ["channel_id BASE_TYPE_REQUIRED", "topic BASE_TYPE_REQUIRED"]
    );
}
