//! The page and its small API.

use sandbox::{Options, PartState, Report, Sandbox};
use serde_json::{Value, json};
use twilight_model::{http::interaction::InteractionResponseType, id::Id};

use crate::{
    bot::{Bot, get, request},
    payload::{button, modal, respond, row},
};

async fn act(sandbox: &Sandbox, headers: &str, deed: Value) -> (String, Value) {
    let (head, body) = request(sandbox, "POST", "/sandbox/act", headers, &deed.to_string()).await;
    (head, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn the_page_is_served_and_acts() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let (head, body) = get(&sandbox, "/").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && body.contains("/page/main.js"),
        "{head}"
    );
    assert!(
        body.contains("rel=\"icon\""),
        "browsers ask for /favicon.ico otherwise"
    );
    let files: Vec<_> = body
        .split('"')
        .filter(|part| part.starts_with("/page/"))
        .collect();
    assert!(files.len() > 5, "{files:?}");
    for path in files {
        assert!(get(&sandbox, path).await.0.starts_with("HTTP/1.1 200"));
    }
    assert!(head.contains("content-security-policy: default-src 'self'"));
    let said = act(
        &sandbox,
        "",
        json!({"user": "member", "channel": "general", "do": "say", "text": "<b>hi</b>"}),
    );
    assert_eq!(said.await.1, json!({}));
    let channel = sandbox.channel_id("general").unwrap();
    let (_, body) = get(
        &sandbox,
        &format!("/sandbox/messages?user=mod&channel={channel}"),
    )
    .await;
    let messages: Value =
        serde_json::from_str(body.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    assert_eq!(
        (
            &messages["items"][0]["content"],
            &messages["items"][0]["author"]["username"]
        ),
        (&json!("<b>hi</b>"), &json!("member"))
    );
    let guild = sandbox.guild_id();
    let path = format!("/sandbox/guild?user=member&guild={guild}");
    let (_, seen) = get(&sandbox, &path).await;
    assert!(
        seen.contains("\"general\"") && !seen.contains("\"staff\""),
        "{seen}"
    );
    let (_, said) = act(
        &sandbox,
        "",
        json!({"user": "member", "channel": "general", "do": "say", "text": "/nothing"}),
    )
    .await;
    // It names no command, and is said: as by Discord's client.
    let note = said["note"].as_str().unwrap();
    assert!(note.contains("no command is named `/nothing`"), "{note}");
    let newest = sandbox.actor("member").unwrap().messages("general").pop();
    assert_eq!(newest.unwrap().content, "/nothing");
}

#[tokio::test]
async fn foreign_pages_are_refused() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let deed = json!({"user": "owner", "channel": "general", "do": "say", "text": "evil"});
    let (head, _) = act(&sandbox, "Origin: http://evil.example\r\n", deed).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert!(
        sandbox
            .actor("owner")
            .unwrap()
            .messages("general")
            .is_empty()
    );
}

#[tokio::test]
async fn the_port_is_free_after_the_end() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let port = sandbox.addr().port();
    let taken = Sandbox::start(Options {
        port,
        ..Options::default()
    })
    .await;
    assert!(matches!(taken, Err(sandbox::Error::Listen { .. })));
    sandbox.shutdown().await;
    Sandbox::start(Options {
        port,
        ..Options::default()
    })
    .await
    .unwrap()
    .shutdown()
    .await;
}

#[tokio::test]
async fn each_modal_is_told_from_the_one_before() {
    let mut bot = Bot::new().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    bot.http
        .create_message(channel)
        .components(&[row(vec![button("Rename", "rename")])])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let actor = member.clone();
        let clicked = tokio::spawn(async move { actor.clicks("Rename").await.unwrap() });
        let click = bot.next_interaction().await;
        bot.answer(&click, respond(InteractionResponseType::Modal, modal()))
            .await;
        clicked.await.unwrap();
        seen.push(open_modal(&bot.sandbox).await["interaction"].clone());
        let deed = json!({"user": "member", "channel": "general", "do": "dismiss"});
        assert_eq!(act(&bot.sandbox, "", deed).await.1, json!({}));
        assert_eq!(open_modal(&bot.sandbox).await, Value::Null);
    }
    assert!(seen[0].is_string() && seen[0] != seen[1], "{seen:?}");
}

