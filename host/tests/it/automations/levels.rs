//! Levels: points for messages, told, rewarded, kept over a reload and a restart.

use twilight_model::gateway::Intents;

use super::{Form, bot, hears, typed, until_role, until_shown};

#[tokio::test(flavor = "multi_thread")]
async fn members_reach_levels_by_writing_and_are_given_roles() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let mut form = Form::begin(&owner, "levels").await;
    form.fill(
        "Points",
        &[("points", "100"), ("pause", "0"), ("quiet", "panel")],
    )
    .await;
    form.fill(
        "Levels",
        &[
            ("message", "{username} is at level {level}."),
            ("channel", "log"),
            ("rewards", "2 @Tea"),
        ],
    )
    .await;
    form.saved().await;
    let (intents, _) = bot.bot.services().routes().intents();
    assert!(
        intents.contains(Intents::GUILD_MESSAGES) && !intents.contains(Intents::MESSAGE_CONTENT),
        "{intents:?}"
    );
    hears(&bot, Intents::GUILD_MESSAGES).await;
    let writes = async || drop(member.says("general", "something").await.unwrap());
    until_shown(&owner, "log", "member is at level 1.", writes).await;
    bot.plugins().reload("automations").await.unwrap();
    until_shown(&owner, "log", "member is at level 2.", writes).await;
    until_role(&bot, "member", "Tea", true).await;
    let before = typed(&member, "levels").await.text();
    assert!(
        before.contains("has level **2**") && before.contains("place 1"),
        "{before}"
    );
    let bot = bot.restart().await;
    let (owner, member) = (bot.owner(), bot.member());
    super::ready(&bot).await;
    let after = typed(&member, "levels").await.text();
    assert_eq!(after, before);
    let writes = async || drop(member.says("general", "something").await.unwrap());
    until_shown(&owner, "log", "member is at level 3.", writes).await;
    bot.close().await;
}
