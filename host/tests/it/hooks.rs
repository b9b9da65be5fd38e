//! Hooks and functions: what plugins tell each other, and how one that misbehaves is kept from the others.

use std::{path::PathBuf, sync::OnceLock};

use host::services::hooks::{Circuit, HookView};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// Tells `shop.sold`, and offers functions.
const SHOP: &str = r#"//! Sells tea.
use std::cell::Cell;

use plugin_api::{hook::Hook, prelude::*};
use serde::{Deserialize, Serialize};

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Cell::new(0u64)) })
        .command(Command::new("sell", "Sells cups").option(CommandOption::integer("cups", "How many")).run(sell))
        .command(Command::new("forge", "Tells an event of somebody else").run(forge))
        .function("stock", 1, stock)
        .function("wait", 1, wait)
        .function("break", 1, broken)
});

#[derive(Serialize, Deserialize)]
struct Sold { cup: u64 }
impl Hook for Sold { const EVENT: &'static str = "shop.sold"; }

#[derive(Serialize, Deserialize)]
struct Forged {}
impl Hook for Forged { const EVENT: &'static str = "bank.robbed"; }

async fn sell(ctx: CommandContext<Cell<u64>>) -> Result {
    let cups: i64 = ctx.option("cups")?;
    let (mut queued, mut skipped) = (0, 0);
    for _ in 0..cups {
        let cup = ctx.state().get() + 1;
        ctx.state().set(cup);
        let told = ctx.host().emit(&Sold { cup }).await?;
        queued += told.queued;
        skipped += told.skipped;
    }
    ctx.reply(format!("{queued} queued, {skipped} skipped")).await
}

async fn forge(ctx: CommandContext<Cell<u64>>) -> Result {
    let refused = ctx.host().emit(&Forged {}).await.unwrap_err();
    ctx.reply(refused.to_string()).await
}

async fn stock(ctx: FunctionContext<String, Cell<u64>>) -> Result<(String, u64)> {
    if ctx.argument() == "coffee" {
        return Err(Error::user("we sell tea"));
    }
    Ok((format!("{} asks for {}", ctx.caller(), ctx.argument()), ctx.state().get()))
}

async fn wait(_ctx: FunctionContext<(), Cell<u64>>) -> Result<()> {
    std::future::pending().await
}

async fn broken(_ctx: FunctionContext<(), Cell<u64>>) -> Result<()> {
    panic!("the kettle exploded")
}
"#;

/// Handles what the shop and the framework tell, well and badly; calls the shop's functions.
const TILL: &str = r#"//! Counts.
use std::cell::{Cell, RefCell};
use std::time::Duration;

use plugin_api::{hook::{CommandError, CommandExecuted, ExtensionFailed, ExtensionLoaded, ExtensionUnloaded, Hook}, prelude::*};
use serde::{Deserialize, Serialize};

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Till::default()) })
        .on_hook_with("first", 5, first)
        .on_hook("count", count)
        .on_hook("fail", fail)
        .on_hook("panic", panic)
        .on_hook("sleep", sleep)
        .on_hook("loaded", loaded)
        .on_hook("unloaded", unloaded)
        .on_hook("refused", refused)
        .on_hook("executed", executed)
        .on_hook("failed", failed)
        .command(Command::new("till", "Tells what was counted").run(till))
        .command(Command::new("news", "Tells what happened").run(news))
        .command(Command::new("stumble", "Fails").run(stumble))
        .command(Command::new("ask", "Asks the shop").option(CommandOption::string("what", "What")).run(ask))
});

