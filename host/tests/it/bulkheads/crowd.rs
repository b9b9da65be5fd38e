//! One server that keeps a plugin busy, by slow handlers or by a flood, and the members of another one.

use futures_util::future::join_all;

use super::Stuck;

/// More than the mailbox has room for.
const FLOOD: usize = 4_096 + 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_handlers_that_never_end_leaves_places_for_other_servers() {
    let stuck = Stuck::with("handler_deadline_s = 0").await;
    let stuck = stuck.beside_another_server().await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    let sailor = bot.sandbox.actor("sailor").unwrap();
    // Questions to members take nobody's place, however many there are.
    for _ in 0..50 {
        bot.ask(&member, "!wonder").await;
    }
    assert_eq!(bot.ask(&member, "!tally").await.content, "tally 1");
    // As many as there are places, and some more.
    for _ in 0..80 {
        member.says("general", "!drift").await.unwrap();
    }
    for number in 2..6 {
        let asked = sailor.says("docks", "!tally").await.unwrap();
        let answer = sailor.expects_reply_to(&asked).await.unwrap();
        assert_eq!(answer.content, format!("tally {number}"));
    }
    // Another one's crowd does not take the rest, either.
    for _ in 0..80 {
        sailor.says("docks", "!drift").await.unwrap();
    }
    let asked = member.says("dm", "!tally").await.unwrap();
    let answer = member.expects_reply_to(&asked).await.unwrap();
    assert_eq!(answer.content, "tally 6");
    stuck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flooded_mailbox_costs_the_server_that_floods_it_and_the_owner_reads_which() {
    let stuck = Stuck::with("watchdog_s = 0").await;
    let stuck = stuck.beside_another_server().await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    let sailor = bot.sandbox.actor("sailor").unwrap();
    bot.until_content_is_seen().await;
    let alerts = bot.sandbox.channel_id("bots").unwrap();
    let set = format!("!cogwright set alerts.channel_id {alerts}");
    bot.ask(&bot.owner(), &set).await;
    // It takes nothing from here on.
    assert_eq!(bot.ask(&member, "!stick said").await.content, "stuck");
    for _ in 0..FLOOD / 64 + 1 {
        let said = join_all((0..64).map(|_| member.says("general", "flood"))).await;
        assert!(said.iter().all(Result::is_ok));
    }
    let told = bot.owner().expects("bots", "event(s) were dropped").await;
    let told = told.unwrap().content;
    let guild = bot.sandbox.guild_id();
    assert!(
        told.contains("`mire`") && told.ends_with(&format!("of them of the server {guild}.")),
        "{told}"
    );
    // There is no room; another server's finds some, and is served in turn, not behind thousands.
    let asked = sailor.says("docks", "how many").await.unwrap();
    let called = sailor.says("docks", "!tally").await.unwrap();
    stuck.free();
    let answer = sailor.expects_reply_to(&asked).await.unwrap().content;
    let before: usize = answer.strip_prefix("heard ").unwrap().parse().unwrap();
    assert!(before < 1_000, "{answer}");
    let answer = sailor.expects_reply_to(&called).await.unwrap();
    assert_eq!(answer.content, "tally 1");
    stuck.close().await;
}
