//! Stories of alerts: each state is told once, members' mistakes are none of it, and owners choose the channel.

use std::fs;

use twilight_model::guild::Permissions;

use super::{ALERTS, MINUTE, bot, has, here, slash};

#[tokio::test(flavor = "multi_thread")]
async fn failing_commands_are_told_once_for_each_state_over_reload_and_restart_and_so_is_the_recovery()
 {
    let bot = bot().await;
    assert_eq!(bot.state().await, "healthy");
    bot.brews(2, 19).await;
    bot.brews(13, 1).await;
    let entry = bot.looks().await;
    assert_eq!(entry["state"], "degraded", "{entry}");
    assert_eq!(
        (&entry["commands"], &entry["errors"]),
        (&20.into(), &1.into())
    );
    has(
        &bot.until_alerts(1).await,
        &[
            "degraded, and was healthy",
            "1 of 20 commands failed",
            "(5.0 %)",
        ],
    );
    bot.brews(13, 1).await;
    bot.brews(14, 1).await;
    assert_eq!(bot.state().await, "critical");
    has(
        &bot.until_alerts(2).await,
        &["critical, and was degraded", "3 of 22 commands failed"],
    );
    // As long as it stays so, nothing more is said: not by the same generation, nor by the next, nor after a restart.
    for _ in 0..3 {
        assert_eq!(bot.state().await, "critical");
    }
    bot.plugins().reload("diagnostics").await.unwrap();
    assert_eq!(bot.state().await, "critical");
    let bot = bot.restart().await;
    bot.until_generation("diagnostics", 1).await;
    let entry = bot.looks().await;
    assert_eq!(entry["state"], "critical", "{entry}");
    assert_eq!(
        (&entry["commands"], &entry["errors"]),
        (&22.into(), &3.into())
    );
    bot.looks().await;
    assert_eq!(bot.alerts().len(), 2, "{:?}", bot.alerts());
    // An hour later it is over.
    bot.clock.move_by(60 * MINUTE);
    assert_eq!(bot.state().await, "healthy");
    has(&bot.until_alerts(3).await, &["healthy again, after 1 h"]);
    bot.until_content_is_seen().await;
    bot.brews(2, 19).await;
    bot.brews(13, 1).await;
    assert_eq!(bot.state().await, "degraded");
    has(&bot.until_alerts(4).await, &["degraded, and was healthy"]);
    // Within the cool-down the same is not told again, however often it changes.
    bot.clock.move_by(60 * MINUTE);
    for _ in 0..3 {
        assert_eq!(bot.state().await, "healthy");
    }
    assert_eq!(bot.alerts().len(), 4, "{:?}", bot.alerts());
    // All of it is in the history, the latest first.
    let seen = slash(&bot.owner(), "general", "fw_history entries:20").await;
    assert!(seen.ephemeral);
    let text = seen.text();
    has(
        &text,
        &["**critical** · 3 of 22 failed (13.6 %)", " entries"],
    );
    assert!(
        text.find("🔴") < text.rfind("🟢"),
        "the latest comes first: {text}"
    );
    let history = bot.own_json("framework_health_history.json");
    let states: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    let mut changes = states.clone();
    changes.dedup();
    assert_eq!(
        changes,
        [
            "healthy", "degraded", "critical", "healthy", "degraded", "healthy"
        ]
    );
    assert!(states.len() < 15, "one each five minutes: {states:?}");
    bot.close().await;
}

/// Fault 67 of §8.7: what members type wrong counted as errors of the bot, and anyone could raise an alert.
#[tokio::test(flavor = "multi_thread")]
async fn members_mistakes_cooldowns_and_refusals_are_no_errors() {
    let bot = bot().await;
    let member = bot.member();
    bot.brews(1, 20).await;
    for _ in 0..5 {
        // None of these is answered: there is no such command.
        member.says("general", "!brwe 1").await.unwrap();
        for wrong in [
            "!brew",
            "!brew many",
            "!brew 99",
            "!brew 15",
            "!sip",
            "!lock",
        ] {
            let seen = bot.ask(&member, wrong).await;
            assert!(
                !seen.text().contains("error id"),
                "{wrong}: {}",
                seen.text()
            );
        }
    }
    let entry = bot.looks().await;
    assert_eq!(
        (&entry["state"], &entry["errors"]),
        (&"healthy".into(), &0.into()),
        "{entry}"
    );
    assert!(entry["commands"].as_u64() >= Some(20), "{entry}");
    bot.looks().await;
    assert_eq!(bot.alerts(), [""; 0]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alert_channel_is_here_or_there_and_says_where_it_was() {
    let bot = bot().await;
    let owner = bot.owner();
    let id = |name: &str| bot.sandbox.channel_id(name).unwrap();
    let seen = slash(&owner, "general", "fw_alert_channel").await;
    has(
        &seen.text(),
        &[
            &format!("They go to <#{}> from now on", id("general")),
            &format!("They went to <#{}> before", id(ALERTS)),
        ],
    );
    assert!(seen.ephemeral);
    owner
        .expects("general", "come here from now on")
        .await
        .unwrap();
    let back = format!("They went to <#{}> before", id("general"));
    here(&owner, "general", "!fw_alert_channel #bots", &back).await;
    // It is in the file, and in force.
    let file = fs::read_to_string(bot.folder.path().join("config.toml")).unwrap();
    assert!(file.contains(&id(ALERTS).to_string()), "{file}");
    bot.brews(13, 20).await;
    bot.looks().await;
    bot.until_alerts(1).await;
    // Where the bot can't write nothing is changed.
    let (staff, itself) = (id("staff"), bot.sandbox.application_id());
    bot.sandbox
        .change_world(|world| world.deny(staff, itself, Permissions::SEND_MESSAGES));
    let there = format!("!fw_alert_channel <#{}>", id("staff"));
    here(&owner, "general", &there, "nothing has changed").await;
    let seen = slash(&owner, "general", "fw_alert_channel channel:bots").await;
    has(&seen.text(), &["They went there before"]);
    let docks = format!("<#{}>", id("docks"));
    for wrong in ["nowhere", "<#1>", "12", &docks] {
        let seen = here(&owner, "general", &format!("!fw_alert_channel {wrong}"), "").await;
        let text = seen.text();
        assert!(
            !text.contains("error id") && !text.contains("from now on"),
            "{wrong}: {text}"
        );
    }
    // Direct messages are a place, too.
    here(&owner, "dm", "!fw_alert_channel", "They go to <#").await;
    bot.close().await;
}
