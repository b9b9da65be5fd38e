//! Tests of reloads: rebuilt plugins are swapped under the running bot, and nothing is lost.

use std::{collections::HashMap, time::Instant};

use crate::{fixtures, support::Fixture};

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_hello_answers_anew_and_counter_goes_on_counting() {
    let howdy = fixtures::howdy();
    let bot = Fixture::with(&["hello", "counter"]).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!hello").await.content, "Hello, member!");
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");

    let dropped = Instant::now();
    bot.drop_in(&howdy, "hello");
    bot.until_generation("hello", 2).await;
    // Not asserted: machines are busy. `just bench` measures it; the README says what came out.
    println!(
        "from the file's last byte to the new generation: {:?}",
        dropped.elapsed()
    );
    assert_eq!(bot.ask(&member, "!hello").await.content, "Howdy, member!");

    let reports = bot.plugins().reload("counter").await.unwrap();
    assert_eq!(reports[0].generation, 2);
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 3");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn state_survives_unload_and_load_and_a_restart_of_the_host() {
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    bot.plugins().unload("counter", false).await.unwrap();
    bot.plugins().load("counter").await.unwrap();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    let bot = bot.restart().await;
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 3");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_clients_hammer_a_command_while_it_is_reloaded_200_times() {
    const RELOADS: usize = 200;
    let bot = Fixture::with(&["counter"]).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let clients: Vec<_> = ["owner", "mod", "member", "member"]
        .into_iter()
        .map(|name| {
            let (actor, stopped) = (bot.sandbox.actor(name).unwrap(), stopped.clone());
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !*stopped.borrow() {
                    let sent = actor.says("general", "!count").await.unwrap();
                    actor.expects_reply_to(&sent).await.unwrap();
                    asked.push(sent.id);
                }
                asked
            })
        })
        .collect();
    // Gathered as they come: a channel keeps its last thousands alone, and a slow machine sees more.
    let mut answers: HashMap<u64, HashMap<u64, String>> = HashMap::new();
    let mut gather = || {
        for message in bot.owner().messages("general") {
            if let Some(to) = message.reply_to {
                let of_one = answers.entry(to).or_default();
                of_one.insert(message.id, message.content);
            }
        }
    };
    for reload in 1..=RELOADS {
        bot.plugins().reload("counter").await.unwrap();
        if reload % 20 == 0 {
            gather();
        }
    }
    stop.send(true).unwrap();
    let mut asked = Vec::new();
    for client in clients {
        asked.extend(client.await.unwrap());
    }
    gather();
    for id in &asked {
        assert_eq!(
            answers.get(id).map(HashMap::len),
            Some(1),
            "message {id} was answered by {:?}",
            answers.get(id)
        );
    }
    // The state was handed over each time: every count came once.
    let mut counts: Vec<u64> = answers
        .values()
        .flat_map(HashMap::values)
        .filter_map(|text| text.strip_prefix("Count: ")?.parse().ok())
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=asked.len() as u64).collect::<Vec<_>>());
    println!(
        "{} messages, {RELOADS} reloads, each answered once",
        asked.len()
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_background_task_ends_with_its_generation_and_never_ticks_twice() {
    let bot = Fixture::configured(&["ticker"], "[plugins.ticker]\nperiod_ms = 20").await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!wait").await.content, "Tick!");
    for _ in 0..5 {
        bot.plugins().reload("ticker").await.unwrap();
    }
    // The new generation's own task ticks; the older ones' are gone with their threads.
    assert_eq!(bot.ask(&member, "!wait").await.content, "Tick!");
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dependents_are_loaded_after_and_reloaded_with_what_they_need() {
    let shop = fixtures::plugin(
        "shop",
        "needs-hello",
        "0.1.0",
        "",
        "//! Needs hello.\nuse plugin_api::prelude::*;\n\
         export_plugin!(|| Plugin::new().depends_on_version(\"hello\", \"^0.1\"));\n",
    );
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&shop, "shop");
    let error = bot.until_refused("shop").await;
    assert_eq!(
        error,
        "it needs `hello`, which is not loaded; load `hello` first"
    );
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.until_generation("shop", 1).await;

    let reports = bot.plugins().reload("hello").await.unwrap();
    let names: Vec<_> = reports.iter().map(|report| &*report.plugin).collect();
    assert_eq!(names, ["hello", "shop"]);
    let error = bot
        .plugins()
        .unload("hello", false)
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(error, "`hello` is needed by `shop`; unload them first");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_loads_of_many_side_by_side_load_all_that_either_was_asked_for() {
    let config = "[extensions]\nauto_load = false\n";
    let bot = Fixture::configured(&["counter", "echo", "hello"], config).await;
    let file = |name: &str| bot.extensions().join(format!("lib{name}.so"));
    let plugins = bot.plugins();
    tokio::join!(
        plugins.load_all(vec![file("counter"), file("echo")]),
        plugins.load_all(vec![file("hello")]),
    );
    for name in ["counter", "echo", "hello"] {
        bot.until_generation(name, 1).await;
    }
    bot.close().await;
}
