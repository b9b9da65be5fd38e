//! Author's code that panics, wherever it may: in the call that makes a future, in a destructor, in a panic's own payload.

use std::{path::PathBuf, sync::OnceLock};

use serde_json::json;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// Every closure that a plugin may give to plugin-api panics in its synchronous part, and none of the calls has a future.
const CALLS: &str = r#"//! Panics in each call.
use std::{future::{Ready, ready}, time::Duration};

use plugin_api::{hook::Hook, prelude::*};
use serde::{Deserialize, Serialize};

type Never = Ready<Result>;

#[derive(Serialize, Deserialize)]
struct Boom {}
impl Hook for Boom { const EVENT: &'static str = "clumsy.boom"; }

export_plugin!(|| {
    Plugin::with_state(start)
        .command(Command::new("alive", "Answers").run(|ctx| async move { ctx.reply("alive").await }))
        .command(Command::new("command", "Panics").run(|_ctx| -> Never { panic!("in a command") }))
        .command(Command::new("checked", "Panics").check(|_ctx| -> Never { panic!("in a check") })
            .run(|ctx| async move { ctx.reply("checked").await }))
        .command(Command::new("complete", "Completes").slash_only()
            .option(CommandOption::string("word", "Which").required())
            .autocomplete("word", |_ctx| -> Ready<Result<Vec<&'static str>>> { panic!("in a completion") })
            .run(|ctx| async move { ctx.reply("complete").await }))
        .command(Command::new("show", "Shows a button").slash_only().run(show))
        .command(Command::new("book", "Shows pages").run(|ctx| async move { ctx.pages("book", "").await }))
        .command(Command::new("call", "Calls the function").run(call))
        .command(Command::new("emit", "Emits the hook").run(emit))
        .command(Command::new("plan", "Plans a run").run(plan))
        .command(Command::new("tick", "Ticks").run(tick))
        .component("button", |_ctx| -> Never { panic!("in a component") })
        .pages("book", |_ctx| -> Ready<Result<Page>> { panic!("in pages") })
        .function("broken", 1, |_ctx: FunctionContext<(), ()>| -> Ready<Result<()>> { panic!("in a function") })
        .on_hook("boom", |_ctx: HookContext<Boom>| -> Never { panic!("in a hook") })
        .scheduled("planned", |_ctx| -> Never { panic!("in a schedule") })
        .setting(Setting::integer("cups", "How many").default(3))
        .on_settings_changed(|_ctx| -> Never { panic!("in a setting") })
        .on(|ctx: EventContext<MessageCreate>| -> Never {
            assert!(ctx.content() != "boom", "in the first listener");
            ready(Ok(()))
        })
        .on(|ctx: EventContext<MessageCreate>| -> Never {
            assert!(ctx.content() != "boom", "in the second listener");
            ready(Ok(()))
        })
        .on_stop(|_state| -> Ready<()> { panic!("in the end") })
});

async fn start(_host: Host) -> Result<()> {
    Ok(())
}

async fn show(ctx: CommandContext) -> Result {
    ctx.reply(NewMessage::from("shown").row([button("Press", ctx.custom_id("button", "")?)])).await
}

async fn call(ctx: CommandContext) -> Result {
    ctx.host().plugin("clumsy").call::<(), ()>("broken", 1, &()).await
}

async fn emit(ctx: CommandContext) -> Result {
    ctx.host().emit(&Boom {}).await?;
    ctx.reply("emitted").await
}

async fn plan(ctx: CommandContext) -> Result {
    ctx.host().schedule("planned").after(Duration::ZERO).await?;
    ctx.reply("planned").await
}

async fn tick(ctx: CommandContext) -> Result {
    ctx.host().every(Duration::from_millis(1), {
        let mut ticks = 0;
        move || {
            ticks += 1;
            assert!(ticks > 3, "in a tick");
            async { Ok(()) }
        }
    });
    ctx.reply("ticking").await
}
"#;

/// Destructors that panic: of what closures have captured, of state, of futures that are dropped, of panics' payloads.
const DROPS: &str = r#"//! Panics in each destructor.
use std::{panic::panic_any, rc::Rc};

use plugin_api::prelude::*;

struct Loud(&'static str);
impl Drop for Loud {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

/// A payload whose destructor panics with another of its kind.
struct Endless;
impl Drop for Endless {
    fn drop(&mut self) {
        panic_any(Endless);
    }
}

struct Shop { _first: Loud }

export_plugin!(|| {
    let (command, listener, component, page) = (Loud("a command's"), Loud("a listener's"), Loud("a component's"), Loud("a page's"));
    let (hook, save, restore, stop) = (Loud("a hook's"), Loud("a save's"), Loud("a restore's"), Loud("a stop's"));
    Plugin::with_state(|_host| async { Ok(Shop { _first: Loud("the state's") }) })
        .command(Command::new("alive", "Answers").run(move |ctx| { let _ = &command; async move { ctx.reply("alive").await } }))
        .command(Command::new("payload", "Panics").run(|_ctx| async { panic_any(Endless) }))
        .command(Command::new("payload_call", "Panics").run(|_ctx| -> std::future::Ready<Result> { panic_any(Endless) }))
        .command(Command::new("local", "Drops").run(|ctx| async move { let _loud = Loud("a local's"); ctx.reply("local").await }))
        .command(Command::new("wait", "Waits for ever").run(|ctx| async move {
            let _loud = Loud("a dropped future's");
            ctx.reply("waiting").await?;
            std::future::pending().await
        }))
        .command(Command::new("task", "Begins tasks").run(|ctx| async move {
            for _ in 0..2 {
                ctx.host().spawn(async { let _loud = Loud("a task's"); std::future::pending().await });
            }
            ctx.reply("begun").await
        }))
        .component("button", move |_ctx| { let _ = &component; async { Ok(()) } })
        .pages("book", move |_ctx| { let _ = &page; async { Ok(Page::new("", 1)) } })
        .on(move |_ctx: EventContext<MessageDelete, Shop>| { let _ = &listener; async { Ok(()) } })
        .on_hook("loaded", move |_ctx: HookContext<plugin_api::hook::ExtensionLoaded, Shop>| { let _ = &hook; async { Ok(()) } })
        .on_save(move |_state: &Rc<Shop>| { let _ = &save; State::new(1, &0) })
        .on_restore(move |_state: &Rc<Shop>, _saved| { let _ = &restore; Ok(()) })
        .on_stop(move |_state| { let _ = &stop; async {} })
});
"#;

fn library(name: &str, tag: &str, version: &str, source: &str) -> PathBuf {
    static BUILT: OnceLock<std::sync::Mutex<std::collections::HashMap<String, PathBuf>>> =
        OnceLock::new();
    let mut built = BUILT
        .get_or_init(Default::default)
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    built
        .entry(tag.to_owned())
        .or_insert_with(|| fixtures::plugin(name, tag, version, "", source))
        .clone()
}

async fn serving(name: &str, library: &std::path::Path) -> Fixture {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(library, name);
    bot.until_generation(name, 1).await;
    bot.until_content_is_seen().await;
    bot
}

/// Waits until the plugin's panics are so many, while it answers.
async fn until_panics(bot: &Fixture, wanted: u64) {
    let member = bot.member();
    let counted = async {
        loop {
            assert_eq!(bot.ask(&member, "!alive").await.content, "alive");
            let status = bot.plugins().status();
            let serving = status[0].serving.as_ref().unwrap();
            assert_eq!(serving.generation, 1, "it was never restarted");
            assert!(
                serving.load.panics <= wanted,
                "{} panics for {wanted}",
                serving.load.panics
            );
            if serving.load.panics == wanted {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_call_fails_that_call_alone() {
    let library = library("clumsy", "calls", "0.11.1", CALLS);
    let bot = serving("clumsy", &library).await;
    let (member, owner) = (bot.member(), bot.owner());
    let mut panics = 0;
    // Those that a member waits for: an apology, and the next one is served.
    for command in ["command", "checked", "book", "call"] {
        let answer = bot.ask(&member, &format!("!{command}")).await.text();
        assert!(answer.contains("error id"), "{command}: {answer}");
        panics += 1;
        until_panics(&bot, panics).await;
    }
    member.says("general", "boom").await.unwrap();
    panics += 2;
    until_panics(&bot, panics).await;
    for command in ["emit", "plan"] {
        bot.ask(&member, &format!("!{command}")).await;
        panics += 1;
        until_panics(&bot, panics).await;
    }
    // An interval goes on behind its panics.
    assert_eq!(bot.ask(&member, "!tick").await.content, "ticking");
    panics += 3;
    until_panics(&bot, panics).await;
    bot.ask(&owner, "!cogwright set clumsy.cups 4").await;
    panics += 1;
    until_panics(&bot, panics).await;

    bot.sandbox
        .commands_registered("show", PATIENCE)
        .await
        .unwrap();
    member.slash("general", "show", &[]).await.unwrap();
    member.expects("general", "shown").await.unwrap();
    let _ = member.clicks("Press").await;
    panics += 1;
    until_panics(&bot, panics).await;
    let _ = member
        .autocompletes("general", "complete", &[("word", json!("t"))], "word")
        .await;
    panics += 1;
    until_panics(&bot, panics).await;

    let report = bot.plugins().unload("clumsy", false).await.unwrap();
    assert!(report.unmapped, "{report:?}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destructor_that_panics_costs_what_it_is_about_alone() {
    let library = library("fragile", "drops", "0.11.2", DROPS);
    let bot = serving("fragile", &library).await;
    let member = bot.member();
    for command in ["payload", "payload_call"] {
        let answer = bot.ask(&member, &format!("!{command}")).await.text();
        assert!(answer.contains("error id"), "{command}: {answer}");
        assert_eq!(bot.ask(&member, "!alive").await.content, "alive");
    }
    assert_eq!(bot.ask(&member, "!local").await.content, "local");
    assert_eq!(bot.ask(&member, "!task").await.content, "begun");
    assert_eq!(bot.ask(&member, "!wait").await.content, "waiting");
    assert_eq!(bot.ask(&member, "!alive").await.content, "alive");
    // The destructors of all that it has captured, of its state, of its tasks and of the handler that waits.
    bot.plugins().reload("fragile").await.unwrap();
    assert_eq!(bot.ask(&member, "!alive").await.content, "alive");
    let report = bot.plugins().unload("fragile", false).await.unwrap();
    assert!(report.unmapped, "{report:?}");
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_declaration_or_the_start_is_told_with_its_text_and_place() {
    let declaration = library(
        "teapot",
        "declares",
        "0.11.4",
        "use plugin_api::prelude::*;\n\nexport_plugin!(|| -> Plugin { panic!(\"no tea today\") });\n",
    );
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&declaration, "teapot");
    let why = bot.until_refused("teapot").await;
    assert!(
        why.contains("its declaration panicked: no tea today, at src/lib.rs:3:"),
        "{why}"
    );
    let start = library(
        "kettle",
        "starts",
        "0.11.5",
        "use plugin_api::prelude::*;\n\nexport_plugin!(|| Plugin::with_state(|_host| -> std::future::Ready<Result<()>> { panic!(\"no water\") }));\n",
    );
    bot.drop_in(&start, "kettle");
    let why = bot.until_refused("kettle").await;
    assert!(
        why.contains("its start failed: it panicked: no water, at src/lib.rs:3:"),
        "{why}"
    );
    bot.close().await;
}
