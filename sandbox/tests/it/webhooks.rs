//! Webhooks of channels, followers of announcements, and what is refused.

use sandbox::{Options, World};
use serde_json::{Value, json};
use twilight_model::{gateway::event::Event, guild::Permissions, id::Id};

use crate::bot::{ALL, Bot, request};

/// A world in which the bot manages everything, with `#news` to announce in.
async fn bot() -> Bot {
    let mut world = World::sandbox();
    let guild = world.guild_named("Sandbox").unwrap();
    world.set_bot_permissions(guild, Permissions::ADMINISTRATOR);
    world.add_announcement_channel(guild, "news");
    world.add_forum(guild, "help");
    let options = Options {
        world,
        ..Options::default()
    };
    Bot::start(options, ALL).await
}

/// A request without the bot's token.
async fn anyone(bot: &Bot, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let path = format!("/api/v10/{path}");
    let (head, body) = request(&bot.sandbox, method, &path, "", &body.to_string()).await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn a_webhook_posts_under_any_name() {
    let mut bot = bot().await;
    let member = bot.sandbox.actor("member").unwrap();
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    let made = bot.http.create_webhook(channel, "Builds").await.unwrap();
    let made = made.model().await.unwrap();
    let token = made.token.clone().unwrap();
    let told = bot.next(|event| match event {
        Event::WebhooksUpdate(update) => Some(update.channel_id),
        _ => None,
    });
    assert_eq!(told.await, channel);

    let sent = bot
        .http
        .execute_webhook(made.id, &token)
        .content("green")
        .username("CI")
        .wait()
        .await
        .unwrap();
    let sent = sent.model().await.unwrap();
    assert_eq!(
        (sent.author.name.as_str(), sent.author.id.get()),
        ("CI", made.id.get())
    );
    assert_eq!(sent.webhook_id, Some(made.id));
    let shown = member.messages("general").pop().unwrap();
    assert_eq!(
        (shown.author.as_str(), shown.content.as_str()),
        ("CI", "green")
    );

    let edited = bot.http.update_webhook_message(made.id, &token, sent.id);
    edited.content(Some("red")).await.unwrap();
    let got = bot
        .http
        .webhook_message(made.id, &token, sent.id)
        .await
        .unwrap();
    assert_eq!(got.model().await.unwrap().content, "red");
    bot.http
        .delete_webhook_message(made.id, &token, sent.id)
        .await
        .unwrap();
    assert!(member.messages("general").is_empty());

    let listed = bot
        .http
        .channel_webhooks(channel)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(
        listed[0].user.as_ref().unwrap().id.get(),
        bot.sandbox.application_id()
    );
    let path = format!("webhooks/{}/{token}", made.id);
    let (_, open) = anyone(&bot, "GET", &path, &Value::Null).await;
    assert_eq!((&open["name"], open.get("user")), (&json!("Builds"), None));
    let slack = json!({"text": "from elsewhere", "attachments": [{"title": "Log"}]});
    let (status, _) = anyone(&bot, "POST", &format!("{path}/slack"), &slack).await;
    assert_eq!(status, 200);
    assert_eq!(member.messages("general")[0].text(), "from elsewhere\nLog");

    bot.http.delete_webhook(made.id).await.unwrap();
    let (status, answer) = anyone(&bot, "POST", &path, &json!({"content": "x"})).await;
    assert_eq!((status, &answer["code"]), (404, &json!(10015)));
}

#[tokio::test]
async fn webhooks_are_refused_as_discord_refuses_them() {
    let bot = bot().await;
    let path = bot.in_channel("general", "webhooks");
    let body = json!({"name": "My Discord hook", "avatar": "no picture"});
    let (status, answer) = bot.send("POST", &path, Some(&body)).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50035)));
    let code = |answer: &Value, field: &str| answer["errors"][field]["_errors"][0]["code"].clone();
    assert_eq!(code(&answer, "avatar"), "BINARY_TYPE_INVALID_DATA_URI");
    let (_, answer) = bot
        .send("POST", &path, Some(&json!({"name": "discord"})))
        .await;
    assert_eq!(code(&answer, "name"), "USERNAME_INVALID_CONTAINS");

    let (_, made) = bot.send("POST", &path, Some(&json!({"name": "a"}))).await;
    let (id, token) = (
        made["id"].as_str().unwrap(),
        made["token"].as_str().unwrap(),
    );
    for (path, body, status, expected) in [
        (
            format!("webhooks/{id}/wrong"),
            json!({"content": "a"}),
            401,
            50027,
        ),
        (format!("webhooks/{id}/{token}"), json!({}), 400, 50006),
        (
            format!("webhooks/{id}/{token}"),
            json!({"content": "a", "thread_name": "t"}),
            400,
            220_003,
        ),
        (
            format!("webhooks/{id}/{token}?thread_id=1"),
            json!({"content": "a"}),
            404,
            10003,
        ),
        (
            format!("webhooks/{id}/{token}"),
            json!({"content": "a", "username": "u".repeat(81)}),
            400,
            50035,
        ),
    ] {
        let (got, answer) = anyone(&bot, "POST", &path, &body).await;
        assert_eq!(
            (got, &answer["code"]),
            (status, &json!(expected)),
            "{body}: {answer}"
        );
    }
    for _ in 1..15 {
        assert_eq!(
            bot.send("POST", &path, Some(&json!({"name": "a"}))).await.0,
            200
        );
    }
    let (_, answer) = bot.send("POST", &path, Some(&json!({"name": "a"}))).await;
    assert_eq!(answer["code"], 30007);
}

