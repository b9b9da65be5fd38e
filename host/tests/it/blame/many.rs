//! Crashes of random plugins out of ten, one after the other, while others are at work: how many are pinned on the right one.
//!
//! A measurement (`docs/measurements.md`): `CRASHES=200 cargo test --release -p host --test it blame::many -- --ignored --nocapture`.

use std::{env, path::Path, time::Instant};

use super::Falling;
use crate::fixtures;

const PLUGINS: usize = 10;

/// How they fall; `exit` leaves no word.
const WAYS: [&str; 9] = [
    "null",
    "later",
    "overflow",
    "jump",
    "abort",
    "heap",
    "thread",
    "thread-overflow",
    "exit",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, of minutes"]
async fn crashes_of_random_plugins_out_of_ten() {
    let crashes = env::var("CRASHES")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(20_usize);
    let libraries: Vec<_> = (0..PLUGINS)
        .map(|number| {
            let name = format!("falls_{number}");
            let source =
                include_str!("plugin.rs").replace("\"fall\"", &format!("\"fall_{number}\""));
            let library = fixtures::plugin(&name, "many", "0.9.3", "", &source);
            (name, library)
        })
        .collect();
    let libraries: Vec<(&str, &Path)> = libraries.iter().map(|it| (&*it.0, &*it.1)).collect();
    let config = "[extensions]\ncrash_strikes = 0\nunclear_crashes = 0\n";
    let mut bot = Falling::with(&libraries, config).await;
    bot.until("member", "!fall_0 not", "still here").await;
    let (mut random, mut right, mut by_handler, mut back) = (17_u64, 0, 0, Vec::new());
    let mut below = |end: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % end
    };
    for number in 0..crashes {
        let (guilty, way) = (below(PLUGINS), WAYS[below(WAYS.len())]);
        // Two others are at work; what they are at waits.
        for _ in 0..2 {
            let other = (guilty + 1 + below(PLUGINS - 1)) % PLUGINS;
            bot.actor("member")
                .says("general", &format!("!fall_{other} wait"))
                .await
                .unwrap();
        }
        let fall = format!("!fall_{guilty} {way}");
        bot.actor("member").says("general", &fall).await.unwrap();
        bot.running.status().await;
        let began = Instant::now();
        // The last fifty are kept.
        let report = bot.tells((number + 1).min(50)).await;
        bot.until("member", "!fall_0 not", "still here").await;
        back.push(began.elapsed());
        let named = report["plugin"].as_str() == Some(&*format!("falls_{guilty}"));
        by_handler += usize::from(way != "exit");
        right += usize::from(named);
        if !named {
            println!("{fall}: {report:#}");
        }
    }
    back.sort_unstable();
    println!(
        "{right} of {crashes} crashes are pinned on the right one of {PLUGINS} plugins ({by_handler} seen by the crash handler, the others ended without a word); \
         answering again after {:.1?} (median), {:.1?} at most",
        back[back.len() / 2],
        back[back.len() - 1]
    );
    assert!(right * 100 >= crashes * 99);
    bot.close().await;
}
