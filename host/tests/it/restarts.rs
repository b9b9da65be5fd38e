//! Restarts: the gateway session goes on, what the bot knew is known, and what members said meanwhile is answered, once.

use std::{fs, path::PathBuf, sync::OnceLock, time::Duration};

use sandbox::{Actor, Fault, GatewayLimits, MessageView, Sandbox, Way};
use twilight_model::id::Id;

use crate::{
    fixtures,
    process::Process,
    support::{Fixture, PATIENCE, drop_in},
};

/// Does one thing after the other, and writes down what it has begun.
const WORKER: &str = r#"//! Works.
use std::{fs::OpenOptions, io::Write};

use plugin_api::prelude::*;

export_plugin!(|| Plugin::new()
    .concurrency(1)
    .command(Command::new("stay", "Never ends").run(stay))
    .command(Command::new("said", "Answers, and never ends").run(said))
    .command(Command::new("quick", "Answers").run(quick)));

fn note(ctx: &CommandContext, what: &str) -> Result {
    let settings: std::collections::BTreeMap<String, String> = ctx.host().settings()?;
    let file = OpenOptions::new().create(true).append(true).open(&settings["file"]);
    file.and_then(|mut file| file.write_all(what.as_bytes())).map_err(|error| Error::new(error.to_string()))
}

async fn stay(ctx: CommandContext) -> Result {
    note(&ctx, "stay\n")?;
    std::future::pending().await
}

async fn said(ctx: CommandContext) -> Result {
    note(&ctx, "said\n")?;
    ctx.reply("halfway").await?;
    std::future::pending().await
}

async fn quick(ctx: CommandContext) -> Result {
    note(&ctx, "quick\n")?;
    ctx.reply("done").await
}
"#;

fn worker() -> PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| fixtures::plugin("worker", "restarts", "0.1.0", "", WORKER))
        .clone()
}

/// A bot with this plugin, in a process of its own.
async fn working(config: &str) -> Process {
    let libraries = [("worker", worker())];
    let config = format!("{config}\n[plugins.worker]\nfile = \"begun.txt\"\n");
    Process::run(&libraries, &config).await
}

/// What the plugin has begun, through all processes.
fn begun(bot: &Process) -> Vec<String> {
    let text = fs::read_to_string(bot.folder.path().join("begun.txt")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "never: {what}");
}

async fn until_begun(bot: &Process, what: &str) {
    until(what, || begun(bot).iter().any(|it| it == what)).await;
}

