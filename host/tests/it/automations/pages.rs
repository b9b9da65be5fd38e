//! The tab of the dashboard: what can be made and changed in Discord is made and changed there, by the same people.

use sandbox::MessageView;
use serde_json::{Value, json};
use twilight_model::{gateway::Intents, guild::Permissions};

use super::{furnish, hears, ready, role, typed, until_shown};
use crate::{
    pages::browser::{Browser, PAGES},
    support::Fixture,
};

const PLUGIN: &str = "/p/automations";

/// The bot of the other stories with the dashboard. `chief` may not write in #log.
async fn dashboard() -> Fixture {
    let furnished = |world: &mut sandbox::World| {
        furnish(world);
        let log = world.channel_in("Sandbox", "log").unwrap();
        let chief = world.user_named("chief").unwrap();
        world.deny(log, chief, Permissions::SEND_MESSAGES);
    };
    let plugins = ["automations", "dashboard"];
    let bot = Fixture::under(|options| furnished(&mut options.world), &plugins, PAGES).await;
    for plugin in plugins {
        bot.until_generation(plugin, 1).await;
    }
    ready(&bot).await;
    bot
}

/// The pages of a server.
fn server(bot: &Fixture) -> String {
    format!("{PLUGIN}/servers/{}", bot.sandbox.guild_id())
}

/// A welcome in this channel.
fn welcome(bot: &Fixture, id: &str, name: &str, channel: &str, message: &str) -> Value {
    let channel = bot
        .sandbox
        .change_world(|world| world.channel_in("Sandbox", channel).unwrap());
    json!({
        "template": "welcome", "id": id, "name": name, "p.channel": channel.to_string(), "p.message": message, "p.card": false,
        "conditions": "", "steps": "",
    })
}

