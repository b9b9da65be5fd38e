//! Responses to interactions: deferred, followed up, late.

use sandbox::{Error, Options, ResponseState};
use serde_json::json;
use twilight_model::http::interaction::{InteractionResponse, InteractionResponseType};

use crate::{
    bot::Bot,
    messages::api_error,
    payload::{echo, respond, say},
};

#[tokio::test]
async fn a_deferred_answer_follows() {
    let mut bot = Bot::new().await;
    bot.interactions()
        .set_global_commands(&[echo()])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let actor = member.clone();
    let asked = tokio::spawn(async move {
        actor
            .slash("dm", "echo", &[("text", json!("hi"))])
            .await
            .unwrap()
    });
    let interaction = bot.next_interaction().await;
    assert!(interaction.is_dm());
    let defer = InteractionResponse {
        kind: InteractionResponseType::DeferredChannelMessageWithSource,
        data: None,
    };
    let callback = bot
        .interactions()
        .create_response(interaction.id, &interaction.token, &defer)
        .with_response()
        .await;
    let callback = callback.unwrap().model().await.unwrap();
    assert_eq!(callback.interaction.response_message_loading, Some(true));
    let view = asked.await.unwrap();
    assert_eq!(view.state, ResponseState::Deferred);
    assert!(member.messages("dm")[0].loading);

    let token = &interaction.token;
    bot.interactions()
        .update_response(token)
        .content(Some("thought"))
        .await
        .unwrap();
    assert_eq!(
        member.expects_reply_to(&view).await.unwrap().content,
        "thought"
    );
    let more = bot
        .interactions()
        .create_followup(token)
        .content("and more")
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(
        member.expects_reply_to(&view).await.unwrap().content,
        "and more"
    );
    bot.interactions()
        .update_followup(token, more.id)
        .content(Some("and less"))
        .await
        .unwrap();
    member.expects("dm", "and less").await.unwrap();
    bot.interactions()
        .delete_followup(token, more.id)
        .await
        .unwrap();
    bot.interactions().delete_response(token).await.unwrap();
    assert!(member.messages("dm").is_empty());
}

#[tokio::test]
async fn late_answers_are_refused() {
    let options = Options {
        acknowledge_within: std::time::Duration::ZERO,
        ..Options::default()
    };
    let mut bot = Bot::start(options, crate::bot::ALL).await;
    bot.interactions()
        .set_global_commands(&[echo()])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let unanswered = member
        .slash("general", "echo", &[("text", json!("hi"))])
        .await;
    assert!(
        matches!(unanswered, Err(Error::NotAnswered { .. })),
        "{unanswered:?}"
    );
    let interaction = bot.next_interaction().await;
    let response = respond(
        InteractionResponseType::ChannelMessageWithSource,
        say("late"),
    );
    let refused = bot
        .interactions()
        .create_response(interaction.id, &interaction.token, &response)
        .await
        .unwrap_err();
    assert_eq!(
        api_error(refused),
        (10062, "Unknown interaction".to_owned())
    );
    let refused = bot
        .interactions()
        .create_followup(&interaction.token)
        .content("late")
        .await
        .unwrap_err();
    assert_eq!(api_error(refused).0, 10015);
}

/// <https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message>
#[tokio::test]
async fn the_first_follow_up_takes_the_place_of_the_deferral() {
    let mut bot = Bot::new().await;
    bot.interactions()
        .set_global_commands(&[echo()])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let actor = member.clone();
    let options = [("text", json!("hi"))];
    let asked =
        tokio::spawn(async move { actor.slash("general", "echo", &options).await.unwrap() });
    let interaction = bot.next_interaction().await;
    let path = format!(
        "interactions/{}/{}/callback",
        interaction.id, interaction.token
    );
    let defer = json!({"type": 5, "data": {"flags": 64}});
    assert_eq!(bot.send("POST", &path, Some(&defer)).await.0, 204);
    let view = asked.await.unwrap();
    let path = format!(
        "webhooks/{}/{}",
        bot.sandbox.application_id(),
        interaction.token
    );
    let (status, message) = bot
        .send("POST", &path, Some(&json!({"content": "done"})))
        .await;
    assert_eq!(
        (status, &message["flags"]),
        (200, &json!(64)),
        "still ephemeral, no longer loading"
    );
    assert_eq!(message["id"], view.message.unwrap().id.to_string());
    assert!(member.expects_ephemeral("general", "done").await.is_ok());
    assert_eq!(member.messages("general").len(), 1);
}
