//! Channels of guilds: made, changed, ordered and deleted, and their overwrites.

use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::Permissions,
    http::permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    id::Id,
};

use crate::bot::Bot;

#[tokio::test]
async fn channels_are_made_changed_and_deleted() {
    let mut bot = Bot::almighty().await;
    let guild = Id::new(bot.sandbox.guild_id());
    let made = bot
        .http
        .create_guild_channel(guild, "Two Words")
        .topic("t")
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(made.name.as_deref(), Some("two-words"));
    assert_eq!(bot.told("CHANNEL_CREATE").await["topic"], "t");
    let entry = bot.told("GUILD_AUDIT_LOG_ENTRY_CREATE").await;
    assert_eq!(entry["action_type"], 10);

    let changed = bot.http.update_channel(made.id).nsfw(true).await.unwrap();
    assert_eq!(changed.model().await.unwrap().nsfw, Some(true));
    assert_eq!(bot.told("CHANNEL_UPDATE").await["nsfw"], true);

    bot.http.delete_channel(made.id).await.unwrap();
    assert_eq!(bot.told("CHANNEL_DELETE").await["id"], made.id.to_string());
    let path = format!("channels/{}", made.id);
    assert_eq!(bot.refused("DELETE", &path, Value::Null).await, 10003);
}

#[tokio::test]
async fn every_kind_has_its_fields() {
    let bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let kinds = json!({"type": 15, "name": "Ideas", "available_tags": [{"name": "new"}], "default_sort_order": 1});
    let path = bot.in_guild("channels");
    assert_eq!(
        bot.faults("POST", &path, kinds.clone()).await,
        ["type BASE_TYPE_CHOICES"],
        "forums are for communities"
    );
    bot.sandbox
        .change_world(|world| world.set_features(guild, &["COMMUNITY"]));
    let forum = bot.done("POST", &path, kinds).await;
    assert_eq!(forum["available_tags"][0]["name"], "new");
    assert!(forum["available_tags"][0]["id"].is_string());
    let voice = json!({"type": 2, "name": "Talk Here", "bitrate": 96_000, "user_limit": 5});
    let voice = bot.done("POST", &path, voice).await;
    assert_eq!(
        (&voice["name"], &voice["user_limit"]),
        (&json!("Talk Here"), &json!(5))
    );
    for of in [4, 5, 13] {
        let body = json!({"type": of, "name": "x"});
        assert_eq!(bot.done("POST", &path, body).await["type"], of);
    }
    let wrong =
        json!({"name": "", "bitrate": 1, "rate_limit_per_user": 30_000, "available_tags": [{}]});
    assert_eq!(
        bot.faults("POST", &path, wrong).await,
        [
            "available_tags.0.name BASE_TYPE_REQUIRED",
            "bitrate NUMBER_TYPE_MIN",
            "name BASE_TYPE_BAD_LENGTH",
            "rate_limit_per_user NUMBER_TYPE_MAX",
        ]
    );
}

#[tokio::test]
async fn a_channel_is_in_step_with_its_category() {
    let bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let category = bot.sandbox.change_world(|world| {
        let category = world.add_category(guild, "Hidden");
        world.deny(category, guild, Permissions::VIEW_CHANNEL);
        category
    });
    let path = bot.in_guild("channels");
    let inside = json!({"name": "in", "parent_id": category.to_string()});
    let inside = bot.done("POST", &path, inside).await;
    assert_eq!(inside["permission_overwrites"][0]["id"], guild.to_string());
    let general = bot.sandbox.channel_id("general").unwrap();
    let places = json!([{"id": general.to_string(), "parent_id": category.to_string(), "lock_permissions": true}]);
    bot.done("PATCH", &path, places).await;
    let moved = bot
        .done("GET", &bot.in_channel("general", ""), Value::Null)
        .await;
    assert_eq!(moved["parent_id"], category.to_string());
    assert_eq!(
        moved["permission_overwrites"],
        inside["permission_overwrites"]
    );
    let both: Value = ["general", "bots"]
        .map(|name| json!({"id": bot.sandbox.channel_id(name).unwrap().to_string(), "parent_id": if name == "bots" { json!(category.to_string()) } else { Value::Null }}))
        .into_iter()
        .collect();
    assert_eq!(bot.refused("PATCH", &path, both).await, 40009);
    let wrong = json!({"name": "x", "parent_id": general.to_string()});
    assert_eq!(
        bot.faults("POST", &path, wrong).await,
        ["parent_id CHANNEL_PARENT_INVALID"]
    );
    bot.done("DELETE", &format!("channels/{category}"), Value::Null)
        .await;
    let freed = bot
        .done("GET", &bot.in_channel("general", ""), Value::Null)
        .await;
    assert_eq!(freed["parent_id"], Value::Null);
}

