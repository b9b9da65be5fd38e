//! Fixture that misbehaves on request, to show the host's manners. `[plugins.misbehave] start = "panic"` and the like
//! misbehave in the start; `!misbehave panic` and the like afterwards; handlers of the hook `misbehave.beat` at each
//! event.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use plugin_api::prelude::*;
use serde::Deserialize;

mod beats;
mod siege;

export_plugin!(|| {
    let manner = CommandOption::string("manner", "How to misbehave").required();
    siege::offered_by(beats::handled_by(Plugin::with_state(start)))
        .description("Misbehaves on request")
        .command(
            Command::new("misbehave", "Misbehaves")
                .option(manner)
                .run(misbehave),
        )
        .command(Command::new("work", "Does a little of everything").run(work))
        // For the measurement of schedules: nothing is due unless somebody plans it.
        .scheduled("due", |_| async { Ok(()) })
        .on_save(|_| State::new(1, &"kept"))
        .on_restore(restore)
});

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    start: String,
    restore: String,
    #[serde(skip)]
    beats: beats::Beats,
    #[serde(skip)]
    siege: siege::Siege,
}

async fn start(host: Host) -> Result<Settings> {
    let settings: Settings = host.settings()?;
    match &*settings.start {
        "panic" => panic!("misbehaving in start"),
        "error" => return Err(Error::new("misbehaving in start")),
        "hang" => std::future::pending().await,
        _ => {}
    }
    host.every(Duration::from_millis(50), || async { Ok(()) });
    Ok(settings)
}

fn restore(settings: &Rc<Settings>, _: State) -> Result {
    match &*settings.restore {
        "error" => Err(Error::new("misbehaving in restore")),
        _ => Ok(()),
    }
}

async fn misbehave(ctx: CommandContext<Settings>) -> Result {
    let manner: String = ctx.option("manner")?;
    match &*manner {
        "panic" => panic!("misbehaving on request"),
        "error" => return Err(Error::new("misbehaving on request")),
        "user-error" => return Err(Error::user("that is not how it is done")),
        "silent" => return Ok(()),
        "never" => std::future::pending().await,
        "slow" => tokio::time::sleep(Duration::from_secs(3)).await,
        "block" => std::thread::sleep(Duration::from_secs(3600)),
        "descriptor" => std::mem::forget(std::fs::File::open("/proc/self/exe")?),
        "leak" => std::mem::forget(vec![1u8; 1_000_000]),
        "thread" => drop(std::thread::spawn(|| {
            std::thread::sleep(Duration::from_secs(3600))
        })),
        other => {
            return Err(Error::user(format!(
                "`{other}` is not among my bad manners"
            )));
        }
    }
    ctx.reply(format!("done: {manner}")).await
}

thread_local! {
    // With a destructor: what keeps a library mapped when it is run on a thread of the host's.
    static SEEN: RefCell<HashMap<String, u64>> = RefCell::new(HashMap::new());
}

/// Timers, tracing, serde_json, a thread-local with a destructor, a blocking thread, and a static that leaks: the work of
/// the load and unload test.
async fn work(ctx: CommandContext<Settings>) -> Result {
    static LEAK: std::sync::OnceLock<Vec<Box<[u8]>>> = std::sync::OnceLock::new();
    let leaked = LEAK.get_or_init(|| {
        (0..500)
            .map(|_| vec![7u8; 128].into_boxed_slice())
            .collect()
    });
    let seen = SEEN.with_borrow_mut(|seen| {
        let count = seen.entry(ctx.user().name.to_owned()).or_default();
        *count += 1;
        *count
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    let late = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
    debug_assert!(late.is_err());
    let sum = tokio::task::spawn_blocking(|| (0..1000u64).sum::<u64>()).await?;
    tracing::debug!(seen, leaked = leaked.len(), "worked");
    let json = serde_json::json!({"seen": seen, "sum": sum, "name": ctx.user().name});
    let read: HashMap<String, serde_json::Value> = serde_json::from_str(&json.to_string())?;
    ctx.reply(format!("worked {}", read["sum"])).await
}
