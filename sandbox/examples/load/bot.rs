//! Benchmark bot of our own, a process of its own as discord.py is: it does what `sandbox/bench/discordpy.py` does, and
//! does it without a library, so that the sandbox is what limits.

use std::{env::Args, io, net::SocketAddr};

use tokio::sync::mpsc;

use crate::{
    Outcome, TOLD_EACH,
    client::{Gateway, Rest, is},
};

/// Connections that answers are sent over. discord.py opens as many as it has answers under way.
const CONNECTIONS: usize = 128;

/// Messages that may wait for one of them: as many as users can have asked.
const WAITING: usize = 1024;

/// Runs the bot that these arguments ask for: `count|answer ADDRESS GUILDS TOKEN`. One thread, as discord.py has.
pub fn run(mut args: Args) -> Outcome<()> {
    let mut arg = || args.next().ok_or("too few arguments for a bot");
    let (mode, addr, guilds, token) = (arg()?, arg()?.parse()?, arg()?.parse()?, arg()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut gateway = Gateway::identify(addr, &token, (0, 1), false).await?;
        let mut known = 0;
        while known < guilds {
            known += usize::from(is(gateway.next().await?, "GUILD_CREATE"));
        }
        println!("ready");
        match mode.as_str() {
            "count" => count(gateway).await,
            _ => answer(gateway, addr, &token).await,
        }
    })
}

/// Counts, and tells now and then.
async fn count(mut gateway: Gateway) -> Outcome<()> {
    for heard in 1.. {
        while !is(gateway.next().await?, "MESSAGE_CREATE") {}
        if heard % TOLD_EACH == 0 {
            println!("{heard}");
        }
    }
    Ok(())
}

/// Answers every question with a reply, over several connections.
async fn answer(mut gateway: Gateway, addr: SocketAddr, token: &str) -> Outcome<()> {
    // It looks for news without a pause: to be woken for each answer would cost the sandbox more than to answer.
    tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut rest = Rest::connect(addr, token).await?;
        let (send, mut asked) = mpsc::channel::<(String, String)>(WAITING);
        workers.push(send);
        tokio::spawn(async move {
            while let Some((path, body)) = asked.recv().await {
                let status = rest.send("POST", &path, &body).await?;
                if status != 200 {
                    return Err(io::Error::other(format!("status {status}")));
                }
            }
            Ok(())
        });
    }
    for number in 0.. {
        let payload = gateway.next().await?;
        if !is(payload, "MESSAGE_CREATE") {
            continue;
        }
        let Said { d: said } = serde_json::from_str(payload)?;
        if said.content == "ping" {
            let path = format!("channels/{}/messages", said.channel_id);
            let reference = format!(r#"{{"message_id":"{}"}}"#, said.id);
            let body = format!(r#"{{"content":"pong","message_reference":{reference}}}"#);
            workers[number % workers.len()].send((path, body)).await?;
        }
    }
    Ok(())
}

/// What the bot reads of MESSAGE_CREATE.
#[derive(serde::Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    d: Message<'a>,
}

#[derive(serde::Deserialize)]
struct Message<'a> {
    id: &'a str,
    channel_id: &'a str,
    content: &'a str,
}
