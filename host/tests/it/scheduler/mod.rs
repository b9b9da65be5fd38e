//! Stories of the plugin `scheduler`: what servers' owners plan, by a clock that stands still until it is moved.

mod fails;
mod fenced;
mod plans;

use host::services::schedules::Clock;
use sandbox::{Actor, MessageView};
use serde_json::Value;
use twilight_model::guild::Permissions;

use crate::support::{Fixture, PATIENCE};

/// A Sunday.
const START: &str = "2026-11-22T12:00:00Z";

fn seconds(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

/// What a reader in any time zone is shown of a moment.
fn shown(text: &str) -> String {
    format!("<t:{}:f>", seconds(text))
}

/// A bot with the scheduler, in the harbour too: `member` owns that, `owner` the bot, `chief` administers it. `attic` is a channel where
/// `owner` may not write, in `cellar` the bot may not. In `docks` the bot may delete the channel and change who may do what.
async fn bot() -> Fixture {
    let bot = Fixture::at(
        &["scheduler", "hello"],
        Clock::paused(seconds(START) * 1_000),
    );
    let bot = bot
        .await
        .restart_after(async |stopped| {
            stopped.add_harbour(Permissions::empty());
            let bot = stopped.sandbox.application_id();
            stopped.sandbox.change_world(|world| {
                let guild = world.guild_named("Harbour").unwrap();
                let owner = world.user_named("owner").unwrap();
                let docks = world.channel_in("Harbour", "docks").unwrap();
                world.allow(
                    docks,
                    bot,
                    Permissions::MANAGE_CHANNELS | Permissions::MANAGE_ROLES,
                );
                world.deny(docks, owner, Permissions::MENTION_EVERYONE);
                let attic = world.add_channel(guild, "attic");
                world.deny(attic, owner, Permissions::SEND_MESSAGES);
                let cellar = world.add_channel(guild, "cellar");
                world.deny(cellar, bot, Permissions::SEND_MESSAGES);
            });
        })
        .await;
    ready(&bot).await;
    bot
}

/// With the command shown to all by Discord, which shows it to administrators alone: who may use it, the bot says.
async fn ready(bot: &Fixture) {
    bot.until_generation("scheduler", 1).await;
    let registered = bot.sandbox.commands_registered("schedule", PATIENCE);
    registered.await.unwrap();
    let shown = bot
        .member()
        .overrides_command("Harbour", "schedule", "@everyone", true);
    shown.unwrap();
    let shown = bot
        .owner()
        .overrides_command("Sandbox", "schedule", "@everyone", true);
    shown.unwrap();
}

/// What a slash command answers; all answers of this one are private.
async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    assert!(seen.ephemeral, "{line}: {}", seen.text());
    assert!(!seen.text().contains("error id"), "{line}: {}", seen.text());
    seen
}

/// The same, with this in it.
async fn has(who: &Actor, place: &str, line: &str, words: &[&str]) {
    let text = typed(who, place, line).await.text();
    for word in words {
        assert!(text.contains(word), "{line}: no {word:?} in {text}");
    }
}

/// Asks again and again until this is in the answer: what was due is run beside it.
async fn until(who: &Actor, place: &str, line: &str, wanted: &str) -> String {
    let asking = async {
        loop {
            let text = typed(who, place, line).await.text();
            if text.contains(wanted) {
                return text;
            }
        }
    };
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.unwrap_or_else(|_| panic!("{line}: never {wanted}"))
}

impl Fixture {
    fn sets(&self, time: &str) {
        self.clock.set(seconds(time) * 1_000);
    }

    /// A request of the bot's own to Discord.
    async fn requests(&self, method: &str, path: String, body: Value) {
        let discord = &self.bot.services().discord;
        discord.json(method, path, &body, false).await.unwrap();
    }
}
