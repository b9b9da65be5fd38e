//! Command `shardinfo`: the shard that brings this server's events, and all of them.

use plugin_api::{
    abi::ShardView,
    prelude::*,
    text::{ago, counted, milliseconds, number},
};

use crate::{NOT_GRANTED, given};

/// Shards on a page.
const PAGE: usize = 10;

pub(super) fn shardinfo() -> Command {
    Command::new("shardinfo", "Shows the connections to Discord")
        .help("Discord splits bots in many servers into shards, each a connection of its own. In direct messages the first one is yours.")
        .example("shardinfo")
        .run(async |ctx: CommandContext| ctx.pages("shards", "").await)
}

/// The shard that events of a server come by; direct messages come by the first
/// ([reference](https://discord.com/developers/docs/events/gateway#sharding)). `None` where another process has it.
pub(super) fn shard_of(
    shards: &[ShardView],
    guild: Option<Id<marker::GuildMarker>>,
) -> Option<&ShardView> {
    let of = u64::from(shards.first()?.of.max(1));
    let number = guild.map_or(0, |guild| (guild.get() >> 22) % of);
    shards.iter().find(|shard| u64::from(shard.id) == number)
}

pub(super) async fn page(ctx: PageContext) -> Result<Page> {
    let shards = given("shards.list", ctx.host().shards().await);
    let Some(shards) = shards.map(|reply| reply.shards) else {
        return Ok(Page::new(embed("Shards").description(NOT_GRANTED), 1));
    };
    let servers: u64 = shards.iter().map(|shard| shard.guilds).sum();
    let mut card = embed("Shards").field("Here", here(&shards, ctx.guild_id()), false);
    if let Some(first) = shards.first() {
        let average = servers as f64 / shards.len() as f64;
        card = card
            .field("In all", number(first.of.into()), true)
            .field("Servers", number(servers), true)
            .field("Servers per shard", format!("{average:.1}"), true);
    }
    let lines = shards.iter().skip(ctx.index() * PAGE).take(PAGE).map(line);
    let card = card.description(lines.collect::<Vec<_>>().join("\n"));
    Ok(Page::new(card, shards.len().div_ceil(PAGE)))
}

fn here(shards: &[ShardView], guild: Option<Id<marker::GuildMarker>>) -> String {
    let place = match guild {
        Some(_) => "This server",
        None => "Direct messages",
    };
    match shard_of(shards, guild) {
        Some(shard) => format!("{place}: shard {} of {}", shard.id, shard.of),
        None => format!("{place}: a shard of another process"),
    }
}

fn line(shard: &ShardView) -> String {
    let (mark, state) = match shard.connected {
        true => ("🟢", "connected"),
        false => ("🔴", "connecting"),
    };
    let mut parts = vec![
        format!("{mark} **Shard {}** {state}", shard.id),
        counted(shard.guilds, "server"),
    ];
    parts.extend(shard.latency_us.map(milliseconds));
    if shard.reconnects > 0 {
        parts.push(counted(shard.reconnects, "reconnect"));
    }
    if let Some(heard) = shard.last_event_ms {
        parts.push(format!("heard {}", ago(heard)));
    }
    parts.join(" · ")
}
