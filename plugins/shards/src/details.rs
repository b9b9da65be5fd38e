//! Command `sharddetails`: all that is known of one shard.

use plugin_api::{
    abi::ShardView,
    prelude::*,
    text::{ago, chart, counted, milliseconds, number},
};

use crate::{
    memory::{Seen, Watch},
    verdict::Verdict,
    words::{now_ms, shard},
};

pub(super) fn sharddetails() -> Command<Watch> {
    Command::new("sharddetails", "Shows all that is known of one shard")
        .example("sharddetails 0")
        .option(
            CommandOption::integer("id", "Its number, from 0")
                .required()
                .min(0)
                .max(f64::from(u16::MAX)),
        )
        .run(run)
}

async fn run(ctx: CommandContext<Watch>) -> Result {
    let id: u32 = ctx.option("id")?;
    let shards = ctx.host().shards().await?.shards;
    let shard = shard(&shards, id)?;
    let card = {
        let memory = ctx.state().0.borrow();
        card(shard, memory.shards.get(&id))
    };
    ctx.reply(card).await
}

fn card(shard: &ShardView, seen: Option<&Seen>) -> plugin_api::EmbedBuilder {
    let verdict = Verdict::of(shard, now_ms());
    let counts = match shard.counted_since_ms {
        Some(at) => format!("counted since {}", ago(at)),
        None => "counted since the bot began".to_owned(),
    };
    let known = |at: Option<u64>, none: &str| at.map_or_else(|| none.to_owned(), ago);
    embed(format!("Shard {} of {}", shard.id, shard.of))
        .description(format!("{} It {}.", verdict.mark(), is(verdict)))
        .field("Servers", number(shard.guilds), true)
        .field("Latency", latency(shard, seen), true)
        .field(
            "Session since",
            known(shard.session_since_ms, "none yet"),
            true,
        )
        .field("Last heard", known(shard.last_event_ms, "never"), true)
        .field("Events", number(shard.events), true)
        .field(
            "Reconnects",
            format!(
                "{}, {}",
                number(shard.reconnects),
                counted(shard.resumes, "resume")
            ),
            true,
        )
        .field("Counts", counts, false)
        .now()
}

fn is(verdict: Verdict) -> String {
    match verdict {
        Verdict::Well => "is well".to_owned(),
        other => other.words(),
    }
}

/// The last heartbeat, and those before it as far as they were seen.
pub(crate) fn latency(shard: &ShardView, seen: Option<&Seen>) -> String {
    let now = shard
        .latency_us
        .map_or_else(|| "not measured yet".to_owned(), milliseconds);
    let Some(seen) = seen.filter(|seen| seen.latencies.len() > 1) else {
        return now;
    };
    let (all, sum) = (&seen.latencies, seen.latencies.iter().sum::<u64>());
    let most = all.iter().max().copied().unwrap_or_default();
    format!(
        "{now} · in {} {} on average, {} at most\n`{}`",
        counted(all.len() as u64, "check"),
        milliseconds(sum / all.len() as u64),
        milliseconds(most),
        chart(all.iter().copied()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_shown_as_far_as_it_is_known() {
        let mut shard = ShardView::default();
        assert_eq!(latency(&shard, None), "not measured yet");
        shard.latency_us = Some(20_000);
        let mut seen = Seen::default();
        seen.measured(20_000);
        assert_eq!(latency(&shard, Some(&seen)), "20.0 ms");
        seen.measured(40_000);
        assert_eq!(
            latency(&shard, Some(&seen)),
            "20.0 ms · in 2 checks 30.0 ms on average, 40.0 ms at most\n`▅█`"
        );
    }
}
