//! Roles and their order, bans, and the audit log that tells of them.

use serde_json::json;
use twilight_http::request::AuditLogReason;
use twilight_model::{
    gateway::event::Event,
    guild::{Permissions, audit_log::AuditLogEventType},
    id::Id,
};

use crate::bot::{Bot, request};

#[tokio::test]
async fn roles_are_made_changed_and_deleted() {
    let mut bot = Bot::almighty().await;
    let guild = Id::new(bot.sandbox.guild_id());
    let role = bot
        .http
        .create_role(guild)
        .name("Red")
        .color(0xff_00_00)
        .permissions(Permissions::KICK_MEMBERS)
        .reason("a test")
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(
        (role.name.as_str(), role.colors.primary_color, role.position),
        ("Red", 0xff_00_00, 1)
    );
    let told = bot
        .next(|event| match event {
            Event::RoleCreate(told) => Some(told),
            _ => None,
        })
        .await;
    assert_eq!(told.role.id, role.id);
    let entry = bot
        .next(|event| match event {
            Event::GuildAuditLogEntryCreate(entry) => Some(entry),
            _ => None,
        })
        .await;
    assert_eq!(entry.action_type, AuditLogEventType::RoleCreate);
    assert_eq!(entry.reason.as_deref(), Some("a test"));

    let changed = bot.http.update_role(guild, role.id).hoist(true).await;
    assert!(changed.unwrap().model().await.unwrap().hoist);
    bot.http.delete_role(guild, role.id).await.unwrap();
    bot.next(|event| matches!(event, Event::RoleDelete(_)).then_some(()))
        .await;
    let log = bot.http.audit_log(guild).limit(2).await.unwrap();
    let log = log.model().await.unwrap();
    let actions: Vec<_> = log.entries.iter().map(|entry| entry.action_type).collect();
    assert_eq!(
        actions,
        [AuditLogEventType::RoleDelete, AuditLogEventType::RoleUpdate]
    );
    assert_eq!(log.users.len(), 1, "the bot");
}

/// A picture of one point.
const PICTURE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[tokio::test]
async fn roles_have_icons_in_boosted_guilds() {
    let mut bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let wish = json!({"name": "Red", "icon": PICTURE});
    let (_, refused) = bot.send("POST", &bot.in_guild("roles"), Some(&wish)).await;
    assert_eq!(refused["code"], 50101, "{refused}");
    let boosted = |world: &mut sandbox::World| world.set_features(guild, &["ROLE_ICONS"]);
    bot.sandbox.change_world(boosted);
    let (_, role) = bot.send("POST", &bot.in_guild("roles"), Some(&wish)).await;
    let (id, hash) = (role["id"].as_str().unwrap(), role["icon"].as_str().unwrap());
    for (hash, status) in [(hash, "200 OK"), ("0f", "404 Not Found")] {
        let path = format!("/role-icons/{id}/{hash}.png");
        let (head, _) = request(&bot.sandbox, "HEAD", &path, "", "").await;
        assert!(head.contains(status), "{head}");
    }

    let path = bot.in_guild(&format!("roles/{id}"));
    let emoji = json!({"icon": null, "unicode_emoji": "☕"});
    let (_, role) = bot.send("PATCH", &path, Some(&emoji)).await;
    assert_eq!(
        (&role["icon"], &role["unicode_emoji"]),
        (&json!(null), &json!("☕"))
    );
    bot.next(|event| match event {
        Event::RoleUpdate(told) if told.role.unicode_emoji.is_some() => Some(told),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn roles_above_the_bot_are_out_of_reach() {
    let bot = Bot::new().await;
    let guild = bot.sandbox.guild_id();
    let high = bot
        .sandbox
        .change_world(|world| world.add_role(guild, "High", Permissions::empty()));
    let path = bot.in_guild(&format!("roles/{high}"));
    let (status, body) = bot.send("PATCH", &path, Some(&json!({"name": "x"}))).await;
    assert_eq!((status, &body["code"]), (403, &json!(50013)));
    let more = json!({"permissions": Permissions::MANAGE_GUILD.bits().to_string()});
    let (_, body) = bot.send("POST", &bot.in_guild("roles"), Some(&more)).await;
    assert_eq!(body["code"], 50013, "the bot lacks what it would grant");
    let (_, body) = bot.send("GET", &bot.in_guild("roles/1"), None).await;
    assert_eq!(body["code"], 10011);
    let (_, body) = bot
        .send("DELETE", &bot.in_guild(&format!("roles/{guild}")), None)
        .await;
    assert_eq!(body["code"], 50028, "@everyone stays");
}

#[tokio::test]
async fn bodies_of_roles_are_checked() {
    let bot = Bot::almighty().await;
    let body = json!({"name": "x".repeat(101), "color": 0x1_00_00_00, "hoist": "maybe"});
    let (status, body) = bot.send("POST", &bot.in_guild("roles"), Some(&body)).await;
    assert_eq!((status, &body["code"]), (400, &json!(50035)));
    let code = |field: &str| body["errors"][field]["_errors"][0]["code"].clone();
    assert_eq!(
        [code("name"), code("color"), code("hoist")],
        [
            "BASE_TYPE_MAX_LENGTH",
            "NUMBER_TYPE_MAX",
            "BOOLEAN_TYPE_CONVERT"
        ]
    );
}

#[tokio::test]
async fn roles_are_reordered() {
    let bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let [low, high] = bot.sandbox.change_world(|world| {
        let made = ["low", "high"].map(|name| world.add_role(guild, name, Permissions::empty()));
        world.raise_bot(guild);
        made
    });
    let wish = json!([{"id": low.to_string(), "position": 3}]);
    let (status, roles) = bot.send("PATCH", &bot.in_guild("roles"), Some(&wish)).await;
    assert_eq!(status, 200);
    let position = |id: u64| {
        let mut roles = roles.as_array().unwrap().iter();
        let role = roles
            .find(|role| role["id"] == json!(id.to_string()))
            .unwrap();
        role["position"].as_i64().unwrap()
    };
    assert_eq!((position(high), position(low)), (2, 3));
}

#[tokio::test]
async fn bans_take_messages_along() {
    let mut bot = Bot::almighty().await;
    let member = bot.sandbox.actor("member").unwrap();
    let sent = member.says("general", "spam").await.unwrap();
    let bans = json!({"user_ids": [member.id().to_string(), "1"], "delete_message_seconds": 60});
    let (status, done) = bot
        .send("POST", &bot.in_guild("bulk-ban"), Some(&bans))
        .await;
    assert_eq!(status, 200);
    assert_eq!(done["banned_users"], json!([member.id().to_string()]));
    assert_eq!(done["failed_users"], json!(["1"]));
    bot.next(|event| matches!(event, Event::BanAdd(_)).then_some(()))
        .await;
    bot.next(|event| matches!(event, Event::MessageDeleteBulk(_)).then_some(()))
        .await;
    assert_eq!(bot.sandbox.message(sent.channel_id, sent.id), None);
    let (_, body) = bot.send("GET", &bot.in_guild("bans?limit=0"), None).await;
    assert_eq!(
        body["errors"]["limit"]["_errors"][0]["code"],
        "NUMBER_TYPE_MIN"
    );
}
