//! Voice: rooms for who enters, gone when all have left; and the log.

use serde_json::json;
use twilight_model::gateway::Intents;

use super::{Form, asked, bot, hears, until, until_shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_for_who_enters_and_goes_when_all_have_left() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "rooms").await;
    form.fill(
        "Rooms",
        &[
            ("entrance", "lounge"),
            ("category", "Rooms"),
            ("name", "{username}s place"),
            ("places", "3"),
        ],
    )
    .await;
    form.saved().await;
    hears(&bot, Intents::GUILD_VOICE_STATES).await;
    let there = || bot.sandbox.channel_id("members place").is_some();
    let made = async {
        while !there() {
            member.joins_voice("lounge").await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, made)
        .await
        .unwrap();
    // They are brought there a moment after it was made.
    let room = bot.sandbox.channel_id("members place").unwrap().to_string();
    let path = format!(
        "guilds/{}/voice-states/{}",
        bot.sandbox.guild_id(),
        member.id()
    );
    let brought = async {
        while asked(&bot, "GET", path.clone(), json!(null)).await["channel_id"] != *room {}
    };
    tokio::time::timeout(crate::support::PATIENCE, brought)
        .await
        .unwrap();
    let other = bot.sandbox.actor("mod").unwrap();
    other.joins_voice("members place").await.unwrap();
    bot.plugins().reload("automations").await.unwrap();
    member.leaves_voice().await.unwrap();
    assert!(there());
    other.leaves_voice().await.unwrap();
    until("the room is gone", || !there()).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_goes_and_mutes_is_told_of() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "voice_log").await;
    form.fill("Log", &[("channel", "log"), ("mutes", "yes")])
        .await;
    form.saved().await;
    hears(&bot, Intents::GUILD_VOICE_STATES).await;
    let comes = async || {
        member.joins_voice("lounge").await.unwrap();
        member.leaves_voice().await.unwrap();
    };
    until_shown(&owner, "log", "has joined", &comes).await;
    until_shown(&owner, "log", "has left", &comes).await;
    member.joins_voice("lounge").await.unwrap();
    member.mutes().await.unwrap();
    owner.expects("log", "has muted").await.unwrap();
    bot.close().await;
}