async fn listed(bot: &Fixture) -> MessageView {
    typed(&bot.owner(), "automations list").await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_made_looked_at_changed_switched_and_deleted_on_the_page() {
    let bot = dashboard().await;
    let (owner, here) = (Browser::owner(&bot).await, server(&bot));
    owner
        .get(&format!(
            "/p/dashboard/tab/automations/automations?at=/servers/{}",
            bot.sandbox.guild_id()
        ))
        .await
        .is(200, &format!("data-src=\"{here}\" data-own=\"{PLUGIN}\""));
    owner.get(&format!("{PLUGIN}/")).await.is(200, &here);
    owner
        .get(&here)
        .await
        .is(200, "No automations yet")
        .is(200, "/new/welcome");
    owner
        .get(&format!("{here}/new/welcome"))
        .await
        .is(200, "p.channel")
        .is(200, "#log");
    owner
        .get(&format!("{here}/new/nothing"))
        .await
        .is(400, "no such template");

    // What is wrong is told, and nothing is kept.
    let save = format!("{here}/save");
    let mut odd = welcome(&bot, "", "door", "log", "Hi {username}");
    odd["conditions"] = "moon full".into();
    owner.does(&save, odd).await.is(400, "Conditions: ");
    let empty = json!({"template": "welcome", "id": "", "name": "door"});
    owner
        .does(&save, empty)
        .await
        .is(400, "it does nothing yet");
    let mut abroad = welcome(&bot, "", "door", "log", "Hi");
    abroad["p.channel"] = bot
        .sandbox
        .change_world(|world| world.channel_in("Elsewhere", "abroad").unwrap())
        .to_string()
        .into();
    owner
        .does(&save, abroad)
        .await
        .is(400, "can't be saved yet");
    let mut looked = welcome(&bot, "", "door", "log", "Hi {username} <b>");
    looked["only"] = "preview".into();
    let shown = owner.does(&save, looked).await;
    shown
        .is(200, "Somebody joins")
        .is(200, "Hi owner &lt;b&gt;")
        .is(200, "#log");
    let mut looked = welcome(&bot, "", "door", "log", "Hi {user} <b>");
    looked["only"] = "preview".into();
    looked["p.card"] = true.into();
    looked["p.title"] = "Ahoy {username}".into();
    looked["p.color"] = "#7c3aed".into();
    let shown = owner.does(&save, looked).await;
    for wanted in [
        "card 1",
        "Ahoy owner",
        "Hi owner &lt;b&gt;",
        "fill=\"#7c3aed\"",
    ] {
        shown.is(200, wanted);
    }
    owner.get(&here).await.is(200, "No automations yet");

    owner
        .does(&save, welcome(&bot, "", "door", "log", "Hi {username}"))
        .await
        .is(200, "door is saved and on.");
    owner
        .does(&save, welcome(&bot, "", "Door", "log", "Hi"))
        .await
        .is(400, "is called");
    hears(&bot, Intents::GUILD_MEMBERS).await;
    let newcomer = bot.sandbox.actor("newcomer").unwrap();
    let comes = async || {
        if newcomer.joins("Sandbox").await.is_err() {
            newcomer.leaves("Sandbox").await.unwrap();
        }
    };
    until_shown(&bot.owner(), "log", "Hi newcomer", comes).await;

    let seen = listed(&bot).await.text();
    assert!(seen.contains("#1 door") && seen.contains("on"), "{seen}");
    owner
        .get(&format!("{here}/edit/1"))
        .await
        .is(200, "Hi {username}");
    owner
        .does(
            &save,
            welcome(&bot, "1", "gate", "panel", "Come in, {username}"),
        )
        .await
        .is(200, "gate is saved and on.");
    let second = bot.sandbox.actor("second").unwrap();
    second.joins("Sandbox").await.unwrap();
    bot.owner()
        .expects("panel", "Come in, second")
        .await
        .unwrap();

    let switch = format!("{here}/switch");
    let off = json!({"id": "1", "on": false});
    owner.does(&switch, off).await.is(200, "gate is off.");
    owner.get(&here).await.is(200, ">off<");
    let on = json!({"id": "1", "on": true});
    owner.does(&switch, on).await.is(200, "gate is on.");
    let one = json!({"id": "1"});
    owner
        .does(&format!("{here}/delete"), one.clone())
        .await
        .is(200, "gate is deleted.");
    owner
        .does(&format!("{here}/delete"), one)
        .await
        .is(400, "is gone");
    let seen = listed(&bot).await.text();
    assert!(seen.contains("has no automations yet"), "{seen}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_listed_with_whose_they_are_and_where_their_transcripts_go() {
    let bot = dashboard().await;
    let (owner, here) = (Browser::owner(&bot).await, server(&bot));
    let tickets = format!("{here}/tickets");
    owner.get(&tickets).await.is(200, "No tickets");
    let helper = role(&bot, "Helper").await;
    let channel = |name: &str| {
        let found = bot
            .sandbox
            .change_world(|world| world.channel_in("Sandbox", name));
        found.unwrap().to_string()
    };
    let (panel, log) = (channel("panel"), channel("log"));
    let sent = json!({
        "template": "tickets", "id": "", "name": "help", "p.channel": panel, "p.message": "Need help?", "p.button": "Open a ticket",
        "p.helpers": helper, "p.name": "ticket-{number}", "p.greeting": "Hello {user}", "p.log": log, "conditions": "", "steps": "",
    });
    owner
        .does(&format!("{here}/save"), sent)
        .await
        .is(200, "help is saved and on.");
    let member = bot.member();
    let button = member.expects("panel", "Need help?").await.unwrap();
    let clicked = member.clicks_on(&button, "Open a ticket").await.unwrap();
    member.expects_reply_to(&clicked).await.unwrap();
    owner
        .get(&tickets)
        .await
        .is(200, "#1")
        .is(200, "#ticket-1")
        .is(200, "member")
        .is(200, ">open<")
        .is(200, "#log");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_those_who_may_manage_the_server_and_no_more_than_their_own() {
    let bot = dashboard().await;
    let here = server(&bot);
    let owner = Browser::owner(&bot).await;
    let chief = bot.sandbox.actor("chief").unwrap();
    crate::dashboard::gives(&owner, &chief, "Server owner").await;
    let managed = Browser::through_discord(&bot, &chief).await;
    managed.get(&here).await.is(200, "No automations yet");
    let elsewhere = bot
        .sandbox
        .change_world(|world| world.guild_named("Elsewhere").unwrap());
    managed
        .get(&format!("{PLUGIN}/servers/{elsewhere}"))
        .await
        .is(403, "for servers that you own or manage");
    // They may manage the server, and not write into #log; the bot does not do it for them.
    let save = format!("{here}/save");
    managed
        .does(&save, welcome(&bot, "", "door", "log", "Hi"))
        .await
        .is(400, "may not");
    managed
        .does(&save, welcome(&bot, "", "door", "panel", "Hi"))
        .await
        .is(200, "door is saved and on.");

    // What posts to a webhook is not theirs to see or to change.
    let mut posts = welcome(&bot, "", "hook", "panel", "Hi");
    posts["steps"] = r#"[{"do": "webhook", "url": "https://example.com/secret"}]"#.into();
    managed.does(&save, posts).await.is(400, "Manage Webhooks");

    // A visitor sees servers, and no automations of those that they may not manage.
    crate::dashboard::gives(&owner, &bot.member(), "Visitor").await;
    let visitor = Browser::through_discord(&bot, &bot.member()).await;
    visitor.get(&here).await.is(400, "Manage Server");
    visitor
        .does(&format!("{here}/delete"), json!({"id": "1"}))
        .await
        .is(400, "Manage Server");
    bot.close().await;
}
