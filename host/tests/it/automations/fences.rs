//! Fences: who may make what, other servers, three failures in a row, rights that were lost.

use serde_json::json;
use twilight_model::gateway::Intents;

use super::{Form, asked, bot, goes, hears, role, typed, until_shown};
use crate::support::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn what_its_maker_or_the_bot_may_not_do_can_not_be_saved() {
    let bot = bot().await;
    let owner = bot.owner();
    let chief = bot.sandbox.actor("chief").unwrap();
    // A role above the bot's.
    let mut form = Form::begin(&owner, "welcome").await;
    let text = form
        .fill("Role and direct message", &[("role", "Crown")])
        .await;
    assert!(
        text.contains("is not below my highest role: move mine above it"),
        "{text}"
    );
    assert!(
        owner.clicks_on(&form.seen, "Save").await.is_err(),
        "{:?}",
        form.seen
    );
    // Whoever manages the server manages no roles by it, and writes where they may write.
    let mut form = Form::begin(&chief, "welcome").await;
    let text = form
        .fill("Role and direct message", &[("role", "Tea")])
        .await;
    assert!(text.contains("maker may not manage roles"), "{text}");
    let text = form
        .fill("Role and direct message", &[("direct", "Hello")])
        .await;
    assert!(!text.contains("Still in its way"), "{text}");
    // Another server's channel, as it may come with what is imported.
    let abroad = bot.sandbox.channel_id("abroad").unwrap();
    owner
        .slash_line("general", "automations import")
        .await
        .unwrap();
    let json = json!({"name": "bye", "template": "goodbye", "parameters": {"channel": abroad.to_string(), "message": "x"}});
    let sent = owner.submits(&[("json", &json.to_string())]).await.unwrap();
    let text = owner.expects_reply_to(&sent).await.unwrap().text();
    assert!(text.contains("is not one of this server"), "{text}");
    owner
        .slash_line("general", "automations import")
        .await
        .unwrap();
    let sent = owner.submits(&[("json", "{\"name\": 5")]).await.unwrap();
    let text = owner.expects_reply_to(&sent).await.unwrap().text();
    assert!(text.contains("That is no automation"), "{text}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_automation_that_fails_three_times_in_a_row_is_off_and_its_maker_told() {
    let bot = bot().await;
    let owner = bot.owner();
    let mut form = Form::begin(&owner, "goodbye").await;
    form.fill(
        "Message",
        &[("channel", "log"), ("message", "{username} has gone.")],
    )
    .await;
    form.saved().await;
    hears(&bot, Intents::GUILD_MEMBERS).await;
    let newcomer = bot.sandbox.actor("newcomer").unwrap();
    let again = async || goes(&newcomer).await;
    until_shown(&owner, "log", "newcomer has gone.", again).await;
    let log = bot.sandbox.channel_id("log").unwrap();
    asked(&bot, "DELETE", format!("channels/{log}"), json!(null)).await;
    for name in ["second", "third", "fourth", "fifth"] {
        let actor = bot.sandbox.actor(name).unwrap();
        goes(&actor).await;
    }
    let told = owner
        .expects("dm", "has failed 3 times in a row and is off now")
        .await
        .unwrap();
    for wanted in [
        "`goodbye`",
        "Sandbox",
        "Step 1",
        "is not one of this server",
        "automations toggle 1",
    ] {
        assert!(told.content.contains(wanted), "{wanted}: {}", told.content);
    }
    let text = typed(&owner, "automations toggle automation:1")
        .await
        .text();
    assert!(
        text.contains("stays off") && text.contains("is not one of this server"),
        "{text}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_maker_has_lost_the_right_to_is_not_done_any_more() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let tea = role(&bot, "Tea").await;
    let mut form = Form::begin(&owner, "reaction_roles").await;
    form.fill(
        "Message and roles",
        &[
            ("channel", "panel"),
            ("message", "Choose!"),
            ("roles", "Tea"),
        ],
    )
    .await;
    form.saved().await;
    let panel = member.expects("panel", "Choose!").await.unwrap();
    // The role is moved above the bot's.
    let guild = bot.sandbox.guild_id();
    let path = format!("guilds/{guild}/roles/{tea}");
    asked(&bot, "DELETE", path, json!(null)).await;
    let refused = async {
        loop {
            let clicked = member.clicks_on(&panel, "Tea").await.unwrap();
            let text = member.expects_reply_to(&clicked).await.unwrap().text();
            if text.contains("did not work") {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.unwrap();
    let text = typed(&owner, "automations info automation:1").await.text();
    assert!(text.contains("The role is not"), "{text}");
    bot.close().await;
}
