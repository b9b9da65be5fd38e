//! The bridge to a webhook: to a host that the operator has granted, and to no other.

use twilight_model::gateway::Intents;

use super::{Form, bot_with, hears, typed};
use crate::support::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_posted_to_a_granted_host_and_never_in_a_circle() {
    let bot = bot_with("[grants.automations]\nweb = [\"127.0.0.1\"]\n").await;
    let (owner, member) = (bot.owner(), bot.member());
    let url = bot.sandbox.change_world(|world| {
        let channel = world.channel_in("Sandbox", "log").unwrap();
        let (id, token) = world.add_webhook(channel, "bridge", world.user_named("owner").unwrap());
        format!("webhooks/{id}/{token}")
    });
    let url = format!("http://{}/api/v10/{url}", bot.sandbox.addr());
    let mut form = Form::begin(&owner, "webhook_bridge").await;
    let text = form
        .fill("Bridge", &[("url", &url), ("channels", "general,log")])
        .await;
    // The address is a key.
    assert!(!text.contains("webhooks/"), "{text}");
    form.saved().await;
    hears(&bot, Intents::MESSAGE_CONTENT).await;
    member.says("general", "hello @everyone").await.unwrap();
    let posted = async {
        loop {
            let all = owner.messages("log");
            if let Some(found) = all.into_iter().find(|it| it.content.starts_with("hello")) {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let posted = tokio::time::timeout(PATIENCE, posted).await.unwrap();
    assert_eq!(
        (posted.author.as_str(), posted.content.as_str()),
        ("member", "hello @\u{200b}everyone")
    );
    // What was posted is not posted again, though its channel is bridged.
    member.says("general", "second").await.unwrap();
    let seconds = || {
        owner
            .messages("log")
            .iter()
            .filter(|it| it.content == "second")
            .count()
    };
    super::until("the second is posted", || seconds() > 0).await;
    assert_eq!(
        owner
            .messages("log")
            .iter()
            .filter(|it| it.content.starts_with("hello"))
            .count(),
        1
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_granted_is_refused_in_words() {
    let bot = bot_with("").await;
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "webhook_bridge").await;
    form.fill(
        "Bridge",
        &[
            ("url", "https://hooks.example.org/secret-key"),
            ("channels", "panel"),
        ],
    )
    .await;
    form.saved().await;
    hears(&bot, Intents::MESSAGE_CONTENT).await;
    member.says("panel", "hello").await.unwrap();
    let failed = async {
        loop {
            let text = typed(&owner, "automations info automation:1").await.text();
            if text.contains("Last failure") {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(PATIENCE, failed).await.unwrap();
    assert!(
        text.contains("has not granted `https://hooks.example.org` to automations"),
        "{text}"
    );
    assert!(!text.contains("secret-key"), "{text}");
    bot.close().await;
}
