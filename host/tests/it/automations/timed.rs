//! What comes by the clock: announcements, and steps that wait over a restart.

use host::services::schedules::Clock;

use super::{Form, furnish, ready, typed};
use crate::{
    process::Running,
    support::{Fixture, PATIENCE},
};

const START: &str = "2026-11-22T12:00:00Z";

fn ms(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second() * 1_000
}

/// A bot whose schedules go by a clock that stands still until it is moved.
async fn bot() -> Fixture {
    let bot = Fixture::at(&["automations"], Clock::paused(ms(START))).await;
    let bot = bot
        .restart_after(async |stopped| stopped.sandbox.change_world(furnish))
        .await;
    bot.until_generation("automations", 1).await;
    ready(&bot).await;
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_comes_again_waits_and_goes_on_over_a_restart() {
    let bot = bot().await;
    let owner = bot.owner();
    let mut form = Form::begin(&owner, "announcement").await;
    let text = form
        .fill(
            "Announcement",
            &[("channel", "log"), ("message", "Tea time!"), ("when", "2m")],
        )
        .await;
    assert!(text.contains("from 5 minutes to a year"), "{text}");
    form.fill(
        "Announcement",
        &[("channel", "log"), ("message", "Tea time!"), ("when", "2h")],
    )
    .await;
    form.step("Wait", &[("time", "10m")]).await;
    let text = form
        .step(
            "Say something",
            &[("channel", "panel"), ("text", "Tea is over.")],
        )
        .await;
    assert!(
        text.contains("1. waits for 10 minutes\n2. says in"),
        "{text}"
    );
    form.saved().await;
    bot.clock.set(ms("2026-11-22T14:00:00Z"));
    owner.expects("log", "Tea time!").await.unwrap();
    let bot = bot.restart().await;
    let owner = bot.owner();
    bot.clock.set(ms("2026-11-22T14:10:00Z"));
    owner.expects("panel", "Tea is over.").await.unwrap();
    ready(&bot).await;
    typed(&owner, "automations toggle automation:1").await;
    bot.clock.set(ms("2026-11-22T16:00:00Z"));
    typed(&owner, "automations toggle automation:1").await;
    let count = || {
        owner
            .messages("log")
            .iter()
            .filter(|it| it.content == "Tea time!")
            .count()
    };
    assert_eq!(count(), 1);
    bot.clock.set(ms("2026-11-22T18:00:00Z"));
    let came = async {
        while count() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, came).await.unwrap();
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_is_changed_kept_over_a_reload_and_deleted() {
    let bot = bot().await;
    let owner = bot.owner();
    announced(&owner).await;
    bot.plugins().reload("automations").await.unwrap();
    bot.clock.set(ms("2026-11-22T14:00:00Z"));
    owner.expects("log", "Tea time!").await.unwrap();
    let mut form = Form::edit(&owner, "announcement").await;
    let fields = [("channel", "panel"), ("message", "Coffee!"), ("when", "3h")];
    form.fill("Announcement", &fields).await;
    form.saved().await;
    // As it was planned before, it comes no more.
    bot.clock.set(ms("2026-11-22T16:30:00Z"));
    bot.clock.set(ms("2026-11-22T17:00:00Z"));
    owner.expects("panel", "Coffee!").await.unwrap();
    let log = owner.messages("log");
    assert_eq!(log.iter().filter(|it| it.content == "Tea time!").count(), 1);
    let asked = owner
        .slash_line("general", "automations delete automation:announcement")
        .await
        .unwrap();
    owner.expects_reply_to(&asked).await.unwrap();
    owner.clicks("Yes").await.unwrap();
    owner.expects("general", "is deleted").await.unwrap();
    let services = bot.bot.services();
    let planned = services.schedules.views(&services.storage).await.unwrap();
    let waiting: u64 = planned.iter().map(|it| it.waiting).sum();
    assert_eq!(waiting, 0);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_is_there_after_a_kill() {
    let bot = bot().await;
    let clock = bot.clock.clone();
    let bot = bot
        .restart_after(async |stopped| {
            let folder = stopped.folder;
            let (address, gateway) = (stopped.sandbox.http_proxy(), stopped.sandbox.gateway_url());
            let config = format!(
                "[discord]\napi_url = \"http://{address}\"\ngateway_url = {gateway:?}\n\
                 [metrics]\nlisten = \"127.0.0.1:0\"\n[pages]\nlisten = \"off\"\n"
            );
            std::fs::write(folder.join("config.toml"), config).unwrap();
            let running = Running::start(folder, stopped.sandbox, "killed.log");
            running.until_said("ready: ").await;
            announced(&stopped.sandbox.actor("owner").unwrap()).await;
            running.kill().await;
            clock.set(ms("2100-01-01T00:00:00Z"));
        })
        .await;
    bot.owner().expects("log", "Tea time!").await.unwrap();
    bot.close().await;
}

/// Makes an announcement of every two hours.
async fn announced(owner: &sandbox::Actor) {
    let mut form = Form::begin(owner, "announcement").await;
    let fields = [("channel", "log"), ("message", "Tea time!"), ("when", "2h")];
    form.fill("Announcement", &fields).await;
    form.saved().await;
}
