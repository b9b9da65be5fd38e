//! Threads and forums: started, talked in, followed, archived, listed, and what is refused.

use std::time::Duration;

use sandbox::{Options, World};
use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    gateway::event::Event,
    guild::Permissions,
    id::{Id, marker::ChannelMarker},
};

use crate::bot::{ALL, Bot};

/// A world with the forum `#help`.
async fn bot() -> Bot {
    let mut world = World::sandbox();
    let guild = world.guild_named("Sandbox").unwrap();
    world.add_forum(guild, "help");
    let options = Options {
        world,
        ..Options::default()
    };
    Bot::start(options, ALL).await
}

async fn thread(bot: &Bot, channel: &str, body: Value) -> Value {
    let path = bot.in_channel(channel, "threads");
    let (status, thread) = bot.send("POST", &path, Some(&body)).await;
    assert_eq!(status, 201, "{thread}");
    thread
}

#[tokio::test]
async fn a_thread_grows_from_a_message() {
    let mut bot = bot().await;
    let member = bot.sandbox.actor("member").unwrap();
    let said = member.says("general", "a long topic").await.unwrap();
    let general = Id::<ChannelMarker>::new(said.channel_id);
    let made = bot
        .http
        .create_thread_from_message(general, Id::new(said.id), "topic")
        .await;
    let made = made.unwrap().model().await.unwrap();
    assert_eq!(
        (made.id.get(), made.kind),
        (said.id, ChannelType::PublicThread)
    );
    let told = bot.next(|event| match event {
        Event::ThreadCreate(thread) => Some(thread),
        _ => None,
    });
    let told = told.await;
    assert_eq!((told.id, told.newly_created), (made.id, Some(true)));
    let starter = bot.next(|event| match event {
        Event::MessageCreate(message) if u8::from(message.kind) == 21 => Some(message),
        _ => None,
    });
    let starter = starter.await;
    assert_eq!(
        starter.referenced_message.as_ref().unwrap().content,
        "a long topic"
    );

    // Users talk in it by its name, and follow it from then on.
    let path = format!("channels/{}/messages", made.id);
    assert_eq!(
        bot.send("POST", &path, Some(&json!({"content": "welcome"})))
            .await
            .0,
        200
    );
    member.expects("topic", "welcome").await.unwrap();
    member.says("topic", "thanks").await.unwrap();
    let joined = bot.next(|event| match event {
        Event::ThreadMembersUpdate(update) => update
            .added_members
            .iter()
            .any(|added| added.user_id == Some(Id::new(member.id())))
            .then_some(update.member_count),
        _ => None,
    });
    assert_eq!(joined.await, 2);
    let (_, source) = bot
        .send(
            "GET",
            &bot.in_channel("general", &format!("messages/{}", said.id)),
            None,
        )
        .await;
    assert_eq!(source["thread"]["message_count"], 2);
    assert_eq!(source["flags"], 1 << 5);
    let path = bot.in_channel("general", &format!("messages/{}/threads", said.id));
    let (_, again) = bot
        .send("POST", &path, Some(&json!({"name": "again"})))
        .await;
    assert_eq!(again["code"], 160_004);
}

#[tokio::test]
async fn a_forum_takes_posts_only() {
    let bot = bot().await;
    let body = json!({"name": "How?", "message": {"content": "like this"}});
    let post = thread(&bot, "help", body).await;
    assert_eq!(post["message"]["id"], post["id"]);
    assert_eq!(post["message_count"], 0, "the first message is not counted");
    let send = bot.in_channel("help", "messages");
    let (_, refused) = bot
        .send("POST", &send, Some(&json!({"content": "x"})))
        .await;
    assert_eq!(refused["code"], 40058);
    let start = bot.in_channel("help", "threads");
    for (body, code) in [
        (json!({"name": "a"}), 50035),
        (json!({"name": "a", "message": {}}), 50006),
        (
            json!({"name": "a", "message": {"content": "b"}, "applied_tags": ["1"]}),
            10087,
        ),
    ] {
        let (_, refused) = bot.send("POST", &start, Some(&body)).await;
        assert_eq!(refused["code"], code, "{body}: {refused}");
    }
    let member = bot.sandbox.actor("member").unwrap();
    let posted = member.posts("help", "Why?", "because").await.unwrap();
    assert_eq!(
        (posted.id, posted.channel.as_str()),
        (posted.channel_id, "Why?")
    );
}

