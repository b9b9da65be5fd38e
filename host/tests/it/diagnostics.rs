//! Tests of the plugin `diagnostics`: what it tells is true. Faults are injected, and the state, the alert and the recovery seen.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use sandbox::{Actor, Effect, Fault, MessageView, Scope};
use serde_json::Value;
use twilight_model::guild::Permissions;

use host::services::schedules::Clock;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE, drop_in},
};

/// A day in March.
const NOON: i64 = 1_772_452_800_000;

const MINUTE: i64 = 60_000;

/// Says nothing of the machine that the tests run on: how full its disk is, and how busy others keep it.
const ANY_MACHINE: &str = "\
[plugins.diagnostics]
disk_free_mb = 0
disk_slow_ms = 600_000
memory_percent = 100
descriptors_percent = 100
lag_ms = 60_000
lag_critical_ms = 600_000
";

/// Where alerts go.
const ALERTS: &str = "bots";

/// Fails as it is told to.
const KETTLE: &str = r#"//! Boils, or fails.
use std::time::Duration;

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("brew", "Makes tea").option(CommandOption::integer("cups", "How many").required().max(20)).run(brew))
        .command(Command::new("sip", "Drinks").cooldown(1, Duration::from_secs(3_600)).run(|ctx: CommandContext| async move { ctx.reply("Ah.").await }))
        .command(Command::new("lock", "Locks up").owner_only().run(|ctx: CommandContext| async move { ctx.reply("Locked.").await }))
});

async fn brew(ctx: CommandContext) -> Result {
    match ctx.option::<i64>("cups")? {
        13 => Err(Error::new("the kettle is cracked").context("boiling `water`")),
        14 => panic!("the kettle explodes"),
        15 => Err(Error::user("There are only fourteen cups.")),
        cups => ctx.reply(format!("{cups} cups")).await,
    }
}
"#;

fn kettle() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("kettle", "diagnostics", "0.16.1", "", KETTLE))
        .clone()
}

/// A bot whose time stands still, with alerts to a channel of their own.
async fn bot() -> Fixture {
    bot_with(ANY_MACHINE).await
}

async fn bot_with(settings: &str) -> Fixture {
    started(
        Fixture::at(&["diagnostics"], Clock::paused(NOON)).await,
        settings,
    )
    .await
}

async fn started(bot: Fixture, settings: &str) -> Fixture {
    let bot = bot
        .restart_after(async |stopped| {
            let channel = stopped.sandbox.channel_id(ALERTS).unwrap();
            let config = format!("[alerts.health]\nchannel_id = {channel}\n{settings}");
            fs::write(stopped.folder.join("config.toml"), config).unwrap();
            drop_in(&kettle(), &stopped.folder.join("extensions"), "kettle");
            let owner = stopped.sandbox.owner_id();
            stopped.sandbox.change_world(|world| {
                // Somebody else's server, of whom the bot's owner is a member.
                let chief = world.add_user("chief");
                let guild = world.add_guild("Harbour", chief);
                world.add_member(guild, owner, &[]);
                world.add_channel(guild, "docks");
            });
        })
        .await;
    bot.until_generation("diagnostics", 1).await;
    bot.until_generation("kettle", 1).await;
    bot.until_content_is_seen().await;
    for command in ["fw_diagnostics", "fw_errors", "brew"] {
        bot.sandbox
            .commands_registered(command, PATIENCE)
            .await
            .unwrap();
    }
    bot
}

impl Fixture {
    fn own_file(&self, name: &str) -> PathBuf {
        self.data().join("plugins/diagnostics/files").join(name)
    }

