//! Tests of events' names and payloads.

use std::{collections::BTreeMap, sync::Arc};

use host_discord::Discord;
use host_ops::config::Config;
use serde_json::json;

use super::*;

fn hooks() -> Hooks {
    let live = Live::new(Config::default());
    let figures = Arc::default();
    let discord = Arc::new(Discord::new(&live.now().discord, None, figures));
    let alerts = Arc::new(Alerts::new(live.clone(), discord));
    Hooks::new(
        live,
        Arc::default(),
        alerts,
        Arc::new(Storage::absent()),
        Arc::default(),
    )
}

/// What the plugin `shop` is told when it tells of this event, with so many bytes.
async fn told(hooks: &Hooks, event: &str, bytes: usize) -> Result<(), String> {
    let caller = Caller::new("shop", 1);
    let body = match bytes {
        0 => String::new(),
        bytes => format!("\"{}\"", "x".repeat(bytes - 2)),
    };
    let done = hooks.serve(&caller, json!({"event": event}), body.into_bytes());
    done.await.map(drop).map_err(|failure| failure.to_string())
}

#[tokio::test]
async fn an_event_has_256_kib_with_it_and_a_name_of_one_line_of_100_bytes() {
    let hooks = hooks();
    let longest = format!("shop.{}", "a".repeat(NAME - 5));
    told(&hooks, &longest, PAYLOAD_BYTES).await.unwrap();
    assert_eq!(
        told(&hooks, "shop.sold", PAYLOAD_BYTES + 1)
            .await
            .unwrap_err(),
        "`shop.sold` has 262145 bytes with it, and 262144 are the most: say where the rest is"
    );
    // Also one that would be refused for something else: its name is not said.
    for odd in [
        format!("{longest}a"),
        "bank.".to_owned() + &"a".repeat(1 << 20),
        "shop.a\nb".to_owned(),
        "shop.\u{1b}[2J".to_owned(),
    ] {
        assert_eq!(
            told(&hooks, &odd, 0).await.unwrap_err(),
            "the name of an event is one line of 100 bytes at most"
        );
    }
    for others in [
        "bank.robbed",
        "shop",
        "shop.",
        "shops.sold",
        "extension_loaded",
    ] {
        let why = told(&hooks, others, 0).await.unwrap_err();
        assert!(
            why.starts_with(&format!("can't emit `{others}`: ")),
            "{why}"
        );
    }
    let shop = Caller::new("shop", 1);
    let odd = hooks.serve(&shop, json!({"event": "shop.sold"}), b"{cup".to_vec());
    let why = odd.await.unwrap_err().to_string();
    assert_eq!(why, "what `shop.sold` has with it is no JSON");
    // What was refused is not remembered, and of what was told so much is.
    assert_eq!(hooks.history(usize::MAX).len(), 1);
    for number in 0..500 {
        told(&hooks, &format!("shop.{number}"), 0).await.unwrap();
    }
    let names: BTreeMap<String, usize> = hooks
        .history(usize::MAX)
        .into_iter()
        .map(|told| (told.event.to_string(), 1))
        .collect();
    assert!(
        names.len() <= 100 && names.contains_key("shop.499"),
        "{names:?}"
    );
    assert_eq!(
        hooks.queue_count(),
        0,
        "nobody listens, and nothing is kept"
    );
}
