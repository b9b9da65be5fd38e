//! Tickets: opened by a button, claimed by a helper, closed with a transcript; one whose channel was deleted by hand is over.

use serde_json::json;

use super::{Form, asked, bot, typed, until};

async fn made(bot: &crate::support::Fixture) {
    let owner = bot.owner();
    let mut form = Form::begin(&owner, "tickets").await;
    form.fill("Button", &[("channel", "panel"), ("message", "Need help?")])
        .await;
    form.fill(
        "Ticket",
        &[
            ("helpers", "Helper"),
            ("category", "Rooms"),
            ("greeting", "Hello {username}, how can we help?"),
        ],
    )
    .await;
    form.fill("Transcript", &[("log", "log")]).await;
    form.saved().await;
    owner.gives_role("general", "mod", "Helper").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_opened_claimed_and_closed_with_a_transcript() {
    let bot = bot().await;
    made(&bot).await;
    let (owner, member) = (bot.owner(), bot.member());
    let helper = bot.sandbox.actor("mod").unwrap();
    let panel = member.expects("panel", "Need help?").await.unwrap();
    let clicked = member.clicks_on(&panel, "Open a ticket").await.unwrap();
    let seen = member.expects_reply_to(&clicked).await.unwrap();
    assert!(
        seen.ephemeral && seen.text().contains("Your ticket is open"),
        "{}",
        seen.text()
    );
    let greeting = member
        .expects("ticket-1", "Hello member, how can we help?")
        .await
        .unwrap();
    // Others don't see it.
    assert!(
        !bot.sandbox
            .actor("chief")
            .unwrap()
            .channels()
            .iter()
            .any(|it| it.contains("ticket-1"))
    );
    member.says("ticket-1", "My tea is cold.").await.unwrap();
    let clicked = member.clicks_on(&panel, "Open a ticket").await.unwrap();
    let seen = member.expects_reply_to(&clicked).await.unwrap();
    assert!(
        seen.text().contains("have an open ticket already"),
        "{}",
        seen.text()
    );
    let clicked = member.clicks_on(&greeting, "Claim").await.unwrap();
    let seen = member.expects_reply_to(&clicked).await.unwrap();
    assert!(seen.text().contains("Only helpers"), "{}", seen.text());
    bot.plugins().reload("automations").await.unwrap();
    helper.clicks_on(&greeting, "Claim").await.unwrap();
    member
        .expects("ticket-1", "takes care of this ticket")
        .await
        .unwrap();
    helper.clicks_on(&greeting, "Close").await.unwrap();
    helper
        .expects("ticket-1", "Close this ticket?")
        .await
        .unwrap();
    helper.clicks("Yes").await.unwrap();
    let log = owner.expects("log", "Ticket 1").await.unwrap();
    assert_eq!(log.attachments, ["ticket-1.txt"]);
    member
        .expects("dm", "Your ticket 1 was closed")
        .await
        .unwrap();
    until("the channel is gone", || {
        bot.sandbox.channel_id("ticket-1").is_none()
    })
    .await;
    let text = typed(&owner, "automations info automation:1").await.text();
    assert!(!text.contains("Last failure"), "{text}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_whose_channel_was_deleted_by_hand_is_over_and_numbers_are_not_given_twice() {
    let bot = bot().await;
    made(&bot).await;
    let member = bot.member();
    let panel = member.expects("panel", "Need help?").await.unwrap();
    let opens = async || {
        let clicked = member.clicks_on(&panel, "Open a ticket").await.unwrap();
        member.expects_reply_to(&clicked).await.unwrap().text()
    };
    opens().await;
    let channel = bot.sandbox.channel_id("ticket-1").unwrap();
    asked(&bot, "DELETE", format!("channels/{channel}"), json!(null)).await;
    let opened = async { while !opens().await.contains("Your ticket is open") {} };
    tokio::time::timeout(crate::support::PATIENCE, opened)
        .await
        .unwrap();
    assert!(bot.sandbox.channel_id("ticket-2").is_some());
    // It is known over a restart.
    let bot = bot.restart().await;
    bot.until_generation("automations", 1).await;
    let member = bot.member();
    super::ready(&bot).await;
    let clicked = member.clicks_on(&panel, "Open a ticket").await.unwrap();
    let seen = member.expects_reply_to(&clicked).await.unwrap();
    assert!(
        seen.text().contains("have an open ticket already"),
        "{}",
        seen.text()
    );
    bot.close().await;
}
