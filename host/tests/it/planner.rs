//! Tests of the command planner: more commands than Discord accepts; and the requests that bring it to what is loaded.

use std::{fs, path::PathBuf, sync::OnceLock, time::SystemTime};

use sandbox::{Crossing, Way};
use serde_json::{Value, json};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// 120 commands, two of them in a group, one private; and 17 context menus.
const SOURCE: &str = r#"//! Declares more commands than Discord accepts.
use plugin_api::prelude::*;

export_plugin!(|| {
    let mut plugin = Plugin::new()
        .command(Command::group("tag", "Texts").command(Command::group("admin", "For some").command(
            Command::new("clear", "Clears").run(|ctx| async move { ctx.reply(ctx.command()).await }),
        )))
        .command(
            Command::new("secret", "Answers in private")
                .ephemeral()
                .option(CommandOption::string("text", "What").required())
                .run(|ctx| async move { ctx.reply(format!("psst: {}", ctx.option::<String>("text")?)).await }),
        )
        .command(
            Command::new("typed", "By slash alone").slash_only().run(|ctx| async move { ctx.reply("typed").await }),
        );
    for number in 0..117 {
        plugin = plugin.command(
            Command::new(format!("c{number}"), "Says its name").run(|ctx| async move { ctx.reply(ctx.command()).await }),
        );
    }
    for number in 0..17 {
        plugin = plugin.command(Command::user_menu(format!("Menu {number:02}")).run(|ctx| async move {
            let target = ctx.option::<Id<marker::UserMarker>>("target")?;
            ctx.reply(format!("{} on {target}", ctx.command())).await
        }));
    }
    plugin
});
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("crowd", "of-commands", "0.1.0", "", SOURCE))
        .clone()
}

/// The requests about commands, from a crossing on: `GET 200`, `PUT 200`.
fn requests(bot: &Fixture, from: u64) -> Vec<String> {
    let traffic = bot.sandbox.traffic();
    let about = |crossing: &&Crossing| {
        crossing.way == Way::Rest
            && crossing.number >= from
            && crossing.what.contains("/applications/")
            && crossing.what.contains("/commands")
            // The owners' group is no part of the plan.
            && !crossing.what.contains("/guilds/")
    };
    let line = |crossing: &Crossing| {
        let method = crossing.what.split(' ').next().unwrap_or_default();
        format!("{method} {}", crossing.status.unwrap_or_default())
    };
    traffic.iter().filter(about).map(line).collect()
}

fn next_crossing(bot: &Fixture) -> u64 {
    bot.sandbox
        .traffic()
        .last()
        .map_or(0, |last| last.number + 1)
}