/// Says something and waits until the bot has entered it.
async fn entered(bot: &Process, who: &Actor, text: &str) -> MessageView {
    let said = who.says("general", text).await.unwrap();
    let journal = bot.folder.path().join("data/run/flight");
    let id = said.id.to_string();
    let is_there = || fs::read_to_string(&journal).is_ok_and(|text| text.contains(&id));
    until(text, is_there).await;
    said
}

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
            let member = stopped.sandbox.actor("member").unwrap();
            member.starts_thread("general", "new-one").await.unwrap();
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
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 1");
    let identified = identifies(&bot.sandbox);
    let mut meanwhile = None;
    let bot = bot
        .restart_after(async |stopped| {
            fs::remove_file(stopped.folder.join("data/run/cache")).unwrap();
            let member = stopped.sandbox.actor("member").unwrap();
            meanwhile = Some(member.says("general", "!count").await.unwrap());
        })
        .await;
    let (member, meanwhile) = (bot.member(), meanwhile.unwrap());
    let answer = member.expects_reply_to(&meanwhile).await.unwrap();
    assert_eq!(answer.content, "Count: 2");
    let mut count = 2;
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
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 1");
    let identified = identifies(&bot.sandbox);
    let bot = bot
        .restart_after(async |stopped| stopped.sandbox.invalidate_sessions())
        .await;
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 2");
    assert_eq!(identifies(&bot.sandbox), identified + 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_that_differ_after_the_restart_cost_one_session_and_no_message() {
    let bot = Fixture::with(&[]).await;
    let me = bot.sandbox.application_id();
    bot.ask(&bot.owner(), &format!("<@{me}> extensions")).await;
    let identified = identifies(&bot.sandbox);
    let mention = format!("<@{me}> count");
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

/// At most once, and answered: what was begun is apologised for, what was not is run, by whichever process there is.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_bot_was_at_is_answered_once_by_the_next() {
    let bot = working("").await;
    let member = bot.member();
    let stay = member.says("general", "!stay").await.unwrap();
    until_begun(&bot, "stay").await;
    // The plugin does one thing after the other.
    let quick = entered(&bot, &member, "!quick").await;
    bot.signal("KILL");
    bot.ended().await;
    let bot = bot.again().await;
    let answer = member.expects_reply_to(&quick).await.unwrap();
    assert_eq!(answer.content, "done");
    let answer = member.expects_reply_to(&stay).await.unwrap();
    assert!(answer.content.contains("I was restarted"), "{answer:?}");
    // Neither is said again, however often it is restarted.
    bot.signal("KILL");
    bot.ended().await;
    let bot = bot.again().await;
    assert_eq!(bot.ask(&member, "!quick").await.content, "done");
    for said in [&stay, &quick] {
        assert_eq!(replies(&member, said).len(), 1, "{}", bot.said());
    }
    assert_eq!(begun(&bot), ["stay", "quick", "quick"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_command_is_neither_run_nor_answered_again() {
    let bot = working("").await;
    let (owner, mention) = (bot.owner(), format!("<@{}>", bot.sandbox.application_id()));
    let before = bot.ask(&owner, &format!("{mention} extensions")).await;
    assert!(before.text().contains("worker"), "{}", before.text());
    let hello = bot.ask(&bot.member(), &mention).await;
    // It waits for what the plugin is at.
    bot.member().says("general", "!stay").await.unwrap();
    until_begun(&bot, "stay").await;
    let unload = entered(&bot, &owner, &format!("{mention} unload worker")).await;
    bot.signal("KILL");
    bot.ended().await;
    let bot = bot.again().await;
    let answer = owner.expects_reply_to(&unload).await.unwrap();
    assert!(answer.text().contains("I was restarted"), "{answer:?}");
    // What was wanted is noted before it is done, so that it holds all the same.
    let after = bot.ask(&owner, &format!("{mention} extensions")).await;
    assert!(after.text().contains("`load worker` loads it"), "{after:?}");
    assert_eq!(replies(&owner, &unload).len(), 1);
    for answered in [before, hello] {
        let all = owner.messages("general");
        let to = answered.reply_to;
        assert_eq!(all.iter().filter(|it| it.reply_to == to).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_read_an_answer_reads_no_apology() {
    let bot = working("").await;
    let member = bot.member();
    let said = member.says("general", "!said").await.unwrap();
    assert_eq!(
        member.expects_reply_to(&said).await.unwrap().content,
        "halfway"
    );
    bot.signal("KILL");
    bot.ended().await;
    let bot = bot.again().await;
    assert_eq!(bot.ask(&member, "!quick").await.content, "done");
    assert_eq!(replies(&member, &said), ["halfway"], "{}", bot.said());
}

/// What does not end in time is cut short, and what has waited behind it is not lost.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_in_order_leaves_is_served_by_the_next_process() {
    let config = "[shutdown]\ntimeout_ms = 300\n[extensions]\nstop_timeout_ms = 5000\n";
    let bot = working(config).await;
    let member = bot.member();
    let stay = member.says("general", "!stay").await.unwrap();
    until_begun(&bot, "stay").await;
    let quick = entered(&bot, &member, "!quick").await;
    let identified = identifies(&bot.sandbox);
    bot.signal("TERM");
    bot.ended().await;
    let bot = bot.again().await;
    assert_eq!(
        member.expects_reply_to(&quick).await.unwrap().content,
        "done"
    );
    member.expects_reply_to(&stay).await.unwrap();
    assert_eq!(bot.ask(&member, "!quick").await.content, "done");
    for said in [&stay, &quick] {
        assert_eq!(replies(&member, said).len(), 1, "{}", bot.said());
    }
    assert_eq!(begun(&bot), ["stay", "quick", "quick"]);
    assert_eq!(identifies(&bot.sandbox), identified, "{}", bot.said());
}

/// Discord still takes answers to an interaction that was deferred.
#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_is_answered_by_the_next_process() {
    let bot = working("").await;
    let member = bot.member();
    until("registered", || {
        bot.sandbox.commands().iter().any(|it| it.contains("stay"))
    })
    .await;
    let stay = member.start_slash("general", "stay", &[]).unwrap();
    // By the host, in time.
    until("deferred", || {
        let traffic = bot.sandbox.traffic();
        let path = format!("/interactions/{stay}/");
        let is_taken = |status: Option<u16>| matches!(status, Some(200 | 204));
        traffic
            .iter()
            .any(|it| it.what.contains(&path) && is_taken(it.status))
    })
    .await;
    let quick = member.start_slash("general", "quick", &[]).unwrap();
    let journal = bot.folder.path().join("data/run/flight");
    let id = quick.to_string();
    until("entered", || {
        fs::read_to_string(&journal).is_ok_and(|text| text.contains(&id))
    })
    .await;
    bot.signal("KILL");
    bot.ended().await;
    let bot = bot.again().await;
    let answer = |id| {
        let answered = member.interaction(id)?.message?;
        Some(answered.text())
    };
    until("an apology", || {
        answer(stay).is_some_and(|it| it.contains("I was restarted"))
    })
    .await;
    // Whether Discord still takes its answer is a question of its three seconds.
    until_begun(&bot, "quick").await;
}

/// The day's sessions are used up: a bot that goes on with its own needs none.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_without_a_session_start_left_is_restarted_and_killed_and_goes_on() {
    let sandbox = Process::discord(|options| {
        options.gateway_limits = GatewayLimits {
            session_starts: 1,
            ..GatewayLimits::GENEROUS
        };
    })
    .await;
    let libraries = [("counter", fixtures::example("counter"))];
    let bot = Process::on(sandbox, &libraries, "");
    bot.until_said("ready: ").await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    bot.signal("TERM");
    bot.ended().await;
    let bot = bot.again().await;
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    // Nothing tells of its servers now; its commands are answered all the same.
    bot.signal("KILL");
    bot.ended().await;
    let bot = bot.revived();
    bot.ask(&member, "!count").await;
    assert_eq!(identifies(&bot.sandbox), 1, "{}", bot.said());
}

/// 503 at the address that sessions are to be resumed at: they are resumed at the other one.
#[tokio::test(flavor = "multi_thread")]
async fn a_resume_address_that_is_out_of_order_costs_no_session() {
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    let identified = identifies(&bot.sandbox);
    let bot = bot
        .restart_after(async |stopped| {
            let faults = stopped.sandbox.faults();
            faults.add(Fault::RefuseResumes, None).unwrap();
        })
        .await;
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    bot.sandbox.reconnect_all();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 3");
    // The same for a session that Discord calls invalid for now.
    bot.sandbox.faults().invalidate_for_now();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 4");
    assert_eq!(identifies(&bot.sandbox), identified);
    bot.close().await;
}

/// What the process before has missed of Discord counts as well: no gateway for a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_while_the_gateway_is_down_goes_on_with_the_session_later() {
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    let identified = identifies(&bot.sandbox);
    let mut meanwhile = None;
    let bot = bot
        .restart_after(async |stopped| {
            let faults = stopped.sandbox.faults();
            faults.add(Fault::RefuseConnections, Some(2)).unwrap();
            let member = stopped.sandbox.actor("member").unwrap();
            meanwhile = Some(member.says("general", "!count").await.unwrap());
        })
        .await;
    let answer = member.expects_reply_to(&meanwhile.unwrap()).await.unwrap();
    assert_eq!(answer.content, "Count: 2");
    assert_eq!(identifies(&bot.sandbox), identified);
    bot.close().await;
}
