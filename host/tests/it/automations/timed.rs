//! What comes by the clock: announcements, and steps that wait over a restart.

use host::services::schedules::Clock;

use super::{Form, furnish, ready, typed};
use crate::support::{Fixture, PATIENCE};

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
