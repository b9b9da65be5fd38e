//! Tests of the plugin `slashlimit`: the use with its colours, the plan, and forecasts.

use std::{fs, path::PathBuf, sync::OnceLock};

use sandbox::{Actor, MessageView};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// So many owners of the bot, each with a cooldown of their own.
const CHIEFS: usize = 12;

/// Forty commands.
fn forty() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let source = "//! Has many commands.\nuse plugin_api::prelude::*;\n\nexport_plugin!(|| {\n    let mut plugin = Plugin::new();\n    for number in 0..40 {\n        \
                  plugin = plugin.command(Command::new(format!(\"m{number}\"), \"One of many\").run(|ctx: CommandContext| async move { ctx.reply(\"one\").await }));\n    }\n    plugin\n});\n";
    LIBRARY
        .get_or_init(|| fixtures::plugin("forty", "slashlimit", "0.16.2", "", source))
        .clone()
}

async fn bot(examples: &[&str], config: &str) -> Fixture {
    let bot = Fixture::configured(examples, "").await;
    let bot = bot
        .restart_after(async |stopped| {
            let guild = stopped.sandbox.guild_id();
            stopped.sandbox.change_world(|world| {
                for number in 0..CHIEFS {
                    let chief = world.add_user(&format!("chief{number}"));
                    world.add_member(guild, chief, &[]);
                }
            });
        })
        .await;
    let owners: Vec<String> = (0..CHIEFS)
        .map(|number| format!("\"{}\"", chief(&bot, number).id()))
        .collect();
    let config = format!("[bot]\nowner_ids = [{}]\n{config}", owners.join(", "));
    let bot = bot.reconfigured(&config).await;
    bot.until_generation("slashlimit", 1).await;
    bot.sandbox
        .commands_registered("slashlimit", PATIENCE)
        .await
        .unwrap();
    bot.until_content_is_seen().await;
    bot
}

fn chief(bot: &Fixture, number: usize) -> Actor {
    bot.sandbox.actor(&format!("chief{number}")).unwrap()
}