async fn open_modal(sandbox: &Sandbox) -> Value {
    let (_, body) = get(sandbox, "/sandbox/state?user=member").await;
    let state: Value =
        serde_json::from_str(body.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    state["modal"].clone()
}

fn object(answer: &str) -> Value {
    serde_json::from_str(answer.lines().find(|line| line.starts_with('{')).unwrap()).unwrap()
}

#[tokio::test]
async fn nobody_reads_what_is_hidden_from_them() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let moderator = sandbox.actor("mod").unwrap();
    moderator.says("staff", "a secret").await.unwrap();
    let staff = sandbox.channel_id("staff").unwrap();
    for (user, sees) in [("mod", true), ("member", false)] {
        for what in ["messages", "members"] {
            let path = format!("/sandbox/{what}?user={user}&channel={staff}");
            let items = object(&get(&sandbox, &path).await.1)["items"].clone();
            assert_eq!(
                !items.as_array().unwrap().is_empty(),
                sees,
                "{user} {items}"
            );
        }
    }
}

#[tokio::test]
async fn messages_come_in_parts() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let owner = sandbox.actor("owner").unwrap();
    for number in 0..120 {
        owner.says("general", &format!("n{number}")).await.unwrap();
    }
    let channel = sandbox.channel_id("general").unwrap();
    let mut path = format!("/sandbox/messages?user=owner&channel={channel}");
    let mut seen = Vec::new();
    loop {
        let part = object(&get(&sandbox, &path).await.1);
        let items = part["items"].as_array().unwrap().clone();
        let first = items[0]["id"].as_str().unwrap().to_owned();
        let texts = items.iter().map(|item| item["content"].clone());
        seen.splice(0..0, texts);
        if part["more"] == false {
            break;
        }
        path = format!("/sandbox/messages?user=owner&channel={channel}&before={first}");
    }
    let all: Vec<_> = (0..120).map(|number| json!(format!("n{number}"))).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_menu_is_picked_in_on_the_message_that_was_meant() {
    let mut bot = Bot::new().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    let menu = json!({"type": 1, "components": [{"type": 3, "custom_id": "same",
        "options": [{"label": "One", "value": "1"}]}]});
    let menu: twilight_model::channel::message::Component = serde_json::from_value(menu).unwrap();
    let mut posted = Vec::new();
    for _ in 0..2 {
        let sent = bot.http.create_message(channel);
        let sent = sent.components(std::slice::from_ref(&menu)).await.unwrap();
        posted.push(sent.model().await.unwrap().id);
    }
    let member = bot.sandbox.actor("member").unwrap();
    let first = bot.sandbox.message(channel.get(), posted[0].get()).unwrap();
    let picking = tokio::spawn(async move { member.picks_on(&first, "same", &["1"]).await });
    let picked = bot.next_interaction().await;
    assert_eq!(
        picked.message.as_ref().map(|message| message.id),
        Some(posted[0])
    );
    bot.answer(
        &picked,
        respond(
            InteractionResponseType::DeferredUpdateMessage,
            Default::default(),
        ),
    )
    .await;
    picking.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_menu_begins_with_has_a_name() {
    let bot = Bot::new().await;
    let sandbox = &bot.sandbox;
    let member = sandbox.user_id("member").unwrap();
    let menu = json!({"type": 7, "custom_id": "who", "min_values": 1, "max_values": 1,
        "default_values": [{"id": member.to_string(), "type": "user"}]});
    let body = json!({"components": [{"type": 1, "components": [menu]}]});
    bot.done("POST", &bot.in_channel("general", "messages"), body)
        .await;
    let channel = sandbox.channel_id("general").unwrap();
    let path = format!("/sandbox/messages?user=mod&channel={channel}");
    let (_, body) = get(sandbox, &path).await;
    let line = body.lines().find(|line| line.starts_with('{')).unwrap();
    let seen: Value = serde_json::from_str(line).unwrap();
    assert_eq!(seen["names"][member.to_string()]["name"], "member");
}

#[tokio::test]
async fn a_bot_tells_of_its_parts() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let failed =
        Report::new("tags", PartState::Failed).detail("line 3: no such command\nline 4: neither");
    sandbox.report(failed);
    let loaded = json!({"name": "ping", "state": "loaded", "generation": 1}).to_string();
    let (head, _) = request(&sandbox, "POST", "/sandbox/report", "", &loaded).await;
    assert!(head.starts_with("HTTP/1.1 204"), "{head}");
    let nonsense = json!({"name": "ping", "state": "asleep"}).to_string();
    let (head, _) = request(&sandbox, "POST", "/sandbox/report", "", &nonsense).await;
    assert!(head.starts_with("HTTP/1.1 422"), "{head}");
    let reports = object(&get(&sandbox, "/sandbox/reports").await.1);
    let parts = reports["parts"].as_array().unwrap();
    let told: Vec<_> = parts
        .iter()
        .map(|part| (&part["name"], &part["state"], &part["detail"]))
        .collect();
    let both = "line 3: no such command\nline 4: neither";
    assert_eq!(
        told,
        [
            (&json!("ping"), &json!("loaded"), &json!("")),
            (&json!("tags"), &json!("failed"), &json!(both))
        ]
    );
}