#[derive(Serialize, Deserialize)]
struct Sold { cup: u64 }
impl Hook for Sold { const EVENT: &'static str = "shop.sold"; }

#[derive(Default)]
struct Till { order: Cell<bool>, cups: Cell<u64>, last: Cell<u64>, news: RefCell<Vec<String>> }

async fn first(ctx: HookContext<Sold, Till>) -> Result {
    ctx.state().order.set(ctx.state().last.get() < ctx.payload().cup);
    Ok(())
}

async fn count(ctx: HookContext<Sold, Till>) -> Result {
    let till = ctx.state();
    assert_eq!(ctx.from(), Some("shop"));
    assert_eq!(till.last.get() + 1, ctx.payload().cup, "in order, none left out");
    till.last.set(ctx.payload().cup);
    till.cups.set(till.cups.get() + 1);
    Ok(())
}

async fn fail(_ctx: HookContext<Sold, Till>) -> Result { Err(Error::new("the drawer is stuck")) }
async fn panic(_ctx: HookContext<Sold, Till>) -> Result { panic!("the till burns") }
async fn sleep(_ctx: HookContext<Sold, Till>) -> Result { std::future::pending().await }

async fn loaded(ctx: HookContext<ExtensionLoaded, Till>) -> Result {
    let it = ctx.payload();
    ctx.state().news.borrow_mut().push(format!("loaded {} {} {}", it.plugin, it.generation, it.reloaded));
    Ok(())
}
async fn unloaded(ctx: HookContext<ExtensionUnloaded, Till>) -> Result {
    ctx.state().news.borrow_mut().push(format!("unloaded {}", ctx.payload().plugin));
    Ok(())
}
async fn refused(ctx: HookContext<ExtensionFailed, Till>) -> Result {
    ctx.state().news.borrow_mut().push(format!("failed {}", ctx.payload().plugin));
    Ok(())
}
async fn executed(ctx: HookContext<CommandExecuted, Till>) -> Result {
    let it = ctx.payload();
    if it.plugin == "shop" {
        ctx.state().news.borrow_mut().push(format!("{} {}", it.command, if it.slash { "by slash" } else { "by prefix" }));
    }
    Ok(())
}
async fn failed(ctx: HookContext<CommandError, Till>) -> Result {
    let it = ctx.payload();
    assert_eq!(it.error_id.len(), 8);
    ctx.state().news.borrow_mut().push(format!("{} failed: {}", it.command, it.error));
    Ok(())
}

async fn till(ctx: CommandContext<Till>) -> Result {
    let till = ctx.state();
    ctx.reply(format!("{} cups, the last {}, order kept {}", till.cups.get(), till.last.get(), till.order.get())).await
}
async fn news(ctx: CommandContext<Till>) -> Result {
    let news = ctx.state().news.take().join("; ");
    ctx.reply(if news.is_empty() { "none".into() } else { news }).await
}
async fn stumble(_ctx: CommandContext<Till>) -> Result { Err(Error::new("a stone")) }

async fn ask(ctx: CommandContext<Till>) -> Result {
    let what: String = ctx.option("what")?;
    let shop = ctx.host().plugin("shop").deadline(Duration::from_millis(200));
    let answer = match &*what {
        "wait" => shop.call::<_, ()>("wait", 1, &()).await.unwrap_err().to_string(),
        "break" => shop.call::<_, ()>("break", 1, &()).await.unwrap_err().to_string(),
        "steal" => shop.call::<_, ()>("steal", 1, &()).await.unwrap_err().to_string(),
        "new" => shop.call::<_, ()>("stock", 2, &"tea").await.unwrap_err().to_string(),
        "number" => shop.call::<_, ()>("stock", 1, &7).await.unwrap_err().to_string(),
        "bank" => ctx.host().plugin("bank").call::<_, ()>("balance", 1, &()).await.unwrap_err().to_string(),
        tea => {
            let (words, sold) = ctx.host().plugin("shop").call::<_, (String, u64)>("stock", 1, tea).await?;
            format!("{words}, {sold} sold")
        }
    };
    ctx.reply(answer).await
}
"#;

fn shop() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("shop", "hooks", "0.7.1", "", SHOP))
        .clone()
}

fn till() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("till", "hooks", "0.7.2", "", TILL))
        .clone()
}

async fn both(config: &str) -> Fixture {
    let bot = Fixture::configured(&[], config).await;
    bot.drop_in(&till(), "till");
    bot.until_generation("till", 1).await;
    bot.drop_in(&shop(), "shop");
    bot.until_generation("shop", 1).await;
    bot.until_content_is_seen().await;
    bot
}

/// A handler of the till's.
fn hook(bot: &Fixture, handler: &str) -> HookView {
    let id = format!("till:shop.sold:{handler}");
    let hooks = bot.bot.services().hooks.list();
    hooks.into_iter().find(|hook| hook.id == id).unwrap()
}