    fn own_json(&self, name: &str) -> Value {
        let text = fs::read(self.own_file(name)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn latest(&self) -> Value {
        self.own_json("framework_health.json")
    }

    /// A minute passes, and a look is made: the latest entry.
    async fn looks(&self) -> Value {
        // One that was due before may still be about to be made.
        let before = self.clock.now_ms();
        let looked = async {
            loop {
                self.clock.move_by(MINUTE);
                let began = Instant::now();
                // A run that is not over when the next is due makes that one be left out: then another minute passes.
                while began.elapsed() < Duration::from_secs(1) {
                    let latest = self.latest();
                    if latest["at_ms"].as_i64().unwrap_or_default() > before {
                        return latest;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        };
        tokio::time::timeout(PATIENCE, looked).await.unwrap()
    }

    /// The state after a look.
    async fn state(&self) -> String {
        self.looks().await["state"].as_str().unwrap().to_owned()
    }

    /// Looks until this is the state.
    async fn until_state(&self, wanted: &str) {
        let found = async { while self.state().await != wanted {} };
        tokio::time::timeout(PATIENCE, found).await.unwrap();
    }

    /// Uses of the command, with so many cups each.
    async fn brews(&self, cups: u32, times: usize) -> Vec<MessageView> {
        let member = self.member();
        let mut seen = Vec::new();
        for _ in 0..times {
            seen.push(self.ask(&member, &format!("!brew {cups}")).await);
        }
        seen
    }

    /// The alerts that there were.
    fn alerts(&self) -> Vec<String> {
        let all = self.owner().messages(ALERTS).into_iter();
        all.map(|message| message.content)
            .filter(|text| text.contains("The bot is "))
            .collect()
    }

    /// Waits until there were so many alerts; the last one.
    async fn until_alerts(&self, count: usize) -> String {
        let told = async {
            while self.alerts().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let told = tokio::time::timeout(PATIENCE, told).await;
        assert!(told.is_ok(), "{:?}", self.alerts());
        assert_eq!(self.alerts().len(), count, "{:?}", self.alerts());
        self.alerts().pop().unwrap()
    }
}

/// What an owner is told by prefix, where it was asked.
async fn here(who: &Actor, place: &str, text: &str, words: &str) -> MessageView {
    let asked = who.says(place, text).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    has(&seen.text(), &[words]);
    seen
}

async fn slash(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

/// What an owner is told of errors by prefix: it comes in private, and is no reply.
async fn in_private(who: &Actor, place: &str, text: &str, has: &str) -> MessageView {
    who.says(place, text).await.unwrap();
    who.expects("dm", has).await.unwrap()
}

fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

fn error_id(seen: &MessageView) -> String {
    let text = seen.text();
    let (_, id) = text
        .split_once("error id: `")
        .unwrap_or_else(|| panic!("{text}"));
    id.split('`').next().unwrap().to_owned()
}

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
async fn a_shard_that_is_lost_is_told_and_so_is_its_return_but_no_reconnect() {
    let bot = bot().await;
    // For a moment it is away, and back before the next look.
    let sessions = bot.sessions();
    bot.sandbox.invalidate_sessions();
    bot.until_sessions_silently(sessions + 1).await;
    assert_eq!(bot.state().await, "healthy");
    bot.sandbox
        .faults()
        .add(Fault::RefuseConnections, None)
        .unwrap();
    bot.sandbox.drop_connections();
    bot.until_up(&[false]).await;
    assert_eq!(bot.state().await, "healthy", "it may be back in a moment");
    assert_eq!(bot.state().await, "critical");
    has(&bot.until_alerts(1).await, &["no shard is connected"]);
    bot.looks().await;
    bot.sandbox.faults().clear();
    bot.until_up(&[true]).await;
    assert_eq!(bot.state().await, "healthy");
    has(&bot.until_alerts(2).await, &["healthy again"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_shards_that_is_lost_is_named_and_its_return_is_told() {
    let bot = Fixture::sharded_at(&["diagnostics"], Clock::paused(NOON), 2).await;
    let bot = started(bot, ANY_MACHINE).await;
    bot.until_up(&[true; 2]).await;
    let gate = bot
        .sandbox
        .faults()
        .add(Fault::RefuseConnections, None)
        .unwrap();
    assert!(bot.bot.services().shards.reconnect(1).unwrap());
    bot.until_up(&[true, false]).await;
    bot.until_state("degraded").await;
    let lost = "1 of 2 shards not connected for more than a minute: 1";
    has(
        &bot.until_alerts(1).await,
        &["degraded, and was healthy", lost],
    );
    let entry = bot.looks().await;
    assert_eq!(
        (&entry["state"], &entry["shards_connected"]),
        (&"degraded".into(), &1.into()),
        "{entry}"
    );
    let shown = slash(&bot.owner(), "general", "fw_diagnostics").await;
    has(&shown.text(), &["1 of 2 connected", lost]);
    bot.sandbox.faults().remove(gate);
    bot.until_up(&[true; 2]).await;
    bot.until_state("healthy").await;
    has(&bot.until_alerts(2).await, &["healthy again"]);
    bot.close().await;
}

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

/// Longer than the disk may take.
const SLOW: Duration = Duration::from_millis(2_200);

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

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_paged_and_found_by_the_id_that_the_member_was_shown() {
    let bot = bot().await;
    let owner = bot.owner();
    let nothing = slash(&owner, "general", "fw_errors").await;
    has(&nothing.text(), &["Nothing has failed"]);
    let cracked = error_id(&bot.brews(13, 1).await[0]);
    let exploded = error_id(&bot.brews(14, 1).await[0]);
    bot.brews(13, 5).await;
    let one = slash(&owner, "general", &format!("fw_errors id:{cracked}")).await;
    assert!(one.ephemeral);
    has(
        &one.text(),
        &[
            "kettle: command brew",
            "the kettle is cracked",
            &cracked,
            "used by <@",
        ],
    );
    assert!(!one.text().contains("Came through"));
    // The functions that the panic came through are known a moment after it.
    let traced = async {
        loop {
            let asked = format!("fw_errors id:`{exploded}`");
            let seen = slash(&owner, "general", &asked).await;
            has(&seen.text(), &["the kettle explodes"]);
            if seen.text().contains("Came through") {
                return seen;
            }
        }
    };
    let traced = tokio::time::timeout(PATIENCE, traced).await.unwrap();
    has(&traced.text(), &["brew"]);
    let proposed = owner
        .autocompletes(
            "general",
            "fw_errors",
            &[("id", cracked.as_str().into())],
            "id",
        )
        .await;
    assert!(format!("{proposed:?}").contains(&cracked), "{proposed:?}");
    let unknown = slash(&owner, "general", "fw_errors id:@everyone").await;
    has(&unknown.text(), &["No error has the id"]);
    // Pages: the newest first, also after a reload with the page open.
    let words = "errors since the bot's start";
    let first = in_private(&owner, "general", "!fw_errors", words).await;
    assert_eq!(first.buttons()[2], "1 / 2");
    bot.plugins().reload("diagnostics").await.unwrap();
    let clicked = owner.clicks_on(&first, "›").await.unwrap();
    let second = owner.expects_reply_to(&clicked).await.unwrap();
    has(&second.text(), &[&cracked]);
    assert!(!first.text().contains(&cracked));
    // A page that was deleted meanwhile is nobody's trouble.
    let page = slash(&owner, "general", "fw_errors").await;
    owner.deletes(&page).await.unwrap();
    let gone = owner.clicks_on(&page, "›").await;
    assert!(gone.is_err(), "{gone:?}");
    has(
        &slash(&owner, "general", "fw_history").await.text(),
        &["Health"],
    );
    bot.close().await;
}
