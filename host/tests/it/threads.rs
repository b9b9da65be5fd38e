//! Tests of commands in threads and in forum posts: what they are below counts, and a right of their own to write.

use std::{path::PathBuf, sync::OnceLock};

use sandbox::Actor;
use serde_json::json;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Commands for adults, and for those who may write.
use plugin_api::prelude::*;

export_plugin!(|| {
    let say = |text: &'static str| move |ctx: CommandContext| async move { ctx.reply(text).await };
    Plugin::new()
        .command(Command::new("late", "For adults").age_restricted().run(say("it is late")))
        .command(Command::new("speak", "For those who may write").permissions(Permissions::SEND_MESSAGES).run(say("spoken")))
        .command(Command::new("tell", "Where the bot may write").bot_permissions(Permissions::SEND_MESSAGES).run(say("told")))
});
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("places", "threads", "0.1.0", "", SOURCE))
        .clone()
}

/// A bot with these commands in a server with a text channel and a forum that are age-restricted (`bar`, `cellar`), and with two
/// places where everyone may write in threads alone (`readers`, `shelf`).
async fn bot() -> Fixture {
    let library = library();
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library, "places");
    bot.until_generation("places", 1).await;
    let bot = bot
        .restart_after(async |stopped| {
            let (guild, bot) = (stopped.sandbox.guild_id(), stopped.sandbox.application_id());
            stopped.sandbox.change_world(|world| {
                for place in [
                    world.add_channel(guild, "bar"),
                    world.add_forum(guild, "cellar"),
                ] {
                    world.allow(place, bot, Permissions::MANAGE_CHANNELS);
                }
                let shelf = world.add_forum(guild, "shelf");
                let readers = world.add_channel(guild, "readers");
                let reader = world.add_user("reader");
                world.add_member(guild, reader, &[]);
                for place in [shelf, readers] {
                    world.deny(place, reader, Permissions::SEND_MESSAGES);
                    world.allow(place, reader, Permissions::SEND_MESSAGES_IN_THREADS);
                }
                // And one where it is the other way round.
                let silent = world.add_channel(guild, "silent");
                world.allow(silent, reader, Permissions::SEND_MESSAGES);
                world.deny(silent, reader, Permissions::SEND_MESSAGES_IN_THREADS);
            });
        })
        .await;
    bot.until_generation("places", 1).await;
    for command in ["late", "speak", "tell"] {
        bot.sandbox
            .commands_registered(command, PATIENCE)
            .await
            .unwrap();
    }
    for name in ["bar", "cellar"] {
        age_restrict(&bot, name, true).await;
    }
    bot
}

async fn age_restrict(bot: &Fixture, channel: &str, is: bool) {
    let path = format!("channels/{}", bot.sandbox.channel_id(channel).unwrap());
    let discord = &bot.bot.services().discord;
    let body = json!({"nsfw": is});
    discord.json("PATCH", path, &body, false).await.unwrap();
}

/// The answer to a slash command.
async fn used(who: &Actor, place: &str, command: &str) -> String {
    let asked = who.slash(place, command, &[]).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap().text()
}

/// The answer to a prefix command.
async fn said(who: &Actor, place: &str, text: &str) -> String {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap().text()
}

#[tokio::test(flavor = "multi_thread")]
async fn below_an_age_restricted_channel_a_command_for_adults_is_allowed_as_discord_allows_it() {
    let bot = bot().await;
    let member = bot.member();
    member.starts_thread("bar", "counter talk").await.unwrap();
    member.posts("cellar", "old bottles", "Port").await.unwrap();
    member.starts_thread("general", "small talk").await.unwrap();
    for place in ["bar", "counter talk", "old bottles"] {
        assert_eq!(used(&member, place, "late").await, "it is late", "{place}");
        assert_eq!(said(&member, place, "!late").await, "it is late", "{place}");
    }
    for place in ["general", "small talk"] {
        let refused = said(&member, place, "!late").await;
        assert!(
            refused.contains("works in age-restricted channels only"),
            "{place}: {refused}"
        );
    }
    // The channel above changes, and what is below goes with it.
    age_restrict(&bot, "bar", false).await;
    let refused = said(&member, "counter talk", "!late").await;
    assert!(refused.contains("age-restricted"), "{refused}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_threads_and_posts_the_right_to_send_in_threads_stands_for_the_right_to_send() {
    let bot = bot().await;
    let (owner, reader) = (bot.owner(), bot.sandbox.actor("reader").unwrap());
    // Discord shows it to everyone, by the server's own settings: whether it may be used is the bot's to say.
    owner
        .overrides_command("Sandbox", "speak", "@everyone", true)
        .unwrap();
    owner.starts_thread("readers", "a chapter").await.unwrap();
    owner.posts("shelf", "a book", "Read it").await.unwrap();
    owner.starts_thread("silent", "a whisper").await.unwrap();
    for place in ["a chapter", "a book"] {
        assert_eq!(used(&reader, place, "speak").await, "spoken", "{place}");
        assert_eq!(said(&reader, place, "!speak").await, "spoken", "{place}");
        assert_eq!(used(&reader, place, "tell").await, "told", "{place}");
    }
    // Who may not write can still use slash commands.
    for (place, may) in [("readers", false), ("silent", true), ("a whisper", false)] {
        let answer = used(&reader, place, "speak").await;
        let expect = if may { "spoken" } else { "Send Messages" };
        assert!(answer.contains(expect), "{place}: {answer}");
    }
    bot.close().await;
}