fn has(seen: &MessageView, words: &[&str]) {
    let text = seen.text();
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

/// The colour of an answer, by the name that the configuration has for it.
fn colour(seen: &MessageView) -> &'static str {
    match seen.embeds[0]["color"].as_u64() {
        Some(0x2E_8B57) => "success",
        Some(0xD6_8910) => "warning",
        Some(0xC0_392B) => "error",
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_use_is_green_then_yellow_then_red_for_owners_alone() {
    let bot = bot(&["hello", "slashlimit"], "").await;
    let first = bot.ask(&chief(&bot, 0), "!slashlimit").await;
    has(
        &first,
        &[
            "█░░",
            "2 of 100",
            "🟢 normal",
            "From 90 on the bot warns",
            "Remaining",
            "98",
        ],
    );
    assert_eq!(colour(&first), "success");
    // By its names, and once in ten seconds.
    has(
        &bot.ask(&chief(&bot, 1), "!cogwright slash-limit").await,
        &["2 of 100"],
    );
    has(
        &bot.ask(&chief(&bot, 1), "!slashlimit").await,
        &["can be used again in "],
    );
    let asked = bot
        .owner()
        .slash_line("general", "slashlimit")
        .await
        .unwrap();
    let seen = bot.owner().expects_reply_to(&asked).await.unwrap();
    assert!(seen.ephemeral);
    has(
        &bot.ask(&chief(&bot, 3), "!slashlimit nothing").await,
        &["no plugin `nothing`"],
    );
    for (who, place) in [("member", "general"), ("mod", "general"), ("member", "dm")] {
        let who = bot.sandbox.actor(who).unwrap();
        let asked = who.says(place, "!slashlimit").await.unwrap();
        let refused = who.expects_reply_to(&asked).await.unwrap();
        has(&refused, &["owner"]);
        assert!(!refused.text().contains("of 100"));
    }
    let set = async |values: &[(&str, u64)]| {
        for (name, value) in values {
            bot.ask(
                &bot.owner(),
                &format!("!cogwright set commands.{name} {value}"),
            )
            .await;
        }
    };
    set(&[("warn_at", 2)]).await;
    let yellow = bot.ask(&chief(&bot, 4), "!slashlimit").await;
    has(&yellow, &["🟡 warning", "From 2 on the bot warns"]);
    assert_eq!(colour(&yellow), "warning");
    set(&[("group_at", 2), ("limit", 2)]).await;
    let red = bot.ask(&chief(&bot, 5), "!slashlimit").await;
    has(&red, &["🔴 full", "2 of 2", "████████████████████"]);
    assert_eq!(colour(&red), "error");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_forecast_before_it_is_loaded_and_comes_true() {
    let config = "[commands]\nwarn_at = 20\ngroup_at = 30\n[extensions]\nblacklist = [\"forty\"]\n";
    let bot = bot(&["hello", "slashlimit"], config).await;
    bot.drop_in(&forty(), "forty");
    let forecast = bot.ask(&chief(&bot, 0), "!slashlimit libforty.so").await;
    has(
        &forecast,
        &[
            "Slash commands with forty 0.16.2",
            "Would be grouped",
            "`forty`",
            "Nothing was loaded.",
        ],
    );
    let text = forecast.text();
    let told = text
        .lines()
        .find(|line| line.contains("of 100"))
        .unwrap()
        .to_owned();
    has(
        &bot.ask(&chief(&bot, 1), "!slashlimit").await,
        &["2 of 100"],
    );
    // Another one changes nothing.
    has(
        &bot.ask(&chief(&bot, 2), "!slashlimit hello").await,
        &["as many as are taken now: 2", "that version is loaded"],
    );
    // Loaded, it is as it was told.
    fs::write(
        bot.folder.path().join("config.toml"),
        fs::read_to_string(bot.folder.path().join("config.toml"))
            .unwrap()
            .replace("blacklist = [\"forty\"]", "blacklist = []"),
    )
    .unwrap();
    bot.bot.services().settings.noticed().await;
    bot.ask(&bot.owner(), "!load forty").await;
    bot.until_generation("forty", 1).await;
    bot.sandbox
        .commands_registered("forty", PATIENCE)
        .await
        .unwrap();
    let now = bot.ask(&chief(&bot, 3), "!slashlimit").await;
    has(
        &now,
        &[
            &told,
            "🟡 the commands of 1 plugin are grouped",
            "`forty`: 40 commands, 0 uses in 30 days",
            "Grouped (40)",
            "`/forty m0`",
        ],
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_powers_slashlimit_says_what_is_missing() {
    let bot = bot(
        &["slashlimit"],
        "[grants.slashlimit]\npowers = [\"bot.read\"]\n",
    )
    .await;
    has(
        &bot.ask(&chief(&bot, 0), "!slashlimit").await,
        &["1 of 100"],
    );
    has(
        &bot.ask(&chief(&bot, 1), "!slashlimit slashlimit").await,
        &["plugins.read"],
    );
    let config = format!(
        "[bot]\nowner_ids = [\"{}\"]\n[grants.slashlimit]\npowers = []\n",
        chief(&bot, 2).id()
    );
    let bot = bot.reconfigured(&config).await;
    bot.until_generation("slashlimit", 1).await;
    has(
        &bot.ask(&chief(&bot, 2), "!slashlimit").await,
        &["bot.read"],
    );
    bot.close().await;
}

/// The plan is the host's: without this plugin all commands are still there.
#[tokio::test(flavor = "multi_thread")]
async fn slashlimit_itself_is_reached_by_prefix_when_there_is_no_place_left() {
    let bot = bot(&["hello", "slashlimit"], "").await;
    let owner = bot.owner();
    for name in ["warn_at", "group_at", "limit"] {
        bot.ask(&owner, &format!("!cogwright set commands.{name} 1"))
            .await;
    }
    bot.sandbox
        .commands_registered("more", PATIENCE)
        .await
        .unwrap();
    let seen = bot.ask(&chief(&bot, 0), "!slashlimit").await;
    has(&seen, &["of 1"]);
    bot.close().await;
}
