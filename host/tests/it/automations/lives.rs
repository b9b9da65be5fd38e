//! Each template through its life: made by its form, seen to work, switched off and on, changed, deleted; over a reload, a restart and a kill.

use twilight_model::gateway::Intents;

use super::{
    Form, bot_with,
    life::{GRANT, LIVES, Life, address, fill},
    ready, typed,
};
use crate::{
    fixtures,
    process::Process,
    support::{Fixture, PATIENCE},
};

fn intents(bot: &Fixture) -> Intents {
    bot.bot.services().routes().intents().0
}

async fn whole(template: &str) {
    let life = Life::of(template);
    let [mark, changed] = life.marks;
    let bot = bot_with(GRANT).await;
    let before = intents(&bot);
    let address = address(&bot.sandbox);
    let owner = bot.owner();
    life.form(&owner, &address).await.saved().await;
    life.until_seen(&bot.sandbox, "newcomer", mark).await;

    // What happens while it is off is not made up for.
    let text = typed(&owner, "automations toggle automation:1")
        .await
        .text();
    assert!(text.contains("is off"), "{text}");
    assert_eq!(intents(&bot), before);
    let second = bot.sandbox.actor("second").unwrap();
    let said = life.happens(&second, mark).await;
    second.leaves_voice().await.ok();
    let text = typed(&owner, "automations toggle automation:1")
        .await
        .text();
    assert!(text.contains("is on"), "{text}");
    life.until_seen(&bot.sandbox, "third", mark).await;
    assert!(
        !life.is_seen(&bot.sandbox, &second, mark, &said),
        "it has worked while it was off: {said}"
    );

    let mut form = Form::edit(&owner, template).await;
    fill(&mut form, life.changed, &address).await;
    form.saved().await;
    bot.plugins().reload("automations").await.unwrap();
    life.until_seen(&bot.sandbox, "fourth", changed).await;
    let bot = bot.restart().await;
    bot.until_generation("automations", 1).await;
    ready(&bot).await;
    life.until_seen(&bot.sandbox, "fifth", changed).await;
    let owner = bot.owner();
    let text = typed(&owner, "automations info automation:1").await.text();
    assert!(!text.contains("Last failure"), "{text}");

    let asked = owner
        .slash_line("general", "automations delete automation:1")
        .await
        .unwrap();
    owner.expects_reply_to(&asked).await.unwrap();
    owner.clicks("Yes").await.unwrap();
    owner.expects("general", "is deleted").await.unwrap();
    assert_eq!(intents(&bot), before);
    let text = typed(&owner, "automations list").await.text();
    assert!(text.contains("no automations yet"), "{text}");
    let panels = owner.messages("panel");
    assert!(panels.iter().all(|it| it.buttons().is_empty()));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_welcome() {
    whole("welcome").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_goodbye() {
    whole("goodbye").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_roles_to_choose() {
    whole("reaction_roles").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_word_filter() {
    whole("word_filter").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_levels() {
    whole("levels").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_tickets() {
    whole("tickets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_voice_log() {
    whole("voice_log").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_bridge() {
    whole("webhook_bridge").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_rooms() {
    whole("rooms").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_go_on_after_a_kill() {
    let libraries = [("automations", fixtures::example("automations"))];
    let discord = Process::discord(|options| super::furnish(&mut options.world)).await;
    let bot = Process::on(discord, &libraries, GRANT);
    bot.sandbox.bot_ready(PATIENCE).await.unwrap();
    let registered = bot.sandbox.commands_registered("automations", PATIENCE);
    registered.await.unwrap();
    let (owner, address) = (bot.owner(), address(&bot.sandbox));
    for life in LIVES {
        life.form(&owner, &address).await.saved().await;
    }
    for life in LIVES {
        life.until_seen(&bot.sandbox, "newcomer", life.marks[0])
            .await;
    }
    bot.signal("KILL");
    bot.ended().await;
    let bot = bot.again().await;
    for life in LIVES {
        life.until_seen(&bot.sandbox, "second", life.marks[0]).await;
    }
    let owner = bot.owner();
    for life in LIVES {
        let line = format!("automations info automation:{}", life.template);
        let text = typed(&owner, &line).await.text();
        assert!(!text.contains("Last failure"), "{line}: {text}");
    }
}
