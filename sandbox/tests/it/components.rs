//! Buttons, select menus and modals.

use sandbox::{Error, ResponseState};
use twilight_model::{
    application::interaction::{InteractionData, modal::ModalInteractionComponent},
    channel::message::MessageFlags,
    http::interaction::{InteractionResponseData, InteractionResponseType},
    id::Id,
};

use crate::{
    bot::Bot,
    payload::{button, menu, modal, respond, row, say},
};

#[tokio::test]
async fn buttons_menus_and_modals_go_round() {
    let mut bot = Bot::new().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    let components = [
        row(vec![button("Rename", "rename"), button("Count", "count:0")]),
        row(vec![menu()]),
    ];
    let message = bot
        .http
        .create_message(channel)
        .content("Choose")
        .components(&components)
        .await
        .unwrap();
    let message = message.model().await.unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    assert!(matches!(
        member.clicks("Missing").await,
        Err(Error::NotVisible { .. })
    ));

    let actor = member.clone();
    let clicked = tokio::spawn(async move { actor.clicks("Count").await.unwrap() });
    let click = bot.next_interaction().await;
    assert_eq!(click.message.as_ref().unwrap().id, message.id);
    bot.answer(
        &click,
        respond(InteractionResponseType::UpdateMessage, say("Counted 1")),
    )
    .await;
    let clicked = clicked.await.unwrap();
    assert_eq!(clicked.state, ResponseState::Update);
    assert_eq!(
        member.expects_reply_to(&clicked).await.unwrap().content,
        "Counted 1"
    );

    let actor = member.clone();
    let picked = tokio::spawn(async move { actor.picks("Your colour", &["Green"]).await.unwrap() });
    let pick = bot.next_interaction().await;
    let Some(InteractionData::MessageComponent(data)) = &pick.data else {
        panic!("no component")
    };
    assert_eq!(data.values, ["g"]);
    let only = InteractionResponseData {
        flags: Some(MessageFlags::EPHEMERAL),
        ..say("A green secret")
    };
    bot.answer(
        &pick,
        respond(InteractionResponseType::ChannelMessageWithSource, only),
    )
    .await;
    picked.await.unwrap();
    assert!(member.expects("general", "secret").await.unwrap().ephemeral);
    let other = bot.sandbox.actor("mod").unwrap();
    assert!(
        other
            .messages("general")
            .iter()
            .all(|message| !message.ephemeral)
    );
    let history = bot
        .http
        .channel_messages(channel)
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(history.len(), 1);

    let actor = member.clone();
    let clicked = tokio::spawn(async move { actor.clicks("Rename").await.unwrap() });
    let click = bot.next_interaction().await;
    bot.answer(&click, respond(InteractionResponseType::Modal, modal()))
        .await;
    assert_eq!(clicked.await.unwrap().state, ResponseState::Modal);
    for fields in [
        &[("Your name", "x"), ("Age", "3")][..],
        &[("name", "far too long a name")],
        &[("name", "")],
    ] {
        assert!(
            matches!(member.submits(fields).await, Err(Error::Refused(_))),
            "{fields:?}"
        );
    }
    let actor = member.clone();
    let submitted =
        tokio::spawn(async move { actor.submits(&[("Your name", "Ada")]).await.unwrap() });
    let submit = bot.next_interaction().await;
    let Some(InteractionData::ModalSubmit(data)) = &submit.data else {
        panic!("no modal")
    };
    let ModalInteractionComponent::ActionRow(fields) = &data.components[0] else {
        panic!("no row")
    };
    let ModalInteractionComponent::TextInput(input) = &fields.components[0] else {
        panic!("no input")
    };
    assert_eq!(
        (data.custom_id.as_str(), input.value.as_str()),
        ("about", "Ada")
    );
    bot.answer(
        &submit,
        respond(
            InteractionResponseType::ChannelMessageWithSource,
            say("Hello, Ada"),
        ),
    )
    .await;
    submitted.await.unwrap();
    member.expects("general", "Hello, Ada").await.unwrap();
    assert!(
        matches!(member.submits(&[]).await, Err(Error::NotVisible { .. })),
        "a modal is submitted once"
    );
}
