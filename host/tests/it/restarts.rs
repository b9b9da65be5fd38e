//! Restarts: the gateway session goes on, what the bot knew is known, and what members said meanwhile is answered, once.

use sandbox::{Actor, MessageView, Sandbox, Way};
use twilight_model::id::Id;

use crate::{
    fixtures,
    process::Process,
    support::{Fixture, drop_in},
};

/// How often the bot has identified.
fn identifies(sandbox: &Sandbox) -> usize {
    crossings(sandbox, Way::GatewayIn, "IDENTIFY")
}

fn crossings(sandbox: &Sandbox, way: Way, what: &str) -> usize {
    let traffic = sandbox.traffic();
    let is_meant = |crossing: &&sandbox::Crossing| crossing.way == way && crossing.what == what;
    traffic.iter().filter(is_meant).count()
}

/// All replies to a message that there are.
fn replies(who: &Actor, to: &MessageView) -> Vec<String> {
    let all = who.messages("general");
    let replies = all.iter().filter(|it| it.reply_to == Some(to.id));
    replies.map(MessageView::text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_order_identifies_nobody_and_answers_what_was_said_meanwhile() {
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    let before = member.says("general", "!count").await.unwrap();
    let answer = member.expects_reply_to(&before).await.unwrap();
    assert_eq!(answer.content, "Count: 1");
    let identified = identifies(&bot.sandbox);
    let servers = crossings(&bot.sandbox, Way::GatewayOut, "GUILD_CREATE");
    let mut meanwhile = None;
    let bot = bot
        .restart_after(async |stopped| {
            let member = stopped.sandbox.actor("member").unwrap();
            meanwhile = Some(member.says("general", "!count").await.unwrap());
        })
        .await;
    let meanwhile = meanwhile.unwrap();
    let answer = member.expects_reply_to(&meanwhile).await.unwrap();
    assert_eq!(answer.content, "Count: 2");
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 3");
    assert_eq!(identifies(&bot.sandbox), identified);
    assert_eq!(
        crossings(&bot.sandbox, Way::GatewayOut, "GUILD_CREATE"),
        servers
    );
    for said in [before, meanwhile] {
        assert_eq!(replies(&member, &said).len(), 1, "{said:?}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bot_knew_is_known_and_what_changed_meanwhile_is_learnt() {
    let bot = Fixture::with(&["hello"]).await;
    bot.ask(&bot.member(), "!hello").await;
    let guild = Id::new(bot.sandbox.guild_id());
    let known = bot.bot.services().cache.channels(guild).unwrap();
    let bot = bot
        .restart_after(async |stopped| {
            let guild = stopped.sandbox.guild_id();
            stopped
                .sandbox
                .change_world(|world| world.add_channel(guild, "new-one"));
        })
        .await;
    // Nothing else tells of servers: the session goes on.
    bot.ask(&bot.member(), "!hello").await;
    let cache = &bot.bot.services().cache;
    let now = cache.channels(guild).unwrap();
    let is_new = |name: &Option<String>| name.as_deref() == Some("new-one");
    assert_eq!(now.len(), known.len() + 1);
    assert!(now.iter().any(|channel| is_new(&channel.name)));
    let me = Id::new(bot.sandbox.application_id());
    assert!(cache.permissions(guild, me, None).is_ok());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_snapshot_another_session_tells_the_servers_and_nothing_is_lost() {
    let bot = Fixture::with(&["counter"]).await;
    let guild = Id::new(bot.sandbox.guild_id());
    let identified = identifies(&bot.sandbox);
    let mut meanwhile = None;
    let bot = bot
        .restart_after(async |stopped| {
            std::fs::remove_file(stopped.folder.join("data/run/cache")).unwrap();
            let member = stopped.sandbox.actor("member").unwrap();
            meanwhile = Some(member.says("general", "!count").await.unwrap());
        })
        .await;
    let (member, meanwhile) = (bot.member(), meanwhile.unwrap());
    let answer = member.expects_reply_to(&meanwhile).await.unwrap();
    assert_eq!(answer.content, "Count: 1");
    let mut count = 1;
    while bot.bot.services().cache.guild(guild).is_err() {
        count += 1;
        let answer = bot.ask(&member, "!count").await.content;
        assert_eq!(answer, format!("Count: {count}"));
    }
    assert_eq!(replies(&member, &meanwhile).len(), 1);
    assert_eq!(identifies(&bot.sandbox), identified + 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_discord_has_ended_is_followed_by_a_new_one() {
    let bot = Fixture::with(&["counter"]).await;
    let identified = identifies(&bot.sandbox);
    let bot = bot
        .restart_after(async |stopped| stopped.sandbox.invalidate_sessions())
        .await;
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 1");
    assert_eq!(identifies(&bot.sandbox), identified + 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_that_differ_after_the_restart_cost_one_session_and_no_message() {
    let bot = Fixture::with(&[]).await;
    let identified = identifies(&bot.sandbox);
    let mention = format!("<@{}> count", bot.sandbox.application_id());
    let mut meanwhile = None;
    let bot = bot
        .restart_after(async |stopped| {
            let counter = fixtures::example("counter");
            drop_in(&counter, &stopped.folder.join("extensions"), "counter");
            let member = stopped.sandbox.actor("member").unwrap();
            meanwhile = Some(member.says("general", &mention).await.unwrap());
        })
        .await;
    let (member, meanwhile) = (bot.member(), meanwhile.unwrap());
    let answer = member.expects_reply_to(&meanwhile).await.unwrap();
    assert_eq!(answer.content, "Count: 1");
    bot.until_content_is_seen().await;
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    assert_eq!(replies(&member, &meanwhile).len(), 1);
    assert_eq!(identifies(&bot.sandbox), identified + 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_killed_goes_on_with_its_session() {
    let libraries = [("counter", fixtures::example("counter"))];
    let bot = Process::run(&libraries, "").await;
    let member = bot.member();
    let first = member.says("general", "!count").await.unwrap();
    assert_eq!(
        member.expects_reply_to(&first).await.unwrap().content,
        "Count: 1"
    );
    let identified = identifies(&bot.sandbox);
    bot.signal("KILL");
    bot.ended().await;
    let meanwhile = member.says("general", "!count").await.unwrap();
    let bot = bot.again().await;
    // Its state is that of the last save; it is the answer that counts.
    member.expects_reply_to(&meanwhile).await.unwrap();
    bot.until_said("the session goes on").await;
    bot.until_said("the new session has taken over").await;
    assert_eq!(identifies(&bot.sandbox), identified + 1);
    for said in [first, meanwhile] {
        assert_eq!(replies(&member, &said).len(), 1, "{}", bot.said());
    }
}
