//! Tests of strict hand-over: it waits for the handlers that run, and for those alone; what comes meanwhile counts.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// Its handlers run for as long as the test wants.
const CAREFUL: &str = r#"//! Hands over when no handler runs.
use std::{cell::Cell, path::Path, time::Duration};

use plugin_api::prelude::*;

export_plugin!(|| Plugin::with_state(|_host| async { Ok(Cell::new(0_u32)) })
    .strict_handoff()
    .command(Command::new("hold", "Counts when a file appears").option(CommandOption::string("place", "Where").required()).run(hold))
    .command(Command::new("question", "Asks in the background").run(question))
    .command(Command::new("value", "Tells").run(|ctx: CommandContext<Cell<u32>>| async move {
        let value = ctx.state().get();
        ctx.reply(format!("{value}")).await
    }))
    .on_save(|value| State::new(1, &value.get()))
    .on_restore(|value, saved| { value.set(saved.read()?); Ok(()) }));

async fn hold(ctx: CommandContext<Cell<u32>>) -> Result {
    let place: String = ctx.option("place")?;
    std::fs::write(format!("{place}.begun"), "")?;
    while !Path::new(&place).exists() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    ctx.state().set(ctx.state().get() + 1);
    ctx.reply("held").await
}

async fn question(ctx: CommandContext<Cell<u32>>) -> Result {
    let host = ctx.host().clone();
    host.spawn(async move { ctx.confirm("Really?").await.map(drop) });
    Ok(())
}
"#;

async fn careful() -> Fixture {
    let library = fixtures::plugin("careful", "strict", "0.1.0", "", CAREFUL);
    let config = "[extensions]\nsave_timeout_ms = 60000\nstop_timeout_ms = 60000";
    // With the last prefix command the bot would give up its right to read messages.
    let bot = Fixture::configured(&["hello"], config).await;
    bot.drop_in(&library, "careful");
    bot.until_generation("careful", 1).await;
    bot
}

/// A handler runs from here on, until its place appears.
async fn hold(bot: &Fixture, name: &str) -> PathBuf {
    let place = bot.folder.path().join(name);
    let line = format!("!hold {}", place.display());
    bot.member().says("general", &line).await.unwrap();
    until("it runs", || place.with_extension("begun").exists()).await;
    place
}

async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn release(place: &Path) {
    std::fs::write(place, "").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_a_background_task_lets_no_save_pass_a_handler() {
    let bot = careful().await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!question").await.content, "Really?");
    let place = hold(&bot, "place").await;
    let plugins = Arc::clone(bot.plugins());
    let reload = tokio::spawn(async move { plugins.reload("careful").await });
    // Its copy is there before the old generation is asked for its state, which it has a moment to give too early.
    let shadow = bot.folder.path().join("data/shadow");
    until("the next generation is opened", || {
        let files = std::fs::read_dir(&shadow).unwrap().flatten();
        files
            .filter(|it| it.file_name().to_string_lossy().starts_with("careful-2-"))
            .count()
            > 0
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!reload.is_finished());
    release(&place);
    reload.await.unwrap().unwrap();
    assert_eq!(bot.ask(&member, "!value").await.content, "1");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependent_that_comes_while_the_state_is_saved_is_not_left_without_what_it_needs() {
    let follower = fixtures::plugin(
        "follower",
        "needs-careful",
        "0.1.0",
        "",
        "//! Needs careful.\nuse plugin_api::prelude::*;\n\
         export_plugin!(|| Plugin::new().depends_on(\"careful\"));\n",
    );
    let bot = careful().await;
    for force in [false, true] {
        let place = hold(&bot, if force { "with_force" } else { "without" }).await;
        let plugins = Arc::clone(bot.plugins());
        let unload = tokio::spawn(async move { plugins.unload("careful", force).await });
        until("it is on its way out", || {
            bot.plugins().late().contains("careful")
        })
        .await;
        if force {
            // It was unloaded by hand: that it comes back is asked for as well.
            bot.plugins().load("follower").await.unwrap();
        } else {
            bot.drop_in(&follower, "follower");
            bot.until_generation("follower", 1).await;
        }
        release(&place);
        let done = unload.await.unwrap();
        if force {
            assert!(done.unwrap().unmapped);
            let loaded = bot.plugins().status();
            let loaded = loaded.iter().filter(|it| it.serving.is_some());
            let names: Vec<_> = loaded.map(|it| &*it.plugin).collect();
            assert_eq!(names, ["hello"]);
        } else {
            let error = done.unwrap_err().to_string();
            assert_eq!(
                error,
                "`careful` is needed by `follower`; unload them first"
            );
            // It serves on, with what was counted meanwhile.
            assert_eq!(bot.ask(&bot.member(), "!value").await.content, "1");
            bot.plugins().unload("follower", false).await.unwrap();
        }
    }
    bot.close().await;
}