#[tokio::test]
async fn a_webhook_that_no_application_owns_sends_no_buttons() {
    let bot = bot().await;
    let general = bot.sandbox.channel_id("general").unwrap();
    let owner = bot.sandbox.owner_id();
    let (id, token) = bot
        .sandbox
        .change_world(|world| world.add_webhook(general, "Zaps", owner));
    let row =
        json!({"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "a"}]});
    let body = json!({"content": "look", "components": [row]});
    let path = format!("webhooks/{id}/{token}?wait=true");
    let (_, sent) = anyone(&bot, "POST", &path, &body).await;
    assert_eq!(
        sent["components"],
        json!([]),
        "they are ignored without with_components"
    );
    let path = format!("{path}&with_components=true");
    let (status, _) = anyone(&bot, "POST", &path, &body).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_webhook_posts_in_a_forum_and_in_its_threads() {
    let bot = bot().await;
    let path = bot.in_channel("help", "webhooks");
    let (_, made) = bot
        .send("POST", &path, Some(&json!({"name": "Helper"})))
        .await;
    let (id, token) = (
        made["id"].as_str().unwrap(),
        made["token"].as_str().unwrap(),
    );
    let path = format!("webhooks/{id}/{token}?wait=true");
    let (_, answer) = bot
        .send("POST", &path, Some(&json!({"content": "a"})))
        .await;
    assert_eq!(answer["code"], 220_001);
    let body = json!({"content": "first", "thread_name": "How to?"});
    let (status, first) = bot.send("POST", &path, Some(&body)).await;
    assert_eq!(status, 200, "{first}");
    let thread = first["channel_id"].as_str().unwrap();
    assert_eq!(first["id"], first["channel_id"]);
    let path = format!("{path}&thread_id={thread}");
    let (_, second) = bot
        .send("POST", &path, Some(&json!({"content": "second"})))
        .await;
    assert_eq!(second["channel_id"], thread);
    let member = bot.sandbox.actor("member").unwrap();
    let texts: Vec<_> = member
        .messages("How to?")
        .into_iter()
        .map(|m| m.content)
        .collect();
    assert_eq!(texts, ["first", "second"]);
}

#[tokio::test]
async fn announcements_reach_those_who_follow() {
    let mut bot = bot().await;
    let [news, general] = ["news", "general"].map(|name| bot.sandbox.channel_id(name).unwrap());
    let followed = bot
        .http
        .follow_news_channel(Id::new(news), Id::new(general))
        .await
        .unwrap();
    let followed = followed.model().await.unwrap();
    let told = bot.next(|event| match event {
        Event::MessageCreate(message) if u8::from(message.kind) == 12 => {
            Some(message.content.clone())
        }
        _ => None,
    });
    assert_eq!(told.await, "Sandbox #news");

    let sent = bot
        .http
        .create_message(Id::new(news))
        .content("version 2")
        .await
        .unwrap();
    let sent = sent.model().await.unwrap();
    let marked = bot
        .http
        .crosspost_message(Id::new(news), sent.id)
        .await
        .unwrap();
    assert_eq!(marked.model().await.unwrap().flags.unwrap().bits() & 1, 1);
    let copy = bot.next(|event| match event {
        Event::MessageCreate(message) if message.channel_id.get() == general => Some(message),
        _ => None,
    });
    let copy = copy.await;
    assert_eq!(
        (copy.content.as_str(), copy.webhook_id),
        ("version 2", Some(followed.webhook_id))
    );
    assert_eq!(copy.reference.as_ref().unwrap().message_id, Some(sent.id));
    assert_eq!(copy.flags.unwrap().bits() & 2, 2);

    let path = format!("channels/{news}/messages/{}/crosspost", sent.id);
    let (_, answer) = bot.send("POST", &path, None).await;
    assert_eq!(answer["code"], 40033);
    let body = json!({"webhook_channel_id": news.to_string()});
    let (_, answer) = bot
        .send("POST", &bot.in_channel("general", "followers"), Some(&body))
        .await;
    assert_eq!(answer["code"], 50024);
}
