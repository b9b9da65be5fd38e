//! Views of the monitor: overview, health, latency, events.

use plugin_api::{
    EmbedBuilder,
    abi::{ShardView, ShardsReply},
    prelude::*,
    text::{ago, counted, milliseconds, number},
};

use crate::{details, memory::Memory, verdict::Verdict, words::now_ms};

/// Shards on a page: with an hour's chart each they fit into an embed.
pub(crate) const PAGE: usize = 10;

/// Events of connections that are shown.
const EVENTS: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Overview,
    Health,
    Latency,
    Events,
}

impl View {
    pub(crate) const ALL: [Self; 4] = [Self::Overview, Self::Health, Self::Latency, Self::Events];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Health => "Health",
            Self::Latency => "Latency",
            Self::Events => "Events",
        }
    }

    /// As it stands in a custom id.
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Overview => 'o',
            Self::Health => 'h',
            Self::Latency => 'l',
            Self::Events => 'e',
        }
    }

    pub(crate) fn of(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.letter() == letter)
    }
}

pub(crate) fn card(view: View, page: usize, reply: &ShardsReply, memory: &Memory) -> EmbedBuilder {
    let shown: Vec<&ShardView> = reply.shards.iter().skip(page * PAGE).take(PAGE).collect();
    let line: &dyn Fn(&ShardView) -> String = match view {
        View::Overview => &overview,
        View::Health => &health,
        View::Latency => &|shard| latency(shard, memory),
        View::Events => &events,
    };
    let lines: Vec<String> = shown.into_iter().map(line).collect();
    let text = match lines.is_empty() {
        true => "This process has no shards yet.".to_owned(),
        false => lines.join("\n"),
    };
    let card = embed(format!("Shards: {}", view.name().to_lowercase()))
        .description(text)
        .now();
    match view {
        View::Overview => totals(card, reply),
        View::Events => latest(card, memory),
        View::Health | View::Latency => card,
    }
}

fn named(shard: &ShardView) -> String {
    format!(
        "{} **Shard {}**",
        Verdict::of(shard, now_ms()).mark(),
        shard.id
    )
}

fn overview(shard: &ShardView) -> String {
    let latency = shard
        .latency_us
        .map_or_else(|| "latency not measured yet".to_owned(), milliseconds);
    format!(
        "{} · {} · {latency}",
        named(shard),
        counted(shard.guilds, "server")
    )
}

fn health(shard: &ShardView) -> String {
    let verdict = Verdict::of(shard, now_ms());
    let heard = shard.last_event_ms.map_or_else(
        || "nothing heard yet".to_owned(),
        |at| format!("heard {}", ago(at)),
    );
    format!("{} {} · {heard}", named(shard), verdict.words())
}

fn latency(shard: &ShardView, memory: &Memory) -> String {
    format!(
        "{} · {}",
        named(shard),
        details::latency(shard, memory.shards.get(&shard.id))
    )
}

fn events(shard: &ShardView) -> String {
    let mut text = format!(
        "{} · {} · {} · {}",
        named(shard),
        counted(shard.events, "event"),
        counted(shard.reconnects, "reconnect"),
        counted(shard.resumes, "resume"),
    );
    if let Some(at) = shard.session_since_ms {
        text.push_str(&format!(" · session since {}", ago(at)));
    }
    if let Some(at) = shard.counted_since_ms {
        text.push_str(&format!(" · counted since {}", ago(at)));
    }
    text
}

/// Figures of all shards, as far as they are known.
fn totals(card: EmbedBuilder, reply: &ShardsReply) -> EmbedBuilder {
    let shards = &reply.shards;
    let connected = shards.iter().filter(|shard| shard.connected).count();
    let latencies: Vec<u64> = shards.iter().filter_map(|shard| shard.latency_us).collect();
    let average = match latencies.len() as u64 {
        0 => "not measured yet".to_owned(),
        count => milliseconds(latencies.iter().sum::<u64>() / count),
    };
    let mut card = card.field(
        "Connected",
        format!("{connected} of {}", shards.len()),
        true,
    );
    // Other processes of the bot have the others, and nothing is known of them here.
    if let Some(of) = shards
        .first()
        .map(|shard| shard.of)
        .filter(|of| *of as usize != shards.len())
    {
        card = card.field("Of the bot's", counted(of.into(), "shard"), true);
    }
    card = card
        .field(
            "Servers",
            number(shards.iter().map(|shard| shard.guilds).sum()),
            true,
        )
        .field("Average latency", average, true);
    match &reply.starts {
        None => card,
        Some(starts) => card.field(
            "Sessions left to start",
            format!(
                "{} of {}, all again {}",
                number(starts.remaining.into()),
                number(starts.total.into()),
                ago(starts.resets_ms)
            ),
            false,
        ),
    }
}

fn latest(card: EmbedBuilder, memory: &Memory) -> EmbedBuilder {
    let latest = memory.events.iter().rev().take(EVENTS);
    let lines: Vec<String> = latest
        .map(|event| format!("{} shard {} {}", ago(event.at_ms), event.shard, event.what))
        .collect();
    let text = match lines.is_empty() {
        true => "None since this plugin watches.".to_owned(),
        false => plugin_api::text::listed(&lines, "\n"),
    };
    card.field("Latest of the connections", text, false)
}

#[cfg(test)]
mod tests {
    use plugin_api::text::DESCRIPTION;

    use super::*;

    #[test]
    fn the_longest_page_of_each_view_fits() {
        let mut shard = ShardView::default();
        (shard.id, shard.of, shard.connected) = (u32::MAX, u32::MAX, true);
        (shard.latency_us, shard.last_event_ms) = (Some(99_999_999), Some(u64::MAX));
        (shard.events, shard.reconnects, shard.resumes) = (u64::MAX, u64::MAX, u64::MAX);
        (shard.session_since_ms, shard.counted_since_ms) = (Some(u64::MAX), Some(u64::MAX));
        let mut memory = Memory::default();
        for _ in 0..60 {
            memory
                .shards
                .entry(u32::MAX)
                .or_default()
                .measured(99_999_999);
        }
        for line in [
            overview(&shard),
            health(&shard),
            latency(&shard, &memory),
            events(&shard),
        ] {
            assert!(line.chars().count() * PAGE < DESCRIPTION, "{line}");
        }
    }
}
