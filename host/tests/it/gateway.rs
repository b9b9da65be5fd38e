//! Tests of the gateway: resumed, reconnected, renewed with other intents, and nothing lost.

use crate::{fixtures, support::Fixture};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_while_the_connection_was_cut_is_answered() {
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    bot.sandbox.drop_connections();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    bot.sandbox.reconnect_all();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 3");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_comes_back_after_an_invalid_session() {
    let bot = Fixture::with(&["hello"]).await;
    bot.sandbox.invalidate_sessions();
    bot.sandbox
        .bot_ready(crate::support::PATIENCE)
        .await
        .unwrap();
    assert_eq!(
        bot.ask(&bot.member(), "!hello").await.content,
        "Hello, member!"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_intents_opens_a_new_session_and_loses_no_message() {
    let bot = Fixture::with(&[]).await;
    // Without prefix commands the host does not ask for MESSAGE_CONTENT; the first one changes that.
    bot.drop_in(&fixtures::example("counter"), "counter");
    bot.until_generation("counter", 1).await;
    let member = bot.member();
    // Mentions carry content in both sessions: none may be lost or answered twice while the sessions change.
    let mention = format!("<@{}> count", bot.sandbox.application_id());
    let mut count = 0;
    let mut after = 0;
    while after < 20 {
        count += 1;
        assert_eq!(
            bot.ask(&member, &mention).await.content,
            format!("Count: {count}")
        );
        // Until well after the new session is ready.
        after += usize::from(bot.sessions() > 1);
    }
    // And the new intent is there: a plain prefix is seen.
    let answer = bot.ask(&member, "!count").await.content;
    assert_eq!(answer, format!("Count: {}", count + 1));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_text_shows_the_numbers() {
    let bot = Fixture::configured(
        &["hello"],
        "[status]\ntext = \"{guilds} server, {commands} commands\"",
    )
    .await;
    // The plugin's one, and the owner's.
    let wanted = format!("1 server, {} commands", 1 + host::owner::COUNT);
    tokio::time::timeout(crate::support::PATIENCE, async {
        while !bot
            .sandbox
            .presence()
            .is_some_and(|presence| presence.to_string().contains(&wanted))
        {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{:?}", bot.sandbox.presence()));
    bot.close().await;
}
