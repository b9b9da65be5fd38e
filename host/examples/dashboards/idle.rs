//! Processor time of two bots side by side, which differ in nothing but a dashboard that nobody looks at.
//!
//! What a machine does to both is in no difference; what a process owes to its place in memory is, so that there are several pairs, and who
//! starts first changes.

use std::{path::PathBuf, process::Child, sync::Arc, time::Duration};

use sandbox::{Options, Sandbox};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    Outcome,
    cost::{A_SECOND, Crowd},
    process::{end, prepare, processor_time, start, until_ready},
};

/// Pairs of bots.
const PAIRS: usize = 6;

/// Looks at each pair.
const LOOKS: usize = 6;

/// How long each is.
const WINDOW: Duration = Duration::from_secs(10);

/// Until what a start costs is over.
const SETTLED: Duration = Duration::from_secs(20);

struct Running {
    bot: Child,
    crowd: Crowd,
    _home: TempDir,
}

impl Running {
    async fn of(names: &[&str], libraries: &[PathBuf]) -> Outcome<Self> {
        let sandbox = Arc::new(Sandbox::start(Options::default()).await?);
        let home = tempfile::tempdir()?;
        let is_wanted = |it: &&PathBuf| {
            names
                .iter()
                .any(|name| it.ends_with(format!("lib{name}.so")))
        };
        let wanted: Vec<PathBuf> = libraries.iter().filter(is_wanted).cloned().collect();
        prepare(
            home.path(),
            &wanted,
            &sandbox,
            "[pages]\nlisten = \"127.0.0.1:0\"\n",
        )?;
        let bot = start(home.path(), &sandbox, 0)?;
        until_ready(home.path(), 0).await?;
        Ok(Self {
            bot,
            crowd: Crowd::of(sandbox),
            _home: home,
        })
    }

    async fn end(mut self) -> Outcome<()> {
        self.crowd.stop().await?;
        end(&mut self.bot, "TERM").await
    }
}

/// Takes the figures, and prints them.
pub async fn measure(libraries: &[PathBuf]) -> Outcome<()> {
    println!(
        "{PAIRS} pairs of bots, one with a dashboard that nobody looks at; {A_SECOND} messages a second to each; {LOOKS} looks of {WINDOW:?}"
    );
    let (mut of_pairs, mut all) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let (without, with) = (["counter"].as_slice(), ["counter", "dashboard"].as_slice());
        let is_swapped = pair % 2 == 1;
        let (first, second) = if is_swapped {
            (with, without)
        } else {
            (without, with)
        };
        let first = Running::of(first, libraries).await?;
        let second = Running::of(second, libraries).await?;
        sleep(SETTLED).await;
        let (without, with) = if is_swapped {
            (&second, &first)
        } else {
            (&first, &second)
        };
        let mut differences = Vec::new();
        let mut level = 0.0;
        for _ in 0..LOOKS {
            let before = [without, with].map(|it| processor_time(it.bot.id()));
            sleep(WINDOW).await;
            let after = [without, with].map(|it| processor_time(it.bot.id()));
            let mut used = [0.0; 2];
            for ((used, before), after) in used.iter_mut().zip(before).zip(after) {
                *used = 100.0 * (after? - before?) / WINDOW.as_secs_f64();
            }
            differences.push(used[1] - used[0]);
            level += used[0] / LOOKS as f64;
        }
        let mean = mean(&differences);
        println!(
            "pair {}: without {level:.2} % of a core, with it {mean:+.3}",
            pair + 1
        );
        of_pairs.push(mean);
        all.append(&mut differences);
        first.end().await?;
        second.end().await?;
    }
    let of_all = mean(&of_pairs);
    let spread = of_pairs.iter().map(|it| (it - of_all).powi(2)).sum::<f64>();
    let error = (spread / (PAIRS * (PAIRS - 1)) as f64).sqrt();
    println!("all: {of_all:+.3} ± {error:.3} (standard error over the pairs)");
    Ok(())
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}
