//! Stories of what the machine does to the bot: threads that are busy, a disk that is slow, hangs, or takes no file.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{ANY_MACHINE, MINUTE, bot, bot_with, has, slash};
use crate::support::{Fixture, PATIENCE};

/// Longer than the disk may take.
const SLOW: Duration = Duration::from_millis(2_200);

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_that_is_blocked_is_told_and_so_is_that_it_is_not_any_more() {
    let bot = bot_with(&ANY_MACHINE.replace("lag_ms = 60_000", "lag_ms = 500")).await;
    // All its threads do something else for longer than a measurement takes, until it was at the same time.
    let lag = &bot.bot.services().figures.runtime_lag;
    let blocked = async {
        while lag.summary().minute_max_us < 500_000 {
            let workers = tokio::runtime::Handle::current().metrics().num_workers();
            let busy = || async {
                let began = Instant::now();
                while began.elapsed() < Duration::from_millis(1_500) {
                    std::hint::spin_loop();
                }
            };
            let all: Vec<_> = (0..workers).map(|_| tokio::spawn(busy())).collect();
            for one in all {
                one.await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
    };
    tokio::time::timeout(PATIENCE, blocked).await.unwrap();
    let entry = bot.looks().await;
    assert_eq!(entry["state"], "degraded", "{entry}");
    has(&bot.until_alerts(1).await, &["the host was late by "]);
    // It counts for five minutes.
    let recovered = async {
        while bot.alerts().len() < 2 {
            lag.forget_minute();
            bot.looks().await;
        }
    };
    tokio::time::timeout(PATIENCE, recovered).await.unwrap();
    has(&bot.until_alerts(2).await, &["healthy again"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_slow_is_told_and_so_is_that_it_is_not_any_more() {
    let bot = bot_with(&slow_beyond_two_seconds()).await;
    let disk = Arc::clone(bot.bot.services().storage.disk());
    disk.file_writes.hold_up(SLOW);
    disk.commits.hold_up(SLOW);
    // A look writes files, and then to the database.
    for writes in [&disk.file_writes, &disk.commits] {
        minutes_until(&bot, || writes.slowest_us() > 2_100_000).await;
        writes.hold_up(Duration::ZERO);
    }
    let entry = bot.looks().await;
    assert_eq!(entry["state"], "degraded", "{entry}");
    let told = [
        "writing a file took ",
        "writing to a database took ",
        "s within the last ten minutes: the disk is slow, or busy",
    ];
    has(&entry["reasons"].to_string(), &told);
    has(
        &bot.until_alerts(1).await,
        &["degraded, and was healthy", told[2]],
    );
    let shown = slash(&bot.owner(), "general", "fw_diagnostics").await;
    has(&shown.text(), &["at most for a write in a minute", told[0]]);
    recovers(&bot).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_does_not_answer_is_told_without_it() {
    let bot = bot().await;
    assert_eq!(bot.state().await, "healthy");
    let disk = Arc::clone(bot.bot.services().storage.disk());
    disk.file_writes.hold_up(Duration::from_secs(3_600));
    // The look does not wait for what it can't write.
    minutes_until(&bot, || !bot.alerts().is_empty()).await;
    let text = bot.until_alerts(1).await;
    has(
        &text,
        &[
            "degraded, and was healthy",
            "could not be written within 10 seconds",
        ],
    );
    disk.file_writes.hold_up(Duration::ZERO);
    recovers(&bot).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_written_is_told_until_it_can() {
    let bot = bot().await;
    bot.looks().await;
    // A folder where the file was.
    let file = bot.own_file("framework_health.json");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    minutes_until(&bot, || !bot.alerts().is_empty()).await;
    has(
        &bot.until_alerts(1).await,
        &["degraded", "framework_health.json could not be written"],
    );
    fs::remove_dir(&file).unwrap();
    // The write that failed is behind it after ten looks.
    let recovered = async {
        while bot.alerts().len() < 2 {
            bot.looks().await;
        }
    };
    tokio::time::timeout(PATIENCE, recovered).await.unwrap();
    has(&bot.until_alerts(2).await, &["healthy again"]);
    // A history that somebody has broken is kept, and a new one begun.
    fs::write(bot.own_file("framework_health_history.json"), "[{").unwrap();
    let unreadable = slash(&bot.owner(), "general", "fw_history").await;
    has(&unreadable.text(), &["can't be read", "begins a new one"]);
    bot.looks().await;
    bot.looks().await;
    let broken = fs::read_to_string(bot.own_file("framework_health_history.broken.json"));
    assert_eq!(broken.unwrap(), "[{");
    let shown = slash(&bot.owner(), "general", "fw_history").await;
    has(&shown.text(), &["1 of 1 entries"]);
    bot.close().await;
}

/// Minutes pass until something holds: a look that is not over when the next one is due makes that one be left out.
async fn minutes_until(bot: &Fixture, holds: impl Fn() -> bool) {
    let passing = async {
        while !holds() {
            bot.clock.move_by(MINUTE);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(PATIENCE, passing).await.unwrap();
}

/// Settings by which the disk is slow when it takes more than two seconds, as it is where nothing is set.
fn slow_beyond_two_seconds() -> String {
    ANY_MACHINE.replace("disk_slow_ms = 600_000", "disk_slow_ms = 2_000")
}

/// Waits until it is told that all is well. Ten looks are what a slow write counts for; the disk's own minute passes at once.
async fn recovers(bot: &Fixture) {
    let disk = bot.bot.services().storage.disk();
    let recovered = async {
        while bot.alerts().len() < 2 {
            disk.file_writes.done.forget_minute();
            disk.commits.done.forget_minute();
            bot.looks().await;
        }
    };
    tokio::time::timeout(PATIENCE, recovered).await.unwrap();
    has(&bot.until_alerts(2).await, &["healthy again"]);
}
