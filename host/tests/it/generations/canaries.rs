//! Canaries: a newer file of a plugin serves chosen servers first, then all, or none again.

use std::{collections::HashMap, fs, path::PathBuf};

use plugin_api::twilight_model::guild::Permissions;
use sandbox::Actor;
use tokio::sync::watch;

use super::told;
use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// A pot of which a version says what it is. `spill` and `leave` do in the bad one what they are called.
fn pot(version: &str, is_bad: bool, declared: &str) -> PathBuf {
    let (spill, leave) = match is_bad {
        true => (
            "Err(Error::new(\"the pot broke\"))",
            "ctx.reply(\"goodbye\").await?; std::process::exit(3)",
        ),
        false => (
            "ctx.reply(\"spills nothing\").await",
            "ctx.reply(\"stays\").await",
        ),
    };
    let source = format!(
        "//! A pot.\nuse std::cell::Cell;\n\nuse plugin_api::prelude::*;\n\n\
         export_plugin!(|| Plugin::with_state(|_host| async {{ Ok(Cell::new(0_u64)) }}){declared}\n    \
         .command(Command::new(\"brew\", \"Counts\").run(brew))\n    \
         .command(Command::new(\"spill\", \"Spills\").run(spill))\n    \
         .command(Command::new(\"leave\", \"Leaves\").run(leave))\n    \
         .command(Command::new(\"pour\", \"Pours\").run(pour))\n    \
         .component(\"drink\", |ctx: ComponentContext<Cell<u64>>| async move {{ ctx.reply(\"drunk {version}\").await }})\n    \
         .on_save(|count| State::new(1, &count.get()))\n    \
         .on_restore(|count, saved| {{ count.set(saved.read()?); Ok(()) }}));\n\n\
         async fn brew(ctx: CommandContext<Cell<u64>>) -> Result {{\n    \
         ctx.state().set(ctx.state().get() + 1);\n    \
         ctx.reply(format!(\"{version} counts {{}}\", ctx.state().get())).await\n}}\n\n\
         #[allow(unused_variables)]\nasync fn spill(ctx: CommandContext<Cell<u64>>) -> Result {{ {spill} }}\n\n\
         #[allow(unreachable_code)]\nasync fn leave(ctx: CommandContext<Cell<u64>>) -> Result {{ {leave} }}\n\n\
         async fn pour(ctx: CommandContext<Cell<u64>>) -> Result {{\n    \
         let drink = button(\"Drink\", ctx.custom_id(\"drink\", \"\")?);\n    \
         ctx.reply(NewMessage::from(\"Tea\").row([drink])).await\n}}\n"
    );
    let tag = format!("canary-{}-{is_bad}", version.replace('.', "-"));
    fixtures::plugin("pot", &tag, version, "", &source)
}

fn present() -> PathBuf {
    pot("1.0.0", false, "")
}

fn newer() -> PathBuf {
    pot("1.1.0", true, "")
}

/// The first pot serves, in a bot that is in two servers: #general is a channel of one, #docks of the other, Harbour.
async fn bot(config: &str) -> Fixture {
    let bot = Fixture::configured(&[], config).await;
    bot.drop_in(&present(), "pot");
    bot.until_generation("pot", 1).await;
    let bot = bot
        .restart_after(async |stopped| stopped.add_harbour(Permissions::empty()))
        .await;
    bot.until_generation("pot", 1).await;
    bot.until_content_is_seen().await;
    bot
}

/// Puts a file beside that of the pot.
fn put_beside(bot: &Fixture, file: &std::path::Path) {
    fs::copy(file, beside(bot)).unwrap();
}

fn beside(bot: &Fixture) -> PathBuf {
    bot.extensions().join("libpot.so.canary")
}

fn harbour(bot: &Fixture) -> u64 {
    let found = bot
        .sandbox
        .change_world(|world| world.guild_named("Harbour"));
    found.unwrap()
}

/// What somebody is told in a channel.
async fn said(who: &Actor, channel: &str, line: &str) -> String {
    let sent = who.says(channel, line).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap().text()
}