#[tokio::test]
async fn private_threads_are_for_those_who_were_added() {
    let mut bot = bot().await;
    let [member, owner] = ["member", "owner"].map(|name| bot.sandbox.actor(name).unwrap());
    let made = thread(&bot, "general", json!({"name": "backroom", "type": 12})).await;
    let id = made["id"].as_str().unwrap();
    assert!(made["thread_metadata"]["invitable"].is_boolean());
    assert!(member.says("backroom", "hello?").await.is_err());
    let add = format!("channels/{id}/thread-members/{}", member.id());
    assert_eq!(bot.send("PUT", &add, None).await.0, 204);
    member.says("backroom", "hello!").await.unwrap();
    let told = bot.next(|event| match event {
        Event::MessageCreate(message) if u8::from(message.kind) == 1 => Some(message),
        _ => None,
    });
    assert_eq!(told.await.mentions[0].id.get(), member.id());

    let listed = bot
        .http
        .thread_members(Id::new(id.parse().unwrap()))
        .await
        .unwrap();
    assert_eq!(listed.models().await.unwrap().len(), 2);
    let path = format!("channels/{id}/thread-members?with_member=true&limit=1");
    let (_, page) = bot.send("GET", &path, None).await;
    assert_eq!(page.as_array().unwrap().len(), 1);
    assert!(page[0]["member"]["user"].is_object());
    assert_eq!(bot.send("DELETE", &add, None).await.0, 204);
    assert!(member.says("backroom", "hello?").await.is_err());
    assert_eq!(bot.send("GET", &add, None).await.0, 404);
    owner.says("backroom", "moderators see all").await.unwrap();
}

#[tokio::test]
async fn threads_are_archived_listed_and_brought_back_by_a_message() {
    let mut bot = bot().await;
    let guild = bot.sandbox.guild_id();
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        let made = thread(&bot, "general", json!({"name": name, "type": 11})).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let active = |bot: &Bot| {
        let path = format!("guilds/{guild}/threads/active");
        let sandbox = bot.sandbox.clone();
        async move { crate::bot::send(&sandbox, "GET", &path, None).await.1 }
    };
    assert_eq!(active(&bot).await["threads"].as_array().unwrap().len(), 3);
    for id in &ids {
        let path = format!("channels/{id}");
        let (status, archived) = bot
            .send("PATCH", &path, Some(&json!({"archived": true})))
            .await;
        assert_eq!(
            (status, &archived["thread_metadata"]["archived"]),
            (200, &json!(true))
        );
    }
    let told = bot.next(|event| match event {
        Event::ThreadUpdate(thread) => Some(thread.thread_metadata.as_ref().unwrap().archived),
        _ => None,
    });
    assert!(told.await);
    assert!(active(&bot).await["threads"].as_array().unwrap().is_empty());

    let path = bot.in_channel("general", "threads/archived/public?limit=2");
    let (_, page) = bot.send("GET", &path, None).await;
    let names: Vec<_> = page["threads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert_eq!(names, ["three", "two"]);
    assert_eq!(
        (&page["has_more"], page["members"].as_array().unwrap().len()),
        (&json!(true), 2)
    );
    let before = page["threads"][1]["thread_metadata"]["archive_timestamp"]
        .as_str()
        .unwrap();
    let before = before.replace('+', "%2B");
    let path = bot.in_channel(
        "general",
        &format!("threads/archived/public?before={before}"),
    );
    let (_, page) = bot.send("GET", &path, None).await;
    assert_eq!(
        (&page["threads"][0]["name"], &page["has_more"]),
        (&json!("one"), &json!(false))
    );

    // What is archived stays as it is, until somebody writes.
    let path = format!("channels/{}", ids[0]);
    let (_, refused) = bot
        .send("PATCH", &path, Some(&json!({"name": "uno"})))
        .await;
    assert_eq!(refused["code"], 50083);
    let (status, _) = bot
        .send(
            "POST",
            &format!("{path}/messages"),
            Some(&json!({"content": "hm"})),
        )
        .await;
    assert_eq!(status, 200);
    let (_, back) = bot.send("GET", &path, None).await;
    assert_eq!(back["thread_metadata"]["archived"], false);
    let (_, gone) = bot.send("DELETE", &path, None).await;
    assert_eq!(gone["id"], ids[0]);
    bot.next(|event| matches!(event, Event::ThreadDelete(_)).then_some(()))
        .await;
}

#[tokio::test]
async fn what_the_bot_may_not_do_in_threads_is_refused() {
    let bot = bot().await;
    let guild = bot.sandbox.guild_id();
    let member = bot.sandbox.actor("member").unwrap();
    let id = member.starts_thread("general", "ours").await.unwrap();
    let path = format!("channels/{id}");
    bot.sandbox.change_world(|world| {
        let basic = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES;
        world.set_bot_permissions(guild, basic);
        world.set_role_permissions(guild, guild, basic);
    });
    for (method, rest, body) in [
        ("POST", "/messages", json!({"content": "a"})),
        ("PATCH", "", json!({"name": "mine"})),
        ("PATCH", "", json!({"locked": true})),
        ("DELETE", "", Value::Null),
    ] {
        let (_, refused) = bot
            .send(method, &format!("{path}{rest}"), Some(&body))
            .await;
        assert_eq!(refused["code"], 50013, "{method} {rest} {body}");
    }
    let start = bot.in_channel("general", "threads");
    let (_, refused) = bot
        .send("POST", &start, Some(&json!({"name": "x", "type": 11})))
        .await;
    assert_eq!(refused["code"], 50013);
    let body = json!({"name": "", "auto_archive_duration": 5, "rate_limit_per_user": 21_601});
    let (_, wrong) = bot.send("POST", &start, Some(&body)).await;
    let fields: Vec<_> = wrong["errors"].as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["auto_archive_duration", "name", "rate_limit_per_user"]
    );
}

