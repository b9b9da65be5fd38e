//! Guilds and their members, and the limits of requests.

use sandbox::{Options, RateLimits};
use serde_json::json;
use twilight_http::request::AuditLogReason;
use twilight_model::{gateway::event::Event, id::Id, util::Timestamp};

use crate::bot::{ALL, Bot};

#[tokio::test]
async fn members_are_managed() {
    let mut bot = Bot::new().await;
    let guild = Id::new(bot.sandbox.guild_id());
    let member = bot.sandbox.actor("member").unwrap();
    let id = Id::new(member.id());
    let members = bot
        .http
        .guild_members(guild)
        .limit(10)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(members.len(), 4);
    let found = bot
        .http
        .search_guild_members(guild, "memb")
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        bot.http
            .roles(guild)
            .await
            .unwrap()
            .models()
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        bot.http
            .guild_channels(guild)
            .await
            .unwrap()
            .models()
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        bot.http
            .guild(guild)
            .await
            .unwrap()
            .model()
            .await
            .unwrap()
            .name,
        "Sandbox"
    );
    assert_eq!(
        bot.http
            .current_user_guilds()
            .await
            .unwrap()
            .models()
            .await
            .unwrap()
            .len(),
        1
    );

    let renamed = bot
        .http
        .update_guild_member(guild, id)
        .nick(Some("Mem"))
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(renamed.nick.as_deref(), Some("Mem"));
    let told = bot
        .next(|event| {
            if let Event::MemberUpdate(told) = event {
                Some(told)
            } else {
                None
            }
        })
        .await;
    assert_eq!(told.nick.as_deref(), Some("Mem"));

    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let until = Timestamp::from_secs(i64::try_from(now).unwrap() + 3600).unwrap();
    bot.http
        .update_guild_member(guild, id)
        .communication_disabled_until(Some(until))
        .await
        .unwrap();
    assert!(matches!(
        member.says("general", "hm").await,
        Err(sandbox::Error::Refused(_))
    ));

    bot.http
        .create_ban(guild, id)
        .reason("a test")
        .await
        .unwrap();
    bot.next(|event| matches!(event, Event::BanAdd(_)).then_some(()))
        .await;
    bot.next(|event| matches!(event, Event::MemberRemove(_)).then_some(()))
        .await;
    let ban = bot
        .http
        .ban(guild, id)
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(ban.reason.as_deref(), Some("a test"));
    bot.http.delete_ban(guild, id).await.unwrap();
    assert!(bot.http.ban(guild, id).await.is_err());
}

#[tokio::test]
async fn limits_are_told_and_kept() {
    let options = Options {
        rate_limits: RateLimits::Strict,
        ..Options::default()
    };
    let bot = Bot::start(options, ALL).await;
    let path = bot.in_channel("general", "messages");
    for remaining in (0..5).rev() {
        let (head, _) = bot.raw("GET", &path, None).await;
        assert!(
            head.contains(&format!("x-ratelimit-remaining: {remaining}\r\n")),
            "{head}"
        );
    }
    let (status, body) = bot.send("GET", &path, None).await;
    assert_eq!(
        (status, &body["message"]),
        (429, &json!("You are being rate limited."))
    );
    assert!(
        body["retry_after"]
            .as_f64()
            .is_some_and(|after| after > 0.0 && after <= 5.0)
    );
    let (status, _) = bot
        .send("GET", &bot.in_channel("bots", "messages"), None)
        .await;
    assert_eq!(status, 200, "another channel has a bucket of its own");
}

#[tokio::test]
async fn members_come_and_go() {
    let mut bot = Bot::new().await;
    bot.sandbox.change_world(|world| world.add_user("guest"));
    let guest = bot.sandbox.actor("guest").unwrap();
    assert!(guest.says("general", "hi").await.is_err());
    guest.joins("Sandbox").await.unwrap();
    let came = bot
        .next(|event| {
            if let Event::MemberAdd(came) = event {
                Some(came)
            } else {
                None
            }
        })
        .await;
    assert_eq!(came.member.user.name, "guest");
    guest.says("general", "hi").await.unwrap();
    guest.leaves("Sandbox").await.unwrap();
    bot.next(|event| matches!(event, Event::MemberRemove(_)).then_some(()))
        .await;
    assert!(guest.joins("Nowhere").await.is_err());
}
