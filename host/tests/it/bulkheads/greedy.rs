//! Plugins that take too much: heap, host calls.

use super::Stuck;

#[tokio::test(flavor = "multi_thread")]
async fn one_that_holds_too_much_heap_is_reloaded_with_its_state_and_stopped_the_second_time() {
    let stuck = Stuck::with("heap_mb = 64").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    assert_eq!(bot.ask(&member, "!tally").await.content, "tally 1");
    assert_eq!(bot.ask(&member, "!hoard").await.content, "kept");
    bot.until_generation("mire", 2).await;
    assert_eq!(bot.ask(&member, "!tally").await.content, "tally 2");
    assert_eq!(bot.ask(&member, "!hoard").await.content, "kept");
    let error = stuck.error("`load mire` starts it again").await;
    assert!(
        error.contains(" MiB of heap, more than it may (`limits.heap_mb`), again within a minute"),
        "{error}"
    );
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    bot.plugins().load("mire").await.unwrap();
    assert_eq!(bot.ask(&member, "!tally").await.content, "tally 3");
    stuck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_makes_too_many_host_calls_is_refused_the_rest_and_others_are_not() {
    let stuck = Stuck::with("host_calls_per_second = 1").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    let said = bot.ask(&member, "!pester").await.content;
    assert!(
        said.starts_with("done true: ")
            && said.contains(
                "the plugin makes more than 1 host calls a second (`limits.host_calls_per_second`)"
            ),
        "{said}"
    );
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    stuck.close().await;
}