#[tokio::test]
async fn overwrites_are_set_and_taken_away() {
    let mut bot = Bot::almighty().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    let member = bot.sandbox.actor("member").unwrap();
    let overwrite = PermissionOverwrite {
        allow: None,
        deny: Some(Permissions::SEND_MESSAGES),
        id: Id::new(member.id()),
        kind: PermissionOverwriteType::Member,
    };
    bot.http
        .update_channel_permission(channel, &overwrite)
        .await
        .unwrap();
    assert!(member.says("general", "hm").await.is_err());
    bot.told("CHANNEL_UPDATE").await;
    let entry = bot.told("GUILD_AUDIT_LOG_ENTRY_CREATE").await;
    assert_eq!(
        (&entry["action_type"], &entry["options"]["type"]),
        (&json!(13), &json!("1"))
    );
    bot.http
        .delete_channel_permission(channel)
        .member(Id::new(member.id()))
        .await
        .unwrap();
    member.says("general", "again").await.unwrap();
    let path = bot.in_channel("general", "permissions/1");
    assert_eq!(bot.refused("DELETE", &path, Value::Null).await, 10009);
}

#[tokio::test]
async fn the_bot_hands_out_only_what_it_has() {
    let bot = Bot::new().await;
    let path = bot.in_guild("channels");
    assert_eq!(
        bot.refused("POST", &path, json!({"name": "x"})).await,
        50013
    );
    let guild = bot.sandbox.guild_id();
    let may = Permissions::VIEW_CHANNEL | Permissions::MANAGE_CHANNELS | Permissions::MANAGE_ROLES;
    bot.sandbox
        .change_world(|world| world.set_bot_permissions(guild, may));
    let with = |bits: Permissions| json!({"name": "x", "permission_overwrites": [{"id": guild.to_string(), "type": 0, "allow": bits.bits().to_string()}]});
    bot.done("POST", &path, with(Permissions::VIEW_CHANNEL))
        .await;
    for beyond in [Permissions::BAN_MEMBERS, Permissions::MANAGE_ROLES] {
        assert_eq!(bot.refused("POST", &path, with(beyond)).await, 50013);
    }
}

#[tokio::test]
async fn a_voice_channel_has_a_status() {
    let mut bot = Bot::almighty().await;
    let guild = bot.sandbox.guild_id();
    let voice = bot
        .sandbox
        .change_world(|world| world.add_voice_channel(guild, "Talk"));
    let path = format!("channels/{voice}/voice-status");
    bot.done("PUT", &path, json!({"status": "chess"})).await;
    assert_eq!(
        bot.told("VOICE_CHANNEL_STATUS_UPDATE").await["status"],
        "chess"
    );
    let path = bot.in_channel("general", "voice-status");
    assert_eq!(bot.refused("PUT", &path, json!({})).await, 50024);
    let read = bot
        .http
        .channel(Id::new(voice))
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(
        (read.kind, read.bitrate),
        (ChannelType::GuildVoice, Some(64_000))
    );
}
