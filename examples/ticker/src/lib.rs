//! A background task with tokio's timers, and a setting from `[plugins.ticker]` in config.toml.

use std::{cell::Cell, rc::Rc, time::Duration};

use plugin_api::prelude::*;
use serde::Deserialize;

export_plugin!(|| {
    Plugin::with_state(start)
        .description("Ticks in the background")
        .command(Command::new("ticks", "Tells how often the ticker has ticked").run(ticks))
        .command(Command::new("wait", "Answers after the next tick").run(wait))
});

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Milliseconds between two ticks.
    period_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { period_ms: 250 }
    }
}

struct Ticker {
    ticks: Rc<Cell<u64>>,
    ticked: Rc<tokio::sync::Notify>,
}

async fn start(host: Host) -> Result<Ticker> {
    let settings: Settings = host.settings()?;
    let ticks = Rc::new(Cell::new(0));
    let ticked = Rc::new(tokio::sync::Notify::new());
    let (count, tell) = (Rc::clone(&ticks), Rc::clone(&ticked));
    host.every(Duration::from_millis(settings.period_ms), move || {
        count.set(count.get() + 1);
        tell.notify_waiters();
        tracing::debug!(ticks = count.get(), "tick");
        async { Ok(()) }
    });
    Ok(Ticker { ticks, ticked })
}

async fn ticks(ctx: CommandContext<Ticker>) -> Result {
    ctx.reply(format!("Ticks: {}", ctx.state().ticks.get()))
        .await
}

async fn wait(ctx: CommandContext<Ticker>) -> Result {
    match tokio::time::timeout(Duration::from_secs(5), ctx.state().ticked.notified()).await {
        Ok(()) => ctx.reply("Tick!").await,
        Err(_) => Err(Error::user("no tick came within five seconds")),
    }
}