async fn begins(bot: &Fixture) -> String {
    told(bot, &format!("!reload pot canary {}", harbour(bot))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_serves_its_servers_alone_until_it_is_taken_back_or_promoted() {
    let bot = bot("").await;
    let (member, owner) = (bot.member(), bot.owner());
    assert_eq!(said(&member, "general", "!brew").await, "1.0.0 counts 1");
    assert_eq!(said(&member, "docks", "!brew").await, "1.0.0 counts 2");
    put_beside(&bot, &newer());
    let begun = begins(&bot).await;
    assert!(
        begun.starts_with("Canary serves")
            && begun.contains("version 1.1.0 (generation 2, `")
            && begun.contains("in 1 server, since "),
        "{begun}"
    );
    // It began with a copy of the state, and each goes on with its own.
    assert_eq!(said(&member, "docks", "!brew").await, "1.1.0 counts 3");
    assert_eq!(said(&member, "docks", "!brew").await, "1.1.0 counts 4");
    assert_eq!(said(&member, "general", "!brew").await, "1.0.0 counts 3");
    for (channel, version) in [("docks", "1.1.0"), ("general", "1.0.0")] {
        let sent = member.says(channel, "!pour").await.unwrap();
        let shown = member.expects_reply_to(&sent).await.unwrap();
        let click = member.clicks_on(&shown, "Drink").await.unwrap();
        let drunk = member.expects_reply_to(&click).await.unwrap();
        assert_eq!(drunk.content, format!("drunk {version}"), "{channel}");
    }
    let all = told(&bot, "!extensions").await;
    assert!(
        all.contains("canary: version 1.1.0") && all.contains("version 1.0.0 · generation 1"),
        "{all}"
    );
    let shown = told(&bot, "!reload pot canary").await;
    assert!(
        shown.contains("Harbour (") && shown.contains(" handled, 0 failed"),
        "{shown}"
    );
    // A server more.
    let more = said(&owner, "general", "!reload pot canary here").await;
    assert!(more.contains("in 2 servers"), "{more}");
    assert_eq!(said(&member, "general", "!brew").await, "1.1.0 counts 5");

    let back = told(&bot, "!reload pot canary back").await;
    assert!(back.starts_with("Canary taken back"), "{back}");
    assert_eq!(said(&member, "docks", "!brew").await, "1.0.0 counts 4");
    assert!(!told(&bot, "!extensions").await.contains("canary"));

    begins(&bot).await;
    assert_eq!(said(&member, "docks", "!brew").await, "1.1.0 counts 5");
    let promoted = told(&bot, "!reload pot canary promote").await;
    assert!(
        promoted.starts_with("Promoted")
            && promoted.contains("version 1.1.0 · generation 4")
            && promoted.contains("all go on with the state of the generation before"),
        "{promoted}"
    );
    assert_eq!(said(&member, "general", "!brew").await, "1.1.0 counts 5");
    assert_eq!(said(&member, "docks", "!brew").await, "1.1.0 counts 6");
    assert!(!beside(&bot).exists());
    let file = bot.extensions().join("libpot.so");
    assert_eq!(fs::read(&file).unwrap(), fs::read(newer()).unwrap());
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    // What it replaced can be brought back.
    let back = told(&bot, "!rollback pot").await;
    assert!(back.contains("version 1.0.0"), "{back}");
    let bot = bot.restart().await;
    assert_eq!(
        said(&bot.member(), "docks", "!brew").await,
        "1.0.0 counts 7"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_fails_too_often_or_ends_is_taken_back_and_the_owner_is_told() {
    let bot = bot("").await;
    let general = bot.sandbox.channel_id("general").unwrap();
    let bot = bot
        .reconfigured(&format!("[alerts]\nchannel_id = {general}\n"))
        .await;
    let (member, owner) = (bot.member(), bot.owner());
    put_beside(&bot, &newer());
    begins(&bot).await;
    let alert = async |after: u64, why: &'static str| {
        let is_it = move |message: &sandbox::MessageView| {
            message.id > after
                && message
                    .content
                    .contains("The canary of `pot` was taken back: ")
                && message.content.contains(why)
        };
        owner.expects_where("general", why, is_it).await.unwrap()
    };
    // Those of the others do not count.
    for _ in 0..5 {
        said(&member, "general", "!brew").await;
    }
    let mut last = member.says("docks", "!spill").await.unwrap();
    for _ in 0..9 {
        let failed = member.expects_reply_to(&last).await.unwrap();
        assert!(!failed.content.contains("spills nothing"), "{failed:?}");
        last = member.says("docks", "!spill").await.unwrap();
    }
    let told_of = alert(0, " of 10 failed within ten minutes").await;
    assert!(
        told_of
            .content
            .contains("(`extensions.canary_failure_percent`)")
            && told_of
                .content
                .contains("Generation 1 serves all servers again."),
        "{told_of:?}"
    );
    assert_eq!(said(&member, "docks", "!spill").await, "spills nothing");

    // One that ends: what it had begun is lost, and no more.
    begins(&bot).await;
    member.says("docks", "!leave").await.unwrap();
    alert(told_of.id, "").await;
    assert_eq!(said(&member, "docks", "!leave").await, "stays");
    assert!(beside(&bot).exists(), "its file stays");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_does_not_fit_changes_nothing_and_says_why() {
    let bot = bot("").await;
    let member = bot.member();
    said(&member, "docks", "!brew").await;
    let here = harbour(&bot);
    let none = begins(&bot).await;
    assert!(
        none.contains("there is no newer file of it") && none.contains("libpot.so.canary"),
        "{none}"
    );
    let scope = ".migration(1, Scope::Bot, \"CREATE TABLE pot__cups (name TEXT)\")";
    let broken = bot.folder.path().join("broken.so");
    fs::write(&broken, "no plugin").unwrap();
    for (file, why) in [
        (super::tea(), "holds `tea`"),
        (fixtures::example("hello"), "holds `hello`"),
        (pot("1.2.0", false, scope), "its migrations differ"),
        (
            pot(
                "1.3.0",
                false,
                ".command(Command::new(\"sip\", \"Sips\").run(brew))",
            ),
            "`sip` can be used when it is promoted",
        ),
        (broken, "is a text file"),
    ] {
        let fits = why.contains("promoted");
        put_beside(&bot, &file);
        let answer = begins(&bot).await;
        assert!(answer.contains(why), "{file:?}: {answer}");
        let title = if fits { "Canary serves" } else { "No canary" };
        assert!(answer.starts_with(title), "{file:?}: {answer}");
    }
    told(&bot, "!reload pot canary back").await;
    put_beside(&bot, &newer());
    for (line, why) in [
        ("!reload pot canary 4711", "he bot is not in 4711"),
        ("!reload pot canary everywhere", "no id of a server"),
        ("!reload pots canary 4711", "he bot is not in 4711"),
        (
            "!reload pot canary promote",
            "has no canary: `reload pot canary SERVER` begins one",
        ),
        (
            "!reload pot canary back",
            "has no canary: `reload pot canary SERVER` begins one",
        ),
        ("!reload pot canary", "reload NAME canary [SERVER… |"),
    ] {
        let refused = told(&bot, line).await;
        assert!(refused.contains(why), "{line}: {refused}");
    }
    let unknown = told(&bot, &format!("!reload pots canary {here}")).await;
    assert!(unknown.contains("did you mean `pot`?"), "{unknown}");
    assert_eq!(said(&member, "docks", "!brew").await, "1.0.0 counts 2");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_takes_the_plugins_place_ends_its_canary() {
    let bot = bot("").await;
    let member = bot.member();
    put_beside(&bot, &newer());
    begins(&bot).await;
    assert_eq!(said(&member, "docks", "!brew").await, "1.1.0 counts 1");
    told(&bot, "!reload pot").await;
    assert_eq!(said(&member, "docks", "!brew").await, "1.0.0 counts 1");
    begins(&bot).await;
    told(&bot, "!reload all").await;
    assert_eq!(said(&member, "docks", "!brew").await, "1.0.0 counts 2");
    begins(&bot).await;
    let gone = told(&bot, "!unload pot").await;
    assert!(gone.starts_with("Unloaded"), "{gone}");
    told(&bot, "!load pot").await;
    assert_eq!(said(&member, "docks", "!brew").await, "1.0.0 counts 3");
    // A restart goes on with the file in the plugin's place.
    begins(&bot).await;
    assert_eq!(said(&member, "docks", "!brew").await, "1.1.0 counts 4");
    let bot = bot.restart().await;
    let member = bot.member();
    assert_eq!(said(&member, "docks", "!brew").await, "1.0.0 counts 4");
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_answered_twice_while_canaries_come_and_go() {
    // A busy machine is not what is told of here.
    let patient = "[extensions]\nprobe_timeout_ms = 60000\nstart_timeout_ms = 60000\nsave_timeout_ms = 60000\n";
    let bot = bot(patient).await;
    put_beside(&bot, &newer());
    let (stop, stopped) = watch::channel(false);
    let clients = ["general", "docks", "docks"].map(|channel| {
        let (member, stopped) = (bot.member(), stopped.clone());
        tokio::spawn(async move {
            let mut asked = Vec::new();
            while !*stopped.borrow() {
                let sent = member.says(channel, "!brew").await.unwrap();
                member.expects_reply_to(&sent).await.unwrap();
                asked.push(sent.id);
            }
            asked
        })
    });
    let servers = std::collections::BTreeSet::from([harbour(&bot)]);
    let plugins = bot.plugins();
    for turn in 0..12 {
        plugins.begin_canary("pot", servers.clone()).await.unwrap();
        match turn % 3 {
            0 => drop(plugins.take_canary_back("pot").await.unwrap()),
            1 => drop(plugins.reload("pot").await.unwrap()),
            _ => {
                drop(plugins.promote_canary("pot").await.unwrap());
                let file = match turn % 2 {
                    0 => present(),
                    _ => newer(),
                };
                put_beside(&bot, &file);
            }
        }
    }
    stop.send(true).unwrap();
    let mut asked = Vec::new();
    for client in clients {
        asked.extend(
            tokio::time::timeout(PATIENCE, client)
                .await
                .unwrap()
                .unwrap(),
        );
    }
    let mut answers = HashMap::<u64, Vec<String>>::new();
    for channel in ["general", "docks"] {
        for message in bot.owner().messages(channel) {
            if let Some(to) = message.reply_to {
                answers.entry(to).or_default().push(message.content.clone());
            }
        }
    }
    assert!(!asked.is_empty());
    for id in &asked {
        let answer = answers.get(id).map_or(&[][..], Vec::as_slice);
        assert!(
            matches!(answer, [one] if one.contains(" counts ")),
            "message {id} was answered by {answer:?}"
        );
    }
    bot.close().await;
}
