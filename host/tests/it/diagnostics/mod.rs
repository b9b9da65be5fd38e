//! Tests of the plugin `diagnostics`: what it tells is true. Faults are injected, and the state, the alert and the recovery seen.

mod alerts;
mod errors;
mod machine;
mod report;
mod shards;

use std::{
    fs,
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, Instant},
};

use sandbox::{Actor, MessageView};
use serde_json::Value;

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

async fn slash(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

/// What an owner is told by prefix, where it was asked.
async fn here(who: &Actor, place: &str, text: &str, words: &str) -> MessageView {
    let asked = who.says(place, text).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    has(&seen.text(), &[words]);
    seen
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
