//! Load test of hooks: good and bad handlers of one hook. `just hooks` measures it at 10,000 events a second.

use std::time::{SystemTime, UNIX_EPOCH};

use host::services::hooks::{Circuit, HookView};
use host_loader::{Behalf, Caller};
use plugin_api::{Hook, abi::CallHead};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::{Fixture, PATIENCE};

#[derive(Serialize, Deserialize)]
struct Beat {
    number: u64,
    at_us: u64,
}

impl Hook for Beat {
    const EVENT: &'static str = "misbehave.beat";
}

const QUEUE: usize = 50;

const BEATS: u64 = 2_000;

fn find(hooks: &[HookView], handler: &str) -> HookView {
    let id = format!("misbehave:misbehave.beat:{handler}");
    let found = hooks.iter().find(|hook| hook.id == id);
    found
        .unwrap_or_else(|| panic!("{id} in {hooks:#?}"))
        .clone()
}

async fn until(bot: &Fixture, wanted: impl Fn(&[HookView]) -> bool) -> Vec<HookView> {
    let hooks = &bot.bot.services().hooks;
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let now = hooks.list();
            if wanted(&now) {
                return now;
            }
            tokio::task::yield_now().await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("{:#?}", hooks.list()))
}

#[tokio::test(flavor = "multi_thread")]
async fn good_handlers_get_all_in_order_and_the_counts_of_all_add_up() {
    let config =
        format!("[hooks]\nqueue = {QUEUE}\ntimeout_ms = 100\npush_timeout_ms = 1\nrest_s = 3600");
    let bot = Fixture::configured(&["misbehave"], &config).await;
    let services = bot.bot.services();
    for number in 1..=BEATS {
        // As fast as the good ones go, which is much faster than the slow one.
        until(&bot, |hooks| {
            let has_room = |handler| find(hooks, handler).waiting < QUEUE / 2;
            has_room("first") && has_room("good")
        })
        .await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        services.hooks.emit(&Beat {
            number,
            at_us: now.as_micros() as u64,
        });
    }
    let hooks = until(&bot, |hooks| {
        hooks.iter().all(|hook| hook.waiting == 0 && !hook.at_work)
    })
    .await;
    for hook in &hooks {
        let it = &hook.figures;
        assert_eq!(it.runs + it.dropped + it.skipped, BEATS, "{hook:#?}");
    }
    for good in ["first", "good"] {
        let it = find(&hooks, good).figures;
        assert_eq!((it.runs, it.failures), (BEATS, 0), "{good}");
    }
    let slow = find(&hooks, "slow");
    assert!(
        slow.circuit == Circuit::Closed && slow.figures.failures == 0 && slow.figures.dropped > 0,
        "{slow:#?}"
    );
    for bad in ["sleeps", "panics", "fails"] {
        let bad = find(&hooks, bad);
        let it = &bad.figures;
        assert_eq!((it.runs, it.failures), (5, 5), "{bad:#?}");
        assert_eq!(bad.circuit, Circuit::Open);
    }
    assert_eq!(delays(&bot).await, (0, 2 * BEATS));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_overtakes_what_waits_for_a_place_in_a_full_queue() {
    const PLACES: usize = 4;
    let config = format!("[hooks]\nqueue = {PLACES}\npush_timeout_ms = 60000");
    let bot = Fixture::configured(&["misbehave"], &config).await;
    let hooks = &bot.bot.services().hooks;
    for bad in ["slow", "sleeps", "panics", "fails"] {
        let id = format!("misbehave:misbehave.beat:{bad}");
        hooks.switch(&id, false).await.unwrap();
    }
    let mut stood_in_line = false;
    for number in 1..=BEATS {
        // The queue is full most of the time, and the line behind it never.
        let now = until(&bot, |hooks| {
            hooks.iter().all(|hook| hook.waiting < 2 * PLACES)
        })
        .await;
        stood_in_line |= now.iter().any(|hook| hook.waiting >= PLACES);
        hooks.emit(&Beat { number, at_us: 0 });
    }
    assert!(stood_in_line);
    until(&bot, |hooks| {
        hooks.iter().all(|hook| hook.waiting == 0 && !hook.at_work)
    })
    .await;
    assert_eq!(delays(&bot).await, (0, 2 * BEATS));
    bot.close().await;
}

/// How many events the good ones got out of order, and how many in all.
async fn delays(bot: &Fixture) -> (u64, u64) {
    let head: CallHead = serde_json::from_value(json!({
        "call": "functions.call",
        "params": {"plugin": "misbehave", "function": "beats", "version": 1},
    }))
    .unwrap();
    let caller = Caller::new("story", 1);
    let services = bot.bot.services();
    let answer = services
        .call(&caller, Behalf::Plugin, head, b"null".to_vec())
        .await;
    let (out_of_order, delays): (u64, Vec<u64>) = serde_json::from_slice(&answer.body).unwrap();
    (out_of_order, delays.len() as u64)
}
