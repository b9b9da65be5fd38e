//! Polls: asked, voted in, counted, ended, and what is refused.

use serde_json::json;
use twilight_model::{
    gateway::event::Event,
    id::{Id, marker::ChannelMarker},
};

use crate::bot::Bot;

fn poll(multiselect: bool) -> serde_json::Value {
    json!({"poll": {
        "question": {"text": "Tea or coffee?"},
        "answers": [
            {"poll_media": {"text": "Tea", "emoji": {"name": "🍵"}}},
            {"poll_media": {"text": "Coffee"}},
        ],
        "duration": 2,
        "allow_multiselect": multiselect,
    }})
}

#[tokio::test]
async fn a_poll_is_voted_in_and_ended() {
    let mut bot = Bot::new().await;
    let [member, moderator] = ["member", "mod"].map(|name| bot.sandbox.actor(name).unwrap());
    let path = bot.in_channel("general", "messages");
    let (status, message) = bot.send("POST", &path, Some(&poll(false))).await;
    assert_eq!(status, 200, "{message}");
    assert_eq!(message["poll"]["answers"][1]["answer_id"], 2);
    assert_eq!(message["poll"]["results"]["is_finalized"], false);

    let shown = member.messages("general").pop().unwrap();
    member.votes(&shown, &["Coffee"]).await.unwrap();
    moderator.votes(&shown, &["1"]).await.unwrap();
    moderator.votes(&shown, &["Coffee"]).await.unwrap();
    let refused = member.votes(&shown, &["Tea", "Coffee"]).await.unwrap_err();
    assert!(refused.to_string().contains("one answer"), "{refused}");
    let unknown = member.votes(&shown, &["Milk"]).await.unwrap_err();
    assert!(unknown.to_string().contains("`Tea`, `Coffee`"), "{unknown}");

    let mut told = Vec::new();
    while told.len() < 4 {
        let vote = bot.next(|event| match event {
            Event::MessagePollVoteAdd(vote) => Some(("add", vote.answer_id, vote.user_id.get())),
            Event::MessagePollVoteRemove(vote) => {
                Some(("gone", vote.answer_id, vote.user_id.get()))
            }
            _ => None,
        });
        told.push(vote.await);
    }
    let (one, other) = (member.id(), moderator.id());
    let expected = [
        ("add", 2, one),
        ("add", 1, other),
        ("gone", 1, other),
        ("add", 2, other),
    ];
    assert_eq!(told, expected);

    let (channel, id) = (
        Id::<ChannelMarker>::new(shown.channel_id),
        Id::new(shown.id),
    );
    let voters = bot.http.get_answer_voters(channel, id, 2).await.unwrap();
    assert_eq!(voters.model().await.unwrap().users.len(), 2);
    let path = bot.in_channel("general", &format!("polls/{}/answers/2", shown.id));
    let pages = ["?limit=1".to_owned(), format!("?after={}", one.min(other))];
    for (query, expected) in pages.iter().zip([one.min(other), one.max(other)]) {
        let (_, page) = bot.send("GET", &format!("{path}{query}"), None).await;
        let ids: Vec<_> = page["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| &user["id"])
            .collect();
        assert_eq!(ids, [&json!(expected.to_string())], "{query}");
    }

    let ended = bot
        .http
        .end_poll(channel, id)
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    let results = ended.poll.unwrap().results.unwrap();
    assert!(results.is_finalized);
    assert_eq!(
        (results.answer_counts[0].id, results.answer_counts[0].count),
        (2, 2)
    );
    let told = bot.next(|event| match event {
        Event::MessageCreate(message) if !message.embeds.is_empty() => Some(message),
        _ => None,
    });
    let told = told.await;
    assert_eq!(u8::from(told.kind), 46);
    assert_eq!(told.embeds[0].kind, "poll_result");
    let value = |name| {
        told.embeds[0]
            .fields
            .iter()
            .find(|field| field.name == name)
    };
    assert_eq!(value("victor_answer_text").unwrap().value, "Coffee");
    assert_eq!(value("total_votes").unwrap().value, "2");
    assert!(member.votes(&shown, &["Tea"]).await.is_err());
}

#[tokio::test]
async fn wrong_polls_are_refused_with_all_their_faults() {
    let bot = Bot::new().await;
    let path = bot.in_channel("general", "messages");
    let body = json!({"poll": {
        "question": {"text": "q".repeat(301)},
        "answers": [{"poll_media": {"text": "a".repeat(56)}}, {"poll_media": {}}],
        "duration": 769,
        "layout_type": 2,
    }});
    let (status, answer) = bot.send("POST", &path, Some(&body)).await;
    let errors = &answer["errors"]["poll"];
    assert_eq!((status, &answer["code"]), (400, &json!(50035)));
    let code = |pointer: &str| {
        errors
            .pointer(&format!("{pointer}/_errors/0/code"))
            .cloned()
    };
    assert_eq!(code("/question/text"), Some(json!("BASE_TYPE_BAD_LENGTH")));
    assert_eq!(
        code("/answers/0/poll_media/text"),
        Some(json!("BASE_TYPE_BAD_LENGTH"))
    );
    assert_eq!(
        code("/answers/1/poll_media/text"),
        Some(json!("BASE_TYPE_REQUIRED"))
    );
    assert_eq!(code("/duration"), Some(json!("NUMBER_TYPE_MAX")));
    assert_eq!(code("/layout_type"), Some(json!("BASE_TYPE_CHOICES")));
}

#[tokio::test]
async fn only_own_polls_can_be_ended_and_none_edited() {
    let bot = Bot::new().await;
    let said = bot
        .sandbox
        .actor("member")
        .unwrap()
        .says("general", "hi")
        .await
        .unwrap();
    let expire = |id| bot.in_channel("general", &format!("polls/{id}/expire"));
    let (status, answer) = bot.send("POST", &expire(said.id), None).await;
    assert_eq!((status, &answer["code"]), (400, &json!(520_006)));

    let path = bot.in_channel("general", "messages");
    let (_, message) = bot.send("POST", &path, Some(&poll(true))).await;
    let id = message["id"].as_str().unwrap();
    let edit = bot.in_channel("general", &format!("messages/{id}"));
    let (_, answer) = bot
        .send("PATCH", &edit, Some(&json!({"content": "x"})))
        .await;
    assert_eq!(answer["code"], 520_003);
    let (status, _) = bot.send("POST", &expire(id.parse().unwrap()), None).await;
    assert_eq!(status, 200);
    let (_, answer) = bot.send("POST", &expire(id.parse().unwrap()), None).await;
    assert_eq!(answer["code"], 520_001);
}
