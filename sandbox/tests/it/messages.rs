//! Messages, reactions, history, and what is refused.

use serde_json::json;
use twilight_http::request::channel::reaction::RequestReactionType;
use twilight_model::{
    gateway::event::Event,
    http::attachment::Attachment,
    id::{Id, marker::MessageMarker},
};

use crate::bot::{Bot, get, http_client};

/// The HTTP status of a failed request.
fn status<T>(answer: Result<T, twilight_http::Error>) -> u16 {
    use twilight_http::error::ErrorType;
    match answer.err().expect("the request succeeded").kind() {
        ErrorType::Response { status, .. } => status.get(),
        ErrorType::Unauthorized => 401,
        other => panic!("no answer: {other:?}"),
    }
}

/// Discord's code and text of a failed request.
pub fn api_error(error: twilight_http::Error) -> (u64, String) {
    use twilight_http::{api_error::ApiError, error::ErrorType};
    match error.kind() {
        ErrorType::Response {
            error: ApiError::General(general),
            ..
        } => (general.code, general.message.clone()),
        other => panic!("no API error: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_is_answered_edited_reacted_to_and_deleted() {
    let mut bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    let sent = member.says("general", "!hello @Cogwright").await.unwrap();
    assert_eq!(
        sent.content,
        format!("!hello <@{}>", bot.sandbox.application_id())
    );

    let received = bot.next_message().await;
    assert_eq!(received.id.get(), sent.id);
    assert_eq!(received.content, sent.content);
    assert_eq!(received.mentions.len(), 1);
    assert!(received.guild_id.is_some() && received.member.is_some());

    let channel = received.channel_id;
    let reply = bot
        .http
        .create_message(channel)
        .reply(received.id)
        .content("Hello!")
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    let seen = member.expects("general", "Hello").await.unwrap();
    assert_eq!(seen.reply_to, Some(sent.id));
    let own = bot.next(|event| match event {
        Event::MessageCreate(message) if message.author.bot => Some(message),
        _ => None,
    });
    assert_eq!(own.await.id, reply.id);

    bot.http
        .update_message(channel, reply.id)
        .content(Some("Good bye!"))
        .await
        .unwrap();
    let edited = member.expects_reply_to(&sent).await.unwrap();
    assert_eq!(
        (edited.content.as_str(), edited.edited),
        ("Good bye!", true)
    );

    let thumb = RequestReactionType::Unicode { name: "👍" };
    bot.http
        .create_reaction(channel, received.id, &thumb)
        .await
        .unwrap();
    bot.next(|event| matches!(event, Event::ReactionAdd(_)).then_some(()))
        .await;
    member.reacts(&seen, "🎉").await.unwrap();
    let added = bot
        .next(|event| {
            if let Event::ReactionAdd(added) = event {
                Some(added)
            } else {
                None
            }
        })
        .await;
    assert_eq!(added.message_id, reply.id);
    assert_eq!(
        member.messages("general")[0].reactions,
        [("👍".to_owned(), 1)]
    );

    bot.http.delete_message(channel, reply.id).await.unwrap();
    bot.next(|event| matches!(event, Event::MessageDelete(_)).then_some(()))
        .await;
    assert_eq!(member.messages("general").len(), 1);
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let bot = Bot::new().await;
    let stranger = http_client(&bot.sandbox, "nonsense");
    assert_eq!(status(stranger.current_user().await), 401);
    assert!(
        bot.sandbox
            .traffic()
            .iter()
            .any(|crossing| crossing.status == Some(401))
    );
    let user = bot
        .http
        .current_user()
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!((user.name.as_str(), user.bot), ("Cogwright", true));
    let application = bot
        .http
        .current_user_application()
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(application.owner.unwrap().id.get(), bot.sandbox.owner_id());
    let gateway = bot
        .http
        .gateway()
        .authed()
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(gateway.url, bot.sandbox.gateway_url());
}

#[tokio::test]
async fn bodies_are_checked() {
    let bot = Bot::new().await;
    let long = json!({"content": "x".repeat(2001), "embeds": [{"title": "t".repeat(257)}]});
    let refused = bot
        .send("POST", &bot.in_channel("general", "messages"), Some(&long))
        .await;
    assert_eq!(
        refused,
        (
            400,
            json!({"code": 50035, "message": "Invalid Form Body", "errors": {
            "content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}]},
            "embeds": {"0": {"title": {"_errors": [
                {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 256 or fewer in length."}]}}}}})
        )
    );
    let button = json!({"type": 2, "style": 1, "label": "a", "custom_id": "same"});
    let twice =
        json!({"content": "x", "components": [{"type": 1, "components": [button, button]}]});
    let cases = [
        (json!({"content": ""}), 50006),
        (json!({}), 50006),
        (
            json!({"embeds": [{"description": "d".repeat(4096)}, {"description": "d".repeat(4096)}]}),
            50035,
        ),
        (twice, 50035),
        (
            json!({"content": "x", "message_reference": {"message_id": "1"}}),
            50035,
        ),
        (
            json!({"content": "x", "components": vec![json!({"type": 1, "components": []}); 6]}),
            50035,
        ),
    ];
    for (body, code) in cases {
        let (status, answer) = bot
            .send("POST", &bot.in_channel("general", "messages"), Some(&body))
            .await;
        assert_eq!(
            (status, answer["code"].as_u64()),
            (400, Some(code)),
            "{body}"
        );
    }
    let (status, answer) = bot.send("GET", "nonsense", None).await;
    assert_eq!(
        (status, answer),
        (404, json!({"message": "404: Not Found", "code": 0}))
    );
    assert!(
        bot.sandbox
            .traffic()
            .iter()
            .any(|crossing| crossing.unknown_route && crossing.what == "GET /nonsense")
    );
}

#[tokio::test]
async fn what_the_bot_may_not_do_is_refused() {
    let bot = Bot::new().await;
    let owner = bot.sandbox.actor("owner").unwrap();
    let sent = owner.says("general", "mine").await.unwrap();
    let body = json!({"content": "yours"});
    let name = json!({"name": "x"});
    let code =
        async |method, path: String, body| bot.send(method, &path, body).await.1["code"].clone();
    assert_eq!(
        code("POST", bot.in_channel("staff", "messages"), Some(&body)).await,
        50001
    );
    assert_eq!(
        code(
            "PATCH",
            bot.in_channel("general", &format!("messages/{}", sent.id)),
            Some(&body)
        )
        .await,
        50005
    );
    assert_eq!(
        code("PATCH", bot.in_channel("general", ""), Some(&name)).await,
        50013
    );
    assert_eq!(
        code("GET", bot.in_channel("general", "messages/1"), None).await,
        10008
    );
    assert_eq!(code("GET", "channels/1".to_owned(), None).await, 10003);
    assert_eq!(code("GET", "guilds/1".to_owned(), None).await, 10004);
    assert_eq!(code("GET", "users/1".to_owned(), None).await, 10013);
    let guild = bot.sandbox.guild_id();
    let owner = format!("guilds/{guild}/members/{}", owner.id());
    assert_eq!(code("DELETE", owner, None).await, 50013);
    assert!(matches!(
        bot.sandbox
            .actor("member")
            .unwrap()
            .says("staff", "hi")
            .await,
        Err(sandbox::Error::UnknownChannel { .. })
    ));
}

#[tokio::test]
async fn history_is_paged_and_can_be_cleaned_up() {
    let mut bot = Bot::new().await;
    let owner = bot.sandbox.actor("owner").unwrap();
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(Id::<MessageMarker>::new(
            owner.says("bots", &number.to_string()).await.unwrap().id,
        ));
    }
    let channel = Id::new(bot.sandbox.channel_id("bots").unwrap());
    let contents = |messages: Vec<twilight_model::channel::Message>| {
        messages
            .into_iter()
            .map(|message| message.content)
            .collect::<Vec<_>>()
            .join("")
    };
    let page = bot
        .http
        .channel_messages(channel)
        .limit(3)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(contents(page), "654");
    let page = bot
        .http
        .channel_messages(channel)
        .before(ids[3])
        .limit(2)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(contents(page), "21");
    let page = bot
        .http
        .channel_messages(channel)
        .after(ids[3])
        .limit(2)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(contents(page), "54");
    let page = bot
        .http
        .channel_messages(channel)
        .around(ids[3])
        .limit(3)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(contents(page), "432");

    bot.http.create_pin(channel, ids[0]).await.unwrap();
    let pins = bot.http.pins(channel).await.unwrap().model().await.unwrap();
    assert_eq!(pins.items.len(), 1);
    bot.next(|event| matches!(event, Event::ChannelPinsUpdate(_)).then_some(()))
        .await;
    bot.http.delete_messages(channel, &ids[1..4]).await.unwrap();
    let gone = bot
        .next(|event| {
            if let Event::MessageDeleteBulk(gone) = event {
                Some(gone)
            } else {
                None
            }
        })
        .await;
    assert_eq!(gone.ids, &ids[1..4]);
    // The pin was told in a message of its own.
    assert_eq!(owner.messages("bots").len(), 4 + 1);
}

#[tokio::test]
async fn files_and_direct_messages_work() {
    let mut bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    member.says("dm", "psst").await.unwrap();
    let received = bot.next_message().await;
    assert_eq!(
        (received.guild_id, received.content.as_str()),
        (None, "psst")
    );
    let opened = bot
        .http
        .create_private_channel(Id::new(member.id()))
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(opened.id, received.channel_id);

    let file = Attachment::from_bytes("notes.txt".to_owned(), b"one\ntwo".to_vec(), 0);
    let sent = bot
        .http
        .create_message(opened.id)
        .content("here")
        .attachments(&[file])
        .await
        .unwrap();
    let sent = sent.model().await.unwrap();
    assert_eq!(
        (
            sent.attachments[0].filename.as_str(),
            sent.attachments[0].size
        ),
        ("notes.txt", 7)
    );
    assert_eq!(
        member.expects("dm", "here").await.unwrap().attachments,
        ["notes.txt"]
    );
    let url = &sent.attachments[0].url;
    let path = url.split_once(&bot.sandbox.http_proxy()).unwrap().1;
    assert_eq!(get(&bot.sandbox, path).await.1, "one\ntwo");
}