/// Waits until a handler is as wanted.
async fn until(
    bot: &Fixture,
    handler: &str,
    mut wanted: impl FnMut(&HookView) -> bool,
) -> HookView {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let view = hook(bot, handler);
            if wanted(&view) {
                return view;
            }
            tokio::task::yield_now().await;
        }
    });
    match waited.await {
        Ok(view) => view,
        Err(_) => panic!("{:?}", hook(bot, handler)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_sleeps_fails_or_panics_delays_nobody_and_rests() {
    let bot =
        both("[hooks]\nqueue = 40\ntimeout_ms = 100\npush_timeout_ms = 1\nrest_s = 3600").await;
    let member = bot.member();
    assert_eq!(
        bot.ask(&member, "!sell 1").await.content,
        "5 queued, 0 skipped"
    );
    for bad in ["fail", "panic", "sleep"] {
        let view = until(&bot, bad, |view| view.figures.failures == 1).await;
        assert_eq!(
            (view.enabled, view.circuit),
            (true, Circuit::Closed),
            "{bad}"
        );
    }
    assert_eq!(
        hook(&bot, "sleep").figures.last_error.as_deref(),
        Some("it took longer than 100 ms")
    );
    let answer = bot.ask(&member, "!till").await.content;
    assert_eq!(answer, "1 cups, the last 1, order kept true");

    bot.ask(&member, "!sell 30").await;
    let counted = until(&bot, "count", |view| view.figures.runs == 31).await;
    assert_eq!((counted.figures.failures, counted.figures.dropped), (0, 0));
    for bad in ["fail", "panic", "sleep"] {
        let view = until(&bot, bad, |view| view.circuit == Circuit::Open).await;
        // Five opened it; whatever waited behind them was skipped.
        let view = match view.waiting {
            0 => view,
            _ => until(&bot, bad, |view| view.waiting == 0).await,
        };
        assert_eq!((view.figures.runs, view.figures.failures), (5, 5), "{bad}");
        assert_eq!(view.figures.skipped, 26, "{bad}");
    }
    assert_eq!(
        bot.ask(&member, "!sell 1").await.content,
        "2 queued, 3 skipped"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_are_switched_reset_and_go_with_their_plugin() {
    let bot = both("[hooks]\nfailures = 1\nrest_s = 3600").await;
    let hooks = &bot.bot.services().hooks;
    let member = bot.member();
    hooks.switch("till:shop.sold:sleep", false).await.unwrap();
    bot.ask(&member, "!sell 1").await;
    until(&bot, "fail", |view| view.circuit == Circuit::Open).await;
    hooks.reset("till:shop.sold:fail").unwrap();
    bot.ask(&member, "!sell 1").await;
    until(&bot, "fail", |view| view.figures.failures == 2).await;
    assert_eq!(hook(&bot, "sleep").figures.skipped, 2);
    let unknown = hooks.switch("till:shop.sold:fale", true).await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no hook `till:shop.sold:fale`; did you mean `till:shop.sold:fail`?"
    );
    // The member has the answer a moment before the hooks are told.
    tokio::time::timeout(PATIENCE, async {
        let both = [("shop.sold", "shop"), ("command_executed", "")];
        let is_told = |&(event, from): &(&str, &str)| {
            let history = hooks.history(100);
            history
                .iter()
                .any(|told| told.event == event && told.from.as_deref().unwrap_or_default() == from)
        };
        while !both.iter().all(is_told) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();

    // What belongs to the handler outlives a reload, and nothing outlives its plugin.
    bot.plugins().reload("till").await.unwrap();
    assert!(!hook(&bot, "sleep").enabled);
    bot.plugins().unload("till", false).await.unwrap();
    assert_eq!((hooks.list().len(), hooks.queue_count()), (0, 0));
    assert_eq!(
        bot.ask(&member, "!sell 1").await.content,
        "0 queued, 0 skipped"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_framework_tells_what_happens() {
    let bot = both("").await;
    let (owner, member) = (bot.owner(), bot.member());
    bot.ask(&member, "!news").await;
    bot.ask(&member, "!sell 0").await;
    bot.sandbox
        .commands_registered("sell", PATIENCE)
        .await
        .unwrap();
    member
        .slash("general", "sell", &[("cups", serde_json::json!(0))])
        .await
        .unwrap();
    bot.ask(&member, "!stumble").await;
    bot.ask(&owner, "!reload shop").await;
    bot.ask(&owner, "!unload shop").await;
    bot.drop_in(std::path::Path::new("/bin/true"), "broken");
    tokio::time::timeout(PATIENCE, async {
        let mut news = String::new();
        while !(news.contains("failed broken") && news.contains("by slash")) {
            news += &bot.ask(&member, "!news").await.content;
            news += "; ";
        }
        let expected = [
            "sell by prefix",
            "sell by slash",
            "stumble failed: a stone",
            "loaded shop 2 true",
            "unloaded shop",
            "failed broken",
        ];
        // Each event has a queue of its own: their order among each other is nobody's promise.
        for line in expected {
            assert!(news.contains(line), "{line} is not in: {news}");
        }
    })
    .await
    .unwrap();
    let refused = {
        bot.plugins().load("shop").await.unwrap();
        bot.ask(&member, "!forge").await.content
    };
    assert!(
        refused.contains(
            "can't emit `bank.robbed`: the name of a plugin's event begins with its plugin's"
        ),
        "{refused}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_called_and_their_failures_name_them() {
    let bot = both("").await;
    let member = bot.member();
    bot.ask(&member, "!sell 2").await;
    let mut cases = vec![
        ("tea", "till asks for tea, 2 sold"),
        (
            "wait",
            "functions.call: `wait` of plugin `shop` failed: it took longer than 200 ms",
        ),
        (
            "break",
            "functions.call: `break` of plugin `shop` failed: the handler panicked: the kettle exploded",
        ),
        (
            "steal",
            "functions.call: `steal` of plugin `shop`: 0.7.1 of it does not offer that; there are `stock`, `wait`, `break`",
        ),
        (
            "new",
            "functions.call: `stock` of plugin `shop`: 0.7.1 of it does not offer version 2 of that, but 1",
        ),
        (
            "number",
            "functions.call: `stock` of plugin `shop` failed: the argument that `till` passes to `stock@1` is not what it expects: invalid type: integer `7`, expected a string at line 1 column 1",
        ),
        (
            "bank",
            "functions.call: `balance` of plugin `bank`: the plugin is not loaded; declare `.depends_on(\"bank\")` to be loaded after it",
        ),
    ];
    // A failure that is meant for the member reaches the member.
    cases.push(("coffee", "we sell tea"));
    for (what, expected) in cases {
        let answer = bot.ask(&member, &format!("!ask {what}")).await.content;
        assert!(
            answer.contains(expected.trim_start_matches("functions.call: ")),
            "{what}: {answer}"
        );
    }
    bot.close().await;
}
