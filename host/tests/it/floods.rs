//! A plugin that makes more host calls than anybody can serve, and the others beside it.

use std::{path::PathBuf, sync::OnceLock};

use crate::{
    fixtures,
    process::Process,
    support::{Fixture, PATIENCE},
};

/// Asks for more than its share, in one way or the other.
const FLOODER: &str = r##"//! Floods.
use std::{task::Poll, time::Duration};
use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("occupy", "Calls a function of the bystander, over and over").run(occupy))
        .command(Command::new("gorge", "Reads a large file often, and takes no answers").run(gorge))
        .command(Command::new("many", "Makes more calls at once than may be open").run(many))
});

async fn occupy(ctx: CommandContext) -> Result {
    for _ in 0..2_000 {
        let host = ctx.host().clone();
        ctx.host().spawn(async move {
            let waits = host.plugin("bystander").deadline(Duration::from_secs(120));
            let _ = waits.call::<_, ()>("wait", 1, &()).await;
            Ok(())
        });
    }
    ctx.reply("occupying").await
}

async fn gorge(ctx: CommandContext) -> Result {
    let files = ctx.host().files();
    files.write("large", vec![7u8; 8 << 20]).await?;
    let reads: Vec<Task> = (0..400)
        .map(|_| {
            let files = files.clone();
            ctx.host().spawn(async move { files.read("large").await.map(drop) })
        })
        .collect();
    // They have been asked for; and now the plugin looks at nothing for a while.
    tokio::time::sleep(Duration::from_millis(1)).await;
    std::thread::sleep(Duration::from_secs(2));
    for read in reads {
        while !read.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    ctx.reply("full").await
}

async fn many(ctx: CommandContext) -> Result {
    let mut calls: Vec<_> = (0..12_000)
        .map(|_| {
            let kv_store = ctx.host().storage().bot().kv_store("cups");
            Box::pin(async move { kv_store.get::<u64>("k").await })
        })
        .collect();
    // All of them are made before the plugin takes any answer.
    std::future::poll_fn(|cx| {
        for call in &mut calls {
            assert!(call.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(())
    })
    .await;
    let (mut well, mut refused, mut words) = (0, 0, String::new());
    for call in calls {
        match call.await {
            Ok(_) => well += 1,
            Err(error) => {
                refused += 1;
                words = error.to_string();
            }
        }
    }
    ctx.reply(format!("{well} went well, {refused} did not: {words}")).await
}
"##;

/// Serves members, and offers a function that takes its time.
const BYSTANDER: &str = r#"//! Stands by.
use std::{cell::Cell, time::Duration};
use plugin_api::prelude::*;

#[derive(Default)]
struct Waiting(Cell<u32>);

export_plugin!(|| {
    Plugin::with_state(|_| async { Ok(Waiting::default()) })
        .command(Command::new("waiting", "Says how many wait").run(waiting))
        .function("wait", 1, wait)
});

async fn wait(ctx: FunctionContext<(), Waiting>) -> Result<()> {
    let waiting = &ctx.state().0;
    waiting.set(waiting.get() + 1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(())
}

async fn waiting(ctx: CommandContext<Waiting>) -> Result {
    let waiting = ctx.state().0.get();
    ctx.reply(format!("{waiting} wait")).await
}
"#;

fn flooder() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("flooder", "floods", "0.1.0", "", FLOODER))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_calls_anothers_function_2_000_times_leaves_room_for_its_members() {
    let bystander = fixtures::plugin("bystander", "floods", "0.1.0", "", BYSTANDER);
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&flooder(), "flooder");
    bot.drop_in(&bystander, "bystander");
    bot.until_generation("flooder", 1).await;
    bot.until_generation("bystander", 1).await;
    bot.until_content_is_seen().await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!occupy").await.content, "occupying");
    // Half of the handlers that the bystander runs at once: its members have the others.
    let all_wait = async {
        while bot.ask(&member, "!waiting").await.content != "32 wait" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all_wait).await.unwrap();
    assert_eq!(bot.ask(&member, "!waiting").await.content, "32 wait");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_a_plugin_does_not_take_fill_no_memory() {
    let process = Process::run(&[("flooder", flooder())], "").await;
    let owner = process.owner();
    process.until(&owner, "!extensions", "flooder").await;
    let before = process.most_memory();
    // 3,200 MiB are asked for.
    assert_eq!(process.ask(&owner, "!gorge").await.content, "full");
    let grown = process.most_memory() - before;
    assert!(grown < 400 << 20, "it has grown by {} MiB", grown >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_may_be_open_are_refused_in_words() {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&flooder(), "flooder");
    bot.until_generation("flooder", 1).await;
    bot.until_content_is_seen().await;
    let said = bot.ask(&bot.member(), "!many").await.content;
    assert_eq!(
        said,
        "10000 went well, 2000 did not: `storage.get`: 10000 host calls of the plugin are open already: await some of them \
         before you make more"
    );
    bot.close().await;
}