pub async fn until_registered(bot: &Fixture, wanted: impl Fn(&[String]) -> bool) {
    // By the bot's own answer: `sync` waits for what is under way.
    let owner = bot.owner();
    let mention = format!("<@{}> sync", bot.sandbox.application_id());
    tokio::time::timeout(PATIENCE, async {
        while !wanted(&bot.sandbox.commands()) {
            bot.ask(&owner, &mention).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("registered are {:?}", bot.sandbox.commands()));
}

fn has(name: &str) -> impl Fn(&[String]) -> bool {
    move |names| names.iter().any(|known| known == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_hundred_commands_all_work_in_groups_and_are_ungrouped_again() {
    let bot = Fixture::with(&["hello", "settings", "slashlimit"]).await;
    bot.sandbox
        .commands_registered("hello", PATIENCE)
        .await
        .unwrap();
    let from = next_crossing(&bot);
    bot.drop_in(&library(), "crowd");
    bot.sandbox
        .commands_registered("crowd", PATIENCE)
        .await
        .unwrap();
    assert_eq!(requests(&bot, from), ["GET 200", "PUT 200"]);
    let names = bot.sandbox.commands();
    assert!(names.len() <= 100 + 15 && has("hello")(&names), "{names:?}");

    let (member, owner) = (bot.member(), bot.owner());
    let listed = bot.ask(&owner, "!slashlimit").await.text();
    assert!(listed.contains("grouped"), "{listed}");
    // Every one of the loop's commands, by the name that it has now.
    let mut seen = 0;
    for number in 0..117 {
        let path = format!("c{number}");
        let mut found = None;
        for group in ["crowd", "crowd-2", "crowd-3", "crowd-4", "crowd-5"] {
            if let Ok(asked) = member
                .slash("general", &format!("{group} {path}"), &[])
                .await
            {
                found = Some(asked);
                break;
            }
        }
        let asked = found.unwrap_or_else(|| panic!("{path} is registered nowhere"));
        assert_eq!(member.expects_reply_to(&asked).await.unwrap().content, path);
        seen += 1;
    }
    assert_eq!(seen, 117);
    private_answers_stay_private(&bot).await;

    let from = next_crossing(&bot);
    bot.ask(&owner, "!unload crowd").await;
    until_registered(&bot, |names| {
        has("slashlimit")(names) && !has("crowd")(names)
    })
    .await;
    assert_eq!(requests(&bot, from)[..2], ["GET 200", "PUT 200"]);
    let asked = member.slash("general", "hello", &[]).await.unwrap();
    assert_eq!(
        member.expects_reply_to(&asked).await.unwrap().content,
        "Hello, member!"
    );
    bot.close().await;
}

async fn private_answers_stay_private(bot: &Fixture) {
    let member = bot.member();
    let text = [("text", json!("tea"))];
    for group in ["crowd", "crowd-2", "crowd-3", "crowd-4", "crowd-5"] {
        if let Ok(asked) = member
            .slash("general", &format!("{group} secret"), &text)
            .await
        {
            let answer = member.expects_reply_to(&asked).await.unwrap();
            assert!(
                answer.ephemeral && answer.content == "psst: tea",
                "{answer:?}"
            );
            let others = bot.owner().messages("general");
            assert!(
                others
                    .iter()
                    .all(|message| !message.content.contains("psst"))
            );
            return;
        }
    }
    panic!(
        "`secret` is registered nowhere: {:?}",
        bot.sandbox.commands()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn context_menus_without_room_are_picked_from_a_list() {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library(), "crowd");
    bot.sandbox
        .commands_registered("crowd", PATIENCE)
        .await
        .unwrap();
    let member = bot.member();
    let used = member
        .uses_on_user("general", "Menu 03", "owner")
        .await
        .unwrap();
    let text = |menu: &str| format!("{menu} on {}", bot.owner().id());
    assert_eq!(
        member.expects_reply_to(&used).await.unwrap().content,
        text("Menu 03")
    );
    let used = member
        .uses_on_user("general", "More…", "owner")
        .await
        .unwrap();
    let list = member.expects_reply_to(&used).await.unwrap();
    assert!(list.ephemeral);
    let picked = member.picks("Which one?", &["Menu 16"]).await.unwrap();
    assert_eq!(
        member.expects_reply_to(&picked).await.unwrap().content,
        text("Menu 16")
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_when_nothing_has_changed_and_one_change_is_one_request() {
    let bot = Fixture::with(&["hello"]).await;
    bot.sandbox
        .commands_registered("hello", PATIENCE)
        .await
        .unwrap();
    // Behind what is under way.
    bot.ask(&bot.owner(), "!sync").await;
    let from = next_crossing(&bot);
    let bot = bot.restart().await;
    let owner = bot.owner();
    // The restarted bot has come to rest when its own `sync` is through, which looks and finds nothing to change.
    let answer = bot.ask(&owner, "!sync").await.text();
    assert!(answer.contains("unchanged"), "{answer}");
    assert_eq!(requests(&bot, from), ["GET 200"]);
    let from = next_crossing(&bot);
    bot.ask(&owner, "!unload hello").await;
    until_registered(&bot, |names| !has("hello")(names)).await;
    assert_eq!(requests(&bot, from)[..2], ["GET 200", "DELETE 204"]);
    let from = next_crossing(&bot);
    let mention = format!("<@{}> load hello", bot.sandbox.application_id());
    bot.ask(&owner, &mention).await;
    until_registered(&bot, has("hello")).await;
    assert_eq!(requests(&bot, from)[..2], ["GET 200", "POST 201"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_discord_refuses_is_left_out_alone() {
    // Discord accepts lengths up to 6,000; nothing of ours looks at that.
    let source = r#"//! Two commands, one of which Discord does not take.
use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("good", "Is taken").run(|ctx| async move { ctx.reply("good").await }))
        .command(
            Command::new("bad", "Is not")
                .option(CommandOption::string("text", "What").max(9000))
                .run(|ctx| async move { ctx.reply("bad").await }),
        )
});
"#;
    let library = fixtures::plugin("half", "refused", "0.1.0", "", source);
    let bot = Fixture::with(&["settings"]).await;
    bot.sandbox
        .commands_registered("settings", PATIENCE)
        .await
        .unwrap();
    bot.drop_in(&library, "half");
    bot.sandbox
        .commands_registered("good", PATIENCE)
        .await
        .unwrap();
    assert!(!has("bad")(&bot.sandbox.commands()));
    bot.until_content_is_seen().await;
    let answer = bot.ask(&bot.owner(), "!sync").await.text();
    assert!(
        answer.contains("`bad`: Discord refused it: options.0.max_length"),
        "{answer}"
    );
    assert_eq!(bot.ask(&bot.member(), "!bad").await.content, "bad");
    let from = next_crossing(&bot);
    let bot = bot.restart().await;
    bot.ask(&bot.owner(), "!sync").await;
    assert_eq!(requests(&bot, from), ["GET 200"], "it is not tried again");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_more_can_be_created_today_the_rest_comes_later() {
    let bot = Fixture::with(&["hello"]).await;
    bot.sandbox
        .commands_registered("hello", PATIENCE)
        .await
        .unwrap();
    let bot = created_today(bot, 199).await;
    bot.drop_in(&fixtures::example("echo"), "echo");
    bot.until_generation("echo", 1).await;
    let answer = bot.ask(&bot.owner(), "!sync").await.text();
    assert!(answer.contains("Later"), "{answer}");
    let new = |bot: &Fixture| {
        let names = bot.sandbox.commands().into_iter();
        names
            .filter(|name| ["echo", "letter", "whisper"].contains(&&**name))
            .count()
    };
    assert_eq!(new(&bot), 1);
    // A day later.
    let bot = created_today(bot, 0).await;
    bot.sandbox
        .commands_registered("whisper", PATIENCE)
        .await
        .unwrap();
    assert_eq!(new(&bot), 3);
    bot.close().await;
}

/// Starts the bot again, and lets it believe that it has created so many commands today.
async fn created_today(bot: Fixture, count: usize) -> Fixture {
    bot.ask(&bot.owner(), "!sync").await;
    let path = bot.folder.path().join("data/registered_commands");
    let mut memory: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    memory["creates_s"] = json!({"global": vec![now.as_secs(); count]});
    fs::write(&path, memory.to_string()).unwrap();
    bot.restart().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_server_has_them_alone() {
    let bot = Fixture::with(&["hello", "settings"]).await;
    bot.sandbox
        .commands_registered("hello", PATIENCE)
        .await
        .unwrap();
    let guild = bot.sandbox.guild_id();
    let bot = bot
        .reconfigured(&format!("[commands]\ndevelopment_guild = {guild}"))
        .await;
    bot.ask(&bot.owner(), "!sync").await;
    let traffic = bot.sandbox.traffic();
    let put = |path: String| {
        let last = traffic.iter().rfind(|crossing| crossing.what == path);
        last.map(|crossing| crossing.body.as_array().map_or(0, Vec::len))
    };
    let application = bot.sandbox.application_id();
    let everywhere = put(format!("PUT /applications/{application}/commands"));
    assert_eq!(everywhere, Some(0));
    let there = put(format!(
        "PUT /applications/{application}/guilds/{guild}/commands"
    ));
    // The owners' group, which was registered there by itself, is still there.
    assert!(there >= Some(2), "{there:?}");
    let owner = bot.owner();
    let asked = owner
        .slash("general", "cogwright extensions", &[])
        .await
        .unwrap();
    let listed = owner.expects_reply_to(&asked).await.unwrap().text();
    assert!(listed.contains("2 loaded"), "{listed}");
    let member = bot.member();
    let asked = member.slash("general", "hello", &[]).await.unwrap();
    assert_eq!(
        member.expects_reply_to(&asked).await.unwrap().content,
        "Hello, member!"
    );
    bot.close().await;
}
