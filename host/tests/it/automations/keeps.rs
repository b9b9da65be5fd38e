//! What is kept over `kill -9`: automations, forms, points.

use super::{Form, typed, until_shown};
use crate::{fixtures, process::Process, support::PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn automations_and_points_are_there_after_a_kill() {
    let libraries = [("automations", fixtures::example("automations"))];
    let bot = Process::on(
        Process::discord(|options| super::furnish(&mut options.world)).await,
        &libraries,
        "",
    );
    bot.sandbox.bot_ready(PATIENCE).await.unwrap();
    bot.sandbox
        .commands_registered("automations", PATIENCE)
        .await
        .unwrap();
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "levels").await;
    form.fill("Points", &[("points", "100"), ("pause", "0")])
        .await;
    form.fill(
        "Levels",
        &[
            ("message", "{username} is at level {level}."),
            ("channel", "log"),
        ],
    )
    .await;
    form.saved().await;
    let mut draft = Form::begin(&owner, "goodbye").await;
    draft
        .fill("Message", &[("channel", "log"), ("message", "So long")])
        .await;
    let writes = async || drop(member.says("general", "something").await.unwrap());
    until_shown(&owner, "log", "member is at level 1.", writes).await;
    bot.signal("KILL");
    bot.ended().await;
    let seen = draft.seen.clone();
    let bot = bot.again().await;
    let (owner, member) = (bot.owner(), bot.member());
    let listed = async {
        while !typed(&owner, "automations list")
            .await
            .text()
            .contains("#1 levels")
        {}
    };
    tokio::time::timeout(PATIENCE, listed).await.unwrap();
    let writes = async || drop(member.says("general", "something").await.unwrap());
    until_shown(&owner, "log", "member is at level 2.", writes).await;
    let mut draft = Form { who: &owner, seen };
    let text = draft.fill("Name", &[("name", "farewell")]).await;
    assert!(text.contains("So long"), "{text}");
    draft.saved().await;
}
