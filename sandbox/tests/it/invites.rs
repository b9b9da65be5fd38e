//! Invites: made, listed, used, ended.

use std::time::Duration;

use serde_json::{Value, json};
use twilight_model::{guild::Permissions, id::Id};

use crate::bot::Bot;

#[tokio::test]
async fn members_come_by_invites() {
    let mut bot = Bot::almighty().await;
    bot.sandbox.change_world(|world| world.add_user("guest"));
    let guest = bot.sandbox.actor("guest").unwrap();
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    let made = bot.http.create_invite(channel).max_uses(1).await.unwrap();
    let code = made.model().await.unwrap().code;
    assert_eq!(bot.told("INVITE_CREATE").await["code"], code);
    let seen = bot.http.invite(&code).with_counts().await.unwrap();
    assert_eq!(
        seen.model().await.unwrap().approximate_member_count,
        Some(4)
    );
    guest.joins_by(&code).await.unwrap();
    assert_eq!(bot.told("INVITE_DELETE").await["code"], code);
    bot.told("GUILD_MEMBER_ADD").await;
    assert!(guest.joins_by(&code).await.is_err(), "it was for one");
    let path = format!("invites/{code}");
    assert_eq!(bot.refused("GET", &path, Value::Null).await, 10006);
}

#[tokio::test]
async fn invites_are_shared_listed_and_end() {
    let bot = Bot::almighty().await;
    let path = bot.in_channel("general", "invites");
    let first = bot.done("POST", &path, json!({"max_age": 60})).await;
    let same = bot.done("POST", &path, json!({"max_age": 60})).await;
    assert_eq!(first["code"], same["code"]);
    let other = bot
        .done("POST", &path, json!({"max_age": 0, "unique": true}))
        .await;
    assert_ne!(first["code"], other["code"]);
    let of = bot.in_guild("invites");
    assert_eq!(
        bot.done("GET", &of, Value::Null)
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
    bot.sandbox.clock().advance(Duration::from_secs(61));
    assert_eq!(
        bot.done("GET", &of, Value::Null)
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let gone = format!("invites/{}", other["code"].as_str().unwrap());
    bot.done("DELETE", &gone, Value::Null).await;
    assert_eq!(bot.refused("DELETE", &gone, Value::Null).await, 10006);
}

#[tokio::test]
async fn invites_need_rights_and_bounds() {
    let bot = Bot::new().await;
    let guild = bot.sandbox.guild_id();
    // Without the audit log, which shows a guild's invites, too.
    bot.sandbox
        .change_world(|world| world.set_bot_permissions(guild, Permissions::VIEW_CHANNEL));
    assert_eq!(
        bot.refused("GET", &bot.in_guild("invites"), Value::Null)
            .await,
        50013
    );
    let path = bot.in_channel("general", "invites");
    assert_eq!(bot.refused("GET", &path, Value::Null).await, 50013);
    let wrong = json!({"max_age": -1, "max_uses": 101});
    assert_eq!(
        bot.faults("POST", &path, wrong).await,
        ["max_age NUMBER_TYPE_MIN", "max_uses NUMBER_TYPE_MAX"]
    );
}
