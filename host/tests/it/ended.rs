//! Tests that host calls end with the generation that made them, however it went.

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use sandbox::{Effect, Fault, Scope, Way};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// Makes calls that take their time.
const SOURCE: &str = r#"//! Makes calls that take their time.
use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .command(Command::new("typing", "Types").run(typing))
        .command(Command::new("post", "Posts").run(post))
        .command(Command::new("fetch", "Gets").option(CommandOption::string("url", "Where").rest()).run(fetch))
        .command(Command::new("submit", "Posts").option(CommandOption::string("url", "Where").rest()).run(submit))
        .command(Command::new("jam", "Blocks its thread").run(jam))
});

async fn typing(ctx: CommandContext) -> Result {
    let path = format!("channels/{}/typing", ctx.channel_id());
    ctx.host().discord().request(Method::Post, path).send().await?;
    ctx.reply("typed").await
}

async fn post(ctx: CommandContext) -> Result {
    ctx.host().discord().send(ctx.channel_id(), "on its way").await?;
    ctx.host().discord().send(ctx.channel_id(), "and another").await?;
    Ok(())
}

async fn fetch(ctx: CommandContext) -> Result {
    let url: String = ctx.option("url")?;
    ctx.host().web().get(url).send().await?;
    Ok(())
}

async fn submit(ctx: CommandContext) -> Result {
    let url: String = ctx.option("url")?;
    ctx.host().web().post(url).send().await?;
    Ok(())
}

async fn jam(_ctx: CommandContext) -> Result {
    loop {
        std::thread::park();
    }
}
"#;

fn caller() -> PathBuf {
    static CALLER: OnceLock<PathBuf> = OnceLock::new();
    CALLER
        .get_or_init(|| fixtures::plugin("caller", "ended", "0.4.6", "", SOURCE))
        .clone()
}

const CONFIG: &str = "[extensions]\nstop_timeout_ms = 100\nsave_timeout_ms = 100\n\
                      [grants.caller]\nweb = [\"127.0.0.1\"]";

async fn bot() -> Fixture {
    let bot = Fixture::configured(&["counter"], CONFIG).await;
    bot.drop_in(&caller(), "caller");
    bot.until_generation("caller", 1).await;
    bot
}

/// Gives the plugin something to do.
async fn order(bot: &Fixture, what: &str) {
    let mention = format!("<@{}> {what}", bot.sandbox.application_id());
    bot.member().says("general", &mention).await.unwrap();
}

/// The bot works on, and all that it was about to do is done.
async fn a_while(bot: &Fixture) {
    for _ in 0..4 {
        let mention = format!("<@{}> count", bot.sandbox.application_id());
        bot.ask(&bot.member(), &mention).await;
    }
}

fn strikes(bot: &Fixture) -> usize {
    let traffic = bot.sandbox.traffic();
    let is_it = |way: Way| way == Way::Fault;
    traffic
        .iter()
        .filter(|crossing| is_it(crossing.way))
        .count()
}

/// How many messages say this.
fn said(bot: &Fixture, what: &str) -> usize {
    let traffic = bot.sandbox.traffic();
    let says = |crossing: &&sandbox::Crossing| {
        crossing.way == Way::Rest && crossing.body["content"] == what
    };
    traffic.iter().filter(says).count()
}

async fn until(mut done: impl FnMut() -> bool) {
    let waited = timeout(PATIENCE, async {
        while !done() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

async fn a_limited_call_ends(by: &[&str]) {
    let bot = bot().await;
    let wait = Duration::from_secs(2);
    let limit = Effect::RateLimit {
        scope: Scope::User,
        retry_after_ms: wait.as_millis() as u64,
    };
    let limit = Fault::request("POST /channels/*/typing", limit);
    bot.sandbox.faults().add(limit, None).unwrap();
    for what in by {
        order(&bot, what).await;
    }
    until(|| strikes(&bot) == 1).await;
    bot.plugins().unload("caller", true).await.unwrap();
    // Twice as long as it would have waited.
    tokio::time::sleep(wait * 2).await;
    a_while(&bot).await;
    assert_eq!(strikes(&bot), 1, "requests for a plugin that is gone");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_against_a_rate_limit_ends_with_an_unload() {
    a_limited_call_ends(&["typing"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_against_a_rate_limit_ends_when_its_plugin_is_written_off() {
    a_limited_call_ends(&["typing", "jam"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_on_its_way_is_sent_once_and_the_next_one_is_not() {
    let bot = bot().await;
    let slow = Effect::Delay {
        ms: 1_000,
        by_clock: false,
    };
    let slow = Fault::request("POST /channels/*/messages", slow);
    bot.sandbox.faults().add(slow, Some(1)).unwrap();
    order(&bot, "post").await;
    until(|| strikes(&bot) == 1).await;
    bot.plugins().unload("caller", true).await.unwrap();
    assert_eq!(said(&bot, "on its way"), 0);
    until(|| said(&bot, "on its way") > 0).await;
    a_while(&bot).await;
    assert_eq!(
        (said(&bot, "on its way"), said(&bot, "and another")),
        (1, 0)
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_lets_the_old_generations_calls_go_on() {
    let bot = Fixture::configured(&["counter"], "").await;
    bot.drop_in(&caller(), "caller");
    bot.until_generation("caller", 1).await;
    let slow = Effect::Delay {
        ms: 1_000,
        by_clock: false,
    };
    let slow = Fault::request("POST /channels/*/messages", slow);
    bot.sandbox.faults().add(slow, Some(1)).unwrap();
    order(&bot, "post").await;
    until(|| strikes(&bot) == 1).await;
    bot.plugins().reload("caller").await.unwrap();
    until(|| said(&bot, "and another") == 1).await;
    assert_eq!(said(&bot, "on its way"), 1);
    bot.close().await;
}

/// A server that takes requests and says nothing.
async fn mute() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0);
        head.extend_from_slice(&buffer[..read]);
    }
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_request_is_dropped_when_it_reads_and_waited_for_when_it_changes_something() {
    let bot = bot().await;
    let (listener, port) = mute().await;
    order(&bot, &format!("fetch http://127.0.0.1:{port}/tea")).await;
    let mut reading = request(&listener).await;
    order(&bot, &format!("submit http://127.0.0.1:{port}/order")).await;
    let mut writing = request(&listener).await;
    bot.plugins().unload("caller", true).await.unwrap();
    // The connection of the one is closed by the host; the other's takes the answer.
    let closed = timeout(PATIENCE, reading.read(&mut [0; 1])).await.unwrap();
    assert_eq!(closed.unwrap(), 0);
    let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    writing.write_all(answer).await.unwrap();
    let closed = timeout(PATIENCE, writing.read(&mut [0; 1])).await.unwrap();
    assert_eq!(closed.unwrap(), 0);
    bot.close().await;
}
