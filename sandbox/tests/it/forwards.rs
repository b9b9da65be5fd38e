//! Replies, forwards, pins and bulk deletes: what they carry, and what is refused.

use serde_json::{Value, json};
use twilight_model::{
    channel::message::MessageReferenceType, gateway::event::Event, guild::Permissions,
};

use crate::bot::Bot;

fn forward(channel: u64, message: u64) -> Value {
    json!({"message_reference": {
        "type": 1, "channel_id": channel.to_string(), "message_id": message.to_string(),
    }})
}

#[tokio::test]
async fn a_forward_keeps_what_was_said() {
    let mut bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    let said = member.says("general", "remember this").await.unwrap();
    let path = bot.in_channel("bots", "messages");
    let body = forward(said.channel_id, said.id);
    let (status, sent) = bot.send("POST", &path, Some(&body)).await;
    assert_eq!(status, 200, "{sent}");
    member.edits(&said, "or not").await.unwrap();
    let seen = bot.next(|event| match event {
        Event::MessageCreate(message) if message.author.bot => Some(message),
        _ => None,
    });
    let seen = seen.await;
    assert_eq!(seen.message_snapshots[0].message.content, "remember this");
    assert_eq!(seen.content, "");
    let reference = seen.reference.as_ref().unwrap();
    assert_eq!(reference.kind, MessageReferenceType::Forward);
    assert_eq!(reference.message_id.unwrap().get(), said.id);

    // A forward of a forward shows the first message, not a nest.
    let id = sent["id"].as_str().unwrap().parse().unwrap();
    let bots = bot.sandbox.channel_id("bots").unwrap();
    let (_, again) = bot.send("POST", &path, Some(&forward(bots, id))).await;
    assert_eq!(
        again["message_snapshots"][0]["message"]["content"],
        "remember this"
    );
}

#[tokio::test]
async fn forwards_are_refused_as_discord_refuses_them() {
    let bot = Bot::new().await;
    let [member, moderator] = ["member", "mod"].map(|name| bot.sandbox.actor(name).unwrap());
    let said = member.says("general", "a").await.unwrap();
    let hidden = moderator.says("staff", "secret").await.unwrap();
    let path = bot.in_channel("general", "messages");
    let mut with_text = forward(said.channel_id, said.id);
    with_text["content"] = json!("look");
    let without_channel =
        json!({"message_reference": {"type": 1, "message_id": said.id.to_string()}});
    let poll =
        json!({"poll": {"question": {"text": "q"}, "answers": [{"poll_media": {"text": "a"}}]}});
    let (_, poll) = bot.send("POST", &path, Some(&poll)).await;
    let poll: u64 = poll["id"].as_str().unwrap().parse().unwrap();
    for (body, status, code) in [
        (with_text, 400, 160_011),
        (forward(hidden.channel_id, hidden.id), 403, 50001),
        (forward(said.channel_id, 1), 400, 50035),
        (forward(said.channel_id, poll), 400, 50068),
        (without_channel, 400, 50035),
    ] {
        let (got, answer) = bot.send("POST", &path, Some(&body)).await;
        assert_eq!(
            (got, &answer["code"]),
            (status, &json!(code)),
            "{body}: {answer}"
        );
    }
}

#[tokio::test]
async fn replies_fail_or_not_when_the_message_is_gone() {
    let bot = Bot::new().await;
    let path = bot.in_channel("general", "messages");
    let reply = |fail: bool| json!({"content": "hm", "message_reference": {"message_id": "1", "fail_if_not_exists": fail}});
    let (status, answer) = bot.send("POST", &path, Some(&reply(true))).await;
    assert_eq!(status, 400);
    let code = &answer["errors"]["message_reference"]["_errors"][0]["code"];
    assert_eq!(code, "MESSAGE_REFERENCE_UNKNOWN_MESSAGE");
    let (status, answer) = bot.send("POST", &path, Some(&reply(false))).await;
    assert_eq!((status, &answer["type"]), (200, &json!(0)));
}

#[tokio::test]
async fn pins_are_told_listed_by_page_and_taken_down() {
    let mut bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        let said = member.says("general", text).await.unwrap();
        let path = bot.in_channel("general", &format!("messages/pins/{}", said.id));
        assert_eq!(bot.send("PUT", &path, None).await.0, 204);
        ids.push(said.id.to_string());
    }
    let told = bot.next(|event| match event {
        Event::MessageCreate(message) if u8::from(message.kind) == 6 => Some(message),
        _ => None,
    });
    let pinned = told.await.reference.clone().unwrap().message_id.unwrap();
    assert_eq!(pinned.get().to_string(), ids[0]);

    let path = bot.in_channel("general", "messages/pins?limit=2");
    let (_, page) = bot.send("GET", &path, None).await;
    let listed = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["message"]["id"].clone()).collect()
    };
    assert_eq!(listed(&page), [json!(ids[2]), json!(ids[1])]);
    assert_eq!(page["has_more"], true);
    let before = page["items"][1]["pinned_at"]
        .as_str()
        .unwrap()
        .replace('+', "%2B");
    let path = bot.in_channel("general", &format!("messages/pins?before={before}"));
    let (_, page) = bot.send("GET", &path, None).await;
    assert_eq!(
        (listed(&page), &page["has_more"]),
        (vec![json!(ids[0])], &json!(false))
    );

    // The message that tells of a pin is the system's: it cannot be pinned, edited or replied to.
    let system = member.messages("general").pop().unwrap();
    for (method, rest, code) in [
        ("PUT", format!("messages/pins/{}", system.id), 50021),
        ("PATCH", format!("messages/{}", system.id), 50021),
    ] {
        let path = bot.in_channel("general", &rest);
        let (_, answer) = bot
            .send(method, &path, Some(&json!({"content": "x"})))
            .await;
        assert_eq!(answer["code"], code, "{method}");
    }
    let path = bot.in_channel("general", &format!("pins/{}", ids[2]));
    assert_eq!(bot.send("DELETE", &path, None).await.0, 204);
    let (_, channel) = bot.send("GET", &bot.in_channel("general", ""), None).await;
    assert!(channel["last_pin_timestamp"].is_string());
}

