//! Levels: points for messages, told, rewarded, kept over a reload and a restart.

use std::time::Duration;

use sandbox::Actor;
use twilight_model::gateway::Intents;

use super::{Form, bot, hears, typed, until_role};
use crate::support::PATIENCE;

/// How many points somebody has, as they are shown.
async fn points(who: &Actor) -> u64 {
    let text = typed(who, "levels").await.text();
    let shown = text
        .split(" with ")
        .nth(1)
        .and_then(|it| it.split(" point").next());
    let digits = |it: &str| -> String { it.chars().filter(char::is_ascii_digit).collect() };
    shown.map_or(0, |it| digits(it).parse().unwrap())
}

/// Writes until it has gained points: what is said while there is no session is not heard.
async fn gains(who: &Actor) {
    let before = points(who).await;
    let gaining = async {
        loop {
            who.says("general", "something").await.unwrap();
            for _ in 0..20 {
                if points(who).await > before {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, gaining).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn members_reach_levels_by_writing_and_are_given_roles() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "levels").await;
    let fields = [("points", "200"), ("pause", "0"), ("quiet", "panel")];
    form.fill("Points", &fields).await;
    let message = "{username} is at level {level}.";
    let fields = [
        ("message", message),
        ("channel", "log"),
        ("rewards", "2 @Tea"),
    ];
    form.fill("Levels", &fields).await;
    form.saved().await;
    let (intents, _) = bot.bot.services().routes().intents();
    assert!(!intents.contains(Intents::MESSAGE_CONTENT), "{intents:?}");
    hears(&bot, Intents::GUILD_MESSAGES).await;
    gains(&member).await;
    owner.expects("log", "member is at level 1.").await.unwrap();
    member.says("panel", "no points").await.unwrap();
    bot.plugins().reload("automations").await.unwrap();
    gains(&member).await;
    owner.expects("log", "member is at level 2.").await.unwrap();
    until_role(&bot, "member", "Tea", true).await;
    let before = typed(&member, "levels").await.text();
    assert!(
        before.contains("has level **2**") && before.contains("place 1"),
        "{before}"
    );
    let bot = bot.restart().await;
    let (owner, member) = (bot.owner(), bot.member());
    bot.until_generation("automations", 1).await;
    super::ready(&bot).await;
    assert!(points(&member).await >= 400);
    while points(&member).await < 900 {
        gains(&member).await;
    }
    owner.expects("log", "member is at level 3.").await.unwrap();
    bot.close().await;
}
