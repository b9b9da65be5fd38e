//! Tests of the page for those who come from Python: each of its plugins is built as it stands there, and used.

use std::{path::PathBuf, sync::OnceLock};

use host::services::schedules::Clock;
use serde_json::json;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const PAGE: &str = include_str!("../../../docs/coming-from-python.md");

/// The plugins' names, in the order of the page.
const NAMES: [&str; 8] = [
    "basics",
    "notes",
    "metadata",
    "journal",
    "keeper",
    "moderators",
    "reports",
    "staff",
];

/// The Rust on the page: a plugin each.
fn blocks() -> Vec<&'static str> {
    let parts = PAGE.split("```rust\n").skip(1);
    parts
        .map(|part| part.split_once("```").unwrap().0)
        .collect()
}

fn libraries() -> &'static [PathBuf] {
    static LIBRARIES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        let blocks = blocks();
        assert_eq!(blocks.len(), NAMES.len(), "a name for each");
        let numbered = NAMES.iter().zip(blocks).enumerate();
        numbered
            .map(|(at, (name, block))| {
                let source = format!("//! Of the page.\n{block}");
                fixtures::plugin(name, "python", &format!("0.1.{at}"), "", &source)
            })
            .collect()
    })
}

async fn bot(clock: Clock, config: &str) -> Fixture {
    let bot = Fixture::at_configured(&[], config, clock).await;
    for (name, library) in NAMES.iter().zip(libraries()) {
        bot.drop_in(library, name);
        bot.until_generation(name, 1).await;
    }
    bot.until_content_is_seen().await;
    bot
}

const GRANTS: &str =
    "[grants.notes]\npowers = [\"bot.read\"]\n[grants.reports]\npowers = [\"bot.read\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_eight_plugins_of_the_page_do_what_it_says() {
    let bot = bot(Clock::default(), GRANTS).await;
    let (owner, member) = (bot.owner(), bot.member());
    let moderator = bot.sandbox.actor("mod").unwrap();
    for (who, line, expected) in [
        (&member, "!example", "This is an example."),
        (&member, "!example", "again"),
        (&member, "!note tea is ready", "1 kept."),
        (&member, "!note  so is coffee", "2 kept."),
        (&owner, "!checkcache", "% hits, 0 failures."),
        (&member, "!described", "Hello from metadata!"),
        (
            &member,
            "!journal",
            &format!("<@{}> has used example", member.id()),
        ),
        (&member, "!journal", "keeper was loaded"),
        (&member, "!getdata tea", "Nothing is kept under `tea`."),
        (&member, "!savedata tea \"green, please\"", "Saved: tea"),
        (
            &moderator,
            "!getdata tea",
            &format!("tea = green, please, by <@{}>", member.id()),
        ),
        (
            &member,
            "!adminonly",
            "for administrators and the bot's owner",
        ),
        (&owner, "!adminonly", "You may."),
        (&member, "!staffonly", "`Staff`, `Moderator`, `Admin`"),
        (&moderator, "!staffonly", "You may."),
        (&member, "!color green 7", "Intensity: 7 of 10"),
        (&member, "!color blue", "Intensity: 5 of 10"),
        (&member, "!color grey", "red"),
        (&member, "!about mod", "About mod"),
        (&member, "!about", "Joined"),
    ] {
        let answer = bot.ask(who, line).await.text();
        assert!(
            answer.contains(expected),
            "{}: {line}: {answer}, and not {expected}",
            who.name()
        );
    }
    // The same by slash.
    let registered = bot.sandbox.commands_registered("color", PATIENCE);
    registered.await.unwrap();
    let options = [("colour", json!("red"))];
    let asked = member.slash("general", "color", &options).await.unwrap();
    let card = member.expects_reply_to(&asked).await.unwrap();
    assert!(card.text().contains("Red"), "{}", card.text());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_banned_by_the_pages_plugin_is_told_why() {
    let bot = bot(Clock::default(), "").await;
    let bot = bot
        .restart_after(async |stopped| {
            let guild = stopped.sandbox.guild_id();
            stopped.sandbox.change_world(|world| {
                let captain = world.add_role(guild, "Captain", Permissions::BAN_MEMBERS);
                for name in ["first", "second"] {
                    let user = world.add_user(name);
                    world.add_member(guild, user, &[captain]);
                }
            });
        })
        .await;
    let (first, member) = (bot.sandbox.actor("first").unwrap(), bot.member());
    let equal = bot.ask(&first, "!banish second").await.text();
    assert!(equal.contains("is not below yours"), "{equal}");
    let refused = bot.ask(&member, "!banish first").await.text();
    assert!(refused.contains("Ban Members"), "{refused}");
    let banned = bot.ask(&first, "!banish member shouts all day").await;
    assert!(
        banned.text().contains("shouts all day"),
        "{}",
        banned.text()
    );
    let told = member.expects("dm", "You were banned").await.unwrap();
    assert!(told.text().contains("shouts all day"), "{}", told.text());
    assert!(member.says("general", "I am back").await.is_err());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_report_comes_each_hour_with_the_bots_figures() {
    let clock = Clock::paused(1_800_000_000_000);
    let bot = bot(clock.clone(), GRANTS).await;
    let general = bot.sandbox.channel_id("general").unwrap();
    let config = format!("{GRANTS}[plugins.reports]\nreports_channel = \"{general}\"\n");
    let bot = bot.reconfigured(&config).await;
    bot.until_content_is_seen().await;
    let member = bot.member();
    bot.ask(&member, "!described").await;
    clock.set(1_800_000_000_000 + 2 * 3_600_000);
    let report = member.expects("general", "Hourly report").await.unwrap();
    let text = report.text();
    assert!(
        text.contains("Messages seen: ") && text.contains("Commands: 1"),
        "{text}"
    );
    bot.close().await;
}