#[tokio::test]
async fn bulk_deletes_take_no_old_messages_and_no_message_twice() {
    let bot = Bot::new().await;
    let said = bot
        .sandbox
        .actor("member")
        .unwrap()
        .says("general", "a")
        .await
        .unwrap();
    let path = bot.in_channel("general", "messages/bulk-delete");
    let id = said.id.to_string();
    // Twenty days ago, as an id.
    let old = (said.id - ((20 * 86_400_000) << 22)).to_string();
    for (ids, code) in [
        (json!([id]), 50016),
        (json!([id, id]), 50035),
        (json!([id, old]), 50034),
    ] {
        let (status, answer) = bot
            .send("POST", &path, Some(&json!({"messages": ids})))
            .await;
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{ids}");
    }
}

#[tokio::test]
async fn direct_messages_need_a_shared_guild_and_a_willing_user() {
    let bot = Bot::new().await;
    let stranger = bot.sandbox.change_world(|world| world.add_user("stranger"));
    let member = bot.sandbox.user_id("member").unwrap();
    for (user, expected) in [
        (member, None),
        (stranger, Some(50278)),
        (member, Some(50007)),
    ] {
        let body = json!({"recipient_id": user.to_string()});
        let (_, channel) = bot.send("POST", "users/@me/channels", Some(&body)).await;
        let path = format!("channels/{}/messages", channel["id"].as_str().unwrap());
        let (status, answer) = bot
            .send("POST", &path, Some(&json!({"content": "hi"})))
            .await;
        match expected {
            None => assert_eq!(status, 200),
            Some(code) => assert_eq!((status, &answer["code"]), (403, &json!(code))),
        }
        bot.sandbox
            .change_world(|world| world.take_direct_messages(member, false));
    }
}

#[tokio::test]
async fn a_guild_is_searched() {
    let bot = Bot::new().await;
    let [member, moderator] = ["member", "mod"].map(|name| bot.sandbox.actor(name).unwrap());
    for text in ["the red fox", "the blue fox", "https://fox.example"] {
        member.says("general", text).await.unwrap();
    }
    moderator.says("bots", "a fox, @member").await.unwrap();
    moderator
        .says("staff", "a fox that the bot cannot see")
        .await
        .unwrap();
    let guild = bot.sandbox.guild_id();
    let found = |query: String| {
        let path = format!("guilds/{guild}/messages/search?{query}");
        let sandbox = bot.sandbox.clone();
        async move {
            let (status, answer) = crate::bot::send(&sandbox, "GET", &path, None).await;
            assert_eq!(status, 200, "{answer}");
            let messages = answer["messages"].as_array().unwrap().iter();
            let texts = messages.map(|hits| hits[0]["content"].as_str().unwrap().to_owned());
            (answer["total_results"].clone(), texts.collect::<Vec<_>>())
        }
    };
    let (member_id, mod_id) = (member.id(), moderator.id());
    assert_eq!(found("content=fox".to_owned()).await.0, 4);
    let page = found("content=the%20fox&sort_order=asc&limit=1".to_owned()).await;
    assert_eq!(page, (json!(2), vec!["the red fox".to_owned()]));
    let by = found(format!("author_id={member_id}&author_id={mod_id}&has=link")).await;
    assert_eq!(by.1, ["https://fox.example"]);
    let without = found(format!("author_id={member_id}&has=-link")).await;
    assert_eq!(without.0, 2);
    assert_eq!(found(format!("mentions={member_id}")).await.0, 1);
    let wrong = format!("guilds/{guild}/messages/search?limit=26");
    assert_eq!(bot.send("GET", &wrong, None).await.0, 400);
}

#[tokio::test]
async fn everybody_is_called_by_those_who_may() {
    let mut bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    let guild = bot.sandbox.guild_id();
    for may in [true, false] {
        if !may {
            let general = bot.sandbox.channel_id("general").unwrap();
            bot.sandbox.change_world(|world| {
                world.deny(general, guild, Permissions::MENTION_EVERYONE);
            });
        }
        member.says("general", "hello @everyone").await.unwrap();
        assert_eq!(bot.next_message().await.mention_everyone, may);
    }
}
