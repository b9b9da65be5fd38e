//! Commands `ping` and `uptime`: how far away Discord is, and since when the bot runs.

use std::time::{Instant, SystemTime};

use plugin_api::{
    prelude::*,
    text::{ago, milliseconds, span},
};

use crate::{NOT_GRANTED, given, shards::shard_of};

pub(super) fn ping() -> Command {
    Command::new("ping", "Measures how far away Discord is")
        .help("The gateway's latency is how long a heartbeat takes; the round trip is how long Discord takes to change a message.")
        .example("ping")
        .run(measure)
}

pub(super) fn uptime() -> Command {
    Command::new("uptime", "Shows since when the bot runs")
        .example("uptime")
        .run(since)
}

async fn measure(ctx: CommandContext) -> Result {
    let bot = given("bot.status", ctx.host().bot().status().await);
    let gateway = match bot.map(|bot| bot.latency_ms) {
        Some(Some(latency)) => format!("{latency:.0} ms"),
        Some(None) => "not measured yet".into(),
        None => "not shown here".into(),
    };
    let card = |round_trip: String| {
        embed("Pong!")
            .field("Gateway", &gateway, true)
            .field("Round trip", round_trip, true)
    };
    let sent = ctx.send(card("measuring…".into())).await?;
    let began = Instant::now();
    sent.edit(card("measuring…".into())).await?;
    let took = began.elapsed();
    let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    sent.edit(card(milliseconds(us))).await
}

async fn since(ctx: CommandContext) -> Result {
    let Some(bot) = given("bot.status", ctx.host().bot().status().await) else {
        return ctx.reply(embed("Uptime").description(NOT_GRANTED)).await;
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now_s = now.map_or(0, |now| now.as_secs());
    let began = now_s.saturating_sub(bot.up_ms / 1_000);
    let mut card = embed("Uptime")
        .description(format!("{}, since <t:{began}:F>.", span(bot.up_ms)))
        .field("Machine", span(bot.system_up_s.saturating_mul(1_000)), true);
    let shards = given("shards.list", ctx.host().shards().await);
    let shards = shards.unwrap_or_default().shards;
    if let Some(shard) = shard_of(&shards, ctx.guild_id())
        && let Some(began) = shard.session_since_ms
    {
        card = card.field(
            "Session with Discord",
            format!("began {}", ago(began)),
            true,
        );
    }
    ctx.reply(card).await
}