#[tokio::test]
async fn users_wait_out_slowmode_and_locked_threads() {
    let bot = bot().await;
    let [member, moderator] = ["member", "mod"].map(|name| bot.sandbox.actor(name).unwrap());
    let id = member.starts_thread("general", "heated").await.unwrap();
    let path = format!("channels/{id}");
    let (status, _) = bot
        .send("PATCH", &path, Some(&json!({"rate_limit_per_user": 60})))
        .await;
    assert_eq!(status, 200);
    member.says("heated", "one").await.unwrap();
    let refused = member.says("heated", "two").await.unwrap_err().to_string();
    assert!(refused.contains("slowmode"), "{refused}");
    moderator.says("heated", "enough").await.unwrap();
    moderator.says("heated", "really").await.unwrap();
    bot.send(
        "PATCH",
        &path,
        Some(&json!({"rate_limit_per_user": 0, "locked": true})),
    )
    .await;
    let refused = member.says("heated", "but").await.unwrap_err().to_string();
    assert!(refused.contains("locked"), "{refused}");
}

#[tokio::test]
async fn quiet_threads_are_archived_by_the_clock() {
    let mut bot = bot().await;
    let clock = bot.sandbox.clock();
    clock.pause();
    let body = json!({"name": "brief", "type": 11, "auto_archive_duration": 60});
    let made = thread(&bot, "general", body).await;
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    clock.advance(minutes(50));
    let member = bot.sandbox.actor("member").unwrap();
    member.says("brief", "still here").await.unwrap();
    clock.advance(minutes(50));
    member.says("brief", "and now").await.unwrap();
    clock.advance(minutes(61));
    let told = bot.next(|event| match event {
        Event::ThreadUpdate(thread) => Some(thread),
        _ => None,
    });
    let told = told.await;
    assert_eq!(told.id.get().to_string(), made["id"].as_str().unwrap());
    assert!(told.thread_metadata.as_ref().unwrap().archived);
    member.says("brief", "back").await.unwrap();
    let told = bot.next(|event| match event {
        Event::ThreadUpdate(thread) => Some(thread),
        _ => None,
    });
    assert!(!told.await.thread_metadata.as_ref().unwrap().archived);
}
