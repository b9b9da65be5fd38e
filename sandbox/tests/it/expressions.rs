//! Emojis, stickers and sounds.

use serde_json::{Value, json};
use twilight_http::request::AuditLogReason;
use twilight_model::{guild::Permissions, id::Id};

use crate::bot::Bot;

const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";

#[tokio::test]
async fn emojis_come_and_go() {
    let mut bot = Bot::almighty().await;
    let guild = Id::new(bot.sandbox.guild_id());
    let emoji = bot
        .http
        .create_emoji(guild, "gear", PNG)
        .reason("pretty")
        .await
        .unwrap();
    let emoji = emoji.model().await.unwrap();
    assert_eq!(
        bot.told("GUILD_EMOJIS_UPDATE").await["emojis"][0]["name"],
        "gear"
    );
    let entry = bot.told("GUILD_AUDIT_LOG_ENTRY_CREATE").await;
    assert_eq!(
        (&entry["action_type"], &entry["reason"]),
        (&json!(60), &json!("pretty"))
    );
    bot.http
        .update_emoji(guild, emoji.id)
        .name("wheel")
        .await
        .unwrap();
    let all = bot
        .http
        .emojis(guild)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(all[0].name, "wheel");
    bot.http.delete_emoji(guild, emoji.id).await.unwrap();
    let path = bot.in_guild(&format!("emojis/{}", emoji.id));
    assert_eq!(bot.refused("GET", &path, Value::Null).await, 10014);
}

#[tokio::test]
async fn emojis_are_checked_and_counted() {
    let bot = Bot::almighty().await;
    let path = bot.in_guild("emojis");
    assert_eq!(
        bot.faults("POST", &path, json!({"name": "x", "image": "no"}))
            .await,
        [
            "image BINARY_TYPE_INVALID_DATA_URI",
            "name BASE_TYPE_BAD_LENGTH"
        ]
    );
    let large = format!("data:image/png;base64,{}", "A".repeat(400_000));
    assert_eq!(
        bot.faults("POST", &path, json!({"name": "xx", "image": large}))
            .await,
        ["image BINARY_TYPE_MAX_SIZE"]
    );
    let guild = bot.sandbox.guild_id();
    bot.sandbox.change_world(|world| {
        for number in 0..50 {
            world.add_emoji(guild, &format!("e{number}"));
        }
    });
    let one = json!({"name": "one", "image": PNG});
    assert_eq!(bot.refused("POST", &path, one).await, 30008);
}

#[tokio::test]
async fn those_of_others_need_to_be_managed() {
    let bot = Bot::new().await;
    let guild = bot.sandbox.guild_id();
    let path = bot.in_guild("emojis");
    let emoji = json!({"name": "own", "image": PNG});
    assert_eq!(bot.refused("POST", &path, emoji.clone()).await, 50013);
    let other = bot.sandbox.change_world(|world| {
        world.set_bot_permissions(guild, Permissions::CREATE_GUILD_EXPRESSIONS);
        world.add_emoji(guild, "other")
    });
    let own = bot.done("POST", &path, emoji).await;
    let own = format!("{path}/{}", own["id"].as_str().unwrap());
    bot.done("PATCH", &own, json!({"name": "mine"})).await;
    let other = format!("{path}/{other}");
    assert_eq!(bot.refused("DELETE", &other, Value::Null).await, 50013);
}

#[tokio::test]
async fn stickers_are_uploaded() {
    let mut bot = Bot::almighty().await;
    let guild = Id::new(bot.sandbox.guild_id());
    let made = bot
        .http
        .create_guild_sticker(guild, "cog", "a cog", "gear", b"\x89PNG\r\n\x1a\n")
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!((made.name.as_str(), made.tags.as_str()), ("cog", "gear"));
    bot.told("GUILD_STICKERS_UPDATE").await;
    let path = format!("stickers/{}", made.id);
    assert_eq!(bot.done("GET", &path, Value::Null).await["name"], "cog");
    // Not by twilight, which sends `null` for what is to stay.
    let one = bot.in_guild(&format!("stickers/{}", made.id));
    bot.done("PATCH", &one, json!({"name": "wheel"})).await;
    let channel = bot.sandbox.channel_id("general").unwrap();
    let messages = format!("channels/{channel}/messages");
    let with = |ids: &[&str]| json!({"sticker_ids": ids});
    let own_id = made.id.to_string();
    let sent = bot.done("POST", &messages, with(&[&own_id])).await;
    assert_eq!(
        sent["sticker_items"],
        json!([{"id": own_id, "name": "wheel", "format_type": 1}])
    );
    let unknown = bot.refused("POST", &messages, with(&["1"])).await;
    assert_eq!(unknown, 50081);
    let too_many = with(&[own_id.as_str(); 4]);
    assert_eq!(bot.refused("POST", &messages, too_many).await, 50035);
    let all = bot
        .http
        .guild_stickers(guild)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(all[0].name, "wheel");
    bot.http.delete_guild_sticker(guild, made.id).await.unwrap();
    assert_eq!(bot.refused("GET", &path, Value::Null).await, 10060);
    assert_eq!(
        bot.refused("GET", "sticker-packs/1", Value::Null).await,
        10061
    );
    bot.done("GET", "sticker-packs", Value::Null).await;
}

#[tokio::test]
async fn sounds_are_kept() {
    let mut bot = Bot::almighty().await;
    let path = bot.in_guild("soundboard-sounds");
    let sound = json!({"name": "quack", "sound": "data:audio/ogg;base64,AAAA", "volume": 0.5});
    let made = bot.done("POST", &path, sound).await;
    assert_eq!(
        bot.told("GUILD_SOUNDBOARD_SOUND_CREATE").await["volume"],
        0.5
    );
    let one = format!("{path}/{}", made["sound_id"].as_str().unwrap());
    bot.done("PATCH", &one, json!({"name": "honk"})).await;
    let all = bot.done("GET", &path, Value::Null).await;
    assert_eq!(all["items"][0]["name"], "honk");
    bot.done("DELETE", &one, Value::Null).await;
    assert_eq!(
        bot.told("GUILD_SOUNDBOARD_SOUND_DELETE").await["sound_id"],
        made["sound_id"]
    );
    assert_eq!(bot.refused("GET", &one, Value::Null).await, 10097);
    let wrong = json!({"name": "q", "volume": 1.5});
    assert_eq!(
        bot.faults("POST", &path, wrong).await,
        [
            "name BASE_TYPE_BAD_LENGTH",
            "sound BASE_TYPE_REQUIRED",
            "volume NUMBER_TYPE_MAX"
        ]
    );
    let defaults = bot
        .done("GET", "soundboard-default-sounds", Value::Null)
        .await;
    assert_eq!(defaults[0]["name"], "quack");
}
