//! Stories of the report: figures, costs, a file and a picture, for the bot's owners alone.

use std::{fs, time::Duration};

use sandbox::{Effect, Fault, Scope};

use super::{MINUTE, bot, has, here, in_private, slash};
use crate::support::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn the_report_has_figures_costs_and_a_file_and_is_for_the_bots_owner_alone() {
    let bot = bot().await;
    let owner = bot.owner();
    bot.brews(2, 3).await;
    bot.brews(13, 1).await;
    let seen = slash(&owner, "general", "fw_diagnostics").await;
    assert!(seen.ephemeral);
    has(
        &seen.text(),
        &[
            "🟢 The bot is **healthy**",
            "1 of 4 commands (25.0 %)",
            "runtime ",
            "`kettle`: ",
            "`diagnostics`: ",
            "framework_diagnostics.json",
            "1, all connected",
        ],
    );
    let report = bot.own_json("framework_diagnostics.json");
    assert_eq!(report["state"], "healthy");
    assert_eq!(report["bot"]["commands_failed"], 1);
    assert_eq!(report["shards"][0]["connected"], true);
    assert!(report["plugins"].as_array().unwrap().len() >= 2, "{report}");
    // By prefix and in direct messages it comes, too; to others none of it does.
    assert_eq!(seen.attachments, [""; 0], "one look is no chart");
    bot.looks().await;
    for place in ["dm", "general"] {
        here(&owner, place, "!fw_diagnostics", "The bot is **healthy**").await;
    }
    let charts = slash(&owner, "general", "fw_diagnostics").await;
    assert_eq!(charts.attachments, ["last_hour.png"]);
    let picture = &charts.embeds[0]["image"]["url"];
    assert!(picture.to_string().contains("last_hour.png"), "{picture}");
    for name in ["mod", "member"] {
        let who = bot.sandbox.actor(name).unwrap();
        for command in [
            "fw_diagnostics",
            "fw_history",
            "fw_errors",
            "fw_alert_channel",
        ] {
            for place in ["general", "dm"] {
                let typed = format!("!{command}");
                let refused = match command {
                    "fw_errors" => in_private(&who, place, &typed, "").await,
                    _ => here(&who, place, &typed, "").await,
                };
                let text = refused.text();
                assert!(text.contains("owner") && !text.contains("Uptime"), "{text}");
            }
        }
    }
    // Who owns a server owns no bot.
    let chief = bot.sandbox.actor("chief").unwrap();
    in_private(&chief, "docks", "!fw_errors", "owner").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_429_is_no_error_and_is_shown_as_what_it_is() {
    let bot = bot().await;
    let storm = |retry_after_ms| {
        let effect = Effect::RateLimit {
            scope: Scope::User,
            retry_after_ms,
        };
        Fault::request("POST /channels/*/messages", effect)
    };
    for _ in 0..20 {
        bot.sandbox.faults().add(storm(20), Some(1)).unwrap();
        bot.brews(2, 1).await;
    }
    // One that does not end, and one that lasts longer than anybody waits.
    for (storm, times) in [(storm(20), 30), (storm(600_000), 2)] {
        bot.sandbox.faults().add(storm, Some(times)).unwrap();
        for _ in 0..2 {
            bot.member().says("general", "!brew 3").await.unwrap();
        }
    }
    let used = async {
        loop {
            let (total, _) = bot.bot.services().figures.hourly.read();
            if total.commands >= 24 {
                return total.errors;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let errors = tokio::time::timeout(PATIENCE, used).await.unwrap();
    let entry = bot.looks().await;
    assert_eq!((errors, &entry["errors"]), (0, &0.into()), "{entry}");
    assert_eq!(entry["state"], "healthy");
    let shown = slash(&bot.owner(), "general", "fw_diagnostics").await;
    has(
        &shown.text(),
        &["put off by rate limits", "0 of 24 commands"],
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_powers_it_says_so_and_with_them_all_is_back() {
    let bot = bot().await;
    let owner = bot.owner();
    let file = bot.folder.path().join("config.toml");
    let shipped = fs::read_to_string(&file).unwrap();
    let edit = async |text: &str| {
        fs::write(&file, format!("{shipped}{text}")).unwrap();
        bot.bot.services().settings.noticed().await;
    };
    edit("[grants.diagnostics]\npowers = []\n").await;
    let seen = slash(&owner, "general", "fw_diagnostics").await;
    has(&seen.text(), &["`bot.read` was taken"]);
    for (command, power) in [
        ("fw_errors", "log.read"),
        ("fw_alert_channel", "settings.write"),
    ] {
        let seen = slash(&owner, "general", command).await;
        has(&seen.text(), &[power]);
    }
    // A look without eyes is none, and no failure.
    bot.clock.move_by(MINUTE);
    let seen = slash(&owner, "general", "fw_history").await;
    has(&seen.text(), &["Nothing yet"]);
    // Without alerts it looks all the same.
    edit("[grants.diagnostics]\npowers = [\"bot.read\"]\n").await;
    bot.brews(13, 20).await;
    assert_eq!(bot.state().await, "critical");
    bot.looks().await;
    assert_eq!(bot.alerts(), [""; 0]);
    // And tells when it may.
    edit("").await;
    bot.looks().await;
    has(&bot.until_alerts(1).await, &["critical, and was healthy"]);
    bot.close().await;
}
