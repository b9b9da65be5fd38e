//! Command `shardhealth`: which shards are not well, and why.

use plugin_api::{
    EmbedBuilder,
    abi::ShardView,
    prelude::*,
    text::{DESCRIPTION, counted, lines},
};

use crate::{
    alerts,
    memory::Watch,
    verdict::{Trouble, Verdict},
    words::now_ms,
};

pub(super) fn shardhealth() -> Command<Watch> {
    Command::new("shardhealth", "Shows whether all shards are well, and what ails the others")
        .help("One is lost without a connection, silent when Discord has not even acknowledged a heartbeat for two minutes, and slow when \
               its heartbeat took longer than a second.")
        .example("shardhealth")
        .run(run)
}

async fn run(ctx: CommandContext<Watch>) -> Result {
    let shards = ctx.host().shards().await?.shards;
    let alerts = alerts::stored(ctx.host()).await?;
    let card = card(&shards, now_ms()).field("Alerts", alerts.words(), false);
    ctx.reply(card).await
}

fn card(shards: &[ShardView], now_ms: u64) -> EmbedBuilder {
    let all: Vec<(u32, Verdict)> = shards
        .iter()
        .map(|shard| (shard.id, Verdict::of(shard, now_ms)))
        .collect();
    let count =
        |wanted: fn(Verdict) -> bool| all.iter().filter(|(_, it)| wanted(*it)).count() as u64;
    let well = count(|it| it == Verdict::Well);
    let mut text = vec![match (shards.len(), well) {
        (0, _) => "This process has no shards yet.".to_owned(),
        (1, 1) => "🟢 The shard is well.".to_owned(),
        (of, well) if well == of as u64 => format!("🟢 All {of} shards are well."),
        (of, well) => format!("{well} of {} are well.", counted(of as u64, "shard")),
    }];
    let ill = all.iter().filter(|(_, verdict)| *verdict != Verdict::Well);
    text.extend(ill.map(|(id, it)| format!("{} Shard {id} {}", it.mark(), it.words())));
    let card = embed("Health of the shards")
        .description(lines(&text, DESCRIPTION))
        .now();
    let is_grave = |it: Verdict| matches!(it, Verdict::Ill(Trouble::Lost | Trouble::Silent(_)));
    match (count(is_grave), count(|it| it.trouble().is_some())) {
        (0, 0) => card.success(),
        (0, _) => card.warning(),
        _ => card.error(),
    }
}