#[tokio::test]
async fn what_crossed_is_listed_without_bodies_and_shown_whole() {
    let bot = Bot::new().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    bot.http
        .create_message(channel)
        .content("hi")
        .await
        .unwrap();
    let lines = object(&get(&bot.sandbox, "/sandbox/traffic").await.1);
    let posted = lines["items"].as_array().unwrap().iter().find(|line| {
        line["what"]
            .as_str()
            .is_some_and(|what| what.starts_with("POST") && what.ends_with("/messages"))
    });
    let posted = posted.unwrap();
    assert!(posted["took_us"].is_u64() && posted.get("body").is_none());
    let path = format!("/sandbox/crossing?since={}", posted["number"]);
    let whole = object(&get(&bot.sandbox, &path).await.1);
    assert_eq!(whole["body"]["content"], "hi");
    assert_eq!(whole["answer"]["content"], "hi");
    let headers = whole["headers"].as_array().unwrap();
    assert!(
        headers
            .iter()
            .any(|header| header[0] == "x-ratelimit-limit"),
        "{headers:?}"
    );
}

#[tokio::test]
async fn the_page_starts_threads_posts_pins_and_changes_members() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let forum = sandbox.change_world(|world| {
        let guild = world.guild_named("Sandbox").unwrap();
        world.add_forum(guild, "questions")
    });
    let does = async |user: &str, channel: &str, mut deed: Value| {
        deed["user"] = json!(user);
        deed["channel"] = json!(channel);
        act(&sandbox, "", deed).await.1
    };
    let member = sandbox.actor("member").unwrap();
    let said = member.says("general", "keep this").await.unwrap();
    let id = said.id.to_string();
    let refused = does("member", "general", json!({"do": "pin", "message": id})).await;
    assert!(refused["error"].as_str().unwrap().contains("may not pin"));
    assert_eq!(
        does("owner", "general", json!({"do": "pin", "message": id})).await,
        json!({})
    );
    assert!(sandbox.message(said.channel_id, said.id).unwrap().pinned);
    does("owner", "general", json!({"do": "unpin", "message": id})).await;
    assert!(!sandbox.message(said.channel_id, said.id).unwrap().pinned);

    let thread = does(
        "member",
        "general",
        json!({"do": "thread", "name": "Talk", "message": id}),
    )
    .await;
    assert_eq!(thread["channel"], id);
    let again = does(
        "member",
        "general",
        json!({"do": "thread", "name": "Talk", "message": id}),
    )
    .await;
    assert!(
        again["error"]
            .as_str()
            .unwrap()
            .contains("a thread already")
    );
    let alone = does(
        "member",
        "general",
        json!({"do": "thread", "name": "Alone"}),
    )
    .await;
    assert!(alone["channel"].is_string(), "{alone}");
    let post = json!({"do": "post", "title": "Why?", "text": "Who knows?"});
    let posted = does("member", &forum.to_string(), post.clone()).await;
    assert!(posted["channel"].is_string(), "{posted}");
    let nowhere = does("member", "general", post).await;
    assert!(nowhere["error"].as_str().unwrap().contains("no forum"));

    let nick = json!({"do": "nick", "target": "member", "nick": "Captain"});
    does("owner", "general", nick).await;
    let role =
        |give: bool| json!({"do": "role", "target": "member", "role": "Moderator", "give": give});
    does("owner", "general", role(true)).await;
    let path = format!("/sandbox/members?user=owner&channel={}", said.channel_id);
    let (_, members) = get(&sandbox, &path).await;
    assert!(members.contains("\"display\":\"Captain\""), "{members}");
    assert_eq!(
        members.matches("\"name\":\"Moderator\"").count(),
        2,
        "{members}"
    );
    does("owner", "general", role(false)).await;
    let (_, members) = get(&sandbox, &path).await;
    assert_eq!(
        members.matches("\"name\":\"Moderator\"").count(),
        1,
        "{members}"
    );
}
