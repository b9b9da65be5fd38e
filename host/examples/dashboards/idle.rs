//! What a dashboard costs that nobody looks at, by what it does: the processor time of its thread, what it asks of the host and how long
//! that takes, and what it is sent.
//!
//! Two processes side by side tell less. They differ by more than one percent of a core, and in either direction, when both do the same: what
//! a process owes to its place in memory, and which of its messages meet in one wake-up.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sandbox::{Options, Sandbox};
use tokio::time::sleep;

use crate::{
    Outcome,
    cost::{A_SECOND, Crowd, Watched},
    process::{end, prepare, start, until_ready},
};

/// Long enough for five of the looks that it takes each minute.
const WINDOW: Duration = Duration::from_secs(300);

/// Until what a start costs is over.
const SETTLED: Duration = Duration::from_secs(20);

/// Figures of the bot's own page, of the plugin `dashboard`, with words for each.
const FIGURES: [(&str, &str); 5] = [
    ("cogwright_plugin_cpu_seconds_total", "its thread, s"),
    (
        "cogwright_plugin_host_call_duration_seconds_sum",
        "the host serves its calls for, s",
    ),
    ("cogwright_plugin_host_calls_total", "calls"),
    (
        "cogwright_plugin_mailbox_wait_seconds_count",
        "events and other work that it is sent",
    ),
    (
        "cogwright_plugin_handler_duration_seconds_count",
        "handlers run",
    ),
];

/// Takes the figures, and prints them.
pub async fn measure(libraries: &[PathBuf]) -> Outcome<()> {
    let sandbox = Arc::new(Sandbox::start(Options::default()).await?);
    let home = tempfile::tempdir()?;
    let chosen = ["counter", "dashboard"].map(|name| format!("lib{name}.so"));
    let is_wanted = |it: &&PathBuf| chosen.iter().any(|name| it.ends_with(name));
    let wanted: Vec<PathBuf> = libraries.iter().filter(is_wanted).cloned().collect();
    let pages = "[pages]\nlisten = \"127.0.0.1:0\"\n";
    prepare(home.path(), &wanted, &sandbox, pages)?;
    let mut bot = start(home.path(), &sandbox, 0)?;
    until_ready(home.path(), 0).await?;
    let watched = Watched::of(&bot, home.path())?;
    let crowd = Crowd::of(sandbox);
    sleep(SETTLED).await;
    let mut before = Vec::new();
    for (name, _) in FIGURES {
        before.push(watched.of_dashboard(name).await?);
    }
    sleep(WINDOW).await;
    println!("nobody looks for {WINDOW:?}, at {A_SECOND} messages a second:");
    let mut busy = 0.0;
    for ((name, words), before) in FIGURES.into_iter().zip(before) {
        let taken = watched.of_dashboard(name).await? - before;
        println!("  {words}: {taken:.6}");
        if words.ends_with(", s") {
            busy += taken;
        }
    }
    let percent = 100.0 * busy / WINDOW.as_secs_f64();
    println!("both together, which counts waits of the host as work: {percent:.4} % of a core");
    crowd.stop().await?;
    end(&mut bot, "TERM").await
}
