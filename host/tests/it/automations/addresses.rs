//! Addresses of webhooks: who may manage webhooks sees them, and nobody else does, wherever they stand.

use std::time::Duration;

use host::services::schedules::Clock;
use sandbox::Actor;
use serde_json::Value;
use twilight_model::{gateway::Intents, guild::Permissions};

use super::{
    Form, asked, bot_with, comes, furnish, hears,
    life::{GRANT, Life, address},
    ready, typed,
};
use crate::support::{Fixture, PATIENCE};

const START: i64 = 1_795_348_800_000;

/// The part of an address that is the key.
fn key(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

/// A field of the modal that a button opens: what it proposes, and what it says.
async fn field(form: &Form<'_>, part: &str, id: &str) -> (Option<String>, String) {
    let opened = form.who.clicks_on(&form.seen, part).await.unwrap();
    let modal = opened.modal.unwrap();
    let labels = modal["components"].as_array().unwrap();
    let found = labels
        .iter()
        .find(|it| it["component"]["custom_id"] == id)
        .unwrap_or_else(|| panic!("{modal}"));
    let value = found["component"]["value"].as_str().map(str::to_owned);
    (value, found["description"].as_str().unwrap().to_owned())
}

/// Has the chief manage webhooks, or no more.
async fn porter(owner: &Actor, is_one: bool) {
    let (place, chief, role) = ("general", "chief", "Porter");
    match is_one {
        true => owner.gives_role(place, chief, role).await.unwrap(),
        false => owner.takes_role(place, chief, role).await.unwrap(),
    }
}

async fn bot() -> Fixture {
    let furnished = |world: &mut sandbox::World| {
        furnish(world);
        let guild = world.guild_named("Sandbox").unwrap();
        world.add_role(guild, "Porter", Permissions::MANAGE_WEBHOOKS);
    };
    let change = |options: &mut sandbox::Options| furnished(&mut options.world);
    let bot = Fixture::under(change, &["automations"], GRANT).await;
    bot.until_generation("automations", 1).await;
    ready(&bot).await;
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_shows_and_changes_them_for_those_who_may_manage_webhooks_alone() {
    let bot = bot().await;
    let (owner, chief) = (bot.owner(), bot.sandbox.actor("chief").unwrap());
    let address = address(&bot.sandbox);
    let life = Life::of("webhook_bridge");
    life.form(&owner, &address).await.saved().await;
    let mut form = Form::begin(&owner, "goodbye").await;
    form.fill("Message", &[("channel", "log"), ("message", "Bye")])
        .await;
    form.step("Post to a webhook", &[("url", &address)]).await;
    form.saved().await;

    // With the right.
    let form = Form::edit(&owner, "webhook_bridge").await;
    let (value, _) = field(&form, "Bridge", "url").await;
    assert_eq!(value.as_deref(), Some(&*address));
    let whole = owner
        .slash_line("general", "automations export automation:webhook_bridge")
        .await
        .unwrap();
    let told = owner.expects_reply_to(&whole).await.unwrap().text();
    assert!(!told.contains("left out"), "{told}");

    // Without it.
    for automation in ["webhook_bridge", "goodbye"] {
        let line = format!("automations edit automation:{automation}");
        let told = typed(&chief, &line).await;
        assert!(told.text().contains("Manage Webhooks"), "{}", told.text());
        assert_eq!(told.buttons(), Vec::<String>::new());
        for command in ["info", "test", "export", "toggle", "toggle"] {
            let line = format!("automations {command} automation:{automation}");
            let told = typed(&chief, &line).await.text();
            assert!(!told.contains(key(&address)), "{line}: {told}");
        }
    }
    let told = typed(&chief, "automations list").await.text();
    assert!(!told.contains(key(&address)), "{told}");

    // Who loses it while the form is open loses the form; it can still be thrown away.
    porter(&owner, true).await;
    let mut form = Form::edit(&chief, "webhook_bridge").await;
    let (value, _) = field(&form, "Bridge", "url").await;
    assert_eq!(value.as_deref(), Some(&*address));
    porter(&owner, false).await;
    for button in ["Bridge", "Preview", "Save the change"] {
        let told = form.click(button).await;
        assert!(told.contains("Manage Webhooks"), "{button}: {told}");
    }
    let told = form.click("Discard").await;
    assert!(told.contains("thrown away"), "{told}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_shown_stays_where_its_field_is_left_empty() {
    let bot = bot().await;
    let (owner, chief) = (bot.owner(), bot.sandbox.actor("chief").unwrap());
    let address = address(&bot.sandbox);
    let mut form = Form::begin(&chief, "webhook_bridge").await;
    let fields = [("url", &*address), ("channels", "general")];
    let told = form.fill("Bridge", &fields).await;
    assert!(told.contains("may not manage webhooks"), "{told}");
    let (value, words) = field(&form, "Bridge", "url").await;
    assert_eq!(value, None);
    assert!(words.contains("Left empty, it stays"), "{words}");
    let sent = chief.submits(&[("channels", "panel")]).await.unwrap();
    form.seen = chief.expects_reply_to(&sent).await.unwrap();
    let told = form.seen.text();
    let host = address.split("/api").next().unwrap();
    assert!(told.contains(&format!("`{host}`/…")), "{told}");
    assert!(!told.contains(key(&address)), "{told}");
    // It is what it was.
    porter(&owner, true).await;
    let (value, _) = field(&form, "Bridge", "url").await;
    assert_eq!(value.as_deref(), Some(&*address));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_without_them_however_they_are_written() {
    let bot = bot_with(GRANT).await;
    let owner = bot.owner();
    // Nobody listens there, and the host writes the address otherwise.
    let odd = "http://127.0.0.1:1/somewhere/../secret-key";
    let mut form = Form::begin(&owner, "webhook_bridge").await;
    let told = form
        .fill("Bridge", &[("url", odd), ("channels", "panel")])
        .await;
    assert!(!told.contains("secret-key"), "{told}");
    form.saved().await;
    hears(&bot, Intents::MESSAGE_CONTENT).await;
    let failed = async {
        loop {
            owner.says("panel", "hello").await.unwrap();
            let told = typed(&owner, "automations info automation:1").await.text();
            if told.contains("Last failure") {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, failed).await.unwrap();
    assert!(told.contains("posting to http://127.0.0.1:1"), "{told}");
    assert!(!told.contains("secret-key"), "{told}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_counts_and_keeps_none_in_what_a_member_may_have_of_theirs() {
    let clock = Clock::paused(START);
    let bot = Fixture::at(&["automations"], clock.clone()).await;
    let change = |world: &mut sandbox::World| furnish(world);
    let bot = bot
        .restart_after(async |stopped| stopped.sandbox.change_world(change))
        .await;
    let bot = bot.reconfigured(GRANT).await;
    bot.until_generation("automations", 1).await;
    ready(&bot).await;
    let owner = bot.owner();
    let address = address(&bot.sandbox);
    let mut form = Form::begin(&owner, "welcome").await;
    let fields = [("channel", "log"), ("message", "Hi"), ("card", "no")];
    form.fill("Greeting", &fields).await;
    form.step("Wait", &[("time", "10m")]).await;
    let payload = r#"{"content": "{username} is here"}"#;
    let fields = [("url", &*address), ("payload", payload)];
    form.step("Post to a webhook", &fields).await;
    form.saved().await;
    hears(&bot, Intents::GUILD_MEMBERS).await;
    let newcomer = bot.sandbox.actor("newcomer").unwrap();
    let services = bot.bot.services();
    let about = async || {
        let told = services.storage.tell_subject(newcomer.id()).await;
        String::from_utf8(told.unwrap().0).unwrap()
    };
    let waits = async {
        loop {
            comes(&newcomer).await;
            for _ in 0..100 {
                let told = about().await;
                if told.contains("webhook") {
                    return told;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, waits).await.unwrap();
    assert!(!told.contains(key(&address)), "{told}");
    let info = async |wanted: &dyn Fn(&str) -> bool| {
        let asking = async {
            loop {
                let told = typed(&owner, "automations info automation:1").await.text();
                if wanted(&told) {
                    return told;
                }
            }
        };
        let asked = tokio::time::timeout(PATIENCE, asking).await;
        asked.expect("the info never says it")
    };
    // It is counted from its first wait on.
    info(&|told| !told.contains("Runs\n0 runs")).await;
    clock.set(START + 600_000);
    let ended = async { while about().await.contains("webhook") {} };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    let log = owner.messages("log");
    let posts = log.iter().filter(|it| it.content == "newcomer is here");
    // And not once more at its end.
    let runs = format!("Runs\n{} run", posts.count());
    let told = info(&|told| told.contains(&runs)).await;
    assert!(
        !told.contains("Last failure") && !runs.contains("0 run"),
        "{told}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_whose_channels_go_says_so_and_tells_its_maker() {
    let bot = bot_with(GRANT).await;
    let owner = bot.owner();
    let address = address(&bot.sandbox);
    let gone = async |channel: &str| {
        let id = bot.sandbox.channel_id(channel).unwrap();
        asked(&bot, "DELETE", format!("channels/{id}"), Value::Null).await;
    };
    let sentence = "is not one of this server (any more)";
    let mut form = Form::begin(&owner, "webhook_bridge").await;
    let fields = [("url", &*address), ("channels", "general,panel")];
    form.fill("Bridge", &fields).await;
    form.saved().await;
    let life = Life::of("webhook_bridge");
    life.until_seen(&bot.sandbox, "newcomer", "general").await;

    // One of those that it reads: it goes on with the other, and is not switched on again before it is changed.
    gone("panel").await;
    life.until_seen(&bot.sandbox, "second", "general").await;
    let told = typed(&owner, "automations toggle automation:1")
        .await
        .text();
    assert!(told.contains("is off"), "{told}");
    let told = typed(&owner, "automations toggle automation:1")
        .await
        .text();
    assert!(
        told.contains("stays off") && told.contains(sentence),
        "{told}"
    );
    let mut form = Form::edit(&owner, "webhook_bridge").await;
    let told = form.seen.text();
    assert!(
        told.contains("Still in its way") && told.contains(sentence),
        "{told}"
    );
    let told = form.fill("Bridge", &[("channels", "general")]).await;
    assert!(!told.contains("Still in its way"), "{told}");
    // It is off until it is switched on.
    let told = form.click("Save the change").await;
    assert!(told.contains("is saved. It is off"), "{told}");
    let told = typed(&owner, "automations toggle automation:1")
        .await
        .text();
    assert!(told.contains("is on"), "{told}");
    life.until_seen(&bot.sandbox, "third", "general").await;

    // The one that it posts to, and the webhook with it.
    gone("log").await;
    let off = async {
        loop {
            owner.says("general", "anybody?").await.unwrap();
            let told = typed(&owner, "automations info automation:1").await.text();
            if told.contains("State\noff") {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, off).await.unwrap();
    assert!(told.contains("is the webhook still there?"), "{told}");
    let dm = owner.expects("dm", "is off now").await.unwrap().text();
    for told in [told, dm] {
        assert!(!told.contains(key(&address)), "{told}");
    }
    bot.close().await;
}
